"""The lean transport: HTTP/1.1 over asyncio protocols, for exactly what this client does.

One host, keep-alive, one request at a time on a connection, no redirect, no cookie, no proxy, no
unpacking, and never a second send. Parsing is httptools' business (llhttp, as in Node.js); what is
not framed by ``Content-Length`` or chunks closes the connection. Everything that differs between
requests is joined to bytes once and written once; a reply's bytes go to the decoder as they came.

It needs the extra ``speed``.
"""

from __future__ import annotations

import asyncio
import os
import ssl as tls
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from math import inf
from typing import Any, Final
from urllib.parse import urlsplit

import httptools

from binance_papi.core.answer import Fault, Reply, Unanswered, Unsent
from binance_papi.core.decode import MAX_BODY
from binance_papi.core.signing import ApiKey
from binance_papi.core.weight import WeightTracker
from binance_papi.net.attempt import CONNECT_TIMEOUT, HEAD_SAYS_IT
from binance_papi.net.carrier import Listener

_HEAD: Final = 16_384
"""Bytes of a reply's status line and headers at most."""

_KEEP_ALIVE: Final = 25.0
"""Seconds after which an idle connection is dropped, before the exchange would."""

_RAW: Final = 4 * MAX_BODY
"""Bytes of a whole reply at most, chunks and trailers included."""

_INTERIM: Final = 8
_RAMP: Final = 8
_STALL: Final = 0.02
_GRACE: Final = 1.0
_STAGGER: Final = 0.25
_OK: Final = 200


_spelled: Final[dict[str, bytes]] = {}
"""How the server spelled a header when it was asked for last; mostly it does so again."""


class _Headers(Mapping[str, str]):
    """A reply's headers by their lower-case names; nearly all are never asked for."""

    __slots__ = ("_raw",)

    def __init__(self, raw: dict[bytes, bytes]) -> None:
        self._raw = raw

    def get(self, name: str, default: Any = None, /) -> Any:
        """The value of a header, or ``default``."""
        value = self._raw.get(_spelled.get(name, b""))
        if value is None:
            value = self._search(name)
        return default if value is None else value.decode("latin-1")

    def _search(self, name: str) -> bytes | None:
        wanted = name.encode("latin-1")
        for spelled, value in self._raw.items():
            if spelled.lower() == wanted:
                _spelled[name] = spelled
                return value
        return None

    def __contains__(self, name: object) -> bool:
        return self.get(str(name)) is not None

    def __getitem__(self, name: str) -> str:
        value: str | None = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter({name.decode("latin-1").lower() for name in self._raw})

    def __len__(self) -> int:
        return len(set(self))

    def __repr__(self) -> str:
        return f"<headers {', '.join(sorted(self))}>"


class _Heard:
    """Hands what was heard to a task that waits for it."""

    __slots__ = ("_on_written", "landing")

    def __init__(
        self, landing: asyncio.Future[Reply | Unanswered], on_written: Callable[[], None] | None
    ) -> None:
        self.landing = landing
        self._on_written = on_written

    def written(self) -> None:
        """The first byte is about to be written."""
        if self._on_written is not None:
            self._on_written()

    def hear(self, heard: Reply | Unanswered) -> None:
        """It is there."""
        if not self.landing.done():
            self.landing.set_result(heard)


class _Connection(asyncio.Protocol):
    """One connection; what it hears goes to the listener of the request that is on it."""

    __slots__ = (
        "_body",
        "_body_size",
        "_framed",
        "_headers",
        "_home",
        "_interim",
        "_keep",
        "_parser",
        "_raw",
        "_sized",
        "_status",
        "_stop",
        "_whole",
        "_write",
        "due",
        "grace",
        "idle_since",
        "listener",
        "on_header",
        "patience",
        "raw_headers",
        "transport",
    )

    def __init__(self, home: LeanSession) -> None:
        self._home = home
        self.raw_headers: dict[bytes, bytes] = {}
        # The parser's most frequent call goes straight to a dictionary; of duplicates the first
        # counts.
        self.on_header = self.raw_headers.setdefault
        self._parser: Any = httptools.HttpResponseParser(self)
        self._headers = _Headers({})
        self._body: list[bytes] = []
        self._body_size = self._raw = self._interim = self._status = 0
        self._framed = self._sized = self._stop = self._whole = self._keep = False
        self.transport: asyncio.Transport | None = None
        self._write: Callable[[bytes], None] = _nowhere
        self.listener: Listener | None = None
        self.due = self.idle_since = inf
        self.patience = 0.0
        self.grace = False

    # ------------------------------------------------------------------ the owner's side

    def carry(
        self, method: str, target: str, keyed: bool, patience: float, listener: Listener, /
    ) -> None:
        """Write a request; see `Connection.carry`."""
        home = self._home
        self.patience = patience
        self.due = due = home.now() + patience
        self.grace = self._framed = self._whole = False
        self._raw = self._interim = 0
        listener.written()
        self.listener = listener
        self._write(
            b"%b%b%b" % (home.before[method], target.encode("ascii"), home.after[method, keyed])
        )
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
            self._deliver(b"".join(self._body))
        self.end(f"the connection ended ({type(exc).__name__})" if exc else "the connection ended")
        self._home.lost(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came: feed the parser; bytes for nobody drop the connection."""
        if self.listener is None:
            self.abort()
            return
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
        # Only now: a request that is written from here is answered by what comes after.
        if self._whole:
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
        keep = self._keep and not self._stop
        listener, self.listener = self.listener, None
        self.due = inf
        if keep:
            self._home.idle(self)
        else:
            self.abort()
        if listener is not None:
            body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
            self._home.tell(listener, Reply(self._status, self._headers, body))

    # ------------------------------------------------------------------ the parser's side

    def on_message_begin(self) -> None:
        """A reply begins; a second one is nobody's."""
        if self._whole:
            self._stop = True
            return
        self.raw_headers.clear()
        self._body = []
        self._body_size = 0
        self._framed = False

    def on_headers_complete(self) -> None:
        """The head is whole; trailers come later, and don't count."""
        if self._whole:
            return
        raw = self.raw_headers.copy()
        self._headers = headers = _Headers(raw)
        if self._raw > _HEAD and sum(map(len, raw)) + sum(map(len, raw.values())) > _HEAD:
            self._stop = True
        self._framed = True
        self._sized = "content-length" in headers or "transfer-encoding" in headers
        self._status = self._parser.get_status_code()

    def on_body(self, part: bytes) -> None:
        """A part of the body; one byte too many is enough to know that it is too long."""
        self._body.append(part)
        self._body_size += len(part)
        if self._body_size > MAX_BODY and not self._stop:
            self._stop = True
            self._deliver(b"".join(self._body)[: MAX_BODY + 1])

    def on_message_complete(self) -> None:
        """The reply is whole."""
        if self._status < _OK:  # an interim reply: the real one follows
            self._interim += 1
            self._stop = self._stop or self._interim > _INTERIM
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
            listener.hear(Reply(self._status, self._headers, body))

    def end(self, reason: str) -> None:
        """No whole reply came."""
        listener, self.listener = self.listener, None
        self.due = inf
        self.abort()
        if listener is None:
            return
        status = self._status if self._framed else None
        if status in HEAD_SAYS_IT:
            listener.hear(Reply(status, self._headers, b""))
        else:
            listener.hear(Unanswered(reason, Fault(status)))


def _nowhere(_: bytes) -> None:
    raise ConnectionError("the connection does not stand yet")


class LeanSession:
    """One source address.

    Args:
        base: Scheme, host, port and perhaps a path prefix of the exchange.
        api_key: The key for calls that need one.
        context: TLS, for an ``https`` base.
        tracker: The address's request weight.
    """

    def __init__(
        self, base: str, api_key: ApiKey, context: tls.SSLContext, tracker: WeightTracker
    ) -> None:
        url = urlsplit(base)
        assert url.hostname is not None
        self.tracker = tracker
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time
        self._host = url.hostname
        secure = url.scheme == "https"
        self._port = url.port or (443 if secure else 80)
        self._tls = context if secure else None
        # A race of addresses is for names that have several; uvloop can't hold one.
        self._literal = _is_address(url.hostname)
        self._staggers = isinstance(self._loop, asyncio.BaseEventLoop)
        self._address = tracker.source_address
        self._last_good: str | None = None
        prefix = url.path.rstrip("/")
        common = (
            f" HTTP/1.1\r\nHost: {url.netloc}\r\nAccept: application/json\r\n"
            "Accept-Encoding: identity\r\nUser-Agent: binance-papi\r\n"
        )
        # Built once: what stands before and after path and query, by method and with the key or
        # without.
        self.before = {
            method: f"{method} {prefix}".encode() for method in ("GET", "POST", "PUT", "DELETE")
        }
        self.after: dict[tuple[str, bool], bytes] = {}
        for method in self.before:
            length = "Content-Length: 0\r\n" if method in ("POST", "PUT") else ""
            self.after[method, False] = f"{common}{length}\r\n".encode()
            self.after[method, True] = (
                f"{common}{length}X-MBX-APIKEY: {api_key.reveal()}\r\n\r\n".encode()
            )
        self._all: dict[_Connection, None] = {}
        self._idle: list[_Connection] = []
        self._inbox: list[tuple[Listener, Reply]] = []
        self._timer: asyncio.TimerHandle | None = None
        self.rings_at = inf
        """When the timer rings."""
        self._closed = False

    def __repr__(self) -> str:
        return f"<LeanSession {self._host}>"

    # ------------------------------------------------------------------ requests

    async def send(
        self,
        method: str,
        target: str,
        *,
        keyed: bool,
        patience: float,
        fresh_until: float = inf,
        on_written: Callable[[], None] | None = None,
    ) -> Reply | Unsent | Unanswered:
        """Write one request and read one reply; see `Carrier.send`."""
        connection = self.ready()
        if connection is None:
            try:
                made = await self._connect()
            except asyncio.CancelledError:
                del target  # a traceback shows this frame
                raise
            if isinstance(made, Unsent):
                return made
            connection = made
        now = self.now()
        if now > fresh_until or self.tracker.silence(now) > 0:
            self.idle(connection)
            return Unsent("silence was asked for, or it grew old, before it was written", held=True)
        heard = _Heard(self._loop.create_future(), on_written)
        connection.carry(method, target, keyed, patience, heard)
        del target
        try:
            return await heard.landing
        finally:
            if not heard.landing.done() or heard.landing.cancelled():
                connection.abort()

    def ready(self) -> _Connection | None:
        """An idle connection that still stands, the one used last first."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            transport = connection.transport
            if transport is not None and not transport.is_closing():
                return connection
        return None

    def idle(self, connection: _Connection) -> None:
        """A connection is free."""
        if self._closed:
            connection.abort()
            return
        connection.idle_since = self.now()
        self._idle.append(connection)
        if self._timer is None:
            self.arm(connection.idle_since + _KEEP_ALIVE)

    def tell(self, listener: Listener, reply: Reply) -> None:
        """Tell of a reply on the next turn of the loop, together with all that come on this one."""
        self._inbox.append((listener, reply))
        if len(self._inbox) == 1:
            self._loop.call_soon(self._tell_all)

    def _tell_all(self) -> None:
        inbox, self._inbox = self._inbox, []
        for listener, reply in inbox:
            listener.hear(reply)

    def lost(self, connection: _Connection) -> None:
        """A connection is gone."""
        self._all.pop(connection, None)

    # ------------------------------------------------------------------ one timer for all

    def arm(self, when: float) -> None:
        """Ring at that time, monotonic seconds, and not before."""
        if self._timer is not None:
            self._timer.cancel()
        self.rings_at = when
        self._timer = self._loop.call_at(when, self._ring, when)

    def _ring(self, when: float) -> None:
        """Give up what is over time, drop what was idle too long, and see when the next is due."""
        self._timer, self.rings_at = None, inf
        now = self.now()
        late = now - when > _STALL
        for connection in list(self._all):
            if connection.due <= now:
                if late and not connection.grace:
                    # The loop stalled: perhaps the reply is in the socket, so look there first.
                    connection.grace = True
                    connection.due = now + min(now - connection.due, _GRACE)
                else:
                    connection.expire()
        old = [one for one in self._idle if one.idle_since + _KEEP_ALIVE <= now]
        self._idle = [one for one in self._idle if one.idle_since + _KEEP_ALIVE > now]
        for connection in old:
            connection.abort()
        due = min((one.due for one in self._all), default=inf)
        if self._idle:
            due = min(due, self._idle[0].idle_since + _KEEP_ALIVE)
        if due < inf:
            self.arm(due)

    # ------------------------------------------------------------------ connections

    async def _connect(self) -> _Connection | Unsent:
        """A new connection, TLS included."""
        why = ""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                return await self._open(self._host)
        except TimeoutError:
            why = f"no connection within {CONNECT_TIMEOUT:g} s"
        except (OSError, tls.SSLError, ValueError) as error:
            why = _plain(error)
        if self._last_good is not None and self._last_good != self._host:
            # The name does not resolve for the moment: the address that worked last may.
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT):
                    return await self._open(self._last_good)
            except (OSError, TimeoutError, ValueError):
                pass
        return Unsent(why)

    async def _open(self, host: str) -> _Connection:
        settings: dict[str, Any] = {}
        if self._tls is not None:
            settings = {"ssl": self._tls, "server_hostname": self._host}
        if self._address is not None:
            settings["local_addr"] = (self._address, 0)
        if host == self._host and not self._literal and self._staggers:
            settings["happy_eyeballs_delay"] = _STAGGER
        transport, connection = await self._loop.create_connection(
            lambda: _Connection(self), host, self._port, **settings
        )
        if self._closed:
            connection.abort()
            raise ConnectionAbortedError
        self._last_good = str(transport.get_extra_info("peername")[0])
        self._all[connection] = None
        return connection

    async def warm_up(self, count: int) -> str | None:
        """Open up to ``count`` connections, TLS included, a few at a time, without a request.

        Returns:
            ``None``, or why one of them did not come about.
        """
        ramp = asyncio.Semaphore(_RAMP)
        problems: list[str] = []

        async def open_one() -> None:
            async with ramp:
                made = await self._connect()
            if isinstance(made, Unsent):
                problems.append(made.reason)
            else:
                self.idle(made)

        await asyncio.gather(*(open_one() for _ in range(count - len(self._idle))))
        return problems[0] if problems else None

    async def aclose(self) -> None:
        """Drop every connection at once."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.rings_at = -inf  # and never again
        for connection in list(self._all):
            connection.end("the client was closed")
        # Transports tell on the next turns of the loop that they are gone.
        for _ in range(3):
            await asyncio.sleep(0)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _plain(error: BaseException) -> str:
    """Why a connection failed, in words without the request."""
    name = type(error).__name__
    number = getattr(error, "errno", None)
    known = isinstance(number, int) and number > 0 and not isinstance(error, tls.SSLError)
    return f"{name}: {os.strerror(number)}" if known else name  # type: ignore[arg-type]
