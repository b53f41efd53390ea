"""``binance-papi usage``: how much of each rate limit is used."""

from __future__ import annotations

import msgspec

from binance_papi import Usage
from binance_papi.cli.options import BaseUrl, Json
from binance_papi.cli.run import Exit, client, finish
from binance_papi.cli.screen import console, grid, plain, show, show_json


def usage(base_url: BaseUrl = None, as_json: Json = False) -> None:
    """Send one ping (weight 1) and show how much of each rate limit is used.

    The exchange tells the weight that this address has used. It tells the order count only when an
    order is placed, so orders of other programs are not in the table.
    """
    finish(_usage(base_url, as_json))


async def _usage(base_url: str | None, as_json: bool) -> Exit:
    async with client(base_url) as papi:
        await papi.general.test_connectivity()
        limits = papi.usage()
    if as_json:
        show_json({"limits": [msgspec.structs.asdict(limit) for limit in limits]})
        return Exit.DONE
    numbers = ("Limit", "Used", "Others", "In flight", "Resets", "Frozen")
    table = grid("Rate limit", "Per", *numbers, right=numbers)
    for limit in limits:
        table.add_row(*_row(limit))
    console().print(table)
    show("Others: the part of Used that is not this client's. Resets: in how long at the latest.")
    show("Orders that other programs placed are not counted here: a ping does not tell them.")
    return Exit.DONE


def _row(one: Usage) -> tuple[str, ...]:
    rule = one.limit
    orders = rule.rate_limit_type == "ORDERS"
    return (
        f"{rule.rate_limit_type} {rule.suffix}",
        "account" if orders else plain(one.source_address or "address"),
        str(rule.limit),
        str(one.used),
        str(one.foreign),
        str(one.in_flight),
        f"{one.resets_in:.1f} s",
        f"{one.frozen_for:.1f} s" if one.frozen_for else "-",
    )
