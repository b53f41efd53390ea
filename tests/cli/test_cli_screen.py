from __future__ import annotations

import pytest

from binance_papi import AlignmentLost, ClockJumped, Event, Frozen, RateLimit, WeightRaised
from binance_papi.cli import screen


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Frozen(429, 2.0), "the exchange answered 429: nothing is sent for 2.0 s"),
        (WeightRaised("GET", "/x", 1, 5), "GET /x costs 5, not 1"),
        (AlignmentLost(RateLimit("ORDERS", "MINUTE", 1, 5)), "two are summed"),
    ],
)
def test_what_the_limits_went_through(
    event: Event, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An event is a sentence on stderr."""
    screen.tell(event)
    assert told in capsys.readouterr().err


def test_the_first_look_at_the_clock_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    """That the clock was learned is not told."""
    screen.tell(ClockJumped(1.0))
    assert capsys.readouterr() == ("", "")


def test_marks_on_a_terminal_that_has_them(capsys: pytest.CaptureFixture[str]) -> None:
    """On a Unicode output the marks are a tick, a cross and a dot."""
    assert [screen.mark(ok) for ok in (True, False, None)] == ["✓", "✗", "·"]
    assert capsys.readouterr() == ("", "")


def test_progress_only_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bar is drawn on a terminal, and nothing in a pipe."""
    with screen.progress("work", 1) as step:
        step()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with screen.progress("work", 1) as step:
        step()
    told = capsys.readouterr()
    assert told.out == ""
    assert "work" in told.err
