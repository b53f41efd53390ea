"""Changing a plain order that rests: ``PUT order`` and ``orderAmendment``, for UM and CM."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from binance_papi.simulator import placement, refusal
from binance_papi.simulator.refusal import Refusal

if TYPE_CHECKING:
    from binance_papi.simulator.orders import PlainOrder
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.plain import Plain
    from binance_papi.simulator.values import Handler, Moment

_FIRST_ID: Final = 5363


class Amendment(msgspec.Struct, frozen=True):
    """One change of price and quantity.

    Args:
        id: Its id.
        order: The order.
        time: Exchange time, ms.
        price: Before and after.
        quantity: Before and after.
        count: Its number among those of the order, from 1.
        modify_id: What the client called it, or None.
    """

    id: int
    order: PlainOrder
    time: int
    price: tuple[str, str]
    quantity: tuple[str, str]
    count: int
    modify_id: int | None


class Amendments:
    """The amendments of one product.

    Args:
        home: Its plain orders.
    """

    def __init__(self, home: Plain) -> None:
        self._home = home
        self._made: list[Amendment] = []

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Who answers in place of the samples."""
        return {
            ("PUT", self._home.prefix + "order"): self.modify,
            ("GET", self._home.prefix + "orderAmendment"): self.list,
        }

    def modify(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Modify Order: LIMIT only; what is filled already stays so.

        With no more than that as its new quantity the order is canceled, as documented.

        Raises:
            Refusal: -2013 if the order is not open, -1130 for another side, -4003 or -4001 for
                nothing, -5027 if nothing would change.
        """
        home = self._home
        order = home.one(params, moment, home.symbol(params))
        if order is None or not order.is_open or order.type != "LIMIT":
            raise refusal.query_unknown()
        if params.need("side") != order.side:
            raise refusal.invalid("side")
        quantity = placement.read_quantity(params)
        price = placement.read_price(params, "LIMIT", ("LIMIT",), matches=False)["price"]
        if (Decimal(price), Decimal(quantity)) == (Decimal(order.price), Decimal(order.orig_qty)):
            raise Refusal(-5027, "No need to modify the order.")
        modify_id = params.integer("modifyId")
        self._note(order, price, quantity, moment.now, modify_id)
        if Decimal(quantity) <= Decimal(order.executed_qty):
            home.end(order, "CANCELED", moment.now, moment.by)
        else:
            home.book.change(
                order,
                order.status_now,
                moment.now,
                moment.by,
                price=price,
                orig_qty=quantity,
                execution="AMENDMENT",
            )
            home.enter(order, moment.now, moment.by)
        reply = home.answered(order) | {"origType": order.type}
        return reply if modify_id is None else reply | {"modifyId": modify_id}

    def _note(
        self, order: PlainOrder, price: str, quantity: str, now_ms: int, modify_id: int | None
    ) -> None:
        before = sum(one.order is order for one in self._made)
        number = _FIRST_ID + len(self._made)
        prices, quantities = (order.price, price), (order.orig_qty, quantity)
        self._made.append(
            Amendment(number, order, now_ms, prices, quantities, before + 1, modify_id)
        )

    def list(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query Order Modify History of one order, newest first."""
        order = self._home.one(params, moment, self._home.symbol(params))
        if order is None:
            raise refusal.query_unknown()
        start, end = params.integer("startTime") or 0, params.integer("endTime") or moment.now
        rows = params.integer("limit") or 50
        found = [
            self._row(one)
            for one in reversed(self._made)
            if one.order.order_id == order.order_id and start <= one.time <= end
        ]
        return found[:rows]

    def _row(self, one: Amendment) -> dict[str, Any]:
        row: dict[str, Any] = {
            "amendmentId": one.id,
            "symbol": one.order.symbol,
            "pair": one.order.pair or one.order.symbol,
            "orderId": one.order.order_id,
            "clientOrderId": one.order.client_order_id,
            "time": one.time,
            "amendment": {
                "price": {"before": one.price[0], "after": one.price[1]},
                "origQty": {"before": one.quantity[0], "after": one.quantity[1]},
                "count": one.count,
            },
        }
        if one.modify_id is not None:
            row["amendment"]["modifyId"] = one.modify_id
        return row | {"priceMatch": one.order.price_match} if self._home.is_um else row
