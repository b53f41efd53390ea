"""The seven endpoints of conditional orders, which UM and CM share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from binance_papi.simulator import placement, refusal
from binance_papi.simulator.family import Family
from binance_papi.simulator.orders import Order
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.values import Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from binance_papi.simulator.family import Account
    from binance_papi.simulator.orders import By
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.plain import Plain
    from binance_papi.simulator.values import Moment


class Conditional(Family[Order]):
    """Conditional orders of one product.

    Args:
        account: What all families look at.
        symbols: Symbols that trade.
        first_id: Strategy id of the first order.
        plain: The family of the orders that triggered ones become.
    """

    id_name = "strategyId"
    client_id_name = "newClientStrategyId"
    days_kept = 7
    rules: ClassVar[placement.Rules]

    def __init__(
        self, account: Account, symbols: Collection[str], first_id: int, plain: Plain
    ) -> None:
        super().__init__(account, symbols, first_id)
        self.plain = plain

    def routes(self) -> tuple[Route, ...]:
        """The table of the family."""
        return (
            Route("POST", self.prefix + "order", self.new, orders=1),
            Route("DELETE", self.prefix + "order", self.cancel),
            Route("DELETE", self.prefix + "allOpenOrders", self.cancel_all),
            Route("GET", self.prefix + "openOrder", self.open_order),
            Route("GET", self.prefix + "openOrders", self.open_orders, all_symbols=40),
            Route("GET", self.prefix + "orderHistory", self.order_history),
            Route("GET", self.prefix + "allOrders", self.all_orders, all_symbols=40),
        )

    def new(self, params: Params, moment: Moment) -> dict[str, Any]:
        """New Conditional Order."""
        symbol = self.symbol(params)
        account = self.account
        fields = placement.read(
            params, moment.now, self.rules, account.hedge_mode, account.prices.get(symbol)
        )
        client_id = self.claim_client_id(params, "newClientStrategyId")
        if self.book.open_count >= account.max_open_orders:
            raise Refusal(-4045, "Reach max stop order limit.")
        return self.full(
            self.place(
                moment.now,
                moment.by,
                symbol=symbol,
                client_id=client_id,
                strategy_type=fields.pop("kind"),
                orig_qty=fields.pop("size"),
                stop_price=fields.pop("level"),
                price_rate=fields.pop("rate", None),
                **fields,
            )
        )

    def place(self, now_ms: int, by: By, *, client_id: str | None = None, **fields: Any) -> Order:
        """Put an order in the book without asking any rule."""
        strategy_id = self.book.next_id()
        order = Order(
            strategy_id=strategy_id,
            new_client_strategy_id=f"auto_{strategy_id}" if client_id is None else client_id,
            book_time=now_ms,
            update_time=now_ms,
            **fields,
        )
        self.book.add(order, by)
        return order

    def cancel(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Cancel Conditional Order."""
        order = self.one(params, moment, self.symbol(params))
        if order is None or not order.is_open:
            raise refusal.cancel_unknown()
        self.book.change(order, "CANCELED", moment.now, moment.by)
        return self.full(order)

    def cancel_all(self, params: Params, moment: Moment) -> dict[str, str]:
        """Cancel All Open Conditional Orders."""
        for order in self.book.open_orders(self.symbol(params)):
            self.book.change(order, "CANCELED", moment.now, moment.by)
        # The code is text in this family and a number in the others.
        return {
            "code": "200",
            "msg": "The operation of cancel all conditional open order is done.",
        }

    def open_order(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Query Current Open Conditional Order."""
        order = self.one(params, moment, self.symbol(params))
        if order is None or not order.is_open:
            raise refusal.query_unknown()
        return self.listed(order)

    def open_orders(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query All Current Open Conditional Orders."""
        symbol = self.symbol(params) if "symbol" in params else None
        return [self.listed(order) for order in self.open_ones(symbol, moment)]

    def order_history(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Query Conditional Order History: orders in NEW are not found."""
        order = self.one(params, moment, self.symbol(params))
        if order is None or order.is_open or self.is_forgotten(order, moment.now):
            raise refusal.query_unknown()
        return self.past(order)

    def all_orders(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query All Conditional Orders, oldest first."""
        symbol = self.symbol(params) if "symbol" in params else None
        return [self.listed(order) for order in self.many(params, moment, symbol)]

    # Three shapes of the same order. Which keys stand in which answer, and in which order, follows
    # the samples of the pages.

    def full(self, order: Order) -> dict[str, Any]:
        """The answer to a placement and to a cancel."""
        reply = _head(order)
        reply["timeInForce"] = order.time_in_force
        reply.update(_trailing(order))
        reply["bookTime"] = order.book_time
        reply["updateTime"] = order.update_time
        reply["workingType"] = order.working_type
        reply["priceProtect"] = order.price_protect
        return reply

    def listed(self, order: Order) -> dict[str, Any]:
        """A row of a list, and the answer about one open order."""
        triggered = order.order_id is not None
        reply = _head(order)
        if order.order_id is not None:
            reply["orderId"] = order.order_id
            reply["status"] = self.plain.book[order.order_id].status_now
        reply["bookTime"] = order.book_time
        reply["updateTime"] = order.update_time
        if triggered:
            reply["triggerTime"] = order.trigger_time
        reply["timeInForce"] = order.time_in_force
        if triggered:
            reply["type"] = order.child_type
        reply.update(_trailing(order))
        return reply

    def past(self, order: Order) -> dict[str, Any]:
        """The answer about one order of the past."""
        reply = self.listed(order)
        reply["workingType"] = order.working_type
        reply["priceProtect"] = order.price_protect
        return reply


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
