"""What type checkers see: run by mypy and pyright, not by pytest."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import assert_type

import msgspec

from binance_papi import (
    AlreadyGone,
    Canceled,
    Gap,
    MaybePlaced,
    NotPlaced,
    OrderStatus,
    PapiClient,
    Placed,
    Rejected,
    StrategyStatus,
    Unknown,
    Usage,
    with_client_id,
)
from binance_papi.api import events, general, portfolio, replies
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.margin import history as margin_history
from binance_papi.api.margin import order as margin_order
from binance_papi.api.um import account as um_account
from binance_papi.api.um import algo, conditional, orders
from binance_papi.api.um import history as um_history
from binance_papi.api.um import positions as um_positions
from binance_papi.api.user_stream import UserDataStream
from binance_papi.api.words import IncomeType
from binance_papi.reconcile import OpenOrders
from binance_papi.terms import AlgoStatus
from binance_papi.user_stream import StreamEvent


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


async def products(papi: PapiClient) -> None:
    """Each page family of each product is reached by name, and answers with its own types."""
    assert_type(await papi.um.account.get_account_detail(), replies.FuturesAccount)
    assert_type(await papi.um.account.get_futures_bnb_burn_status(), um_account.FeeBurn)
    modes = await papi.um.positions.get_current_position_mode()
    assert_type(modes.dual_side_position, bool)
    held = await papi.um.positions.query_position_information(symbol="BTCUSDT")
    assert_type(held, list[um_positions.Position])
    assert_type(held[0].position_amt, Decimal)
    trades = await papi.um.history.account_trade_list(symbol="BTCUSDT", from_id=1)
    assert_type(trades, list[um_history.Trade])
    booked = await papi.cm.history.get_income_history()
    assert_type(booked, list[replies.Income])
    assert_type(booked[0].income_type, IncomeType)
    file = await papi.um.downloads.get_download_id_for_futures_trade_history(
        start_time=1, end_time=2
    )
    assert_type(file.download_id, str)
    assert_type(
        await papi.cm.positions.change_position_mode(dual_side_position=True), replies.CodeReply
    )
    changed = await papi.cm.orders.modify_order(
        symbol="BTCUSD_PERP", side="BUY", quantity=1, price="1.5", order_id=1
    )
    assert_type(changed, cm_orders.Order)


async def margin(papi: PapiClient) -> None:
    """Cross margin and the account as a whole."""
    placed = await papi.margin.orders.new_order(
        symbol="BTCUSDT", side="BUY", type="MARKET", quote_order_qty=Decimal(100)
    )
    assert_type(placed, margin_order.Order)
    gone = await papi.margin.orders.cancel_all_open_orders_on_a_symbol(symbol="BTCUSDT")
    assert_type(gone, list[margin_order.Order | margin_order.OrderList])
    assert_type(await papi.margin.oco.query_open_oco(), list[margin_order.OrderList])
    loan = await papi.margin.loans.borrow(asset="USDT", amount=1)
    assert_type(loan.tran_id, int)
    page = await papi.margin.history.query_loan_record(asset="USDT", tx_id=1)
    assert_type(page.rows, list[margin_history.Loan])
    account = await papi.portfolio.account_information()
    assert_type(account.uni_mmr, Decimal | None)
    assert_type(await papi.portfolio.account_balance(asset="USDT"), list[portfolio.Balance])
    unknown = await papi.adjacent.get_customize_id_for_client(broker_id="x")
    assert_type(unknown, msgspec.Raw)


async def listening(papi: PapiClient) -> None:
    """What a stream yields, and what its events hold."""
    async with papi.user_stream() as stream:
        async for event in stream:
            assert_type(event, StreamEvent)
            match event:
                case events.AlgoUpdate():
                    assert_type(event.algo_order.actual_order_id, int | None)
                case events.OrderTradeUpdate(order=order):
                    assert_type(order.average_price, Decimal | None)
                case Gap():
                    assert_type(event.since_ms, int)
                case _:
                    pass
    found = await papi.reconcile_open(um=["BTCUSDT"], cm=())
    assert_type(found, OpenOrders)
    assert_type(await papi.listen_key.start_user_data_stream(), UserDataStream)


async def histories(papi: PapiClient) -> None:
    """All pages of a history, row by row."""
    walk = papi.um.history.account_trades_iter(symbol="BTCUSDT", start_time=1, end_time=2)
    assert_type(walk, AsyncGenerator[um_history.Trade, None])
    async for trade in walk:
        assert_type(trade, um_history.Trade)
        assert_type(trade.qty, Decimal | None)
    async for loan in papi.margin.history.query_loan_record_iter(
        asset="USDT", start_time=1, end_time=2
    ):
        assert_type(loan, margin_history.Loan)
    async for order in papi.cm.orders.query_all_orders_iter(
        pair="BTCUSD", start_time=1, end_time=2
    ):
        assert_type(order.order_id, int)


async def values(papi: PapiClient) -> None:
    """A request is a value whose reply type travels with it."""
    request = conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
    assert_type(await papi.send(request), conditional.ConditionalOrder)
    listing = await papi.send(general.QueryUserRateLimit())
    assert_type(listing, list[general.OrderRateLimit])


async def placements(papi: PapiClient) -> None:
    """An order placed comes in one of three classes, and asking on keeps to them."""
    request = with_client_id(algo.NewOrder(symbol="X", side="BUY", type="STOP", quantity=1))
    assert_type(request, algo.NewOrder)
    outcome = await papi.place(request, deadline=1.0)
    assert_type(outcome, Placed | NotPlaced | MaybePlaced)
    assert_type(await papi.resolve(outcome), Placed | NotPlaced | MaybePlaced)
    assert_type(await papi.resolve(request), Placed | NotPlaced | MaybePlaced)
    (cancel,) = (await papi.burst([request.cancel()], deadline=1.0)).outcomes
    assert_type(await papi.resolve(cancel), Canceled | AlreadyGone | Rejected | Unknown)


async def mistakes(papi: PapiClient) -> None:
    """Each of these is an error to both checkers."""
    await papi.um.conditional.cancel_order(strategy_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await papi.um.conditional.cancel_order(symbol="X", order_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await papi.um.conditional.cancel_order(symbol=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await papi.place(algo.CancelOrder(algo_id=1), deadline=1.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await papi.um.algo.cancel_order(symbol="BTCUSDT", algo_id=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    papi.um.history.account_trades_iter(start_time=1, end_time=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await papi.margin.loans.borrow(asset="USDT")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    await papi.um.positions.change_position_mode(dual_side_position="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    conditional.CancelOrder("BTCUSDT", 1)  # type: ignore[call-arg,arg-type]  # pyright: ignore[reportCallIssue]
