"""UM conditional orders: stops, take-profits and trailing stops of USD-M futures.

Source: the Portfolio Margin pages "New / Cancel / Query … UM Conditional Order(s)". The live
exchange has answered 404 on all seven paths since 2026-04-28; ``/papi/v1/um/algo/*`` replaces
them. An order is never addressed by its number across the two: ``strategyId`` and ``algoId`` are
different id spaces.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from binance_papi.api.replies import CodeReply
from binance_papi.api.rules import (
    WEEK,
    UpTo1000,
    check_good_till,
    check_needed,
    check_price,
    check_trailing,
)
from binance_papi.api.um import orders
from binance_papi.core.cancel import Cancel, Sighting, Sweep
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import ClientId32, Id, Number, Symbol
from binance_papi.core.namespace import Namespace, call
from binance_papi.core.place import Place
from binance_papi.terms import (
    OrderStatus,
    OrderType,
    PositionSide,
    PriceMatch,
    SelfTradePreventionMode,
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
    """A conditional order; only ``strategy_id`` is certain, other fields came and went in weeks."""

    # In the order of the reply to a cancel: that takes a tenth off its decoding.
    new_client_strategy_id: Text | None = None
    """Your own id of the order; the exchange makes one up where you gave none."""
    strategy_id: Id
    """The exchange's id of the order (63 bits)."""
    strategy_status: StrategyStatus | None = None
    """NEW, CANCELED, EXPIRED, TRIGGERED or FINISHED; a later value keeps its text."""
    strategy_type: StrategyType | None = None
    """What kind of conditional order it is."""
    orig_qty: Decimal | None = None
    """Quantity asked for, in the base asset."""
    price: Decimal | None = None
    """Limit price; 0 for market types."""
    reduce_only: bool | None = None
    """Whether it may only reduce a position."""
    side: Side | None = None
    """BUY or SELL."""
    position_side: PositionSide | None = None
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    stop_price: Decimal | None = None
    """Trigger price."""
    symbol: Text | None = None
    """Trading pair."""
    time_in_force: TimeInForce | None = None
    """How long the order lives once triggered."""
    activate_price: Decimal | None = None
    """Where a trailing stop starts to follow; ``None`` for other types."""
    price_rate: Decimal | None = None
    """Callback rate of a trailing stop, in percent; ``None`` for other types."""
    book_time: int | None = None
    """When it was placed, epoch milliseconds."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds."""
    working_type: WorkingType | None = None
    """Which price feeds the trigger."""
    price_protect: bool | None = None
    """Whether it waits while mark and last price are far apart."""
    self_trade_prevention_mode: SelfTradePreventionMode | None = None
    """What happens when it would trade with yourself."""
    good_till_date: int | None = None
    """When a GTD order ends, epoch milliseconds; 0: it is none."""
    price_match: PriceMatch | None = None
    """How the price follows the book; NONE: it does not."""
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

    Retired on the live exchange: 404 since 2026-04-28, use ``DELETE /papi/v1/um/algo/order``.

    Args:
        symbol: Trading pair, e.g. ``"BTCUSDT"``.
        strategy_id: The exchange's id of the order.
        new_client_strategy_id: Your own id of the order. At least one of the two ids is needed;
            which one counts when both are given is not documented.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/um/conditional/order",
        TRADE,
        ConditionalOrder,
        weight=1,
        either=_EITHER,
        stamped="update_time",
        once=_ONCE,
        replaced_by="DELETE /papi/v1/um/algo/order",
    )
    ids = ("strategy_id", "new_client_strategy_id")

    symbol: Symbol
    strategy_id: Id | None = None
    new_client_strategy_id: ClientId32 | None = None

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

    Retired on the live exchange: 404 since 2026-04-28, use ``DELETE
    /papi/v1/um/algo/allOpenOrders``.

    Args:
        symbol: Trading pair.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/um/conditional/allOpenOrders",
        TRADE,
        CodeReply,
        weight=1,
        once=("code",),
        replaced_by="DELETE /papi/v1/um/algo/allOpenOrders",
    )

    symbol: Symbol


class NewOrder(Place[ConditionalOrder], frozen=True, kw_only=True):
    """Place a conditional order.

    Retired on the live exchange: 404 since 2026-04-28, use ``POST /papi/v1/um/algo/order``.

    Args:
        symbol: Trading pair.
        side: BUY or SELL.
        strategy_type: STOP and TAKE_PROFIT need ``quantity``, ``stop_price`` and a ``price`` or
            ``price_match``; STOP_MARKET and TAKE_PROFIT_MARKET need ``stop_price``;
            TRAILING_STOP_MARKET needs ``callback_rate``.
        position_side: BOTH in one-way mode (the default there); LONG or SHORT in hedge mode.
        time_in_force: GTC, IOC, FOK, GTX or GTD.
        quantity: In the base asset.
        reduce_only: Only reduce a position; not accepted in hedge mode.
        price: Limit price; not together with ``price_match``.
        working_type: MARK_PRICE or CONTRACT_PRICE (the default).
        price_protect: Wait while mark and last price are far apart.
        new_client_strategy_id: Your own id, unique among open orders.
        stop_price: Trigger price.
        activation_price: TRAILING_STOP_MARKET only; ``None``: the mark price.
        callback_rate: TRAILING_STOP_MARKET only, in percent, 0.1 to 5.
        price_match: Let the price follow the book.
        self_trade_prevention_mode: With IOC, GTC or GTD.
        good_till_date: With GTD, and only then: epoch milliseconds, whole seconds.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST",
        "/papi/v1/um/conditional/order",
        TRADE,
        ConditionalOrder,
        weight=1,
        orders=1,
        stamped="update_time",
        replaced_by="POST /papi/v1/um/algo/order",
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
    new_client_strategy_id: ClientId32 | None = None
    stop_price: Number | None = None
    activation_price: Number | None = None
    callback_rate: Number | None = None
    price_match: PriceMatch | str | None = None
    self_trade_prevention_mode: SelfTradePreventionMode | str | None = None
    good_till_date: Id | None = None

    def check(self) -> None:
        """The placement rules of the page "New UM Conditional Order"."""
        check_needed(self.strategy_type, _NEEDED, self)
        check_price(self.strategy_type, _LIMIT_TYPES, self.price, self.price_match)
        check_good_till(self.time_in_force, self.good_till_date)
        activation = ("activation_price", self.activation_price)
        check_trailing(self.strategy_type, self.callback_rate, activation, most=5)


_LIMIT_TYPES: Final = ("STOP", "TAKE_PROFIT")
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "STOP": ("quantity", "stop_price"),
    "TAKE_PROFIT": ("quantity", "stop_price"),
    "STOP_MARKET": ("stop_price",),
    "TAKE_PROFIT_MARKET": ("stop_price",),
    "TRAILING_STOP_MARKET": ("callback_rate",),
}


class QueryAllCurrentOpenOrders(SignedRequest[list[ConditionalOrder]], frozen=True, kw_only=True):
    """Ask for all open conditional orders, of one symbol or of all.

    Retired on the live exchange: 404 since 2026-04-28, use ``GET /papi/v1/um/algo/openAlgoOrders``.

    Args:
        symbol: Trading pair; ``None``: all symbols, at 40 times the weight.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/um/conditional/openOrders",
        USER_DATA,
        list[ConditionalOrder],
        weight=1,
        all_symbols=40,
        replaced_by="GET /papi/v1/um/algo/openAlgoOrders",
    )

    symbol: Symbol | None = None


class QueryCurrentOpenOrder(SignedRequest[ConditionalOrder], frozen=True, kw_only=True):
    """Ask for one open conditional order; one that is no longer open is a `NotOpenError`.

    Retired on the live exchange: 404 since 2026-04-28, use ``GET /papi/v1/um/algo/algoOrder``.

    Args:
        symbol: Trading pair.
        strategy_id: The exchange's id of the order.
        new_client_strategy_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/um/conditional/openOrder",
        USER_DATA,
        ConditionalOrder,
        weight=1,
        either=_EITHER,
        once=_ONCE,
        replaced_by="GET /papi/v1/um/algo/algoOrder",
    )

    symbol: Symbol
    strategy_id: Id | None = None
    new_client_strategy_id: ClientId32 | None = None


class QueryAllOrders(SignedRequest[list[ConditionalOrder]], frozen=True, kw_only=True):
    """Ask for conditional orders of the past and present, oldest first.

    Orders that ended without a fill are forgotten after some days (7 in one language of the
    documentation, 3 in the other).
    Retired on the live exchange: 404 since 2026-04-28, use ``GET /papi/v1/um/algo/allAlgoOrders``.

    Args:
        symbol: Trading pair; ``None``: all symbols, at 40 times the weight.
        strategy_id: Only orders from this id on.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 7 days after ``start_time``.
        limit: 1 to 1000; ``None``: 500.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/um/conditional/allOrders",
        USER_DATA,
        list[ConditionalOrder],
        weight=1,
        span=WEEK,
        all_symbols=40,
        replaced_by="GET /papi/v1/um/algo/allAlgoOrders",
    )

    symbol: Symbol | None = None
    strategy_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo1000 | None = None


class QueryOrderHistory(SignedRequest[ConditionalOrder], frozen=True, kw_only=True):
    """Ask for one conditional order that is no longer open; one in NEW is a `NotOpenError`.

    Retired on the live exchange: 404 since 2026-04-28, use ``GET /papi/v1/um/algo/allAlgoOrders``.

    Args:
        symbol: Trading pair.
        strategy_id: The exchange's id of the order.
        new_client_strategy_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/um/conditional/orderHistory",
        USER_DATA,
        ConditionalOrder,
        weight=1,
        either=_EITHER,
        once=_ONCE,
        replaced_by="GET /papi/v1/um/algo/allAlgoOrders",
    )

    symbol: Symbol
    strategy_id: Id | None = None
    new_client_strategy_id: ClientId32 | None = None


class Conditional(Namespace):
    """``papi.um.conditional``."""

    new_order = call(NewOrder)
    cancel_order = call(CancelOrder)
    cancel_all_open_orders = call(CancelAllOpenOrders)
    query_current_open_order = call(QueryCurrentOpenOrder)
    query_all_current_open_orders = call(QueryAllCurrentOpenOrders)
    query_order_history = call(QueryOrderHistory)
    query_all_orders = call(QueryAllOrders)
