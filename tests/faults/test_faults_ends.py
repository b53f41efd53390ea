"""Rows 46 to 49 and 60: many at once, callers that leave, clients that close, forks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections import Counter
from typing import Any

import pytest

from binance_papi import (
    Canceled,
    CloseReport,
    PapiClient,
    PapiError,
    Rejected,
    Unknown,
    UnknownOutcomeError,
    UsageError,
)
from binance_papi.simulator import Fault, FaultKind, nasty
from tests.faults.stage import FAMILIES, PATHS, Scene, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


async def test_row_46_the_same_order_many_times(stage: Stage) -> None:
    """Two callers, and a thousand duplicates: one cancel on the wire, one outcome for all."""

    async def one(family: Any) -> None:
        async with stage.scene(family, latency=0.1) as scene:
            (order,) = scene.seed()
            cancel = scene.cancel(order)
            reports = await asyncio.gather(
                scene.papi.burst([cancel], deadline=5.0),
                scene.papi.burst([cancel] * 1000, deadline=5.0),
            )
            outcomes = [outcome for report in reports for outcome in report.outcomes]
            scene.keep(*reports, outcomes[0])
            assert len(outcomes) == 1001
            assert all(outcome is outcomes[0] for outcome in outcomes)
            assert isinstance(outcomes[0], Canceled)
            assert len(scene.cancels(outcomes[0])) == 1

    await together(one(family) for family in FAMILIES)


async def _leave(scene: Scene, order: int, after: float) -> None:
    """Ask for a cancel, and be cancelled oneself."""
    others = scene.seed(3)
    cancels = [scene.cancel(one) for one in (order, *others)]
    task = asyncio.create_task(scene.papi.burst(cancels, deadline=10.0))
    await asyncio.sleep(after)
    began = asyncio.get_running_loop().time()
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert asyncio.get_running_loop().time() - began < 0.1  # at once
    scene.keep(caught.value)


async def test_row_47_the_caller_leaves_the_queue(stage: Stage) -> None:
    """What waits for admission is withdrawn: nothing is sent, nothing is charged."""
    async with stage.scene(warm=False) as scene:
        scene.exchange.inject(nasty("429", method="DELETE", times=1, retry_after=1))
        (first, second) = scene.seed(2)
        early = asyncio.create_task(scene.papi.burst([scene.cancel(first)], deadline=8.0))
        await asyncio.sleep(0.3)  # it was refused: silence
        used = scene.papi.usage()[0].used
        await _leave(scene, second, 0.2)
        assert scene.papi.usage()[0].used == used
        assert scene.sent("DELETE", second) == []
        scene.keep(*(await early).outcomes)
        outcome = await scene.papi.resolve(scene.cancel(second))
        scene.keep(outcome)
        assert isinstance(outcome, Rejected | Canceled)


async def test_row_47_the_caller_leaves_before_the_write(stage: Stage) -> None:
    """Admitted, while its connection is being made: the grant is given back."""
    async with stage.scene(warm=False) as scene:
        (order,) = scene.seed()
        await _leave(scene, order, 0.0)
        await asyncio.sleep(0.2)
        assert scene.papi.usage()[0].in_flight == 0
        outcome = await scene.papi.resolve(scene.cancel(order))
        scene.keep(outcome)
        assert isinstance(outcome, Rejected | Canceled)


async def test_row_47_the_caller_leaves_on_the_wire(stage: Stage) -> None:
    """The attempt lives on, and its outcome can be had by the same cancel."""

    async def one(family: Any) -> None:
        async with stage.scene(family, latency=0.4) as scene:
            (order,) = scene.seed()
            await _leave(scene, order, 0.2)
            outcome = await scene.papi.resolve(scene.cancel(order))
            scene.keep(outcome)
            assert isinstance(outcome, Canceled)
            assert len(scene.cancels(outcome)) == 1

    await together(one(family) for family in FAMILIES)


async def test_row_47_the_caller_leaves_while_it_is_asked(stage: Stage) -> None:
    """In the middle of queries: they go on without it."""

    async def one(family: Any) -> None:
        lost = nasty("200_garbage", method="DELETE", path=PATHS[family], times=4)
        slow = Fault(FaultKind.SLOW, method="GET", delay=0.4)
        async with stage.scene(family, faults=[lost, slow]) as scene:
            (order,) = scene.seed()
            await _leave(scene, order, 0.2)
            outcome = await scene.papi.resolve(scene.cancel(order))
            scene.keep(outcome)
            assert isinstance(outcome, Canceled)
            assert outcome.by == "us"

    await together(one(family) for family in FAMILIES)


async def test_row_47_a_single_call(stage: Stage) -> None:
    """Its exception shows nothing, wherever it was cancelled."""
    async with stage.scene(latency=0.2) as scene:
        for after in (0.0, 0.001, 0.05, 0.15):
            (order,) = scene.seed()
            task = asyncio.create_task(scene.papi.send(scene.cancel(order)))
            await asyncio.sleep(after)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            scene.keep(caught.value)
        await asyncio.sleep(0.3)
        assert scene.papi.usage()[0].in_flight == 0


async def test_row_48_one_of_a_thousand_raises(stage: Stage) -> None:
    """A caller's own mistake hurts no other, and leaves nothing behind."""
    async with stage.scene() as scene:
        ids = scene.seed(1000)

        async def caller(number: int, order: int) -> None:
            await scene.papi.send(scene.cancel(order))
            if number == 500:
                raise ZeroDivisionError

        calls = [caller(*pair) for pair in enumerate(ids)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        kinds = Counter(type(result).__name__ for result in results)
        assert kinds == {"NoneType": 999, "ZeroDivisionError": 1}
        scene.keep(results[500])
        assert scene.exchange.venue.book.open_count == 0
        assert scene.papi.usage()[0].in_flight == 0
        assert len(scene.wire) <= 1004


async def test_row_49_closed_in_the_middle_of_a_burst(stage: Stage) -> None:
    """The report lists exactly what is unresolved; what was not sent is rejected."""

    async def one(family: Any) -> None:
        faults = [
            nasty("silent", method="DELETE", path=PATHS[family], executed=False),
            nasty("silent", method="GET"),
        ]
        async with stage.scene(family, faults=faults, client={"connections": 8}) as scene:
            (*ids,) = scene.seed(40)
            cancels = [scene.cancel(order) for order in ids]
            task = asyncio.create_task(scene.papi.burst(cancels, deadline=20.0))
            await asyncio.sleep(0.3)
            loop = asyncio.get_running_loop()
            began = loop.time()
            closed, again = await asyncio.gather(scene.papi.aclose(0.5), scene.papi.aclose(0.5))
            took = loop.time() - began
            report = await task
            scene.keep(closed, again, report, *report.outcomes)
            assert took < 0.5 + 0.5 + 0.5, took
            unknown = [one for one in report.outcomes if isinstance(one, Unknown)]
            assert unknown
            named = {one.request.order() for one in closed.unresolved}
            assert named == {one.request.order() for one in unknown}
            assert {type(one) for one in report.outcomes} <= {Unknown, Rejected}
            assert again == CloseReport()
            assert await scene.papi.aclose() == CloseReport()
            error = await scene.call(scene.papi.burst(cancels, deadline=1.0))
            assert isinstance(error, UsageError)

    await together(one(family) for family in FAMILIES)


async def test_row_49_closed_while_frozen(stage: Stage) -> None:
    """What waits for the end of a silence is withdrawn at once."""
    async with stage.scene(faults=[nasty("429", method="DELETE", retry_after=30)]) as scene:
        ids = scene.seed(20)
        cancels = [scene.cancel(order) for order in ids]
        task = asyncio.create_task(scene.papi.burst(cancels, deadline=60.0))
        await asyncio.sleep(0.3)
        loop = asyncio.get_running_loop()
        began = loop.time()
        closed = await scene.papi.aclose(5.0)
        assert loop.time() - began < 0.5
        report = await task
        scene.keep(closed, report, *report.outcomes)
        assert closed == CloseReport()
        assert {type(one) for one in report.outcomes} == {Rejected}


async def test_row_49_single_calls(stage: Stage) -> None:
    """What is broken off raises what is known of it."""
    async with stage.scene(faults=[nasty("silent", method="DELETE")]) as scene:
        (order,) = scene.seed()
        task = asyncio.create_task(scene.call(scene.papi.send(scene.cancel(order))))
        await asyncio.sleep(0.2)
        await scene.papi.aclose(0.0)
        error = await task
        assert isinstance(error, UnknownOutcomeError | UsageError)


async def test_row_60_another_loop(stage: Stage) -> None:
    """A clear error, and nothing on the wire."""
    async with stage.scene() as scene:
        (order,) = scene.seed()
        before = len(scene.wire)
        caught: list[BaseException] = []

        def elsewhere() -> None:
            try:
                asyncio.run(scene.papi.burst([scene.cancel(order)], deadline=1.0))
            except PapiError as error:
                caught.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        scene.keep(*caught)
        (error,) = caught
        assert isinstance(error, UsageError)
        assert "loop" in str(error)
        assert len(scene.wire) == before


async def test_row_60_another_process(stage: Stage) -> None:
    """After a fork the child gets a clear error, and nothing is on the wire."""
    async with stage.scene() as scene:
        (order,) = scene.seed()
        before = len(scene.wire)
        pid = os.fork()
        if pid == 0:
            told = _in_the_child(scene.papi, scene.cancel(order))
            os._exit(0 if told else 1)
        _, status = await asyncio.to_thread(os.waitpid, pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0
        assert isinstance(await scene.one(order), Canceled)  # the parent's goes on
        assert len(scene.sent("DELETE", order)) == 1
        assert len(scene.wire) >= before + 1


def _in_the_child(papi: PapiClient, cancel: Any) -> bool:
    """Whether a client that was opened before a fork says so."""
    with contextlib.suppress(BaseException):
        for work in (papi.send(cancel), papi.burst([cancel], deadline=1.0)):
            try:
                work.send(None)
            except UsageError as error:
                if "process" not in str(error):
                    return False
            else:
                return False
        return True
    return False
