"""What a burst says, as values."""

from __future__ import annotations

import msgspec
import pytest

from binance_papi.api.um import conditional
from binance_papi.core.outcome import (
    AlreadyGone,
    BurstReport,
    Canceled,
    CloseReport,
    Latency,
    Outcome,
    Rejected,
    Unknown,
    unresolved,
)
from binance_papi.errors import UnsentError

REQUEST = conditional.CancelOrder(symbol="BTCUSDT", strategy_id=7)
DONE = Canceled(REQUEST)
GONE = AlreadyGone(REQUEST, "TRIGGERED")
NO = Rejected(REQUEST, UnsentError("never", reason="never"))
WHO_KNOWS = Unknown(REQUEST, "silence")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], Latency()),
        ([0.5], Latency(0.5, 0.5, 0.5, 0.5)),
        ([3.0, 1.0, 2.0], Latency(2.0, 3.0, 3.0, 3.0)),
        (range(100, 0, -1), Latency(50, 90, 99, 100)),
        (range(1, 1001), Latency(500, 900, 990, 1000)),
    ],
)
def test_percentiles_are_values_that_occurred(seconds: list[float], expected: Latency) -> None:
    """Nearest rank, in any order."""
    assert Latency.of(seconds) == expected


def test_all_four_kinds_are_counted() -> None:
    """Also those that there are none of."""
    assert BurstReport(()).by_kind == {"Canceled": 0, "AlreadyGone": 0, "Rejected": 0, "Unknown": 0}
    report = BurstReport((DONE, GONE, DONE, WHO_KNOWS))
    assert report.by_kind == {"Canceled": 2, "AlreadyGone": 1, "Rejected": 0, "Unknown": 1}


def test_the_unresolved_are_found_in_children_too() -> None:
    """However deep."""
    child = AlreadyGone(REQUEST, "TRIGGERED", child=WHO_KNOWS)
    deeper = AlreadyGone(REQUEST, "TRIGGERED", child=child)
    sure = AlreadyGone(REQUEST, "TRIGGERED", child=DONE)
    outcomes: tuple[Outcome, ...] = (DONE, GONE, NO, WHO_KNOWS, sure, deeper)
    assert BurstReport(outcomes).unresolved == (WHO_KNOWS, WHO_KNOWS)
    assert unresolved([DONE]) == () == CloseReport().unresolved


@pytest.mark.parametrize("outcome", [DONE, GONE, NO, WHO_KNOWS])
def test_an_outcome_can_not_be_changed(outcome: Outcome) -> None:
    """And is printed with its request."""
    with pytest.raises(AttributeError):
        outcome.attempts = 5  # type: ignore[misc]
    assert msgspec.structs.replace(outcome, attempts=5).attempts == 5
    assert "strategy_id=7" in repr(outcome)
