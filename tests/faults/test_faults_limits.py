"""Rows 15 to 19, 34, 35, 53 to 55 and 57: limits, bans, the firewall, and the weight of things."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from importlib import import_module
from itertools import product
from typing import Any, Final

import aiohttp
import msgspec
import pytest

from binance_papi import (
    BannedError,
    Canceled,
    RateLimit,
    Rejected,
    ThrottledError,
    WaitTooLongError,
)
from binance_papi.core.events import WeightRaised
from binance_papi.simulator import Fault, FaultKind, nasty
from binance_papi.simulator.nasties import error as failing
from tests.faults.stage import FAMILIES, PATHS, Scene, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


def short(limit: int, seconds: int = 2) -> tuple[RateLimit, ...]:
    """Limits with a window of seconds, so that nobody has to wait a minute."""
    return (
        RateLimit("REQUEST_WEIGHT", "SECOND", seconds, limit),
        RateLimit("ORDERS", "MINUTE", 1, 1200),
    )


def silent_after(scene: Scene, status: int) -> tuple[float, float]:
    """When the first such answer was given, and when the next request came in after the silence.

    What was under way at that moment does not count.
    """
    first = next(record.time for record in scene.wire if record.status == status)
    later = [record.time for record in scene.wire if record.time > first + 0.15]
    return first, min(later, default=float("inf"))


async def test_row_15_429_with_retry_after(stage: Stage) -> None:
    """Not one request on any lane until the time is over; then it goes on, and nothing is lost."""

    async def one(family: Any) -> None:
        fault = nasty("429_7_s", method="DELETE", times=1, retry_after=2)
        async with stage.scene(family, faults=[fault], patience=0, in_flight=0.15) as scene:
            ping = asyncio.create_task(later(scene))
            outcomes = await scene.burst(scene.seed(20))
            assert {type(outcome) for outcome in outcomes} == {Canceled}
            await ping
            first, again = silent_after(scene, 429)
            assert 2.0 <= again - first <= 4.0
            assert scene.papi.usage()[0].refused >= 1

    async def later(scene: Scene) -> None:
        while not scene.papi.usage()[0].frozen_for:
            await asyncio.sleep(0.05)
        await scene.papi.general.test_connectivity()

    await together(one(family) for family in FAMILIES)


def at(phase: float) -> Callable[[], float]:
    """An exchange's clock that begins at this second of a minute."""
    began = time.monotonic()
    return lambda: 1_800_000_000 + phase + time.monotonic() - began


ODD_RETRY_AFTER: Final = (
    "429_no_header",
    "429_garbage",
    "429_zero",
    "429_negative",
    "429_date",
)


async def _silent_until_the_next_window(stage: Stage, name: str, phase: float) -> None:
    limits = short(400, 5)
    fault = nasty(name, method="DELETE", times=1)
    async with stage.scene(
        faults=[fault],
        limits=limits,
        client={"limits": limits},
        clock=at(phase),
        skewed=True,
        patience=0,
        in_flight=0.15,
        hits_all=True,
        bans=True,
    ) as scene:
        outcomes = await scene.burst(scene.seed(5), deadline=15.0)
        first, again = silent_after(scene, 429)
        assert again // 5 > first // 5, (name, first, again)
        assert again - first <= 8.0
        assert {type(outcome) for outcome in outcomes} == {Canceled}
        assert scene.exchange.venue.statuses[418] == 0


async def test_row_16_429_with_an_odd_retry_after(stage: Stage) -> None:
    """Silence until the next window has begun for certain, never 0 seconds."""
    await together(_silent_until_the_next_window(stage, name, 2.2) for name in ODD_RETRY_AFTER)


async def test_row_16_right_after_a_boundary(stage: Stage) -> None:
    """The same where it is not known yet that a new window has begun."""
    await _silent_until_the_next_window(stage, "429_no_header", 0.1)


async def test_row_17_a_storm_of_429(stage: Stage) -> None:
    """Sixty-four in flight: as many 429 at most, once, then silence, and never a 418."""

    async def one(family: Any) -> None:
        fault = nasty("429", method="DELETE", retry_after=3)
        async with stage.scene(
            family, faults=[fault], patience=0, in_flight=0.02, latency=0.1, hits_all=True
        ) as scene:
            await scene.papi.warm_up()
            outcomes = await scene.burst(scene.seed(90), deadline=2.5)
            assert {type(outcome) for outcome in outcomes} == {Rejected}
            assert 1 <= scene.exchange.venue.statuses[429] <= 64
            assert scene.exchange.venue.statuses[418] == 0
            scene.exchange.clear_faults()
            again = await scene.burst(scene.seed(20), deadline=10.0)
            assert {type(outcome) for outcome in again} == {Canceled}
        refused = [one for one in outcomes if isinstance(one, Rejected) and one.attempts]
        assert refused
        assert all(isinstance(one.error, ThrottledError) for one in refused)

    await together(one(family) for family in FAMILIES)


BANS: Final = {
    "with an end": ("418", {"retry_after": 300}, 300),
    "without header": ("418_no_header", {}, 120),
    "three days": ("418_3_days", {}, 259_200),
}


@pytest.mark.parametrize("case", BANS)
async def test_row_18_banned(stage: Stage, case: str) -> None:
    """Everybody fails at once with the end of the ban, and nothing is sent until then."""
    name, changes, lasts = BANS[case]
    fault = nasty(name, method="DELETE", times=1, **changes)
    async with stage.scene(faults=[fault], bans=True, hits_all=True) as scene:
        began = time.time()
        outcomes = await scene.burst(scene.seed(20), deadline=5.0)
        assert time.time() - began < 1.5
        rejected = [one for one in outcomes if isinstance(one, Rejected)]
        assert rejected
        for outcome in rejected:
            assert isinstance(outcome.error, BannedError)
            assert abs(outcome.error.until / 1000 - began - lasts) < 3.0
        sent = len(scene.wire)
        error = await scene.call(scene.papi.general.test_connectivity())
        assert isinstance(error, BannedError)
        await asyncio.sleep(0.2)
        assert len(scene.wire) == sent


async def test_row_18_after_the_ban(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request tries first; a wall clock that jumps meanwhile ends no ban."""
    # No ban is believed to be shorter than two minutes; nobody wants to wait for that here.
    monkeypatch.setattr(import_module("binance_papi.core.admission"), "_BAN", 1.0)
    real = time.time
    fault = nasty("418", method="DELETE", times=1, retry_after=2)
    async with stage.scene(faults=[fault], bans=True, hits_all=True, clock=real) as scene:
        await scene.burst(scene.seed(5), deadline=1.0)
        banned = next(record.time for record in scene.wire if record.status == 418)
        sent = len(scene.wire)
        monkeypatch.setattr(time, "time", lambda: real() + 3600)
        for _ in range(3):
            error = await scene.call(scene.papi.general.test_connectivity())
            assert isinstance(error, BannedError)
            await asyncio.sleep(0.2)
        assert len(scene.wire) == sent
        await asyncio.sleep(max(0.0, banned + 3.8 - real()))
        again = await scene.burst(scene.seed(10), deadline=8.0)
        assert {type(outcome) for outcome in again} == {Canceled}
        assert min(record.time for record in scene.wire[sent:]) >= banned + 2.0


async def test_row_19_the_firewall(stage: Stage) -> None:
    """403 with a page: silence, and nothing of the page in what is said."""

    async def one(family: Any) -> None:
        fault = nasty("403_html", method="DELETE")
        async with stage.scene(family, faults=[fault], hits_all=True) as scene:
            outcome = await scene.one(deadline=1.0)
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, BannedError)
            assert "<" not in f"{outcome.error} {outcome.error.msg}"
            sent = len(scene.wire)
            error = await scene.call(scene.papi.general.test_connectivity())
            assert isinstance(error, BannedError)
            assert len(scene.wire) == sent

    await together(one(family) for family in FAMILIES)


async def test_row_34_1003_with_any_status(stage: Stage) -> None:
    """The code is a 429, whatever the status; 418 and "banned until" are a ban."""

    async def throttled(family: Any, status: int) -> None:
        fault = failing(status, -1003, "Too many requests; current limit is 2400 per minute.")
        limits = short(400, 5)
        async with stage.scene(
            family, limits=limits, client={"limits": limits}, clock=at(2.2), skewed=True
        ) as scene:
            scene.exchange.inject(_only(fault, family))
            outcome = await scene.one(deadline=10.0)
            assert isinstance(outcome, Canceled)
            first, again = silent_after(scene, status)
            assert again // 5 > first // 5

    async def banned(family: Any, status: int) -> None:
        until = int((time.time() + 300) * 1000)
        text = f"Way too many requests; IP banned until {until}."
        async with stage.scene(family, bans=True, hits_all=True) as scene:
            scene.exchange.inject(_only(failing(status, -1003, text), family))
            outcome = await scene.one(deadline=2.0)
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, BannedError)
            assert abs(outcome.error.until - until) <= 3000

    cases = [throttled(*case) for case in product(FAMILIES, (400, 429))]
    cases += [banned(*case) for case in product(FAMILIES, (418, 429))]
    await together(cases)


def _only(fault: Fault, family: str) -> Fault:
    """The same fault for the first cancel of a family."""
    return Fault(
        fault.kind,
        status=fault.status,
        body=fault.body,
        executed=False,
        method="DELETE",
        path=PATHS[family],
        times=1,
    )


async def test_row_35_too_many_orders(stage: Stage) -> None:
    """-1015 to a placement stops placements only; cancels go on at once."""

    async def one(family: Any) -> None:
        async with stage.scene(family, client={"max_wait": 0.0}) as scene:
            fault = nasty("429_1015", method="POST", path=PATHS[family], times=1)
            scene.exchange.inject(fault)
            error = await scene.call(_place(scene))
            assert isinstance(error, WaitTooLongError | ThrottledError)
            weight, orders = scene.papi.usage()
            assert weight.frozen_for == 0
            assert orders.frozen_for > 0
            assert isinstance(await scene.one(deadline=2.0), Canceled)

    await together(one(family) for family in FAMILIES)


async def test_row_35_said_to_a_cancel(stage: Stage) -> None:
    """-1015 to a cancel, which counts as no order, silences the address; nothing is lost."""

    async def one(family: Any) -> None:
        limits = short(400)
        fault = nasty("429_1015", method="DELETE", path=PATHS[family], times=2)
        async with stage.scene(
            family, faults=[fault], limits=limits, client={"limits": limits}
        ) as scene:
            assert isinstance(await scene.one(), Canceled)

    await together(one(family) for family in FAMILIES)


def _place(scene: Scene) -> Any:
    fields: dict[str, Any] = {"side": "BUY", "quantity": "0.01"}
    if scene.family == "um_algo":
        return scene.papi.um.algo.new_order(
            symbol="BTCUSDT", type="STOP_MARKET", trigger_price="99999", **fields
        )
    if scene.family == "cm_conditional":
        return scene.papi.cm.conditional.new_order(
            symbol="BTCUSD_PERP", strategy_type="STOP_MARKET", stop_price="99999", **fields
        )
    return scene.papi.um.conditional.new_order(
        symbol="BTCUSDT", strategy_type="STOP_MARKET", stop_price="99999", **fields
    )


async def test_row_52_headers_out_of_order(stage: Stage) -> None:
    """Two hundred replies shuffled by latency: nobody else is suspected, no 429."""
    limits = short(400, 60)
    async with stage.scene(latency=(0.0, 0.3), limits=limits, client={"limits": limits}) as scene:
        outcomes = await scene.burst(scene.seed(200), deadline=15.0)
        assert {type(outcome) for outcome in outcomes} == {Canceled}
        usage = scene.papi.usage()[0]
        assert usage.foreign == 0
        assert usage.used >= len([one for one in scene.wire if one.time > 0]) - 10
        assert scene.exchange.venue.statuses[429] == 0


async def test_row_53_a_window_ends_in_a_burst(stage: Stage) -> None:
    """Stragglers may be counted in either window: neither passes its limit."""
    limits = short(100, 3)
    slow = Fault(
        FaultKind.SLOW, delay=0.9, probability=0.1, method="DELETE", executed=False, times=30
    )
    async with stage.scene(
        faults=[slow], latency=(0.0, 0.2), limits=limits, client={"limits": limits}
    ) as scene:
        outcomes = await scene.burst(scene.seed(150), deadline=25.0)
        assert {type(outcome) for outcome in outcomes} == {Canceled}
        assert scene.exchange.venue.statuses[429] == 0
        assert scene.exchange.venue.peak() <= 1.0


async def test_row_54_somebody_else_on_the_address(stage: Stage) -> None:
    """Others use 20, then 80 requests per second: at most one 429 of ours, never a 418."""
    limits = short(300, 2)
    async with stage.scene(
        limits=limits, client={"limits": limits}, patience=1000, hits_all=True, shared=True
    ) as scene:
        stop = asyncio.Event()

        async def elsewhere() -> None:
            async with aiohttp.ClientSession() as session:
                began = time.monotonic()
                while not stop.is_set():
                    rate = 20 if time.monotonic() - began < 3.0 else 80
                    url = f"{scene.exchange.base_url}/papi/v1/ping"
                    async with session.get(url) as reply:
                        await reply.read()
                    await asyncio.sleep(1 / rate)

        other = asyncio.create_task(elsewhere())
        try:
            outcomes = await scene.burst(scene.seed(500), deadline=20.0)
        finally:
            stop.set()
            await other
        assert {type(outcome) for outcome in outcomes} == {Canceled}
        ours = [one for one in scene.wire if one.method == "DELETE" and one.status == 429]
        assert len(ours) <= 1
        await asyncio.sleep(0.05)


async def test_row_55_an_endpoint_becomes_dearer(stage: Stage) -> None:
    """Its true weight is noticed by the header: no ban, and the limit holds."""
    limits = short(300, 60)
    settings = {"limits": limits}
    async with stage.scene(limits=limits, client=settings, clock=at(20.0), skewed=True) as scene:
        routes = scene.exchange.venue._routes
        path = ("DELETE", PATHS["um_conditional"])
        routes[path] = msgspec.structs.replace(routes[path], weight=5)
        for order in scene.seed(4):
            await scene.papi.send(scene.cancel(order))
        raised = [one for one in stage.kept if isinstance(one, WeightRaised)]
        assert [(one.declared, one.weight) for one in raised] == [(1, 5)]
        outcomes = await scene.burst(scene.seed(30), deadline=10.0)
        assert {type(outcome) for outcome in outcomes} == {Canceled}
        assert scene.exchange.venue.statuses[429] == 0


async def test_row_57_cancels_before_queries(stage: Stage) -> None:
    """Queries without end: cancels still find room, and don't wait behind them."""
    limits = short(300, 60)
    settings = {"limits": limits, "connections": 8}
    async with stage.scene(
        latency=0.01, limits=limits, client=settings, clock=at(2.0), skewed=True
    ) as scene:
        query = scene.papi.um.conditional.query_all_current_open_orders

        async def ask() -> None:
            while True:
                await query(symbol="BTCUSDT")

        askers = [asyncio.create_task(ask()) for _ in range(40)]
        await asyncio.sleep(1.2)  # they used all that they may
        loop = asyncio.get_running_loop()
        began = loop.time()
        outcomes = await scene.burst(scene.seed(50), deadline=8.0)
        took = loop.time() - began
        for asker in askers:
            asker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait(askers)
        assert {type(outcome) for outcome in outcomes} == {Canceled}
        assert took < 1.5, took
        asked = sum(record.method == "GET" for record in scene.wire)
        assert asked <= 0.8 * 300
