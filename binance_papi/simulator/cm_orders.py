"""The plain orders of ``/papi/v1/cm``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binance_papi.simulator import refusal
from binance_papi.simulator.plain import Plain

if TYPE_CHECKING:
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Moment


class CmOrders(Plain):
    """Plain orders of COIN-M, which name their pair."""

    name = "cm"
    prefix = "/papi/v1/cm/"
    is_um = False
    business = "CM"
    client_id_length = 36
    all_weight = (20, 40)
    default_rows = 50
    most_rows = 100

    def open_order(self, params: Params, moment: Moment) -> Any:
        """Query Current CM Open Order: a list of one, as in the newer sample."""
        return [super().open_order(params, moment)]

    def all_orders(self, params: Params, moment: Moment) -> list[dict[str, Any]]:
        """Query All CM Orders, by symbol or by pair."""
        if "symbol" in params:
            return super().all_orders(params, moment)
        pair = params.text("pair")
        if pair is None:
            raise refusal.either_or("symbol", "pair")
        rows = self.many(params, moment, None)
        return [self.queried(order) for order in rows if order.pair == pair]
