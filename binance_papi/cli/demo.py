"""``binance-papi demo``: a rehearsal on this machine, and what it measured."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
import typer
from rich.text import Text

from binance_papi import LIMITS
from binance_papi.cli.families import Family
from binance_papi.cli.fate import STYLES, UNKNOWN_STYLE
from binance_papi.cli.options import Json
from binance_papi.cli.rehearsal import MOST_PLACED, Plan, Rehearsal, rehearse
from binance_papi.cli.run import Exit, finish
from binance_papi.cli.screen import console, grid, progress, show, show_json
from binance_papi.cli.trouble import SHARE

_WEIGHT: Final = LIMITS[0].limit
_MEANING: Final = {
    "Canceled": "it is cancelled",
    "AlreadyGone": "it ended without us",
    "Rejected": "we changed nothing",
    "Unknown": "nobody can say yet",
}
_ENDS: Final = {
    "CANCELED": "CANCELED by somebody else",
    "EXPIRED": "EXPIRED",
    "TRIGGERED": "TRIGGERED: a plain order now",
    "FINISHED": "FINISHED: triggered, filled",
}


class Stage(StrEnum):
    """The families of orders that can be rehearsed."""

    CONDITIONAL = "conditional"
    ALGO = "algo"


def demo(
    orders: Annotated[
        int, typer.Option(min=1, max=100_000, help="Orders to place and to cancel.")
    ] = 200,
    *,
    family: Annotated[
        Stage,
        typer.Option(
            help="Family of orders. conditional: the exchange as before 2026-04-28; algo: as since."
        ),
    ] = Stage.CONDITIONAL,
    faults: Annotated[
        bool,
        typer.Option(
            "--faults",
            help=f"Let {SHARE:.0%} of the burst's requests go wrong in a dozen ways, and some "
            "orders end by themselves.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of latencies and faults.")] = 0,
    latency: Annotated[
        tuple[float, float],
        typer.Option(metavar="LOW HIGH", help="Milliseconds that the exchange takes per request."),
    ] = (5.0, 40.0),
    as_json: Json = False,
) -> None:
    """Start an exchange on this machine, place orders, cancel them all at once, show what happened.

    Needs no key and no network. Exits 0 only if every order is gone, and every outcome is certain
    and agrees with the exchange's own book.
    """
    low, high = latency
    if not 0 <= low <= high:
        raise typer.BadParameter(
            "LOW HIGH are 0 or more, and in that order", param_hint="--latency"
        )
    finish(_demo(Plan(orders, Family(family), faults, seed, (low / 1000, high / 1000)), as_json))


async def _demo(plan: Plan, as_json: bool) -> Exit:
    if not as_json:
        _introduce(plan)
    told = await rehearse(plan, progress)
    if as_json:
        show_json(
            {
                **msgspec.to_builtins(told),
                "seed": plan.seed,
                "faults": plan.faults,
                "ok": told.as_it_should,
                "rate": told.rate,
            }
        )
    else:
        _report(told)
    return Exit.DONE if told.as_it_should else Exit.REFUSED


def _introduce(plan: Plan) -> None:
    low, high = (f"{seconds * 1000:g}" for seconds in plan.latency)
    show(
        f"Rehearsal: {plan.orders} {plan.family.value} orders, placed and then cancelled all at "
        "once",
        "bold",
    )
    show("The exchange is a simulated one on this machine, reached over loopback: no money, no key")
    show(f"of yours, no network. It takes {low} to {high} ms per request (seed {plan.seed}).")
    if plan.faults:
        show(f"During the cancelling {SHARE:.0%} of all requests go wrong: lost, late, unreadable,")
        show("refused or half done. Some orders trigger or end by themselves.")
    if plan.orders + min(plan.orders, MOST_PLACED) > _WEIGHT:
        show(
            f"That is more than a minute's request weight ({_WEIGHT}): it will wait where it must."
        )
    show()


def _report(told: Rehearsal) -> None:
    show(f"Warm-up   {told.connections} connections in {told.warm_up_seconds * 1000:.0f} ms")
    rest = told.orders - told.placed
    show(f"Placing   {told.placed} orders through the client in {told.place_seconds:.2f} s")
    if rest:
        show(f"          {rest} more were in the book before, to keep inside the order limit")
    show(
        f"Burst     {told.orders} cancels in one papi.burst: {told.burst_seconds:.2f} s, "
        f"{told.rate:.0f} orders per second"
    )
    show(
        f"          {told.burst_requests} requests on the wire "
        f"({told.burst_requests / told.orders:.2f} per order), {told.burst_queries} of them "
        f"queries; request weight {told.burst_weight}"
    )
    show()
    _show_outcomes(told)
    if told.met:
        _show_met(told)
    _show_latency(told)
    _show_limits(told)
    show(
        f"{told.requests} requests arrived at the exchange; it answered 429 (slow down) "
        f"{told.answers_429} times, 418 (banned) {told.answers_418} times."
    )
    _conclude(told)


def _show_outcomes(told: Rehearsal) -> None:
    table = grid("Outcome", "Meaning", "How it is known", "Orders", right=("Orders",))
    reasons = msgspec.structs.asdict(told.told)
    for (name, meaning), counts in zip(_MEANING.items(), reasons.values(), strict=True):
        style = STYLES.get(name, UNKNOWN_STYLE)
        if not counts:
            table.add_row(name, meaning, "", "0")
        for number, (reason, count) in enumerate(counts.items()):
            first = (name, meaning) if number == 0 else ("", "")
            known = _ENDS.get(reason, reason)
            table.add_row(Text(first[0], style), first[1], known, Text(str(count), style))
    console().print(table)


def _show_met(told: Rehearsal) -> None:
    kinds = tuple(_MEANING)
    table = grid("What went wrong", "Requests", *kinds, right=("Requests", *kinds))
    for one in told.met:
        counts = [one.ended.get(kind, 0) for kind in kinds]
        table.add_row(one.words, str(one.requests), *(str(n) if n else "-" for n in counts))
    console().print(table)
    show("The right half says how the orders ended whose requests met the fault. An order that met")
    show("two kinds is in two rows.")


def _show_latency(told: Rehearsal) -> None:
    sizes = msgspec.structs.asdict(told.latency_ms)
    table = grid("Time to an outcome", *sizes, right=tuple(sizes))
    table.add_row("ms", *(f"{size:.1f}" for size in sizes.values()))
    console().print(table)


def _show_limits(told: Rehearsal) -> None:
    numbers = ("Limit", "Client reckons", "Exchange counted", "Fullest")
    table = grid("Used per minute", *numbers, right=numbers)
    for limit in told.limits:
        table.add_row(
            limit.name,
            str(limit.limit),
            str(limit.reckoned),
            str(limit.counted),
            f"{limit.peak} ({limit.peak / limit.limit:.1%})",
        )
    console().print(table)


def _conclude(told: Rehearsal) -> None:
    show()
    book = ", ".join(f"{number} {status}" for status, number in told.book.items())
    show(f"The exchange's own book: {book}; {told.still_open} open.")
    if told.as_it_should:
        show(f"Every order is gone, and all {told.orders} outcomes agree with the book.", "green")
    else:
        show(
            f"Not as it should be: {told.outcomes['Rejected']} rejected, "
            f"{told.outcomes['Unknown']} unknown, {told.still_open} orders open in the book, "
            f"{len(told.wrong)} outcomes that it contradicts.",
            "bold red",
        )
        for line in told.wrong:
            show(line, "red")
    show("Times count from the call: waiting for a connection or for weight is part of them.")
    if told.family == Stage.CONDITIONAL:
        show(
            "The live exchange has answered 404 on these paths since 2026-04-28; see --family algo."
        )
