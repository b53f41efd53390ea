"""TLS under the lean transport: by hand, record by record, and over loopback.

By hand means: the server is an `ssl.SSLObject`, the wire a list, and every cut is ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest
import trustme
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.offset import ClockOffset
from binance_papi.core.signing import ApiKey
from binance_papi.core.weight import WeightTracker
from binance_papi.net import lean
from binance_papi.net.connection import HttpConnection
from binance_papi.net.lean import LeanSession
from binance_papi.net.tls import Inner, TlsProtocol
from tests.stage import Peer, http, reset

HOST = "papi.test"
REQUEST = b"DELETE /papi/v1/x?signature=canary HTTP/1.1\r\n\r\n"
CUTS = st.lists(st.integers(0, 1 << 20), max_size=12)
VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
TLS13 = ssl.TLSVersion.TLSv1_3


# ------------------------------------------------------------------ the stage


class Wire:
    """A plain transport that notes what it is told."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self.unread = 0
        self.closed = self.aborted = 0

    def write(self, data: bytes) -> None:
        """Bytes for the other side; a transport that is gone says nothing."""
        if not self.is_closing():
            self.sent += data

    def close(self) -> None:
        """After what was written."""
        self.closed += 1

    def abort(self) -> None:
        """At once."""
        self.aborted += 1

    def is_closing(self) -> bool:
        """Whether it is on its way."""
        return bool(self.closed or self.aborted)

    def fresh(self) -> bytes:
        """What was sent since somebody looked last."""
        low, self.unread = self.unread, len(self.sent)
        return bytes(self.sent[low:])


class Inside:
    """Whoever speaks inside: notes what it hears."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.made = 0
        self.heard: list[bytes] = []
        self.closing: list[bool] = []
        self.lost: list[Exception | None] = []
        self.ends: list[str] = []
        self.problem: Exception | None = None

    def connection_made(self, transport: Any) -> None:
        """The handshake is done."""
        self.transport = transport
        self.made += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.lost.append(exc)

    def data_received(self, data: bytes) -> None:
        """Plain bytes came."""
        assert self.made
        self.heard.append(data)
        self.closing.append(self.transport.is_closing())
        if self.problem is not None:
            raise self.problem

    def end(self, reason: str) -> None:
        """Nothing more can be read."""
        self.ends.append(reason)


class Link:
    """Both ends of one connection; bytes move when they are told to."""

    def __init__(self, trust: Trust, inner: Inner, host: str = HOST) -> None:
        self.wire = Wire()
        self.to_server, self._from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = trust.server.wrap_bio(self.to_server, self._from_server, server_side=True)
        self.loop = trust.loop
        self.tls = TlsProtocol(trust.client, host, inner, trust.loop)
        self.tls.connection_made(self.wire)  # type: ignore[arg-type]

    def answer(self) -> bytes:
        """What the server makes of what was sent: its part of the handshake."""
        self.to_server.write(self.wire.fresh())
        with contextlib.suppress(ssl.SSLWantReadError):
            self.server.do_handshake()
        return self._from_server.read()

    def feed(self, data: bytes, cuts: list[int] | None = None) -> None:
        """Let the client read something in pieces."""
        edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts or []), len(data)]
        for low, high in pairwise(edges):
            if high > low:
                self.tls.data_received(data[low:high])

    def shake(self, cuts: list[int] | None = None) -> bytes:
        """The whole handshake; what the server says at its end (tickets) is returned."""
        for _ in range(2):  # round trips; TLS 1.3 needs one
            if not self.tls._up:
                self.feed(self.answer(), cuts)
        assert self.tls._up
        return self.answer()

    def stand(self) -> Link:
        """The whole handshake, and nothing is left to be read."""
        self.feed(self.shake())
        self.secured()
        return self

    def secured(self) -> None:
        """Ask how the handshake went; it is known."""

        async def ask() -> None:
            await asyncio.wait_for(self.tls.secured(), 0.1)

        self.loop.run_until_complete(ask())

    def says(self, *records: bytes) -> bytes:
        """The server says something: the bytes on the wire."""
        for record in records:
            self.server.write(record)
        return self._from_server.read()

    def bye(self) -> bytes:
        """The server says that it will say no more."""
        with pytest.raises(ssl.SSLWantReadError):
            self.server.unwrap()
        return self._from_server.read()

    def asked(self) -> bytes:
        """What the server reads."""
        self.to_server.write(self.wire.fresh())
        read = b""
        while self.to_server.pending or self.server.pending():
            read += self.server.read(1 << 20)
        return read


@dataclass
class Trust:
    """A pair of contexts and a loop for futures, which never runs by itself."""

    server: ssl.SSLContext
    client: ssl.SSLContext
    loop: asyncio.AbstractEventLoop


def _client(authority: trustme.CA | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority is not None:
        authority.configure_trust(context)
    return context


def _server(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Makes futures; at the end nobody missed what one of them held."""
    loop = asyncio.new_event_loop()
    missed: list[Any] = []
    loop.set_exception_handler(lambda _, context: missed.append(context))
    yield loop
    gc.collect()
    loop.close()
    assert missed == []


@pytest.fixture(scope="module")
def trusts(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop
) -> dict[ssl.TLSVersion | None, Trust]:
    """Contexts that fit each other, by version."""
    certificate = authority.issue_cert(HOST)
    made: dict[ssl.TLSVersion | None, Trust] = {}
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, None):
        made[version] = trust = Trust(_server(certificate), _client(authority), loop)
        if version is not None:
            trust.client.minimum_version = trust.client.maximum_version = version
    return made


@pytest.fixture
def trust(trusts: dict[ssl.TLSVersion | None, Trust]) -> Trust:
    """Whatever version they agree on."""
    return trusts[None]


class Desk:
    """A lean connection's session and listener, which asks again as soon as it hears."""

    def __init__(self) -> None:
        self.around: Any = ({"GET": ("GET ", "\r\n\r\n")}, {})
        self.rings_at = -1.0
        self.now = lambda: 0.0
        self.heard: list[Reply | Unanswered] = []
        self.gone = 0
        self.again = False
        self.connection = HttpConnection(self)

    def arm(self, when: float) -> None:
        """No timer."""

    def idle(self, _: HttpConnection) -> None:
        """It is free."""

    def lost(self, _: HttpConnection) -> None:
        """It is gone."""
        self.gone += 1

    def tell(self, listener: Any, reply: Reply) -> None:
        """At once."""
        listener.hear(reply)

    def written(self) -> None:
        """As a listener: nobody cares."""

    def hear(self, heard: Reply | Unanswered) -> None:
        """As a listener: note it, and perhaps ask again where that is possible."""
        self.heard.append(heard)
        transport = self.connection.transport
        if self.again and transport is not None and not transport.is_closing():
            self.again = False
            self.ask()

    def ask(self) -> None:
        """Write a request."""
        self.connection.carry("GET", "/", False, 1.0, self)


# ------------------------------------------------------------------ the handshake


@VERSIONS
@given(cuts=CUTS, later=CUTS)
def test_a_handshake_however_it_is_cut(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    cuts: list[int],
    later: list[int],
) -> None:
    """It is done once, nothing is said before, and what comes after arrives."""
    inside = Inside()
    link = Link(trusts[version], inside)
    assert (inside.made, link.tls._up) == (0, False)
    link.feed(link.shake(cuts), later)
    link.secured()
    assert link.tls.secure.version() == version.name.replace("_", ".")
    assert (inside.made, inside.heard) == (1, [])
    inside.transport.write(REQUEST)
    assert link.asked() == REQUEST
    link.feed(link.says(http()), later)
    assert b"".join(inside.heard) == http()
    assert b"canary" not in link.wire.sent
    assert not link.tls.is_closing()


@VERSIONS
def test_a_handshake_byte_by_byte(
    trusts: dict[ssl.TLSVersion | None, Trust], version: ssl.TLSVersion
) -> None:
    """The finest cut there is."""
    inside = Inside()
    link = Link(trusts[version], inside)
    every = list(range(1 << 14))
    link.feed(link.shake(every), every)
    link.feed(link.says(http()), every)
    assert (inside.made, inside.heard) == (1, [http()])


NO_TLS = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
HUGE_HELLO = b"\x16\x03\x03\x00\x04\x02\xff\xff\xff"
BAD = ["wrong name", "stranger", "expired"]


@VERSIONS
@pytest.mark.parametrize("why", BAD)
@given(cuts=CUTS)
def test_who_is_not_to_be_trusted_hears_nothing(
    bad: dict[str, Trust], version: ssl.TLSVersion, why: str, cuts: list[int]
) -> None:
    """The waiter is told, the other side gets an alert, and whoever speaks inside nothing."""
    trust, inside = bad[why], Inside()
    trust.client.minimum_version = ssl.TLSVersion.TLSv1_2
    trust.client.maximum_version = trust.client.minimum_version = version
    link = Link(trust, inside)
    link.feed(link.answer(), cuts)
    with pytest.raises(ssl.SSLCertVerificationError):
        link.secured()
    with pytest.raises(ssl.SSLError, match="alert"):
        link.answer()
    assert link.wire.closed
    assert link.tls.is_closing()
    before = len(link.wire.sent)
    link.feed(bytes(100))  # a transport that is closing may still bring something
    link.tls.connection_lost(None)
    assert len(link.wire.sent) == before
    assert (inside.made, inside.heard, inside.lost, inside.ends) == (0, [], [], [])


@pytest.fixture(scope="module")
def bad(authority: trustme.CA, loop: asyncio.AbstractEventLoop) -> dict[str, Trust]:
    """Servers that are not to be trusted, each for one reason."""
    fine, client = authority.issue_cert(HOST), _client(authority)
    past = datetime(2001, 1, 1, tzinfo=UTC)
    certificates = {
        "wrong name": authority.issue_cert("elsewhere.test"),
        "stranger": trustme.CA().issue_cert(HOST),
        "expired": authority.issue_cert(HOST, not_before=past, not_after=past.replace(year=2002)),
        "fine": fine,
    }
    return {why: Trust(_server(one), client, loop) for why, one in certificates.items()}


@pytest.mark.parametrize(
    ("garbage", "alerted"),
    [
        (NO_TLS, False),  # OpenSSL has nothing to say to that, nor to the next
        (bytes(64), False),
        (b"\x16\x03\x03\x70\x00" + bytes(100), True),
        (HUGE_HELLO, True),
        (b"\x17\x03\x03\x00\x10" + bytes(16), True),
        (b"\x15\x03\x03\x00\x02\x02\x28", False),
        (b"\x15\x03\x03\x00\x02\x01\x00", False),
    ],
    ids=["http", "zeros", "long", "hello", "data", "alert", "close_notify"],
)
def test_what_is_no_handshake(trust: Trust, garbage: bytes, alerted: bool) -> None:
    """The error is TLS's own; what can be answered gets an alert; nothing is left open."""
    inside = Inside()
    link = Link(trust, inside)
    link.wire.fresh()
    link.feed(garbage)
    with pytest.raises(ssl.SSLError):
        link.secured()
    assert link.wire.fresh()[:1] == (b"\x15" if alerted else b"")
    assert link.wire.closed
    assert (inside.made, inside.heard, inside.ends) == (0, [], [])


@VERSIONS
@given(place=st.integers(0, 1 << 20), bit=st.integers(0, 7), cuts=CUTS)
def test_one_bit_of_a_handshake(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    place: int,
    bit: int,
    cuts: list[int],
) -> None:
    """Whichever it is: an error of TLS, or it waits for more; a changed one never stands.

    Of a record in plain its version does not count: nobody signs it, and nobody reads it.
    """
    inside = Inside()
    link = Link(trusts[version], inside)
    hello = bytearray(link.answer())
    place %= len(hello)
    start = 0
    while start + 5 + int.from_bytes(hello[start + 3 : start + 5], "big") <= place:
        start += 5 + int.from_bytes(hello[start + 3 : start + 5], "big")
    if place - start in (1, 2):
        return
    hello[place] ^= 1 << bit
    link.feed(bytes(hello), cuts)
    if not link.tls.is_closing():  # in TLS 1.2 it may be the server that notices
        try:
            link.feed(link.answer(), cuts)
        except ssl.SSLError:
            link.feed(link._from_server.read())
        link.tls.connection_lost(None)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        link.secured()
    assert (inside.made, inside.heard, inside.lost) == (0, [], [])


@VERSIONS
@pytest.mark.parametrize("problem", [None, ConnectionResetError(), TimeoutError()])
@pytest.mark.parametrize("share", [0, 1, 100, 0.5, 0.99])
def test_hung_up_during_the_handshake(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    problem: Exception | None,
    share: float,
) -> None:
    """The waiter is told how; nobody inside ever hears of that connection."""
    inside = Inside()
    link = Link(trusts[version], inside)
    hello = link.answer()
    link.feed(hello[: share if isinstance(share, int) else int(len(hello) * share)])
    link.tls.connection_lost(problem)
    with pytest.raises(ConnectionResetError if problem is None else type(problem)):
        link.secured()
    assert link.tls.is_closing()
    assert (inside.made, inside.lost, inside.ends) == (0, [], [])


def test_nobody_waits_for_a_handshake_that_fails(loop: asyncio.AbstractEventLoop) -> None:
    """Whoever waited is gone: no complaint about an exception that nobody saw."""
    missed: list[Any] = []
    loop.set_exception_handler(lambda _, context: missed.append(context))
    client = ssl.create_default_context()
    for garbage in (False, True):
        tls = TlsProtocol(client, HOST, Inside(), loop)
        tls.connection_made(Wire())  # type: ignore[arg-type]
        if garbage:
            tls.data_received(bytes(64))
        else:
            tls.connection_lost(None)
        del tls
    gc.collect()
    assert missed == []


@VERSIONS
@pytest.mark.parametrize("late", [False, True])
def test_dropped_during_the_handshake(
    trusts: dict[ssl.TLSVersion | None, Trust], version: ssl.TLSVersion, late: bool
) -> None:
    """Also if all that it waited for arrives afterwards."""
    inside = Inside()
    link = Link(trusts[version], inside)
    hello = link.answer()
    if late:
        link.feed(hello[:500])
    link.tls.abort()
    assert link.wire.aborted == 1
    link.feed(hello)
    link.tls.connection_lost(None)
    with pytest.raises(ConnectionResetError):
        link.secured()
    assert (inside.made, inside.lost) == (0, [])


def test_whoever_waited_is_gone_when_it_is_done(trust: Trust) -> None:
    """A cancelled task drops the connection on its next turn; until then nobody hears of it."""
    inside = Inside()
    link = Link(trust, inside)
    link.tls._secured.cancel()
    link.feed(link.answer())
    assert (inside.made, link.tls._up) == (0, False)
    link.feed(link.answer())
    link.feed(link.says(http()))
    assert inside.heard == []


@given(cuts=CUTS)
def test_the_server_speaks_first(
    trusts: dict[ssl.TLSVersion | None, Trust], cuts: list[int]
) -> None:
    """In the segment that ends the handshake: first it stands, then that arrives."""
    inside = Inside()
    link = Link(trusts[ssl.TLSVersion.TLSv1_2], inside)
    link.feed(link.answer(), cuts)
    last = link.answer()
    assert inside.made == 0
    link.feed(last + link.says(b"hello", b"you"), cuts)
    assert (inside.made, b"".join(inside.heard)) == (1, b"helloyou")


def test_a_reply_to_no_request_drops_the_connection(
    trusts: dict[ssl.TLSVersion | None, Trust],
) -> None:
    """It came with the end of the handshake, before anything was asked."""
    desk = Desk()
    link = Link(trusts[ssl.TLSVersion.TLSv1_2], desk.connection)
    link.feed(link.answer())
    link.feed(link.answer() + link.says(http()))
    link.secured()
    assert link.tls.is_closing()
    assert link.wire.aborted


# ------------------------------------------------------------------ names and contexts


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "bücher.example", "papi.test"])
def test_names_that_a_certificate_bears(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop, name: str
) -> None:
    """Addresses and names beyond ASCII are such, too."""
    trust = Trust(_server(authority.issue_cert(name)), _client(authority), loop)
    inside = Inside()
    Link(trust, inside, name).stand()
    assert inside.made == 1


@pytest.mark.parametrize("name", ["127.0.0.2", "::2", "bücher.test", "x.papi.test", "test"])
def test_names_that_it_does_not(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop, name: str
) -> None:
    """Close is not enough."""
    certificate = authority.issue_cert("127.0.0.1", "::1", "bücher.example", "papi.test")
    inside = Inside()
    link = Link(Trust(_server(certificate), _client(authority), loop), inside, name)
    link.feed(link.answer())
    with pytest.raises(ssl.SSLCertVerificationError):
        link.secured()
    assert inside.made == 0


@pytest.mark.parametrize(
    "problem",
    [ssl.SSLCertVerificationError("pinned"), ssl.CertificateError("pinned"), ValueError("pinned")],
)
def test_a_context_may_look_closer(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop, problem: Exception
) -> None:
    """Such checks come when TLS itself is content; once they failed, that is it."""
    problems = [problem]

    class Pinning(ssl.SSLObject):
        def do_handshake(self) -> None:
            super().do_handshake()
            if problems:
                raise problems.pop()

    trust = Trust(_server(authority.issue_cert(HOST)), _client(authority), loop)
    trust.client.sslobject_class = Pinning
    inside = Inside()
    link = Link(trust, inside)
    link.feed(link.answer())
    assert problems == []
    link.feed(link.answer())
    link.feed(link.says(http()))
    with pytest.raises(type(problem), match="pinned"):
        link.secured()
    assert link.wire.closed
    assert (inside.made, inside.heard) == (0, [])


# ------------------------------------------------------------------ replies


@VERSIONS
@given(
    st.lists(st.lists(st.binary(min_size=1, max_size=40), min_size=1), min_size=1, max_size=4),
    CUTS,
)
def test_replies_however_they_are_cut(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    replies: list[list[bytes]],
    cuts: list[int],
) -> None:
    """Into records, and the records into segments: what arrives is what was said."""
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    for records in replies:
        inside.heard.clear()
        link.feed(link.says(*records), cuts)
        assert b"".join(inside.heard) == b"".join(records)
        assert b"" not in inside.heard
    assert not link.wire.is_closing()


@VERSIONS
@pytest.mark.parametrize("segment", [1000, 16_384, 65_536, 262_144, 1 << 21])
def test_a_large_body(
    trusts: dict[ssl.TLSVersion | None, Trust], version: ssl.TLSVersion, segment: int
) -> None:
    """A mebibyte, in segments of whichever size."""
    body = bytes(range(256)) * 4096
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    link.feed(link.says(body), list(range(segment, len(body), segment)))
    assert b"".join(inside.heard) == body


def test_a_large_request(trust: Trust) -> None:
    """More than a record holds: it goes out whole."""
    inside = Inside()
    link = Link(trust, inside).stand()
    request = b"GET /" + b"x" * 100_000
    inside.transport.write(request)
    assert link.asked() == request


def test_what_comes_together_goes_on_together(trust: Trust) -> None:
    """Records of one segment, as their bytes would without TLS; the rest of one has to wait."""
    inside = Inside()
    link = Link(trust, inside).stand()
    link.feed(link.says(b"one", b"two", b"three"))
    assert inside.heard == [b"onetwothree"]
    first, second = link.says(b"four"), link.says(b"five")
    link.feed(first + second[:10])
    assert inside.heard[1:] == [b"four"]
    link.feed(second[10:])
    assert inside.heard[2:] == [b"five"]


def test_what_follows_a_reply_is_not_the_next_one(trust: Trust) -> None:
    """Its listener asks again while the segment is being read: that is not answered by its rest."""
    desk = Desk()
    link = Link(trust, desk.connection).stand()
    desk.ask()
    link.wire.fresh()
    desk.again = True
    link.feed(link.says(http(429), http(200, b"stale")))
    link.tls.connection_lost(None)
    assert [one.status for one in desk.heard if isinstance(one, Reply)] == [429]
    assert link.wire.fresh() == b""
    assert link.wire.aborted


def test_whoever_reads_a_reply_may_fail(trust: Trust) -> None:
    """Also in a way that looks like TLS's own: the loop is told, the reply was no garbage."""
    inside = Inside()
    link = Link(trust, inside).stand()
    for said in ([b"one"], [b"two", b"three"]):
        for problem in (ssl.SSLWantReadError(), ssl.SSLError("another connection's")):
            inside.problem = problem
            with pytest.raises(type(problem)):
                link.feed(link.says(*said))
    assert inside.ends == []


@given(cuts=CUTS)
def test_tickets_while_nobody_asks(
    trusts: dict[ssl.TLSVersion | None, Trust], cuts: list[int]
) -> None:
    """They are TLS's business: the connection stands, and the next request goes out on it."""
    desk = Desk()
    link = Link(trusts[TLS13], desk.connection)
    tickets = link.shake()
    assert len(tickets) > 100
    link.feed(tickets, cuts)
    assert not link.tls.is_closing()
    desk.ask()
    assert link.asked() == b"GET /\r\n\r\n"
    link.feed(link.says(http()), cuts)
    (reply,) = desk.heard
    assert isinstance(reply, Reply)
    assert (link.wire.closed, link.wire.aborted, desk.gone) == (0, 0, 0)


def test_tickets_in_front_of_a_reply(trusts: dict[ssl.TLSVersion | None, Trust]) -> None:
    """In one segment with it."""
    inside = Inside()
    link = Link(trusts[TLS13], inside)
    link.feed(link.shake() + link.says(http()))
    assert inside.heard == [http()]


# ------------------------------------------------------------------ key updates


class Keys:
    """The server's keys for what it says, and messages that OpenSSL has no call for."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.count = 0

    def _expand(self, label: str, size: int) -> bytes:
        name = b"tls13 " + label.encode()
        info = size.to_bytes(2, "big") + bytes([len(name)]) + name + b"\0"
        return HKDFExpand(SHA384(), size, info).derive(self.secret)

    def record(self, content: bytes, kind: int = 23) -> bytes:
        """One encrypted record."""
        key, base = self._expand("key", 32), self._expand("iv", 12)
        nonce = (int.from_bytes(base, "big") ^ self.count).to_bytes(12, "big")
        self.count += 1
        head = b"\x17\x03\x03" + (len(content) + 17).to_bytes(2, "big")
        return head + AESGCM(key).encrypt(nonce, content + bytes([kind]), head)

    def update(self, wanted: bool) -> bytes:
        """A key update; what follows is under the new key."""
        record = self.record(b"\x18\0\0\1" + bytes([wanted]), kind=22)
        self.secret = self._expand("traffic upd", 48)
        self.count = 0
        return record


@pytest.fixture
def keyed(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop, tmp_path: Path
) -> Callable[[Inner], tuple[Link, Keys]]:
    """Connections whose server's keys are known; it says nothing by itself."""
    server = _server(authority.issue_cert(HOST))
    server.num_tickets = 0
    trust = Trust(server, _client(authority), loop)

    def make(inner: Inner) -> tuple[Link, Keys]:
        log = tmp_path / "keys"
        server.keylog_filename = str(log)
        link = Link(trust, inner).stand()
        cipher = link.server.cipher()
        if cipher is None or cipher[0] != "TLS_AES_256_GCM_SHA384":
            pytest.skip(f"the keys of {cipher} are not known here")
        lines = [line.split() for line in log.read_text().splitlines()]
        (secret,) = [line[2] for line in lines if line[0] == "SERVER_TRAFFIC_SECRET_0"]
        return link, Keys(bytes.fromhex(secret))

    return make


def test_a_key_update_is_answered(keyed: Callable[[Inner], tuple[Link, Keys]]) -> None:
    """With the next request at the latest, and nobody inside hears of it."""
    desk = Desk()
    link, keys = keyed(desk.connection)
    for number in range(1, 4):
        link.feed(keys.update(wanted=True))
        assert not link.tls.is_closing()
        before = len(link.wire.sent)
        desk.ask()
        assert len(link.wire.sent) - before > 22 + 5 + len(b"GET /\r\n\r\n") + 17
        # This server reads only with the key that follows from the answer.
        assert link.asked() == b"GET /\r\n\r\n"
        link.feed(keys.record(http()))
        assert len(desk.heard) == number
    assert all(isinstance(one, Reply) for one in desk.heard)


def test_key_updates_between_replies(keyed: Callable[[Inner], tuple[Link, Keys]]) -> None:
    """In the middle of a segment, wanted or not."""
    inside = Inside()
    link, keys = keyed(inside)
    said = [keys.record(b"a"), keys.update(wanted=False), keys.update(wanted=True)]
    said += [keys.record(b"b"), keys.update(wanted=True), keys.record(b"c"), keys.update(True)]
    link.feed(b"".join(said), [30, 70])
    assert b"".join(inside.heard) == b"abc"
    inside.transport.write(REQUEST)
    assert link.asked() == REQUEST
    assert not link.wire.is_closing()


def test_a_message_of_tls_that_makes_no_sense(
    keyed: Callable[[Inner], tuple[Link, Keys]],
) -> None:
    """It is encrypted as it should be, and yet that is the end."""
    inside = Inside()
    link, keys = keyed(inside)
    link.feed(keys.record(b"\x18\0\0\1\x07", kind=22))
    assert (len(inside.ends), link.wire.aborted > 0, inside.heard) == (1, True, [])


# ------------------------------------------------------------------ the end


@VERSIONS
@given(cuts=CUTS, replied=st.booleans())
def test_it_says_that_it_will_say_no_more(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    cuts: list[int],
    replied: bool,
) -> None:
    """What came before counts; the connection is closed, and was of no use from then on."""
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    said = link.says(http(), b"x") if replied else b""
    link.feed(said + link.bye(), cuts)
    assert b"".join(inside.heard) == (http() + b"x" if replied else b"")
    assert link.wire.closed == 1
    assert link.tls.is_closing()
    link.tls.connection_lost(None)
    assert (inside.lost, inside.ends) == ([None], [])


def test_nobody_writes_on_a_connection_that_was_ended(trust: Trust) -> None:
    """Whoever hears a reply with which it ended finds it closing, not ready."""
    inside = Inside()
    link = Link(trust, inside).stand()
    link.feed(link.says(http()) + link.bye())
    assert (inside.heard, inside.closing) == ([http()], [True])

    inside = Inside()
    link = Link(trust, inside).stand()
    link.feed(link.says(http()) + bytes(30))
    assert (inside.heard, inside.closing, len(inside.ends)) == ([http()], [True], 1)
    assert link.wire.aborted


@pytest.mark.parametrize("how", ["close_notify", "close_notify later", "hung up"])
def test_a_body_without_length_needs_a_true_end(trust: Trust, how: str) -> None:
    """Anybody on the way can hang up; only the other side can say that this was all of it."""
    desk = Desk()
    link = Link(trust, desk.connection).stand()
    desk.ask()
    said = link.says(b'HTTP/1.1 200 OK\r\n\r\n{"a":1}')
    if how == "close_notify":
        link.feed(said + link.bye())
    else:
        link.feed(said)
        if how == "close_notify later":
            link.feed(link.bye())
    assert desk.heard == []
    link.tls.connection_lost(None)
    (heard,) = desk.heard
    assert isinstance(heard, Unanswered if how == "hung up" else Reply)


@VERSIONS
@given(end=st.integers(0, 1 << 20), cuts=CUTS, problem=st.sampled_from([None, OSError()]))
def test_half_a_record_is_none(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    end: int,
    cuts: list[int],
    problem: Exception | None,
) -> None:
    """However much of it was there; and it is said that it broke off."""
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    said = link.says(http())
    link.feed(said[: end % len(said)], cuts)
    link.tls.connection_lost(problem)
    assert (inside.heard, inside.ends, len(inside.lost)) == ([], [], 1)
    assert isinstance(inside.lost[0], OSError)
    assert link.tls.is_closing()


@VERSIONS
@given(
    place=st.integers(0, 1 << 20),
    bit=st.integers(0, 7),
    around=st.tuples(st.booleans(), st.booleans()),
)
def test_a_record_that_was_changed(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    place: int,
    bit: int,
    around: tuple[bool, bool],
) -> None:
    """One bit, anywhere: what came before counts, it does not, and nothing does any more."""
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    good, said, more = (link.says(text) for text in (b"good", http(), b"more"))
    changed = bytearray(said)
    changed[place % len(changed)] ^= 1 << bit
    before, after = around
    # The length it claims may be that of more than there is: then it waits for the rest.
    link.feed((good if before else b"") + bytes(changed) + (more if after else b""))
    assert inside.heard == ([b"good"] if before else [])
    if inside.ends:
        assert link.wire.aborted
        assert len(inside.ends) == 1
    else:
        assert place % len(changed) in (3, 4)
    link.tls.connection_lost(None)
    assert len(inside.ends) <= 1


@pytest.mark.parametrize("how", ["replayed", "swapped", "plain"])
def test_records_in_a_wrong_order(trust: Trust, how: str) -> None:
    """A reply that was there already, one before its time, and one that anybody could write."""
    inside = Inside()
    link = Link(trust, inside).stand()
    first, second = link.says(b"first"), link.says(b"second")
    plain = b"\x17\x03\x03\x00\x13" + http()[:19]
    link.feed({"replayed": first + first, "swapped": second, "plain": plain}[how])
    assert inside.heard == ([b"first"] if how == "replayed" else [])
    assert (len(inside.ends), link.wire.aborted > 0) == (1, True)
    assert "decrypted" in inside.ends[0]


def test_a_changed_record_is_heard_of_once(trust: Trust) -> None:
    """By the listener of a lean connection, which drops the connection itself."""
    desk = Desk()
    link = Link(trust, desk.connection).stand()
    desk.ask()
    said = link.says(http())
    link.feed(said[:-1] + bytes([said[-1] ^ 1]))
    link.tls.connection_lost(None)
    (heard,) = desk.heard
    assert isinstance(heard, Unanswered)
    assert "decrypted" in heard.reason
    assert link.wire.aborted
    assert desk.gone == 1


def test_written_on_one_that_was_dropped(trust: Trust) -> None:
    """Nothing happens, as on any transport."""
    inside = Inside()
    link = Link(trust, inside).stand()
    inside.transport.abort()
    link.wire.fresh()
    inside.transport.write(REQUEST)
    assert link.wire.fresh() == b""
    link.tls.connection_lost(None)
    assert len(inside.lost) == 1


def test_written_where_tls_is_broken(trust: Trust) -> None:
    """After a record that was changed."""
    inside = Inside()
    link = Link(trust, inside).stand()
    link.feed(bytes(30))
    link.wire.fresh()
    inside.transport.write(REQUEST)
    assert link.wire.fresh() == b""
    assert link.wire.aborted


def test_written_before_it_stands(trust: Trust, loop: asyncio.AbstractEventLoop) -> None:
    """Neither in plain nor at all."""
    unconnected = TlsProtocol(trust.client, HOST, Inside(), loop)
    with pytest.raises(ConnectionError):
        unconnected._send(b"")
    unconnected.abort()
    link = Link(trust, Inside())
    link.wire.fresh()
    link.tls.write(REQUEST)
    assert b"canary" not in link.wire.sent
    assert link.wire.aborted


@pytest.mark.parametrize("problem", [ssl.SSLWantReadError(), ssl.SSLError("renegotiating")])
def test_what_cant_be_encrypted_now(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop, problem: ssl.SSLError
) -> None:
    """A server that renegotiates: nothing goes out, and the listener hears that it is gone."""

    class Busy(ssl.SSLObject):
        def write(self, _: Any) -> int:
            raise problem

    trust = Trust(_server(authority.issue_cert(HOST)), _client(authority), loop)
    trust.client.sslobject_class = Busy
    desk = Desk()
    link = Link(trust, desk.connection).stand()
    link.wire.fresh()
    desk.ask()
    assert link.wire.fresh() == b""
    assert link.wire.aborted
    assert desk.heard == []
    link.tls.connection_lost(None)
    assert [type(one) for one in desk.heard] == [Unanswered]


# ------------------------------------------------------------------ over loopback


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
    await peer.start(ssl=_server(certificate))
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
            session = session_on(peer.port, _client(authority))
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


@pytest.mark.parametrize("why", ["wrong name", "stranger"])
def test_a_peer_that_is_not_to_be_trusted(authority: trustme.CA, play: Play, why: str) -> None:
    """Never sent, and no connection is left on either side."""

    async def main() -> None:
        issuer = trustme.CA() if why == "stranger" else authority
        name = "127.0.0.1" if why == "stranger" else "127.0.0.2"
        async with speaking(issuer.issue_cert(name)) as peer:
            session = session_on(peer.port, _client(authority))
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
            session = session_on(mute.port, _client(authority))
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
            session = session_on(mute.port, _client(authority))
            async with asyncio.timeout(1):
                heard = await ask(session)
            assert heard == Unsent("no connection within 0.1 s")
            await mute.gone()
            await leave(session)

    play(main)


def test_cancelled_while_it_connects(authority: trustme.CA, play: Play) -> None:
    """After whichever turn of the loop: hung up, and no task is left."""

    async def main() -> None:
        client, certificate = _client(authority), authority.issue_cert("127.0.0.1")
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
            session = session_on(mute.port, _client(authority))
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
        session = session_on(server.sockets[0].getsockname()[1], _client(authority))
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
