"""The sessions: one aiohttp session per source address, each beside its own weight tracker.

The only room, beside `binance_papi.net.websocket`, that knows aiohttp. aiohttp is made to do
exactly one thing per call: write one request and read one reply. It follows no redirect (the key
would travel along), keeps no cookie, reads no proxy or password from the environment, unpacks
nothing, and does not send a DELETE a second time when the peer hangs up, as it does by itself
otherwise. Its exceptions hold the signed URL and the key, so none of them leaves this room: what
comes out are values.
"""

from __future__ import annotations

import asyncio
import os
import ssl as tls
from collections.abc import Callable, Sequence
from math import inf
from typing import Final

import aiohttp
from yarl import URL

from binance_papi.core.answer import Fault, Reply, Unanswered, Unsent
from binance_papi.core.decode import MAX_BODY
from binance_papi.core.settings import Settings
from binance_papi.core.signing import ApiKey
from binance_papi.core.weight import WeightTracker
from binance_papi.net.attempt import (
    CONNECT_PATIENCE,
    CONNECT_TIMEOUT,
    HEAD_SAYS_IT,
    Attempt,
    under_way,
)
from binance_papi.net.carrier import Carrier

_KEEP_ALIVE: Final = 30.0
_DNS_TTL: Final = 60
_RAMP: Final = 8
_HEAD: Final = 16_384
_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "binance-papi",
}

_NEVER_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientProxyConnectionError,
    aiohttp.ClientHttpProxyError,
)


class _Gone(Exception):  # noqa: N818 - it never leaves this module
    """The connection ended before the reply was whole."""


class _Warm(Exception):  # noqa: N818 - it never leaves this module
    """A connection stands; no request is to be sent on it."""


class _Held(Exception):  # noqa: N818 - it never leaves this module
    """The connection stands, but the request must not go on it any more."""


class _Connector(aiohttp.TCPConnector):
    """Looks once more, between connecting and writing, whether a request may still go.

    A cold burst is granted first and connects then; what the first replies ask for must reach those
    that are still connecting.
    """

    silent: Callable[[], bool]
    """Whether nothing may be sent at this moment."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[aiohttp.tracing.Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
    ) -> aiohttp.connector.Connection:
        """Connect, and give the connection back if the exchange asked for silence meanwhile.

        The same if connecting took so long, or the loop stalled so long, that the signature is old.
        """
        connection = await super().connect(req, traces, timeout)
        attempt = under_way.get()
        if self.silent() or (attempt is not None and attempt.stale):
            connection.release()
            raise _Held
        if attempt is not None:
            attempt.write()
        return connection


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a second time: the errors on which it does never reach it."""
    try:
        return await handler(request)
    except _NEVER_SENT:
        raise
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        gone = type(error).__name__
    raise _Gone(gone)


class Session:
    """One source address.

    Args:
        base: Scheme, host, port and perhaps a path prefix of the exchange.
        api_key: The key for calls that need one.
        http: aiohttp's session, set to do one thing per call.
        proxy: URL of a proxy, or ``None``.
        tracker: The address's request weight.
    """

    __slots__ = ("_http", "_keyed", "_loop", "_origin", "_prefix", "_proxy", "tracker")

    def __init__(
        self,
        base: str,
        api_key: ApiKey,
        http: aiohttp.ClientSession,
        *,
        proxy: str | None,
        tracker: WeightTracker,
    ) -> None:
        self._origin = URL(base)
        self._prefix = self._origin.raw_path.rstrip("/")
        self._http = http
        self._proxy = proxy
        self._loop = asyncio.get_running_loop()
        self.tracker = tracker
        # The key goes where it belongs; what all requests have is the session's.
        self._keyed = {"X-MBX-APIKEY": api_key.reveal()}

    def ready(self) -> None:
        """Connections are aiohttp's own; every request goes by `send`."""

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
        path, _, query = target.partition("?")
        url = URL.build(
            scheme=self._origin.scheme,
            authority=self._origin.raw_authority,
            path=self._prefix + path,
            query_string=query,
            encoded=True,
        )
        reason = ""
        cancelled: asyncio.CancelledError | None = None
        attempt = Attempt(self._loop, patience, fresh_until, on_written)
        carried = under_way.set(attempt)
        try:
            with attempt.deadline:
                # No name of this frame holds the key: a traceback may show all of them.
                return await self._exchange(attempt, method, url, self._keyed if keyed else None)
        except _NEVER_SENT as error:
            return Unsent(_plain(error))
        except _Held:
            return Unsent("silence was asked for, or it grew old, before it was written", held=True)
        except _Gone as error:
            reason = f"the connection ended ({error})"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = f"the reply broke off ({type(error).__name__})"
        except asyncio.CancelledError as error:
            # Leave aiohttp's frames, which hold the signed URL, behind.
            cancelled = asyncio.CancelledError(*error.args)
        finally:
            under_way.reset(carried)
            del url, query
        if cancelled is not None:
            del target
            raise cancelled
        if not reason and not attempt.written:
            return Unsent(f"no connection within {CONNECT_PATIENCE:g} s")
        return Unanswered(reason or f"no reply within {patience:g} s", Fault(attempt.status))

    async def _exchange(
        self, attempt: Attempt, method: str, url: URL, headers: dict[str, str] | None
    ) -> Reply:
        response = await self._http.request(
            method, url, headers=headers, allow_redirects=False, proxy=self._proxy
        )
        try:
            body = await _read(response)
        except BaseException as error:
            attempt.status = response.status
            response.close()
            if response.status not in HEAD_SAYS_IT or isinstance(error, asyncio.CancelledError):
                raise
            body = b""  # what is asked for stands in the head
        return Reply(response.status, response.headers, body)

    async def warm_up(self, count: int) -> str | None:
        """Open up to ``count`` connections, TLS included, a few at a time, without a request.

        Returns:
            ``None``, or why one of them did not come about.
        """
        ramp = asyncio.Semaphore(_RAMP)
        held: list[aiohttp.connector.Connection] = []
        problems: list[str] = []

        async def connect(
            request: aiohttp.ClientRequest, _: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            connector = self._http.connector
            assert connector is not None
            async with ramp:
                held.append(await connector.connect(request, [], self._http.timeout))
            raise _Warm

        async def open_one() -> None:
            try:
                await self._http.get(self._origin, proxy=self._proxy, middlewares=(connect,))
            except _Warm:
                pass
            except (aiohttp.ClientError, TimeoutError) as error:
                problems.append(_plain(error))

        try:
            await asyncio.gather(*(open_one() for _ in range(count)))
        finally:
            for connection in held:
                connection.release()
        return problems[0] if problems else None

    async def aclose(self) -> None:
        """Close every connection at once."""
        connector = self._http.connector
        await self._http.close()
        if connector is not None:
            await connector.close(abort_ssl=True)


class SessionPool:
    """All sessions of a client, one per source address, each around its weight tracker.

    Args:
        settings: What the client was told.
        api_key: The key for calls that need one.
        trackers: The weight trackers, in the order of the settings' addresses.
    """

    def __init__(
        self, settings: Settings, api_key: ApiKey, trackers: Sequence[WeightTracker]
    ) -> None:
        self._settings = settings
        self._api_key = api_key
        self._trackers = tuple(trackers)
        self._resolver: aiohttp.ThreadedResolver | None = None
        self.sessions: tuple[Carrier, ...] = ()
        self.carrier = settings.carrier
        """``"lean"`` or ``"aiohttp"``."""
        if settings.transport == "auto" and _mocked():
            # Somebody's tests answer in aiohttp's place: never go past them to the exchange.
            self.carrier = "aiohttp"

    async def open(self) -> None:
        """Make the sessions; no connection yet."""
        context = self._settings.ssl
        if context is None:
            # Reading the system's certificates takes milliseconds; not on the loop.
            context = await asyncio.to_thread(default_context)
        base = self._settings.base_url.rstrip("/")
        if self.carrier == "lean":
            # Imported where it is wanted: it needs an extra.
            from binance_papi.net.lean import LeanSession  # noqa: PLC0415

            self.sessions = tuple(
                LeanSession(base, self._api_key, context, tracker) for tracker in self._trackers
            )
            return
        self._resolver = aiohttp.ThreadedResolver()
        self.sessions = tuple(
            Session(
                base,
                self._api_key,
                self._make_http(tracker, context),
                proxy=self._settings.proxy,
                tracker=tracker,
            )
            for tracker in self._trackers
        )

    def _make_http(self, tracker: WeightTracker, context: tls.SSLContext) -> aiohttp.ClientSession:
        now = asyncio.get_running_loop().time
        address = tracker.source_address
        connector = _Connector(
            limit=0,  # the gate bounds what is in flight; nobody may wait a second time in here
            ssl=context,
            local_addr=None if address is None else (address, 0),
            resolver=self._resolver,
            ttl_dns_cache=_DNS_TTL,
            keepalive_timeout=_KEEP_ALIVE,
        )
        connector.silent = lambda: tracker.silence(now()) > 0
        return aiohttp.ClientSession(
            connector=connector,
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            trust_env=False,
            auto_decompress=False,
            raise_for_status=False,
            max_line_size=_HEAD,
            max_field_size=_HEAD,
            middlewares=(_send_once,),
        )

    async def warm_up(self, count: int | None) -> str | None:
        """Open connections ahead on every address.

        Args:
            count: How many per address; ``None``: as many as may be in flight.

        Returns:
            ``None``, or why it worked on no address.
        """
        most = self._settings.connections
        wanted = most if count is None else min(count, most)
        problems = [await session.warm_up(wanted) for session in self.sessions]
        return None if None in problems else problems[0]

    async def aclose(self) -> None:
        """Close every session."""
        for session in self.sessions:
            await session.aclose()
        if self._resolver is not None:
            await self._resolver.close()


def _mocked() -> bool:
    """Whether aiohttp was replaced by a mock (as aioresponses does)."""
    return hasattr(vars(aiohttp.ClientSession)["_request"], "mock")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The whole body, or the first byte too many of it."""
    length = response.content_length
    if length is not None and length <= MAX_BODY:
        return await response.read()
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            response.close()
            return bytes(body[: MAX_BODY + 1])
    return bytes(body)


def _plain(error: BaseException) -> str:
    """Why a connection failed, in words without the request."""
    name = type(error).__name__
    inner: object = getattr(error, "os_error", None)
    number = getattr(inner, "errno", None)
    return f"{name}: {os.strerror(number)}" if isinstance(number, int) else name


def default_context() -> tls.SSLContext:
    """The system's roots, TLS 1.2 or later; reading them takes milliseconds."""
    context = tls.create_default_context()
    context.minimum_version = tls.TLSVersion.TLSv1_2
    return context
