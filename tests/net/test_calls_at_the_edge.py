"""A call that is used as nobody should, or that is left alone, closed, or shut out."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import pickle
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from binance_papi.api.um import conditional
from binance_papi.core.endpoint import Lane
from binance_papi.errors import (
    InvalidRequestError,
)
from binance_papi.net.flight import Call
from binance_papi.net.line import Line
from tests.net.field import OK, Field, cancel, turns
from tests.net.scene import Scene, play
from tests.stage import Virtual, http

FAILS = http(400, b'{"code":-2011,"msg":"Unknown order sent."}')
AGAIN = http(400, b'{"code":-1021,"msg":"Timestamp for this request is outside."}')


def start(field: Field, **fields: Any) -> Any:
    """A cancel of these fields, as the client's methods make it."""
    return Call.of(field.line, conditional.CancelOrder, fields)


async def answering(field: Field, reply: bytes) -> None:
    """Answer every request a turn after it was written."""
    while True:
        await asyncio.sleep(0)
        for connection in field.connections:
            if connection.listener is not None:
                connection.data_received(reply)


# ---------------------------------------------------------------------- what it is


def test_it_is_what_asyncio_takes_for_a_coroutine_and_for_a_future(virtual: Virtual) -> None:
    """Tasks are made of it; whatever takes futures takes it as it is."""

    async def main(scene: Scene) -> tuple[Any, ...]:
        call = scene.call
        assert asyncio.ensure_future(call) is call
        with pytest.raises(TypeError):
            await asyncio.wait({call})  # as for any coroutine
        assert not call.begun
        call.cancel()
        return asyncio.iscoroutine(call), asyncio.isfuture(call), inspect.isawaitable(call)

    assert play(virtual, main) == (True, True, True)


def test_it_shows_where_it_goes_and_no_more(virtual: Virtual) -> None:
    """Also as what a task waits for."""

    async def main(scene: Scene) -> tuple[str, str]:
        task = asyncio.create_task(scene.call)
        await scene.reach("on the wire")
        shown = repr(scene.call), repr(task)
        task.cancel()
        await asyncio.wait({task})
        return shown

    call, task = play(virtual, main)
    assert call == "<Call DELETE /papi/v1/um/conditional/order pending>"
    assert "coro=<DELETE /papi/v1/um/conditional/order()>" in task
    assert "signature" not in call + task


@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize(
    "how", [copy.copy, copy.deepcopy, pickle.dumps], ids=lambda how: how.__name__
)
def test_there_is_one_of_it(virtual: Virtual, how: Callable[[Any], Any], begun: bool) -> None:
    """A copy would be sent a second time, or hold the secret."""

    async def main(scene: Scene) -> None:
        if begun:
            scene.call.add_done_callback(lambda _: None)
            await scene.reach("on the wire")
        with pytest.raises(TypeError, match="copied"):
            how(scene.call)
        scene.call.cancel()

    play(virtual, main)


@pytest.mark.parametrize("stage", ["begun", "queued", "connecting", "on the wire", "pausing"])
def test_nobody_else_says_what_comes_of_it(virtual: Virtual, stage: str) -> None:
    """As with a task: its grant would never be settled."""

    async def main(scene: Scene) -> None:
        task = asyncio.create_task(scene.call)
        await scene.reach(stage)
        with pytest.raises(RuntimeError, match="can't be given"):
            scene.call.set_result(None)
        with pytest.raises(RuntimeError, match="can't be given"):
            scene.call.set_exception(ValueError())
        task.cancel()
        await asyncio.wait({task})

    play(virtual, main)


# ---------------------------------------------------------------------- what is left alone


def test_one_that_is_never_awaited_is_never_sent_and_says_so(virtual: Virtual) -> None:
    """Also where its request would not even be a right one."""

    async def main(scene: Scene) -> int:
        for _ in range(2):
            with pytest.warns(RuntimeWarning, match="DELETE .* was never awaited"):
                scene.call = None
            scene.call = start(scene.field, no_such_field=1)
        scene.call.cancel()
        await scene.answer()
        return scene.sent()

    assert play(virtual, main) == 0


@pytest.mark.parametrize("how", ["close", "throw", "cancel", "cancelled task"])
def test_one_that_is_closed_first_is_never_sent_and_keeps_nobody_waiting(
    virtual: Virtual, how: str
) -> None:
    """It says nothing by itself; whoever awaits it all the same is told."""

    async def main(scene: Scene) -> tuple[int, type[BaseException]]:
        if how == "close":
            scene.call.close()
            scene.call.close()
        elif how == "throw":
            with pytest.raises(KeyError):
                scene.call.throw(KeyError())
        elif how == "cancel":
            scene.call.cancel()
        else:
            task = asyncio.create_task(scene.call)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
        try:
            await asyncio.wait_for(scene.call, 5)
        except (RuntimeError, asyncio.CancelledError) as error:
            result = type(error)
        await scene.answer()
        scene.call = start(scene.field, symbol="BTCUSDT", strategy_id=1)
        scene.call.close()
        scene.call = None  # nobody is told of this one
        return scene.sent(), result

    expected = asyncio.CancelledError if how == "cancel" else RuntimeError
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert play(virtual, main) == (0, expected)


@pytest.mark.parametrize("stage", ["queued", "connecting", "on the wire", "pausing"])
def test_one_that_is_closed_on_its_way_is_withdrawn(virtual: Virtual, stage: str) -> None:
    """As a coroutine is broken off."""

    async def main(scene: Scene) -> bool:
        task = asyncio.create_task(scene.call)
        await scene.reach(stage)
        scene.call.close()
        await asyncio.wait({task})
        return task.cancelled()

    assert play(virtual, main)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"symbol": "BTCUSDT"}, InvalidRequestError),
        ({"symbol": "", "strategy_id": 1}, InvalidRequestError),
        ({"symbol": "BTCUSDT", "strategy_id": 1, "no_such_field": 1}, TypeError),
    ],
)
def test_what_cannot_be_right_is_told_where_it_is_awaited(
    virtual: Virtual, fields: dict[str, Any], expected: type[Exception]
) -> None:
    """The one call fails; those that begin with it are sent."""

    async def main(scene: Scene) -> int:
        bad = start(scene.field, **fields)
        both = asyncio.gather(bad, scene.call, return_exceptions=True)
        await scene.answer()
        failed, _ = await both
        assert type(failed) is expected
        return scene.sent()

    assert play(virtual, main) == 1


def test_one_whose_problem_cannot_be_told_stops_nobody_else(
    virtual: Virtual, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails while its problem is looked at fails it alone, and those after it are sent."""

    def unable(*_: Any) -> None:
        raise ArithmeticError

    monkeypatch.setattr(Line, "persist", unable)

    async def main(scene: Scene) -> int:
        bad = start(scene.field, symbol="")
        both = asyncio.gather(bad, scene.call, return_exceptions=True)
        await scene.answer()
        failed, _ = await both
        assert type(failed) is ArithmeticError
        assert (await scene.call).strategy_status == "CANCELED"
        later = asyncio.create_task(start(scene.field, symbol="BTCUSDT", strategy_id=3))
        await turns(3)
        later.cancel()
        return scene.sent() + sum(b"strategyId=3&" in one for one in scene.field.written())

    assert play(virtual, main) == 2


def test_fields_that_change_later_do_not_change_the_request(virtual: Virtual) -> None:
    """It is made later than the call, of what the call was given."""

    async def main(scene: Scene) -> int:
        fields = {"symbol": "BTCUSDT", "strategy_id": 7}
        call = start(scene.field, **fields)
        fields["strategy_id"] = 8
        task = asyncio.create_task(call)
        await turns(3)
        fields["strategy_id"] = 9
        written = b"".join(scene.field.written())
        scene.call.cancel()
        await scene.answer()
        await task
        return written.count(b"strategyId=7&")

    assert play(virtual, main) == 1


# ---------------------------------------------------------------------- many, and whoever disturbs


@pytest.mark.parametrize("way", ["gather", "tasks"])
def test_very_many_keep_their_order_and_let_others_have_their_turns(
    virtual: Virtual, way: str
) -> None:
    """However many ask on one turn, they are signed and written first come, first served."""
    signed: list[int] = []

    def sign(payload: bytes) -> str:
        signed.append(int(payload.partition(b"strategyId=")[2].split(b"&")[0]))
        return "s"

    async def main() -> int:
        field = Field(3, sign)
        calls = [start(field, symbol="BTCUSDT", strategy_id=n + 1) for n in range(1000)]
        waiting = calls if way == "gather" else [asyncio.create_task(call) for call in calls]
        gathered = asyncio.gather(*waiting)
        meanwhile = 0
        while not calls[-1].asked:
            await asyncio.sleep(0)
            meanwhile += 1
        answers = asyncio.create_task(answering(field, OK))
        await gathered
        answers.cancel()
        assert len(field.written()) == 1000
        await field.session.aclose()
        return meanwhile

    assert virtual(main()) >= 4
    assert signed == list(range(1, 1001))


@pytest.mark.parametrize("reply", [OK, FAILS, AGAIN], ids=["served", "refused", "sent again"])
@pytest.mark.parametrize("way", ["gather", "tasks", "shield", "cancelled tasks"])
def test_a_burst_leaves_nothing_that_only_the_collector_frees(
    virtual: Virtual, way: str, reply: bytes
) -> None:
    """No cycles: a strategy that runs with the collector off does not grow."""

    async def burst(field: Field) -> None:
        calls = [start(field, symbol="BTCUSDT", strategy_id=n + 1) for n in range(50)]
        if way == "gather":
            await asyncio.gather(*calls, return_exceptions=True)
        elif way == "shield":
            shields = [asyncio.shield(call) for call in calls]
            await asyncio.gather(*shields, return_exceptions=True)
        else:
            tasks = [asyncio.create_task(call) for call in calls]
            await turns(3)
            if way == "cancelled tasks":
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def main() -> Counter[str]:
        field = Field(4)
        field.session._open = field.open  # type: ignore[method-assign, assignment]
        answers = asyncio.create_task(answering(field, reply))
        await burst(field)
        await turns()
        gc.collect()
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            await burst(field)
            await turns()
            gc.collect()
        finally:
            gc.set_debug(0)
        left = Counter(type(one).__name__ for one in gc.garbage)
        gc.garbage.clear()
        answers.cancel()
        await field.session.aclose()
        return left

    left = virtual(main())
    ours = {name for name in left if name in {"Call", "Task"} or name.endswith("Error")}
    assert not ours, left


@pytest.mark.parametrize("whom", ["itself", "the next", "one before"])
def test_one_is_cancelled_while_another_is_noted(virtual: Virtual, whom: str) -> None:
    """Right before its first byte, or while its neighbours of the same batch are written."""

    async def main() -> tuple[Any, ...]:
        field = Field(3)
        flights: list[Any] = []
        victim = {"itself": 1, "the next": 2, "one before": 0}[whom]

        def note() -> None:
            flights[victim].cancel()

        flights += [
            field.line.attempt(
                cancel(n),
                Lane.CANCEL,
                patience=lambda: 10.0,
                recv_window=5000,
                on_written=note if n == 1 else None,
            )
            for n in range(3)
        ]
        gathered = asyncio.gather(*flights, return_exceptions=True)
        await turns(3)
        for connection in field.connections:
            if connection.listener is not None:
                connection.data_received(OK)
        results = await gathered
        await turns()
        written = len(field.written())
        await field.session.aclose()
        return [type(one) for one in results].index(asyncio.CancelledError), written, field.state()

    victim = {"itself": 1, "the next": 2, "one before": 0}[whom]
    assert virtual(main()) == (victim, 3 if whom == "one before" else 2, (0, 0))


def test_a_signer_that_stops_an_iteration_stops_nobody_else(virtual: Virtual) -> None:
    """No future takes a `StopIteration`; it must not take the batch along."""

    def sign(payload: bytes) -> str:
        return "s" if b"strategyId=2&" in payload else next(iter(()))

    async def main() -> tuple[Any, ...]:
        field = Field(2, sign)
        calls = [field.line.send(cancel(n)) for n in (1, 2)]
        answers = asyncio.create_task(answering(field, OK))
        gathered: Any = asyncio.gather(*calls, return_exceptions=True)
        first, second = await asyncio.wait_for(gathered, 5)
        answers.cancel()
        await turns()
        await field.session.aclose()
        return type(first), second.strategy_id, field.state()

    assert virtual(main()) == (RuntimeError, 1, (0, 0))
