"""``binance-papi cancel``: cancel orders, all at once, and say what became of each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

import typer

from binance_papi import LIMITS, PapiClient, PapiError, UsageError
from binance_papi.cli.families import KINDS, Family, FamilyOption, Kind
from binance_papi.cli.fate import Results, exit_code
from binance_papi.cli.ids import read_requests
from binance_papi.cli.options import BaseUrl, Json
from binance_papi.cli.run import Exit, client, finish
from binance_papi.cli.screen import plain, progress, say
from binance_papi.cli.tables import show_all_plan, show_fates, show_plan
from binance_papi.core.cancel import Cancel

_GRACE: Final = 2.0
"""Seconds after Ctrl-C in which what is on the wire may still be answered."""

_PER_MINUTE: Final = LIMITS[0].limit
_MINUTE: Final = 60.0


class Verify(StrEnum):
    """When a query confirms what a reply said."""

    AMBIGUOUS = "ambiguous"
    ALWAYS = "always"


class Job(NamedTuple):
    """What is to be done, and how."""

    kind: Kind
    symbol: str | None
    settings: dict[str, Any]
    base_url: str | None
    as_json: bool
    hint: str


def cancel(
    symbol: Annotated[
        str | None,
        typer.Argument(
            metavar="[SYMBOL]",
            help="Trading pair, as BTCUSDT. Not needed where a file names it, nor by the family "
            "algo; with --all and without it: all pairs.",
        ),
    ] = None,
    *,
    family: FamilyOption = Family.CONDITIONAL,
    number: Annotated[
        list[str] | None,
        typer.Option("--id", metavar="N", help="The exchange's id of an order; may be repeated."),
    ] = None,
    strategy_id: Annotated[
        list[str] | None,
        typer.Option(metavar="N", help="The same as --id, for the conditional families only."),
    ] = None,
    client_id: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Your own id of an order; may be repeated."),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="File with one id per line, or with lines SYMBOL,ID, - for stdin. A number is the "
            "exchange's id, any other word your own. A first line may name the columns: symbol, "
            "id, client_id, or the exchange's names (strategyId, algoId, orderId ...); other "
            "columns do not count, nor do blank lines and lines that begin with #.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every open order of the family, as far as listed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --all: do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent, send nothing.")
    ] = False,
    deadline: Annotated[
        float,
        typer.Option(
            min=0.1, max=3600, metavar="SECONDS", help="How long to go on until all is certain."
        ),
    ] = 10.0,
    verify: Annotated[
        Verify,
        typer.Option(
            help="ambiguous: a query is made where an answer leaves something open. always: what a "
            "reply says is confirmed by a query too."
        ),
    ] = Verify.AMBIGUOUS,
    follow_trigger: Annotated[
        bool,
        typer.Option(
            "--follow-trigger",
            help="Of an order that has triggered, cancel the plain order that it became.",
        ),
    ] = False,
    base_url: BaseUrl = None,
    as_json: Json = False,
) -> None:
    """Cancel orders, all at once, find out what became of each, and say so.

    Every id is checked before anything is sent. Exit codes: 0 all are gone (canceled, or ended
    before); 1 wrong ids or configuration, nothing was sent; 2 the command line can't be read; 3 for
    some it is unknown; 4 some were certainly not canceled and may be open; 130 interrupted. Where
    several apply, 3 goes before 4.
    """
    kind = KINDS[family]
    if everything and (number or strategy_id or client_id or file):
        raise typer.BadParameter("it goes without ids", param_hint="--all")
    if strategy_id and kind.number != "strategyId":
        raise typer.BadParameter(
            f"orders of the family {family.value} have an {kind.number}; use --id",
            param_hint="--strategy-id",
        )
    job = Job(
        kind,
        symbol,
        {"deadline": deadline, "verify": verify.value, "follow_trigger": follow_trigger},
        base_url,
        as_json,
        " ".join(["binance-papi open-orders", *filter(None, [symbol]), "--family", family.value]),
    )
    numbers = [*(number or ()), *(strategy_id or ())]
    read = partial(read_requests, kind, symbol, numbers, client_id or (), file)
    if everything:
        work = _plan_all(job) if dry_run else _cancel_all(job, yes)
    else:
        work = _cancel_some(job, read, dry_run)
    finish(work)


async def _plan_all(job: Job) -> Exit:
    show_all_plan(job.kind, job.symbol, job.as_json)
    return Exit.DONE


async def _cancel_some(job: Job, read: Callable[[], list[Cancel[Any]]], dry_run: bool) -> Exit:
    requests = read()
    if dry_run:
        show_plan(requests, job.as_json)
        return Exit.DONE
    papi = await client(job.base_url).open()
    try:
        results = await _burst(job, papi, requests)
    finally:
        await papi.aclose(0.0)  # what is unknown now was said; nothing goes on unseen
    show_fates(results.report(), job.as_json)
    return exit_code(results.report().outcomes)


async def _cancel_all(job: Job, yes: bool) -> Exit:
    papi = await client(job.base_url).open()
    try:
        orders = await papi.send(job.kind.open_orders(job.symbol))
        if not yes and orders and not _confirmed(job, len(orders)):
            say("nothing was cancelled")
            return Exit.WRONG
        seen = [(order.symbol, order.sighting().id) for order in orders]
        requests = [job.kind.cancel(symbol, number, None) for symbol, number in seen]
        results = await _burst(job, papi, requests, sweep=True)
        left = await _left(job, papi)
    finally:
        await papi.aclose(0.0)  # what is unknown now was said; nothing goes on unseen
    show_fates(results.report(), job.as_json, still_open=left)
    code = exit_code(results.report().outcomes)
    if code is Exit.DONE:
        return Exit.UNKNOWN if left is None else Exit.REFUSED if left else Exit.DONE
    return code


async def _burst(
    job: Job, papi: PapiClient, requests: Sequence[Cancel[Any]], *, sweep: bool = False
) -> Results:
    """Cancel all of them; on Ctrl-C say what is known so far."""
    results = Results(requests)
    if len(requests) > _PER_MINUTE and job.settings["deadline"] < _MINUTE:
        say(
            f"{len(requests)} cancels are more than a minute's request weight: those that find no "
            "room before the deadline are not sent. Give a greater --deadline."
        )
    try:
        with progress("cancelling", len(requests)) as advance:
            await results.collect(papi, advance, sweep=sweep, **job.settings)
    except asyncio.CancelledError:
        left = (await papi.aclose(_GRACE)).unresolved  # what is on the wire may be answered yet
        _tell_interrupted(job, results, len(left))
        raise
    return results


def _tell_interrupted(job: Job, results: Results, unknown: int) -> None:
    show_fates(results.report(), job.as_json)
    say(
        f"{len(results.outcomes)} of {len(results.requests)} cancels had an outcome. {unknown} of "
        "the others may or may not have happened; the rest was not sent, or answered after Ctrl-C. "
        f"What is open now: {job.hint}"
    )


async def _left(job: Job, papi: PapiClient) -> int | None:
    """How many orders are open afterwards; ``None``: no answer."""
    try:
        orders = await papi.send(job.kind.open_orders(job.symbol))
    except PapiError as error:
        say(f"what is open now could not be asked: {error}", "red")
        return None
    return len(orders)


def _confirmed(job: Job, count: int) -> bool:
    """Whether the person at the terminal says yes."""
    if not sys.stdin.isatty():
        raise UsageError("--all asks first, and here is nobody to ask: add --yes")
    where = "of all pairs" if job.symbol is None else f"of {plain(job.symbol)}"
    question = f"Cancel ALL {count} open {job.kind.words} {where}?"
    return typer.confirm(question, err=True)
