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
from urllib.parse import urlsplit

import aiohttp
import msgspec
from bench import Report, Target, apart, fail, finish, options, ratios, spread, turns
from ccxt.async_support import binance
from loopback import Arrivals, Loopback, loopback
from nginx import found, nginx
from player import CONNECTIONS, WAKE
from tap import possible, tap

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
PAUSE: Final = 0.02
"""Seconds without work, after which neither the processor's caches nor its cores are ready."""

Burst = Callable[[int], Awaitable[list[Any]]]
Seen = Callable[[], Awaitable[Arrivals]]


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
        "key",
        "secret",
        base_url=exchange.https,
        ssl=context,
        limits=PLENTY,
        connections=CONNECTIONS,
        transport="auto",
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
    """The implicit method of ccxt for the same endpoint, on as many connections."""
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS, keepalive_timeout=3600, ssl=exchange.context()
    )
    async with aiohttp.ClientSession(connector=connector) as session:
        settings = {"apiKey": "key", "secret": "secret", "session": session}
        client = binance({**settings, "enableRateLimit": False})
        client.urls["api"]["papi"] = f"{exchange.https}/papi/v1"

        async def burst(count: int) -> list[Any]:
            cancel = client.papiDeleteUmConditionalOrder
            wanted = ({"symbol": "BTCUSDT", "strategyId": number} for number in range(count))
            replies: list[Any] = await asyncio.gather(*map(cancel, wanted))
            return replies

        await burst(WAKE)
        client.enableRateLimit = limiter
        yield burst
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


async def measure(
    seen: Seen, burst: Burst, count: int, times: Times, *, paused: bool = False
) -> None:
    """One burst, timed by when its requests cross the wire and by our replies.

    Args:
        seen: Tells what crossed since it was asked last.
        burst: The side.
        count: How many cancels.
        times: Where it is noted.
        paused: After some time without work, instead of right after another burst.
    """
    if not paused:
        _prepare(burst, WAKE)
        await burst(WAKE)
    _prepare(burst, count)
    gc.collect()
    await seen()
    with lag() as worst:
        await asyncio.sleep(PAUSE if paused else 0)
        started = time.monotonic()
        replies = await burst(count)
        answered = time.monotonic()
        await asyncio.sleep(0.005)
    crossed = await seen()
    if crossed.count != count or len(replies) != count:
        fail(f"{crossed.count} requests crossed and {len(replies)} were answered, of {count}")
    times.on_wire.append(1000 * (crossed.last - started))
    times.answered.append(1000 * (answered - started))
    times.lag.append(1000 * worst[0])


def _prepare(burst: Burst, count: int) -> None:
    if isinstance(burst, _AsBurst):
        burst.prepare(count)


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
def server(latency: float) -> Iterator[tuple[Loopback, Seen]]:
    """nginx, which is quicker, and a look at its wire; ours where that can't be or must be slow."""
    binary = found()
    with apart() as keep_off:
        if latency or binary is None or not possible():
            with loopback(latency) as exchange:
                keep_off()
                yield exchange, exchange.arrivals
            return
        with nginx(binary) as exchange, tap(urlsplit(exchange.https).port or 0) as look:
            keep_off()

            async def seen() -> Arrivals:
                return look()

            yield exchange, seen


async def measure_all(arguments: argparse.Namespace) -> dict[tuple[int, str, bool], Times]:
    """Every size with every side; the slow side only where it was asked for."""
    results: dict[tuple[int, str, bool], Times] = {}
    with server(arguments.latency) as (exchange, seen):
        async with (
            with_ours(exchange) as (ours, as_burst),
            with_ccxt(exchange, limiter=False) as free,
            with_ccxt(exchange, limiter=True) as limited,
        ):
            # What stays is nobody's garbage: looked through before each burst, ccxt's tables would
            # push the code of all sides out of the processor's caches.
            gc.collect()
            gc.freeze()
            quick = {OURS: ours, BURST: as_burst, FREE: free}
            emptiness = results[SIZES[-1], EMPTY, False] = Times()
            for count, paused in [(size, False) for size in SIZES] + [(WIRE, True)]:
                for side in quick:
                    results[count, side, paused] = Times()
                for side in turns(tuple(quick), arguments.rounds):
                    times = results[count, side, paused]
                    await measure(seen, quick[side], count, times, paused=paused)
                    if side == OURS and count == SIZES[-1]:
                        emptiness.lag.append(await alone(count))
            for count in SIZES:
                if count == SIZES[0] or arguments.long:
                    slow = results[count, LIMITED, True] = Times()
                    for _ in range(SLOW_ROUNDS if count == SIZES[0] else 1):
                        await measure(seen, limited, count, slow, paused=True)
    return results


def _run(arguments: argparse.Namespace) -> dict[tuple[int, str, bool], Times]:
    if arguments.loop == "asyncio":
        return asyncio.run(measure_all(arguments))
    import uvloop  # noqa: PLC0415 - an extra

    return uvloop.run(measure_all(arguments))


def report(arguments: argparse.Namespace) -> Report:
    """The table."""
    results = _run(arguments)
    shown = [(count, side, False) for count in SIZES for side in (OURS, BURST, FREE)]
    shown += [(WIRE, side, True) for side in (OURS, BURST, FREE)]
    shown += [(count, LIMITED, True) for count in SIZES]
    rows: list[list[str]] = []
    for count, side, paused in shown:
        times = results.get((count, side, paused))
        cells = (
            ["not run", "needs --long", ""]
            if times is None
            else [spread(values, 1) for values in (times.on_wire, times.answered, times.lag)]
        )
        rows.append([f"{count} after a pause" if paused else str(count), side, *cells])
    most = SIZES[-1]
    relative = ratios(results[most, OURS, False].answered, results[most, FREE, False].answered)
    warm, cold = (
        ratios(results[WIRE, FREE, paused].on_wire, results[WIRE, OURS, paused].on_wire)
        for paused in (False, True)
    )
    targets = [
        Target(f"{most} cancels answered, ours / {FREE}", median(relative), 1.0),
        Target(f"last of {WIRE} on the wire, {FREE} / ours", median(warm), 5.0, at_least=True),
    ]
    targets += [
        Target(
            f"ms of loop lag in {most} cancels, {side}", median(results[most, side, False].lag), 5.0
        )
        for side in (OURS, BURST)
    ]
    looked = found() and possible() and not arguments.latency
    explained = (
        f"Over TLS on {CONNECTIONS} warm connections each, on {arguments.loop}; the server is "
        f"{'nginx' if looked else 'loopback.py'}, on a core of its own where there are two, and "
        f"answers after {1000 * arguments.latency:g} ms. On the wire: by the "
        f"{'kernel' if looked else 'server'}'s clock. {arguments.rounds} rounds by turns, "
        f"{SLOW_ROUNDS} or 1 with ccxt's default limiter; median (quartiles)."
    )
    pause = (
        f"Each burst comes right after one of {WAKE} by the same client, so that all find the "
        f"processor at work; those after a pause come after {1000 * PAUSE:g} ms without any. Then "
        f"the last of {WIRE} is on the wire {spread(cold, 1)} times sooner than with {FREE}."
    )
    emptiness = (
        f"To gather {most} coroutines that do nothing blocks the loop for "
        f"{spread(results[most, EMPTY, False].lag, 1)} ms here."
    )
    return Report(
        str(__doc__),
        ["cancels", "client", "last on the wire, ms", "all answered, ms", "peak loop lag, ms"],
        rows,
        targets,
        [explained, pause, emptiness],
    )


def main() -> int:
    """Run it."""
    parser = options(__doc__, rounds=21)
    parser.add_argument("--latency", type=float, default=0.0, help="of the server, s (%(default)s)")
    loops = ("uvloop", "asyncio")
    quicker = loops[importlib.util.find_spec("uvloop") is None]
    parser.add_argument("--loop", choices=loops, default=quicker, help="%(default)s")
    parser.add_argument("--long", action="store_true", help="ccxt's limiter with 500 and 1000 too")
    arguments = parser.parse_args()
    return finish(report(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
