"""The seven endpoints of ``/papi/v1/um/conditional``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binance_papi.simulator import placement
from binance_papi.simulator.conditional import Conditional

if TYPE_CHECKING:
    from binance_papi.simulator.orders import Order


class UmConditional(Conditional):
    """Conditional orders of USD-M."""

    name = "um_conditional"
    prefix = "/papi/v1/um/conditional/"
    rules = placement.UM_CONDITIONAL

    def full(self, order: Order) -> dict[str, Any]:
        """The answer to a placement and to a cancel."""
        return {**super().full(order), **_prevention(order), "priceMatch": order.price_match}

    def listed(self, order: Order) -> dict[str, Any]:
        """A row of a list, and the answer about one open order."""
        return {**super().listed(order), **_prevention(order), "priceMatch": order.price_match}

    def past(self, order: Order) -> dict[str, Any]:
        """The answer about one order of the past."""
        reply = super().past(order)
        for name in ("priceMatch", *_prevention(order)):
            del reply[name]
        return {**reply, **_prevention(order)}


def _prevention(order: Order) -> dict[str, Any]:
    return {
        "selfTradePreventionMode": order.self_trade_prevention_mode,
        "goodTillDate": order.good_till_date,
    }
