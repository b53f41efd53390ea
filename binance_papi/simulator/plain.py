"""The endpoints of plain orders, which UM and CM share; also where children of others live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from binance_papi.simulator import placement, refusal
from binance_papi.simulator.family import Family
from binance_papi.simulator.orders import PlainOrder
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.values import Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from binance_papi.simulator.book import Book
    from binance_papi.simulator.family import Account
    from binance_papi.simulator.orders import By, TriggerOrder
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Moment

_LIMIT_TYPES: Final = frozenset({"LIMIT"})
_TRIGGER_TYPES: Final = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_REPLY_TYPES: Final = ("ACK", "RESULT")


class Plain(Family[PlainOrder]):
    """Plain orders of one product. A LIMIT order rests; a MARKET order is filled at once.

    Args:
        account: What all families look at.
        symbols: Symbols that trade.
        first_id: Id of the first order.
    """

    id_name = "orderId"
    client_id_name = "origClientOrderId"
    days_kept = 3
    is_um: ClassVar[bool]
    all_weight: ClassVar[tuple[int, int | None]]
    """Weight of ``allOrders``, and the one without symbol."""

    def __init__(self, account: Account, symbols: Collection[str], first_id: int) -> None:
        super().__init__(account, symbols, first_id)
        self._homes: dict[int, Book[Any]] = {}

    def routes(self) -> tuple[Route, ...]:
        """The table of the family."""
        weight, all_symbols = self.all_weight
        return (
            Route("POST", self.prefix + "order", self.new, orders=1),
            Route("DELETE", self.prefix + "order", self.cancel),
            Route("DELETE", self.prefix + "allOpenOrders", self.cancel_all),
            Route("GET", self.prefix + "order", self.order),
            Route("GET", self.prefix + "openOrder", self.open_order),
            Route("GET", self.prefix + "openOrders", self.open_orders, all_symbols=40),
            Route(
                "GET",
                self.prefix + "allOrders",
                self.all_orders,
                weight=weight,
                all_symbols=all_symbols,
            ),
        )

    def new(self, params: Params, moment: Moment) -> dict[str, Any]:
        """New Order: LIMIT or MARKET."""
        symbol = self.symbol(params)
        side = params.choice("side", placement.SIDES)
        kind = params.need("type")
        if kind in _TRIGGER_TYPES:
            raise Refusal(
                -4120,
                "Order type not supported for this endpoint. "
                "Please use the Algo Order API endpoints instead.",
            )
        if kind not in ("LIMIT", "MARKET"):
            raise Refusal(-1116, "Invalid orderType.")
        if kind == "LIMIT":
            params.need("timeInForce")
        fields: dict[str, Any] = {
            "symbol": symbol,
            "side": side,
            "type": kind,
            "position_side": params.choice("positionSide", placement.POSITION_SIDES, "BOTH"),
            "reduce_only": params.flag("reduceOnly"),
            "orig_qty": placement.read_quantity(params),
            **placement.read_prevention(params, self.is_um),
            **placement.read_price(params, kind, _LIMIT_TYPES),
            **placement.read_time_in_force(params, moment.now, self.is_um),
        }
        placement.check_position_mode(
            fields["position_side"], fields["reduce_only"], self.account.hedge_mode
        )
        wants_result = params.choice("newOrderRespType", _REPLY_TYPES, "ACK") == "RESULT"
        client_id = self.claim_client_id(params, "newClientOrderId")
        order = self.place(moment.now, moment.by, client_id=client_id, **fields)
        acknowledged = self.answered(order)
        if kind == "MARKET":
            self.fill(order, moment.now, moment.by)
        elif order.time_in_force in ("IOC", "FOK"):
            self.end(order, "EXPIRED", moment.now, moment.by)  # nobody is on the other side
        return self.answered(order) if wants_result else acknowledged

    def place(
        self,
        now_ms: int,
        by: By,
        *,
        client_id: str | None = None,
        **fields: Any,
    ) -> PlainOrder:
        """Put an order in the book without asking any rule."""
        order_id = self.book.next_id()
        order = PlainOrder(
            order_id=order_id,
            client_order_id=f"auto_{order_id}" if client_id is None else client_id,
            time=now_ms,
            update_time=now_ms,
            pair="" if self.is_um else str(fields["symbol"]).partition("_")[0],
            **fields,
        )
        self.book.add(order, by)
        return order

    def adopt(self, parent: TriggerOrder, home: Book[Any], now_ms: int, by: By) -> PlainOrder:
        """Put in the child of an order that triggered.

        Args:
            parent: The conditional or algo order.
            home: Its book.
            now_ms: Exchange time, ms.
            by: Who triggered it.
        """
        child = self.place(
            now_ms,
            by,
            symbol=parent.symbol,
            client_id=parent.client_id,
            side=parent.side,
            type=parent.child_type,
            orig_qty=parent.size,
            position_side=parent.position_side,
            price=parent.price if parent.child_type == "LIMIT" else "0",
            reduce_only=parent.reduce_only,
            time_in_force=parent.time_in_force,
            self_trade_prevention_mode=parent.self_trade_prevention_mode,
            price_match=parent.price_match,
            good_till_date=parent.good_till_date,
            parent=parent,
        )
        self._homes[child.order_id] = home
        return child

    def fill(self, order: PlainOrder, now_ms: int, by: By) -> None:
        """Fill the whole of an open order, a LIMIT order at its own price."""
        price = self.account.prices.get(order.symbol, order.price)
        if order.type == "LIMIT":
            price = order.price
        self.end(
            order,
            "FILLED",
            now_ms,
            by,
            executed_qty=order.orig_qty,
            avg_price=price,
            execution="TRADE",
        )

    def end(self, order: PlainOrder, status: str, now_ms: int, by: By, **fields: Any) -> None:
        """End an open order; the order that it came from is finished then.

        Args:
            order: An open order of this book.
            status: FILLED, CANCELED or EXPIRED.
            now_ms: Exchange time, ms.
            by: Who ends it.
            **fields: What else changes.
        """
        self.book.change(order, status, now_ms, by, **{"execution": status, **fields})
        self._finish_parent(order, by)

    def expired(self, order: PlainOrder) -> None:
        """An order has expired by itself."""
        self._finish_parent(order, "expiry")

    def _finish_parent(self, order: PlainOrder, by: By) -> None:
        home = self._homes.pop(order.order_id, None)
        if home is None or order.parent is None:
            return
        fields = {}
        if order.status_now == "FILLED" and hasattr(order.parent, "actual_price"):
            fields["actual_price"] = order.avg_price
        home.change(order.parent, "FINISHED", order.update_time, by, **fields)

    def cancel(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Cancel Order."""
        order = self.one(params, moment, self.symbol(params))
        if order is None or not order.is_open:
            raise refusal.cancel_unknown()
        self.end(order, "CANCELED", moment.now, moment.by)
        return self.answered(order)

    def cancel_all(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Cancel All Open Orders."""
        for order in self.book.open_orders(self.symbol(params)):
            self.end(order, "CANCELED", moment.now, moment.by)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def order(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Query Order."""
        order = self.one(params, moment, self.symbol(params))
        if order is None or self.is_forgotten(order, moment.now):
            raise refusal.query_unknown()
        return self.queried(order)

    def open_order(self, params: Params, moment: Moment) -> Any:
        """Query Current Open Order."""
        order = self.one(params, moment, self.symbol(params))
        if order is None or not order.is_open:
            raise refusal.query_unknown()
        return self.queried(order)

    def open_orders(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query All Current Open Orders."""
        symbol = self.symbol(params) if "symbol" in params else None
        pair = None if self.is_um else params.text("pair")
        return [
            self.queried(order)
            for order in self.open_ones(symbol, moment)
            if pair in (None, order.pair)
        ]

    def all_orders(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query All Orders, oldest first."""
        return [self.queried(order) for order in self.many(params, moment, self.symbol(params))]

    # Two shapes of the same order, with the keys of the samples in their order.

    def answered(self, order: PlainOrder) -> dict[str, Any]:
        """The answer to a placement and to a cancel."""
        return {
            "clientOrderId": order.client_order_id,
            "cumQty": order.executed_qty,
            "executedQty": order.executed_qty,
            "orderId": order.order_id,
            "origQty": order.orig_qty,
            "price": order.price,
            "reduceOnly": order.reduce_only,
            "side": order.side,
            "positionSide": order.position_side,
            "status": order.status.value,
            "symbol": order.symbol,
            **self.pair(order),
            "timeInForce": order.time_in_force,
            "type": order.type,
            "updateTime": order.update_time,
            **self.tail(order),
        }

    def queried(self, order: PlainOrder) -> dict[str, Any]:
        """The answer to a query, and a row of a list."""
        return {
            "avgPrice": order.avg_price,
            "clientOrderId": order.client_order_id,
            "cumQuote" if self.is_um else "cumBase": "0",
            "executedQty": order.executed_qty,
            "orderId": order.order_id,
            "origQty": order.orig_qty,
            "origType": order.type,
            "price": order.price,
            "reduceOnly": order.reduce_only,
            "side": order.side,
            "positionSide": order.position_side,
            "status": order.status.value,
            "symbol": order.symbol,
            **self.pair(order),
            "time": order.time,
            "timeInForce": order.time_in_force,
            "type": order.type,
            "updateTime": order.update_time,
            **self.tail(order),
        }

    def pair(self, order: PlainOrder) -> dict[str, Any]:
        """What stands behind the symbol."""
        return {} if self.is_um else {"pair": order.pair}

    def tail(self, order: PlainOrder) -> dict[str, Any]:
        """What stands at the end."""
        if not self.is_um:
            return {}
        return {
            "selfTradePreventionMode": order.self_trade_prevention_mode,
            "goodTillDate": order.good_till_date,
            "priceMatch": order.price_match,
        }
