"""How each family of the documentation names its paths and writes its orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tests.simulation.book import OPEN, Change, Order

UM_CONDITIONAL: Final = "um/conditional"
UM_ALGO: Final = "um/algo"
CM_CONDITIONAL: Final = "cm/conditional"
UM_PLAIN: Final = "um"
CM_PLAIN: Final = "cm"

FAMILIES: Final = (UM_CONDITIONAL, UM_ALGO, CM_CONDITIONAL, UM_PLAIN)


class Route(NamedTuple):
    """What a path is for.

    Attributes:
        family: Whose orders.
        action: ``place``, ``cancel``, ``cancel_all``, ``open_one``, ``past_one``, ``one``,
            ``open_many``, ``all_many`` or ``ping``.
        weight: What it costs.
        unaddressed: What it costs without a symbol.
    """

    family: str
    action: str
    weight: int = 1
    unaddressed: int = 1


def _conditional(family: str) -> dict[tuple[str, str], Route]:
    head = f"/papi/v1/{family}"
    return {
        ("POST", f"{head}/order"): Route(family, "place"),
        ("DELETE", f"{head}/order"): Route(family, "cancel"),
        ("DELETE", f"{head}/allOpenOrders"): Route(family, "cancel_all"),
        ("GET", f"{head}/openOrder"): Route(family, "open_one"),
        ("GET", f"{head}/orderHistory"): Route(family, "past_one"),
        ("GET", f"{head}/openOrders"): Route(family, "open_many", 1, 40),
        ("GET", f"{head}/allOrders"): Route(family, "all_many", 1, 40),
    }


def _plain(family: str, all_orders: int) -> dict[tuple[str, str], Route]:
    head = f"/papi/v1/{family}"
    return {
        ("POST", f"{head}/order"): Route(family, "place"),
        ("DELETE", f"{head}/order"): Route(family, "cancel"),
        ("DELETE", f"{head}/allOpenOrders"): Route(family, "cancel_all"),
        ("GET", f"{head}/order"): Route(family, "one"),
        ("GET", f"{head}/openOrder"): Route(family, "open_one"),
        ("GET", f"{head}/openOrders"): Route(family, "open_many", 1, 40),
        ("GET", f"{head}/allOrders"): Route(family, "all_many", all_orders, all_orders),
    }


ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("GET", "/papi/v1/ping"): Route("", "ping"),
    **_conditional(UM_CONDITIONAL),
    **_conditional(CM_CONDITIONAL),
    **_plain(UM_PLAIN, 5),
    **_plain(CM_PLAIN, 20),
    ("POST", "/papi/v1/um/algo/order"): Route(UM_ALGO, "place"),
    ("DELETE", "/papi/v1/um/algo/order"): Route(UM_ALGO, "cancel"),
    ("DELETE", "/papi/v1/um/algo/allOpenOrders"): Route(UM_ALGO, "cancel_all"),
    ("GET", "/papi/v1/um/algo/algoOrder"): Route(UM_ALGO, "one"),
    ("GET", "/papi/v1/um/algo/openAlgoOrders"): Route(UM_ALGO, "open_many", 1, 40),
    ("GET", "/papi/v1/um/algo/allAlgoOrders"): Route(UM_ALGO, "all_many", 5, 5),
}
"""Every path the venue serves (the documentation's weights, 2026-09)."""

ID_FIELD: Final = {
    UM_CONDITIONAL: "strategyId",
    CM_CONDITIONAL: "strategyId",
    UM_ALGO: "algoId",
    UM_PLAIN: "orderId",
    CM_PLAIN: "orderId",
}
"""What each family calls the exchange's id."""

OWN_FIELDS: Final = (
    "clientAlgoId",
    "newClientStrategyId",
    "newClientOrderId",
    "origClientOrderId",
)
"""What requests call the owner's id."""


def own_id(params: Mapping[str, str]) -> str | None:
    """The owner's id that a request names; ``None``: it names none."""
    return next((params[field] for field in OWN_FIELDS if field in params), None)


def plain_of(family: str) -> str:
    """The family of the orders that triggered ones become."""
    return CM_PLAIN if family.startswith("cm") else UM_PLAIN


def write(order: Order, state: Change, stamp: Callable[[float], int]) -> dict[str, Any]:
    """An order as its family writes it.

    Args:
        order: The order.
        state: The state to write it in, which may be an old one.
        stamp: Exchange milliseconds of a virtual time.
    """
    number, updated, placed = ID_FIELD[order.family], stamp(state.at), stamp(order.changes[0].at)
    line: dict[str, Any] = {number: order.id, "symbol": order.symbol, "updateTime": updated}
    child = None if state.status in OPEN or state.status == "TRIGGERING" else order.child
    if order.family == UM_ALGO:
        line |= {
            "clientAlgoId": order.name,
            "algoStatus": state.status,
            "algoType": "CONDITIONAL",
            "createTime": placed,
            "actualOrderId": "" if child is None else str(child),
            "triggerTime": 0 if child is None else updated,
        }
    elif order.family in (UM_PLAIN, CM_PLAIN):
        line |= {"clientOrderId": order.name, "status": state.status, "time": placed}
    else:
        line |= {
            "newClientStrategyId": order.name,
            "strategyStatus": state.status,
            "bookTime": placed,
        }
        if child is not None:
            line |= {"orderId": child, "status": "NEW", "type": "MARKET", "triggerTime": updated}
    return line


def canceled(order: Order, stamp: Callable[[float], int]) -> dict[str, Any]:
    """The reply of a cancel that worked."""
    return {"complete": True} if order.family == UM_ALGO else write(order, order.last, stamp)
