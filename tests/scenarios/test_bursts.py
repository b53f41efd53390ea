"""Bursts against the simulated exchange: the limit is used and never passed, nothing is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from binance_papi import BannedError, PapiClient, RateLimit, UnknownOutcomeError
from binance_papi.simulator import Fault, FaultKind, Simulator

FIVE_SECONDS = (
    RateLimit("REQUEST_WEIGHT", "SECOND", 5, 200),
    RateLimit("ORDERS", "MINUTE", 1, 1200),
)


def client(exchange: Simulator, **settings: object) -> PapiClient:
    """A client on an exchange."""
    return PapiClient(
        exchange.api_key,
        exchange.secret,
        base_url=exchange.base_url,
        **settings,  # type: ignore[arg-type]
    )


async def cancel_all(papi: PapiClient, ids: list[int]) -> list[object]:
    """Cancel all at once; results and exceptions in order."""
    cancel = papi.um.conditional.cancel_order
    calls = (cancel(symbol="BTCUSDT", strategy_id=one) for one in ids)
    return list(await asyncio.gather(*calls, return_exceptions=True))


def failures(results: Iterable[object]) -> Counter[str]:
    """How many of each exception there are."""
    return Counter(type(one).__name__ for one in results if isinstance(one, BaseException))


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.asyncio
async def test_a_burst_uses_the_whole_limit_and_never_passes_it() -> None:
    """900 cancels, 200 per 5 s, latency to 300 ms, clocks 700 ms off: no 429, windows full."""

    async def one(seed: int, skew: float) -> None:
        async with (
            Simulator(
                limits=FIVE_SECONDS, latency=(0.0, 0.3), clock_skew=skew, seed=seed
            ) as exchange,
            client(exchange, limits=FIVE_SECONDS) as papi,
        ):
            ids = exchange.seed_orders(900)
            assert failures(await cancel_all(papi, ids)) == {}
            windows = [window for window in exchange.venue.windows() if window.limit == 200]
        used = [window.used for window in windows]
        assert exchange.venue.statuses[429] == 0
        assert max(used) <= 200
        # The first window began before the burst, the last ended after it.
        assert len(used) >= 4
        assert min(used[1:-1]) >= 0.93 * 200
        assert sum(used) == 900

    await asyncio.gather(one(1, -0.7), one(2, 0.0), one(3, 0.7))


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.asyncio
@pytest.mark.parametrize("seed", [1, 2])
async def test_cancelling_tasks_at_random_hurts_no_other(seed: int) -> None:
    """2,000 cancels, a third of the tasks cancelled: the others all succeed, nothing is left."""
    rng = random.Random(seed)
    before = asyncio.all_tasks()
    async with Simulator(latency=(0.0, 0.02), seed=seed) as exchange:
        ids = exchange.seed_orders(2000)
        async with client(exchange) as papi:
            cancel = papi.um.conditional.cancel_order
            tasks = [asyncio.create_task(cancel(symbol="BTCUSDT", strategy_id=one)) for one in ids]
            doomed = set(rng.sample(range(2000), 667))
            loop = asyncio.get_running_loop()
            for number in doomed:
                loop.call_later(rng.uniform(0, 1.0), tasks[number].cancel)
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert papi.usage()[0].in_flight == 0
        untouched = [result for number, result in enumerate(results) if number not in doomed]
        assert failures(untouched) == {}
        stopped = failures(results)
        assert set(stopped) <= {"CancelledError"}
        assert stopped["CancelledError"] > 100
        sent = Counter(
            record.params.get("strategyId")
            for record in exchange.venue.wire
            if record.method == "DELETE"
        )
        assert max(sent.values()) == 1
        assert exchange.venue.statuses[429] == 0
    await asyncio.sleep(0.05)
    assert asyncio.all_tasks() == before


@pytest.mark.asyncio
async def test_a_wall_clock_far_off_costs_at_most_one_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Half a minute wrong, in either direction: one -1021 in all, and every order is cancelled."""
    for wrong in (-30.0, 30.0):
        real = time.time
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda real=real, wrong=wrong: real() + wrong)
            async with Simulator(clock=real) as exchange:
                ids = exchange.seed_orders(300)
                async with client(exchange, on_event=lambda _: None) as papi:
                    assert failures(await cancel_all(papi, ids)) == {}
        assert sum(record.status == 400 for record in exchange.venue.wire) <= 1
        assert len(exchange.venue.wire) <= 301


@pytest.mark.asyncio
async def test_a_refusal_is_waited_out_and_nobody_is_banned() -> None:
    """One 429 in a burst: what was in flight is all that follows it, and no order is lost."""
    fault = Fault(FaultKind.HTTP_429, times=1, method="DELETE", retry_after=1)
    async with Simulator(latency=(0.0, 0.02), faults=[fault], patience=0) as exchange:
        ids = exchange.seed_orders(200)
        events: list[object] = []
        async with client(exchange, on_event=events.append) as papi:
            assert failures(await cancel_all(papi, ids)) == {}
            assert papi.usage()[0].refused == 1
        assert exchange.venue.statuses[418] == 0
        assert len(events) == 1


@pytest.mark.asyncio
async def test_another_user_of_the_address_is_noticed() -> None:
    """Half of the limit is used by others: the header tells, and the burst stays below."""
    limits = (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 400),)
    async with Simulator(limits=limits, clock=lambda: 1_800_000_005.0) as exchange:
        ids = exchange.seed_orders(150)
        async with client(exchange, limits=limits, max_wait=0.0) as other:
            for _ in range(200):
                await other.general.test_connectivity()
        async with client(exchange, limits=limits, max_wait=0.0) as papi:
            await papi.general.test_connectivity()
            assert papi.usage()[0].foreign == 200
            assert failures(await cancel_all(papi, ids)) == {}
        assert exchange.venue.statuses[429] == 0


@pytest.mark.asyncio
async def test_a_ban_fails_everybody_fast_and_is_obeyed() -> None:
    """After a 418 waiting calls fail at once with its end, and nothing more is sent."""
    limits = (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 5),)
    async with Simulator(limits=limits, patience=0, in_flight=0.0) as exchange:
        blunt = {"limits": (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000),)}
        quiet = {**blunt, "on_event": lambda _: None}
        async with client(exchange, **quiet) as one, client(exchange, **quiet) as papi:
            await one.warm_up(1)
            await papi.warm_up(1)
            calls = [asyncio.create_task(one.general.test_connectivity()) for _ in range(40)]
            while not exchange.venue.statuses[429]:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            with pytest.raises(BannedError) as caught:
                await papi.general.test_connectivity()
            assert caught.value.until > time.time() * 1000 + 60_000
            sent = len(exchange.venue.wire)
            with pytest.raises(BannedError):
                await papi.general.test_connectivity()
            assert len(exchange.venue.wire) == sent
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.DROP_BEFORE,
        FaultKind.DROP_AFTER,
        FaultKind.NO_REPLY,
        FaultKind.TRUNCATED,
        FaultKind.HTTP_503_UNKNOWN,
        FaultKind.ERROR_1006,
        FaultKind.ERROR_1007,
        FaultKind.HTML_502,
        FaultKind.GARBAGE,
        FaultKind.ERROR_4117,
        FaultKind.HTTP_503_INTERNAL,
    ],
)
async def test_what_may_have_happened_is_never_called_anything_else(kind: Any) -> None:
    """For each such fault a cancel is one request on the wire and an honest unknown."""
    async with Simulator(faults=[Fault(kind, method="DELETE")]) as exchange:
        (one,) = exchange.seed_orders(1)
        async with client(exchange, timeout=0.5) as papi:
            with pytest.raises(UnknownOutcomeError) as caught:
                await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=one)
            assert caught.value.request.strategy_id == one
            assert papi.usage()[0].in_flight == 0
        assert len(exchange.venue.requests_for(one)) == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "kind",
    [FaultKind.HTTP_503_UNAVAILABLE, FaultKind.HTTP_503_THROTTLED, FaultKind.ERROR_1021],
)
async def test_what_certainly_had_no_effect_is_sent_again(kind: Any) -> None:
    """Two refusals of that kind, then it works; each attempt with a signature of its own."""
    async with Simulator(faults=[Fault(kind, times=2, method="DELETE")]) as exchange:
        (one,) = exchange.seed_orders(1)
        async with client(exchange) as papi:
            order = await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=one)
        assert order.strategy_status == "CANCELED"
        assert len(exchange.venue.requests_for(one)) == 3
