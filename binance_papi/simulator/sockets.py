"""The sockets of the user data stream: ``/pm/ws/<listenKey>``, and the clock that drives them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aiohttp import WSMsgType, web

from binance_papi.simulator import delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from binance_papi.simulator.feed import Feed

PATH: Final = "/pm/ws/"
_TICK: Final = 0.02  # s between two looks at what is due while somebody is connected
_LATEST_PONG: Final = 600.0  # s; a client that answers no ping for so long is dropped
_MAX_SIZE: Final = 4096  # bytes of a client's message; it has nothing to say
_LEAVING: Final = 1.0  # s that a client gets to answer a close


class Socket:
    """One connection: a listener of the feed.

    Args:
        key: The listenKey of its address.
        opened: Exchange time at which it opened, ms.
        ws: The connection.
    """

    def __init__(self, key: str, opened: int, ws: web.WebSocketResponse) -> None:
        self.key = key
        self.opened = opened
        self.silent = False
        self.pinged = self.ponged = opened / 1000
        self._ws = ws
        self._outbox: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send(self, data: bytes) -> None:
        """Hear one message."""
        self._outbox.put_nowait(data)

    def ping(self, now: float) -> None:
        """Ask whether the client is there."""
        self.pinged = now
        self._outbox.put_nowait(b"")

    def close(self) -> None:
        """End the connection with a close frame, behind what was sent."""
        self._outbox.put_nowait(None)

    def reset(self, transport: asyncio.BaseTransport | None) -> None:
        """End the connection without a word."""
        if isinstance(transport, asyncio.Transport):
            delivery.reset(transport)

    async def write(self) -> None:
        """Write what is sent until the end."""
        with suppress(ConnectionError):
            while (data := await self._outbox.get()) is not None:
                if self.silent:
                    continue
                if data:
                    await self._ws.send_frame(data, WSMsgType.TEXT)
                else:
                    await self._ws.ping()
            await self._ws.close(code=1000)

    async def read(self, now: Callable[[], float]) -> None:
        """Answer pings until the client has left."""
        async for message in self._ws:
            if message.type is WSMsgType.PONG:
                self.ponged = now()
            elif message.type is WSMsgType.PING and not self.silent:
                with suppress(ConnectionError):
                    await self._ws.pong(message.data)


class Sockets:
    """All connections.

    Args:
        feed: What they listen to.
        now: Exchange time, Unix seconds.
        settle: Does what is due.
    """

    def __init__(self, feed: Feed, now: Callable[[], float], settle: Callable[[], None]) -> None:
        self.feed = feed
        self.ping_every = 180.0
        self.refusals = 0
        self._now = now
        self._settle = settle
        self._transports: dict[Socket, asyncio.BaseTransport | None] = {}
        self._ticker: asyncio.Task[None] | None = None

    @property
    def open(self) -> tuple[Socket, ...]:
        """The connections that are open, oldest first."""
        return tuple(self._transports)

    async def serve(self, message: web.BaseRequest, key: str) -> web.StreamResponse:
        """Serve one connection to its end.

        Args:
            message: The request that opens it.
            key: The listenKey, known or not; with an unknown one it stays silent.
        """
        if self.refusals > 0:
            self.refusals -= 1
            return _refuse(503)
        ws = web.WebSocketResponse(
            autoping=False, compress=False, max_msg_size=_MAX_SIZE, timeout=_LEAVING
        )
        if not ws.can_prepare(message):
            return _refuse(400)
        await ws.prepare(message)
        socket = Socket(key, int(self._now() * 1000), ws)
        self._transports[socket] = message.transport
        self.feed.connect(socket)
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick())
        writer = asyncio.create_task(socket.write())
        try:
            await socket.read(self._now)
        finally:
            self.feed.disconnect(socket)
            self._transports.pop(socket, None)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return ws

    def reset(self) -> None:
        """End all connections without a word."""
        for socket, transport in tuple(self._transports.items()):
            self.feed.disconnect(socket)
            socket.reset(transport)

    async def stop(self) -> None:
        """End everything."""
        self.reset()
        ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.cancel()
            await asyncio.gather(ticker, return_exceptions=True)

    async def _tick(self) -> None:
        while self._transports:
            await asyncio.sleep(_TICK)
            self._settle()
            now = self._now()
            for socket in self.open:
                if now - max(socket.ponged, socket.opened / 1000) > _LATEST_PONG:
                    socket.reset(self._transports.get(socket))
                elif now - socket.pinged >= self.ping_every:
                    socket.ping(now)
        self._ticker = None


def _refuse(status: int) -> web.Response:
    response = web.Response(status=status)
    response.force_close()  # what follows an upgrade that was asked for may be no HTTP
    return response
