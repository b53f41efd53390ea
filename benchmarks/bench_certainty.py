"""Is every outcome of a burst true when requests and replies get lost, and what does that cost?"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Any, Final

import msgspec
from bench import Report, Target, finish, options

from binance_papi import (
    AlreadyGone,
    Canceled,
    NotOpenError,
    PapiClient,
    PapiError,
    Rejected,
    Unknown,
)
from binance_papi.api.um.conditional import CancelOrder
from binance_papi.simulator import Fault, FaultKind, Simulator

CANCELS: Final = 1200
LATENCY: Final = (0.005, 0.04)
DEADLINE: Final = 15.0
SHARES: Final = (0.0, 0.05, 0.2)
KINDS: Final = (
    (FaultKind.DROP_BEFORE, None),
    (FaultKind.DROP_AFTER, None),
    (FaultKind.NO_REPLY, True),
    (FaultKind.NO_REPLY, False),
    (FaultKind.TRUNCATED, None),
    (FaultKind.GARBAGE, None),
    (FaultKind.HTTP_503_UNKNOWN, True),
    (FaultKind.HTTP_503_UNKNOWN, False),
    (FaultKind.HTTP_503_UNAVAILABLE, None),
    (FaultKind.HTTP_503_THROTTLED, None),
    (FaultKind.ERROR_1007, True),
    (FaultKind.ERROR_1007, False),
    (FaultKind.HTML_502, None),
)
"""What goes wrong, in equal shares; executed or not where both can be."""

Claim = tuple[str, float]
"""What is claimed of one order, and after how many seconds."""

Policy = Callable[[PapiClient, Sequence[CancelOrder]], Awaitable[list[Claim]]]


class Run(msgspec.Struct):
    """What came of one burst."""

    wrong: int = 0
    unknown: int = 0
    rejected: int = 0
    refused: int = 0
    """429 and 418."""
    wires: int = 0
    most: float = 0.0
    """Seconds until nine in ten were answered."""
    last: float = 0.0
    """Seconds until all were."""


async def with_burst(papi: PapiClient, requests: Sequence[CancelOrder]) -> list[Claim]:
    """Ours."""
    begun = time.perf_counter()
    claims: list[Claim] = []
    async for outcome in papi.burst_iter(requests, deadline=DEADLINE):
        number = outcome.request.order()[2]
        claims.append((f"{number} {_claim(outcome)}", time.perf_counter() - begun))
    return claims


def _claim(outcome: Any) -> str:
    match outcome:
        case Canceled():
            return "canceled"
        case AlreadyGone():
            return "gone"
        case Rejected():
            return "rejected"
        case Unknown():
            return "unknown"
    raise AssertionError(outcome)


async def naive(papi: PapiClient, requests: Sequence[CancelOrder]) -> list[Claim]:
    """What is often written: an exception is a failure, "no such order" means gone."""
    begun = time.perf_counter()

    async def one(request: CancelOrder) -> Claim:
        try:
            await papi.send(request)
            said = "canceled"
        except NotOpenError:
            said = "gone"
        except PapiError:
            said = "rejected"
        return f"{request.strategy_id} {said}", time.perf_counter() - begun

    return list(await asyncio.gather(*(one(request) for request in requests)))


async def measure(policy: Policy, share: float, seed: int) -> Run:
    """One burst, judged by the exchange's own book a little later."""
    faults = [
        Fault(kind, probability=share / len(KINDS), executed=executed, path="/papi/v1/um/cond")
        for kind, executed in KINDS
        if share
    ]
    run = Run()
    async with Simulator(latency=LATENCY, seed=seed, faults=faults) as exchange:
        ids = exchange.seed_orders(CANCELS)
        requests = [CancelOrder(symbol="BTCUSDT", strategy_id=one) for one in ids]
        async with PapiClient(
            exchange.api_key, exchange.secret, base_url=exchange.base_url, timeout=1.0
        ) as papi:
            await papi.warm_up()
            before = sum(exchange.venue.statuses.values())
            claims = await policy(papi, requests)
            run.wires = sum(exchange.venue.statuses.values()) - before
        times = sorted(after for _, after in claims)
        run.most, run.last = times[len(times) * 9 // 10], times[-1]
        for text, _ in claims:
            number, _, said = text.partition(" ")
            cancelled = exchange.venue.book[int(number)].strategy_status == "CANCELED"
            run.unknown += said == "unknown"
            run.rejected += said == "rejected"
            # Nobody else cancels here: what is cancelled, we cancelled.
            run.wrong += said != "unknown" and cancelled is not (said == "canceled")
        run.refused = exchange.venue.statuses[429] + exchange.venue.statuses[418]
    return run


def report(rounds: int) -> Report:
    """Every share of faults, by turns."""
    policies: dict[str, Policy] = {"burst": with_burst, "naive": naive}
    runs: dict[tuple[str, float], list[Run]] = {}
    for seed in range(rounds):
        for name, policy in policies.items():
            for share in SHARES:
                runs.setdefault((name, share), []).append(asyncio.run(measure(policy, share, seed)))
    rows = [_row(name, share, found) for (name, share), found in runs.items()]
    ours = {share: runs["burst", share] for share in SHARES}
    every = [run for found in ours.values() for run in found]
    kept = [clean.most / faulty.most for clean, faulty in zip(ours[0.0], ours[0.05], strict=True)]
    return Report(
        str(__doc__),
        [
            "policy",
            "faults",
            "wrong",
            "unknown",
            "rejected",
            "429, 418",
            "requests per cancel",
            "90 % answered, s",
            "all answered, s",
        ],
        rows,
        [
            Target("wrong outcomes", sum(run.wrong for run in every), 0),
            Target("429 and 418", sum(run.refused for run in every), 0),
            Target(
                "share unknown", max(_share(found, "unknown") for found in ours.values()), 0.005
            ),
            Target(
                "share rejected", max(_share(found, "rejected") for found in ours.values()), 0.005
            ),
            Target("requests per cancel without faults", _wires(ours[0.0]), 1.0),
            Target("requests per cancel at 5 % faults", _wires(ours[0.05]), 1.10),
            Target(
                "rate kept at 5 % faults, until nine in ten are answered", median(kept), 0.9, True
            ),
        ],
        [
            (
                f"{rounds} bursts of {CANCELS} cancels each; latency {LATENCY[0]} to "
                f"{LATENCY[1]} s, deadline {DEADLINE:g} s. Faults in equal shares: connection "
                "closed before or after execution, no reply, reply cut off, garbage, 503 of three "
                "kinds, -1007, 502. Judged by the exchange's own book."
            ),
            (
                "Naive: one `await papi.send(...)` each; an exception counts as a failed cancel, "
                "-2011 as gone."
            ),
        ],
    )


def _row(name: str, share: float, found: Sequence[Run]) -> list[str]:
    return [
        name,
        f"{share:.0%}",
        str(sum(run.wrong for run in found)),
        str(sum(run.unknown for run in found)),
        str(sum(run.rejected for run in found)),
        str(sum(run.refused for run in found)),
        f"{_wires(found):.3f}",
        f"{median(run.most for run in found):.2f}",
        f"{median(run.last for run in found):.2f}",
    ]


def _share(found: Sequence[Run], what: str) -> float:
    return float(sum(getattr(run, what) for run in found)) / (CANCELS * len(found))


def _wires(found: Sequence[Run]) -> float:
    return sum(run.wires for run in found) / (CANCELS * len(found))


def main() -> int:
    """Run it."""
    arguments = options(__doc__, rounds=5).parse_args()
    return finish(report(arguments.rounds), arguments)


if __name__ == "__main__":
    sys.exit(main())
