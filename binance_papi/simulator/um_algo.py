"""The six endpoints of ``/papi/v1/um/algo``, live since 2026-04-28."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from binance_papi.simulator import placement, refusal
from binance_papi.simulator.family import DAY_MS, Family
from binance_papi.simulator.orders import AlgoOrder, AlgoStatus
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.values import Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from binance_papi.simulator.family import Account
    from binance_papi.simulator.orders import By
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.plain import Plain
    from binance_papi.simulator.values import Moment

AlgoCancelReply = Literal["complete", "code", "order"]
"""What a cancel of an algo order answers: ``{"complete": true}`` as since 2026-05-22, the ids with
``code`` and ``msg`` as before, or the whole order."""

_TYPES: Final = ("CONDITIONAL",)
_NOTHING_IS_OLDER: Final = 90 * DAY_MS


class UmAlgo(Family[AlgoOrder]):
    """Algo orders of USD-M.

    Args:
        account: What all families look at.
        symbols: Symbols that trade.
        first_id: Algo id of the first order.
        plain: The family of the orders that triggered ones become.
        cancel_reply: What a cancel answers.

    Raises:
        ValueError: If the cancel reply is unknown.
    """

    name = "um_algo"
    prefix = "/papi/v1/um/algo/"
    id_name = "algoId"
    client_id_name = "clientAlgoId"
    client_id_length = 36
    days_kept = 3

    def __init__(
        self,
        account: Account,
        symbols: Collection[str],
        first_id: int,
        plain: Plain,
        cancel_reply: AlgoCancelReply,
    ) -> None:
        super().__init__(account, symbols, first_id)
        if cancel_reply not in get_args(AlgoCancelReply):
            raise ValueError(
                f"algo_cancel_reply {cancel_reply!r} is none of "
                f"{', '.join(get_args(AlgoCancelReply))}"
            )
        self.plain = plain
        self.cancel_reply = cancel_reply

    def routes(self) -> tuple[Route, ...]:
        """The table of the family."""
        return (
            Route("POST", self.prefix + "order", self.new, orders=1),
            Route("DELETE", self.prefix + "order", self.cancel),
            Route("DELETE", self.prefix + "allOpenOrders", self.cancel_all),
            Route("GET", self.prefix + "algoOrder", self.algo_order),
            Route("GET", self.prefix + "openAlgoOrders", self.open_orders, all_symbols=40),
            Route("GET", self.prefix + "allAlgoOrders", self.all_orders, weight=5),
        )

    def new(self, params: Params, moment: Moment) -> dict[str, Any]:
        """New UM Algo Order."""
        params.choice("algoType", _TYPES)
        symbol = self.symbol(params)
        account = self.account
        fields = placement.read(
            params, moment.now, placement.UM_ALGO, account.hedge_mode, account.prices.get(symbol)
        )
        client_id = self.claim_client_id(params, "clientAlgoId")
        if self.book.open_count >= account.max_open_orders:
            raise Refusal(-4045, "Reach max stop order limit.")
        order = self.place(
            moment.now,
            moment.by,
            symbol=symbol,
            client_id=client_id,
            order_type=fields.pop("kind"),
            quantity=fields.pop("size"),
            trigger_price=fields.pop("level"),
            callback_rate=fields.pop("rate", None),
            **fields,
        )
        return {
            **_head(order),
            **_body(order),
            "activatePrice": order.activate_price or "",
            "callbackRate": order.callback_rate or "",
            **_times(order),
        }

    def place(
        self, now_ms: int, by: By, *, client_id: str | None = None, **fields: Any
    ) -> AlgoOrder:
        """Put an order in the book without asking any rule."""
        algo_id = self.book.next_id()
        order = AlgoOrder(
            algo_id=algo_id,
            client_algo_id=f"auto_{algo_id}" if client_id is None else client_id,
            create_time=now_ms,
            update_time=now_ms,
            **fields,
        )
        self.book.add(order, by)
        return order

    def cancel(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Cancel UM Algo Order; a symbol is tolerated and not looked at."""
        order = self.one(params, moment, None)
        if order is None or not order.is_open:
            raise refusal.cancel_unknown()
        if order.algo_status is AlgoStatus.TRIGGERING:
            raise refusal.triggering()
        self.book.change(order, "CANCELED", moment.now, moment.by)
        if self.cancel_reply == "complete":
            return {"complete": True}
        if self.cancel_reply == "order":
            return _queried(order)
        return {
            "algoId": order.algo_id,
            "clientAlgoId": order.client_algo_id,
            "code": "200",
            "msg": "success",
        }

    def cancel_all(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Cancel All UM Algo Open Orders; those that are triggering stay."""
        for order in self.book.open_orders(self.symbol(params)):
            if order.is_waiting:
                self.book.change(order, "CANCELED", moment.now, moment.by)
        return {"code": 200, "msg": "The operation of cancel all open order is done."}

    def algo_order(self, params: Params, moment: Moment) -> dict[str, Any]:
        """Query Current UM Open Algo Order, which answers closed ones too."""
        order = self.one(params, moment, None)
        if order is None or self.is_forgotten(order, moment.now):
            raise refusal.query_unknown()
        return _queried(order)

    def open_orders(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query All Current UM Open Algo Orders."""
        symbol = self.symbol(params) if "symbol" in params else None
        params.choice("algoType", _TYPES, "CONDITIONAL")
        algo_id = params.integer("algoId")
        return [
            {**_head(order), **_body(order), **_times(order)}
            for order in self.open_ones(symbol, moment)
            if algo_id in (None, order.algo_id)
        ]

    def all_orders(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query UM Algo Order History, oldest first."""
        return [_queried(order) for order in self.many(params, moment, self.symbol(params))]

    def is_forgotten(self, order: AlgoOrder, now_ms: int) -> bool:
        """Whether it ended idle 3 days ago, or is older than 90 days."""
        return super().is_forgotten(order, now_ms) or now_ms - order.created > _NOTHING_IS_OLDER


def _head(order: AlgoOrder) -> dict[str, Any]:
    return {
        "algoId": order.algo_id,
        "clientAlgoId": order.client_algo_id,
        "algoType": "CONDITIONAL",
        "orderType": order.order_type,
        "symbol": order.symbol,
        "side": order.side,
        "positionSide": order.position_side,
        "timeInForce": order.time_in_force,
        "quantity": order.quantity,
        "algoStatus": order.algo_status.value,
    }


def _body(order: AlgoOrder) -> dict[str, Any]:
    return {
        "triggerPrice": order.trigger_price,
        "price": order.price,
        "selfTradePreventionMode": order.self_trade_prevention_mode,
        "workingType": order.working_type,
        "priceMatch": order.price_match,
        "closePosition": order.close_position,
        "priceProtect": order.price_protect,
        "reduceOnly": order.reduce_only,
    }


def _times(order: AlgoOrder) -> dict[str, Any]:
    return {
        "createTime": order.create_time,
        "updateTime": order.update_time,
        "triggerTime": order.trigger_time or 0,
        "goodTillDate": order.good_till_date,
    }


def _queried(order: AlgoOrder) -> dict[str, Any]:
    return {
        **_head(order),
        "actualOrderId": order.actual_order_id,
        "actualPrice": order.actual_price,
        **_body(order),
        **_times(order),
    }
