"""The deadline of one attempt."""

from __future__ import annotations

import asyncio
import time

import pytest

from binance_papi.net.deadline import Deadline
from tests.stage import Virtual


async def _wait(deadline: Deadline, seconds: float) -> str:
    with deadline:
        await asyncio.sleep(seconds)
        return "done"
    return "struck"


def test_lets_a_wait_in_time_end_by_itself(virtual: Virtual) -> None:
    """A wait shorter than the deadline is not touched, and no timer stays."""

    async def main() -> str:
        return await _wait(Deadline(asyncio.get_running_loop(), 5), 1)

    assert virtual(main()) == "done"
    assert virtual.loop.timers() == 0


def test_strikes_when_the_time_is_over(virtual: Virtual) -> None:
    """A longer wait is broken off at the deadline, and the task is not left cancelling."""

    async def main() -> tuple[str, bool, float, int]:
        loop = asyncio.get_running_loop()
        deadline, start = Deadline(loop, 5), loop.time()
        result = await _wait(deadline, 50)
        task = asyncio.current_task()
        assert task is not None
        return result, deadline.expired, loop.time() - start, task.cancelling()

    assert virtual(main()) == ("struck", True, 5.0, 0)


def test_a_cancellation_from_elsewhere_passes_through(virtual: Virtual) -> None:
    """Cancelling the task is no expiry, also at the very moment the deadline strikes."""

    async def main(at: float) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(_wait(Deadline(loop, 5), 50))
        loop.call_later(at, task.cancel)
        with pytest.raises(asyncio.CancelledError):
            await task

    virtual(main(1))
    virtual(main(5))
    assert virtual.loop.timers() == 0


@pytest.mark.asyncio
async def test_a_stalled_loop_is_given_time_to_read() -> None:
    """When the loop stalls past the deadline, a result that is already there still counts."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()
    # Two hops between the event and the result, as between a socket and a parsed reply.
    loop.call_later(0.05, lambda: loop.call_soon(answer.set_result, "there"))
    loop.call_later(0.01, lambda: time.sleep(0.3))
    deadline = Deadline(loop, 0.1)
    with deadline:
        assert await answer == "there"
    assert not deadline.expired
