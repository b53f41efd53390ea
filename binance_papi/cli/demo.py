"""``binance-papi demo``: a rehearsal on this machine, and what it measured."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
import typer
from rich.text import Text

from binance_papi import LIMITS
from binance_papi.cli.fate import STYLES, Outcome
from binance_papi.cli.options import Json
from binance_papi.cli.rehearsal import MOST_PLACED, Rehearsal, rehearse
from binance_papi.cli.run import Exit, finish
from binance_papi.cli.screen import console, grid, progress, show, show_json

_WEIGHT: Final = LIMITS[0].limit


class Family(StrEnum):
    """The families of orders that can be rehearsed."""

    CONDITIONAL = "conditional"


def demo(
    orders: Annotated[
        int, typer.Option(min=1, max=100_000, help="Orders to place and to cancel.")
    ] = 200,
    family: Annotated[Family, typer.Option(help="Family of orders.")] = Family.CONDITIONAL,
    seed: Annotated[int, typer.Option(help="Seed of the exchange's latencies.")] = 0,
    latency: Annotated[
        tuple[float, float],
        typer.Option(metavar="LOW HIGH", help="Milliseconds that the exchange takes per request."),
    ] = (5.0, 40.0),
    as_json: Json = False,
) -> None:
    """Start an exchange on this machine, place orders, cancel them all at once, show what happened.

    Needs no key and no network. Exits 0 only if every order ended CANCELED, for the client and in
    the exchange's own book.
    """
    low, high = latency
    if not 0 <= low <= high:
        raise typer.BadParameter(
            "LOW HIGH are 0 or more, and in that order", param_hint="--latency"
        )
    finish(_demo(orders, family, seed, (low / 1000, high / 1000), as_json))


async def _demo(
    orders: int, family: Family, seed: int, latency: tuple[float, float], as_json: bool
) -> Exit:
    if not as_json:
        _introduce(orders, family, seed, latency)
    told = await rehearse(orders, seed, latency, progress)
    if as_json:
        show_json(
            {**msgspec.to_builtins(told), "seed": seed, "ok": told.as_it_should, "rate": told.rate}
        )
    else:
        _report(told)
    return Exit.DONE if told.as_it_should else Exit.REFUSED


def _introduce(orders: int, family: Family, seed: int, latency: tuple[float, float]) -> None:
    low, high = (f"{seconds * 1000:g}" for seconds in latency)
    show(
        f"Rehearsal: {orders} {family.value} orders, placed and then cancelled all at once", "bold"
    )
    show("The exchange is a simulated one on this machine, reached over loopback: no money, no key")
    show(f"of yours, no network. It takes {low} to {high} ms per request (seed {seed}).")
    if orders + min(orders, MOST_PLACED) > _WEIGHT:
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
        f"Burst     {told.orders} cancels in one asyncio.gather: {told.burst_seconds:.2f} s, "
        f"{told.rate:.0f} per second"
    )
    show()
    _show_outcomes(told)
    _show_latency(told)
    _show_limits(told)
    show(
        f"{told.requests} requests arrived at the exchange; it answered 429 (slow down) "
        f"{told.answers_429} times, 418 (banned) {told.answers_418} times."
    )
    _conclude(told)


def _show_outcomes(told: Rehearsal) -> None:
    kinds = [kind.value for kind in Outcome]
    table = grid("Outcome", *kinds, right=tuple(kinds))
    counts = [(kind, told.outcomes[kind.value]) for kind in Outcome]
    table.add_row("orders", *(Text(str(n), STYLES[kind] if n else "") for kind, n in counts))
    console().print(table)


def _show_latency(told: Rehearsal) -> None:
    sizes = msgspec.structs.asdict(told.latency_ms)
    table = grid("Latency of a cancel", *sizes, right=tuple(sizes))
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
    if told.as_it_should:
        show("Every order ended CANCELED, in the exchange's own book as well.", "green")
    else:
        show(
            f"Not as it should be: {told.outcomes['canceled']} of {told.orders} cancels succeeded, "
            f"{told.canceled_in_book} orders are CANCELED in the exchange's own book.",
            "bold red",
        )
    show("Latencies count from the call: waiting for a connection or for weight is part of them.")
    show("The live exchange is farther away, and has answered 404 on these paths since 2026-04-28.")
