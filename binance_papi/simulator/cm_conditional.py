"""The seven endpoints of ``/papi/v1/cm/conditional``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binance_papi.simulator import placement
from binance_papi.simulator.conditional import Conditional

if TYPE_CHECKING:
    from binance_papi.simulator.orders import Order
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Moment


class CmConditional(Conditional):
    """Conditional orders of COIN-M, which know no self-trade prevention and no good-till date."""

    name = "cm_conditional"
    prefix = "/papi/v1/cm/conditional/"
    client_id_length = 36
    rules = placement.CM_CONDITIONAL

    def new(self, params: Params, moment: Moment) -> dict[str, Any]:
        """New CM Conditional Order: the only answer of the family that names the pair."""
        reply: dict[str, Any] = {}
        for name, value in super().new(params, moment).items():
            reply[name] = value
            if name == "symbol":
                reply["pair"] = str(value).partition("_")[0]
        return reply

    def past(self, order: Order) -> dict[str, Any]:
        """The answer about one order of the past."""
        return {**super().past(order), "priceMatch": order.price_match}
