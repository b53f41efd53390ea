"""CM conditional orders: stops, take-profits and trailing stops of COIN-M futures.

Source: the Portfolio Margin pages "New / Cancel / Query … CM Conditional Order(s)", their texts of
2025-11 and the official client of 2026-10-23. Unlike those of UM they are live. There is no GTD, no
``priceMatch`` and no ``selfTradePreventionMode`` in this family.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from binance_papi.api.cm import orders
from binance_papi.api.replies import CodeReply
from binance_papi.api.rules import WEEK, UpTo1000, check_needed, check_trailing
from binance_papi.core.cancel import Cancel, Sighting, Sweep
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import ClientId36, Id, Number, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.core.place import Place
from binance_papi.errors import InvalidRequestError
from binance_papi.terms import (
    OrderStatus,
    OrderType,
    PositionSide,
    PriceMatch,
    Side,
    StrategyStatus,
    StrategyType,
    Text,
    TimeInForce,
    WorkingType,
)

_EITHER: Final = (("strategy_id", "new_client_strategy_id"),)
_ONCE: Final = ("strategyId", "strategyStatus", "orderId")


class ConditionalOrder(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    """A conditional order, as placed, cancelled or queried.

    Only ``strategy_id`` is certain to be there; the exchange has added and dropped fields within
    weeks.
    """

    strategy_id: Id
    """The exchange's id of the order (63 bits)."""
    new_client_strategy_id: Text | None = None
    """Your own id of the order; the exchange makes one up where you gave none."""
    strategy_status: StrategyStatus | None = None
    """NEW, CANCELED, EXPIRED, TRIGGERED or FINISHED; a later value keeps its text."""
    strategy_type: StrategyType | None = None
    """What kind of conditional order it is."""
    symbol: Text | None = None
    """Contract, e.g. ``"BTCUSD_PERP"``."""
    pair: Text | None = None
    """What the contract is on, e.g. ``"BTCUSD"``; in replies to placements."""
    side: Side | None = None
    """BUY or SELL."""
    position_side: PositionSide | None = None
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    orig_qty: Decimal | None = None
    """Quantity asked for, in contracts."""
    price: Decimal | None = None
    """Limit price; 0 for market types."""
    stop_price: Decimal | None = None
    """Trigger price."""
    reduce_only: bool | None = None
    """Whether it may only reduce a position."""
    time_in_force: TimeInForce | None = None
    """How long the order lives once triggered."""
    working_type: WorkingType | None = None
    """Which price feeds the trigger."""
    price_protect: bool | None = None
    """Whether it waits while mark and last price are far apart."""
    price_match: PriceMatch | None = None
    """NONE; seen in replies about past orders only."""
    activate_price: Decimal | None = None
    """Where a trailing stop starts to follow; ``None`` for other types."""
    price_rate: Decimal | None = None
    """Callback rate of a trailing stop, in percent; ``None`` for other types."""
    book_time: int | None = None
    """When it was placed, epoch milliseconds."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds."""
    trigger_time: int | None = None
    """When it triggered, epoch milliseconds; ``None`` before."""
    order_id: Id | None = None
    """Id of the plain order it became; ``None`` before it triggered."""
    status: OrderStatus | None = None
    """Status of that plain order."""
    type: OrderType | None = None
    """Type of that plain order."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        return Sighting(
            status=self.strategy_status,
            id=self.strategy_id,
            client_id=self.new_client_strategy_id,
            symbol=self.symbol,
            child=self.order_id,
            updated=self.update_time,
            placed=self.book_time,
        )


class CancelOrder(Cancel[ConditionalOrder], frozen=True, kw_only=True):
    """Cancel one open conditional order, by strategy id or by client strategy id.

    Args:
        symbol: Contract, e.g. ``"BTCUSD_PERP"``.
        strategy_id: The exchange's id of the order.
        new_client_strategy_id: Your own id of the order. At least one of the two ids is needed;
            which one counts when both are given is not documented.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/cm/conditional/order",
        TRADE,
        ConditionalOrder,
        weight=1,
        either=_EITHER,
        stamped="update_time",
        once=_ONCE,
    )
    ids = ("strategy_id", "new_client_strategy_id")

    symbol: Symbol
    strategy_id: Id | None = None
    new_client_strategy_id: ClientId36 | None = None

    def sight(self, reply: ConditionalOrder) -> Sighting:
        """What the reply says."""
        return reply.sighting()

    def questions(self) -> tuple[QueryCurrentOpenOrder, QueryOrderHistory]:
        """Among the open ones, then among the others."""
        symbol, number, text = self.symbol, self.strategy_id, self.new_client_strategy_id
        return (
            QueryCurrentOpenOrder(symbol=symbol, strategy_id=number, new_client_strategy_id=text),
            QueryOrderHistory(symbol=symbol, strategy_id=number, new_client_strategy_id=text),
        )

    def sweep(self) -> Sweep:
        """All of its symbol."""
        return Sweep(
            open_orders=QueryAllCurrentOpenOrders(symbol=self.symbol),
            cancel_all=CancelAllOpenOrders(symbol=self.symbol),
            history=QueryAllOrders(symbol=self.symbol, limit=1000),
        )

    def child(self, seen: Sighting) -> orders.CancelOrder | None:
        """The plain order that it became, of the same symbol."""
        if seen.child is None:
            return None
        return orders.CancelOrder(
            symbol=self.symbol, order_id=seen.child, recv_window=self.recv_window
        )


class CancelAllOpenOrders(SignedRequest[CodeReply], frozen=True, kw_only=True):
    """Cancel every open conditional order of a symbol. The reply names no order.

    Args:
        symbol: Contract.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/cm/conditional/allOpenOrders",
        TRADE,
        CodeReply,
        weight=1,
        once=("code",),
    )

    symbol: Symbol


class NewOrder(Place[ConditionalOrder], frozen=True, kw_only=True):
    """Place a conditional order.

    Args:
        symbol: Contract.
        side: BUY or SELL.
        strategy_type: STOP and TAKE_PROFIT need ``quantity``, ``price`` and ``stop_price``;
            STOP_MARKET and TAKE_PROFIT_MARKET need ``stop_price``; TRAILING_STOP_MARKET needs
            ``callback_rate``.
        position_side: BOTH in one-way mode (the default there); LONG or SHORT in hedge mode.
        time_in_force: GTC, IOC, FOK or GTX.
        quantity: In contracts.
        reduce_only: Only reduce a position; not accepted in hedge mode.
        price: Limit price.
        working_type: MARK_PRICE or CONTRACT_PRICE (the default).
        price_protect: Wait while mark and last price are far apart.
        new_client_strategy_id: Your own id, unique among open orders.
        stop_price: Trigger price.
        activation_price: TRAILING_STOP_MARKET only; ``None``: the mark price.
        callback_rate: TRAILING_STOP_MARKET only, in percent, 0.1 to 5.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST",
        "/papi/v1/cm/conditional/order",
        TRADE,
        ConditionalOrder,
        weight=1,
        orders=1,
        stamped="update_time",
    )
    own_id = "new_client_strategy_id"
    canceled_by = CancelOrder

    symbol: Symbol
    side: Side | str
    strategy_type: StrategyType | str
    position_side: PositionSide | str | None = None
    time_in_force: TimeInForce | str | None = None
    quantity: Number | None = None
    reduce_only: bool | None = None
    price: Number | None = None
    working_type: WorkingType | str | None = None
    price_protect: bool | None = None
    new_client_strategy_id: ClientId36 | None = None
    stop_price: Number | None = None
    activation_price: Number | None = None
    callback_rate: Number | None = None

    def check(self) -> None:
        """The placement rules of the page "New CM Conditional Order"."""
        check_needed(self.strategy_type, _NEEDED, self)
        if self.time_in_force == "GTD":
            raise InvalidRequestError("GTD is not for CM orders")
        activation = ("activation_price", self.activation_price)
        check_trailing(self.strategy_type, self.callback_rate, activation, most=5)


_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "STOP": ("quantity", "price", "stop_price"),
    "TAKE_PROFIT": ("quantity", "price", "stop_price"),
    "STOP_MARKET": ("stop_price",),
    "TAKE_PROFIT_MARKET": ("stop_price",),
    "TRAILING_STOP_MARKET": ("callback_rate",),
}


class QueryAllCurrentOpenOrders(SignedRequest[list[ConditionalOrder]], frozen=True, kw_only=True):
    """Ask for all open conditional orders, of one symbol or of all.

    Args:
        symbol: Contract; ``None``: all symbols, at 40 times the weight.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/conditional/openOrders",
        USER_DATA,
        list[ConditionalOrder],
        weight=1,
        all_symbols=40,
    )

    symbol: Symbol | None = None


class QueryCurrentOpenOrder(SignedRequest[ConditionalOrder], frozen=True, kw_only=True):
    """Ask for one open conditional order; one that is no longer open is a `NotOpenError`.

    Args:
        symbol: Contract.
        strategy_id: The exchange's id of the order.
        new_client_strategy_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/conditional/openOrder",
        USER_DATA,
        ConditionalOrder,
        weight=1,
        either=_EITHER,
        once=_ONCE,
    )

    symbol: Symbol
    strategy_id: Id | None = None
    new_client_strategy_id: ClientId36 | None = None


class QueryAllOrders(SignedRequest[list[ConditionalOrder]], frozen=True, kw_only=True):
    """Ask for conditional orders of the past and present, oldest first.

    Orders that ended without a fill are forgotten after some days (7 in one language of the
    documentation, 3 in the other).

    Args:
        symbol: Contract; ``None``: all symbols, at 40 times the weight.
        strategy_id: Only orders from this id on.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 7 days after ``start_time``.
        limit: 1 to 1000; ``None``: 500.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/conditional/allOrders",
        USER_DATA,
        list[ConditionalOrder],
        weight=1,
        span=WEEK,
        all_symbols=40,
        paging=Paging(
            time="book_time",
            most=1000,
            key=("strategy_id",),
            id="strategy_id",
            from_id="strategy_id",
        ),
    )

    symbol: Symbol | None = None
    strategy_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo1000 | None = None


class QueryOrderHistory(SignedRequest[ConditionalOrder], frozen=True, kw_only=True):
    """Ask for one conditional order that is no longer open; one in NEW is a `NotOpenError`.

    Args:
        symbol: Contract.
        strategy_id: The exchange's id of the order.
        new_client_strategy_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/conditional/orderHistory",
        USER_DATA,
        ConditionalOrder,
        weight=1,
        either=_EITHER,
        once=_ONCE,
    )

    symbol: Symbol
    strategy_id: Id | None = None
    new_client_strategy_id: ClientId36 | None = None


class Conditional(Namespace):
    """``papi.cm.conditional``."""

    new_order = call(NewOrder)
    cancel_order = call(CancelOrder)
    cancel_all_open_orders = call(CancelAllOpenOrders)
    query_current_open_order = call(QueryCurrentOpenOrder)
    query_all_current_open_orders = call(QueryAllCurrentOpenOrders)
    query_order_history = call(QueryOrderHistory)
    query_all_orders = call(QueryAllOrders)
    query_all_orders_iter = every(QueryAllOrders, ConditionalOrder)
