"""CM plain orders: LIMIT and MARKET orders of COIN-M futures.

Source: the Portfolio Margin pages "New / Cancel / Query … CM Order(s)", their texts of 2025-11 and
the official client of 2026-10-23. Conditional orders are neither listed nor cancelled here; what
such an order becomes when it triggers is. There is no GTD and no ``selfTradePreventionMode``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from binance_papi.api.replies import CodeReply
from binance_papi.api.rules import WEEK, UpTo100, check_needed, check_price
from binance_papi.core.cancel import Cancel, Sighting, Sweep
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import ClientId36, Id, Number, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.core.place import Place
from binance_papi.errors import InvalidRequestError
from binance_papi.terms import (
    NewOrderRespType,
    OrderStatus,
    OrderType,
    PositionSide,
    PriceMatch,
    Side,
    Text,
    TimeInForce,
)

_EITHER: Final = (("order_id", "orig_client_order_id"),)
_ONCE: Final = ("orderId", "status")


class Order(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    """A plain order, as placed, cancelled or queried.

    Only ``order_id`` is certain to be there; the exchange has added and dropped fields within
    weeks.
    """

    order_id: Id
    """The exchange's id of the order (63 bits)."""
    client_order_id: Text | None = None
    """Your own id of the order; the exchange makes one up where you gave none."""
    status: OrderStatus | None = None
    """NEW, PARTIALLY_FILLED, FILLED, CANCELED, REJECTED, EXPIRED or EXPIRED_IN_MATCH; a later value
    keeps its text."""
    symbol: Text | None = None
    """Contract, e.g. ``"BTCUSD_PERP"``."""
    pair: Text | None = None
    """What the contract is on, e.g. ``"BTCUSD"``."""
    side: Side | None = None
    """BUY or SELL."""
    position_side: PositionSide | None = None
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    type: OrderType | None = None
    """LIMIT or MARKET."""
    modify_id: int | None = None
    """Your own id of a modification, as it was sent; in replies to them, since 2026-07."""
    orig_type: OrderType | None = None
    """Type it was placed with; in replies to queries."""
    orig_qty: Decimal | None = None
    """Quantity asked for, in contracts."""
    executed_qty: Decimal | None = None
    """Quantity traded so far, in contracts."""
    cum_qty: Decimal | None = None
    """The same, as replies to placements and cancels name it."""
    cum_base: Decimal | None = None
    """What was traded so far, in the base asset; in replies to queries, elsewhere until 2026-08."""
    price: Decimal | None = None
    """Limit price; 0 for MARKET."""
    avg_price: Decimal | None = None
    """Average price of what was traded; in replies to queries, elsewhere until 2026-08."""
    reduce_only: bool | None = None
    """Whether it may only reduce a position."""
    time_in_force: TimeInForce | None = None
    """How long the order lives."""
    time: int | None = None
    """When it was placed, epoch milliseconds; in replies to queries."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        return Sighting(
            status=self.status,
            id=self.order_id,
            client_id=self.client_order_id,
            symbol=self.symbol,
            updated=self.update_time,
            placed=self.time,
        )


class CancelOrder(Cancel[Order], frozen=True, kw_only=True):
    """Cancel one open order, by order id or by client order id.

    Args:
        symbol: Contract, e.g. ``"BTCUSD_PERP"``.
        order_id: The exchange's id of the order.
        orig_client_order_id: Your own id of the order. At least one of the two ids is needed; which
            one counts when both are given is not documented.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/cm/order",
        TRADE,
        Order,
        weight=1,
        either=_EITHER,
        stamped="update_time",
        once=_ONCE,
    )
    ids = ("order_id", "orig_client_order_id")

    symbol: Symbol
    order_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None

    def sight(self, reply: Order) -> Sighting:
        """What the reply says."""
        return reply.sighting()

    def questions(self) -> tuple[QueryOrder]:
        """Open or ended, one query tells."""
        number, text = self.order_id, self.orig_client_order_id
        return (QueryOrder(symbol=self.symbol, order_id=number, orig_client_order_id=text),)

    def sweep(self) -> Sweep:
        """All of its symbol."""
        return Sweep(
            open_orders=QueryAllCurrentOpenOrders(symbol=self.symbol),
            cancel_all=CancelAllOpenOrders(symbol=self.symbol),
            history=QueryAllOrders(symbol=self.symbol, limit=100),
        )


class CancelAllOpenOrders(SignedRequest[CodeReply], frozen=True, kw_only=True):
    """Cancel every open plain order of a symbol; conditional orders stay. The reply names no order.

    Args:
        symbol: Contract.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE", "/papi/v1/cm/allOpenOrders", TRADE, CodeReply, weight=1, once=("code",)
    )

    symbol: Symbol


class NewOrder(Place[Order], frozen=True, kw_only=True):
    """Place a LIMIT or MARKET order.

    Args:
        symbol: Contract.
        side: BUY or SELL.
        type: LIMIT needs ``time_in_force``, ``quantity`` and a ``price`` or ``price_match``; MARKET
            needs ``quantity``. Stops are conditional orders.
        position_side: BOTH in one-way mode (the default there); LONG or SHORT in hedge mode.
        time_in_force: GTC, IOC, FOK or GTX.
        quantity: In contracts.
        reduce_only: Only reduce a position; not accepted in hedge mode.
        price: Limit price; not together with ``price_match``.
        new_client_order_id: Your own id, unique among open orders.
        new_order_resp_type: ACK (the default) or RESULT, which tells the final state of MARKET, IOC
            and FOK orders.
        price_match: Let the price follow the book.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST",
        "/papi/v1/cm/order",
        TRADE,
        Order,
        weight=1,
        orders=1,
        stamped="update_time",
        once=_ONCE,
    )
    own_id = "new_client_order_id"
    canceled_by = CancelOrder

    symbol: Symbol
    side: Side | str
    type: OrderType | str
    position_side: PositionSide | str | None = None
    time_in_force: TimeInForce | str | None = None
    quantity: Number | None = None
    reduce_only: bool | None = None
    price: Number | None = None
    new_client_order_id: ClientId36 | None = None
    new_order_resp_type: NewOrderRespType | str | None = None
    price_match: PriceMatch | str | None = None

    def check(self) -> None:
        """The placement rules of the page "New CM Order"."""
        check_needed(self.type, _NEEDED, self)
        check_price(self.type, ("LIMIT",), self.price, self.price_match)
        if self.time_in_force == "GTD":
            raise InvalidRequestError("GTD is not for CM orders")


_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "LIMIT": ("time_in_force", "quantity"),
    "MARKET": ("quantity",),
}


class ModifyOrder(SignedRequest[Order], frozen=True, kw_only=True):
    """Change price and quantity of an open LIMIT order; it loses its place in the queue.

    The order is cancelled where ``quantity`` is not above what was traded already, and where it is
    GTX and would trade at once. Like a placement, it may not be sent twice.

    Args:
        symbol: Contract.
        side: BUY or SELL, as the order is; it can't be changed.
        quantity: The new quantity, in contracts.
        price: The new limit price; the page calls it mandatory and lets ``price_match`` exclude it,
            so it is one of the two.
        order_id: The exchange's id of the order; it counts when both ids are given.
        orig_client_order_id: Your own id of the order. At least one of the two is needed.
        price_match: Let the price follow the book; not together with ``price``.
        modify_id: Your own id of this modification; it comes back unchecked.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "PUT",
        "/papi/v1/cm/order",
        TRADE,
        Order,
        weight=1,
        orders=1,
        either=(*_EITHER, ("price", "price_match")),
        apart=(("price", "price_match"),),
        stamped="update_time",
        once=_ONCE,
    )

    symbol: Symbol
    side: Side | str
    quantity: Number
    price: Number | None = None
    order_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None
    price_match: PriceMatch | str | None = None
    modify_id: Id | None = None

    def question(self) -> QueryOrder:
        """The order as it is now."""
        number, text = self.order_id, self.orig_client_order_id
        return QueryOrder(symbol=self.symbol, order_id=number, orig_client_order_id=text)


class QueryAllCurrentOpenOrders(SignedRequest[list[Order]], frozen=True, kw_only=True):
    """Ask for all open plain orders, of one symbol, of a pair or of all; not conditional ones.

    Args:
        symbol: Contract; ``None``: at 40 times the weight.
        pair: All contracts on this pair.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/cm/openOrders", USER_DATA, list[Order], weight=1, all_symbols=40
    )

    symbol: Symbol | None = None
    pair: Symbol | None = None


class QueryCurrentOpenOrder(SignedRequest[Order], frozen=True, kw_only=True):
    """Ask for one open order; one that is no longer open is a `NotOpenError`.

    Args:
        symbol: Contract.
        order_id: The exchange's id of the order.
        orig_client_order_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/openOrder",
        USER_DATA,
        Order,
        weight=1,
        either=_EITHER,
        listed=True,  # since 2026-01-23
        once=_ONCE,
    )

    symbol: Symbol
    order_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None


class QueryOrder(SignedRequest[Order], frozen=True, kw_only=True):
    """Ask for one order, open or ended.

    One that was cancelled or expired without a fill is a `NotOpenError` three days after it was
    placed.

    Args:
        symbol: Contract.
        order_id: The exchange's id of the order.
        orig_client_order_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/cm/order", USER_DATA, Order, weight=1, either=_EITHER, once=_ONCE
    )

    symbol: Symbol
    order_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None


class QueryAllOrders(SignedRequest[list[Order]], frozen=True, kw_only=True):
    """Ask for the orders of a symbol or a pair, whatever their state, of less than seven days.

    Those cancelled or expired without a fill are missing three days after they were placed.

    Args:
        symbol: Contract; either it or ``pair``.
        pair: All contracts on this pair, at twice the weight.
        order_id: Only orders with this id or a greater one.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; less than 7 days after ``start_time``.
        limit: 1 to 100; ``None``: 50.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/cm/allOrders",
        USER_DATA,
        list[Order],
        weight=20,
        span=WEEK,
        all_symbols=40,
        either=(("symbol", "pair"),),
        apart=(("symbol", "pair"),),
        paging=Paging(
            time="time",
            most=100,
            key=(
                "symbol",
                "order_id",
            ),
            id="order_id",
            from_id="order_id",
            within="symbol",
        ),
    )

    symbol: Symbol | None = None
    pair: Symbol | None = None
    order_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo100 | None = None


class Orders(Namespace):
    """``papi.cm.orders``."""

    new_order = call(NewOrder)
    modify_order = call(ModifyOrder)
    cancel_order = call(CancelOrder)
    cancel_all_open_orders = call(CancelAllOpenOrders)
    query_order = call(QueryOrder)
    query_current_open_order = call(QueryCurrentOpenOrder)
    query_all_current_open_orders = call(QueryAllCurrentOpenOrders)
    query_all_orders = call(QueryAllOrders)
    query_all_orders_iter = every(QueryAllOrders, Order)
