"""UM algo orders: stops, take-profits and trailing stops of USD-M futures since 2026-04-28.

Source: the Portfolio Margin pages "New / Cancel / Query … UM Algo Order(s)" and the official client
of 2026-10-23. They replace ``/papi/v1/um/conditional/*``. An order is never addressed by its number
across the two: ``algoId`` and ``strategyId`` are different id spaces.
"""

from __future__ import annotations

from typing import Final

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
from binance_papi.api.um.algo_order import (
    AlgoOrder as AlgoOrder,  # noqa: PLC0414 - it belongs to this page and is found here too
)
from binance_papi.api.um.algo_order import (
    CanceledAlgoOrder as CanceledAlgoOrder,  # noqa: PLC0414 - likewise
)
from binance_papi.core.cancel import Cancel, Sighting
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import ClientId36, Id, Number, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.core.place import Place
from binance_papi.errors import InvalidRequestError
from binance_papi.terms import (
    AlgoType,
    NewOrderRespType,
    PositionSide,
    PriceMatch,
    SelfTradePreventionMode,
    Side,
    StrategyType,
    TimeInForce,
    WorkingType,
)

_EITHER: Final = (("algo_id", "client_algo_id"),)
_ONCE: Final = ("algoId", "algoStatus", "actualOrderId")


class CancelOrder(Cancel[CanceledAlgoOrder], frozen=True, kw_only=True):
    """Cancel one open algo order, by algo id or by client algo id. It takes no symbol.

    Args:
        algo_id: The exchange's id of the order.
        client_algo_id: Your own id of the order. At least one of the two ids is needed; which one
            counts when both are given is not documented.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE",
        "/papi/v1/um/algo/order",
        TRADE,
        CanceledAlgoOrder,
        weight=1,
        either=_EITHER,
        # No `stamped`: the documented reply has no time.
        once=(*_ONCE, "complete", "code"),
    )
    ids = ("algo_id", "client_algo_id")

    algo_id: Id | None = None
    client_algo_id: ClientId36 | None = None

    def sight(self, reply: CanceledAlgoOrder) -> Sighting:
        """What the reply says."""
        return reply.sighting()

    def questions(self) -> tuple[QueryCurrentOpenOrder]:
        """Open or ended, one query tells."""
        return (QueryCurrentOpenOrder(algo_id=self.algo_id, client_algo_id=self.client_algo_id),)

    def child(self, seen: Sighting) -> orders.CancelOrder | None:
        """The plain order that it became, of the symbol that was seen."""
        if seen.child is None or seen.symbol is None:
            return None
        try:
            return orders.CancelOrder(
                symbol=seen.symbol, order_id=seen.child, recv_window=self.recv_window
            )
        except InvalidRequestError:  # what was seen is no symbol
            return None


class CancelAllOpenOrders(SignedRequest[CodeReply], frozen=True, kw_only=True):
    """Cancel every open algo order of a symbol. The reply names no order.

    Args:
        symbol: Trading pair.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "DELETE", "/papi/v1/um/algo/allOpenOrders", TRADE, CodeReply, weight=1, once=("code",)
    )

    symbol: Symbol


class NewOrder(Place[AlgoOrder], frozen=True, kw_only=True):
    """Place an algo order.

    Args:
        symbol: Trading pair.
        side: BUY or SELL.
        type: STOP and TAKE_PROFIT need ``quantity``, ``trigger_price`` and a ``price`` or
            ``price_match``; STOP_MARKET and TAKE_PROFIT_MARKET need ``trigger_price``, and
            ``quantity`` or ``close_position``; TRAILING_STOP_MARKET needs ``quantity`` and
            ``callback_rate``.
        algo_type: CONDITIONAL; there is no other.
        position_side: BOTH in one-way mode (the default there); LONG or SHORT in hedge mode.
        time_in_force: GTC, IOC, FOK, GTX or GTD.
        quantity: In the base asset; not together with ``close_position``.
        price: Limit price; not together with ``price_match``.
        trigger_price: Trigger price.
        working_type: MARK_PRICE or CONTRACT_PRICE (the default).
        price_match: Let the price follow the book.
        close_position: Close the whole position; STOP_MARKET and TAKE_PROFIT_MARKET only, and in
            hedge mode neither BUY of LONG nor SELL of SHORT.
        price_protect: Wait while mark and last price are far apart.
        reduce_only: Only reduce a position; not accepted in hedge mode, nor together with
            ``close_position``.
        activate_price: TRAILING_STOP_MARKET only; ``None``: the current price.
        callback_rate: TRAILING_STOP_MARKET only, in percent, 0.1 to 20.
        client_algo_id: Your own id, unique among open algo orders.
        new_order_resp_type: ACK (the default) or RESULT.
        self_trade_prevention_mode: With IOC, GTC or GTD.
        good_till_date: With GTD, and only then: epoch milliseconds, whole seconds.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST",
        "/papi/v1/um/algo/order",
        TRADE,
        AlgoOrder,
        weight=1,
        orders=1,
        stamped="update_time",
        once=_ONCE,
    )
    own_id = "client_algo_id"
    canceled_by = CancelOrder

    symbol: Symbol
    side: Side | str
    type: StrategyType | str
    algo_type: AlgoType | str = AlgoType.CONDITIONAL
    position_side: PositionSide | str | None = None
    time_in_force: TimeInForce | str | None = None
    quantity: Number | None = None
    price: Number | None = None
    trigger_price: Number | None = None
    working_type: WorkingType | str | None = None
    price_match: PriceMatch | str | None = None
    close_position: bool | None = None
    price_protect: bool | None = None
    reduce_only: bool | None = None
    activate_price: Number | None = None
    callback_rate: Number | None = None
    client_algo_id: ClientId36 | None = None
    new_order_resp_type: NewOrderRespType | str | None = None
    self_trade_prevention_mode: SelfTradePreventionMode | str | None = None
    good_till_date: Id | None = None

    def check(self) -> None:
        """The placement rules of the page "New UM Algo Order"."""
        if not self.algo_type:
            raise InvalidRequestError("algoType is mandatory")
        check_needed(self.type, _NEEDED, self)
        check_price(self.type, _LIMIT_TYPES, self.price, self.price_match)
        check_good_till(self.time_in_force, self.good_till_date)
        activation = ("activate_price", self.activate_price)
        check_trailing(self.type, self.callback_rate, activation, most=20)
        if self.close_position:
            self._check_closing()
        elif str(self.type) in _CLOSING_TYPES and self.quantity is None:
            raise InvalidRequestError(f"{self.type} needs quantity or close_position")

    def lists(self) -> tuple[QueryAllCurrentOpenOrders, QueryOrderHistory]:
        """All of its symbol."""
        return (
            QueryAllCurrentOpenOrders(symbol=self.symbol),
            QueryOrderHistory(symbol=self.symbol, limit=1000),
        )

    def _check_closing(self) -> None:
        if str(self.type) not in _CLOSING_TYPES:
            raise InvalidRequestError(f"close_position belongs to {' and '.join(_CLOSING_TYPES)}")
        if self.quantity is not None or self.reduce_only is not None:
            raise InvalidRequestError("close_position excludes quantity and reduce_only")
        if (str(self.side), str(self.position_side)) in _OPENING:
            raise InvalidRequestError(f"{self.side} of {self.position_side} closes nothing")


_LIMIT_TYPES: Final = ("STOP", "TAKE_PROFIT")
_CLOSING_TYPES: Final = ("STOP_MARKET", "TAKE_PROFIT_MARKET")
_OPENING: Final = (("BUY", "LONG"), ("SELL", "SHORT"))
_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "STOP": ("quantity", "trigger_price"),
    "TAKE_PROFIT": ("quantity", "trigger_price"),
    "STOP_MARKET": ("trigger_price",),
    "TAKE_PROFIT_MARKET": ("trigger_price",),
    "TRAILING_STOP_MARKET": ("quantity", "callback_rate"),
}


class QueryAllCurrentOpenOrders(SignedRequest[list[AlgoOrder]], frozen=True, kw_only=True):
    """Ask for all open algo orders, of one symbol or of all.

    Args:
        symbol: Trading pair; ``None``: all symbols, at 40 times the weight.
        algo_type: CONDITIONAL; there is no other.
        algo_id: The exchange's id of one order.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/um/algo/openAlgoOrders",
        USER_DATA,
        list[AlgoOrder],
        weight=1,
        all_symbols=40,
    )

    symbol: Symbol | None = None
    algo_type: AlgoType | str | None = None
    algo_id: Id | None = None


class QueryCurrentOpenOrder(SignedRequest[AlgoOrder], frozen=True, kw_only=True):
    """Ask for one algo order: despite its name, for ended ones too.

    One that was cancelled or expired without a fill is a `NotOpenError` three days after it was
    placed, any other after 90 days.

    Args:
        algo_id: The exchange's id of the order.
        client_algo_id: Your own id of the order. At least one of the two is needed.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/um/algo/algoOrder",
        USER_DATA,
        AlgoOrder,
        weight=1,
        either=_EITHER,
        once=_ONCE,
    )

    algo_id: Id | None = None
    client_algo_id: ClientId36 | None = None


class QueryOrderHistory(SignedRequest[list[AlgoOrder]], frozen=True, kw_only=True):
    """Ask for the algo orders of a symbol, whatever their state, of less than seven days.

    Args:
        symbol: Trading pair.
        algo_id: Only orders with this id or a greater one.
        start_time: Epoch milliseconds, inclusive; ``None``: the last 7 days.
        end_time: Epoch milliseconds, inclusive; less than 7 days after ``start_time``.
        limit: 1 to 1000; ``None``: 500.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/um/algo/allAlgoOrders",
        USER_DATA,
        list[AlgoOrder],
        weight=5,
        span=WEEK,
        paging=Paging(
            time="create_time", most=1000, key=("algo_id",), id="algo_id", from_id="algo_id"
        ),
    )

    symbol: Symbol
    algo_id: Id | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    limit: UpTo1000 | None = None


class Algo(Namespace):
    """``papi.um.algo``."""

    new_order = call(NewOrder)
    cancel_order = call(CancelOrder)
    cancel_all_open_orders = call(CancelAllOpenOrders)
    query_current_open_order = call(QueryCurrentOpenOrder)
    query_all_current_open_orders = call(QueryAllCurrentOpenOrders)
    query_order_history = call(QueryOrderHistory)
    query_order_history_iter = every(QueryOrderHistory, AlgoOrder)
