"""Days of a user data stream, in virtual time: no event that reached a live connection is lost.

``SIMULATION_SEEDS=10000`` runs more of them, ``SIMULATION_START`` others (the nightly run does).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable
from random import Random

import pytest

from binance_papi.api.events import BalanceUpdate
from binance_papi.core.gap import Gap
from binance_papi.errors import AuthError, OverloadedError, UnknownOutcomeError
from tests.net.stream_desk import DAY, LIFE, Desk, Wire, play
from tests.simulation.campaign import Tally
from tests.simulation.claim import UNKNOWN
from tests.simulation.profile import STUDY
from tests.simulation.run import simulate
from tests.stage import Virtual

WORLDS = int(os.environ.get("SIMULATION_SEEDS", "200")) // 4
PORTION = 10
DAYS = max(6, WORLDS // 12)
START = int(os.environ.get("SIMULATION_START", "0"))


class Day:
    """A day of accidents, one every ten minutes or so, and of events, one every minute."""

    def __init__(self, desk: Desk, dice: Random) -> None:
        self.desk, self.venue, self.dice = desk, desk.venue, dice
        self.arrived: list[tuple[int, int]] = []
        self.missed: list[tuple[int, int]] = []

    async def pass_(self) -> None:
        """All of it."""
        ends = self.venue.loop.time() + DAY
        jobs = [asyncio.create_task(job(ends)) for job in (self._events, self._accidents)]
        await asyncio.gather(*jobs)
        self.venue.refuse.clear()
        await asyncio.sleep(300)
        self._happen()
        await asyncio.sleep(5)

    def _happen(self) -> None:
        number, at, live = self.venue.happen()
        (self.arrived if live else self.missed).append((number, at))

    async def _events(self, ends: float) -> None:
        while self.venue.loop.time() < ends:
            await asyncio.sleep(self.dice.expovariate(1 / 60))
            for _ in range(self.dice.choice((1, 1, 5))):
                self._happen()

    async def _accidents(self, ends: float) -> None:
        accidents: list[Callable[[Wire | None], None]] = [
            self._cut,
            self._freeze,
            self._shut_down,
            self._close_key,
            self._age_key,
            self._refuse_requests,
            self._refuse_connections,
        ]
        while self.venue.loop.time() < ends:
            await asyncio.sleep(self.dice.expovariate(1 / 600))
            wires = [wire for wire in self.venue.wires if wire.live]
            self.dice.choice(accidents)(self.dice.choice(wires) if wires else None)

    def _cut(self, wire: Wire | None) -> None:
        if wire is not None:
            wire.cut()

    def _freeze(self, wire: Wire | None) -> None:
        """Half-open: nothing comes through in either direction, and nobody says so."""
        if wire is not None:
            wire.frozen = True

    def _shut_down(self, wire: Wire | None) -> None:
        if wire is not None:
            wire.give(b'{"event":{"e":"serverShutdown","E":1}}')
            self.venue.loop.call_later(self.dice.uniform(0, 20), wire.cut)

    def _close_key(self, _: Wire | None) -> None:
        """Somebody closes the key, or exchanges it for another one."""
        self.venue.key = None
        if self.dice.random() < 0.5:
            self.venue.keys += 1
            self.venue.key = f"hush{self.venue.keys}"
            self.venue.extended = self.venue.loop.time()

    def _age_key(self, _: Wire | None) -> None:
        """The exchange ends the key before its time."""
        self.venue.extended -= LIFE

    def _refuse_requests(self, _: Wire | None) -> None:
        errors = (OverloadedError("no"), UnknownOutcomeError("no"), AuthError("no", code=-2015))
        self.venue.refuse = [self.dice.choice(errors) for _ in range(self.dice.randint(1, 8))]

    def _refuse_connections(self, _: Wire | None) -> None:
        self.venue.refuse = ["no route"] * self.dice.randint(1, 8)


@pytest.mark.parametrize("seed", range(START, START + DAYS))
def test_a_day_loses_nothing(virtual: Virtual, seed: int) -> None:
    """What reached a live connection came once; what reached none lies in a gap that was told."""

    async def main(desk: Desk) -> None:
        day = Day(desk, Random(seed))
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            await day.pass_()
            assert stream.connected
        await reader
        for wire in desk.venue.wires:
            wire.over = True
        got = [event.event_update_id for event in desk.got if isinstance(event, BalanceUpdate)]
        assert len(set(got)) == len(got)
        assert set(got) == {number for number, _ in day.arrived}
        gaps = [event for event in desk.got if isinstance(event, Gap)]
        for number, at in day.missed:
            assert any(gap.since_ms <= at <= gap.until_ms for gap in gaps), number
        assert len(gaps) > 3
        assert all(gap.until_ms - gap.since_ms < 1_500_000 for gap in gaps)
        # A gap stands where its events would stand.
        last = 0
        for event in desk.got:
            if isinstance(event, BalanceUpdate):
                last = event.event_time or 0
            elif isinstance(event, Gap):
                assert last <= event.until_ms

    state = random.getstate()
    random.seed(seed)
    try:
        play(virtual, main)
    finally:
        random.setstate(state)


@pytest.mark.parametrize("first", range(START, START + WORLDS, PORTION))
def test_no_outcome_is_wrong_with_a_stream(first: int) -> None:
    """Events late, lost, doubled, shuffled, before, after and instead of replies."""
    for seed in range(first, min(first + PORTION, START + WORLDS)):
        result = simulate(seed, stream=True)
        assert result.violations == (), f"simulate({seed}, stream=True)"


def test_a_stream_saves_requests() -> None:
    """Fewer queries and second cancels, and fewer orders whose fate is unknown."""
    with_, without = Tally(), Tally()
    for seed in range(12):
        with_.add(simulate(seed, cancels=40, profile=STUDY, stream=True))
        without.add(simulate(seed, cancels=40, profile=STUDY))
    assert with_.failed == without.failed == []
    assert with_.wires < without.wires
    assert with_.kinds[UNKNOWN] <= without.kinds[UNKNOWN]


def test_a_run_with_a_stream_repeats() -> None:
    """A failing seed can be replayed bit for bit."""
    assert simulate(5, stream=True).digest == simulate(5, stream=True).digest
