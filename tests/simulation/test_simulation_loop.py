from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from tests.simulation.virtual_loop import DeadlockError, VirtualLoop


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    """A loop that begins at 1000."""
    loop = VirtualLoop()
    yield loop
    loop.close()


def test_timers_ring_in_the_order_of_their_times(loop: VirtualLoop) -> None:
    """And the clock reads exactly when each was due."""
    rung: list[tuple[str, float]] = []

    def ring(name: str) -> None:
        rung.append((name, loop.time()))

    async def main() -> None:
        for name, delay in (("late", 3.0), ("soon", 0.001), ("middle", 1.5)):
            loop.call_later(delay, ring, name)
        await asyncio.sleep(10)

    loop.run_until_complete(main())
    assert rung == [("soon", 1000.001), ("middle", 1001.5), ("late", 1003.0)]
    assert loop.time() == 1010.0


def test_a_day_takes_no_time(loop: VirtualLoop) -> None:
    """However long the wait, the clock jumps."""
    loop.run_until_complete(asyncio.sleep(1e6))
    assert loop.time() == 1_001_000.0


def test_waiting_for_nothing_is_an_error(loop: VirtualLoop) -> None:
    """A future that nobody will ever fulfil is found out at once."""
    with pytest.raises(DeadlockError, match="nothing will ever happen"):
        loop.run_until_complete(loop.create_future())


def test_the_world_comes_before_timers_of_the_same_moment(loop: VirtualLoop) -> None:
    """What happens outside at a moment is there for who looks at that moment."""
    order: list[str] = []

    async def main() -> None:
        loop.call_at(1001.0, lambda: order.append("timer"))
        loop.happen(1001.0, lambda: order.append("world"))
        loop.happen(1001.0, lambda: order.append("world again"))
        await asyncio.sleep(2)

    loop.run_until_complete(main())
    assert order == ["world", "world again", "timer"]


def test_a_happening_can_wake_a_task(loop: VirtualLoop) -> None:
    """Though no timer is armed."""
    future: asyncio.Future[str] = loop.create_future()
    loop.happen(1005.0, lambda: future.set_result("here"))
    assert loop.run_until_complete(future) == "here"
    assert loop.time() == 1005.0


def test_threads_work_on_the_loop(loop: VirtualLoop) -> None:
    """Results and errors of `asyncio.to_thread` come without a thread, in order."""

    def fail() -> None:
        raise ValueError("no")

    async def main() -> int:
        with pytest.raises(ValueError, match="no"):
            await asyncio.to_thread(fail)
        return await asyncio.to_thread(int, "7")

    assert loop.run_until_complete(main()) == 7


def test_a_cancelled_thread_does_nothing(loop: VirtualLoop) -> None:
    """Its work has not begun yet."""
    done: list[int] = []

    async def main() -> None:
        task = asyncio.ensure_future(asyncio.to_thread(done.append, 1))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    loop.run_until_complete(main())
    assert done == []


def test_leftovers_are_counted(loop: VirtualLoop) -> None:
    """Tasks, timers and callbacks that wait; not the world's, not cancelled ones."""

    async def main() -> tuple[list[str], list[str]]:
        me = asyncio.current_task()
        before = loop.leftovers(me)
        loop.happen(2000.0, list)
        loop.call_later(5, print).cancel()
        timer = loop.call_later(5, print)
        task = loop.create_task(asyncio.sleep(3))
        await asyncio.sleep(0)
        loop.call_soon(print)
        found = loop.leftovers(me)
        timer.cancel()
        task.cancel()
        return before, found

    before, found = loop.run_until_complete(main())
    assert before == []
    kinds = sorted(text.split()[0] for text in found)
    assert kinds == ["callback", "task", "timer", "timer"]  # the sleeping task's timer, too
