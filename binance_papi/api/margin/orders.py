"""Margin orders: spot orders of every kind, on what the account owns or borrows.

Source: the Portfolio Margin pages "New / Cancel / Query … Margin … Order(s)", their texts of
2025-11, and the official client of 2026-10-23. The page of the placement leaves the fields that a
type needs to the spot documentation.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from binance_papi.api.margin.order import Order, OrderList
from binance_papi.api.rules import UpTo500, check_needed
from binance_papi.api.words import MarginOrderRespType, MarginOrderType, SideEffectType
from binance_papi.core.cancel import Cancel, Sighting
from binance_papi.core.decode import decode
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import ClientId36, Id, Number, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.core.place import Place
from binance_papi.errors import InvalidRequestError
from binance_papi.terms import SelfTradePreventionMode, Side, Text, TimeInForce

_EITHER: Final = (("order_id", "orig_client_order_id"),)
_ONCE: Final = ("orderId", "status")


class CancelOrder(Cancel[Order], frozen=True, kw_only=True):
    """Cancel one open margin order, by order id or by client order id.

    An order that belongs to a list takes the other one with it.

    Args:
        symbol: Trading pair, e.g. ``"BTCUSDT"``.
        order_id: The exchange's id of the order.
        orig_client_order_id: Your own id of the order. At least one of the two ids is needed; which
            one counts when both are given is not documented.
        new_client_order_id: Your own id of this cancel.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/margin/order",
        TRADE,
        Order,
        weight=2,
        either=_EITHER,
        # No `stamped`: the documented reply has no time.
        once=_ONCE,
    )
    ids = ("order_id", "orig_client_order_id")

    symbol: Symbol
    order_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None
    new_client_order_id: ClientId36 | None = None

    def sight(self, reply: Order) -> Sighting:
        """What the reply says."""
        return reply.sighting()

    def questions(self) -> tuple[QueryOrder]:
        """Open or ended, one query tells."""
        number, text = self.order_id, self.orig_client_order_id
        return (QueryOrder(symbol=self.symbol, order_id=number, orig_client_order_id=text),)


class NewOrder(Place[Order], frozen=True, kw_only=True):
    """Place a margin order.

    Args:
        symbol: Trading pair.
        side: BUY or SELL.
        type: LIMIT needs ``time_in_force``, ``quantity`` and ``price``; MARKET needs ``quantity``
            or ``quote_order_qty``; STOP_LOSS and TAKE_PROFIT need ``quantity`` and ``stop_price``;
            STOP_LOSS_LIMIT and TAKE_PROFIT_LIMIT need ``time_in_force``, ``quantity``, ``price``
            and ``stop_price``; LIMIT_MAKER needs ``quantity`` and ``price``.
        quantity: In the base asset; not together with ``quote_order_qty``.
        quote_order_qty: MARKET only: how much of the quote asset to spend or to get.
        price: Limit price.
        stop_price: Trigger price.
        new_client_order_id: Your own id, unique among open orders.
        new_order_resp_type: ACK, RESULT or FULL.
        iceberg_qty: How much of it shows in the book.
        side_effect_type: What it borrows or repays: NO_SIDE_EFFECT (the default), MARGIN_BUY,
            AUTO_REPAY or AUTO_BORROW_REPAY.
        time_in_force: GTC, IOC or FOK.
        self_trade_prevention_mode: With IOC or GTC.
        auto_repay_at_cancel: Whether what was borrowed for it is repaid when it is cancelled; with
            MARGIN_BUY or AUTO_BORROW_REPAY.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST",
        "/papi/v1/margin/order",
        TRADE,
        Order,
        weight=1,
        orders=1,
        apart=(("quantity", "quote_order_qty"),),
        stamped="transact_time",
        once=_ONCE,
    )
    own_id = "new_client_order_id"
    canceled_by = CancelOrder

    symbol: Symbol
    side: Side | str
    type: MarginOrderType | str
    quantity: Number | None = None
    quote_order_qty: Number | None = None
    price: Number | None = None
    stop_price: Number | None = None
    new_client_order_id: ClientId36 | None = None
    new_order_resp_type: MarginOrderRespType | str | None = None
    iceberg_qty: Number | None = None
    side_effect_type: SideEffectType | str | None = None
    time_in_force: TimeInForce | str | None = None
    self_trade_prevention_mode: SelfTradePreventionMode | str | None = None
    auto_repay_at_cancel: bool | None = None

    def check(self) -> None:
        """The placement rules, as the spot documentation has them."""
        check_needed(self.type, _NEEDED, self)
        if self.type == "MARKET" and self.quantity is self.quote_order_qty is None:
            raise InvalidRequestError("MARKET needs quantity or quote_order_qty")
        if self.type != "MARKET" and self.quote_order_qty is not None:
            raise InvalidRequestError("quote_order_qty belongs to MARKET")

    def lists(self) -> tuple[QueryCurrentOpenOrder]:
        """The open ones of its symbol; the list of all is dear."""
        return (QueryCurrentOpenOrder(symbol=self.symbol),)


_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "LIMIT": ("time_in_force", "quantity", "price"),
    "STOP_LOSS": ("quantity", "stop_price"),
    "STOP_LOSS_LIMIT": ("time_in_force", "quantity", "price", "stop_price"),
    "TAKE_PROFIT": ("quantity", "stop_price"),
    "TAKE_PROFIT_LIMIT": ("time_in_force", "quantity", "price", "stop_price"),
    "LIMIT_MAKER": ("quantity", "price"),
}


class _Shape(msgspec.Struct, rename="camel"):
    """What tells an order list from a single order."""

    contingency_type: Text | None = None
    order_reports: msgspec.Raw = msgspec.Raw()


class _Mixed(Endpoint[list[Order | OrderList]]):
    """An endpoint that answers with single orders and order lists in one list."""

    __slots__ = ()

    def decode(self, body: bytes) -> list[Order | OrderList]:
        """Decode each by its own shape; see `Endpoint.decode`."""
        parts: list[msgspec.Raw] = decode(list[msgspec.Raw], body)
        return [decode(self._kind(bytes(part)), bytes(part)) for part in parts]

    @staticmethod
    def _kind(part: bytes) -> Any:
        shape = decode(_Shape, part)
        return OrderList if shape.contingency_type or bytes(shape.order_reports) else Order


class CancelAllOpenOrdersOnASymbol(
    SignedRequest[list[Order | OrderList]], frozen=True, kw_only=True
):
    """Cancel every open margin order of a symbol, order lists too.

    The reply names what was cancelled: single orders and order lists.

    Args:
        symbol: Trading pair.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = _Mixed(
        "DELETE", "/papi/v1/margin/allOpenOrders", TRADE, list[Order | OrderList], weight=5
    )

    symbol: Symbol


class QueryOrder(SignedRequest[Order], frozen=True, kw_only=True):
    """Ask for one margin order, open or ended.

    Args:
        symbol: Trading pair.
        order_id: The exchange's id of the order.
        orig_client_order_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/margin/order", USER_DATA, Order, weight=10, either=_EITHER, once=_ONCE
    )

    symbol: Symbol
    order_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None


class QueryCurrentOpenOrder(SignedRequest[list[Order]], frozen=True, kw_only=True):
    """Ask for all open margin orders of a symbol; despite its name, it answers with a list.

    Args:
        symbol: Trading pair. One passage of the documentation lets it be absent; the official
            client does not.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/margin/openOrders", USER_DATA, list[Order], weight=5)

    symbol: Symbol


class QueryAllOrders(SignedRequest[list[Order]], frozen=True, kw_only=True):
    """Ask for the margin orders of a symbol, whatever their state.

    Args:
        symbol: Trading pair.
        order_id: Only orders with this id or a greater one.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive.
        limit: 1 to 500; ``None``: 500.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/allOrders",
        USER_DATA,
        list[Order],
        weight=100,
        paging=Paging(time="time", most=500, key=("order_id",), id="order_id", from_id="order_id"),
    )

    symbol: Symbol
    order_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo500 | None = None


class Orders(Namespace):
    """``papi.margin.orders``."""

    new_order = call(NewOrder)
    cancel_order = call(CancelOrder)
    cancel_all_open_orders_on_a_symbol = call(CancelAllOpenOrdersOnASymbol)
    query_order = call(QueryOrder)
    query_current_open_order = call(QueryCurrentOpenOrder)
    query_all_orders = call(QueryAllOrders)
    query_all_orders_iter = every(QueryAllOrders, Order)
