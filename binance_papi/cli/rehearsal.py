"""One rehearsal: an exchange on this machine, orders placed and then cancelled in one burst."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, Final, NamedTuple

import msgspec

from binance_papi import PapiClient
from binance_papi.cli.families import KINDS, Family, Kind
from binance_papi.cli.fate import Results
from binance_papi.cli.judge import Met, Story, judge, met, story
from binance_papi.cli.screen import tell
from binance_papi.cli.trouble import Fortune, mixture
from binance_papi.simulator import Simulator

SYMBOL: Final = "BTCUSDT"

MOST_PLACED: Final = 500
"""How many orders are placed by requests: well inside the 1200 per minute, so none has to wait."""

CONNECTIONS: Final = 64
"""Requests in flight at most."""

_OPEN_ORDERS: Final = 200
"""The exchange's own limit for open orders; a greater rehearsal raises it."""

_PER_MINUTE: Final = 3000
_DEADLINE: Final = 30.0
_TROUBLE: Final = 0.1

Bar = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


class Plan(NamedTuple):
    """What is rehearsed."""

    orders: int
    """At least 1."""
    family: Family
    faults: bool
    """Whether things go wrong."""
    seed: int
    """Of the exchange's latencies and of what goes wrong."""
    latency: tuple[float, float]
    """Least and greatest seconds that a request takes at the exchange."""

    @property
    def deadline(self) -> float:
        """Seconds for the burst: enough to wait for the next minutes' weight, or for trouble."""
        trouble = self.orders * _TROUBLE if self.faults else 0.0
        return _DEADLINE + trouble + 60.0 * (self.orders // _PER_MINUTE)


class Percentiles(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from the call to the outcome, the wait for a turn included."""

    p50: float
    p90: float
    p99: float
    max: float


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One rate limit after the rehearsal."""

    name: str
    limit: int
    reckoned: int
    """Used in the present window, as the client reckons."""
    counted: int
    """Used in the present window, as the exchange counted."""
    peak: int
    """Most that the exchange counted in one window."""


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What happened."""

    base_url: str
    family: str
    orders: int
    placed: int
    """Orders placed by requests of the client; the others were put in the book beforehand."""
    warm_up_seconds: float
    connections: int
    place_seconds: float
    burst_seconds: float
    outcomes: dict[str, int]
    """How many of each kind."""
    told: Story
    """What the outcomes rest on."""
    met: list[Met]
    """Which faults the requests of the burst met, and how their orders ended."""
    latency_ms: Percentiles
    limits: list[Limit]
    requests: int
    """Requests that arrived at the exchange, all kinds together."""
    burst_requests: int
    """Those of the burst: cancels and queries."""
    burst_queries: int
    burst_weight: int
    """Request weight that the exchange counted in the burst."""
    answers_429: int
    answers_418: int
    bans: int
    book: dict[str, int]
    """The orders of the rehearsal by their status in the exchange's own book."""
    still_open: int
    """How many of them are open there."""
    wrong: list[str]
    """Outcomes that the exchange's own book contradicts; none, as it should be."""

    @property
    def as_it_should(self) -> bool:
        """Whether every order is gone, every outcome certain and every one true."""
        certain = self.outcomes["Canceled"] + self.outcomes["AlreadyGone"]
        return certain == self.orders and not self.wrong and not self.still_open

    @property
    def rate(self) -> float:
        """Orders per second."""
        return self.orders / self.burst_seconds if self.burst_seconds else 0.0


async def rehearse(plan: Plan, bar: Bar) -> Rehearsal:
    """Run one rehearsal.

    Args:
        plan: What is rehearsed.
        bar: Shows progress: text and number of steps.

    Raises:
        PapiError: If an order can't be placed, or the exchange can't be reached.
    """
    exchange = Simulator(
        era="algo" if plan.family is Family.ALGO else "conditional",
        latency=plan.latency,
        seed=plan.seed,
        max_open_orders=max(plan.orders, _OPEN_ORDERS),
    )
    async with exchange:
        papi = PapiClient(
            exchange.api_key,
            exchange.secret,
            base_url=exchange.base_url,
            connections=CONNECTIONS,
            on_event=tell,
        )
        async with papi:
            return await _Walk(exchange, papi, plan).run(bar)


class _Walk:
    """One rehearsal on its way."""

    def __init__(self, exchange: Simulator, papi: PapiClient, plan: Plan) -> None:
        self._exchange = exchange
        self._papi = papi
        self._plan = plan
        self._kind = KINDS[plan.family]

    async def run(self, bar: Bar) -> Rehearsal:
        exchange, papi, plan, kind = self._exchange, self._papi, self._plan, self._kind
        n = min(plan.orders, MOST_PLACED)
        seeded = exchange.seed_orders(plan.orders - n, SYMBOL, kind.name)
        now = asyncio.get_running_loop().time
        began = now()
        await papi.warm_up()
        warm = now()
        with bar("placing", n) as step:
            placed = await _place(papi, kind, n, step)
        ready = now()
        ids = [*seeded, *placed]
        wire, weight = len(exchange.venue.wire), self._weight()
        results = Results([kind.cancel(SYMBOL, one, None) for one in ids])
        with bar("cancelling", len(ids)) as step:
            await self._burst(results, ids, step)
        report = results.report()
        records = [exchange.venue.wire[i] for i in range(wire, len(exchange.venue.wire))]
        orders = [exchange.order(one, kind.name) for one in ids]
        latency = {
            name: seconds * 1000 for name, seconds in msgspec.structs.asdict(report.latency).items()
        }
        venue = exchange.venue
        return Rehearsal(
            base_url=exchange.base_url,
            family=plan.family.value,
            orders=len(ids),
            placed=len(placed),
            warm_up_seconds=warm - began,
            connections=CONNECTIONS,
            place_seconds=ready - warm,
            burst_seconds=report.elapsed,
            outcomes=report.by_kind,
            told=story(report.outcomes),
            met=met(records, report.outcomes, kind),
            latency_ms=Percentiles(**latency),
            limits=_limits(exchange, papi),
            requests=len(venue.wire),
            burst_requests=len(records),
            burst_queries=sum(record.method == "GET" for record in records),
            burst_weight=self._weight() - weight,
            answers_429=venue.statuses[429],
            answers_418=venue.statuses[418],
            bans=len(venue.ban_history),
            book=dict(Counter(order.status_now for order in orders)),
            still_open=sum(order.is_open for order in orders),
            wrong=judge(report.outcomes, orders),
        )

    async def _burst(self, results: Results, ids: list[int], step: Callable[[], None]) -> None:
        """The burst, and what happens around it."""
        exchange, plan = self._exchange, self._plan
        work = results.collect(self._papi, step, deadline=plan.deadline)
        if not plan.faults:
            await work
            return
        fortune = Fortune(exchange, self._kind, ids, plan.seed)
        fortune.before()
        for fault in mixture():
            exchange.inject(fault)
        meanwhile = asyncio.create_task(fortune.meanwhile())
        try:
            await work
        finally:
            meanwhile.cancel()
            with suppress(asyncio.CancelledError):
                await meanwhile
            exchange.clear_faults()

    def _weight(self) -> int:
        """Request weight that the exchange counted so far, in all windows."""
        windows = self._exchange.venue.windows()
        return sum(one.used for one in windows if one.rule.rate_limit_type == "REQUEST_WEIGHT")


async def _place(papi: PapiClient, kind: Kind, n: int, step: Callable[[], None]) -> list[int]:
    new: Any = kind.request("NewOrder")
    algo = kind is KINDS[Family.ALGO]

    async def one(number: int) -> int:
        level = str(20_000 + number)
        fields = (
            {"type": "STOP_MARKET", "trigger_price": level}
            if algo
            else {"strategy_type": "STOP_MARKET", "stop_price": level}
        )
        order = await papi.send(new(symbol=SYMBOL, side="SELL", quantity="0.01", **fields))
        step()
        number = order.sighting().id
        return int(number)

    return await asyncio.gather(*(one(number) for number in range(n)))


def _limits(exchange: Simulator, papi: PapiClient) -> list[Limit]:
    limits: list[Limit] = []
    for usage in papi.usage():
        counted = [window.used for window in exchange.venue.windows() if window.rule == usage.limit]
        limits.append(
            Limit(
                name=usage.limit.rate_limit_type,
                limit=usage.limit.limit,
                reckoned=usage.used,
                counted=counted[-1] if counted else 0,
                peak=max(counted, default=0),
            )
        )
    return limits
