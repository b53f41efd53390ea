"""The charges of one rule's windows."""

from __future__ import annotations

import pytest

from binance_papi.core.offset import ClockOffset
from binance_papi.core.window import Window
from binance_papi.terms import RateLimit

RULE = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 1000)
EPOCH = 1_700_000_040.0
"""A full minute; it is local time 0 in these tests."""


@pytest.fixture
def offset() -> ClockOffset:
    """A clock known to half a second or so either way."""
    offset = ClockOffset(EPOCH, 0.0)
    offset.observe(EPOCH - 0.49, EPOCH + 0.49, 0.0, 0.0)
    return offset


@pytest.fixture
def window(offset: ClockOffset) -> Window:
    """A window at 10 s past the minute."""
    window = Window(RULE)
    window.place(offset, 10.0)
    return window


def test_place(window: Window) -> None:
    """The window is the one in which the exchange is now."""
    assert window.index == EPOCH // 60
    assert window.opens_at == pytest.approx(59.5, abs=0.01)
    assert window.rolls_at == pytest.approx(60.5, abs=0.01)
    assert window.edge == window.opens_at


def test_zone_charges_both(window: Window) -> None:
    """Once the next window may have begun, it is charged too, with what was in flight."""
    window.charge(100)
    window.open_next(30)
    window.charge(5)
    window.charge(-2)
    assert (window.charged, window.next_charged) == (103, 33)
    assert window.edge == window.rolls_at


def test_roll_keeps_the_carry(window: Window, offset: ClockOffset) -> None:
    """The next window begins with what was charged to it in advance."""
    window.charge(100)
    window.open_next(30)
    window.charge(5)
    window.roll(offset, window.rolls_at, 1)
    assert (window.charged, window.next_charged, window.previous) == (35, None, 105)
    assert window.index == EPOCH // 60 + 1
    assert window.rolls_at == pytest.approx(120.5, abs=0.02)


def test_roll_without_a_look_at_the_zone(window: Window, offset: ClockOffset) -> None:
    """Asleep over the boundary, what is in flight is carried."""
    window.charge(100)
    window.roll(offset, 61.0, 7)
    assert (window.charged, window.previous) == (7, 100)


def test_roll_over_several_windows(window: Window, offset: ClockOffset) -> None:
    """After a long sleep only what is in flight can still count."""
    window.charge(100)
    window.open_next(30)
    window.roll(offset, 1000.0, 7)
    assert (window.charged, window.previous) == (7, 0)
    assert window.index == EPOCH // 60 + 16


def test_roll_always_moves_on(window: Window, offset: ClockOffset) -> None:
    """Even where the clock reads a hair before the boundary, the window is over."""
    window.open_next(30)
    window.roll(offset, window.rolls_at - 1e-3, 1)
    assert window.index == EPOCH // 60 + 1
    assert window.charged == 30


def test_prediction(window: Window, offset: ClockOffset) -> None:
    """What others used is expected again, but never from the window the client began in."""
    window.foreign = 50
    window.roll(offset, 61.0, 0)
    assert (window.foreign, window.predicted) == (0, 0)
    window.foreign = 40
    window.roll(offset, 121.0, 0)
    assert (window.foreign, window.predicted) == (0, 40)
    window.roll(offset, 400.0, 0)
    assert window.predicted == 0


@pytest.mark.parametrize(
    ("charged", "foreign", "predicted", "previous", "following", "sliding", "room"),
    [
        (0, 0, 0, 0, None, False, 990),
        (100, 0, 0, 500, None, False, 890),
        (100, 50, 0, 0, None, False, 840),
        (100, 50, 80, 0, None, False, 810),
        (900, 500, 0, 0, None, False, -410),
        (100, 0, 0, 500, None, True, 390),
        (100, 0, 0, 0, 30, False, 890),
        (100, 0, 0, 0, 400, False, 590),
        (100, 0, 80, 0, 400, False, 590),
        (100, 20, 0, 0, 400, False, 570),
        (100, 0, 0, 500, 400, True, 390),
        (300, 0, 0, 0, 400, True, 290),
    ],
)
def test_room(  # noqa: PLR0917 - columns of the table
    window: Window,
    charged: int,
    foreign: int,
    predicted: int,
    previous: int,
    following: int | None,
    sliding: bool,
    room: int,
) -> None:
    """What is left in the tighter of the open windows, less one percent and others' use."""
    window.charged, window.foreign, window.predicted = charged, foreign, predicted
    window.previous, window.next_charged, window.sliding = previous, following, sliding
    assert room == window.room()


@pytest.mark.parametrize(
    ("windows", "share", "room"), [(1, 0.75, 740), (3, 0.85, 840), (60, 1.0, 990)]
)
def test_share_comes_back(
    window: Window, offset: ClockOffset, windows: int, share: float, room: int
) -> None:
    """Refusals shrink the limit we believe in; every window that passes gives a little back."""
    window.share = 0.7
    window.roll(offset, 61.0 + 60 * (windows - 1), 0)
    assert window.share == pytest.approx(share)
    assert room == window.room()


@pytest.mark.parametrize(("now", "part"), [(0.0, 1.0), (30.5, 0.5), (60.5, 0.0), (99.0, 0.0)])
def test_remaining(window: Window, now: float, part: float) -> None:
    """The part of the window that is to come."""
    assert window.remaining(now) == pytest.approx(part, abs=1e-3)
