"""One rehearsal: an exchange on this machine, orders placed and then cancelled in one burst."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from math import ceil
from typing import Final

import msgspec

from binance_papi import PapiClient, StrategyStatus
from binance_papi.api.um.conditional import CancelOrder, NewOrder
from binance_papi.cli.fate import Fate, cancel_all, count
from binance_papi.cli.screen import tell
from binance_papi.simulator import Simulator

SYMBOL: Final = "BTCUSDT"

MOST_PLACED: Final = 500
"""How many orders are placed by requests: well inside the 1200 per minute, so none has to wait."""

CONNECTIONS: Final = 64
"""Requests in flight at most."""

_OPEN_ORDERS: Final = 200
"""The exchange's own limit for open orders; a greater rehearsal raises it."""

Bar = Callable[[str, int], AbstractContextManager[Callable[[], None]]]


class Latency(msgspec.Struct, frozen=True, kw_only=True):
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
    orders: int
    placed: int
    """Orders placed by requests of the client; the others were put in the book beforehand."""
    warm_up_seconds: float
    connections: int
    place_seconds: float
    burst_seconds: float
    outcomes: dict[str, int]
    latency_ms: Latency
    limits: list[Limit]
    requests: int
    """Requests that arrived at the exchange, all kinds together."""
    answers_429: int
    answers_418: int
    bans: int
    canceled_in_book: int
    """Orders of the rehearsal that the exchange's own book shows as CANCELED."""

    @property
    def as_it_should(self) -> bool:
        """Whether every order ended CANCELED, for the client and for the exchange."""
        return self.outcomes["canceled"] == self.canceled_in_book == self.orders

    @property
    def rate(self) -> float:
        """Cancels per second."""
        return self.orders / self.burst_seconds if self.burst_seconds else 0.0


async def rehearse(n: int, seed: int, latency: tuple[float, float], bar: Bar) -> Rehearsal:
    """Run one rehearsal.

    Args:
        n: How many orders, at least 1.
        seed: Seed of the exchange's latencies.
        latency: Least and greatest seconds that a request takes at the exchange.
        bar: Shows progress: text and number of steps.

    Raises:
        PapiError: If an order can't be placed, or the exchange can't be reached.
    """
    exchange = Simulator(latency=latency, seed=seed, max_open_orders=max(n, _OPEN_ORDERS))
    async with exchange:
        seeded = exchange.seed_orders(n - min(n, MOST_PLACED), symbol=SYMBOL)
        papi = PapiClient(
            exchange.api_key,
            exchange.secret,
            base_url=exchange.base_url,
            connections=CONNECTIONS,
            on_event=tell,
        )
        async with papi:
            return await _walk(exchange, papi, seeded, n - len(seeded), bar)


async def _walk(
    exchange: Simulator, papi: PapiClient, seeded: list[int], to_place: int, bar: Bar
) -> Rehearsal:
    now = asyncio.get_running_loop().time
    began = now()
    await papi.warm_up()
    warm = now()
    with bar("placing", to_place) as step:
        placed = await _place(papi, to_place, step)
    ready = now()
    ids = [*seeded, *placed]
    with bar("cancelling", len(ids)) as step:
        burst = now()
        fates = await cancel_all(
            papi, [CancelOrder(symbol=SYMBOL, strategy_id=i) for i in ids], step
        )
        ended = now()
    venue = exchange.venue
    return Rehearsal(
        base_url=exchange.base_url,
        orders=len(ids),
        placed=len(placed),
        warm_up_seconds=warm - began,
        connections=CONNECTIONS,
        place_seconds=ready - warm,
        burst_seconds=ended - burst,
        outcomes=count(fates),
        latency_ms=_latency(fates),
        limits=_limits(exchange, papi),
        requests=len(venue.wire),
        answers_429=venue.statuses[429],
        answers_418=venue.statuses[418],
        bans=len(venue.ban_history),
        canceled_in_book=sum(venue.book[i].strategy_status is StrategyStatus.CANCELED for i in ids),
    )


async def _place(papi: PapiClient, n: int, step: Callable[[], None]) -> list[int]:
    async def one(number: int) -> int:
        order = await papi.send(
            NewOrder(
                symbol=SYMBOL,
                side="SELL",
                strategy_type="STOP_MARKET",
                quantity="0.01",
                stop_price=str(20_000 + number),
            )
        )
        step()
        return order.strategy_id

    return await asyncio.gather(*(one(number) for number in range(n)))


def _latency(fates: Sequence[Fate]) -> Latency:
    sizes = sorted(fate.seconds * 1000 for fate in fates)

    def share(percent: int) -> float:
        return sizes[ceil(percent * len(sizes) / 100) - 1]

    return Latency(p50=share(50), p90=share(90), p99=share(99), max=sizes[-1])


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
