"""One connection of the lean transport: what is written, and what is read until a reply is whole.

Parsing is httptools' business (llhttp, as in Node.js); what is not framed by ``Content-Length`` or
chunks closes the connection. A reply's bytes go on as they came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from math import inf
from typing import Any, Final, Protocol

import httptools
import msgspec

from binance_papi.core.answer import Fault, Reply, Unanswered
from binance_papi.core.decode import MAX_BODY
from binance_papi.net.attempt import HEAD_SAYS_IT
from binance_papi.net.carrier import Listener

_HEAD: Final = 16_384
"""Bytes of a reply's status line and headers at most."""

_RAW: Final = 4 * MAX_BODY
"""Bytes of a whole reply at most, chunks and trailers included."""

_INTERIM: Final = 8
_OK: Final = 200

_BLANKS: Final = b" \t"

_spelled: Final[dict[str, bytes]] = {}
"""How the server spelled a header when it was asked for last; mostly it does so again."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """A reply's headers, asked for by lower-case names; nearly all never are.

    They are where the parser put them, and stay there until the connection's next reply begins: a
    copy of each would cost 0.5 µs. Whoever hears of a reply reads them on the loop's next turn at
    the latest, and both loops run what was called soon before they read again.
    """

    raw: dict[bytes, bytes]

    def get(self, name: str, /) -> bytes | None:
        """The value of a header, as it came; ``None`` where it is missing."""
        value = self.raw.get(_spelled.get(name, b""))
        if value is None:
            value = self._search(name)
        # The parser takes off what stands before a value, and leaves what stands behind it.
        return value.rstrip(_BLANKS) if value and value[-1] in _BLANKS else value

    def _search(self, name: str) -> bytes | None:
        wanted = name.encode("latin-1")
        for spelled, value in self.raw.items():
            if spelled.lower() == wanted:
                _spelled[name] = spelled
                return value
        return None

    def __repr__(self) -> str:
        return f"<head {', '.join(sorted(name.decode('latin-1') for name in self.raw))}>"


class Home(Protocol):
    """The session that a connection belongs to."""

    around: tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]]]
    """What stands before and behind path and query, by method: without the key, and with it."""
    rings_at: float
    """When the session looks for replies that are overdue, monotonic seconds."""
    now: Callable[[], float]
    """Monotonic seconds."""

    def arm(self, when: float) -> None:
        """Look then, and not before."""
        ...

    def idle(self, connection: HttpConnection) -> None:
        """A connection is free."""
        ...

    def lost(self, connection: HttpConnection) -> None:
        """A connection is gone."""
        ...


class HttpConnection(asyncio.Protocol):
    """One connection; what it hears goes to the listener of the request that is on it."""

    __slots__ = (
        "_framed",
        "_head",
        "_home",
        "_interim",
        "_keep",
        "_last",
        "_named",
        "_parser",
        "_parts",
        "_raw",
        "_sized",
        "_status",
        "_stop",
        "_whole",
        "_write",
        "due",
        "grace",
        "last_used",
        "listener",
        "on_body",
        "on_header",
        "on_message_begin",
        "patience",
        "raw_headers",
        "transport",
        "used",
    )

    def __init__(self, home: Home) -> None:
        self._home = home
        self.raw_headers: dict[bytes, bytes] = {}
        # The parser's most frequent calls go straight to a dictionary (of duplicates the first
        # counts) and to lists. A beginning reply takes the mark that its predecessor left.
        self._parts: list[bytes] = []
        self._last: list[None] = []
        self.on_message_begin = self._last.clear
        self.on_header = self.raw_headers.setdefault
        self.on_body = self._parts.append
        self._parser: Any = httptools.HttpResponseParser(self)
        self._head = Head(self.raw_headers)
        self._raw = self._interim = self._status = self._named = 0
        self._framed = self._sized = self._stop = self._whole = self._keep = False
        self.transport: asyncio.Transport | None = None
        self._write: Callable[[bytes], None] = _nowhere
        self.listener: Listener | None = None
        self.due = inf
        self.patience = 0.0
        self.last_used = home.now()
        self.grace = self.used = False

    # ------------------------------------------------------------------ the owner's side

    def carry(
        self, method: str, target: str, keyed: bool, patience: float, listener: Listener, /
    ) -> None:
        """Write a request; see `Connection.carry`."""
        home = self._home
        self.grace = self._whole = self._framed = False
        self.used = True
        self._raw = self._interim = 0
        self._parts.clear()
        self.listener = listener
        listener.written()  # which may take its time: a disk is asked, say
        self.patience = patience
        now, write = home.now, self._write
        self.last_used = wrote = now()
        self.due = due = wrote + patience
        before, after = home.around[keyed][method]
        write(f"{before}{target}{after}".encode("ascii"))
        if home.rings_at > due:
            home.arm(due)

    def abort(self) -> None:
        """Drop the connection; nothing more is heard from it."""
        self.listener = None
        if self.transport is not None:
            self.transport.abort()

    def expire(self) -> None:
        """The reply did not come in time."""
        self.end(f"no reply within {self.patience:g} s")

    # ------------------------------------------------------------------ the loop's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self.transport = transport  # type: ignore[assignment]
        self._write = transport.write  # type: ignore[attr-defined]

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if exc is None and self._framed and not self._sized and not self._whole:
            # A body without a length ends with the connection; whether it is whole, JSON tells.
            self._deliver(b"".join(self._parts))
        self.end(f"the connection ended ({type(exc).__name__})" if exc else "the connection ended")
        self._home.lost(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came: feed the parser; bytes for nobody drop the connection."""
        if self.listener is None:
            self.abort()
            return
        if not self._raw:
            self.raw_headers.clear()  # not sooner: those of the reply before may not be read yet
        self._raw += len(data)
        if self._raw > _HEAD and self._too_long(data):
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self._whole:
                self.end(f"the reply can't be read ({type(error).__name__})")
                return
            self._stop = True  # a whole reply, and then something that is none
        if self._raw > MAX_BODY and sum(map(len, self._parts)) > MAX_BODY:
            # One byte too many is enough to know that it is too long.
            self._deliver(b"".join(self._parts)[: MAX_BODY + 1])
            self.abort()
        # Only now: a request that is written from here is answered by what comes after.
        elif self._whole:
            self._finish()
        elif self._stop:
            self.end("the reply is longer than any that is known")

    def _too_long(self, data: bytes) -> bool:
        if not self._framed and b"\r\n\r\n" not in data[:_HEAD]:
            self.end("the head of the reply is too long")
            return True
        if self._raw > _RAW:
            self.end("the reply is longer than any that is known")
            return True
        return False

    def _finish(self) -> None:
        """The reply is whole: the connection is free, and then its listener may go on."""
        keep = self._keep and not self._stop and self._last
        listener, self.listener = self.listener, None
        self.due = inf
        if keep:
            self._home.idle(self)
        else:
            self.abort()
        if listener is not None:
            parts = self._parts
            body = parts[0] if len(parts) == 1 else b"".join(parts)
            head = self._head if len(self.raw_headers) == self._named else self._first()
            listener.hear(Reply(self._status, head, body))

    def _first(self) -> Head:
        """The headers without what came later: trailers, or those of another reply."""
        return Head(dict(islice(self.raw_headers.items(), self._named)))

    # ------------------------------------------------------------------ the parser's side

    def on_headers_complete(self) -> None:
        """The head is whole; trailers come later, and don't count."""
        if self._framed:
            self._stop = True  # a second reply is nobody's
            return
        raw = self.raw_headers
        self._named = len(raw)
        self._last.append(None)
        if self._raw > _HEAD and sum(map(len, raw)) + sum(map(len, raw.values())) > _HEAD:
            self._stop = True
        self._framed = True
        # As it is spelled mostly, at a third of the cost.
        self._sized = (
            b"Content-Length" in raw
            or self._head.get("content-length") is not None
            or self._head.get("transfer-encoding") is not None
        )
        self._status = self._parser.get_status_code()

    def on_message_complete(self) -> None:
        """The reply is whole."""
        if self._status < _OK:  # an interim reply: the real one follows
            self._interim += 1
            self._stop = self._stop or self._interim > _INTERIM
            self._framed = False
            self._parts.clear()
            self.raw_headers.clear()
            return
        if self._stop or self._whole:
            return
        self._keep = self._sized and self._parser.should_keep_alive()
        self._whole = True

    def _deliver(self, body: bytes) -> None:
        """So much of a body is enough."""
        listener, self.listener = self.listener, None
        self.due = inf
        if listener is not None:
            listener.hear(Reply(self._status, self._first(), body))

    def end(self, reason: str) -> None:
        """No whole reply came."""
        listener, self.listener = self.listener, None
        self.due = inf
        self.abort()
        if listener is None:
            return
        status = self._status if self._framed else None
        if status in HEAD_SAYS_IT:
            listener.hear(Reply(status, self._first(), b""))
        else:
            listener.hear(Unanswered(reason, Fault(status)))


def _nowhere(_: bytes) -> None:
    raise ConnectionError("the connection does not stand yet")
