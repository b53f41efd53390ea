"""What does admission cost, with and without waiting, and does it stay linear in the waiters?"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from statistics import median
from typing import Any, Final

from bench import Report, Target, fail, finish, options, quiet_gc, ratios, spread, turns

from binance_papi import RateLimit
from binance_papi.core.admission import Admission
from binance_papi.core.endpoint import Lane
from binance_papi.core.route import Grant, Route
from binance_papi.core.weight import WeightTracker
from binance_papi.errors import PapiError
from binance_papi.net.clock import Clock
from binance_papi.net.gate import Gate

PLENTY: Final = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 10**9)
SLOTS: Final = 64
FEW: Final = 10_000
MANY: Final = 100_000

Side = Callable[[int], float]


def make_gate(loop: asyncio.AbstractEventLoop, *, frozen: float = 0.0) -> Gate:
    """A gate in front of 64 connections and more weight than is ever asked for.

    Args:
        loop: Its loop.
        frozen: Seconds for which nothing may be sent at first, so that a timer is at work.
    """
    clock = Clock(loop)
    now = clock.now()
    tracker = WeightTracker((PLENTY,), clock.offset, now, probe=False)
    if frozen:
        ticket = tracker.admit(1, Lane.CANCEL, now)
        assert ticket is not None
        tracker.settle(ticket, {}, now)
        tracker.throttle(ticket, frozen, now)
    orders = WeightTracker((), clock.offset, now, probe=False)
    return Gate(Admission([Route(tracker, SLOTS)], orders), clock, loop)


# ---------------------------------------------------------------------- the sides
# Each takes how many requests, and gives CPU seconds per request.


def at_once(count: int) -> float:
    """Nobody waits: ask and settle, without a loop."""
    with asyncio.Runner() as runner:
        gate = make_gate(runner.get_loop())
        admission, now = gate.admission, time.monotonic()
        with quiet_gc():
            started = time.process_time()
            for _ in range(count):
                grant = admission.ask(1, 0, Lane.CANCEL, now)
                assert grant is not None
                admission.settle(grant, {}, now)
            return (time.process_time() - started) / count


@dataclass(eq=False, slots=True)
class _Seat:
    """What waits for a task."""

    weight: int
    orders: int
    lane: Lane
    landing: asyncio.Future[None]
    give_up: float = inf
    grant: Grant | None = None
    dead: bool = False

    def wake(self, problem: PapiError | None = None) -> None:  # noqa: ARG002 - a protocol's name
        """Let it go on."""
        self.landing.set_result(None)


def through_gate(count: int) -> float:
    """All wait, for a timer first and for each other then: a task per request, gathered."""

    async def work() -> float:
        loop = asyncio.get_running_loop()
        gate = make_gate(loop, frozen=0.05)
        now = loop.time

        async def one() -> None:
            seat = _Seat(1, 0, Lane.CANCEL, loop.create_future())
            if not gate.enter(seat, None, now()):
                await seat.landing
            assert seat.grant is not None
            await asyncio.sleep(0)  # as short as a round trip can be
            gate.admission.settle(seat.grant, {}, now())
            gate.drain()

        seconds = await _gathered(one, count)
        _expect_nothing_left(loop, gate)
        return seconds / count

    return asyncio.run(work())


def through_semaphore(count: int) -> float:
    """The same with the standard library's semaphore, which knows no weight."""

    async def work() -> float:
        slots = asyncio.Semaphore(SLOTS)

        async def one() -> None:
            async with slots:
                await asyncio.sleep(0)

        return await _gathered(one, count) / count

    return asyncio.run(work())


def through_nothing(count: int) -> float:
    """The tasks alone, which a caller has anyhow."""

    async def work() -> float:
        return await _gathered(lambda: asyncio.sleep(0), count) / count

    return asyncio.run(work())


async def _gathered(one: Callable[[], Any], count: int) -> float:
    with quiet_gc():
        started = time.process_time()
        await asyncio.gather(*(one() for _ in range(count)))
        return time.process_time() - started


def _expect_nothing_left(loop: asyncio.AbstractEventLoop, gate: Gate) -> None:
    """Neither a waiter nor a grant, neither a task nor a timer."""
    timers = [timer for timer in getattr(loop, "_scheduled", ()) if not timer.cancelled()]
    left = {
        "waiters": gate.admission.waiting(),
        "in flight": sum(route.busy for route in gate.admission.routes),
        "tasks": len(asyncio.all_tasks()) - 1,
        "timers": len(timers),
    }
    if any(left.values()):
        fail(f"left behind: {left}")


# ---------------------------------------------------------------------- the answer


def report(rounds: int) -> Report:
    """All sides by turns."""
    sides: dict[str, tuple[Side, int]] = {
        "admission, nobody waits": (at_once, FEW),
        f"{FEW:,} tasks, nothing to wait for": (through_nothing, FEW),
        f"{FEW:,} tasks, asyncio.Semaphore": (through_semaphore, FEW),
        f"{FEW:,} tasks, gate": (through_gate, FEW),
        f"{MANY:,} tasks, asyncio.Semaphore": (through_semaphore, MANY),
        f"{MANY:,} tasks, gate": (through_gate, MANY),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    for name in turns(tuple(sides), rounds):
        side, count = sides[name]
        times[name].append(1e6 * side(count))
    alone, nothing, semaphore, gate, semaphore_many, gate_many = times.values()
    waiting = [one - other for one, other in zip(gate, nothing, strict=True)]
    growth = ratios(gate_many, gate)
    relative = (None, None, None, ratios(gate, semaphore), None, ratios(gate_many, semaphore_many))
    rows = [
        [name, spread(values), "" if ratio is None else spread(ratio)]
        for (name, values), ratio in zip(times.items(), relative, strict=True)
    ]
    grown = f"{MANY:,} over {FEW:,}"
    rows += [
        ["a wait: the gate's tasks less tasks alone", spread(waiting), ""],
        [f"growth of the gate's cost, {grown}", spread(growth), ""],
        [f"growth of the semaphore's, {grown}", spread(ratios(semaphore_many, semaphore)), ""],
    ]
    explained = (
        f"{SLOTS} slots; waiters, grants, tasks and timers left afterwards: 0 in every round. "
        f"{rounds} rounds by turns; median (quartiles)."
    )
    return Report(
        str(__doc__),
        ["what", "CPU µs per request", "gate / semaphore"],
        rows,
        [
            Target("µs of ask and settle when nobody waits", median(alone), 4.0),
            Target("µs of a wait", median(waiting), 15.0),
            Target("growth of the cost per waiter", median(growth), 1.5),
        ],
        [explained],
    )


def main() -> int:
    """Run it."""
    arguments = options(__doc__, rounds=5).parse_args()
    return finish(report(arguments.rounds), arguments)


if __name__ == "__main__":
    sys.exit(main())
