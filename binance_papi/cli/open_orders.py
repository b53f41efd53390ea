"""``binance-papi open-orders``: the open conditional orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from binance_papi.api.um.conditional import ConditionalOrder, QueryAllCurrentOpenOrders
from binance_papi.cli.options import BaseUrl, Json
from binance_papi.cli.run import Exit, client, finish
from binance_papi.cli.screen import console, grid, plain, show, show_json
from binance_papi.core.endpoint import weight_of


def open_orders(
    symbol: Annotated[
        str | None,
        typer.Argument(help="Trading pair; without it all pairs, at 40 times the request weight."),
    ] = None,
    base_url: BaseUrl = None,
    as_json: Json = False,
) -> None:
    """List the open conditional orders, of one trading pair (weight 1) or of all (weight 40)."""
    finish(_open_orders(symbol, base_url, as_json))


async def _open_orders(symbol: str | None, base_url: str | None, as_json: bool) -> Exit:
    request = QueryAllCurrentOpenOrders(symbol=symbol)
    async with client(base_url) as papi:
        orders = await papi.send(request)
    if as_json:
        show_json({"orders": orders, "weight": weight_of(request)})
        return Exit.DONE
    where = "all trading pairs" if symbol is None else plain(symbol)
    if orders:
        _show(orders)
    show(f"{len(orders)} open conditional orders of {where}; request weight {weight_of(request)}")
    return Exit.DONE


def _show(orders: list[ConditionalOrder]) -> None:
    table = grid(
        "Strategy id",
        "Symbol",
        "Side",
        "Type",
        "Quantity",
        "Trigger",
        "Placed (UTC)",
        "Client id",
        right=("Quantity", "Trigger"),
    )
    for order in orders:
        table.add_row(
            str(order.strategy_id),
            plain(order.symbol),
            plain(order.side),
            plain(order.strategy_type),
            plain(order.orig_qty),
            plain(order.stop_price),
            _moment(order.book_time),
            plain(order.new_client_strategy_id),
        )
    console().print(table)


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "-"
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return str(milliseconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S")
