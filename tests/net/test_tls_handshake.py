"""TLS under the lean transport, by hand: the handshake, names, contexts."""

from __future__ import annotations

import asyncio
import gc
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from binance_papi.net.tls import TlsProtocol
from tests.net.tls_stage import (
    CUTS,
    HOST,
    HUGE_HELLO,
    NO_TLS,
    REQUEST,
    ROOM,
    VERSIONS,
    Desk,
    Inside,
    Link,
    Trust,
    Wire,
    client_context,
    read,
    server_context,
)
from tests.stage import http


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
    fine, client = authority.issue_cert(HOST), client_context(authority)
    past = datetime(2001, 1, 1, tzinfo=UTC)
    certificates = {
        "wrong name": authority.issue_cert("elsewhere.test"),
        "stranger": trustme.CA().issue_cert(HOST),
        "expired": authority.issue_cert(HOST, not_before=past, not_after=past.replace(year=2002)),
        "fine": fine,
    }
    return {why: Trust(server_context(one), client, loop) for why, one in certificates.items()}


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
        tls = TlsProtocol(client, HOST, Inside(), loop, memoryview(bytearray(ROOM)))
        tls.connection_made(Wire())  # type: ignore[arg-type]
        if garbage:
            read(tls, bytes(64))
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


@pytest.mark.parametrize("name", ["127.0.0.1", "::1", "bücher.example", "papi.test"])
def test_names_that_a_certificate_bears(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop, name: str
) -> None:
    """Addresses and names beyond ASCII are such, too."""
    trust = Trust(server_context(authority.issue_cert(name)), client_context(authority), loop)
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
    link = Link(Trust(server_context(certificate), client_context(authority), loop), inside, name)
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

    trust = Trust(server_context(authority.issue_cert(HOST)), client_context(authority), loop)
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
