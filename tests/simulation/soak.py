"""One client for a long time: nothing may pile up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.simulation.checker import History, Violation, judge
from tests.simulation.policies import Policy, available
from tests.simulation.profile import Profile, of_level
from tests.simulation.run import World, ask, staged
from tests.simulation.virtual_loop import VirtualLoop

BATCH = 1000
SETTLING = 30.0
"""Seconds between two bursts: until then no request of the first can take effect any more."""

MOST = 100
"""After so many violations no more are looked for."""


@dataclass(slots=True)
class Soak:
    """What a long run showed.

    Attributes:
        cancels: Orders asked for.
        kinds: Claims by kind.
        violations: What is wrong; at most the first hundred.
        resident: Resident memory after each batch, in bytes; 0 where nobody tells.
        requests: Requests on the wire.
    """

    cancels: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)
    requests: int = 0

    def growth(self) -> float:
        """Part by which memory grew from a tenth of the run to its end."""
        early = self.resident[len(self.resident) // 10]
        return self.resident[-1] / early - 1 if early else 0.0


def soak(
    seed: int,
    policy: Policy,
    cancels: int,
    faults: float,
    *,
    batch: int = BATCH,
    progress: Callable[[Soak], None] = lambda _: None,
) -> Soak:
    """Let one client cancel many orders, a batch at a time.

    Args:
        seed: The seed.
        policy: How.
        cancels: How many orders.
        faults: Part of the messages that meet a fault.
        batch: Orders in one burst.
        progress: Called after each batch.
    """
    day: Profile = replace(of_level(faults), families=available())
    loop = VirtualLoop()
    world = World(seed, loop, day)
    found = Soak()

    async def go() -> None:
        papi = world.client()
        await papi.open()
        while found.cancels < cancels:
            history, _ = await ask(world, papi, policy, min(batch, cancels - found.cancels))
            await asyncio.sleep(SETTLING)
            _add(found, world, history)
            progress(found)
        await papi.aclose()
        leftovers = loop.leftovers(asyncio.current_task())
        found.violations += [Violation("leftover", None, text) for text in leftovers]

    try:
        with staged(world, seed):
            loop.run_until_complete(go())
    finally:
        loop.close()
    return found


def _add(found: Soak, world: World, history: History) -> None:
    """Judge a batch and forget it."""
    if len(found.violations) < MOST:
        found.violations += judge(history)
    found.cancels += len(history.asked)
    found.kinds.update(claim.kind for claim in history.claims)
    found.requests = world.network.written
    found.resident.append(_resident())
    world.network.wires.clear()
    world.venue.used.clear()
    world.book.clear()


def _resident() -> int:
    """Resident memory of this process, in bytes; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096
    except OSError:
        return 0
