"""What type checkers see: run by mypy and pyright, not by pytest."""

from decimal import Decimal
from typing import assert_type

from binance_papi import OrderStatus, PapiClient, StrategyStatus, Usage
from binance_papi.api import general
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.um import algo, conditional, orders
from binance_papi.terms import AlgoStatus


async def methods(papi: PapiClient) -> None:
    """Arguments and results of methods are those of the declarations."""
    order = await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=1)
    assert_type(order, conditional.ConditionalOrder)
    assert_type(order.strategy_id, int)
    assert_type(order.orig_qty, Decimal | None)
    assert_type(order.strategy_status, StrategyStatus | None)
    listed = await papi.um.conditional.query_all_current_open_orders()
    assert_type(listed, list[conditional.ConditionalOrder])
    assert_type(await papi.general.test_connectivity(), general.Pong)
    assert_type(papi.usage(), tuple[Usage, ...])


async def families(papi: PapiClient) -> None:
    """Namespaces that are imported when they are used are as typed as any."""
    assert_type(await papi.um.algo.cancel_order(algo_id=2146760), algo.CanceledAlgoOrder)
    stop = await papi.um.algo.query_current_open_order(client_algo_id="mine")
    assert_type(stop, algo.AlgoOrder)
    assert_type(stop.actual_order_id, int | None)
    assert_type(stop.algo_status, AlgoStatus | None)
    plain = await papi.um.orders.cancel_order(symbol="BTCUSDT", order_id=1)
    assert_type(plain, orders.Order)
    assert_type(plain.status, OrderStatus | None)
    assert_type(await papi.um.orders.query_all_orders(symbol="BTCUSDT"), list[orders.Order])
    coin = await papi.cm.conditional.cancel_order(symbol="BTCUSD_PERP", strategy_id=1)
    assert_type(coin, cm_conditional.ConditionalOrder)
    one = await papi.cm.orders.query_current_open_order(symbol="BTCUSD_PERP", order_id=1)
    assert_type(one, cm_orders.Order)


async def values(papi: PapiClient) -> None:
    """A request is a value whose reply type travels with it."""
    request = conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
    assert_type(await papi.send(request), conditional.ConditionalOrder)
    listing = await papi.send(general.QueryUserRateLimit())
    assert_type(listing, list[general.OrderRateLimit])


async def mistakes(papi: PapiClient) -> None:
    """Each of these is an error to both checkers."""
    await papi.um.conditional.cancel_order(strategy_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await papi.um.conditional.cancel_order(symbol="X", order_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await papi.um.conditional.cancel_order(symbol=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await papi.um.algo.cancel_order(symbol="BTCUSDT", algo_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    conditional.CancelOrder("BTCUSDT", 1)  # type: ignore[call-arg,arg-type]  # pyright: ignore[reportCallIssue]
