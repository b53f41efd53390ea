"""A client, a network and an exchange as a heap of events: nothing waits, every seed repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from math import exp, inf
from random import Random

from binance_papi.core.admission import Admission
from binance_papi.core.answer import Done
from binance_papi.core.endpoint import Lane
from binance_papi.core.offset import ClockOffset
from binance_papi.core.route import Grant, Route
from binance_papi.core.weight import LINGER, WeightTracker
from binance_papi.terms import RateLimit
from tests.property.reference_exchange import BEGINNING, Exchange, Life, allowed, known_within
from tests.waiting import Waiting

Tracker = Callable[[RateLimit, ClockOffset, float], WeightTracker]

TIMEOUT = 1.0
"""After so many seconds without a reply an attempt is given up, where the network loses some."""


def ours(rule: RateLimit, offset: ClockOffset, now: float) -> WeightTracker:
    """The tracker under test, as the client makes it."""
    return WeightTracker((rule,), offset, now)


@dataclass(frozen=True)
class World:
    """What a run is like; times in seconds.

    Attributes:
        rule: The limit.
        arrivals: When requests are asked for, from 0.
        slots: Requests in flight at most.
        error: Half the width of what is known of the exchange's clock.
        latency: Draws the time from sending to the reply.
        loss: Part of the requests whose reply never comes.
        until: When to stop looking.
        phase: Where in a window the run begins, lowest and highest part of the window.
    """

    rule: RateLimit
    arrivals: tuple[float, ...]
    slots: int
    error: float
    latency: Callable[[Random], float]
    loss: float = 0.0
    until: float = inf
    phase: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class Outcome:
    """What the exchange saw, by number of window, the first one of the run being 0."""

    used: dict[int, int]
    worst: dict[int, int]
    sent: int
    seconds: float
    limit: int

    @property
    def peak(self) -> int:
        """The most that was counted in one window."""
        return max(self.used.values(), default=0)

    @property
    def worst_peak(self) -> int:
        """The most that could have been counted in one window by the most hostile exchange."""
        return max(self.worst.values(), default=0)

    @property
    def overruns(self) -> int:
        """How many windows were passed."""
        return sum(used > self.limit for used in self.used.values())

    def full_windows(self) -> list[int]:
        """What was used in each window but the first and the last."""
        return [self.used.get(index, 0) for index in range(1, max(self.used))]


def uniform(low: float, high: float) -> Callable[[Random], float]:
    """Latencies between two bounds."""
    return lambda random: random.uniform(low, high)


def rough(median: float, sigma: float, stalls: float, longest: float) -> Callable[[Random], float]:
    """Lognormal latencies, and now and then a stall."""

    def draw(random: Random) -> float:
        if random.random() < stalls:
            return random.uniform(1.0, longest)
        return median * exp(random.gauss(0, sigma))

    return draw


def poisson(random: Random, rate: float, seconds: float) -> tuple[float, ...]:
    """Times of arrivals at a mean rate."""
    times, at = [], 0.0
    while (at := at + random.expovariate(rate)) < seconds:
        times.append(at)
    return tuple(times)


class _Run:
    """One run."""

    def __init__(self, world: World, tracker: Tracker, random: Random) -> None:
        self.world = world
        self.random = random
        self.now = 0.0
        self.theta = BEGINNING + random.uniform(*world.phase) * world.rule.seconds
        offset = known_within(world.error, random.random(), self.theta, self.now)
        self.route = Route(tracker(world.rule, offset, self.now), world.slots)
        self.admission = Admission([self.route], WeightTracker((), offset, self.now))
        self.exchange = Exchange((world.rule,), "used-weight")
        self.events: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = count()
        self.wake_at = inf
        self.sent = 0

    def at(self, when: float, what: Callable[[], None]) -> None:
        heappush(self.events, (when, next(self.numbers), what))

    def go(self) -> Outcome:
        for when in self.world.arrivals:
            self.at(when, self.arrive)
        while self.events:
            when, _, what = heappop(self.events)
            if when > self.world.until:
                break
            self.now = when
            what()
        first = int((self.theta) // self.world.rule.seconds)
        worst = self.exchange.worst(self.world.rule, self.now + self.theta)
        return Outcome(
            used={index - first: used for index, used in self.exchange.used[0].items()},
            worst={index - first: weight for index, weight in worst.items()},
            sent=self.sent,
            seconds=self.now,
            limit=self.world.rule.limit,
        )

    def arrive(self) -> None:
        grant = self.admission.ask(1, 0, Lane.CANCEL, self.now)
        if grant is not None:
            self.send(grant)
        elif self.admission.enqueue(Waiting(1, 0, Lane.CANCEL)):
            self.drain()

    def drain(self) -> None:
        for waiter in self.admission.drain(self.now):
            assert waiter.grant is not None
            self.send(waiter.grant)
        wake = self.admission.next_wake()
        if wake is not None and wake != inf and wake < self.wake_at:
            self.wake_at = wake
            self.at(wake, self.ring)

    def ring(self) -> None:
        self.wake_at = inf
        self.drain()

    def send(self, grant: Grant) -> None:
        self.sent += 1
        random, now = self.random, self.now
        life = self.exchange.send(1, now + self.theta)
        if random.random() < self.world.loss:
            # Counted at once, or as late as a lost request can be, or never.
            latest = TIMEOUT + LINGER - 1e-3
            when = now + random.choice((0.0, random.uniform(0, latest), latest, inf))
            life.ended = self.theta + (when if when != inf else now + latest)
            if when != inf:
                self.at(when, lambda: self.exchange.count(life, self.now + self.theta))
            self.at(now + TIMEOUT, lambda: self.lose(grant))
            return
        latency = self.world.latency(random)
        share = random.choice((0.0, random.random(), 1.0))  # hostile: rarely in the middle
        self.at(now + share * latency, lambda: self.exchange.count(life, self.now + self.theta))
        self.at(now + latency, lambda: self.reply(grant, life))

    def reply(self, grant: Grant, life: Life) -> None:
        life.ended = self.now + self.theta
        self.admission.settle(grant, life.header, self.now)
        self.admission.obey(grant, Done(None), self.now)
        self.drain()

    def lose(self, grant: Grant) -> None:
        self.admission.lose(grant, self.now)
        self.drain()


def simulate(world: World, seed: int, tracker: Tracker = ours) -> Outcome:
    """Run a world to its end, or to ``world.until``."""
    return _Run(world, tracker, Random(f"network {seed}")).go()


def keeps_the_limit(outcomes: Iterable[Outcome], rule: RateLimit) -> bool:
    """The one check that every tracker has to pass: no window above the limit less headroom."""
    return all(outcome.peak <= allowed(rule) for outcome in outcomes)
