"""Does a cancel cost more when more are gathered, and does memory stay when they go on and on?"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Final

import uvloop
from bench import Report, Target, apart, finish, options, ratios, spread, turns
from bench_cancel import KEY, PLENTY, SECRET
from loopback import loopback

from binance_papi import PapiClient

SIZES: Final = (100, 1_000, 10_000, 100_000)
PORTION: Final = 1_000
"""Cancels gathered at once where memory is looked at: what is in flight is no leak."""
LEAST: Final = 1_000
"""Cancels that one timing has at least, in bursts one after the other."""

Burst = Callable[[int], Awaitable[None]]


def rss() -> float:
    """Resident memory in MiB."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096 / 2**20


async def growth(burst: Burst, rounds: int) -> dict[int, list[float]]:
    """CPU seconds per cancel, for each size."""
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    await burst(SIZES[1])
    for size in turns(SIZES, rounds):
        gc.collect()
        bursts = max(1, LEAST // size)
        started = time.process_time()
        for _ in range(bursts):
            await burst(size)
        times[size].append((time.process_time() - started) / (bursts * size))
    return times


async def memory(burst: Burst, total: int) -> tuple[float, float]:
    """Resident MiB after a tenth of the cancels, and after all of them."""
    tenth = total // 10
    for _ in range(tenth // PORTION):
        await burst(PORTION)
    gc.collect()
    before = rss()
    for _ in range((total - tenth) // PORTION):
        await burst(PORTION)
    gc.collect()
    return before, rss()


async def measure(
    arguments: argparse.Namespace,
) -> tuple[dict[int, list[float]], list[tuple[int, float, float]]]:
    """Memory first, so that nothing of the larger bursts is there yet."""
    with apart() as keep_off, loopback() as exchange:
        keep_off()
        async with PapiClient(
            KEY, SECRET, base_url=exchange.https, ssl=exchange.context(), limits=PLENTY
        ) as papi:
            cancel = papi.um.conditional.cancel_order

            async def burst(count: int) -> None:
                orders = (cancel(symbol="BTCUSDT", strategy_id=number) for number in range(count))
                await asyncio.gather(*orders)

            await papi.warm_up()
            totals = (100_000, 1_000_000) if arguments.long else (100_000,)
            grown = [(total, *await memory(burst, total)) for total in totals]
            return await growth(burst, arguments.rounds), grown


def report(arguments: argparse.Namespace) -> Report:
    """Both tables in one."""
    times, grown = uvloop.run(measure(arguments))
    first = times[SIZES[0]]
    rows = [
        [
            f"{size:,} gathered, CPU µs",
            spread([1e6 * value for value in values], 1),
            spread(ratios(values, first)),
        ]
        for size, values in times.items()
    ]
    rows += [
        [f"{total:,} cancels, MiB", f"{before:.1f} to {after:.1f}", f"{after - before:+.1f}"]
        for total, before, after in grown
    ]
    growing = median(ratios(times[SIZES[-1]], first))
    targets = [Target(f"cost of one of {SIZES[-1]:,} / one of {SIZES[0]:,}", growing, 1.3)]
    targets += [
        Target(f"MiB more after {total:,} cancels", after - before, 2.0)
        for total, before, after in grown
    ]
    explained = (
        f"Over TLS on uvloop, 64 connections, transport auto. Cost: {arguments.rounds} rounds by "
        f"turns, a timing has {LEAST:,} cancels at least; median (quartiles). Memory: resident, "
        f"after a tenth and after all, {PORTION:,} at a time. The collector is on."
    )
    return Report(str(__doc__), ["what", "measured", "growth"], rows, targets, [explained])


def main() -> int:
    """Run it."""
    parser = options(__doc__, rounds=5)
    parser.add_argument("--long", action="store_true", help="memory over 1,000,000 cancels too")
    arguments = parser.parse_args()
    return finish(report(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
