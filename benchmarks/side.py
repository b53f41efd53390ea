"""Our own clients on trial, and what they are measured against: the floor and bare aiohttp."""

from __future__ import annotations

import argparse
import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from importlib.metadata import version
from typing import Any, Final

from bench import fail
from bench_cancel import KEY, PLENTY, SECRET, with_bare
from floor import with_floor
from player import CONNECTIONS, play, start

from binance_papi import Canceled, PapiClient
from binance_papi.api.um.conditional import CancelOrder, ConditionalOrder

Burst = Callable[[int], Awaitable[object]]


async def floor(url: str, context: ssl.SSLContext) -> None:
    """A protocol, a parser, a signature, a typed reply."""

    async def use(burst: Callable[[int], Awaitable[None]]) -> None:
        await play("bare protocol (the floor)", burst)

    await with_floor(url, context, CONNECTIONS, use)


async def bare(url: str, context: ssl.SSLContext) -> None:
    """The shortest honest code on aiohttp."""

    async def use(burst: Burst) -> None:
        await play(f"bare aiohttp {version('aiohttp')}", burst)

    await with_bare(url, context, use)


async def gathered(url: str, context: ssl.SSLContext, transport: str) -> None:
    """One task per cancel."""
    async with _client(url, context, transport) as papi:
        cancel = papi.um.conditional.cancel_order

        async def burst(count: int) -> None:
            wanted = (cancel(symbol="BTCUSDT", strategy_id=number) for number in range(count))
            orders: list[ConditionalOrder] = await asyncio.gather(*wanted)
            if not all(order.strategy_status == "CANCELED" for order in orders):
                fail("a cancel was not answered as it should be")

        await papi.warm_up()
        await play(f"ours, {_which(papi, transport)}", burst)


async def bursting(url: str, context: ssl.SSLContext) -> None:
    """One burst: the outcome of each is certain at the end."""
    async with _client(url, context, "auto") as papi:
        numbers = itertools.count()

        async def burst(count: int) -> None:
            wanted = [
                CancelOrder(symbol="BTCUSDT", strategy_id=next(numbers)) for _ in range(count)
            ]
            report = await papi.burst(wanted, deadline=60)
            if not all(isinstance(outcome, Canceled) for outcome in report.outcomes):
                fail("a cancel of a burst was not answered as it should be")

        await papi.warm_up()
        await play(f"ours, papi.burst, {_which(papi, 'auto')}", burst)


def _client(url: str, context: ssl.SSLContext, transport: str) -> PapiClient:
    return PapiClient(
        KEY,
        SECRET,
        base_url=url,
        ssl=context,
        limits=PLENTY,
        connections=CONNECTIONS,
        transport=transport,
    )


def _which(papi: PapiClient, transport: str) -> str:
    return f"auto: {papi.transport}" if transport == "auto" else transport


SIDES: Final[dict[str, Callable[[str, ssl.SSLContext], Coroutine[Any, Any, None]]]] = {
    "floor": floor,
    "auto": lambda url, context: gathered(url, context, "auto"),
    "burst": bursting,
    "aiohttp": lambda url, context: gathered(url, context, "aiohttp"),
    "bare": bare,
}


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("loop", choices=("asyncio", "uvloop"))
    parser.add_argument("url")
    parser.add_argument("--ca", help="whom to trust, PEM")
    arguments = parser.parse_args()
    context = ssl.create_default_context(cafile=arguments.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    start(arguments.loop, lambda: SIDES[arguments.side](arguments.url, context))


if __name__ == "__main__":
    _main()
