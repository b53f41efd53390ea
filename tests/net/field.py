"""A line over lean connections that stand on nothing, so that a test sees each turn of the loop."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import SimpleNamespace

from binance_papi.api.um import conditional
from binance_papi.core.admission import Admission
from binance_papi.core.route import Route
from binance_papi.core.signing import ApiKey, Signer
from binance_papi.core.weight import WeightTracker
from binance_papi.net.clock import Clock
from binance_papi.net.connection import HttpConnection
from binance_papi.net.gate import Gate
from binance_papi.net.lean import LeanSession
from binance_papi.net.line import Line
from binance_papi.terms import RateLimit
from tests.stage import http

OK = http(200, b'{"strategyId":1,"strategyStatus":"CANCELED"}')


def cancel(number: int = 1) -> conditional.CancelOrder:
    """A cancel of its own."""
    return conditional.CancelOrder(symbol="BTCUSDT", strategy_id=number)


class Notes:
    """A transport that notes what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.closing = False
        self.peer: tuple[str, int] | None = ("127.0.0.1", 1)
        self.connection: HttpConnection | None = None

    def write(self, data: bytes) -> None:
        """Note it, unless it was dropped."""
        if not self.closing:
            self.written.append(data)

    def is_closing(self) -> bool:
        """Whether it was dropped."""
        return self.closing

    def get_extra_info(self, _: str) -> tuple[str, int] | None:
        """Who is at the other end."""
        return self.peer

    def abort(self) -> None:
        """Be gone, as a real one: told on the next turn."""
        if not self.closing:
            self.closing = True
            assert self.connection is not None
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)


class Field:
    """A line over lean connections that stand on notes."""

    def __init__(self, connections: int, sign: Callable[[bytes], str] = lambda _: "s") -> None:
        loop = asyncio.get_running_loop()
        self.clock = Clock(loop)
        now = self.clock.now()
        self.clock.offset.observe(1_800_000_010.0, 1_800_000_010.001, now, now)
        limit = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000)
        self.tracker = WeightTracker([limit], self.clock.offset, now, probe=False)
        orders = WeightTracker([], self.clock.offset, now, reserve=0.0, probe=False)
        self.route = Route(self.tracker, connections)
        self.gate = Gate(Admission([self.route], orders), self.clock, loop)
        context = ssl.create_default_context()
        self.session = LeanSession("http://127.0.0.1:1", ApiKey("k"), context, self.tracker)
        self.line = Line(
            self.gate,
            SimpleNamespace(sessions=(self.session,)),  # type: ignore[arg-type]
            self.clock,
            Signer("none", sign),
            recv_window=5000,
            timeout=10,
            max_wait=None,
            tell=lambda _: None,
        )
        self.connections = [self.stand() for _ in range(connections)]

    def stand(self) -> HttpConnection:
        """One more connection that stands and is free."""
        connection = HttpConnection(self.session)
        notes = Notes()
        notes.connection = connection
        connection.connection_made(notes)  # type: ignore[arg-type]
        self.session._all[connection] = None
        self.session.idle(connection)
        return connection

    async def open(self, _: str) -> HttpConnection:
        """For the session's ``_open``: one more connection, for whoever asked for it."""
        connection = self.stand()
        self.session._idle.remove(connection)
        self.connections.append(connection)
        return connection

    def written(self) -> list[bytes]:
        """All that was written."""
        return [one for each in self.connections for one in each.transport.written]  # type: ignore[union-attr]

    def state(self) -> tuple[int, int]:
        """Busy connections, weight in flight."""
        return self.route.busy, self.tracker.in_flight


async def turns(count: int = 5) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)
