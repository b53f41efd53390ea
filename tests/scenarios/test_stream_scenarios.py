"""The stream against the simulated exchange: what happens there is heard here, and believed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from binance_papi import (
    AlreadyGone,
    Canceled,
    Disconnected,
    Gap,
    NotOpenError,
    PapiClient,
    Placed,
    user_stream,
)
from binance_papi.api import events
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.um import algo, conditional
from binance_papi.api.um import orders as um_orders
from binance_papi.reconcile import OpenOrders
from binance_papi.simulator import Fault, FaultKind, Simulator

pytestmark = pytest.mark.asyncio


def client(exchange: Simulator, **settings: Any) -> PapiClient:
    """A client on that exchange."""
    return PapiClient(exchange.api_key, exchange.secret, base_url=exchange.base_url, **settings)


async def the_next(stream: Any, kind: type[Any]) -> Any:
    """The next event of a kind; others are passed by."""
    async with asyncio.timeout(5):
        async for event in stream:
            if isinstance(event, kind):
                return event
    raise AssertionError


async def test_the_life_of_an_order_is_heard() -> None:
    """Placed, triggered, filled: typed events of the algo order and of what it became."""
    async with Simulator(era="algo") as exchange, client(exchange) as papi:
        async with papi.user_stream() as stream:
            placed = await papi.um.algo.new_order(
                symbol="BTCUSDT", side="SELL", type="STOP_MARKET", quantity="0.1", trigger_price="1"
            )
            first = await the_next(stream, events.AlgoUpdate)
            assert first.algo_order.algo_id == placed.algo_id
            assert first.algo_order.algo_status == "NEW"
            exchange.trigger(placed.algo_id, family="um_algo")
            while first.algo_order.algo_status != "TRIGGERED":
                first = await the_next(stream, events.AlgoUpdate)
            assert first.algo_order.actual_order_id
        assert exchange.stream.listen_key is not None
        async with papi.user_stream(close_listen_key=True):
            pass
        assert exchange.stream.listen_key is None


async def test_what_goes_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset, shutdown, expiry, silence of the key: each ends in a live stream again."""
    monkeypatch.setattr(user_stream, "_jitter", lambda: 0.02)  # pauses grow meanwhile
    async with Simulator(era="algo") as exchange, client(exchange) as papi:
        async with papi.user_stream() as stream:
            exchange.stream.drop("reset")
            gone = await the_next(stream, Disconnected)
            gap = await the_next(stream, Gap)
            # The exchange's clock is known better the second time.
            assert abs(gone.since_ms - gap.since_ms) < 2000
            assert gap.since_ms < gap.until_ms
            exchange.stream.drop("close")
            assert (await the_next(stream, Gap)).reason == "closed with code 1000"
            exchange.stream.expire_key()
            assert await the_next(stream, events.ListenKeyExpired)
            assert (await the_next(stream, Gap)).reason == "the listenKey expired"
            exchange.stream.shutdown(wrapped=True)
            assert await the_next(stream, events.ServerShutdown)
            async with asyncio.timeout(5):
                while exchange.stream.connections < 2:
                    await asyncio.sleep(0.01)
            exchange.stream.push({"e": "balanceUpdate", "a": "BTC", "U": 1})
            exchange.stream.push({"e": "balanceUpdate", "a": "BTC", "U": 2})
            seen = [(await the_next(stream, events.BalanceUpdate)).event_update_id for _ in "12"]
            assert seen == [1, 2]
            async with asyncio.timeout(5):
                while exchange.stream.connections > 1:
                    await asyncio.sleep(0.05)
            assert stream.connected
        async with asyncio.timeout(5):
            while exchange.stream.connections:
                await asyncio.sleep(0.01)


async def test_a_burst_whose_replies_are_lost_ends_by_events() -> None:
    """No query, no second cancel: the stream told first."""
    async with Simulator(era="algo") as exchange, client(exchange) as papi:
        ids = exchange.seed_orders(40, family="um_algo")
        lost = Fault(FaultKind.DROP_AFTER, method="DELETE")
        async with papi.user_stream():
            exchange.inject(lost)
            report = await papi.burst([algo.CancelOrder(algo_id=one) for one in ids], deadline=5.0)
            exchange.clear_faults()
        assert report.by_kind["Canceled"] == 40
        assert report.requests <= 44
        for outcome in report.outcomes:
            assert isinstance(outcome, Canceled)
            assert isinstance(outcome.order, events.AlgoUpdate)


async def test_what_ended_before_is_known_before() -> None:
    """The stream told that it triggered: no request is needed, and its child is cancelled."""
    async with Simulator(era="algo") as exchange, client(exchange) as papi:
        (number,) = exchange.seed_orders(1, family="um_algo")
        async with papi.user_stream() as stream:
            exchange.expire(number, family="um_algo")
            await the_next(stream, events.AlgoUpdate)
            report = await papi.burst([algo.CancelOrder(algo_id=number)], deadline=5.0)
        (outcome,) = report.outcomes
        assert isinstance(outcome, AlreadyGone)
        assert (outcome.status, report.requests) == ("EXPIRED", 0)


async def test_a_placement_whose_reply_is_lost_is_proven_by_its_event() -> None:
    """And is not asked for."""
    async with Simulator(era="algo") as exchange, client(exchange) as papi:
        exchange.inject(Fault(FaultKind.DROP_AFTER, method="POST", path="/papi/v1/um/algo/order"))
        async with papi.user_stream():
            stop = algo.NewOrder(
                symbol="BTCUSDT", side="SELL", type="STOP_MARKET", quantity="0.1", trigger_price="1"
            )
            outcome = await papi.place(stop, deadline=5.0)
        assert isinstance(outcome, Placed)
        assert outcome.by == "event"
        assert outcome.attempts == 1


@pytest.mark.parametrize("era", ["algo", "conditional"])
async def test_everything_open_in_one_call(era: Any) -> None:
    """Whichever UM family the exchange has; of all symbols, of some, of none."""
    async with Simulator(era=era) as exchange, client(exchange) as papi:
        um = exchange.seed_orders(3, family="um_algo" if era == "algo" else "um_conditional")
        cm = exchange.seed_orders(2, family="cm_conditional")
        found = await papi.reconcile_open()
        stops = found.um_algo or found.um_conditional
        assert [getattr(one, "algo_id", 0) or getattr(one, "strategy_id", 0) for one in stops] == um
        assert [one.strategy_id for one in found.cm_conditional] == cm
        assert len(found) == 5
        assert abs(found.as_of_ms / 1000 - time.time()) < 10
        symbol = found.cm_conditional[0].symbol
        assert symbol is not None
        some = await papi.reconcile_open(um=["BTCUSDT", "ETHUSDT"], cm=[symbol], margin=["BTCUSDT"])
        assert len(some) - len(some.margin) == 5
        assert len(some.margin) == 1
        assert len(await papi.reconcile_open(um=(), cm=())) == 0
        assert isinstance(some, OpenOrders)


async def test_what_can_not_be_asked_is_an_error() -> None:
    """A family that fails for another reason than its age is not taken for empty."""
    async with Simulator() as exchange, client(exchange) as papi:
        exchange.inject(Fault(FaultKind.ERROR_2013, path="/papi/v1/um/openOrders"))
        with pytest.raises(NotOpenError):
            await papi.reconcile_open()


async def test_types_of_open_orders() -> None:
    """Each family's own."""
    async with Simulator() as exchange, client(exchange) as papi:
        exchange.seed_orders(1)
        exchange.seed_orders(1, family="um")
        exchange.seed_orders(1, family="cm_conditional")
        exchange.seed_orders(1, family="cm")
        found = await papi.reconcile_open()
        assert isinstance(found.um_conditional[0], conditional.ConditionalOrder)
        assert isinstance(found.um[0], um_orders.Order)
        assert isinstance(found.cm_conditional[0], cm_conditional.ConditionalOrder)
        assert isinstance(found.cm[0], cm_orders.Order)
