"""OCO lists: a limit order and a stop of which one cancels the other.

Source: the Portfolio Margin pages "Margin Account New OCO", "Cancel Margin Account OCO Orders" and
"Query Margin Account's … OCO", their texts of 2025-11, and the official client of 2026-10-23.
"""

from __future__ import annotations

from typing import Final

from binance_papi.api.margin.order import OrderList
from binance_papi.api.rules import UpTo500
from binance_papi.api.words import SideEffectType
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import ClientId36, Id, Number, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.terms import NewOrderRespType, Side, TimeInForce

_ONCE: Final = ("orderListId", "listOrderStatus")


class NewOCO(SignedRequest[OrderList], frozen=True, kw_only=True):
    """Place a limit order and a stop of the same quantity; it counts as two orders.

    To sell, the limit price is above the last price and the stop price below it; to buy, the other
    way round.

    Args:
        symbol: Trading pair.
        side: BUY or SELL.
        quantity: Of either order, in the base asset.
        price: Price of the limit order.
        stop_price: Trigger price of the stop.
        list_client_order_id: Your own id of the list.
        limit_client_order_id: Your own id of the limit order.
        limit_iceberg_qty: How much of the limit order shows in the book.
        stop_client_order_id: Your own id of the stop.
        stop_limit_price: Price of the stop once triggered; needs ``stop_limit_time_in_force``.
            ``None``: it trades at market.
        stop_iceberg_qty: How much of the stop shows in the book; with ``stop_limit_price``.
        stop_limit_time_in_force: GTC, IOC or FOK; with ``stop_limit_price``.
        new_order_resp_type: ACK (the default) or RESULT.
        side_effect_type: What they borrow or repay: NO_SIDE_EFFECT (the default), MARGIN_BUY or
            AUTO_REPAY.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST",
        "/papi/v1/margin/order/oco",
        TRADE,
        OrderList,
        weight=1,
        orders=2,
        together=(("stop_limit_price", "stop_limit_time_in_force"),),
        stamped="transaction_time",
        once=_ONCE,
    )

    symbol: Symbol
    side: Side | str
    quantity: Number
    price: Number
    stop_price: Number
    list_client_order_id: ClientId36 | None = None
    limit_client_order_id: ClientId36 | None = None
    limit_iceberg_qty: Number | None = None
    stop_client_order_id: ClientId36 | None = None
    stop_limit_price: Number | None = None
    stop_iceberg_qty: Number | None = None
    stop_limit_time_in_force: TimeInForce | str | None = None
    new_order_resp_type: NewOrderRespType | str | None = None
    side_effect_type: SideEffectType | str | None = None

    def question(self) -> QueryOCO | None:
        """The query by your own id of the list; ``None`` where it has none."""
        text = self.list_client_order_id
        return None if text is None else QueryOCO(orig_client_order_id=text)


class CancelOCOOrders(SignedRequest[OrderList], frozen=True, kw_only=True):
    """Cancel both orders of a list; cancelling either of them does the same.

    Args:
        symbol: Trading pair.
        order_list_id: The exchange's id of the list.
        list_client_order_id: Your own id of the list. At least one of the two is needed.
        new_client_order_id: Your own id of this cancel.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/margin/orderList",
        TRADE,
        OrderList,
        weight=2,
        either=(("order_list_id", "list_client_order_id"),),
        once=_ONCE,
    )

    symbol: Symbol
    order_list_id: Id | None = None
    list_client_order_id: ClientId36 | None = None
    new_client_order_id: ClientId36 | None = None


class QueryOCO(SignedRequest[OrderList], frozen=True, kw_only=True):
    """Ask for one list, open or done.

    Args:
        order_list_id: The exchange's id of the list.
        orig_client_order_id: Your own id of the list. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/orderList",
        USER_DATA,
        OrderList,
        weight=5,
        either=(("order_list_id", "orig_client_order_id"),),
        once=_ONCE,
    )

    order_list_id: Id | None = None
    orig_client_order_id: ClientId36 | None = None


class QueryAllOCO(SignedRequest[list[OrderList]], frozen=True, kw_only=True):
    """Ask for lists, whatever their state.

    Args:
        from_id: Only lists with this id or a greater one; not together with times.
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive.
        limit: 1 to 500; ``None``: 500.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/margin/allOrderList",
        USER_DATA,
        list[OrderList],
        weight=100,
        apart=(("from_id", "start_time"), ("from_id", "end_time")),
        paging=Paging(
            time="transaction_time",
            most=500,
            key=("order_list_id",),
            id="order_list_id",
            from_id="from_id",
            alone=True,
        ),
    )

    from_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo500 | None = None


class QueryOpenOCO(SignedRequest[list[OrderList]], frozen=True, kw_only=True):
    """Ask for all open lists.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/margin/openOrderList", USER_DATA, list[OrderList], weight=5
    )


class Oco(Namespace):
    """``papi.margin.oco``."""

    new_oco = call(NewOCO)
    cancel_oco_orders = call(CancelOCOOrders)
    query_oco = call(QueryOCO)
    query_all_oco = call(QueryAllOCO)
    query_all_oco_iter = every(QueryAllOCO, OrderList)
    query_open_oco = call(QueryOpenOCO)
