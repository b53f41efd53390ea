"""The interval of the exchange's clock holds the truth, under any honest traffic."""

from __future__ import annotations

from math import floor

from hypothesis import given
from hypothesis import strategies as st

from binance_papi.core.offset import MAX_ERROR, Change, ClockOffset
from binance_papi.core.wire import Stamper

START = 1_700_000_000.0
DRIFT = 49e-6

replies = st.lists(
    st.tuples(
        st.floats(0, 300),  # idle before
        st.floats(0, 30),  # latency
        st.floats(0, 1),  # when in it the exchange read its clock
        st.sampled_from(["date", "stamp", "both"]),
        st.floats(-DRIFT, DRIFT),
    ),
    max_size=25,
)


class World:
    """A local clock and an exchange that is ``theta`` ahead of it."""

    def __init__(self, theta: float, wrong: float) -> None:
        self.now = 50.0
        self.theta = theta
        self.offset = ClockOffset(self.now + theta + wrong, self.now)

    def exchange(
        self, idle: float, latency: float, share: float, told: str, drift: float
    ) -> Change:
        """One request and its honest reply."""
        self._pass(idle, drift)
        sent = self.now
        self._pass(latency * share, drift)
        served = self.now + self.theta
        self._pass(latency * (1 - share), drift)
        change = Change.NONE
        if told in ("date", "both"):
            change = self.offset.observe(floor(served), floor(served) + 1, sent, self.now)
        if told in ("stamp", "both"):
            fine = self.offset.refine(floor(served * 1000), sent, self.now)
            change = change if fine is Change.NONE else fine
        return change

    def _pass(self, seconds: float, drift: float) -> None:
        self.now += seconds
        self.theta += drift * seconds

    @property
    def known(self) -> bool:
        """Whether the interval holds the truth."""
        low, high = self.offset.bounds(self.now)
        return low <= self.theta <= high


@given(phase=st.floats(0, 60), wrong=st.floats(-9, 9), traffic=replies, later=st.floats(0, 1e5))
def test_the_truth_stays_inside(
    phase: float,
    wrong: float,
    traffic: list[tuple[float, float, float, str, float]],
    later: float,
) -> None:
    """Whatever latency, jitter, drift and first guess; also long after the last reply."""
    world = World(START + phase, wrong)
    for reply in traffic:
        learned = world.offset.learned
        change = world.exchange(*reply)
        assert world.known or not world.offset.learned
        assert change is not Change.JUMPED or not learned
    if world.offset.learned:
        world._pass(later, DRIFT)
        assert world.known


@given(phase=st.floats(0, 60), traffic=replies, ahead=st.floats(0, 100))
def test_moments_are_on_the_right_side(
    phase: float, traffic: list[tuple[float, float, float, str, float]], ahead: float
) -> None:
    """`surely` is never too early, `perhaps` never too late, and timestamps are never refused."""
    world = World(START + phase, 0.0)
    stamper = Stamper(world.offset)
    for reply in [(0.0, 0.1, 0.5, "both", 0.0), *traffic]:
        world.exchange(*reply)
        moment = world.now + world.theta + ahead
        truly = world.now + ahead
        assert world.offset.perhaps(moment) - 1e-5 <= truly + DRIFT * ahead
        assert world.offset.surely(moment) + 1e-5 >= truly - DRIFT * ahead
        assert world.offset.reads(world.now) <= world.now + world.theta + 1e-5
        timestamp = world.offset.timestamp(world.now)
        assert timestamp < (world.now + world.theta) * 1000 + 1000
        # What is kept of an earlier one is the same, but for the very moment of the change.
        kept = int(stamper.stamp("", 5000, world.now).rpartition("=")[2])
        assert kept in (timestamp, world.offset.timestamp(world.now - 1e-5))


@given(
    jump=st.floats(2.5, 86_400) | st.floats(-86_400, -2.5),
    latency=st.floats(0, 0.3),
    phase=st.floats(0, 60),
)
def test_a_jump_is_seen_and_survived(jump: float, latency: float, phase: float) -> None:
    """A clock that jumps is noticed by the next dated reply, and the truth is inside again."""
    world = World(START + phase, 0.0)
    for _ in range(5):
        world.exchange(1.0, latency, 0.5, "both", 0.0)
    world.theta += jump
    assert world.exchange(1.0, latency, 0.5, "date", 0.0) is Change.JUMPED
    assert world.known
    assert world.offset.error(world.now) >= MAX_ERROR


@given(gap=st.floats(0, 0.6), latency=st.floats(0, 0.05), order=st.lists(st.booleans()))
def test_clocks_that_differ_a_little_are_no_jump(
    gap: float, latency: float, order: list[bool]
) -> None:
    """Two nodes of the exchange that disagree by a little widen the interval, and no more."""
    world = World(START, 0.0)
    world.exchange(0.1, latency, 0.5, "both", 0.0)
    for ahead in order:
        shift = gap if ahead else 0.0
        world.theta += shift
        assert world.exchange(0.1, latency, 0.5, "stamp", 0.0) is not Change.JUMPED
        assert world.known or gap > 0.009
        world.theta -= shift


@given(gap=st.floats(0.03, 0.6))
def test_clocks_that_differ_are_both_inside_in_the_end(gap: float) -> None:
    """Once their difference has been met, either of them may be asked."""
    world = World(START, 0.0)
    world.exchange(0.1, 0.0, 0.5, "date", 0.0)
    for number in range(8):
        shift = gap if number % 2 else 0.0
        world.theta += shift
        world.exchange(0.1, 0.0, 0.5, "stamp", 0.0)
        low, high = world.offset.bounds(world.now)
        assert number < 2 or low - 0.002 <= world.theta <= high + 0.002
        world.theta -= shift


@given(stamp=st.integers(0, 2**53), latency=st.floats(0, 1))
def test_a_stamp_never_overrules_a_date(stamp: int, latency: float) -> None:
    """A field about something else, however old or wild, is no clock."""
    world = World(START, 0.0)
    assert world.offset.refine(stamp, world.now, world.now) is Change.NONE
    assert not world.offset.learned
    world.exchange(0.1, latency, 0.5, "both", 0.0)
    before = world.offset.bounds(world.now)
    assert world.offset.refine(stamp, world.now, world.now) is not Change.JUMPED
    near = abs(stamp / 1000 - world.now - world.theta) < 3
    assert near or before == world.offset.bounds(world.now)
