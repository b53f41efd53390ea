"""When a plain order trades: the rules of price and time in force, and of reducing a position."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from binance_papi.simulator.refusal import Refusal

if TYPE_CHECKING:
    from binance_papi.simulator.orders import PlainOrder


def crosses(order: PlainOrder, price: Decimal) -> bool:
    """Whether a LIMIT order trades at a price: BUY at or below its own, SELL at or above.

    One whose price is not known, 0, does not.
    """
    return order.type == "LIMIT" and _reached(order.side, Decimal(order.price), price)


def _reached(side: str, limit: Decimal, price: Decimal) -> bool:
    return bool(limit) and (price <= limit if side == "BUY" else price >= limit)


def meet(fields: dict[str, Any], price: Decimal) -> None:
    """Let the fields of a new LIMIT order meet the price that is known.

    A price match is that price: OPPONENT takes at it, QUEUE rests at it until the next one.

    Raises:
        Refusal: -5022 for GTX that would take, -5021 for FOK that would not.
    """
    if fields["type"] != "LIMIT":
        return
    if fields.get("price_match", "NONE") != "NONE":
        fields["price"] = format(price, "f")
    takes = _reached(fields["side"], Decimal(fields["price"]), price)
    if takes and fields["time_in_force"] == "GTX":
        raise Refusal(
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be "
            "rejected.",
        )
    if not takes and fields["time_in_force"] == "FOK":
        raise Refusal(
            -5021,
            "Due to the order could not be filled immediately, the FOK order has been rejected.",
        )


def reduces(fields: dict[str, Any]) -> bool:
    """Whether an order may only take off a position: by its word, or by its side in hedge mode."""
    closing = (fields["position_side"], fields["side"]) in {("LONG", "SELL"), ("SHORT", "BUY")}
    return bool(fields["reduce_only"]) or closing
