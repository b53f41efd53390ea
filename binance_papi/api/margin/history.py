"""What happened in the margin account: trades, forced orders, loans, repayments, interest.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from binance_papi.api.rules import PageNumber, UpTo100, UpTo1000
from binance_papi.api.words import LoanStatus
from binance_papi.core.endpoint import DAY_MS, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import Id, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.terms import Side, Text, TimeInForce

_MONTH: Final = 30 * DAY_MS
_TX_OR_TIME: Final = (("tx_id", "start_time"),)


class Trade(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One trade of one of your margin orders."""

    id: int
    """The exchange's id of the trade; ids of a symbol grow with time."""
    order_id: int
    """The exchange's id of the order."""
    symbol: Text
    """Trading pair."""
    price: Decimal | None = None
    """At which price."""
    qty: Decimal | None = None
    """How much, in the base asset."""
    commission: Decimal | None = None
    """What it cost, in ``commission_asset``."""
    commission_asset: Text | None = None
    """Asset of the commission."""
    is_buyer: bool | None = None
    """Whether you bought."""
    is_maker: bool | None = None
    """Whether your order had rested in the book."""
    is_best_match: bool | None = None
    """Whether it was the best price of the book."""
    time: int
    """When, epoch milliseconds."""


class ForceOrder(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An order that the exchange forced on the account."""

    order_id: int
    """The exchange's id of the order."""
    symbol: Text | None = None
    """Trading pair."""
    side: Side | None = None
    """BUY or SELL."""
    time_in_force: TimeInForce | None = None
    """How long the order lived."""
    price: Decimal | None = None
    """Limit price."""
    avg_price: Decimal | None = None
    """Average price of what was traded."""
    qty: Decimal | None = None
    """Quantity asked for, in the base asset."""
    executed_qty: Decimal | None = None
    """Quantity traded, in the base asset."""
    updated_time: int
    """When it changed last, epoch milliseconds."""


class ForceOrders(msgspec.Struct, frozen=True, kw_only=True):
    """One page of forced orders."""

    rows: list[ForceOrder]
    """The orders."""
    total: int
    """How many there are on all pages."""


class Loan(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something that was borrowed."""

    tx_id: int
    """The exchange's id of the loan."""
    asset: Text | None = None
    """What was borrowed."""
    principal: Decimal | None = None
    """How much."""
    status: LoanStatus | None = None
    """PENDING, CONFIRMED or FAILED."""
    timestamp: int
    """When, epoch milliseconds."""


class LoanRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One page of loans."""

    rows: list[Loan]
    """The loans, newest first."""
    total: int
    """How many there are on all pages."""


class Repayment(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Something that was repaid."""

    tx_id: int
    """The exchange's id of the repayment."""
    asset: Text | None = None
    """What was repaid."""
    amount: Decimal | None = None
    """How much in all."""
    principal: Decimal | None = None
    """How much of it had been borrowed."""
    interest: Decimal | None = None
    """How much of it was interest."""
    status: LoanStatus | None = None
    """PENDING, CONFIRMED or FAILED."""
    timestamp: int
    """When, epoch milliseconds."""


class RepayRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One page of repayments."""

    rows: list[Repayment]
    """The repayments, newest first."""
    total: int
    """How many there are on all pages."""


class Interest(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One charge of interest on a loan."""

    tx_id: int | None = None
    """The exchange's id of the charge."""
    asset: Text | None = None
    """Asset that was charged."""
    raw_asset: Text | None = None
    """Asset that had been borrowed."""
    principal: Decimal | None = None
    """How much is borrowed."""
    interest: Decimal | None = None
    """What was charged."""
    interest_rate: Decimal | None = None
    """At which rate a day, as a share."""
    type: Text | None = None
    """Why: ``"ON_BORROW"``, ``"PERIODIC"`` …"""
    interest_accured_time: int
    """When, epoch milliseconds."""


class InterestHistory(msgspec.Struct, frozen=True, kw_only=True):
    """One page of charges."""

    rows: list[Interest]
    """The charges, newest first."""
    total: int
    """How many there are on all pages."""


class TradeList(SignedRequest[list[Trade]], frozen=True, kw_only=True):
    """Ask for your margin trades of a symbol, oldest first.

    Args:
        symbol: Trading pair.
        order_id: Only trades of this order.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 24 hours after ``start_time``.
        from_id: Only trades with this id or a greater one.
        limit: 1 to 1000; ``None``: 500.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/myTrades",
        USER_DATA,
        list[Trade],
        weight=5,
        span=DAY_MS,
        paging=Paging(time="time", most=1000, key=("id",), from_id="from_id", alone=True),
    )

    symbol: Symbol
    order_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    from_id: Id | None = None
    limit: UpTo1000 | None = None


class QueryUsersForceOrders(SignedRequest[ForceOrders], frozen=True, kw_only=True):
    """Ask for the orders that the exchange forced on the account.

    An account that was liquidated step by step, by its risk, has none here.

    Args:
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive.
        current: Which page, from 1; ``None``: the first.
        size: Rows on a page, 1 to 100; ``None``: 10.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/forceOrders",
        USER_DATA,
        ForceOrders,
        weight=1,
        paging=Paging(
            time="updated_time", most=100, limit="size", key=("order_id",), page="current"
        ),
    )

    start_time: Id | None = None
    end_time: Id | None = None
    current: PageNumber | None = None
    size: UpTo100 | None = None


class QueryLoanRecord(SignedRequest[LoanRecord], frozen=True, kw_only=True):
    """Ask for what was borrowed of an asset, newest first.

    Args:
        asset: The asset.
        tx_id: One loan; it counts when ``start_time`` is given too. One of the two is needed.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 30 days after ``start_time``.
        current: Which page, from 1; ``None``: the first.
        size: Rows on a page, 1 to 100; ``None``: 10.
        archived: Whether to look at what is older than 6 months.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/marginLoan",
        USER_DATA,
        LoanRecord,
        weight=10,
        either=_TX_OR_TIME,
        span=_MONTH,
        paging=Paging(time="timestamp", most=100, limit="size", key=("tx_id",), page="current"),
    )

    asset: Symbol
    tx_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    current: PageNumber | None = None
    size: UpTo100 | None = None
    archived: bool | None = None


class QueryRepayRecord(SignedRequest[RepayRecord], frozen=True, kw_only=True):
    """Ask for what was repaid of an asset, newest first.

    Args:
        asset: The asset.
        tx_id: One repayment; it counts when ``start_time`` is given too. One of the two is needed.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 30 days after ``start_time``.
        current: Which page, from 1; ``None``: the first.
        size: Rows on a page, 1 to 100; ``None``: 10.
        archived: Whether to look at what is older than 6 months.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/repayLoan",
        USER_DATA,
        RepayRecord,
        weight=10,
        either=_TX_OR_TIME,
        span=_MONTH,
        paging=Paging(time="timestamp", most=100, limit="size", key=("tx_id",), page="current"),
    )

    asset: Symbol
    tx_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    current: PageNumber | None = None
    size: UpTo100 | None = None
    archived: bool | None = None


class GetBorrowLoanInterestHistory(SignedRequest[InterestHistory], frozen=True, kw_only=True):
    """Ask what interest was charged on loans, newest first.

    Args:
        asset: The asset; ``None``: all.
        start_time: Epoch milliseconds, inclusive; ``None``: the last 7 days.
        end_time: Epoch milliseconds, inclusive; less than 30 days after ``start_time``.
        current: Which page, from 1; ``None``: the first.
        size: Rows on a page, 1 to 100; ``None``: 10.
        archived: Whether to look at what is older than 6 months.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/marginInterestHistory",
        USER_DATA,
        InterestHistory,
        weight=1,
        span=_MONTH,
        paging=Paging(time="interest_accured_time", most=100, limit="size", page="current"),
    )

    asset: Symbol | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    current: PageNumber | None = None
    size: UpTo100 | None = None
    archived: bool | None = None


class History(Namespace):
    """``papi.margin.history``."""

    trade_list = call(TradeList)
    trades_iter = every(TradeList, Trade)
    query_users_force_orders = call(QueryUsersForceOrders)
    query_users_force_orders_iter = every(QueryUsersForceOrders, ForceOrder)
    query_loan_record = call(QueryLoanRecord)
    query_loan_record_iter = every(QueryLoanRecord, Loan)
    query_repay_record = call(QueryRepayRecord)
    query_repay_record_iter = every(QueryRepayRecord, Repayment)
    get_borrow_loan_interest_history = call(GetBorrowLoanInterestHistory)
    get_borrow_loan_interest_history_iter = every(GetBorrowLoanInterestHistory, Interest)
