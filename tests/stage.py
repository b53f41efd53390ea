"""What many tests share: a scripted peer, virtual time, a response for aioresponses."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import struct
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar
from unittest import mock

import aiohttp

T = TypeVar("T")


class Peer:
    """A TCP server that records what it reads and answers as told.

    ``script(peer, head, writer)`` is called for each request head; the default answers 200 ``{}``.
    """

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self.script: Callable[[Peer, bytes, asyncio.StreamWriter], Awaitable[None]] = _ok
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, **options: Any) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, **options)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                await self.script(self, head, writer)
        self._writers.discard(writer)
        writer.close()

    @property
    def serving(self) -> int:
        """How many connections it serves, a task each."""
        return len(self._writers)

    def hang_up(self) -> None:
        """End every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def stop(self) -> None:
        """Close every connection."""
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await asyncio.sleep(0)
        await self._server.wait_closed()


def http(
    status: int = 200,
    body: bytes = b"{}",
    *headers: str,
    length: int | None = None,
) -> bytes:
    """A reply as bytes."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {size}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def _ok(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(http())


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class _Jump(selectors.DefaultSelector):
    """Lets the loop's clock jump to the next timer instead of waiting for it."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if not events and timeout is None:
            raise RuntimeError("nothing will ever happen: a deadlock in virtual time")
        if not events and timeout and timeout > 0:
            self.loop.jump(timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves only when nobody has anything to do."""

    def __init__(self) -> None:
        selector = _Jump()
        super().__init__(selector)
        selector.loop = self
        self._now = 1000.0

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def jump(self, seconds: float) -> None:
        """Move the clock."""
        self._now += seconds

    def timers(self) -> int:
        """How many timers are armed."""
        return sum(not handle.cancelled() for handle in self._scheduled)  # type: ignore[attr-defined]


class Virtual:
    """Runs coroutines in virtual time: ``virtual(coroutine)``."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()

    def __call__(self, main: Coroutine[Any, Any, T]) -> T:
        """Run it to its end."""
        return self.loop.run_until_complete(main)


class MockedResponse(aiohttp.ClientResponse):
    """What aioresponses 0.7.9 leaves out since aiohttp 3.14: the writer of the request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", mock.Mock(output_size=0))
        super().__init__(*args, **kwargs)
