"""A call, in every way in which asyncio lets one wait for it, and at every stage of its way."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from binance_papi.api.um import conditional
from binance_papi.errors import InvalidRequestError, NotOpenError
from binance_papi.net.flight import Call
from tests.net.field import OK, cancel, turns
from tests.net.scene import Scene, play
from tests.stage import Virtual, http

NOT_OPEN = http(400, b'{"code":-2011,"msg":"Unknown order sent."}')

SENT = {"begun": 0, "queued": 0, "connecting": 0, "on the wire": 1, "pausing": 1, "answered": 1}
"""How often a call was written at each stage."""


async def plain(call: Any) -> Any:
    """Await it, as most do."""
    return await call


async def wait_for(call: Any) -> Any:
    """Await it for so long."""
    return await asyncio.wait_for(call, 60)


async def timeout(call: Any) -> Any:
    """The same in other words."""
    async with asyncio.timeout(60):
        return await call


async def group(call: Any) -> Any:
    """As one of a group."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(call)
    return task.result()


async def gather(call: Any) -> Any:
    """With others, if there were any."""
    return (await asyncio.gather(call))[0]


async def collect(call: Any) -> Any:
    """The same, where one that fails is a result."""
    results: Any = await asyncio.gather(call, return_exceptions=True)
    if isinstance(results[0], Exception):
        raise results[0]
    return results[0]


async def as_completed(call: Any) -> Any:
    """Whichever comes first; there is but one."""
    [one] = [await first for first in asyncio.as_completed([call], timeout=60)]
    return one


async def wait(call: Any) -> Any:
    """A task among tasks."""
    task = asyncio.create_task(call)
    try:
        await asyncio.wait({task}, timeout=60)
    finally:
        task.cancel()
    return await task


def task(call: Any) -> Any:
    """As what a task is made of."""
    return call


WAYS = (task, plain, wait_for, timeout, group, gather, collect, wait)


def each(*names: Any) -> Callable[[Any], Any]:
    """Once for each way in which somebody may wait."""
    return pytest.mark.parametrize("way", names, ids=lambda way: way.__name__)


@each(*WAYS, as_completed)
@pytest.mark.parametrize("reply", [OK, NOT_OPEN], ids=["served", "refused"])
def test_it_is_sent_once_and_its_reply_is_the_result(
    virtual: Virtual, way: Any, reply: bytes
) -> None:
    """However it is waited for; what went wrong is raised there, with the request."""

    async def main(scene: Scene) -> tuple[Any, int]:
        task = asyncio.create_task(way(scene.call))
        await turns(5)
        for one in scene.connections:
            one.data_received(reply if scene.carries(one, b"strategyId=1&") else OK)
        results: Any = await asyncio.gather(task, return_exceptions=True)
        if isinstance(results[0], ExceptionGroup):
            results = [*results[0].exceptions]
        return results[0], scene.sent()

    result, sent = play(virtual, main)
    assert sent == 1
    if reply is OK:
        assert result.strategy_status == "CANCELED"
    else:
        assert (type(result), result.request) == (NotOpenError, cancel(1))


@each(*WAYS)
@pytest.mark.parametrize("stage", SENT)
def test_whoever_waits_may_be_cancelled_at_every_stage(
    virtual: Virtual, stage: str, way: Any
) -> None:
    """It is not sent any more, or its reply is not waited for; the others go on."""
    if way is wait_for and stage in ("begun", "answered") and sys.version_info < (3, 12):
        pytest.skip("this wait_for cancels a turn later, and gives what came meanwhile")

    async def main(scene: Scene) -> tuple[bool, bool, int]:
        task = asyncio.create_task(way(scene.call))
        await scene.reach(stage)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.args in {("enough",), ()}
        await scene.answer()
        return task.cancelled(), scene.call.done(), scene.sent()

    # (A group's task begins a turn later, so that it may never begin.)
    cancelled, done, sent = play(virtual, main)
    assert (cancelled, sent) == (True, SENT[stage])
    assert done or stage == "begun"


@pytest.mark.parametrize("how", ["wait_for", "timeout", "wait"])
@pytest.mark.parametrize("stage", ["queued", "connecting", "on the wire", "pausing"])
def test_patience_may_end_at_every_stage(virtual: Virtual, stage: str, how: str) -> None:
    """A `TimeoutError`, and the call is withdrawn."""

    async def waiting(call: Any) -> Any:
        if how == "wait_for":
            return await asyncio.wait_for(call, 0.05)
        if how == "timeout":
            async with asyncio.timeout(0.05):
                return await call
        task = asyncio.create_task(call)
        done, _ = await asyncio.wait({task}, timeout=0.05)
        assert not done
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        raise TimeoutError

    async def main(scene: Scene) -> int:
        task = asyncio.create_task(waiting(scene.call))
        await scene.reach(stage)
        with pytest.raises(TimeoutError):
            await task
        await scene.answer()
        return scene.sent()

    assert play(virtual, main) == SENT[stage]


def test_without_any_patience_nothing_is_sent(virtual: Virtual) -> None:
    """As asyncio says: what is not there already is too late."""

    async def main(scene: Scene) -> int:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(scene.call, 0)
        await scene.answer()
        return scene.sent()

    assert play(virtual, main) == 0


@pytest.mark.parametrize("stage", ["queued", "connecting", "pausing"])
def test_the_words_of_a_cancel_arrive(virtual: Virtual, stage: str) -> None:
    """Also through a helper: some libraries know their own cancels by them."""

    async def main(scene: Scene) -> Any:
        task = asyncio.create_task(scene.call)
        await scene.reach(stage)
        task.cancel("scope 7")
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        return caught.value.args

    assert play(virtual, main) == ("scope 7",)


def test_a_shielded_call_goes_on(virtual: Virtual) -> None:
    """Whoever shields it stops waiting; the request does not."""

    async def main(scene: Scene) -> tuple[int, Any]:
        task = asyncio.create_task(plain(asyncio.shield(scene.call)))
        await scene.reach("on the wire")
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await scene.answer()
        return scene.sent(), (await scene.call).strategy_status

    assert play(virtual, main) == (1, "CANCELED")


def test_one_that_fails_leaves_the_others_of_its_gathering_alone(virtual: Virtual) -> None:
    """The gathering fails at once; what it gathered goes on."""

    async def main(scene: Scene) -> tuple[int, str]:
        bad = Call.of(scene.field.line, conditional.CancelOrder, {"symbol": "BTCUSDT"})
        with pytest.raises(InvalidRequestError):
            await asyncio.gather(scene.call, bad)
        await scene.answer()
        return scene.sent(), scene.call.result().strategy_status

    assert play(virtual, main) == (1, "CANCELED")


@pytest.mark.parametrize("slots", [1, 4])
def test_of_a_gathering_that_is_cancelled_nothing_more_is_sent(
    virtual: Virtual, slots: int
) -> None:
    """What one leaves free is not given to the next, which is cancelled at the same moment."""

    async def main(scene: Scene) -> tuple[int, int]:
        field = scene.field
        task = asyncio.create_task(plain(scene.call))
        await scene.reach("on the wire")
        while len(field.connections) < 6:
            field.connections.append(field.stand())
        field.route.connections, field.route.slots = 6, slots + 2
        calls = [field.line.send(cancel(n)) for n in range(10, 30)]
        gathering = asyncio.gather(*calls)
        await turns(3)
        before = len(field.written())
        gathering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gathering
        await turns()
        assert all(call.cancelled() for call in calls)
        after = len(field.written())
        await scene.answer()
        assert (await task).strategy_id == 1
        return before, after

    assert play(virtual, main) == (slots + 2, slots + 2)


def test_it_may_be_awaited_again(virtual: Virtual) -> None:
    """Its result stays, and nothing is sent a second time."""

    async def main(scene: Scene) -> tuple[bool, int]:
        waiting = asyncio.create_task(plain(scene.call))
        await scene.answer()
        return await waiting is await scene.call is (await asyncio.gather(scene.call))[0], (
            scene.sent()
        )

    assert play(virtual, main) == (True, 1)


@pytest.mark.parametrize("first", [task, plain])
@pytest.mark.parametrize("second", [task, plain])
def test_two_may_wait_for_it(virtual: Virtual, first: Any, second: Any) -> None:
    """Both get the reply."""

    async def main(scene: Scene) -> tuple[int, bool]:
        tasks = [asyncio.create_task(way(scene.call)) for way in (first, second)]
        await scene.answer()
        one, two = await asyncio.gather(*tasks)
        return scene.sent(), one is two

    assert play(virtual, main) == (1, True)


def test_two_wait_and_one_is_cancelled(virtual: Virtual) -> None:
    """As with any future, it is cancelled for both, unless the one shields it."""

    async def main(scene: Scene) -> tuple[bool, bool]:
        tasks = [asyncio.create_task(plain(scene.call)) for _ in range(2)]
        await scene.reach("on the wire")
        tasks[0].cancel()
        await asyncio.wait(tasks)
        return tasks[0].cancelled(), tasks[1].cancelled()

    assert play(virtual, main) == (True, True)


def test_one_that_never_began_to_wait_takes_it_from_nobody(virtual: Virtual) -> None:
    """A task that was cancelled before its first step leaves the call to whoever waits."""

    async def main(scene: Scene) -> tuple[bool, str]:
        waiting = asyncio.create_task(plain(scene.call))
        await turns(1)
        late = asyncio.create_task(scene.call)
        late.cancel()
        await scene.answer()
        return late.cancelled(), (await waiting).strategy_status

    assert play(virtual, main) == (True, "CANCELED")


def test_a_callback_begins_it_and_runs_in_the_context_it_was_added_in(virtual: Virtual) -> None:
    """One that is taken back is not called, but the request is under way."""
    place = ContextVar("place", default="")

    async def main(scene: Scene) -> tuple[list[str], int]:
        called: list[Any] = []
        place.set("here")
        scene.call.add_done_callback(lambda _: called.append(place.get()))
        scene.call.add_done_callback(called.append)
        place.set("elsewhere")
        assert scene.call.remove_done_callback(called.append) == 1
        await scene.answer()
        return called, scene.sent()

    assert play(virtual, main) == (["here"], 1)
