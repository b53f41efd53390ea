"""The floor: the least Python that can cancel orders over asyncio.

One protocol per connection, a C parser, a signature, a typed reply; no tasks, no limits, no
deadlines, no errors. Nothing that is of use, and nothing that can be faster by much.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import httptools
import msgspec

from binance_papi.api.um.conditional import ConditionalOrder

KEY: Final = "k" * 64
SECRET: Final = b"s" * 64


class _Floor(asyncio.Protocol):
    def __init__(self, host: str, todo: deque[int], done: list[Any]) -> None:
        self.todo = todo
        self.done = done
        self.head = (
            f" HTTP/1.1\r\nHost: {host}\r\nX-MBX-APIKEY: {KEY}\r\nAccept-Encoding: identity\r\n\r\n"
        ).encode()
        self.decode = msgspec.json.Decoder(ConditionalOrder, strict=False).decode
        self.state = hmac.new(SECRET, b"", hashlib.sha256)
        self.parser: Any = httptools.HttpResponseParser(self)
        self.body = b""
        self.all_done: asyncio.Future[None] | None = None
        self.wanted = 0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body = body

    def on_message_complete(self) -> None:
        self.done.append(self.decode(self.body))
        if len(self.done) == self.wanted:
            assert self.all_done is not None
            self.all_done.set_result(None)
        self.send()

    def send(self) -> None:
        if not self.todo:
            return
        query = (
            f"symbol=BTCUSDT&strategyId={self.todo.popleft()}"
            f"&recvWindow=5000&timestamp={int(time.time() * 1000)}"
        ).encode()
        state = self.state.copy()
        state.update(query)
        self.transport.write(
            b"DELETE /papi/v1/um/conditional/order?%b&signature=%b%b"
            % (query, state.hexdigest().encode(), self.head)
        )


async def with_floor(
    base: str,
    context: ssl.SSLContext | None,
    connections: int,
    use: Callable[[Callable[[int], Awaitable[None]]], Awaitable[None]],
) -> None:
    """Open the connections, and let ``use`` burst over them."""
    url = urlsplit(base)
    loop = asyncio.get_running_loop()
    todo: deque[int] = deque()
    done: list[Any] = []
    protocols: list[_Floor] = []
    for _ in range(connections):
        _, protocol = await loop.create_connection(
            lambda: _Floor(url.netloc, todo, done),
            url.hostname or "",
            url.port or 0,
            ssl=context if url.scheme == "https" else None,
        )
        protocols.append(protocol)

    async def burst(count: int) -> None:
        done.clear()
        todo.extend(range(count))
        all_done = loop.create_future()
        for protocol in protocols:
            protocol.all_done, protocol.wanted = all_done, count
        for protocol in protocols:
            protocol.send()
        await all_done

    await use(burst)
    for protocol in protocols:
        protocol.transport.close()
