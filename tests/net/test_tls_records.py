"""TLS under the lean transport, by hand, record by record."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from binance_papi.core.answer import Reply
from binance_papi.net.tls import Inner
from tests.net.tls_stage import (
    CUTS,
    HOST,
    REQUEST,
    TLS13,
    VERSIONS,
    Desk,
    Inside,
    Link,
    Trust,
    client_context,
    server_context,
)
from tests.stage import http


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
    server = server_context(authority.issue_cert(HOST))
    server.num_tickets = 0
    trust = Trust(server, client_context(authority), loop)

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
