"""``binance-papi open-orders``: the open orders of a family."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from binance_papi.cli.families import KINDS, Family, FamilyOption, Kind
from binance_papi.cli.options import BaseUrl, Json
from binance_papi.cli.run import Exit, client, finish
from binance_papi.cli.screen import console, grid, plain, show, show_json
from binance_papi.core.endpoint import weight_of


def open_orders(
    symbol: Annotated[
        str | None,
        typer.Argument(help="Trading pair; without it all pairs, at 40 times the request weight."),
    ] = None,
    *,
    family: FamilyOption = Family.CONDITIONAL,
    base_url: BaseUrl = None,
    as_json: Json = False,
) -> None:
    """List the open orders of a family, of one trading pair (weight 1) or of all (weight 40)."""
    finish(_open_orders(KINDS[family], symbol, base_url, as_json))


async def _open_orders(kind: Kind, symbol: str | None, base_url: str | None, as_json: bool) -> Exit:
    request = kind.open_orders(symbol)
    async with client(base_url) as papi:
        orders: list[Any] = await papi.send(request)
    if as_json:
        show_json({"orders": orders, "weight": weight_of(request)})
        return Exit.DONE
    where = "all trading pairs" if symbol is None else plain(symbol)
    if orders:
        _show(orders)
    show(f"{len(orders)} open {kind.words} of {where}; request weight {weight_of(request)}")
    return Exit.DONE


def _show(orders: list[Any]) -> None:
    table = grid(
        "Id",
        "Symbol",
        "Side",
        "Type",
        "Quantity",
        "Price",
        "Trigger",
        "Placed (UTC)",
        "Client id",
        right=("Quantity", "Price", "Trigger"),
    )
    for order in orders:
        seen = order.sighting()
        table.add_row(
            str(seen.id),
            plain(order.symbol),
            plain(order.side),
            plain(_first(order, "strategy_type", "order_type", "type")),
            plain(_first(order, "orig_qty", "quantity")),
            plain(_first(order, "price")),
            plain(_first(order, "stop_price", "trigger_price")),
            _moment(_first(order, "book_time", "create_time", "time")),
            plain(seen.client_id),
        )
    console().print(table)


def _first(order: Any, *names: str) -> Any:
    """What an order has under the first of the names that its family uses."""
    return next((getattr(order, name) for name in names if hasattr(order, name)), None)


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "-"
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(milliseconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
