"""``binance-papi cancel``: cancel conditional orders, all at once, with a fate for each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from binance_papi import PapiClient, PapiError, UsageError
from binance_papi.api.um.conditional import (
    CancelAllOpenOrders,
    CancelOrder,
    QueryAllCurrentOpenOrders,
)
from binance_papi.cli.fate import STYLES, Fate, cancel_all, count, exit_code
from binance_papi.cli.ids import read_requests
from binance_papi.cli.options import BaseUrl, Json
from binance_papi.cli.run import Exit, client, finish
from binance_papi.cli.screen import console, grid, plain, progress, say, show, show_json


def cancel(
    symbol: Annotated[str, typer.Argument(help="Trading pair, as BTCUSDT.")],
    *,
    strategy_id: Annotated[
        list[str] | None,
        typer.Option(metavar="N", help="The exchange's id of an order; may be repeated."),
    ] = None,
    client_id: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Your own id of an order; may be repeated."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="File with one id per line, - for stdin: a number is a strategy id, any other "
            "word a client id; blank lines and lines that begin with # do not count.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every open conditional order of the trading pair.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it, send nothing.")] = False,
    base_url: BaseUrl = None,
    as_json: Json = False,
) -> None:
    """Cancel conditional orders of one trading pair, all at once, and say what became of each.

    Every id is checked before anything is sent. Exit codes: 0 all were canceled; 1 wrong ids or
    configuration, nothing was sent; 2 the command line can't be read; 3 for some it is unknown
    whether they were canceled; 4 some were refused, not open or not sent.
    """
    by_id = bool(strategy_id or client_id or file)
    if everything and by_id:
        raise typer.BadParameter("it goes without ids", param_hint="--all")
    finish(
        _cancel_everything(symbol, yes, dry_run, base_url, as_json)
        if everything
        else _cancel_some(
            partial(read_requests, symbol, strategy_id or [], client_id or [], file),
            symbol,
            dry_run=dry_run,
            base_url=base_url,
            as_json=as_json,
        )
    )


async def _cancel_some(
    read: Callable[[], list[CancelOrder]],
    symbol: str,
    *,
    dry_run: bool,
    base_url: str | None,
    as_json: bool,
) -> Exit:
    requests = read()
    if dry_run:
        _show_plan(symbol, requests, as_json)
        return Exit.DONE
    settled = 0
    try:
        with progress("cancelling", len(requests)) as advance:

            def step() -> None:
                nonlocal settled
                settled += 1
                advance()

            async with client(base_url) as papi:
                fates = await cancel_all(papi, requests, step)
    except asyncio.CancelledError:
        say(
            f"{settled} of {len(requests)} cancels were answered; the others may or may not have "
            f"happened, see: binance-papi open-orders {symbol}"
        )
        raise
    _show_fates(symbol, fates, as_json)
    return exit_code(fates)


def _show_plan(symbol: str, requests: list[CancelOrder], as_json: bool) -> None:
    if as_json:
        ids = [
            {"strategy_id": one.strategy_id, "client_id": one.new_client_strategy_id}
            for one in requests
        ]
        show_json({"symbol": symbol, "dry_run": True, "orders": ids})
        return
    table = grid("Strategy id", "Client id")
    for one in requests:
        table.add_row(plain(one.strategy_id), plain(one.new_client_strategy_id))
    console().print(table)
    show(f"Dry run: nothing was sent. {len(requests)} cancels for {plain(symbol)}.")


def _show_fates(symbol: str, fates: list[Fate], as_json: bool) -> None:
    if as_json:
        show_json({"symbol": symbol, "counts": count(fates), "orders": fates})
        return
    table = grid("Strategy id", "Client id", "Outcome", "ms", "Why", right=("ms",))
    for fate in fates:
        table.add_row(
            plain(fate.strategy_id),
            plain(fate.client_id),
            fate.outcome.value,
            f"{fate.seconds * 1000:.1f}",
            plain(fate.detail or ""),
            style=STYLES[fate.outcome],
        )
    console().print(table)
    show(", ".join(f"{number} {kind}" for kind, number in count(fates).items() if number))


async def _cancel_everything(
    symbol: str, yes: bool, dry_run: bool, base_url: str | None, as_json: bool
) -> Exit:
    request = CancelAllOpenOrders(symbol=symbol)
    if dry_run:
        if as_json:
            show_json({"symbol": symbol, "dry_run": True, "all": True})
        else:
            show(f"Dry run: nothing was sent. All open conditional orders of {plain(symbol)}.")
        return Exit.DONE
    async with client(base_url) as papi:
        if not yes and not _confirmed(symbol):
            say("nothing was sent")
            return Exit.WRONG
        try:
            reply = await papi.send(request)
        except asyncio.CancelledError:
            say(f"it may or may not have happened, see: binance-papi open-orders {symbol}")
            raise
        left = await _left(papi, symbol)
    if as_json:
        show_json({"symbol": symbol, "all": True, "reply": reply, "still_open": left})
    else:
        rest = "it is not known how many are left" if left is None else f"{left} orders are open"
        show(f"{plain(symbol)}: {plain(reply.msg or reply.code)} Afterwards {rest}.")
    return Exit.UNKNOWN if left is None else Exit.REFUSED if left else Exit.DONE


async def _left(papi: PapiClient, symbol: str) -> int | None:
    """How many orders are open after a cancel-all, whose reply names none; ``None``: no answer."""
    try:
        orders = await papi.send(QueryAllCurrentOpenOrders(symbol=symbol))
    except PapiError as error:
        say(f"the orders were cancelled, but: {error}", "red")
        return None
    return len(orders)


def _confirmed(symbol: str) -> bool:
    """Whether the person at the terminal says yes."""
    if not sys.stdin.isatty():
        raise UsageError("--all asks first, and here is nobody to ask: add --yes")
    question = f"Cancel ALL open conditional orders of {plain(symbol)}?"
    return typer.confirm(question, err=True)
