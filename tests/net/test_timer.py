"""Timers for times that are over already, on either event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any

import pytest

from binance_papi.net.alarm import Alarm
from binance_papi.net.deadline import Deadline
from binance_papi.net.timer import Timer

Play = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Play:
    """Runs something on a loop; what the loop complains of is raised."""
    factory = asyncio.new_event_loop
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def run(work: Coroutine[Any, Any, None]) -> None:
        problems: list[Any] = []
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.get_loop().set_exception_handler(lambda _, what: problems.append(what))
            runner.run(work)
        assert problems == []

    return run


class Sleeper:
    """Counts its calls."""

    def __init__(self) -> None:
        self.rings_at = inf
        self.calls = 0

    def ring(self) -> None:
        """It is called."""
        self.calls += 1


def test_a_timer_knows_its_time(play: Play) -> None:
    """Also where that is over; and it can be taken back."""

    async def main() -> None:
        loop, rung = asyncio.get_running_loop(), []
        past = loop.time() - 1
        timer = Timer(loop, past, lambda: rung.append(1))
        other = Timer(loop, past, lambda: rung.append(2))
        assert timer.when == past
        other.cancel()
        await asyncio.sleep(0.01)
        assert rung == [1]

    play(main())


def test_an_alarm_for_what_is_over(play: Play) -> None:
    """It rings soon, however many are set."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        alarm, sleepers = Alarm(loop), [Sleeper() for _ in range(5)]
        for number, sleeper in enumerate(sleepers):
            alarm.set(sleeper, loop.time() - number)
        await asyncio.sleep(0.05)
        assert [sleeper.calls for sleeper in sleepers] == [1] * 5

    play(main())


def test_a_deadline_that_is_over_may_start_again(play: Play) -> None:
    """Before it strikes."""

    async def main() -> None:
        with Deadline(asyncio.get_running_loop(), -0.001) as deadline:
            deadline.restart(-0.002)
            await asyncio.sleep(0.5)
        assert deadline.expired

    play(main())
