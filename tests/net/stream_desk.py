"""An exchange that has a user data stream and nothing else, in virtual time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, TypeVar

from binance_papi.api.user_stream import (
    CloseUserDataStream,
    KeepaliveUserDataStream,
    StartUserDataStream,
    UserDataStream,
)
from binance_papi.core.signing import ListenKey
from binance_papi.errors import PapiError, RejectedError
from binance_papi.net.clock import Clock
from binance_papi.net.websocket import Ended, Sign
from binance_papi.user_stream import StreamEvent, UserStream
from tests.stage import Virtual

T = TypeVar("T")

LIFE = 3600.0
DAY = 86_400.0
BEGINNING = 1_800_000_010.0 - 1000.0


class Wire:
    """One connection, as both sides see it."""

    def __init__(self, venue: Venue, key: str) -> None:
        self.venue = venue
        self.key = key
        self.opened = venue.loop.time()
        self.frozen = False
        """Whether nothing comes through any more, and nobody says so."""
        self.over = False
        self.closed_by_client = False
        self.pings = 0
        self.leave = 0.0
        """Seconds that it takes to leave."""
        self._frames: asyncio.Queue[bytes | Sign | Ended] = asyncio.Queue()

    @property
    def live(self) -> bool:
        """Whether what is sent arrives."""
        return not (self.frozen or self.over)

    def give(self, frame: bytes | Sign | Ended) -> None:
        """The exchange writes."""
        if self.live:
            self._frames.put_nowait(frame)

    def cut(self, reason: str = "cut") -> None:
        """The connection ends."""
        self.give(Ended(reason))
        self.over = True

    # what the client does with it

    async def read(self) -> bytes | Sign | Ended:
        """As a socket reads."""
        return await self._frames.get()

    async def ping(self) -> None:
        """It is answered, if it arrives."""
        self.pings += 1
        self.give(Sign.OF_LIFE)

    async def close(self) -> None:
        """The client leaves."""
        if self.leave:
            await asyncio.sleep(self.leave)
        self.closed_by_client = self.over = True


class Venue:
    """The exchange's side: one key, connections, events."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.key: str | None = None
        self.extended = 0.0
        self.wires: list[Wire] = []
        self.log: list[tuple[float, str]] = []
        self.refuse: list[PapiError | str] = []
        """What the next requests and connections meet; a text: for connections."""
        self.latency = 0.01
        self.numbers = 0
        self.keys = 0
        self.tasks: set[asyncio.Task[None]] = set()

    def ms(self, now: float | None = None) -> int:
        """Exchange time."""
        at = self.loop.time() if now is None else now
        return int((BEGINNING + at) * 1000)

    def count(self, what: str) -> int:
        """How often the client did something."""
        return sum(one == what for _, one in self.log)

    # ------------------------------------------------------------------ requests

    async def send(self, request: Any) -> Any:
        """As the line sends."""
        self.log.append((self.loop.time(), request.endpoint.method))
        await asyncio.sleep(self.latency)
        if self.refuse and isinstance(self.refuse[0], PapiError):
            raise self.refuse.pop(0)  # type: ignore[misc]
        self.age()
        match request:
            case StartUserDataStream():
                if self.key is None:
                    self.keys += 1
                    self.key = f"hush{self.keys}"
                self.extended = self.loop.time()
                return UserDataStream(listen_key=ListenKey(self.key))
            case KeepaliveUserDataStream():
                if self.key is None:
                    raise RejectedError("no such key", code=-1125)
                self.extended = self.loop.time()
            case CloseUserDataStream():
                self.key = None
        return None

    def age(self) -> None:
        """A key that was not extended ends, and says so on its connections."""
        if self.key is not None and self.loop.time() >= self.extended + LIFE:
            key, self.key = self.key, None
            self.emit({"e": "listenKeyExpired", "E": self.ms()}, key)

    # ------------------------------------------------------------------ connections

    async def dial(self, key: ListenKey) -> Wire | str:
        """As connections are opened."""
        self.log.append((self.loop.time(), "dial"))
        await asyncio.sleep(self.latency)
        if self.refuse and isinstance(self.refuse[0], str):
            return self.refuse.pop(0)  # type: ignore[return-value]
        wire = Wire(self, key.reveal())
        self.wires.append(wire)
        return wire

    async def aclose(self) -> None:
        """As the dialer ends."""
        self.log.append((self.loop.time(), "aclose"))

    @property
    def live(self) -> list[Wire]:
        """Connections on which events arrive."""
        return [wire for wire in self.wires if wire.live and wire.key == self.key]

    def emit(self, event: dict[str, Any], key: str | None = None) -> bool:
        """Send an event; tells whether it went to a live connection."""
        raw = json.dumps(event, separators=(",", ":")).encode()
        found = [wire for wire in self.wires if wire.live and wire.key == (key or self.key)]
        for wire in found:
            wire.give(raw)
        return bool(found)

    def happen(self) -> tuple[int, int, bool]:
        """Something happens: its number, its time, and whether it went to a live connection."""
        self.numbers += 1
        now = self.ms()
        event = {"e": "balanceUpdate", "E": now, "a": "BTC", "d": "1", "U": self.numbers, "T": now}
        return self.numbers, now, self.emit(event)

    async def keep_order(self) -> None:
        """Ping every three minutes, cut after a day, let keys end."""
        while True:
            await asyncio.sleep(30)
            self.age()
            for wire in self.wires:
                if not wire.over and self.loop.time() - wire.opened > DAY:
                    wire.cut("a day is over")
                if int(self.loop.time()) % 180 < 30:
                    wire.give(Sign.OF_LIFE)


class Desk:
    """A stream on that exchange, and what came out of it."""

    def __init__(self) -> None:
        self.venue = Venue()
        self.loop = self.venue.loop
        clock = Clock(self.loop)
        now = clock.now()
        clock.offset.observe(BEGINNING + now, BEGINNING + now + 0.001, now, now)
        self.guests: list[Any] = []
        self.usable: Exception | None = None
        self.witnessed: list[Any] = []
        self.wiring: Any = SimpleNamespace(
            line=self.venue,
            clock=clock,
            loop=self.loop,
            settings=None,
            witness=SimpleNamespace(hear=self.witnessed.append),
            welcome=self.guests.append,
            dismiss=lambda guest: self.guests.remove(guest) if guest in self.guests else None,
        )
        self.got: list[StreamEvent] = []

    def wired(self) -> Any:
        """As the client tells its open parts."""
        if self.usable is not None:
            raise self.usable
        return self.wiring

    def stream(self, **settings: Any) -> UserStream:
        """A stream that is not open yet."""
        settings.setdefault("dial", lambda _: self.venue)
        return UserStream(self.wired, **settings)

    async def read(self, stream: UserStream) -> None:
        """Read to the end."""
        async for event in stream:
            self.got.append(event)

    def kinds(self) -> list[str]:
        """What came, in words."""
        return [type(event).__name__ for event in self.got]


def play(virtual: Virtual, main: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
    """Run a scene; afterwards neither task nor timer nor connection is left."""

    async def scene() -> T:
        desk = Desk()
        order = asyncio.create_task(desk.venue.keep_order())
        result = await main(desk)
        order.cancel()
        await asyncio.wait([order])
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert desk.guests == []
        assert all(wire.over for wire in desk.venue.wires)
        return result

    result = virtual(scene())
    assert virtual.loop.timers() == 0
    return result
