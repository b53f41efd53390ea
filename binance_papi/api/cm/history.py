"""What happened in the CM account: trades, income, forced orders, modifications.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from binance_papi.api.cm.orders import Order
from binance_papi.api.replies import Amendment, Income
from binance_papi.api.rules import WEEK, UpTo100, UpTo1000
from binance_papi.api.words import AutoCloseType, IncomeType
from binance_papi.core.endpoint import DAY_MS, TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import ClientId36, Id, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.terms import PositionSide, Side, Text


class Trade(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One trade of one of your orders."""

    id: int
    """The exchange's id of the trade; ids of a symbol grow with time."""
    order_id: int
    """The exchange's id of the order."""
    symbol: Text
    """Contract."""
    pair: Text | None = None
    """What the contract is on."""
    side: Side | None = None
    """BUY or SELL."""
    position_side: PositionSide | None = None
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    price: Decimal | None = None
    """At which price."""
    qty: Decimal | None = None
    """How many contracts."""
    base_qty: Decimal | None = None
    """How much, in the base asset."""
    realized_pnl: Decimal | None = None
    """Profit it realised, in ``margin_asset``."""
    margin_asset: Text | None = None
    """Asset that profit is in."""
    commission: Decimal | None = None
    """What it cost, in ``commission_asset``."""
    commission_asset: Text | None = None
    """Asset of the commission."""
    buyer: bool | None = None
    """Whether you bought."""
    maker: bool | None = None
    """Whether your order had rested in the book."""
    time: int
    """When, epoch milliseconds."""


class AccountTradeList(SignedRequest[list[Trade]], frozen=True, kw_only=True):
    """Ask for your trades of a symbol or a pair, oldest first.

    Args:
        symbol: Contract; either it or ``pair``.
        pair: All contracts on this pair, at twice the weight; not together with ``from_id``.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 24 hours after ``start_time``.
        from_id: Only trades with this id or a greater one; not together with times.
        limit: 1 to 1000; ``None``: 50.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/userTrades",
        USER_DATA,
        list[Trade],
        weight=20,
        all_symbols=40,
        either=(("symbol", "pair"),),
        apart=(
            ("symbol", "pair"),
            ("pair", "from_id"),
            ("from_id", "start_time"),
            ("from_id", "end_time"),
        ),
        span=DAY_MS,
        paging=Paging(
            time="time",
            most=1000,
            key=("symbol", "id"),
            from_id="from_id",
            alone=True,
            within="symbol",
        ),
    )

    symbol: Symbol | None = None
    pair: Symbol | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    from_id: Id | None = None
    limit: UpTo1000 | None = None


class GetIncomeHistory(SignedRequest[list[Income]], frozen=True, kw_only=True):
    """Ask for what was booked, oldest first.

    Args:
        symbol: Contract; ``None``: all.
        income_type: One kind; ``None``: all.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 200 days after ``start_time``.
        limit: 1 to 1000; ``None``: 100.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/income",
        USER_DATA,
        list[Income],
        weight=30,
        span=200 * DAY_MS,
        paging=Paging(time="time", most=1000),
    )

    symbol: Symbol | None = None
    income_type: IncomeType | str | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo1000 | None = None


class QueryUsersForceOrders(SignedRequest[list[Order]], frozen=True, kw_only=True):
    """Ask for the orders that the exchange forced on the account, of the last 90 days.

    Args:
        symbol: Contract; ``None``: all, at a greater weight.
        auto_close_type: LIQUIDATION or ADL; ``None``: both.
        start_time: Epoch milliseconds, inclusive; ``None``: 7 days before ``end_time``.
        end_time: Epoch milliseconds, inclusive; less than 7 days after ``start_time``.
        limit: 1 to 100; ``None``: 50.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/forceOrders",
        USER_DATA,
        list[Order],
        weight=20,
        all_symbols=50,
        span=WEEK,
        paging=Paging(time="time", most=100, key=("order_id",)),
    )

    symbol: Symbol | None = None
    auto_close_type: AutoCloseType | str | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo100 | None = None


class QueryModifyOrderHistory(SignedRequest[list[Amendment]], frozen=True, kw_only=True):
    """Ask how an order was modified. The exchange marks this read as a trade.

    Args:
        symbol: Contract.
        order_id: The exchange's id of the order; it counts when both ids are given.
        orig_client_order_id: Your own id of the order. At least one of the two is needed.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 7 days after ``start_time``.
        limit: 1 to 100; ``None``: 50.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/orderAmendment",
        TRADE,
        list[Amendment],
        weight=1,
        either=(("order_id", "orig_client_order_id"),),
        span=WEEK,
        paging=Paging(time="time", most=100, key=("amendment_id",)),
    )

    symbol: Symbol
    order_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo100 | None = None


class History(Namespace):
    """``papi.cm.history``."""

    account_trade_list = call(AccountTradeList)
    account_trades_iter = every(AccountTradeList, Trade)
    get_income_history = call(GetIncomeHistory)
    get_income_history_iter = every(GetIncomeHistory, Income)
    query_users_force_orders = call(QueryUsersForceOrders)
    query_users_force_orders_iter = every(QueryUsersForceOrders, Order)
    query_modify_order_history = call(QueryModifyOrderHistory)
    query_modify_order_history_iter = every(QueryModifyOrderHistory, Amendment)
