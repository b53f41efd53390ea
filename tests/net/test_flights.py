"""Flights on the lean transport, turn by turn of the loop, over transports that only take notes."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from binance_papi.core.answer import Done, Unanswered, Unsent
from binance_papi.core.endpoint import Lane
from binance_papi.errors import EndpointRetiredError, PapiError
from binance_papi.net.connection import HttpConnection
from tests.net.field import OK, Field, Notes, cancel, turns
from tests.stage import Virtual, http


@pytest.mark.parametrize("read", [True, False])
def test_a_call_cancelled_beside_its_reply_is_settled_once(virtual: Virtual, read: bool) -> None:
    """Read before, its connection stays; else it is dropped. Nothing is given back twice."""

    async def main() -> tuple[Any, ...]:
        field = Field(1)
        task = asyncio.create_task(field.line.send(cancel()))
        await turns(3)
        assert field.state() == (1, 1)
        if read:
            field.connections[0].data_received(OK)
        task.cancel()
        if not read:
            field.connections[0].data_received(OK)
        await asyncio.wait({task})
        await turns()
        state, stands = field.state(), not field.connections[0].transport.is_closing()  # type: ignore[union-attr]
        await field.session.aclose()
        return task.cancelled(), state, field.route.slots, stands

    assert virtual(main()) == (True, (0, 0), 1, read)


@pytest.mark.parametrize("direct", [True, False])
def test_a_cancelled_call_does_not_take_the_connection_of_the_next(
    virtual: Virtual, direct: bool
) -> None:
    """Its reply was read, so its connection carries another request already."""

    async def main() -> str:
        field = Field(1)
        field.route.slots = 2
        if direct:
            first = asyncio.create_task(field.line.send(cancel(1)))
        else:
            arguments = {"keyed": True, "patience": 10.0}
            first = asyncio.create_task(field.session.send("DELETE", "/x", **arguments))  # type: ignore[arg-type]
        await turns(3)
        field.connections[0].data_received(OK)
        first.cancel()
        second = field.line.send(cancel(2))
        second.add_done_callback(lambda _: None)  # as whoever waits for it does
        await asyncio.wait({first})
        await turns()
        assert len(field.written()) == 2
        field.connections[0].data_received(OK)
        reply = await asyncio.wait_for(second, 30)
        await field.session.aclose()
        assert field.state() == (0, 0)
        return str(reply.strategy_status)

    assert virtual(main()) == "CANCELED"


def test_a_path_that_is_gone_is_told_to_all_who_wait(virtual: Virtual) -> None:
    """However many they are: they are told one after the other, not one out of the other."""

    async def main() -> tuple[set[type[Any]], int, tuple[int, int]]:
        field = Field(2)
        tasks = [asyncio.create_task(field.line.send(cancel(n))) for n in range(1500)]
        await turns(2)
        field.connections[0].data_received(http(404, b"<html>"))
        results = await asyncio.wait_for(asyncio.gather(*tasks[1:], return_exceptions=True), 30)
        field.connections[1].data_received(http(404, b"<html>"))
        await asyncio.wait(tasks)
        await field.session.aclose()
        return {type(one) for one in results}, len(field.written()), field.state()

    assert virtual(main()) == ({EndpointRetiredError}, 2, (0, 0))


@pytest.mark.parametrize("status", [429, 418, 403])
@pytest.mark.parametrize("ready", [2, 1, 0])
@pytest.mark.parametrize("when", ["with it", "a turn later", "as others ask"])
def test_nothing_is_written_once_silence_was_asked_for(
    virtual: Virtual, status: int, ready: int, when: str
) -> None:
    """Not even what the replies just before had made room for.

    Whether the refused request had a connection that stood ready, or one that was opened for it.
    """

    async def main() -> bool:
        field = Field(ready)
        field.route.slots = field.route.connections = 2
        field.session._open = field.open  # type: ignore[method-assign, assignment]
        tasks = [asyncio.create_task(field.line.send(cancel(n))) for n in range(4)]
        await turns(6)
        assert len(field.written()) == 2
        field.connections[0].data_received(OK)
        if when == "a turn later":
            await turns(1)
        if when == "as others ask":
            tasks += [asyncio.create_task(field.line.send(cancel(n))) for n in (5, 6)]
            await turns(1)
        before = len(field.written())
        field.connections[1].data_received(http(status, b"{}", "Retry-After: 1"))
        await turns(9)
        quiet = len(field.written()) == before
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await field.session.aclose()
        assert field.state() == (0, 0)
        return quiet

    assert virtual(main())


def test_headers_stay_until_they_are_read(virtual: Virtual) -> None:
    """Though the connection carries another request already, on the turn on which they came."""

    async def main() -> tuple[int, int]:
        field = Field(1)
        field.route.slots = 2  # so that the second does not wait for the first to be settled
        calls = [field.line.send(cancel(number)) for number in (1, 2)]
        calls[0].add_done_callback(lambda _: None)  # as whoever waits for it does
        await turns(2)
        calls[1].add_done_callback(lambda _: None)
        body = OK.partition(b"\r\n\r\n")[2]
        field.connections[0].data_received(http(200, body, "X-MBX-USED-WEIGHT-1M: 500"))
        await turns(1)
        written = len(field.written())
        await turns(2)
        (usage,) = field.tracker.usage(field.clock.now())
        field.connections[0].data_received(OK)
        await asyncio.gather(*calls)
        await field.session.aclose()
        return written, usage.foreign

    assert virtual(main()) == (2, 498)


@pytest.mark.parametrize("where", ["signing", "noting"])
def test_what_fails_before_it_is_written_fails_alone(virtual: Virtual, where: str) -> None:
    """One request of a batch can't be signed or noted; the others go on, and nothing leaks."""

    def sign(payload: bytes) -> str:
        if where == "signing" and b"strategyId=1&" in payload:
            raise OSError("no card")
        return "s"

    def note() -> None:
        if where == "noting":
            raise OSError("no disk")

    async def main() -> tuple[Any, ...]:
        field = Field(3, sign)
        patience = lambda: 10.0  # noqa: E731
        attempts = [
            field.line.attempt(
                cancel(n),
                Lane.CANCEL,
                patience=patience,
                recv_window=5000,
                on_written=note if n == 1 else None,
            )
            for n in range(3)
        ]
        gathered = asyncio.gather(*attempts, return_exceptions=True)
        await turns(2)
        for connection in field.connections:
            if not connection.transport.is_closing():  # type: ignore[union-attr]
                connection.data_received(OK)
        results = await gathered
        await turns()
        await field.session.aclose()
        kinds = [type(result) for result in results]
        trace = results[1].__traceback__ if isinstance(results[1], OSError) else None
        while trace is not None:
            assert "signature=" not in repr(trace.tb_frame.f_locals)
            trace = trace.tb_next
        return kinds, len(field.written()), field.state()

    assert virtual(main()) == ([Done, OSError, Done], 2, (0, 0))


def test_idle_connections_are_dropped_in_time_however_patient_calls_are(virtual: Virtual) -> None:
    """One timer serves both: it rings for whichever comes first."""

    async def main() -> tuple[bool, bool]:
        field = Field(1)
        connection = field.connections[0]
        session = field.session
        task = asyncio.create_task(session.send("GET", "/x", keyed=False, patience=300.0))
        await asyncio.sleep(20)
        connection.data_received(OK)
        await task
        await asyncio.sleep(4)
        before = connection.transport.is_closing()  # type: ignore[union-attr]
        await asyncio.sleep(2)
        after = connection.transport.is_closing()  # type: ignore[union-attr]
        await session.aclose()
        return before, after

    assert virtual(main()) == (False, True)


def test_the_last_reply_of_a_connection_ages_no_other(virtual: Virtual) -> None:
    """Those that are answered on the same turn stay for as long as any that are free since then."""

    async def main() -> tuple[int, int]:
        field = Field(3)
        await asyncio.sleep(20)
        calls = [asyncio.create_task(field.line.send(cancel(number))) for number in range(3)]
        await turns(3)
        await asyncio.sleep(9)
        last, *others = field.connections
        last.data_received(http(200, OK.partition(b"\r\n\r\n")[2], "Connection: close"))
        for connection in others:
            connection.data_received(OK)
        await asyncio.gather(*calls)
        field.session._missing = 0  # the one that is gone is not replaced: nothing listens here
        await asyncio.sleep(15)
        standing = len(field.session._idle)
        await asyncio.sleep(2)
        gone = standing - len(field.session._idle)
        await field.session.aclose()
        return standing, gone

    assert virtual(main()) == (2, 2)


@pytest.mark.parametrize(("whose", "told"), [(0, "Done Done"), (1, "Unanswered Done")])
def test_time_that_passes_before_it_is_written_is_not_taken_from_it(
    virtual: Virtual, whose: int, told: str
) -> None:
    """A journal on a slow disk, or a machine that stood still; what was written before waits."""

    async def main() -> str:
        field = Field(2)
        late = (lambda: virtual.loop.jump(1.2), lambda: None)
        first, second = (
            field.line.attempt(
                cancel(number),
                Lane.CANCEL,
                patience=lambda: 1.0,
                recv_window=5000,
                on_written=late[number != whose],
            )
            for number in (0, 1)
        )
        both = asyncio.gather(first, second)
        await turns(3)
        await asyncio.sleep(0.9)
        field.connections[0].data_received(OK)
        field.connections[1].data_received(OK)
        answers = await both
        await field.session.aclose()
        return " ".join(type(one).__name__ for one in answers)

    assert virtual(main()) == told


@pytest.mark.parametrize("how", ["closing", "no peer"])
def test_a_peer_that_hangs_up_at_once_was_never_told_anything(
    virtual: Virtual, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is gone when it is made carries nothing: never sent, not unknown."""

    async def main() -> tuple[Any, list[bytes]]:
        field = Field(0)
        notes = Notes()

        async def create_connection(make: Any, *_: Any, **__: Any) -> Any:
            connection = notes.connection = make()
            connection.connection_made(notes)
            notes.closing = how == "closing"
            return notes, connection

        notes.peer = ("127.0.0.1", 1) if how == "closing" else None
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", create_connection)
        heard = await field.session.send("GET", "/x", keyed=False, patience=1.0)
        await field.session.aclose()
        return type(heard), notes.written

    assert virtual(main()) == (Unsent, [])


def test_a_server_that_hangs_up_first_does_not_stop_the_timer(virtual: Virtual) -> None:
    """An idle connection that is gone already is no news when its time is over."""

    async def main() -> tuple[type[Any], list[Any]]:
        problems: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: problems.append(what))
        field = Field(2)
        for connection in field.connections[:1]:
            connection.transport.closing = True  # type: ignore[union-attr]
            connection.connection_lost(None)
        await asyncio.sleep(10)
        call = field.session.send("GET", "/x", keyed=False, patience=20.0)
        heard = await asyncio.wait_for(call, 60)
        await field.session.aclose()
        return type(heard), problems

    assert virtual(main()) == (Unanswered, [])


GARBAGE = (
    OK[:20],
    OK + b"x",
    OK + OK,
    http(100),
    http(200, b"nonsense"),
    b"garbage\r\n\r\n",
    http(400, b'{"code":-2011,"msg":"Unknown order sent."}'),
    http(401, b'{"code":-2015,"msg":"Invalid API-key."}'),
    http(404, b"<html>"),
    http(429, b'{"code":-1003}', "Retry-After: 1"),
    http(503, b"{}"),
)


class Chaos:
    """Does one thing after another to a field, as a seed tells."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.troubled = False
        self.field = Field(self.dice.randint(1, 4), self._sign)
        self.troubled = self.dice.random() < 0.3
        self.tasks: list[asyncio.Task[Any]] = []
        self.field.session._open = self._open  # type: ignore[method-assign]

    def _sign(self, _: bytes) -> str:
        self._note()
        return "s"

    def _note(self) -> None:
        if self.troubled and self.dice.random() < 0.1:
            raise OSError

    async def _open(self, host: str) -> HttpConnection:
        await asyncio.sleep(self.dice.choice([0, 0, 0.01, 2]))
        if self.dice.random() < 0.3 or self.field.session._closed:
            raise ConnectionRefusedError
        return await self.field.open(host)

    async def _call(self, number: int) -> Any:
        line, lane = self.field.line, self.dice.choice([Lane.CANCEL, Lane.CANCEL, Lane.REDUCE])
        if self.dice.random() < 0.5:
            return await self._wait(line.send(cancel(number)), line.send(cancel(number)))
        wait = self.dice.choice([None, 0.5])
        settings: dict[str, Any] = {"recv_window": 5000, "max_wait": wait, "on_written": self._note}
        return await line.attempt(cancel(number), lane, patience=lambda: 10.0, **settings)

    async def _wait(self, call: Any, another: Any) -> Any:
        way = self.dice.randrange(7)
        if way != 6:
            another.close()
        if way == 0:
            return await asyncio.wait_for(call, self.dice.choice([0, 0.01, 0.5]))
        if way == 1:
            # The call goes on without whoever shielded it.
            call.add_done_callback(lambda done: done.cancelled() or done.exception())
            return await asyncio.shield(call)
        if way == 2:
            return await asyncio.create_task(call)
        if way == 3:
            asyncio.get_running_loop().call_later(self.dice.choice([0, 0.01]), call.cancel)
        if way == 4:
            asyncio.get_running_loop().call_later(self.dice.choice([0, 0.01]), call.close)
        if way == 6:
            return await asyncio.gather(call, another, return_exceptions=self.dice.random() < 0.5)
        return await call

    def act(self) -> None:
        """Call, cancel a call, answer, or hang up."""
        what = self.dice.random()
        standing = [one for one in self.field.connections if not one.transport.is_closing()]  # type: ignore[union-attr]
        asked = [one for one in standing if one.listener is not None]
        if what < 0.35:
            self.tasks.append(asyncio.ensure_future(self._call(len(self.tasks) + 1)))
        elif what < 0.5 and self.tasks:
            self.dice.choice(self.tasks).cancel()
        elif what < 0.95 and asked:
            good = self.dice.random() < 0.6
            self.dice.choice(asked).data_received(OK if good else self.dice.choice(GARBAGE))
        elif standing:
            self.dice.choice(standing).abort() if not asked else asked[0].transport.abort()  # type: ignore[union-attr]

    async def run(self) -> None:
        """Do so, and look at the books after every step."""
        loop = asyncio.get_running_loop()
        for _ in range(self.dice.randint(20, 120)):
            how = self.dice.random()
            if how < 0.4:
                self.act()
            elif how < 0.6:
                loop.call_soon(self.act)
            elif how < 0.8:
                loop.call_later(0, self.act)
            else:
                await asyncio.sleep(self.dice.choice([0, 0, 0, 0.001, 0.01, 1, 12, 30]))
            busy, weight = self.field.state()
            assert 0 <= busy == weight <= self.field.route.connections

    async def answer_all(self) -> None:
        """From now on the exchange is well."""
        for _ in range(3000):
            if all(task.done() for task in self.tasks):
                return
            await asyncio.sleep(self.dice.choice([0, 0.01, 0.2]))
            for connection in self.field.connections:
                if connection.listener is not None and not connection.transport.is_closing():  # type: ignore[union-attr]
                    connection.data_received(OK)
        raise AssertionError("somebody was forgotten")


@pytest.mark.parametrize("heals", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_in_any_order_each_call_ends_and_each_grant_is_settled_once(
    virtual: Virtual, seed: int, heals: bool
) -> None:
    """Whatever comes on whichever turn, also a close; nobody waits for ever, nothing is left."""
    problems: list[Any] = []
    virtual.loop.set_exception_handler(lambda _, what: problems.append(what))

    async def main() -> tuple[Any, ...]:
        chaos = Chaos(seed)
        field = chaos.field
        await chaos.run()
        if heals:
            await chaos.answer_all()
        field.line.close()
        await field.gate.idle(chaos.dice.choice([0.0, 1.0]))
        await field.session.aclose()
        await asyncio.wait_for(field.line.ended(), 20)
        forgotten = (await asyncio.wait(chaos.tasks, timeout=20))[1] if chaos.tasks else set()
        await asyncio.sleep(0.01)
        closed = all(one.transport.is_closing() for one in field.connections)  # type: ignore[union-attr]
        for task in chaos.tasks:
            error = None if task.cancelled() else task.exception()
            assert error is None or isinstance(error, PapiError | OSError)
        return len(forgotten), field.state(), closed, len(asyncio.all_tasks())

    assert virtual(main()) == (0, (0, 0), True, 1)
    assert (virtual.loop.timers(), problems) == (0, [])
