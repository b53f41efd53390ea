"""The gate: who is woken, and one timer, around the waiting room."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from binance_papi.core.admission import Admission
from binance_papi.core.answer import Banned, Fault, Throttled
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Lane
from binance_papi.core.route import Grant, Route
from binance_papi.core.weight import WeightTracker
from binance_papi.errors import BannedError, PapiError, UsageError, WaitTooLongError
from binance_papi.net.clock import Clock
from binance_papi.net.gate import Gate
from binance_papi.terms import RateLimit
from tests.stage import Virtual
from tests.waiting import Waiting

MINUTE = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 100)
ORDERS = RateLimit("ORDERS", "MINUTE", 1, 10)


def make_gate(connections: int = 64, limit: RateLimit = MINUTE, *, probe: bool = False) -> Gate:
    """A gate on the running loop, its clock known well."""
    loop = asyncio.get_running_loop()
    clock = Clock(loop)
    now = clock.now()
    clock.offset.observe(1_800_000_001.0, 1_800_000_001.001, now, now)
    tracker = WeightTracker([limit], clock.offset, now, probe=probe)
    orders = WeightTracker([ORDERS], clock.offset, now, reserve=0.0, probe=False)
    return Gate(Admission([Route(tracker, connections)], orders), clock, loop)


@dataclass(eq=False, kw_only=True)
class Seat(Waiting):
    """A waiter that a task waits for."""

    landing: asyncio.Future[PapiError | None]

    def wake(self, problem: PapiError | None = None) -> None:
        """Let the task go on."""
        if not self.landing.done():
            self.landing.set_result(problem)


async def admit(
    gate: Gate,
    weight: int = 1,
    max_wait: float | None = None,
    *,
    orders: int = 0,
    lane: Lane = Lane.CANCEL,
) -> Grant:
    """Wait for a grant, as a request does."""
    loop = asyncio.get_running_loop()
    seat = Seat(weight, orders, lane, landing=loop.create_future())
    if gate.enter(seat, max_wait, loop.time()):
        assert seat.grant is not None
        return seat.grant
    try:
        problem = await seat.landing
    except asyncio.CancelledError:
        gate.leave(seat)
        raise
    if problem is not None:
        raise problem
    if seat.grant is None:
        raise WaitTooLongError("its time is over", wait=max_wait)
    return seat.grant


def settle(gate: Gate, grant: Grant) -> None:
    """The reply to a grant came, and told nothing."""
    gate.admission.settle(grant, {}, asyncio.get_running_loop().time())
    gate.drain()


def run(virtual: Any, main: Coroutine[Any, Any, Any]) -> Any:
    """Run in virtual time and see that no timer is left."""
    result = virtual(main)
    assert virtual.loop.timers() == 0, "a timer was left"
    return result


def test_first_come_first_served_through_a_full_window(virtual: Virtual) -> None:
    """Waiters are admitted in their order, the rest of them when the next window begins."""

    async def main() -> list[int]:
        gate, order = make_gate(), []

        async def one(number: int) -> None:
            grant = await admit(gate)
            order.append(number)
            settle(gate, grant)

        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(one(number) for number in range(250)))
        assert asyncio.get_running_loop().time() - start > 60
        return order

    assert run(virtual, main()) == list(range(250))


def test_no_more_in_flight_than_connections(virtual: Virtual) -> None:
    """A burst never has more grants out than there are connections."""

    async def main() -> int:
        gate, peak, now = make_gate(connections=5), 0, 0

        async def one() -> None:
            nonlocal peak, now
            grant = await admit(gate)
            now += 1
            peak = max(peak, now)
            await asyncio.sleep(0.1)
            now -= 1
            settle(gate, grant)

        await asyncio.gather(*(one() for _ in range(40)))
        return peak

    assert run(virtual, main()) == 5


def test_cancelling_waiters_hurts_no_other(virtual: Virtual) -> None:
    """A third of the waiters give up, before and after they were granted; the others all go."""

    async def main() -> tuple[int, int, int]:
        gate, done = make_gate(connections=3), 0

        async def one() -> None:
            nonlocal done
            grant = await admit(gate)
            try:
                await asyncio.sleep(0.01)
            finally:
                settle(gate, grant)
            done += 1

        tasks = [asyncio.create_task(one()) for _ in range(90)]
        for number, task in enumerate(tasks):
            if number % 3 == 0:
                asyncio.get_running_loop().call_later(0.003 * number, task.cancel)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        stopped = sum(isinstance(result, asyncio.CancelledError) for result in results)
        route = gate.admission.routes[0]
        assert gate.admission.waiting() == 0
        return done + stopped, route.busy, route.tracker.in_flight

    assert run(virtual, main()) == (90, 0, 0)


def test_a_grant_that_its_caller_never_saw_is_given_back(virtual: Virtual) -> None:
    """Cancelled between being granted and running, a waiter gives its weight back at once."""

    async def main() -> tuple[int, int]:
        gate = make_gate(connections=1)
        first = await admit(gate)
        waiting = asyncio.create_task(admit(gate))
        await asyncio.sleep(0)
        settle(gate, first)  # the waiter is granted now, but its task has not run yet
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        route = gate.admission.routes[0]
        return route.busy, route.tracker.windows[0].charged

    assert run(virtual, main()) == (0, 1)


def test_a_wait_that_is_too_long_fails_at_once(virtual: Virtual) -> None:
    """With the window full, a call that may wait 5 s does not wait at all."""

    async def main() -> None:
        gate = make_gate()
        grants = [await admit(gate) for _ in range(60)]
        for grant in grants:
            settle(gate, grant)
        grants = [await admit(gate) for _ in range(39)]
        start = asyncio.get_running_loop().time()
        with pytest.raises(WaitTooLongError) as caught:
            await admit(gate, max_wait=5.0)
        assert caught.value.wait > 5
        assert asyncio.get_running_loop().time() == start
        with pytest.raises(WaitTooLongError) as never:
            await admit(gate, weight=101)
        assert never.value.wait == float("inf")
        for grant in grants:
            settle(gate, grant)

    run(virtual, main())


def test_a_wait_is_judged_by_the_time_it_is(virtual: Virtual) -> None:
    """Whoever asks may have read the clock before others were signed, which can take long."""

    async def main() -> None:
        gate = make_gate()
        loop = asyncio.get_running_loop()
        asked = loop.time()
        for _ in range(99):
            settle(gate, await admit(gate))
        virtual.loop.jump(70)
        seat = Seat(1, 0, Lane.CANCEL, landing=loop.create_future())
        assert not gate.enter(seat, 5.0, asked)
        assert await seat.landing is None
        assert seat.grant is not None
        settle(gate, seat.grant)

    run(virtual, main())


def test_patience_is_for_weight_not_for_connections(virtual: Virtual) -> None:
    """A waiter for a free connection stays; it gives up when weight is short for too long."""

    async def main() -> tuple[float, float]:
        gate = make_gate(connections=1)
        loop = asyncio.get_running_loop()
        grant = await admit(gate)
        start = loop.time()
        loop.call_later(7, settle, gate, grant)
        settle(gate, await admit(gate, max_wait=5.0))
        waited = loop.time() - start
        for _ in range(90):
            settle(gate, await admit(gate))
        first, second = (asyncio.create_task(admit(gate, 5, max_wait=60.0)) for _ in range(2))
        settle(gate, await first)
        start = loop.time()
        with pytest.raises(WaitTooLongError):
            await admit(gate, 5, max_wait=5.0)
        second.cancel()
        return waited, loop.time() - start

    assert run(virtual, main()) == (pytest.approx(7.0), 0.0)


def test_a_429_stops_everybody_until_its_time(virtual: Virtual) -> None:
    """After a 429 with Retry-After 7 nobody is admitted for seven seconds, then everybody."""

    async def main() -> float:
        gate = make_gate()
        loop = asyncio.get_running_loop()
        grant = await admit(gate)
        gate.admission.settle(grant, {}, loop.time())
        gate.admission.obey(grant, Throttled(Fault(429), Meaning.WEIGHT, 7.0), loop.time())
        start = loop.time()
        for other in await asyncio.gather(*(admit(gate) for _ in range(10))):
            settle(gate, other)
        return loop.time() - start

    assert run(virtual, main()) == pytest.approx(7.0, abs=0.01)


def test_a_ban_turns_away_who_waits_and_who_comes(virtual: Virtual) -> None:
    """A 418 fails queued and new callers fast, and tells until when."""

    async def main() -> None:
        gate = make_gate(connections=1)
        loop = asyncio.get_running_loop()
        grant = await admit(gate)
        waiting = [asyncio.create_task(admit(gate)) for _ in range(5)]
        await asyncio.sleep(0)
        gate.admission.settle(grant, {}, loop.time())
        until = 1_800_000_000_000 + 300_000
        gate.admission.obey(grant, Banned(Fault(418), until), loop.time())
        gate.turn_away()
        gate.drain()
        for result in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(result, BannedError)
            assert result.until == pytest.approx(until, abs=2000)
        with pytest.raises(BannedError):
            await admit(gate)
        await asyncio.sleep(301)
        settle(gate, await admit(gate))

    run(virtual, main())


def test_closing_turns_everybody_away(virtual: Virtual) -> None:
    """After close nobody waits, nobody gets in, and `idle` waits for what is on the wire."""

    async def main() -> None:
        gate = make_gate(connections=1)
        grant = await admit(gate)
        waiting = [asyncio.create_task(admit(gate)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.close()
        for result in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(result, UsageError)
        with pytest.raises(UsageError):
            await admit(gate)
        assert not await gate.idle(1.0)
        asyncio.get_running_loop().call_later(0.5, settle, gate, grant)
        assert await gate.idle(1.0)

    run(virtual, main())


def test_the_first_request_goes_alone(virtual: Virtual) -> None:
    """Until a reply tells clock and used weight (at most 1 s) nothing else is admitted."""

    async def main() -> tuple[float, float]:
        gate = make_gate(probe=True)
        loop = asyncio.get_running_loop()
        start = loop.time()
        first = await admit(gate)
        second = await admit(gate)  # no reply comes: released after a second
        waited = loop.time() - start
        settle(gate, first)
        third = await admit(gate)
        settle(gate, second)
        settle(gate, third)
        return waited, loop.time() - start - waited

    assert run(virtual, main()) == (pytest.approx(1.0, abs=0.01), 0.0)


def test_a_spent_order_count_does_not_hold_up_reads(virtual: Virtual) -> None:
    """While placements wait for the order count, reads and cancels go on."""

    async def main() -> float:
        gate = make_gate()
        loop = asyncio.get_running_loop()
        for _ in range(10):
            settle(gate, await admit(gate, orders=1, lane=Lane.ORDER))
        placing = asyncio.create_task(admit(gate, orders=1, lane=Lane.ORDER))
        await asyncio.sleep(0)
        start = loop.time()
        settle(gate, await admit(gate, lane=Lane.READ))
        settle(gate, await admit(gate))
        waited = loop.time() - start
        settle(gate, await placing)
        return waited

    assert run(virtual, main()) == 0.0
