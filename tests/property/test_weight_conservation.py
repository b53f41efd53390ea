"""What the limit allows is used, and no more: simulated bursts of many seeds."""

from __future__ import annotations

from random import Random

import pytest

from binance_papi.terms import RateLimit
from tests.property.event_simulation import (
    World,
    keeps_the_limit,
    poisson,
    rough,
    simulate,
    uniform,
)
from tests.property.reference_exchange import allowed

MINUTE = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000)
FIVE_SECONDS = RateLimit("REQUEST_WEIGHT", "SECOND", 5, 200)
TEN_SECONDS = RateLimit("REQUEST_WEIGHT", "SECOND", 10, 400)


def narrow(phase: tuple[float, float]) -> World:
    """900 requests, 64 connections, 200 in 5 s, 300 ms latency, 700 ms clock error."""
    return World(
        FIVE_SECONDS,
        arrivals=(0.0,) * 900,
        slots=64,
        error=0.7,
        latency=uniform(0.0, 0.3),
        phase=phase,
    )


@pytest.mark.parametrize("seed", range(80))
def test_burst_through_narrow_windows(seed: int) -> None:
    """No window is passed, and every full window is used to 93 % at least."""
    outcome = simulate(narrow((0.0, 1.0)), seed)
    assert outcome.sent == 900
    assert sum(outcome.used.values()) == 900
    assert outcome.overruns == 0
    assert outcome.worst_peak <= allowed(FIVE_SECONDS)
    assert min(outcome.full_windows()) >= 0.93 * FIVE_SECONDS.limit


@pytest.mark.parametrize("error", [0.011, 0.1, 0.25])
@pytest.mark.parametrize("seed", range(4))
def test_infinite_demand_uses_the_limit(seed: int, error: float) -> None:
    """I3: with endless demand at least 95 % of the limit is used, window after window."""
    windows = 8
    world = World(
        TEN_SECONDS,
        arrivals=(0.0,) * (TEN_SECONDS.limit * (windows + 2)),
        slots=64,
        error=error,
        latency=rough(0.08, 0.6, stalls=0.002, longest=8.0),
        until=TEN_SECONDS.seconds * (windows + 1.5),
    )
    outcome = simulate(world, seed)
    full = outcome.full_windows()[:windows]
    assert len(full) == windows
    assert sum(full) >= 0.95 * TEN_SECONDS.limit * windows
    assert outcome.worst_peak <= allowed(TEN_SECONDS)


@pytest.mark.timeout(60)
def test_infinite_demand_uses_the_whole_minute() -> None:
    """I3 with the exchange's own numbers: 6000 a minute."""
    windows = 3
    world = World(
        MINUTE,
        arrivals=(0.0,) * (MINUTE.limit * (windows + 2)),
        slots=64,
        error=0.25,
        latency=rough(0.08, 0.6, stalls=0.002, longest=8.0),
        until=60.0 * (windows + 1.5),
    )
    outcome = simulate(world, 1)
    assert sum(outcome.full_windows()[:windows]) >= 0.95 * MINUTE.limit * windows
    assert outcome.worst_peak <= allowed(MINUTE)


@pytest.mark.parametrize("load", [0.6, 0.95, 1.3])
@pytest.mark.parametrize("error", [0.02, 0.25, 1.0])
def test_rough_network_never_passes_the_limit(load: float, error: float) -> None:
    """I1 under stalls of seconds and lost replies, at any load."""
    outcomes = []
    for seed in range(4):
        arrivals = poisson(
            Random(f"load {seed}"), load * TEN_SECONDS.limit / TEN_SECONDS.seconds, 60.0
        )
        world = World(
            TEN_SECONDS,
            arrivals,
            slots=64,
            error=error,
            latency=rough(0.08, 1.0, stalls=0.02, longest=8.0),
            loss=0.01,
        )
        outcomes.append(simulate(world, seed))
    assert keeps_the_limit(outcomes, TEN_SECONDS)
    assert max(outcome.worst_peak for outcome in outcomes) <= allowed(TEN_SECONDS)
    assert [len(poisson(Random("load 0"), load * 40, 60.0))] == [outcomes[0].sent]
