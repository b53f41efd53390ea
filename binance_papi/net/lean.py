"""The lean transport: HTTP/1.1 over asyncio protocols, for exactly what this client does.

One host, keep-alive, one request at a time on a connection, no redirect, no cookie, no proxy, no
unpacking, and never a second send. Everything that differs between requests is joined to bytes once
and written once.

It needs the extra ``speed``.
"""

from __future__ import annotations

import asyncio
import os
import ssl as tls
from collections.abc import Callable
from ipaddress import ip_address
from math import inf
from typing import Any, Final
from urllib.parse import urlsplit

from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.signing import ApiKey
from binance_papi.core.weight import WeightTracker
from binance_papi.net.attempt import CONNECT_TIMEOUT, HEAD_SAYS_IT
from binance_papi.net.connection import HttpConnection
from binance_papi.net.tls import TlsProtocol

_KEEP_ALIVE: Final = 25.0
"""Seconds after its last request until an idle connection is dropped, before the exchange would."""

_ROOM: Final = 65_536
"""Bytes that are read at a time; replies of some hundred, and the longest lists in parts."""

_METHODS: Final = ("GET", "POST", "PUT", "DELETE")
_RAMP: Final = 8
_STALL: Final = 0.02
_GRACE: Final = 1.0
_STAGGER: Final = 0.25
_HUSH: Final = 0.05


class _Heard:
    """Hands what was heard to a task that waits for it."""

    __slots__ = ("_on_written", "_session", "landing")

    def __init__(
        self,
        session: LeanSession,
        landing: asyncio.Future[Reply | Unanswered],
        on_written: Callable[[], None] | None,
    ) -> None:
        self._session = session
        self.landing = landing
        self._on_written = on_written

    def written(self) -> None:
        """The first byte is about to be written."""
        if self._on_written is not None:
            self._on_written()

    def hear(self, heard: Reply | Unanswered) -> None:
        """It is there."""
        if isinstance(heard, Reply) and heard.status in HEAD_SAYS_IT:
            self._session.hush()
        if not self.landing.done():
            self.landing.set_result(heard)


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
        # Built once: what stands before and behind path and query, by method; without the key,
        # and with it.
        self.around = (
            {method: _around(method, prefix, common) for method in _METHODS},
            {
                method: _around(method, prefix, f"{common}X-MBX-APIKEY: {api_key.reveal()}\r\n")
                for method in _METHODS
            },
        )
        self._all: dict[HttpConnection, None] = {}
        self._idle: list[HttpConnection] = []
        self._room = memoryview(bytearray(_ROOM))
        self._timer: asyncio.TimerHandle | None = None
        self.rings_at = inf
        """When the timer rings."""
        self._closed = False
        # Connections that were of use and are gone, and the most there ever were.
        self._missing = self._most = 0
        self._renewals: set[asyncio.Task[None]] = set()

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
        heard = _Heard(self, self._loop.create_future(), on_written)
        try:
            connection.carry(method, target, keyed, patience, heard)
            del target
            return await heard.landing
        finally:
            if connection.listener is heard:  # and not somebody else, once the reply was read
                connection.abort()

    def hush(self) -> None:
        """A refusal was read: nobody goes until its task has settled it, a turn or two later."""
        self.tracker.frozen_until = max(self.tracker.frozen_until, self.now() + _HUSH)

    def ready(self) -> HttpConnection | None:
        """An idle connection that still stands, the one used last first."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            transport = connection.transport
            if transport is not None and not transport.is_closing():
                return connection
        return None

    def idle(self, connection: HttpConnection) -> None:
        """A connection is free."""
        if self._closed:
            connection.abort()
            return
        self._idle.append(connection)
        if self.rings_at > connection.last_used + _KEEP_ALIVE:
            self.arm(connection.last_used + _KEEP_ALIVE)

    def lost(self, connection: HttpConnection) -> None:
        """A connection is gone; one that was of use is replaced before somebody needs it."""
        if connection in self._all:  # if not, it was dropped because nobody used it
            del self._all[connection]
            if connection.used and not self._closed:
                self._missing += 1
                self._renew()

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
        old = [one for one in self._idle if one.last_used + _KEEP_ALIVE <= now]
        self._idle = [one for one in self._idle if one.last_used + _KEEP_ALIVE > now]
        for connection in old:
            self._all.pop(connection, None)  # unless the server hung up before
            connection.abort()
        dues = [one.due for one in self._all]
        dues += [one.last_used + _KEEP_ALIVE for one in self._idle]
        due = min(dues, default=inf)
        if due < inf:
            self.arm(due)

    # ------------------------------------------------------------------ connections

    async def _connect(self) -> HttpConnection | Unsent:
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

    async def _open(self, host: str) -> HttpConnection:
        settings: dict[str, Any] = {}
        if self._address is not None:
            settings["local_addr"] = (self._address, 0)
        if host == self._host and not self._literal and self._staggers:
            settings["happy_eyeballs_delay"] = _STAGGER
        connection = HttpConnection(self)
        protocol: asyncio.BaseProtocol = connection
        secure: TlsProtocol | None = None
        if self._tls is not None:
            protocol = secure = TlsProtocol(
                self._tls, self._host, connection, self._loop, self._room
            )
        transport, _ = await self._loop.create_connection(
            lambda: protocol, host, self._port, **settings
        )
        if secure is not None:
            try:
                await secure.secured()
            except asyncio.CancelledError:
                secure.abort()
                raise
        peer = transport.get_extra_info("peername")
        if self._closed or transport.is_closing() or not peer:
            connection.abort()
            raise ConnectionAbortedError  # by us, or by a peer that hung up at once
        self._last_good = str(peer[0])
        self._all[connection] = None
        self._most = max(self._most, len(self._all))
        return connection

    def _renew(self) -> None:
        """Let one more task open what is missing; a few at most, so that they make a ramp."""
        if len(self._renewals) < _RAMP and self.tracker.silence(self.now()) <= 0:
            task = self._loop.create_task(self._reopen())
            self._renewals.add(task)
            task.add_done_callback(self._renewals.discard)

    async def _reopen(self) -> None:
        """Open what is missing, one after the other; where that fails, whoever needs one tries."""
        while self._missing and len(self._all) < self._most:
            self._missing -= 1
            made = await self._connect()
            if isinstance(made, Unsent):
                break
            self.idle(made)
        self._missing = 0

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
        for task in self._renewals:
            task.cancel()
        if self._renewals:
            await asyncio.wait(self._renewals)
        for connection in list(self._all):
            connection.end("the client was closed")
        # Transports tell on the next turns of the loop that they are gone.
        for _ in range(3):
            await asyncio.sleep(0)


def _around(method: str, prefix: str, headers: str) -> tuple[str, str]:
    """What stands before and behind path and query."""
    length = "Content-Length: 0\r\n" if method in ("POST", "PUT") else ""
    return f"{method} {prefix}", f"{headers}{length}\r\n"


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
