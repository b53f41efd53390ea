"""``binance-papi doctor``: what works between here and the exchange, and what to do where not."""

from __future__ import annotations

from typing import Final

from binance_papi.cli.checks import Check, examine
from binance_papi.cli.options import BaseUrl, Json
from binance_papi.cli.run import Exit, finish
from binance_papi.cli.screen import console, grid, mark, plain, show, show_json

_RETIRED: Final = (
    "The live exchange has answered 404 on um/conditional since 2026-04-28; um/algo took its place."
)


def doctor(base_url: BaseUrl = None, as_json: Json = False) -> None:
    """Check keys, network, clock, rights and limits, each with a line of advice.

    Sends six pings and one signed read (weight 7). Shows no part of a key. Exits 0 if all is well,
    5 otherwise.
    """
    finish(_doctor(base_url, as_json))


async def _doctor(base_url: str | None, as_json: bool) -> Exit:
    checks = await examine(base_url)
    well = all(check.ok is not False for check in checks)
    if as_json:
        show_json({"ok": well, "checks": checks, "note": _RETIRED})
    else:
        _show(checks, well)
    return Exit.DONE if well else Exit.UNWELL


def _show(checks: list[Check], well: bool) -> None:
    table = grid("", "", "")
    for check in checks:
        style = {True: "green", False: "bold red", None: "dim"}[check.ok]
        table.add_row(mark(check.ok), check.name, plain(check.told), style=style)
        if check.advice:
            table.add_row("", "", f"-> {plain(check.advice)}")
    console().print(table)
    show(_RETIRED)
    show("All is well." if well else "Not all is well; see the lines above.")
