"""What ``cancel`` prints: what it would send, and what became of each order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from binance_papi import AlreadyGone, BurstReport
from binance_papi.cli.families import Kind
from binance_papi.cli.fate import STYLES, UNKNOWN_STYLE, fate_of
from binance_papi.cli.screen import console, grid, plain, say, show, show_json
from binance_papi.core.cancel import Cancel
from binance_papi.core.wire import encode

_MANY: Final = 1000
"""More rows than this are shown only where something is not gone."""


def show_plan(requests: Sequence[Cancel[Any]], as_json: bool) -> None:
    """What a burst would send."""
    lines = [
        {
            "method": one.endpoint.method,
            "path": one.endpoint.path,
            "query": encode(one),
            "weight": one.endpoint.weight,
        }
        for one in requests
    ]
    if as_json:
        show_json({"dry_run": True, "requests": lines})
        return
    for line in lines:
        show(f"{line['method']} {line['path']}?{line['query']}")
    weight = sum(one.endpoint.weight for one in requests)
    show(
        f"Dry run: nothing was sent. {len(requests)} cancels, request weight {weight}, "
        "and a query for each answer that leaves something open."
    )


def show_all_plan(kind: Kind, symbol: str | None, as_json: bool) -> None:
    """What a cancel of everything would send."""
    where = "all pairs" if symbol is None else plain(symbol)
    if as_json:
        show_json({"dry_run": True, "all": True, "orders": kind.words, "symbol": symbol})
        return
    request = kind.open_orders(symbol)
    show(f"{request.endpoint.method} {request.endpoint.path}?{encode(request)}".rstrip("?"))
    show(f"Dry run: nothing was sent. All open {kind.words} of {where} that are listed would be")
    show("cancelled: by one cancel-all for each pair where the family has a list of ended orders")
    show("that proves it, otherwise one by one.")


def show_fates(report: BurstReport, as_json: bool, *, still_open: int | None = -1) -> None:
    """What became of each order.

    Args:
        report: The outcomes.
        as_json: Whether programs read it.
        still_open: How many orders are open afterwards; ``None``: nobody could say; -1: nobody
            asked.
    """
    fates = [fate_of(outcome) for outcome in report.outcomes]
    asked = still_open != -1
    if as_json:
        show_json(
            {
                "counts": report.by_kind,
                "elapsed": report.elapsed,
                "latency": msgspec.to_builtins(report.latency),
                "requests": report.requests,
                "orders": fates,
                **({"all": True, "still_open": still_open} if asked else {}),
            }
        )
        return
    shown = fates
    if len(fates) > _MANY:
        shown = [fate for fate in fates if fate.outcome in ("Rejected", "Unknown")]
        show(f"{len(fates) - len(shown)} orders are gone; the table has the others only.")
    table = grid("Symbol", "Id", "Outcome", "Status", "Why", "Requests", right=("Requests",))
    for fate in shown:
        table.add_row(
            plain(fate.symbol),
            plain(fate.client_id if fate.id is None else fate.id),
            fate.outcome,
            plain(fate.status),
            plain(fate.why),
            str(fate.requests),
            style=STYLES.get(fate.outcome, UNKNOWN_STYLE),
        )
    if shown:
        console().print(table)
    counts = ", ".join(f"{number} {name}" for name, number in report.by_kind.items())
    show(f"{counts}; {report.requests} requests in {report.elapsed:.2f} s")
    _advise(report)
    if asked:
        left = "It is not known how many orders are" if still_open is None else f"{still_open}"
        show(f"{left} open afterwards.")


def _advise(report: BurstReport) -> None:
    """What a person should know about these outcomes."""
    became = [
        one
        for one in report.outcomes
        if isinstance(one, AlreadyGone) and one.order_id is not None and one.child is None
    ]
    if became:
        say(f"{len(became)} became plain orders, which may be open: --follow-trigger cancels them")
    if report.by_kind["Unknown"]:
        say("Unknown: it may have happened or may happen yet. Run the same command again.")
    if report.by_kind["Rejected"]:
        say("Rejected: these cancels changed nothing, and the orders may be open.")
