"""How long to be patient, learned from what replies took."""

from __future__ import annotations

import random

import pytest

from binance_papi.core.pace import Pace


def test_at_first_it_is_patient() -> None:
    """Nothing was heard: half a second for a hedge, one second for an attempt."""
    pace = Pace()
    found = (pace.hedge_after, pace.ask_after, pace.patience)
    assert found == pytest.approx((0.5, 0.15, 1.0))


@pytest.mark.parametrize(
    ("usual", "hedge_after", "ask_after", "patience"),
    [
        (0.001, 0.25, 0.15, 1.0),
        (0.2, 0.4, 0.3, 1.0),
        (0.5, 1.0, 0.75, 2.0),
        (9.0, 18.0, 13.5, 5.0),
    ],
)
def test_it_follows_what_is_usual(
    usual: float, hedge_after: float, ask_after: float, patience: float
) -> None:
    """Once enough was heard; each with its bounds."""
    pace = Pace()
    for _ in range(20):
        pace.hear(0.1)
    pace.usual = usual
    found = (pace.hedge_after, pace.ask_after, pace.patience)
    assert found == pytest.approx((hedge_after, ask_after, patience))


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_usual_is_quicker_than_five_of_a_hundred(scale: float) -> None:
    """About 95 of 100 replies are quicker, whatever their scale."""
    rng = random.Random(7)
    pace = Pace()
    taken = [scale * rng.lognormvariate(0.0, 0.5) for _ in range(20_000)]
    slower = 0
    for number, seconds in enumerate(taken):
        slower += number >= 2000 and seconds > pace.usual
        pace.hear(seconds)
    assert slower / 18_000 == pytest.approx(0.05, abs=0.02)


def test_hedges_are_few() -> None:
    """Five at once, then one for every ten replies."""
    pace = Pace()
    assert [pace.hedge() for _ in range(7)] == [True] * 5 + [False] * 2
    granted = 0
    for _ in range(1000):
        pace.hear(0.1)
        granted += pace.hedge()
    assert granted == pytest.approx(100, abs=2)


def test_a_slow_exchange_is_given_time() -> None:
    """Not single replies are missing but many: they are late, not lost."""
    pace = Pace()
    for _ in range(5):
        pace.hear(1.0, answered=False)
    assert pace.patience == 4.0
    for _ in range(40):
        pace.hear(0.1)
    assert pace.patience == 1.0


def test_an_order_that_gets_no_answer_is_given_more_time() -> None:
    """Twice as much with each silence, and never more than five seconds."""
    pace = Pace()
    assert [pace.patience_after(silences) for silences in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
