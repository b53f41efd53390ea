"""One run: a seed, a day, some cancels, and a judgment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from types import SimpleNamespace
from unittest import mock

from binance_papi import CloseReport, PapiClient, RateLimit
from binance_papi.net import clock
from tests.simulation.book import Book
from tests.simulation.checker import History, Violation, judge
from tests.simulation.claim import Claim
from tests.simulation.dice import Dice
from tests.simulation.feed import told
from tests.simulation.network import Network, plugged
from tests.simulation.policies import CONTROLS, Policy, available, burst, key_of
from tests.simulation.profile import Profile, drawn
from tests.simulation.scenario import Scenario
from tests.simulation.trace import Trace
from tests.simulation.venue import BEGINNING, WINDOW, Venue
from tests.simulation.virtual_loop import VirtualLoop

DEADLINE = 10.0
"""Seconds a burst has."""

LEAD = 0.3
"""Seconds before the burst from which on fates may begin."""

HORIZON = 120.0
"""Seconds after which everything has settled."""

SECRET = "simulated-secret"


@dataclass(frozen=True, slots=True)
class Result:
    """What a run showed.

    Attributes:
        seed: Its seed.
        claims: Every claim, in order.
        final: What was claimed after asking on.
        violations: What is wrong.
        wires: Requests that were written.
        statuses: Replies by HTTP status.
        digest: A number for everything that happened.
        lines: Everything that happened, if it was kept.
    """

    seed: int
    claims: tuple[Claim, ...]
    final: tuple[Claim, ...]
    violations: tuple[Violation, ...]
    wires: int
    statuses: dict[int, int]
    digest: str
    lines: tuple[str, ...] = ()


class World:
    """Everything outside of the client, for one seed.

    Args:
        seed: The seed.
        loop: Virtual time.
        profile: What goes wrong.
        keep: Whether the trace keeps its lines.
    """

    def __init__(
        self, seed: int, loop: VirtualLoop, profile: Profile, *, keep: bool = False
    ) -> None:
        dice = Dice(seed)
        self.loop = loop
        self.profile = profile
        self.book = Book()
        self.trace = Trace(keep=keep)
        self.venue = Venue(self.book, profile, dice.of("venue"), SECRET, loop)
        self.network = Network(loop, self.venue, profile, dice.of("network"), self.trace)
        self.scenario = Scenario(self.book, profile, dice.of("scenario"), loop)

    def client(self) -> PapiClient:
        """A client of this world, not open yet."""
        profile = self.profile
        return PapiClient(
            "simulated-key",
            SECRET,
            limits=(
                RateLimit("REQUEST_WEIGHT", "MINUTE", 1, profile.limit),
                RateLimit("ORDERS", "MINUTE", 1, 1200),
            ),
            recv_window=profile.recv_window,
            connections=profile.connections,
            timeout=profile.timeout,
            on_event=lambda event: self.trace.note(self.loop.time(), "event", event),
        )

    def wall(self) -> float:
        """What the client's wall clock reads."""
        return self.venue.exchange_time() + self.profile.skew


@contextmanager
def staged(world: World, seed: int) -> Iterator[None]:
    """Put the client into the world: its network, its wall clock, its chance."""
    state = random.getstate()
    random.seed(seed)
    try:
        with (
            plugged(world.network),
            mock.patch.object(clock, "time", SimpleNamespace(time=world.wall)),
        ):
            yield
    finally:
        random.setstate(state)


def simulate(
    seed: int,
    policy: Policy = burst,
    *,
    cancels: int | None = None,
    faults: float | None = None,
    profile: Profile | None = None,
    stream: bool = False,
    keep: bool = False,
) -> Result:
    """Run one seed.

    Args:
        seed: The seed: everything follows from it.
        policy: How the orders are cancelled.
        cancels: How many; ``None``: 10 to 40.
        faults: How many messages meet a fault, part of 1; ``None``: the seed says.
        profile: The whole day instead.
        stream: Whether a user data stream tells what happens, well or badly.
        keep: Whether all that happens is written down for reading.
    """
    dice = Dice(seed).of("run")
    day = drawn(dice, faults) if profile is None else profile
    families = tuple(family for family in day.families if family in available())
    day = replace(day, families=families)
    count = dice.randint(10, 40) if cancels is None else cancels
    loop = VirtualLoop(1000.0 + WINDOW * day.phase)
    assert (BEGINNING + 1000) % WINDOW == 0
    world = World(seed, loop, day, keep=keep)
    try:
        with staged(world, seed):
            history = loop.run_until_complete(
                _go(world, policy, count, Dice(seed).of("feed") if stream else None)
            )
    finally:
        loop.close()
    violations = judge(history)
    for claim in (*history.claims, *history.final):
        world.trace.note(loop.time(), *claim)
    return Result(
        seed=seed,
        claims=tuple(history.claims),
        final=tuple(history.final),
        violations=tuple(violations),
        wires=world.network.written,
        statuses=dict(world.venue.replies),
        digest=world.trace.digest(),
        lines=tuple(world.trace.lines or ()),
    )


async def _go(world: World, policy: Policy, count: int, feed: random.Random | None) -> History:
    papi = world.client()
    await papi.open()
    with nullcontext() if feed is None else told(world.loop, papi, feed, world.trace):
        history, closed = await ask(world, papi, policy, count)
    closed = closed or await papi.aclose()
    if policy not in CONTROLS:
        history.closed = [key_of(one.request) for one in closed.unresolved]
    history.leftovers = world.loop.leftovers(asyncio.current_task())
    await asyncio.sleep(HORIZON)
    return history


async def ask(
    world: World, papi: PapiClient, policy: Policy, count: int
) -> tuple[History, CloseReport | None]:
    """Place orders, have them cancelled, and note what is claimed; truth may still move on."""
    loop = world.loop
    orders = world.scenario.place(count, loop.time() + LEAD)
    orders += orders[: int(count * world.profile.twice)]
    await asyncio.sleep(LEAD)
    said = await policy(papi, orders, DEADLINE)
    history = History(
        asked=[order.key for order in orders] if said.claims is not None else [],
        claims=said.claims or [],
        final=said.final,
        book=world.book,
        wires=world.network.wires.values(),
        used=world.venue.used,
        limit=world.profile.limit,
        statuses=world.venue.replies,
        late=max(0.0, said.late),
        calls=said.calls,
    )
    return history, said.closed
