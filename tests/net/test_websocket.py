"""WebSockets against a real server on loopback: nothing of a listenKey is ever shown."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
import trustme
from aiohttp import WSMsgType, web

from binance_papi import PapiClient, UnsentError, UsageError
from binance_papi.api import events
from binance_papi.core.decode import MAX_BODY
from binance_papi.core.signing import ListenKey
from binance_papi.net import websocket
from binance_papi.net.websocket import Ended, Sign, WebSockets
from tests.faults.canary import shown

KEY = "CanaryListenKey0123456789"
SETTINGS = {"proxy": None, "ssl": None, "source_addresses": ("127.0.0.1",)}


class Server:
    """A server that plays one script for each connection."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.headers: list[Any] = []
        self.posts: list[str] = []
        self.script: Any = None
        self.app = web.Application()
        self.app.router.add_route("*", "/papi/v1/listenKey", self._key)
        self.app.router.add_get("/pm/ws/{key}", self._serve)
        self.runner = web.AppRunner(self.app, shutdown_timeout=0.1, access_log=None)
        self.port = 0

    async def start(self, context: ssl.SSLContext | None = None) -> None:
        """Listen on a free port of loopback."""
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self.runner.addresses[0][1]

    async def _key(self, request: web.Request) -> web.Response:
        self.posts.append(request.method)
        return web.json_response({"listenKey": KEY} if request.method == "POST" else {})

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        self.headers.append(request.headers)
        if isinstance(self.script, web.StreamResponse):
            return self.script
        ws = web.WebSocketResponse(autoping=False, timeout=0.1)
        await ws.prepare(request)
        await self.script(ws)
        await ws.close()
        return ws


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    """One on loopback."""
    server = Server()
    yield server
    await server.runner.cleanup()


def dialer(server: Server, scheme: str = "ws", **settings: Any) -> WebSockets:
    """What opens connections to it."""
    base = {"stream_base": f"{scheme}://127.0.0.1:{server.port}/pm"}
    return WebSockets(SimpleNamespace(**SETTINGS | base | settings))  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_messages_and_signs_of_life(server: Server) -> None:
    """Text is a message, as bytes; pings are answered; both pings and pongs are signs of life."""
    heard: list[Any] = []

    async def script(ws: web.WebSocketResponse) -> None:
        await ws.send_str("one")
        await ws.ping(b"p")
        heard.append((await ws.receive()).type)
        heard.append((await ws.receive()).type)
        await ws.pong(b"q")
        await ws.send_bytes(b"two")

    server.script = script
    await server.start()
    ways = dialer(server)
    got = await ways.dial(ListenKey(KEY + "/ü?".encode("ascii", "ignore").decode()))
    assert not isinstance(got, str)
    assert await got.read() == b"one"
    assert await got.read() is Sign.OF_LIFE
    await got.ping()
    assert await got.read() is Sign.OF_LIFE
    assert await got.read() == b"two"
    assert await got.read() == Ended("closed with code 1000")
    assert heard == [WSMsgType.PONG, WSMsgType.PING]
    await got.close()
    await got.ping()
    await ways.aclose()
    await ways.aclose()
    assert server.paths == [f"/pm/ws/{KEY}/?"]
    assert "X-MBX-APIKEY" not in server.headers[0]
    assert "Sec-WebSocket-Extensions" not in server.headers[0]


@pytest.mark.asyncio
async def test_who_talks_on_is_left_after_a_second(server: Server) -> None:
    """A peer that takes no leave keeps nobody from leaving, whatever else it sends."""
    gone = asyncio.Event()

    async def script(ws: web.WebSocketResponse) -> None:
        try:
            while True:
                await ws.send_str("and another thing")
                await asyncio.sleep(0.05)
        finally:
            gone.set()

    server.script = script
    await server.start()
    ways = dialer(server)
    got = await ways.dial(ListenKey(KEY))
    assert not isinstance(got, str)
    assert await got.read() == b"and another thing"
    async with asyncio.timeout(3):
        await got.close()
        await gone.wait()
    await ways.aclose()


@pytest.mark.asyncio
async def test_a_message_without_end_is_not_read(server: Server) -> None:
    """Beyond the bound the connection is given up, not the memory."""

    async def script(ws: web.WebSocketResponse) -> None:
        await ws.send_str("x" * (MAX_BODY + 1))
        await ws.receive()

    server.script = script
    await server.start()
    ways = dialer(server)
    got = await ways.dial(ListenKey(KEY))
    assert not isinstance(got, str)
    assert await got.read() == Ended("closed with code 1009")
    await ways.aclose()


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [302, 404, 503])
async def test_who_does_not_upgrade_is_refused(server: Server, status: int) -> None:
    """Least of all is a redirect followed."""
    elsewhere = f"http://127.0.0.1:1/{KEY}"
    server.script = web.Response(status=status, headers={"Location": elsewhere})
    await server.start()
    ways = dialer(server)
    assert await ways.dial(ListenKey(KEY)) == f"HTTP {status}"
    await ways.aclose()


@pytest.mark.asyncio
async def test_nobody_listens_there(server: Server) -> None:
    """A plain word in place of an exception that shows the URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server.port = free.getsockname()[1]
    ways = dialer(server)
    reason = await ways.dial(ListenKey(KEY))
    assert reason == "ClientConnectorError"
    await ways.aclose()


@pytest.mark.asyncio
async def test_a_server_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    """The wait has an end; and who is cancelled in it takes nothing along."""
    monkeypatch.setattr(websocket, "PATIENCE", 0.05)

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        writer.close()

    listener = await asyncio.start_server(hold, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    ways = dialer(server)
    assert await ways.dial(ListenKey(KEY)) == "no connection within 0.05 s"
    monkeypatch.setattr(websocket, "PATIENCE", 5)
    task = asyncio.create_task(ways.dial(ListenKey(KEY)))
    await asyncio.sleep(0.05)
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert KEY not in "".join(text for _, text in shown(caught.value))
    await ways.aclose()
    listener.close()
    await asyncio.sleep(0.3)


@pytest.mark.asyncio
async def test_tls_is_verified(server: Server, authority: trustme.CA) -> None:
    """A certificate that nobody vouches for is no exchange."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def script(ws: web.WebSocketResponse) -> None:
        await ws.send_str("safe")

    server.script = script
    await server.start(context)
    ways = dialer(server, "wss")
    assert await ways.dial(ListenKey(KEY)) == "ClientConnectorCertificateError"
    await ways.aclose()
    assert server.paths == []
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    ways = dialer(server, "wss", ssl=trusting)
    got = await ways.dial(ListenKey(KEY))
    assert not isinstance(got, str)
    assert await got.read() == b"safe"
    await got.close()
    await ways.aclose()


@pytest.mark.asyncio
async def test_the_environment_has_no_say(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its proxies are not asked; one that is given is."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def script(ws: web.WebSocketResponse) -> None:
        await ws.send_str("direct")

    server.script = script
    await server.start()
    ways = dialer(server)
    got = await ways.dial(ListenKey(KEY))
    assert not isinstance(got, str)
    assert await got.read() == b"direct"
    await got.close()
    await ways.aclose()
    ways = dialer(server, proxy="http://127.0.0.1:1")
    assert await ways.dial(ListenKey(KEY)) == "ClientProxyConnectionError"
    await ways.aclose()


@pytest.mark.asyncio
async def test_a_whole_client(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Key by POST, events by WebSocket, on the host of the base URL; the client closes all."""
    caplog.set_level(logging.DEBUG)

    async def script(ws: web.WebSocketResponse) -> None:
        if len(server.paths) == 1:
            await ws.send_str(f'{{"e":"listenKeyExpired","E":1,"listenKey":"{KEY}"}}')
        await ws.send_str('{"e":"balanceUpdate","E":1,"a":"BTC"}')
        await ws.receive()

    server.script = script
    await server.start()
    async with PapiClient("key", "s", base_url=f"http://127.0.0.1:{server.port}") as papi:
        stream = papi.user_stream()
        async with stream:
            first, second = [await anext(stream) for _ in range(2)]
            assert isinstance(first, events.ListenKeyExpired)
            assert getattr(second, "reason", "") == "the listenKey expired"
        left = papi.user_stream(max_queue=2)
        await left.open()
    assert [one async for one in left]
    assert server.posts[0] == "POST"
    assert set(server.paths) == {f"/pm/ws/{KEY}"}
    everything = [*shown(stream), *shown(left), *shown(first), ("log", caplog.text)]
    assert KEY not in "".join(text for _, text in everything)
    with pytest.raises(UsageError, match="closed"):
        papi.user_stream()


@pytest.mark.asyncio
async def test_settings_that_can_not_be_right(server: Server) -> None:
    """Refused before anything is sent; and a stream that does not come about shows no key."""
    server.script = web.Response(status=503)
    await server.start()
    async with PapiClient("key", "s", base_url=f"http://127.0.0.1:{server.port}") as papi:
        for wrong in ({"max_queue": 1}, {"patience": 0.0}, {"patience": float("inf")}):
            with pytest.raises(ValueError, match="max_queue"):
                papi.user_stream(**wrong)
        with pytest.raises(UnsentError, match="no stream within") as caught:
            await papi.user_stream(patience=0.3).open()
        assert KEY not in "".join(text for _, text in shown(caught.value))
