"""One timer for many: everybody is called at the time that was set last, and nobody else."""

from __future__ import annotations

import asyncio
from math import inf
from random import Random

import pytest

from binance_papi.net.alarm import Alarm
from tests.stage import Virtual


class Sleeper:
    """Notes when it was called; may set itself again."""

    def __init__(self, alarm: Alarm, loop: asyncio.AbstractEventLoop) -> None:
        self.alarm = alarm
        self.loop = loop
        self.rings_at = inf
        self.called: list[float] = []
        self.again: list[float] = []

    def set(self, when: float) -> None:
        """Call me then."""
        self.alarm.set(self, when)

    def ring(self) -> None:
        """It is called."""
        self.called.append(self.loop.time())
        if self.again:
            self.set(self.loop.time() + self.again.pop())


def test_each_is_called_at_the_time_set_last(virtual: Virtual) -> None:
    """Earlier or later than the one before, or not at all."""

    async def main() -> list[list[float]]:
        loop = asyncio.get_running_loop()
        alarm, start = Alarm(loop), loop.time()
        sleepers = [Sleeper(alarm, loop) for _ in range(5)]
        for sleeper in sleepers:
            sleeper.set(start + 2)
        sleepers[1].set(start + 1)
        sleepers[2].set(start + 3)
        sleepers[3].set(inf)
        sleepers[4].again = [0.5, 0.0]
        await asyncio.sleep(10)
        return [[round(when - start, 3) for when in sleeper.called] for sleeper in sleepers]

    assert virtual(main()) == [[2], [1], [3], [], [2, 2, 2.5]]
    assert virtual.loop.timers() == 0


def test_no_timer_while_all_may_sleep(virtual: Virtual) -> None:
    """Also where one was set and taken back; and one for all that wait."""

    async def main() -> list[int]:
        loop = asyncio.get_running_loop()
        alarm, start = Alarm(loop), loop.time()
        sleepers = [Sleeper(alarm, loop) for _ in range(100)]
        seen = []
        for number, sleeper in enumerate(sleepers):
            sleeper.set(start + 100 - number)
        seen.append(virtual.loop.timers())
        for sleeper in sleepers[1:]:
            sleeper.set(inf)
        seen.append(virtual.loop.timers())
        sleepers[0].set(inf)
        sleepers[0].set(inf)
        seen.append(virtual.loop.timers())
        return seen

    assert virtual(main()) == [1, 1, 0]


@pytest.mark.parametrize("seed", range(30))
def test_whatever_is_set_and_taken_back(virtual: Virtual, seed: int) -> None:
    """Beside a timer for each, it calls the same at the same times."""
    dice = Random(seed)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        alarm = Alarm(loop)
        sleepers = [Sleeper(alarm, loop) for _ in range(dice.randint(1, 8))]
        expected: list[list[float]] = [[] for _ in sleepers]
        for _ in range(200):
            number = dice.randrange(len(sleepers))
            when = inf if dice.random() < 0.3 else loop.time() + dice.choice([0.5, 1, 1.5, 2, 5])
            sleepers[number].set(when)
            assert virtual.loop.timers() == any(one.rings_at < inf for one in sleepers)
            pause = dice.choice([0, 0, 0.25, 1, 3])
            until = loop.time() + pause
            for times, one in zip(expected, sleepers, strict=True):
                if pause and one.rings_at <= until:
                    times.append(one.rings_at)
            if pause:
                await asyncio.sleep(pause)
                await asyncio.sleep(0)
        for times, one in zip(expected, sleepers, strict=True):
            assert one.called == pytest.approx(times)
            one.set(inf)

    virtual(main())
    assert virtual.loop.timers() == 0
