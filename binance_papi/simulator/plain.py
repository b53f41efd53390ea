"""The endpoints of plain orders, which UM and CM share; also where children of others live."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Final

import msgspec

from binance_papi.simulator import events, matching, placement, refusal
from binance_papi.simulator.family import Family
from binance_papi.simulator.ledger import mean_price
from binance_papi.simulator.orders import PlainOrder
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.values import Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from binance_papi.simulator.book import Book
    from binance_papi.simulator.family import Account
    from binance_papi.simulator.ledger import Business
    from binance_papi.simulator.orders import By, Trade, TriggerOrder
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Moment

_LIMIT_TYPES: Final = frozenset({"LIMIT"})
_TRIGGER_TYPES: Final = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_CENT: Final = Decimal("0.00001")
_REPLY_TYPES: Final = ("ACK", "RESULT")


class Plain(Family[PlainOrder]):
    """Plain orders of one product.

    A MARKET order is filled at once, and so is a LIMIT order that the known price reaches; any
    other LIMIT order rests until a price reaches it.

    Args:
        account: What all families look at.
        symbols: Symbols that trade.
        first_id: Id of the first order.
    """

    id_name = "orderId"
    client_id_name = "origClientOrderId"
    days_kept = 3
    is_um: ClassVar[bool]
    business: ClassVar[Business]
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
        price = self.account.prices.get(symbol)
        if price is not None:
            matching.meet(fields, Decimal(price))
        if matching.reduces(fields) and not self.closable(fields):
            raise Refusal(-2022, "ReduceOnly Order is rejected.")
        wants_result = params.choice("newOrderRespType", _REPLY_TYPES, "ACK") == "RESULT"
        client_id = self.claim_client_id(params, "newClientOrderId")
        order = self.place(moment.now, moment.by, client_id=client_id, **fields)
        acknowledged = self.answered(order)
        self.enter(order, moment.now, moment.by)
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

    def size_of(self, parent: TriggerOrder) -> str:
        """The quantity of a child: its parent's, or all that there is to close."""
        if not getattr(parent, "close_position", False):
            return parent.size
        sides = {"position_side": parent.position_side, "side": parent.side}
        return format(self.closable({"symbol": parent.symbol, **sides}), "f")

    def closable(self, fields: dict[str, Any]) -> Decimal:
        """How much an order with these fields could take off a position."""
        return self.account.ledger.closable(
            self.business, fields["symbol"], fields["position_side"], fields["side"]
        )

    def adopt(
        self, parent: TriggerOrder, size: str, home: Book[Any], now_ms: int, by: By
    ) -> PlainOrder:
        """Put in the child of an order that triggered.

        Args:
            parent: The conditional or algo order.
            size: The child's quantity.
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
            orig_qty=size,
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

    def enter(self, order: PlainOrder, now_ms: int, by: By) -> None:
        """Let an order meet the market: take if it can, else rest, or expire if it may not."""
        price = self.account.prices.get(order.symbol)
        if order.type == "MARKET":
            self.fill(order, now_ms, by, maker=False)
        elif price is not None and matching.crosses(order, Decimal(price)):
            self.fill(order, now_ms, by, price=price, maker=False)
        elif order.time_in_force in ("IOC", "FOK"):
            self.end(order, "EXPIRED", now_ms, by)  # nobody is on the other side

    def match(self, symbol: str, price: Decimal, now_ms: int) -> None:
        """Fill the orders that a price reaches, at their own price."""
        for order in self.book.open_orders(symbol):
            if matching.crosses(order, price):
                self.fill(order, now_ms, "fill")

    def fill(
        self,
        order: PlainOrder,
        now_ms: int,
        by: By,
        *,
        quantity: str | None = None,
        price: str | None = None,
        maker: bool | None = None,
    ) -> None:
        """Fill an open order, in whole or in part.

        One that may only reduce a position takes what there is, and has EXPIRED with the rest.

        Args:
            order: The order.
            now_ms: Exchange time, ms.
            by: Who does it.
            quantity: How much; None: all that is left.
            price: At which price; None: its own, or the market's for a MARKET order.
            maker: Whether it had rested; None: goes by its type.

        Raises:
            ValueError: If less is left.
        """
        left = Decimal(order.orig_qty) - Decimal(order.executed_qty)
        wanted = left if quantity is None else Decimal(quantity)
        if not 0 < wanted <= left:
            raise ValueError(f"of order {order.order_id} {left} is left, not {quantity}")
        fields = msgspec.structs.asdict(order)
        taken = min(wanted, self.closable(fields)) if matching.reduces(fields) else wanted
        if taken:
            at = Decimal(self._price_of(order) if price is None else price)
            rested = order.type == "LIMIT" if maker is None else maker
            trade = self.account.ledger.fill(self.business, order, taken, at, now_ms, maker=rested)
            self._trade(order, trade, by)
        if taken < wanted:
            self.end(order, "EXPIRED", now_ms, by)

    def _price_of(self, order: PlainOrder) -> str:
        if order.type == "LIMIT":
            return order.price
        level = "0" if order.parent is None else order.parent.level
        return self.account.prices.get(order.symbol, level)

    def _trade(self, order: PlainOrder, trade: Trade, by: By) -> None:
        before, taken = Decimal(order.executed_qty), Decimal(trade.quantity)
        mean = Decimal(trade.price)
        if before:
            first = (before, Decimal(order.avg_price))
            mean = mean_price(self.business, first, (taken, mean)).quantize(_CENT)
        fields = {
            "executed_qty": format(before + taken, "f"),
            "avg_price": format(mean, "f"),
            "value": format(Decimal(order.value) + Decimal(trade.value), "f"),
            "trade": trade,
            "execution": "TRADE",
        }
        if before + taken == Decimal(order.orig_qty):
            self.end(order, "FILLED", trade.time, by, **fields)
        else:
            self.book.change(order, "PARTIALLY_FILLED", trade.time, by, **fields)
        account = self.account
        account.tell(events.account_update(self.business, trade, account.ledger, account.prices))

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
            "cumQuote" if self.is_um else "cumBase": order.value,
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
