"""How long to pause before the next attempt or query."""

from __future__ import annotations

import pytest

from binance_papi.core.pauses import ask_pause, backoff, doubled, relief


@pytest.mark.parametrize(("tries", "expected"), [(0, 0.05), (1, 0.1), (4, 0.8), (5, 1), (99, 1)])
def test_attempts_back_off(tries: int, expected: float) -> None:
    """Full jitter, up to a second."""
    assert backoff(tries, 1.0) == pytest.approx(expected)
    assert backoff(tries, 0.0) == 0


@pytest.mark.parametrize(("refusals", "expected"), [(0, 0.2), (1, 0.4), (2, 0.8), (99, 2)])
def test_a_busy_exchange_is_given_time(refusals: int, expected: float) -> None:
    """200, 400, 800 ms, with half of it as jitter."""
    assert relief(refusals, 1.0) == pytest.approx(expected)
    assert relief(refusals, 0.0) == pytest.approx(expected / 2)


def test_queries_are_repeated_and_made_again() -> None:
    """Doubled after failures; slower when nobody waits."""
    assert [doubled(0.15, n, 1.0) for n in (0, 1, 9, 99)] == [0.15, 0.3, 1.0, 1.0]
    assert [ask_pause(n, 0.5, late=False) for n in (0, 1, 4, 9)] == [0.15, 0.4, 4.0, 4.0]
    assert [ask_pause(n, 0.5, late=True) for n in (0, 1, 2, 9)] == [2.0, 5.0, 10.0, 10.0]
