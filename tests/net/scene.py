"""One call on its way, as far as a test lets it come, and another that must not be hurt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from binance_papi.net.connection import HttpConnection
from tests.net.field import OK, Field, cancel, turns
from tests.stage import Virtual, http

BUSY = http(503, b'{"code":-1000,"msg":"Service Unavailable."}')


class Scene:
    """One call on its way, and another that must not be hurt."""

    def __init__(self) -> None:
        self.field = Field(2)
        self.call: Any = self.field.line.send(cancel(1))
        self.other = asyncio.create_task(self.field.line.send(cancel(2)))
        self.connections = self.field.connections

    async def reach(self, stage: str) -> None:
        """Let the call, which somebody waits for, come as far as that."""
        field = self.field
        if stage == "begun":
            await turns(1)
            return
        if stage == "queued":
            field.route.slots = 1  # which the other one has
        if stage == "connecting":
            field.session._open = self.never  # type: ignore[method-assign, assignment]
            field.session._idle.pop()
        await turns(5)
        [busy] = [one for one in self.connections if self.carries(one, b"strategyId=2&")]
        mine = [one for one in self.connections if self.carries(one, b"strategyId=1&")]
        assert len(mine) == (stage not in ("queued", "connecting"))
        if stage == "answered":
            mine[0].data_received(OK)
        elif stage == "pausing":
            mine[0].data_received(BUSY)
            await turns(3)
            assert self.call.helper is not None
        assert busy.listener is not None

    async def never(self, _: str) -> HttpConnection:
        """A connection that does not come about."""
        await asyncio.sleep(3600)
        raise AssertionError

    @staticmethod
    def carries(connection: HttpConnection, what: bytes) -> bool:
        """Whether that was written on it."""
        return any(what in one for one in connection.transport.written)  # type: ignore[union-attr]

    def sent(self) -> int:
        """How often the call was written."""
        return sum(b"strategyId=1&" in one for one in self.field.written())

    async def answer(self, reply: bytes = OK) -> None:
        """Answer whatever is asked, until nothing is."""
        for _ in range(50):
            await asyncio.sleep(0.02)
            for one in self.connections:
                if one.listener is not None:
                    one.data_received(reply)

    async def end(self) -> tuple[Any, ...]:
        """Answer the other one, close, and tell what is left."""
        self.field.route.slots = 2
        await self.answer()
        assert (await asyncio.wait_for(self.other, 1)).strategy_id == 1
        await self.field.session.aclose()
        await turns()
        return self.field.state(), self.field.gate.admission.waiting(), len(asyncio.all_tasks())


NOTHING_LEFT = ((0, 0), 0, 1)


def play(virtual: Virtual, main: Callable[[Scene], Coroutine[Any, Any, Any]]) -> Any:
    """Run a scene, and see that nothing is left and nobody complained."""
    problems: list[Any] = []
    virtual.loop.set_exception_handler(lambda _, what: problems.append(what))

    async def scene() -> Any:
        scene = Scene()
        result = await main(scene)
        assert await scene.end() == NOTHING_LEFT
        return result

    result = virtual(scene())
    assert (virtual.loop.timers(), problems) == (0, [])
    return result
