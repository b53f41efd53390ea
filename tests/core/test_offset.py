"""The interval in which the exchange's clock lies."""

from __future__ import annotations

import pytest

from binance_papi.core.offset import MAX_ERROR, Change, ClockOffset

WALL = 1_700_000_000.0
SLACK = 0.01


def learned(wall: float = WALL) -> ClockOffset:
    """Local time 0 is ``wall`` at the exchange, known from one Date header to a second."""
    offset = ClockOffset(wall, 0.0)
    offset.observe(wall, wall + 1, 0.0, 0.0)
    return offset


def test_first_guess() -> None:
    """Before anything is heard the wall clock counts, give or take a second."""
    offset = ClockOffset(WALL + 7, 7.0)
    assert offset.bounds(7.0) == (WALL - 1, WALL + 1)
    assert offset.error(7.0) == MAX_ERROR
    assert not offset.learned


def test_interval_widens_with_age() -> None:
    """Two quartzes part by 50 ppm."""
    offset = ClockOffset(WALL, 0.0)
    low, high = offset.bounds(1000.0)
    assert pytest.approx((low, high), abs=1e-6) == (WALL - 1.05, WALL + 1.05)
    assert offset.bounds(-5.0) == offset.bounds(0.0)


@pytest.mark.parametrize(
    ("away", "change"),
    [(0.0, Change.MOVED), (0.9, Change.MOVED), (-1.5, Change.MOVED), (3.0, Change.JUMPED)],
)
def test_first_reply_counts_as_it_is(away: float, change: Change) -> None:
    """The wall clock was a guess; only where it can't have been right, it jumped."""
    offset = ClockOffset(WALL, 0.0)
    assert change is offset.observe(WALL + away, WALL + away + 1, 0.0, 0.2)
    low, high = offset.bounds(0.2)
    assert (WALL + away - 0.2 - SLACK, WALL + away + 1 + SLACK) == pytest.approx((low, high))
    assert offset.learned


def test_replies_are_intersected() -> None:
    """What fits both replies is what is known; what teaches nothing moves nothing."""
    offset = learned()
    assert offset.observe(WALL + 1, WALL + 2, 0.6, 0.6) is Change.MOVED
    low, high = offset.bounds(0.6)
    assert pytest.approx((low, high), abs=1e-4) == (WALL + 0.4 - SLACK, WALL + 1 + SLACK)
    assert offset.observe(WALL - 5, WALL + 5, 0.6, 0.6) is Change.NONE


def test_milliseconds_refine() -> None:
    """A field in milliseconds narrows the interval to the latency."""
    offset = learned()
    change = offset.refine(int((WALL + 1.5) * 1000), 1.0, 1.1)
    low, high = offset.bounds(1.1)
    assert change is Change.MOVED
    assert pytest.approx((low, high), abs=1e-4) == (WALL + 0.4 - SLACK, WALL + 0.501 + SLACK)


@pytest.mark.parametrize("stamp", [0, 1, int((WALL - 60) * 1000), int((WALL + 60) * 1000), 2**53])
def test_milliseconds_never_overrule(stamp: int) -> None:
    """A field that is far off is about something else."""
    offset = learned()
    before = offset.bounds(1.0)
    assert offset.refine(stamp, 1.0, 1.0) is Change.NONE
    assert before == offset.bounds(1.0)


def test_milliseconds_need_a_date_first() -> None:
    """A wall clock's guess is not refined."""
    offset = ClockOffset(WALL, 0.0)
    assert offset.refine(int(WALL * 1000), 0.0, 0.0) is Change.NONE
    assert not offset.learned


def test_small_contradiction_widens() -> None:
    """Two nodes that differ a little: both are inside from then on, and nothing jumped."""
    offset = learned()
    offset.refine(int(WALL * 1000) + 500, 0.0, 0.0)
    assert offset.refine(int(WALL * 1000) + 800, 0.0, 0.0) is Change.MOVED
    for node in (500, 800, 500, 800):
        assert offset.refine(int(WALL * 1000) + node, 0.0, 0.0) is not Change.JUMPED
        low, high = offset.bounds(0.0)
        assert low - 0.002 <= WALL + 0.5 <= WALL + 0.8 <= high + 0.002


@pytest.mark.parametrize("jump", [-3600.0, -3.0, 3.0, 3600.0])
def test_jump(jump: float) -> None:
    """A Date that can't be reconciled: everything is learned anew, generously."""
    offset = learned()
    assert offset.observe(WALL + jump, WALL + jump + 1, 0.0, 0.0) is Change.JUMPED
    low, high = offset.bounds(0.0)
    assert (WALL + jump - 0.5, WALL + jump + 1.5) == pytest.approx((low, high))
    assert offset.error(0.0) == pytest.approx(MAX_ERROR)


def test_moments() -> None:
    """`perhaps` and `surely` enclose the moment, and widen with the distance."""
    offset = learned()
    assert offset.perhaps(WALL + 100) == pytest.approx(100 - 1.01 - 0.005, abs=1e-3)
    assert offset.surely(WALL + 100) == pytest.approx(100 + 0.01 + 0.005, abs=1e-3)
    assert offset.reads(100.0) == pytest.approx(WALL + 100 - 0.01 - 0.005)
    assert offset.reads(offset.surely(WALL + 100)) == pytest.approx(WALL + 100, abs=1e-6)


def test_timestamp_leans_to_the_past() -> None:
    """Late is forgiven, early is not: at most half a second above the lowest possible time."""
    assert learned().timestamp(0.0) == pytest.approx((WALL - 0.01 + 0.5) * 1000, abs=2)
    precise = learned()
    precise.refine(int(WALL * 1000) + 500, 0.0, 0.0)
    assert precise.timestamp(0.0) == pytest.approx((WALL + 0.5) * 1000, abs=2)


def test_boundaries_are_as_wide_as_is_asked_for() -> None:
    """The clock that counts need not be the one that writes Date; timestamps don't mind."""
    narrow, wide = ClockOffset(100.0, 0.0), ClockOffset(100.0, 0.0, least=0.75)
    for offset in (narrow, wide):
        offset.observe(100.0, 100.1, 0.0, 0.0)
    assert wide.timestamp(1.0) == narrow.timestamp(1.0)
    assert wide.bounds(1.0) == narrow.bounds(1.0)
    assert wide.surely(160.0) - wide.perhaps(160.0) == pytest.approx(1.5, abs=0.01)
    assert narrow.surely(160.0) - narrow.perhaps(160.0) == pytest.approx(0.12, abs=0.01)
    assert wide.reads(1.0) < narrow.reads(1.0)
