"""The session pool on real sockets: one call, one request, one reply, nothing else."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import trustme

from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.decode import MAX_BODY
from binance_papi.core.offset import ClockOffset
from binance_papi.core.settings import Settings
from binance_papi.core.signing import ApiKey
from binance_papi.core.usage import count
from binance_papi.core.weight import WeightTracker
from binance_papi.net import session_pool
from binance_papi.net.carrier import Carrier
from binance_papi.net.session_pool import SessionPool
from tests.stage import Peer, http, reset

Open = Callable[..., Awaitable[Carrier]]
KEY = "canary-api-key"


@pytest.fixture(params=["aiohttp", "lean"])
def transport(request: pytest.FixtureRequest) -> str:
    """Both transports keep the same promises."""
    return str(request.param)


@pytest_asyncio.fixture
async def open_session(peer: Peer, transport: str) -> AsyncIterator[Open]:
    """Opens a pool on the scripted peer (or elsewhere) and gives its one session."""
    pools: list[SessionPool] = []

    async def open_session(base_url: str | None = None, **settings: Any) -> Carrier:
        (address,) = settings.pop("source_addresses", (None,))
        told = Settings(
            base_url=base_url or peer.base_url,
            limits=(),
            recv_window=5000,
            connections=4,
            max_wait=None,
            source_addresses=(address,),
            proxy=settings.pop("proxy", None),
            transport=settings.pop("transport", transport),
            ssl=settings.pop("ssl", None),
            timeout=10,
        )
        now = asyncio.get_running_loop().time()
        tracker = WeightTracker([], ClockOffset(0, now), now, source_address=address)
        pool = SessionPool(told, ApiKey(KEY), [tracker])
        pools.append(pool)
        await pool.open()
        return pool.sessions[0]

    yield open_session
    for pool in pools:
        await pool.aclose()


async def send(session: Carrier, method: str = "DELETE", **options: Any) -> Any:
    """Send something signed."""
    options = {"keyed": True, "patience": 5.0, **options}
    return await session.send(
        method, options.pop("target", "/papi/v1/x?a=1&signature=f"), **options
    )


@pytest.mark.asyncio
async def test_sends_the_signed_bytes_as_they_are(peer: Peer, open_session: Open) -> None:
    """Nothing is decoded, re-encoded or re-ordered between signing and sending."""
    session = await open_session()
    target = "/papi/v1/x?symbol=%E6%B5%8B%E8%AF%95USDT&id=a%2Fb%3Ac&signature=%2B%2F%3D"
    await send(session, target=target)
    line, *headers = peer.heads[0].decode().split("\r\n")
    assert line == f"DELETE {target} HTTP/1.1"
    names = {header.split(":")[0].lower(): header.split(": ", 1)[1] for header in headers if header}
    assert names["x-mbx-apikey"] == KEY
    assert names["accept-encoding"] == "identity"


@pytest.mark.asyncio
async def test_the_key_travels_only_where_it_is_needed(peer: Peer, open_session: Open) -> None:
    """A call without security carries no key."""
    session = await open_session()
    await send(session, "GET", keyed=False)
    assert b"apikey" not in peer.heads[0].lower()


@pytest.mark.asyncio
@pytest.mark.parametrize("method", ["DELETE", "GET", "PUT", "POST"])
@pytest.mark.parametrize("warm", [True, False])
async def test_one_call_is_one_request_when_the_peer_hangs_up(
    peer: Peer, open_session: Open, method: str, warm: bool
) -> None:
    """The peer reads and closes without a reply: exactly one request, and nobody knows."""

    async def script(peer: Peer, _: bytes, writer: asyncio.StreamWriter) -> None:
        if warm and len(peer.heads) == 1:
            writer.write(http())
        else:
            writer.close()

    peer.script = script
    session = await open_session()
    if warm:
        assert isinstance(await send(session, method), Reply)
    before = len(peer.heads)
    heard = await send(session, method)
    assert isinstance(heard, Unanswered)
    assert len(peer.heads) - before == 1


@pytest.mark.asyncio
async def test_aiohttp_by_itself_would_send_twice(
    peer: Peer, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above: without our middleware the peer reads two."""

    async def through(request: Any, handler: Any) -> Any:
        return await handler(request)

    monkeypatch.setattr(session_pool, "_send_once", through)

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    peer.script = script
    session = await open_session(transport="aiohttp")
    await send(session)
    assert len(peer.heads) == 2


@pytest.mark.asyncio
async def test_follows_no_redirect_and_keeps_no_cookie(peer: Peer, open_session: Open) -> None:
    """Another host that a redirect names sees no byte; a cookie does not come back."""
    other = Peer()
    await other.start()

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        place = f"Location: {other.base_url}/steal"
        writer.write(http(307, b"", place, "Set-Cookie: a=b; Path=/"))

    peer.script = script
    session = await open_session()
    for _ in range(2):
        heard = await send(session)
        assert heard.status == 307
    await other.stop()
    assert (other.connections, other.heads) == (0, [])
    assert b"cookie" not in peer.heads[1].lower()


@pytest.mark.asyncio
async def test_reads_no_proxy_from_the_environment(
    peer: Peer, open_session: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies of the environment are ignored; one that is set is used."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert isinstance(await send(await open_session()), Reply)
    proxied = await open_session("http://127.0.0.1:2", proxy=peer.base_url, transport="aiohttp")
    assert isinstance(await send(proxied), Reply)
    assert peer.heads[-1].startswith(b"DELETE http://127.0.0.1:2/papi/v1/x?a=1&signature=f ")


@pytest.mark.asyncio
async def test_unpacks_nothing(peer: Peer, open_session: Open) -> None:
    """A gzip body that nobody asked for arrives as it is."""
    packed = gzip.compress(b"x" * 100_000)

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(200, packed, "Content-Encoding: gzip"))

    peer.script = script
    assert (await send(await open_session())).body == packed


@pytest.mark.asyncio
@pytest.mark.parametrize("chunked", [True, False])
async def test_reads_no_more_than_a_mebibyte(peer: Peer, open_session: Open, chunked: bool) -> None:
    """An endless body is dropped after one byte too many."""

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        size = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 100000000"
        writer.write(b"HTTP/1.1 200 OK\r\n" + size + b"\r\n\r\n")
        block = b"x" * 65_536
        for _block in range(400):
            writer.write(b"10000\r\n" + block + b"\r\n" if chunked else block)
            await writer.drain()

    peer.script = script
    heard = await send(await open_session())
    assert len(heard.body) == MAX_BODY + 1


@pytest.mark.asyncio
async def test_nobody_listens(open_session: Open, unused_tcp_port: int) -> None:
    """A refused connection was never sent, and says why without an address."""
    session = await open_session(f"http://127.0.0.1:{unused_tcp_port}")
    heard = await send(session)
    assert isinstance(heard, Unsent)
    assert "signature" not in heard.reason
    assert "refused" in heard.reason.lower()


@pytest.mark.asyncio
async def test_a_name_that_does_not_resolve_was_never_sent(open_session: Open) -> None:
    """A DNS failure is never sent."""
    session = await open_session("https://papi.invalid")
    assert isinstance(await send(session), Unsent)


@pytest.mark.asyncio
@pytest.mark.parametrize("how", ["silence", "slow", "cut", "reset", "garbage"])
async def test_no_whole_reply_is_unanswered(peer: Peer, open_session: Open, how: str) -> None:
    """Silence, one byte at a time, a cut or broken reply: left, and told nothing."""

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        if how == "silence":
            await asyncio.sleep(3)
        elif how == "slow":
            for byte in http(200, b"{}" + b" " * 200):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.05)
        elif how == "cut":
            writer.write(http(200, b'{"a":', length=50))
            writer.close()
        elif how == "reset":
            writer.write(b"HTTP/1.1 200 OK\r\n")
            await writer.drain()
            reset(writer)
        else:
            writer.write(b"\x00\xff\x00 nonsense\r\n\r\n")

    peer.script = script
    start = time.monotonic()
    heard = await send(await open_session(), patience=0.4)
    assert isinstance(heard, Unanswered)
    assert time.monotonic() - start < 1.5
    assert len(peer.heads) == 1


@pytest.mark.asyncio
async def test_a_head_without_end_is_bounded(peer: Peer, open_session: Open) -> None:
    """A huge header is refused by the parser, not stored."""

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000)

    peer.script = script
    assert isinstance(await send(await open_session()), Unanswered)


@pytest.mark.asyncio
async def test_a_stalled_loop_causes_no_false_timeout(peer: Peer, open_session: Open) -> None:
    """The loop is blocked beyond the deadline while the reply lies in the socket."""
    session = await open_session()
    await send(session)  # the connection stands

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http())
        await writer.drain()
        time.sleep(0.5)  # noqa: ASYNC251 - the stall under test

    peer.script = script
    for _ in range(5):
        assert isinstance(await send(session, patience=0.2), Reply)


@pytest.mark.asyncio
async def test_a_cancelled_call_leaves_no_secret_in_its_traceback(
    peer: Peer, open_session: Open
) -> None:
    """The frames of aiohttp, which hold the signed URL, are left behind."""

    async def script(_: Peer, __: bytes, ___: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    peer.script = script
    session = await open_session()
    task = asyncio.create_task(send(session))
    while not peer.heads:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert caught.value.__context__ is None
    modules = []
    trace = caught.value.__traceback__
    while trace is not None:
        modules.append(trace.tb_frame.f_globals["__name__"])
        trace = trace.tb_next
    assert not [module for module in modules if module.startswith("aiohttp")]


# ---------------------------------------------------------------------- TLS and settings


async def _tls_peer(authority: trustme.CA, name: str) -> Peer:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    peer = Peer()
    await peer.start(ssl=context)
    return peer


def _trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.asyncio
async def test_speaks_tls_to_whom_it_trusts(authority: trustme.CA, open_session: Open) -> None:
    """With the right authority the call goes through."""
    peer = await _tls_peer(authority, "localhost")
    session = await open_session(f"https://localhost:{peer.port}", ssl=_trusting(authority))
    heard = await send(session)
    await peer.stop()
    assert heard.status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize("why", ["stranger", "wrong name"])
async def test_never_falls_back_to_insecure(
    authority: trustme.CA, open_session: Open, why: str
) -> None:
    """A certificate of a stranger, or for another name: never sent, no byte of HTTP."""
    name = "localhost" if why == "stranger" else "elsewhere.example"
    context = ssl.create_default_context() if why == "stranger" else _trusting(authority)
    peer = await _tls_peer(authority, name)
    session = await open_session(f"https://localhost:{peer.port}", ssl=context)
    heard = await send(session)
    await peer.stop()
    assert isinstance(heard, Unsent)
    assert peer.heads == []


@pytest.mark.asyncio
async def test_sends_from_the_address_it_is_told(peer: Peer, open_session: Open) -> None:
    """Two source addresses reach the peer from two addresses."""
    seen = []

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername")[0])
        writer.write(http())

    peer.script = script
    session = await open_session(source_addresses=("127.0.0.5",))
    await send(session)
    assert seen == ["127.0.0.5"]


@pytest.mark.asyncio
async def test_warms_up_without_a_request(peer: Peer, open_session: Open) -> None:
    """Warm connections stand and are used afterwards; no request was made for them."""
    session = await open_session()
    assert await session.warm_up(4) is None
    assert peer.heads == []
    await asyncio.gather(*(send(session) for _ in range(4)))
    assert (peer.connections, len(peer.heads)) == (4, 4)


@pytest.mark.asyncio
async def test_aiohttp_has_what_we_rely_on() -> None:
    """The floor of aiohttp: the arguments that our settings need exist."""
    async with aiohttp.ClientSession(middlewares=(), max_field_size=1, auto_decompress=False):
        pass


@pytest.mark.asyncio
@pytest.mark.parametrize("status", [403, 418, 429])
async def test_a_refusal_counts_by_its_head(peer: Peer, open_session: Open, status: int) -> None:
    """The rest of a 429 may never come: what it asks for stands in its head."""

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(status, b'{"code":', "Retry-After: 7", length=100))
        await writer.drain()
        writer.close()

    peer.script = script
    heard = await send(await open_session())
    assert isinstance(heard, Reply)
    assert heard.status == status
    assert count(heard.headers, "retry-after") == 7


@pytest.mark.asyncio
async def test_a_body_without_length_ends_with_the_connection(
    peer: Peer, open_session: Open
) -> None:
    """Whether it is whole, its JSON tells."""

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"a":1}')
        await writer.drain()
        writer.close()

    peer.script = script
    heard = await send(await open_session())
    assert isinstance(heard, Reply)
    assert heard.body == b'{"a":1}'


_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"


@pytest.mark.asyncio
async def test_trailers_are_no_headers(peer: Peer, open_session: Open) -> None:
    """A counter after the body is not taken for the exchange's."""

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(_CHUNK + b"X-MBX-USED-WEIGHT-1M: 5999\r\n\r\n")

    peer.script = script
    heard = await send(await open_session())
    assert isinstance(heard, Reply)
    assert heard.body == b"{}"
    assert heard.headers.get("x-mbx-used-weight-1m") is None


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("head", "more"),
    [
        (_CHUNK, b"X-Trailer: %b\r\n" % (b"x" * 1000)),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 1000),
    ],
    ids=["trailers", "interim", "line"],
)
async def test_a_reply_without_end_is_left(
    peer: Peer, open_session: Open, head: bytes, more: bytes
) -> None:
    """Soon, not when its time is over."""

    async def script(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(more * 10)
            await writer.drain()
            await asyncio.sleep(0.001)

    peer.script = script
    session = await open_session(transport="lean")
    started = time.monotonic()
    assert isinstance(await send(session, patience=5.0), Unanswered)
    assert time.monotonic() - started < 2.0


@pytest.mark.asyncio
async def test_a_call_cancelled_while_it_connects_shows_no_signature(
    open_session: Open, authority: trustme.CA
) -> None:
    """Its frames are in the traceback, with their locals."""
    listening = socket.create_server(("127.0.0.1", 0))  # accepts, and never shakes hands
    port = listening.getsockname()[1]
    context = ssl.create_default_context()
    authority.configure_trust(context)
    session = await open_session(f"https://127.0.0.1:{port}", ssl=context)
    task = asyncio.create_task(send(session, target="/papi/v1/x?signature=canary"))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    text = "".join(
        traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    )
    ours = [part for part in text.split('  File "') if "binance_papi" in part.split('"')[0]]
    assert ours
    assert not any("canary" in part for part in ours)
    listening.close()


@pytest.mark.asyncio
async def test_a_signature_that_grew_old_is_not_sent(peer: Peer, open_session: Open) -> None:
    """Connecting took long, or the loop stalled: it is signed anew by whoever sends it."""
    session = await open_session()
    heard = await send(session, fresh_until=asyncio.get_running_loop().time() - 1)
    assert isinstance(heard, Unsent)
    assert heard.held
    assert peer.heads == []
