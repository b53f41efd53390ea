"""How soon is a burst on the wire and answered, and how long is the loop blocked, beside ccxt?"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import itertools
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from statistics import median
from typing import Any, Final

import msgspec
from bench import Report, Target, fail, finish, options, ratios, spread, turns
from ccxt.async_support import binance
from loopback import Loopback, loopback
from nginx import found, nginx

from binance_papi import Canceled, PapiClient, RateLimit
from binance_papi.api.um.conditional import CancelOrder

PLENTY: Final = (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 10**9),)
SIZES: Final = (100, 200, 500, 1000)
WIRE: Final = 200
"""Of so many, the last one has to be on the wire much sooner than with ccxt."""
OURS: Final = "binance_papi"
BURST: Final = "binance_papi, papi.burst"
FREE: Final = "ccxt, limiter off"
EMPTY: Final = "empty coroutines"
"""No client at all: what `asyncio.gather` itself takes."""
LIMITED: Final = "ccxt, default limiter"
SLOW_ROUNDS: Final = 2
"""Rounds of what takes ccxt seconds."""

Burst = Callable[[int], Awaitable[list[Any]]]


class Times(msgspec.Struct):
    """Milliseconds of some bursts of one side and size."""

    on_wire: list[float] = []
    answered: list[float] = []
    lag: list[float] = []


# ---------------------------------------------------------------------- the sides


class _AsBurst:
    """A burst of cancels that were made before, as by whoever has them ready."""

    def __init__(self, papi: PapiClient) -> None:
        self._papi = papi
        self._numbers = itertools.count()
        self._made: list[CancelOrder] = []

    def prepare(self, count: int) -> None:
        """Make them."""
        self._made = [
            CancelOrder(symbol="BTCUSDT", strategy_id=next(self._numbers)) for _ in range(count)
        ]

    async def __call__(self, count: int) -> list[Any]:
        """Send them."""
        outcomes = (await self._papi.burst(self._made[:count], deadline=60)).outcomes
        return [outcome for outcome in outcomes if isinstance(outcome, Canceled)]


@asynccontextmanager
async def with_ours(exchange: Loopback) -> AsyncIterator[tuple[Burst, Burst]]:
    """Our client, its weight so high that nothing waits for it: gathered, and as a burst."""
    context = exchange.context()
    async with PapiClient(
        "key", "secret", base_url=exchange.https, ssl=context, limits=PLENTY, transport="auto"
    ) as papi:
        cancel = papi.um.conditional.cancel_order

        async def burst(count: int) -> list[Any]:
            wanted = (cancel(symbol="BTCUSDT", strategy_id=number) for number in range(count))
            replies: list[Any] = await asyncio.gather(*wanted)
            return replies

        await papi.warm_up()
        yield burst, _AsBurst(papi)


@asynccontextmanager
async def with_ccxt(exchange: Loopback, *, limiter: bool) -> AsyncIterator[Burst]:
    """The implicit method of ccxt for the same endpoint."""
    client = binance({"apiKey": "key", "secret": "secret", "enableRateLimit": False})
    client.ssl_context = exchange.context()
    client.urls["api"]["papi"] = f"{exchange.https}/papi/v1"
    try:

        async def burst(count: int) -> list[Any]:
            cancel = client.papiDeleteUmConditionalOrder
            wanted = ({"symbol": "BTCUSDT", "strategyId": number} for number in range(count))
            replies: list[Any] = await asyncio.gather(*map(cancel, wanted))
            return replies

        await burst(100)  # its connections, as many as it takes by default
        client.enableRateLimit = limiter
        yield burst
    finally:
        await client.close()


# ---------------------------------------------------------------------- one burst


@contextmanager
def lag() -> Iterator[list[float]]:
    """Watch how late the loop is: a list whose one number is the longest delay in seconds.

    By a clock of its own: uvloop's counts whole milliseconds.
    """
    worst = [0.0]

    async def watch() -> None:
        while True:
            due = time.monotonic() + 0.001
            await asyncio.sleep(0.001)
            worst[0] = max(worst[0], time.monotonic() - due)

    watcher = asyncio.get_running_loop().create_task(watch())
    try:
        yield worst
    finally:
        watcher.cancel()


async def measure(exchange: Loopback, burst: Burst, count: int, times: Times) -> None:
    """One burst, timed by the server's arrivals and our replies."""
    await exchange.arrivals()
    if isinstance(burst, _AsBurst):
        burst.prepare(count)
    gc.collect()
    with lag() as worst:
        await asyncio.sleep(0.005)
        started = time.monotonic()
        replies = await burst(count)
        answered = time.monotonic()
        await asyncio.sleep(0.005)
    seen = await exchange.arrivals()
    if seen.count != count or len(replies) != count:
        fail(f"{seen.count} requests arrived and {len(replies)} were answered, of {count}")
    times.on_wire.append(1000 * (seen.last - started))
    times.answered.append(1000 * (answered - started))
    times.lag.append(1000 * worst[0])


async def alone(count: int) -> float:
    """Milliseconds for which the loop is blocked by gathering so many that do nothing."""

    async def nothing() -> None:
        pass

    gc.collect()
    with lag() as worst:
        await asyncio.sleep(0.005)
        await asyncio.gather(*(nothing() for _ in range(count)))
        await asyncio.sleep(0.005)
    return 1000 * worst[0]


# ---------------------------------------------------------------------- the answer


@contextmanager
def server(latency: float) -> Iterator[Loopback]:
    """nginx, which is quicker; ours where that is missing, or has to take its time."""
    binary = None if latency else found()
    with loopback(latency) if binary is None else nginx(binary, noted=True) as exchange:
        yield exchange


async def measure_all(arguments: argparse.Namespace) -> dict[tuple[int, str], Times]:
    """Every size with every side; the slow side only where it was asked for."""
    results: dict[tuple[int, str], Times] = {}
    with server(arguments.latency) as exchange:
        async with (
            with_ours(exchange) as (ours, as_burst),
            with_ccxt(exchange, limiter=False) as free,
            with_ccxt(exchange, limiter=True) as limited,
        ):
            quick = {OURS: ours, BURST: as_burst, FREE: free}
            emptiness = results[SIZES[-1], EMPTY] = Times()
            for count in SIZES:
                for side in quick:
                    results[count, side] = Times()
                for side in turns(tuple(quick), arguments.rounds):
                    await measure(exchange, quick[side], count, results[count, side])
                    if side == OURS and count == SIZES[-1]:
                        emptiness.lag.append(await alone(count))
                if count == SIZES[0] or arguments.long:
                    slow = results[count, LIMITED] = Times()
                    for _ in range(SLOW_ROUNDS if count == SIZES[0] else 1):
                        await measure(exchange, limited, count, slow)
    return results


def _run(arguments: argparse.Namespace) -> dict[tuple[int, str], Times]:
    if arguments.loop == "asyncio":
        return asyncio.run(measure_all(arguments))
    import uvloop  # noqa: PLC0415 - an extra

    return uvloop.run(measure_all(arguments))


def report(arguments: argparse.Namespace) -> Report:
    """The table."""
    results = _run(arguments)
    rows = []
    for count in SIZES:
        for side in (OURS, BURST, FREE, LIMITED):
            times = results.get((count, side))
            cells = (
                ["not run", "needs --long", ""]
                if times is None
                else [spread(values, 0) for values in (times.on_wire, times.answered, times.lag)]
            )
            rows.append([str(count), side, *cells])
    most = SIZES[-1]
    relative = ratios(results[most, OURS].answered, results[most, FREE].answered)
    sooner = ratios(results[WIRE, FREE].on_wire, results[WIRE, OURS].on_wire)
    targets = [
        Target(f"{most} cancels answered, ours / {FREE}", median(relative), 1.0),
        Target(f"last of {WIRE} on the wire, {FREE} / ours", median(sooner), 5.0, at_least=True),
    ]
    targets += [
        Target(f"ms of loop lag in {most} cancels, {side}", median(results[most, side].lag), 5.0)
        for side in (OURS, BURST)
    ]
    explained = (
        f"Over TLS on warm connections (ours 64, ccxt 100) on {arguments.loop}; the server is "
        f"{'nginx' if found() and not arguments.latency else 'loopback.py'} and answers after "
        f"{1000 * arguments.latency:g} ms. {arguments.rounds} rounds by turns, "
        f"{SLOW_ROUNDS} or 1 with ccxt's default limiter; median (quartiles)."
    )
    emptiness = (
        f"To gather {most} coroutines that do nothing blocks the loop for "
        f"{spread(results[most, EMPTY].lag, 1)} ms here."
    )
    return Report(
        str(__doc__),
        ["cancels", "client", "last on the wire, ms", "all answered, ms", "peak loop lag, ms"],
        rows,
        targets,
        [explained, emptiness],
    )


def main() -> int:
    """Run it."""
    parser = options(__doc__, rounds=7)
    parser.add_argument("--latency", type=float, default=0.0, help="of the server, s (%(default)s)")
    loops = ("uvloop", "asyncio")
    quicker = loops[importlib.util.find_spec("uvloop") is None]
    parser.add_argument("--loop", choices=loops, default=quicker, help="%(default)s")
    parser.add_argument("--long", action="store_true", help="ccxt's limiter with 500 and 1000 too")
    arguments = parser.parse_args()
    return finish(report(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
