"""Rows 32, 33 and 50: clocks that are wrong, that jump, and a loop that stands still."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from binance_papi import Canceled, PapiClient
from binance_papi.simulator import Simulator, nasty
from tests.faults import canary
from tests.faults.stage import AHEAD_MS, FAMILIES, PATHS, Stage, cancel_of, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


async def test_row_32_1021(stage: Stage) -> None:
    """Behind or ahead, once or twice: signed again, at most twice, and cancelled."""

    async def one(family: Any, name: str, times: int) -> None:
        fault = nasty(name, method="DELETE", path=PATHS[family], times=times)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert len(scene.cancels(outcome)) == times + 1

    names = ("1021_behind", "1021_ahead", "5028")
    await together(one(*case) for case in product(FAMILIES, names, (1, 2)))


async def test_row_32_a_clock_that_is_wrong_from_the_start(stage: Stage) -> None:
    """Half a minute off: one refusal, then every timestamp is right."""

    async def one(family: Any, skew: float) -> None:
        async with stage.scene(family, warm=False, skewed=True, clock_skew=skew) as scene:
            outcomes = await scene.burst(scene.seed(5))
            assert {type(outcome) for outcome in outcomes} == {Canceled}
            refused = [record for record in scene.wire if record.code == -1021]
            assert len(refused) <= 1
            for record in scene.wire:
                if record.status == 200 and "timestamp" in record.params:
                    assert int(record.params["timestamp"]) <= record.time * 1000 + AHEAD_MS

    await together(one(*case) for case in product(FAMILIES, (-30.0, 30.0)))


async def test_row_33_the_exchange_clock_jumps(stage: Stage) -> None:
    """Five seconds, either way, in the life of a client: learned anew, nothing is lost."""

    async def one(family: Any, jump: float) -> None:
        async with stage.scene(family, skewed=True) as scene:
            assert isinstance(await scene.one(), Canceled)
            scene.exchange.clock_skew += jump
            outcomes = await scene.burst(scene.seed(10))
            assert {type(outcome) for outcome in outcomes} == {Canceled}
            again = await scene.burst(scene.seed(5))
            assert {type(outcome) for outcome in again} == {Canceled}
            low, high = scene.papi.clock_offset
            assert high - low < 3.0
            assert scene.exchange.venue.statuses[429] == 0

    await together(one(*case) for case in product(FAMILIES, (-5.0, 5.0)))


async def test_row_33_a_jump_right_after_a_look(stage: Stage) -> None:
    """A clock that was known well a moment ago is looked at again when a timestamp is refused."""

    async def one(jump: float) -> None:
        async with stage.scene(skewed=True) as scene:
            for _ in range(5):  # their replies hold times, and tell the clock to the millisecond
                (outcome,) = await scene.burst(scene.seed(1))
                assert isinstance(outcome, Canceled)
            orders = scene.seed(8)
            await scene.papi.send(scene.cancel(orders.pop()))
            scene.exchange.clock_skew += jump
            outcomes = await scene.burst(orders)
            assert {type(outcome) for outcome in outcomes} == {Canceled}

    for jump in (-5.0, 5.0):
        await one(jump)


async def test_row_33_the_local_clock_jumps(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour, either way: nothing depends on it, and no silence ends early."""
    real = time.time
    for jump in (3600.0, -3600.0):
        async with stage.scene(clock=real) as scene:
            assert isinstance(await scene.one(), Canceled)
            fault = nasty("429", method="DELETE", times=1, retry_after=1)
            scene.exchange.inject(fault)
            with monkeypatch.context() as patch:
                patch.setattr(time, "time", lambda jump=jump: real() + jump)
                outcomes = await scene.burst(scene.seed(5))
                assert {type(outcome) for outcome in outcomes} == {Canceled}
            assert all(record.code != -1021 for record in scene.wire)
            first = next(record.time for record in scene.wire if record.status == 429)
            later = [record.time for record in scene.wire if record.time > first + 0.15]
            assert min(later) - first >= 1.0


class Elsewhere:
    """An exchange in a thread of its own, which goes on while the client's loop stands still."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.exchange: Any = None

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with Simulator(
            api_key=canary.KEY, secret=canary.SECRET, **self._settings
        ) as self.exchange:
            self._ready.set()
            await self._stop.wait()

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Stop serving."""
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """An exchange in a thread, with half a second of latency."""
    elsewhere = Elsewhere(latency=0.3, era="conditional")
    elsewhere.start()
    yield elsewhere
    elsewhere.stop()


async def test_row_50_the_loop_stands_still(stage: Stage, elsewhere: Elsewhere) -> None:
    """Three seconds, with replies in the sockets: no false timeout, no stale timestamp."""
    exchange = elsewhere.exchange
    ids = exchange.seed_orders(40)
    async with stage.alone(exchange.base_url, connections=16) as papi:
        assert isinstance(papi, PapiClient)
        await papi.warm_up()
        loop = asyncio.get_running_loop()
        loop.call_later(0.15, time.sleep, 3.0)
        cancels = [cancel_of("um_conditional", one) for one in ids]
        began = loop.time()
        report = await papi.burst(cancels, deadline=10.0)
        stage.delivered(loop.time() - began, report, 10.0)
        for outcome in report.outcomes:
            stage.keep(outcome)
            assert isinstance(outcome, Canceled)
            assert outcome.attempts == 1, outcome
    wire = [record for record in exchange.venue.wire if record.method == "DELETE"]
    assert len(wire) == 40
    for record in wire:
        assert abs(record.time * 1000 - int(record.params["timestamp"])) < 1500
