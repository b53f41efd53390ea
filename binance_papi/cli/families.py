"""The families of orders that the commands know, as a table."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer

from binance_papi.core.cancel import Cancel
from binance_papi.core.endpoint import Request
from binance_papi.simulator import FamilyName


class Family(StrEnum):
    """The families of orders, by the name that the option has."""

    CONDITIONAL = "conditional"
    ALGO = "algo"
    UM = "um"
    CM = "cm"
    CM_CONDITIONAL = "cm-conditional"


FamilyOption = Annotated[
    Family,
    typer.Option(
        "--family",
        help="Family of orders. conditional: UM conditional, which the live exchange retired on "
        "2026-04-28; algo: UM algo, which took its place; um, cm: plain orders; cm-conditional: "
        "CM conditional. Ids of one family mean nothing in another.",
    ),
]


class Kind(NamedTuple):
    """What differs from family to family."""

    module: str
    """Where its requests are declared."""
    name: FamilyName
    """Its name in the simulator."""
    words: str
    """What its orders are called."""
    number: str
    """The exchange's name for its own id of an order."""
    text: str
    """The exchange's name for the user's id of an order."""
    symbol: bool = True
    """Whether a cancel names the trading pair."""

    def cancel(self, symbol: str | None, number: int | None, text: str | None) -> Cancel[Any]:
        """The cancel of one order.

        Raises:
            InvalidRequestError: If it can't be right.
        """
        request: type[Cancel[Any]] = self.request("CancelOrder")
        fields: dict[str, Any] = dict(zip(request.ids, (number, text), strict=True))
        if self.symbol:
            fields["symbol"] = symbol
        return request(**fields)

    def open_orders(self, symbol: str | None) -> Request[Any]:
        """The question for the open orders, of one trading pair or of all."""
        request: Request[Any] = self.request("QueryAllCurrentOpenOrders")(symbol=symbol)
        return request

    def request(self, name: str) -> Any:
        """A request class of this family."""
        return getattr(import_module(f"binance_papi.api.{self.module}"), name)


KINDS: Final[dict[Family, Kind]] = {
    Family.CONDITIONAL: Kind(
        "um.conditional",
        "um_conditional",
        "UM conditional orders",
        "strategyId",
        "newClientStrategyId",
    ),
    Family.ALGO: Kind(
        "um.algo", "um_algo", "UM algo orders", "algoId", "clientAlgoId", symbol=False
    ),
    Family.UM: Kind("um.orders", "um", "plain UM orders", "orderId", "origClientOrderId"),
    Family.CM: Kind("cm.orders", "cm", "plain CM orders", "orderId", "origClientOrderId"),
    Family.CM_CONDITIONAL: Kind(
        "cm.conditional",
        "cm_conditional",
        "CM conditional orders",
        "strategyId",
        "newClientStrategyId",
    ),
}
