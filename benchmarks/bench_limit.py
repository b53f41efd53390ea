"""Is a weight limit never passed, and is it used, when a burst needs several windows?"""

from __future__ import annotations

import asyncio
import random
import sys
from typing import Final

import msgspec
from bench import Report, Target, fail, finish, options

from binance_papi import PapiClient, RateLimit
from binance_papi.core.events import Event
from binance_papi.simulator import Simulator

LIMIT: Final = RateLimit("REQUEST_WEIGHT", "SECOND", 5, 200)
CANCELS: Final = 900
LATENCY: Final = (0.0, 0.3)
MOST_SKEW: Final = 0.7
CONNECTIONS: Final = 64

FULL: Final = 0.93
"""Least share of a full window that is to be used."""


class Run(msgspec.Struct, frozen=True):
    """What the exchange counted.

    Args:
        begun: Seconds into a window of the exchange at which the burst began.
        skew: Seconds its clock was ahead.
        refused: How many requests were answered 429 or 418.
        used: Weight used in each window, in order.
        events: What the client noticed.
    """

    begun: float
    skew: float
    refused: int
    used: list[int]
    events: int

    @property
    def first_full(self) -> float:
        """Use of the window that the burst ran into: it has to take over what was in flight."""
        return self.used[1] / LIMIT.limit

    @property
    def least_full(self) -> float:
        """Least use of the later windows that there was work for from beginning to end."""
        return min(self.used[2:-1]) / LIMIT.limit


async def burst(seed: int, begun: float) -> Run:
    """One burst of 900 against a limit of 200 in 5 seconds."""
    skew = random.Random(seed).uniform(-MOST_SKEW, MOST_SKEW)
    events: list[Event] = []
    async with (
        Simulator(limits=(LIMIT,), latency=LATENCY, clock_skew=skew, seed=seed) as exchange,
        PapiClient(
            exchange.api_key,
            exchange.secret,
            base_url=exchange.base_url,
            limits=(LIMIT,),
            connections=CONNECTIONS,
            on_event=events.append,
        ) as papi,
    ):
        cancel = papi.um.conditional.cancel_order
        await asyncio.sleep((begun - exchange.now()) % LIMIT.seconds)
        orders = await asyncio.gather(
            *(cancel(symbol="BTCUSDT", strategy_id=one) for one in exchange.seed_orders(CANCELS))
        )
        if not all(order.strategy_status == "CANCELED" for order in orders):
            fail("an order was not canceled")
        venue = exchange.venue
        refused = venue.statuses[429] + venue.statuses[418]
        return Run(begun, skew, refused, [window.used for window in venue.windows()], len(events))


async def bursts(seeds: int) -> list[Run]:
    """All seeds at the same time: each has an exchange of its own, and mostly waits."""
    step = LIMIT.seconds / seeds
    return await asyncio.gather(*(burst(seed, (seed + 0.5) * step) for seed in range(seeds)))


def report(seeds: int) -> Report:
    """A row per seed."""
    runs = asyncio.run(bursts(seeds))
    rows = [
        [
            f"{run.begun:.2f}",
            f"{run.skew:+.2f}",
            str(run.refused),
            str(max(run.used)),
            " ".join(str(used) for used in run.used),
            f"{run.first_full:.1%}",
            f"{run.least_full:.1%}",
        ]
        for run in runs
    ]
    explained = (
        f"{CANCELS} gathered cancels, limit {LIMIT.limit} per {LIMIT.seconds} s, latency "
        f"{LATENCY[0]:g} to {LATENCY[1]:g} s; {seeds} seeds at the same time, begun all over a "
        "window. Full: there was work from the window's beginning to its end."
    )
    return Report(
        str(__doc__),
        [
            "begun at, s",
            "clock ahead, s",
            "429 and 418",
            "highest use",
            "use of all windows",
            "first full one",
            "least of the others",
        ],
        rows,
        [
            Target("requests refused for the limit", sum(run.refused for run in runs), 0),
            Target("highest use of a window", max(max(run.used) for run in runs), LIMIT.limit),
            _used("first full window", [run.first_full for run in runs], FULL),
            _used("later full windows", [run.least_full for run in runs], FULL),
        ],
        [explained],
    )


def _used(which: str, shares: list[float], bound: float) -> Target:
    return Target(f"least use of the {which} / limit", min(shares), bound, at_least=True)


def main() -> int:
    """Run it."""
    arguments = options(__doc__, rounds=20).parse_args()
    return finish(report(arguments.rounds), arguments)


if __name__ == "__main__":
    sys.exit(main())
