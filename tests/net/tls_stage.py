"""TLS by hand: the server is an `ssl.SSLObject`, the wire a list, and every cut is ours."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from typing import Any

import pytest
import trustme
from hypothesis import strategies as st

from binance_papi.core.answer import Reply, Unanswered
from binance_papi.net.tls import Inner, TlsProtocol
from tests.net.lean_host import Host, pieces

HOST = "papi.test"
ROOM = 65_536
REQUEST = b"DELETE /papi/v1/x?signature=canary HTTP/1.1\r\n\r\n"
CUTS = st.lists(st.integers(0, 1 << 20), max_size=12)
VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
TLS13 = ssl.TLSVersion.TLSv1_3
NO_TLS = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
HUGE_HELLO = b"\x16\x03\x03\x00\x04\x02\xff\xff\xff"


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


def read(tls: TlsProtocol, data: bytes) -> None:
    """Let it read something, as a loop does."""
    for begins in range(0, len(data), ROOM):
        piece = data[begins : begins + ROOM]
        tls.get_buffer(-1)[: len(piece)] = piece
        tls.buffer_updated(len(piece))


class Link:
    """Both ends of one connection; bytes move when they are told to."""

    def __init__(self, trust: Trust, inner: Inner, host: str = HOST) -> None:
        self.wire = Wire()
        self.to_server, self._from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = trust.server.wrap_bio(self.to_server, self._from_server, server_side=True)
        self.loop = trust.loop
        self.tls = TlsProtocol(trust.client, host, inner, trust.loop, memoryview(bytearray(ROOM)))
        self.tls.connection_made(self.wire)  # type: ignore[arg-type]

    def answer(self) -> bytes:
        """What the server makes of what was sent: its part of the handshake."""
        self.to_server.write(self.wire.fresh())
        with contextlib.suppress(ssl.SSLWantReadError):
            self.server.do_handshake()
        return self._from_server.read()

    def feed(self, data: bytes, cuts: list[int] | None = None) -> None:
        """Let the client read something in pieces."""
        for piece in pieces(data, cuts or []):
            read(self.tls, piece)

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


def client_context(authority: trustme.CA | None) -> ssl.SSLContext:
    """As the client's own, with one authority to trust."""
    context = ssl.create_default_context()
    if authority is not None:
        authority.configure_trust(context)
    return context


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """With this certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


class Desk(Host):
    """The same, which asks again as soon as it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.again = False

    def hear(self, heard: Reply | Unanswered) -> None:
        """As a listener: note it, and perhaps ask again where that is possible."""
        super().hear(heard)
        transport = self.connection.transport
        if self.again and transport is not None and not transport.is_closing():
            self.again = False
            self.ask()
