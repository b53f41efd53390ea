"""Does cancelling a third of the tasks of a burst hurt any other, or leave anything behind?"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from bench import Report, Target, finish, options

from binance_papi import PapiClient
from binance_papi.simulator import Simulator

CANCELS: Final = 2000
LATENCY: Final = (0.0, 0.05)
SPAN: Final = 0.9
"""Seconds over which the tasks are cancelled; about as long as the burst takes."""


class Run(msgspec.Struct):
    """What came of one burst."""

    answered: int = 0
    cancelled: int = 0
    failed: int = 0
    """Neither answered nor cancelled by us."""
    sent: int = 0
    sent_twice: int = 0
    in_flight: int = 0
    tasks: int = 0
    timers: int = 0


async def burst(seed: int) -> Run:
    """One burst, and what is left when client and exchange are closed."""
    loop = asyncio.get_running_loop()
    async with (
        Simulator(latency=LATENCY, seed=seed) as exchange,
        PapiClient(exchange.api_key, exchange.secret, base_url=exchange.base_url) as papi,
    ):
        await papi.warm_up()
        cancel = papi.um.conditional.cancel_order
        tasks = [
            loop.create_task(cancel(symbol="BTCUSDT", strategy_id=one))
            for one in exchange.seed_orders(CANCELS)
        ]
        picked, timers = _cancel_a_third(tasks, seed)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for timer in timers:
            timer.cancel()  # of a task that was done before
        run = _count(tasks, results, picked)
        run.in_flight = sum(usage.in_flight for usage in papi.usage())
        ids = [one.params["strategyId"] for one in exchange.venue.wire if one.method == "DELETE"]
        run.sent = len(ids)
        run.sent_twice = sum(times > 1 for times in Counter(ids).values())
    run.tasks = len(asyncio.all_tasks()) - 1
    run.timers = sum(not timer.cancelled() for timer in getattr(loop, "_scheduled", ()))
    return run


def _cancel_a_third(
    tasks: Sequence[asyncio.Task[Any]], seed: int
) -> tuple[set[asyncio.Task[Any]], list[asyncio.TimerHandle]]:
    """Cancel some now, before they ran, and the others in the course of the burst."""
    timers: list[asyncio.TimerHandle] = []
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    picked = chance.sample(tasks, len(tasks) // 3)
    for number, task in enumerate(picked):
        if number % 10:
            timers.append(loop.call_later(chance.uniform(0, SPAN), task.cancel))
        else:
            task.cancel()
    return set(picked), timers


def _count(
    tasks: Sequence[asyncio.Task[Any]], results: Sequence[Any], picked: set[asyncio.Task[Any]]
) -> Run:
    run = Run()
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, asyncio.CancelledError) and task in picked:
            run.cancelled += 1
        elif isinstance(result, BaseException):
            run.failed += 1
        else:
            run.answered += 1
    return run


def report(rounds: int) -> Report:
    """A row per seed."""
    runs = [asyncio.run(burst(seed)) for seed in range(rounds)]
    rows = [[str(seed), *map(str, msgspec.structs.astuple(run))] for seed, run in enumerate(runs)]
    explained = (
        f"{CANCELS} gathered cancels on 64 connections, latency {LATENCY[0]:g} to {LATENCY[1]:g} "
        f"s; a third of the tasks cancelled, a tenth of those before it ran, the others within "
        f"{SPAN:g} s. Tasks and timers are counted after closing."
    )
    return Report(
        str(__doc__),
        ["seed", *(name.replace("_", " ") for name in Run.__struct_fields__)],
        rows,
        [
            Target("untouched cancels that failed", sum(run.failed for run in runs), 0),
            Target("ids sent twice", sum(run.sent_twice for run in runs), 0),
            Target("left in flight", sum(run.in_flight for run in runs), 0),
            Target("tasks and timers left", sum(run.tasks + run.timers for run in runs), 0),
        ],
        [explained],
    )


def main() -> int:
    """Run it."""
    arguments = options(__doc__, rounds=3).parse_args()
    return finish(report(arguments.rounds), arguments)


if __name__ == "__main__":
    sys.exit(main())
