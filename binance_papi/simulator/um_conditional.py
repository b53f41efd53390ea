"""The seven endpoints of ``/papi/v1/um/conditional``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from binance_papi.simulator import placement, refusal
from binance_papi.simulator.book import Book, Order
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.values import Route
from binance_papi.terms import StrategyStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from binance_papi.simulator.params import Params

PREFIX: Final = "/papi/v1/um/conditional/"

_WEEK_MS: Final = 7 * 86_400_000
"""Longest span of a list, and how long orders that ended without a trigger are found."""
_DEFAULT_ROWS: Final = 500
_MOST_ROWS: Final = 1000


class UmConditional:
    """The family: its book and what its endpoints do.

    Args:
        symbols: Symbols that trade; read on every request, so it may change meanwhile.
        prices: Market price by symbol, as text; without one, triggers are not checked.
        first_id: Strategy id of the first order.
        max_open_orders: Placements beyond this many open orders are refused.
        hedge_mode: Position mode of the account; None takes either.
    """

    def __init__(
        self,
        *,
        symbols: Collection[str],
        prices: Mapping[str, str],
        first_id: int,
        max_open_orders: int,
        hedge_mode: bool | None,
    ) -> None:
        self.book = Book(first_id)
        self.symbols = symbols
        self.prices = prices
        self.max_open_orders = max_open_orders
        self.hedge_mode = hedge_mode

    def routes(self) -> tuple[Route, ...]:
        """The table of the family."""
        return (
            Route("POST", PREFIX + "order", self.new, orders=1),
            Route("DELETE", PREFIX + "order", self.cancel),
            Route("DELETE", PREFIX + "allOpenOrders", self.cancel_all),
            Route("GET", PREFIX + "openOrder", self.open_order),
            Route("GET", PREFIX + "openOrders", self.open_orders, all_symbols=40),
            Route("GET", PREFIX + "orderHistory", self.order_history),
            Route("GET", PREFIX + "allOrders", self.all_orders, all_symbols=40),
        )

    def new(self, params: Params, now_ms: int) -> dict[str, Any]:
        """New UM Conditional Order."""
        symbol = self._symbol(params)
        fields = placement.read(params, now_ms, self.hedge_mode, self.prices.get(symbol))
        client_id = params.client_id("newClientStrategyId")
        self.book.expire(now_ms)
        if client_id is not None and self.book.client_id_is_open(client_id):
            raise Refusal(-4116, "ClientOrderId is duplicated.")
        if self.book.open_count >= self.max_open_orders:
            raise Refusal(-4045, "Reach max stop order limit.")
        return _full(self.place(now_ms, symbol=symbol, client_id=client_id, **fields))

    def place(
        self, now_ms: int, *, symbol: str, client_id: str | None = None, **fields: Any
    ) -> Order:
        """Put an order in the book without asking any rule."""
        strategy_id = self.book.next_id()
        order = Order(
            strategy_id=strategy_id,
            new_client_strategy_id=f"auto_{strategy_id}" if client_id is None else client_id,
            symbol=symbol,
            book_time=now_ms,
            update_time=now_ms,
            **fields,
        )
        self.book.add(order)
        return order

    def cancel(self, params: Params, now_ms: int) -> dict[str, Any]:
        """Cancel UM Conditional Order."""
        order = self._one(params, now_ms)
        if order is None or not order.is_open:
            raise refusal.cancel_unknown()
        self.book.close(order, StrategyStatus.CANCELED, now_ms)
        return _full(order)

    def cancel_all(self, params: Params, now_ms: int) -> dict[str, str]:
        """Cancel All UM Open Conditional Orders."""
        symbol = self._symbol(params)
        self.book.expire(now_ms)
        for order in self.book.open_orders(symbol):
            self.book.close(order, StrategyStatus.CANCELED, now_ms)
        # The code is text in this family and a number in the others.
        return {
            "code": "200",
            "msg": "The operation of cancel all conditional open order is done.",
        }

    def open_order(self, params: Params, now_ms: int) -> dict[str, Any]:
        """Query Current UM Open Conditional Order."""
        order = self._one(params, now_ms)
        if order is None or not order.is_open:
            raise refusal.query_unknown()
        return _listed(order)

    def open_orders(self, params: Params, now_ms: int) -> list[dict[str, Any]]:
        """Query All Current UM Open Conditional Orders."""
        symbol = self._symbol(params) if "symbol" in params else None
        self.book.expire(now_ms)
        return [_listed(order) for order in self.book.open_orders(symbol)]

    def order_history(self, params: Params, now_ms: int) -> dict[str, Any]:
        """Query UM Conditional Order History: orders in NEW are not found."""
        order = self._one(params, now_ms)
        if order is None or order.is_open or _forgotten(order, now_ms):
            raise refusal.query_unknown()
        return _past(order)

    def all_orders(self, params: Params, now_ms: int) -> list[dict[str, Any]]:
        """Query All UM Conditional Orders, oldest first.

        With ``strategyId`` the first rows from that id on, without it the latest ones.
        """
        symbol = self._symbol(params) if "symbol" in params else None
        first_id = params.integer("strategyId")
        start, end = _span(params, now_ms)
        limit = params.integer("limit")
        rows = _DEFAULT_ROWS if limit is None else limit
        if not 1 <= rows <= _MOST_ROWS:
            raise refusal.invalid("limit")
        self.book.expire(now_ms)
        found = [
            order
            for order in self.book
            if (symbol is None or order.symbol == symbol)
            and start <= order.book_time <= end
            and (first_id is None or order.strategy_id >= first_id)
            and not _forgotten(order, now_ms)
        ]
        return [_listed(order) for order in (found[-rows:] if first_id is None else found[:rows])]

    def _symbol(self, params: Params) -> str:
        symbol = params.need("symbol")
        if symbol not in self.symbols:
            raise refusal.bad_symbol()
        return symbol

    def _one(self, params: Params, now_ms: int) -> Order | None:
        symbol = self._symbol(params)
        strategy_id = params.integer("strategyId")
        client_id = params.client_id("newClientStrategyId")
        if strategy_id is None and client_id is None:
            raise refusal.either_or("strategyId", "newClientStrategyId")
        self.book.expire(now_ms)
        return self.book.find(symbol, strategy_id, client_id)


def _span(params: Params, now_ms: int) -> tuple[int, int]:
    start, end = params.integer("startTime"), params.integer("endTime")
    if end is None:
        end = now_ms if start is None else min(start + _WEEK_MS, now_ms)
    if start is None:
        start = end - _WEEK_MS
    if start > end:
        raise Refusal(-1023, "Start time is greater than end time.")
    if end - start > _WEEK_MS:
        raise Refusal(-4165, "Invalid time interval.")
    return start, end


def _forgotten(order: Order, now_ms: int) -> bool:
    """Whether it ended without a trigger and was placed more than 7 days ago."""
    ended = order.strategy_status in (StrategyStatus.CANCELED, StrategyStatus.EXPIRED)
    return ended and now_ms - order.book_time > _WEEK_MS


# Three shapes of the same order. Which keys stand in which answer, and in which order, follows
# the samples of the pages.


def _head(order: Order) -> dict[str, Any]:
    return {
        "newClientStrategyId": order.new_client_strategy_id,
        "strategyId": order.strategy_id,
        "strategyStatus": order.strategy_status.value,
        "strategyType": order.strategy_type,
        "origQty": order.orig_qty,
        "price": order.price,
        "reduceOnly": order.reduce_only,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": order.stop_price,
        "symbol": order.symbol,
    }


def _trailing(order: Order) -> dict[str, Any]:
    if order.price_rate is None:
        return {}
    return {"activatePrice": order.activate_price, "priceRate": order.price_rate}


def _full(order: Order) -> dict[str, Any]:
    """The answer to a placement and to a cancel."""
    reply = _head(order)
    reply["timeInForce"] = order.time_in_force
    reply.update(_trailing(order))
    reply["bookTime"] = order.book_time
    reply["updateTime"] = order.update_time
    reply["workingType"] = order.working_type
    reply["priceProtect"] = order.price_protect
    reply["selfTradePreventionMode"] = order.self_trade_prevention_mode
    reply["goodTillDate"] = order.good_till_date
    reply["priceMatch"] = order.price_match
    return reply


def _listed(order: Order) -> dict[str, Any]:
    """A row of a list, and the answer about one open order."""
    reply = _queried(order)
    reply["selfTradePreventionMode"] = order.self_trade_prevention_mode
    reply["goodTillDate"] = order.good_till_date
    reply["priceMatch"] = order.price_match
    return reply


def _past(order: Order) -> dict[str, Any]:
    """The answer about one order of the past."""
    reply = _queried(order)
    reply["workingType"] = order.working_type
    reply["priceProtect"] = order.price_protect
    reply["selfTradePreventionMode"] = order.self_trade_prevention_mode
    reply["goodTillDate"] = order.good_till_date
    return reply


def _queried(order: Order) -> dict[str, Any]:
    triggered = order.order_id is not None
    reply = _head(order)
    if triggered:
        reply["orderId"] = order.order_id
        reply["status"] = "NEW"
    reply["bookTime"] = order.book_time
    reply["updateTime"] = order.update_time
    if triggered:
        reply["triggerTime"] = order.trigger_time
    reply["timeInForce"] = order.time_in_force
    if triggered:
        reply["type"] = order.child_type
    reply.update(_trailing(order))
    return reply
