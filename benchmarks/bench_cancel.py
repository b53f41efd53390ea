"""How much more CPU does a cancel of ours on aiohttp cost than the same on bare aiohttp?"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hashlib
import hmac
import importlib.util
import ssl
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from statistics import median
from typing import Any, Final

import aiohttp
import msgspec
from bench import Report, Target, fail, finish, options, ratios, spread, turns
from loopback import loopback
from yarl import URL

from binance_papi import PapiClient, RateLimit
from binance_papi.api.um.conditional import ConditionalOrder

CONNECTIONS: Final = 64
KEY: Final = "k" * 64
SECRET: Final = "s" * 64
PLENTY: Final = (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 10**9),)
SETTINGS: Final = ("asyncio-tls", "asyncio-plain", "uvloop-tls", "uvloop-plain")

Burst = Callable[[int], Coroutine[Any, Any, None]]


class Times(msgspec.Struct):
    """CPU seconds per cancel, round by round."""

    bare: list[float] = []
    ours: list[float] = []


# ---------------------------------------------------------------------- the two sides


async def with_bare(
    base: str, context: ssl.SSLContext, use: Callable[[Burst], Awaitable[None]]
) -> None:
    """What a good user writes who has only aiohttp."""
    decode = msgspec.json.Decoder(ConditionalOrder).decode
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=context)
    headers = {"X-MBX-APIKEY": KEY}
    slots = asyncio.Semaphore(CONNECTIONS)
    secret = SECRET.encode()
    async with aiohttp.ClientSession(
        connector=connector, headers=headers, raise_for_status=True
    ) as session:

        async def cancel(strategy_id: int) -> ConditionalOrder:
            async with slots:
                query = (
                    f"symbol=BTCUSDT&strategyId={strategy_id}"
                    f"&recvWindow=5000&timestamp={int(time.time() * 1000)}"
                )
                signature = hmac.new(secret, query.encode(), hashlib.sha256).hexdigest()
                path = f"/papi/v1/um/conditional/order?{query}&signature={signature}"
                async with session.delete(URL(base + path, encoded=True)) as response:
                    return decode(await response.read())

        async def burst(count: int) -> None:
            _verify(await asyncio.gather(*(cancel(number) for number in range(count))))

        await use(burst)


async def with_ours(
    base: str, context: ssl.SSLContext, use: Callable[[Burst], Awaitable[None]]
) -> None:
    """The same with our client, its weight so high that nothing waits for it."""
    async with PapiClient(
        KEY,
        SECRET,
        base_url=base,
        ssl=context,
        limits=PLENTY,
        connections=CONNECTIONS,
        transport="aiohttp",
    ) as papi:
        cancel = papi.um.conditional.cancel_order

        async def burst(count: int) -> None:
            orders = (cancel(symbol="BTCUSDT", strategy_id=number) for number in range(count))
            _verify(await asyncio.gather(*orders))

        await papi.warm_up()
        await use(burst)


def _verify(orders: list[ConditionalOrder]) -> None:
    if not all(order.strategy_status == "CANCELED" for order in orders):
        fail("a cancel was not answered as it should be")


# ---------------------------------------------------------------------- one setting


async def measure(base: str, context: ssl.SSLContext, rounds: int, count: int) -> Times:
    """Both sides by turns on one loop."""
    times = Times()

    async def compare(bare: Burst, ours: Burst) -> None:
        await bare(count)
        await ours(count)
        for burst, values in turns(((bare, times.bare), (ours, times.ours)), rounds):
            gc.collect()
            started = time.process_time()
            await burst(count)
            values.append((time.process_time() - started) / count)

    async def beside(bare: Burst) -> None:
        await with_ours(base, context, lambda ours: compare(bare, ours))

    await with_bare(base, context, beside)
    return times


def measure_setting(setting: str, rounds: int, count: int) -> Times:
    """One loop, with TLS or without, in this process."""
    loop, transport = setting.split("-")
    with loopback() as exchange:
        base = exchange.https if transport == "tls" else exchange.http
        work = measure(base, exchange.context(), rounds, count)
        if loop == "asyncio":
            return asyncio.run(work)
        import uvloop  # noqa: PLC0415 - an extra

        return uvloop.run(work)


# ---------------------------------------------------------------------- all settings


def _in_a_fresh_process(setting: str, arguments: argparse.Namespace) -> Times:
    command = [sys.executable, str(Path(__file__)), "--only", setting]
    command += ["--rounds", str(arguments.rounds), "--count", str(arguments.count)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return msgspec.json.decode(run.stdout, type=Times)


def report(arguments: argparse.Namespace) -> Report:
    """All settings, each in a process of its own."""
    rows: list[list[str]] = []
    targets: list[Target] = []
    for setting in SETTINGS:
        if setting.startswith("uvloop") and importlib.util.find_spec("uvloop") is None:
            rows.append([setting, "not run: no uvloop", "", ""])
            continue
        times = _in_a_fresh_process(setting, arguments)
        relative = ratios(times.ours, times.bare)
        rows.append(
            [
                setting,
                spread([1e6 * value for value in times.bare], 0),
                spread([1e6 * value for value in times.ours], 0),
                spread(relative),
            ]
        )
        if setting == "asyncio-tls":
            targets.append(Target("ours / bare aiohttp over TLS", median(relative), 1.3))
    return Report(
        str(__doc__),
        ["setting", "bare aiohttp, CPU µs", "ours, CPU µs", "ours / bare"],
        rows,
        targets,
        [
            (
                f"{arguments.count} gathered cancels per round on {CONNECTIONS} connections, "
                f"{arguments.rounds} rounds by turns; median (quartiles)."
            )
        ],
    )


def main() -> int:
    """Run it."""
    parser = options(__doc__, rounds=41)
    parser.add_argument("--count", type=int, default=400, help="cancels per round (%(default)s)")
    parser.add_argument("--only", choices=SETTINGS, help="one setting in this process; raw JSON")
    arguments = parser.parse_args()
    if arguments.only is None:
        return finish(report(arguments), arguments)
    times = measure_setting(arguments.only, arguments.rounds, arguments.count)
    print(msgspec.json.encode(times).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
