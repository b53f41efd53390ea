"""TLS under the lean transport, over loopback."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Self

import pytest
import trustme

from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.offset import ClockOffset
from binance_papi.core.signing import ApiKey
from binance_papi.core.weight import WeightTracker
from binance_papi.net import lean
from binance_papi.net.lean import LeanSession
from binance_papi.net.tls import TlsProtocol
from tests.net.tls_stage import HUGE_HELLO, NO_TLS, client_context, server_context
from tests.stage import Peer, http, reset

Play = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def play(request: pytest.FixtureRequest) -> Play:
    """Runs something on one of the loops; nothing may be left, and nobody may complain."""
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def play(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        complaints: list[Any] = []

        async def watched() -> None:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: complaints.append(context))
            await main()
            await asyncio.sleep(0.02)
            assert len(asyncio.all_tasks()) == 1
            gc.collect()

        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(watched())
        gc.collect()
        assert complaints == []

    return play


class Mute:
    """A server that accepts, reads, says what it is told to, and notes who hung up."""

    def __init__(self, said: bytes = b"") -> None:
        self.came = self.went = 0
        self.read = b""
        self._said = said
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came += 1
        self._writers.append(writer)
        writer.write(self._said)
        try:
            while data := await reader.read(1 << 16):
                self.read += data
        except ConnectionError:
            pass
        self.went += 1
        writer.close()

    async def gone(self) -> None:
        """Until whoever came hung up."""
        async with asyncio.timeout(1):
            while not self.came or self.went < self.came:
                await asyncio.sleep(0.005)

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()


@contextlib.asynccontextmanager
async def speaking(certificate: trustme.LeafCert) -> AsyncIterator[Peer]:
    """A scripted peer with that certificate."""
    peer = Peer()
    await peer.start(ssl=server_context(certificate))
    try:
        yield peer
    finally:
        await peer.stop()


def session_on(port: int, context: ssl.SSLContext, host: str = "127.0.0.1") -> LeanSession:
    """A session on whoever listens there."""
    now = asyncio.get_running_loop().time()
    tracker = WeightTracker([], ClockOffset(0, now), now)
    return LeanSession(f"https://{host}:{port}", ApiKey("key"), context, tracker)


async def ask(session: LeanSession) -> Reply | Unsent | Unanswered:
    """One request."""
    return await session.send("GET", "/x", keyed=False, patience=2.0)


async def leave(session: LeanSession) -> None:
    """Close a session, which had nothing open."""
    assert not session._all
    await session.aclose()


def test_many_requests_on_one_connection(authority: trustme.CA, play: Play) -> None:
    """Tickets, pauses and large replies included."""
    sizes = [2, 20_000, 1_000_000, 2]

    async def script(peer: Peer, _: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(200, b"x" * sizes[len(peer.heads) - 1]))

    async def main() -> None:
        async with speaking(authority.issue_cert("127.0.0.1")) as peer:
            peer.script = script
            session = session_on(peer.port, client_context(authority))
            assert await session.warm_up(1) is None
            for size in sizes:
                await asyncio.sleep(0.02)
                heard = await ask(session)
                assert isinstance(heard, Reply)
                assert len(heard.body) == size
            assert peer.connections == 1
            await session.aclose()
            await asyncio.sleep(0.02)
            assert peer.serving == 0

    play(main)


def test_where_each_loop_puts_what_it_reads(
    authority: trustme.CA, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asyncio's loop into our room, or it would map memory for each read; uvloop into its own."""
    kinds: set[type] = set()
    usual = TlsProtocol.data_received

    def noted(tls: TlsProtocol, data: bytes | memoryview) -> None:
        kinds.add(type(data))
        usual(tls, data)

    monkeypatch.setattr(TlsProtocol, "data_received", noted)

    async def main() -> None:
        async with speaking(authority.issue_cert("127.0.0.1")) as peer:
            peer.script = scripted
            session = session_on(peer.port, client_context(authority))
            assert isinstance(await ask(session), Reply)
            await session.aclose()
            await asyncio.sleep(0.02)
        own = isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop)
        assert kinds == {memoryview if own else bytes}

    async def scripted(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(200, b"{}"))

    play(main)


@pytest.mark.parametrize("why", ["wrong name", "stranger"])
def test_a_peer_that_is_not_to_be_trusted(authority: trustme.CA, play: Play, why: str) -> None:
    """Never sent, and no connection is left on either side."""

    async def main() -> None:
        issuer = trustme.CA() if why == "stranger" else authority
        name = "127.0.0.1" if why == "stranger" else "127.0.0.2"
        async with speaking(issuer.issue_cert(name)) as peer:
            session = session_on(peer.port, client_context(authority))
            heard = await ask(session)
            assert heard == Unsent("SSLCertVerificationError")
            assert await session.warm_up(2) == "SSLCertVerificationError"
            await leave(session)
            await asyncio.sleep(0.02)
            assert (peer.heads, peer.serving) == ([], 0)

    play(main)


@pytest.mark.parametrize("said", [NO_TLS, HUGE_HELLO], ids=["http", "hello"])
def test_a_peer_that_speaks_no_tls(authority: trustme.CA, play: Play, said: bytes) -> None:
    """Never sent; it got a greeting and, if it can read one, an alert."""

    async def main() -> None:
        async with Mute(said) as mute:
            session = session_on(mute.port, client_context(authority))
            assert await ask(session) == Unsent("SSLError")
            await leave(session)
            await mute.gone()
            assert mute.read[:2] == b"\x16\x03"
            assert mute.read[-7:-5] == b"\x15\x03" or said is NO_TLS

    play(main)


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x03\x10\x00"], ids=["mute", "half"])
def test_a_handshake_that_is_never_answered(
    authority: trustme.CA, play: Play, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    """Its time is that of connecting; then it is hung up."""
    monkeypatch.setattr(lean, "CONNECT_TIMEOUT", 0.1)

    async def main() -> None:
        async with Mute(said) as mute:
            session = session_on(mute.port, client_context(authority))
            async with asyncio.timeout(1):
                heard = await ask(session)
            assert heard == Unsent("no connection within 0.1 s")
            await mute.gone()
            await leave(session)

    play(main)


def test_cancelled_while_it_connects(authority: trustme.CA, play: Play) -> None:
    """After whichever turn of the loop: hung up, and no task is left."""

    async def main() -> None:
        client, certificate = client_context(authority), authority.issue_cert("127.0.0.1")
        async with Mute() as mute, speaking(certificate) as peer:
            for port in (mute.port, peer.port):
                for turns in [*range(20), 200]:
                    session = session_on(port, client)
                    task = asyncio.create_task(ask(session))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    task.cancel()
                    await asyncio.wait([task])
                    assert task.cancelled() or port == peer.port
                    await session.aclose()
            del task
            await asyncio.sleep(0.03)
            assert (mute.came, peer.serving) == (mute.went, 0)

    play(main)


def test_cancelled_right_after_it_connected(
    authority: trustme.CA, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The greeting was sent, and the loop did not yet say so to whoever connects."""

    async def main() -> None:
        async with Mute() as mute:
            session = session_on(mute.port, client_context(authority))
            task = asyncio.create_task(ask(session))

            class Hasty(TlsProtocol):
                def connection_made(self, transport: asyncio.BaseTransport) -> None:
                    super().connection_made(transport)
                    task.cancel()

            monkeypatch.setattr(lean, "TlsProtocol", Hasty)
            await asyncio.wait([task])
            assert task.cancelled()
            await mute.gone()
            await leave(session)

    play(main)


@pytest.mark.parametrize("rude", [True, False])
def test_hung_up_on_during_the_handshake(authority: trustme.CA, play: Play, rude: bool) -> None:
    """With or without a reset: never sent."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if rude:
            reset(writer)
        else:
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        session = session_on(server.sockets[0].getsockname()[1], client_context(authority))
        heard = await ask(session)
        assert isinstance(heard, Unsent)
        assert "Connection" in heard.reason or "BrokenPipe" in heard.reason
        await leave(session)
        server.close()
        await server.wait_closed()

    play(main)


@pytest.mark.parametrize("host", [".example", f"{'a' * 64}.example", "a..example"])
def test_a_host_that_can_be_no_name(play: Play, host: str) -> None:
    """Nobody is asked for it: there could be no certificate."""

    async def main() -> None:
        session = session_on(443, ssl.create_default_context(), host)
        assert isinstance(await ask(session), Unsent)
        await leave(session)

    play(main)
