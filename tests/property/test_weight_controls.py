"""The same check against trackers that are wrong in known ways: each of them must fail it.

A check that these pass would prove nothing about ours.
"""

from __future__ import annotations

from random import Random

import pytest

from binance_papi.core.endpoint import Lane
from binance_papi.core.offset import ClockOffset
from binance_papi.core.ticket import Ticket
from binance_papi.core.usage import Headers, count
from binance_papi.core.weight import WeightTracker
from binance_papi.core.window import Window
from binance_papi.terms import RateLimit
from tests.property.event_simulation import (
    Tracker,
    World,
    keeps_the_limit,
    ours,
    poisson,
    rough,
    simulate,
)

RULE = RateLimit("REQUEST_WEIGHT", "SECOND", 10, 400)


def worlds(error: float = 0.25, loss: float = 0.01) -> list[tuple[World, int]]:
    """Rough networks under a steady load and under bursts; the same for every tracker."""
    latency = rough(0.15, 0.8, stalls=0.04, longest=8.0)
    made: list[tuple[World, int]] = []
    for seed in range(6):
        random = Random(f"load {seed}")
        steady = poisson(random, 1.3 * RULE.limit / RULE.seconds, 50.0)
        burst = tuple(at for start in (4.0, 24.0) for at in [start] * RULE.limit * 2)
        made += [
            (World(RULE, arrivals, 64, error, latency, loss), seed) for arrivals in (steady, burst)
        ]
    return made


class TrustsTheHeader(WeightTracker):
    """Takes the used weight of the last reply for the truth."""

    def settle(self, ticket: Ticket, headers: Headers, now: float) -> int:
        """Overwrite the charge."""
        excess = super().settle(ticket, headers, now)
        for window in self.windows:
            used = count(headers, window.header)
            if used is not None:
                window.charged, window.foreign = used, 0
        return excess


class Bucket(WeightTracker):
    """A token bucket of one whole limit, refilled evenly."""

    def __init__(self, rule: RateLimit, offset: ClockOffset, now: float) -> None:
        super().__init__((), offset, now, probe=False)
        self.rate, self.size = rule.limit / rule.seconds, rule.limit
        self.tokens, self.at = float(rule.limit), now

    def _refill(self, now: float) -> None:
        self.tokens = min(self.size, self.tokens + (now - self.at) * self.rate)
        self.at = now

    def admit(self, weight: int, lane: Lane, now: float) -> Ticket | None:
        """Take tokens, if there are enough."""
        self._refill(now)
        if self.tokens < weight:
            return None
        self.tokens -= weight
        return super().admit(weight, lane, now)

    def chance(self, weight: int, lane: Lane, now: float) -> float:  # noqa: ARG002 - base class
        """When there will be enough tokens."""
        self._refill(now)
        return now + max(0.0, weight - self.tokens) / self.rate


class NoCarryWindow(Window):
    """Lets the next window begin at nothing, whatever is in flight."""

    def open_next(self, in_flight: int) -> None:  # noqa: ARG002 - base class
        """Begin at nothing."""
        super().open_next(0)

    def roll(self, offset: ClockOffset, now: float, in_flight: int) -> None:  # noqa: ARG002 - same
        """Begin at nothing, too."""
        super().roll(offset, now, 0)


class NoZoneWindow(Window):
    """Believes its clock: the window ends when the middle of the interval says so."""

    def reclock(self, offset: ClockOffset) -> None:
        """Roll in the middle of the zone."""
        super().reclock(offset)
        self.rolls_at -= 0.25
        self.opens_at = self.rolls_at


class RefundsTheLost(WeightTracker):
    """Takes a request without a reply for one that was never sent."""

    def lose(self, ticket: Ticket, now: float) -> None:
        """Take the charge back."""
        self.refund(ticket, now)


class ForgetsTheLost(WeightTracker):
    """Takes a request without a reply for one that is over."""

    def lose(self, ticket: Ticket, now: float) -> None:
        """Settle it."""
        self.settle(ticket, {}, now)


def _with_window(kind: type[Window]) -> Tracker:
    def make(rule: RateLimit, offset: ClockOffset, now: float) -> WeightTracker:
        tracker = WeightTracker((), offset, now)
        window = kind(rule)
        window.place(offset, now)
        tracker.windows = (window,)
        tracker._edge = window.edge
        return tracker

    return make


def _of(kind: type[WeightTracker]) -> Tracker:
    return lambda rule, offset, now: kind((rule,), offset, now)


BROKEN: dict[str, Tracker] = {
    "trusts the header": _of(TrustsTheHeader),
    "token bucket": Bucket,
    "no carry-in": _with_window(NoCarryWindow),
    "no zone": _with_window(NoZoneWindow),
    "refunds the lost": _of(RefundsTheLost),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_tracker_fails_the_check(name: str) -> None:
    """Each broken tracker passes the limit somewhere in the very runs that ours survives."""
    outcomes = [simulate(world, seed, BROKEN[name]) for world, seed in worlds()]
    assert not keeps_the_limit(outcomes, RULE)
    assert max(outcome.peak for outcome in outcomes) > RULE.limit


def test_ours_passes_the_check() -> None:
    """Ours does not, neither as counted nor as it might have been counted."""
    outcomes = [simulate(world, seed, ours) for world, seed in worlds()]
    assert keeps_the_limit(outcomes, RULE)
    assert max(outcome.worst_peak for outcome in outcomes) <= RULE.limit - RULE.limit // 100


def test_a_rebuilt_tracker_is_ours() -> None:
    """The way the broken windows are put in changes nothing by itself."""
    outcomes = [simulate(world, seed, _with_window(Window)) for world, seed in worlds()]
    assert [simulate(world, seed, ours) for world, seed in worlds()] == outcomes


def test_forgetting_the_lost_is_seen_where_many_are() -> None:
    """A tracker that does not wait for what may yet arrive fails once replies get lost often."""
    rough_worlds = worlds(loss=0.2)
    broken = [simulate(world, seed, _of(ForgetsTheLost)) for world, seed in rough_worlds]
    assert not keeps_the_limit(broken, RULE)
    assert keeps_the_limit([simulate(world, seed, ours) for world, seed in rough_worlds], RULE)
