"""A call as a client makes it, from its beginning to the client's end, on both transports."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from binance_papi import PapiClient
from binance_papi.api.um.conditional import CancelOrder
from binance_papi.errors import NotOpenError, UnknownOutcomeError, UsageError
from binance_papi.net.flight import Call
from binance_papi.simulator import Simulator
from tests.net.field import OK, turns
from tests.net.scene import Scene, play
from tests.stage import Peer, Virtual

STAGES = ("made", "begun", "queued", "connecting", "on the wire", "pausing", "answered")


@pytest.mark.parametrize("stage", STAGES)
def test_closing_ends_it_at_every_stage(virtual: Virtual, stage: str) -> None:
    """Nobody waits for ever, no task is left, and what is told is true."""

    async def main(scene: Scene) -> tuple[Any, int]:
        field, line = scene.field, scene.field.line
        await turns(5 if stage in {"made", "begun"} else 0)
        if stage != "made":
            task = asyncio.create_task(scene.call)
            await scene.reach(stage)
        for connection in scene.connections:
            if scene.carries(connection, b"strategyId=2&"):
                connection.data_received(OK)
        began = line.loop.time()
        line.close()
        await field.gate.idle(0.0)
        await field.session.aclose()
        await line.ended()
        # Only a connection that is being made is waited for, a second at most.
        assert line.loop.time() - began <= (1 if stage == "connecting" else 0)
        assert not line._helpers
        if stage == "made":
            task = asyncio.create_task(scene.call)
        await asyncio.wait({task})
        return type(task.exception() or task.result()).__name__, scene.sent()

    expected = {"on the wire": "UnknownOutcomeError", "answered": "ConditionalOrder"}
    name, sent = play(virtual, main)
    assert name == expected.get(stage, "UsageError")
    assert sent == (stage in {"on the wire", "pausing", "answered"})


def test_debug_mode_changes_nothing(virtual: Virtual) -> None:
    """Asyncio looks closer then; it finds nothing to complain about."""
    virtual.loop.set_debug(True)

    async def main(scene: Scene) -> tuple[int, str]:
        task = asyncio.create_task(scene.call)
        await scene.reach("on the wire")
        await scene.answer()
        return scene.sent(), (await task).strategy_status

    assert play(virtual, main) == (1, "CANCELED")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="asyncio has no eager tasks before 3.12")
@pytest.mark.parametrize(
    ("stage", "ends"),
    [("on the wire", "answered"), ("on the wire", "cancelled"), ("connecting", "cancelled")],
)
def test_eager_tasks_change_nothing(virtual: Virtual, stage: str, ends: str) -> None:
    """They take their first step, and so does a helper, before anybody knows them."""
    virtual.loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined, unused-ignore]

    async def main(scene: Scene) -> tuple[int, bool]:
        if stage == "connecting":
            scene.field.session._open = scene.never  # type: ignore[method-assign, assignment]
            scene.field.session._idle.pop()
        task = asyncio.create_task(scene.call)
        await turns(5)
        if ends == "cancelled":
            task.cancel()
        await scene.answer()
        await asyncio.wait({task}, timeout=5)
        return scene.sent(), task.cancelled()

    sent, cancelled = play(virtual, main)
    assert (sent, cancelled) == (stage != "connecting", ends == "cancelled")


# ---------------------------------------------------------------------- on a simulated exchange

both = pytest.mark.parametrize("transport", ["lean", "aiohttp"])


def client(exchange: Simulator, transport: str, **settings: Any) -> PapiClient:
    """A client of it."""
    keys = exchange.api_key, exchange.secret
    return PapiClient(*keys, base_url=exchange.base_url, transport=transport, **settings)


def cancel_of(papi: PapiClient, number: int) -> Any:
    """A call, as a method gives it."""
    return papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=number)


@pytest.mark.asyncio
@pytest.mark.parametrize("no_request", [{"symbol": "BTCUSDT"}, CancelOrder, None])
async def test_what_is_no_request_is_refused_at_once(exchange: Simulator, no_request: Any) -> None:
    """There is nothing to wait for; the words say what is missing."""
    async with client(exchange, "auto") as papi:
        with pytest.raises(TypeError, match="instance of a Request, not"):
            await papi.send(no_request)


@pytest.mark.asyncio
@both
async def test_each_way_of_waiting_on_an_exchange(exchange: Simulator, transport: str) -> None:
    """One request each, and each reply where it belongs."""
    ids = exchange.seed_orders(8)
    async with client(exchange, transport) as papi, asyncio.TaskGroup() as tasks:
        calls = [cancel_of(papi, one) for one in ids]
        assert all(type(call) is Call for call in calls)
        group = tasks.create_task(calls[0])
        gathered: Any = asyncio.gather(calls[1], cancel_of(papi, 1), return_exceptions=True)
        replies = [
            await calls[2],
            await asyncio.wait_for(calls[3], 5),
            await asyncio.shield(calls[4]),
            await asyncio.create_task(calls[5]),
            *[await first for first in asyncio.as_completed([calls[6]])],
            await asyncio.to_thread(from_a_thread, papi, calls[7], asyncio.get_running_loop()),
        ]
        good, bad = await gathered
        assert (type(bad), bad.request.strategy_id) == (NotOpenError, 1)
        replies = [await group, good, *replies]
        assert [reply.strategy_id for reply in replies] == ids
        with pytest.raises(NotOpenError):
            await asyncio.gather(cancel_of(papi, 1), papi.general.test_connectivity())
    assert len(exchange.venue.wire) == 12


def from_a_thread(papi: PapiClient, call: Any, loop: asyncio.AbstractEventLoop) -> Any:
    """Made here or there, it is sent on the client's loop."""
    with pytest.raises(NotOpenError):
        asyncio.run_coroutine_threadsafe(cancel_of(papi, 2), loop).result(5)
    return asyncio.run_coroutine_threadsafe(call, loop).result(5)


@pytest.mark.asyncio
@both
async def test_on_another_loop_it_is_refused_and_never_sent(
    exchange: Simulator, transport: str
) -> None:
    """Where it is awaited, whatever way."""

    async def elsewhere(call: Any, way: Any) -> Any:
        return await way(call)

    ways = [asyncio.create_task, asyncio.gather, lambda call: asyncio.wait_for(call, 1), plain]
    async with client(exchange, transport) as papi:
        for way in ways:
            call = cancel_of(papi, 1)
            with pytest.raises((RuntimeError, ValueError)):
                await asyncio.to_thread(asyncio.run, elsewhere(call, way))
            call.close()
        with pytest.raises(UsageError, match="another"):
            await asyncio.to_thread(lambda: asyncio.run(elsewhere(cancel_of(papi, 1), plain)))
    assert not exchange.venue.wire


async def plain(call: Any) -> Any:
    """Await it."""
    return await call


@pytest.mark.asyncio
@both
async def test_a_client_closed_meanwhile_is_told_where_it_is_awaited(
    exchange: Simulator, transport: str
) -> None:
    """Made while it was open, awaited when it is closed; or never awaited at all."""
    async with client(exchange, transport) as papi:
        late = [cancel_of(papi, n) for n in (1, 2, 3)]
        ignored = cancel_of(papi, 4)
    for way in (plain, asyncio.create_task, asyncio.gather):
        with pytest.raises(UsageError, match="closed"):
            await way(late.pop())
    with pytest.warns(RuntimeWarning, match="never awaited"):
        del ignored
    assert not exchange.venue.wire


@pytest.mark.asyncio
@both
async def test_whatever_is_under_way_when_it_is_closed_ends(peer: Peer, transport: str) -> None:
    """On the wire, or in the queue behind: each is told, and no task is left."""
    over = asyncio.Event()

    async def silence(*_: Any) -> None:
        await over.wait()

    peer.script = silence
    async with PapiClient(
        "k", "s", base_url=peer.base_url, transport=transport, connections=2
    ) as papi:
        gathered = asyncio.gather(*(cancel_of(papi, n) for n in range(6)), return_exceptions=True)
        while len(peer.heads) < 2:
            await asyncio.sleep(0.01)
        await papi.aclose(0)
        results = await asyncio.wait_for(gathered, 3)
    kinds = [type(one) for one in results]
    assert kinds == [UnknownOutcomeError] * 2 + [UsageError] * 4
    assert len(peer.heads) == 2
    over.set()
    while peer.serving:
        await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}
