"""WebSockets of user data streams, on aiohttp: the only other room that knows it.

The URL of a stream holds its listenKey, so neither a URL nor an exception of aiohttp leaves this
room: what comes out are values. TLS is verified, no redirect is followed, no cookie kept, no proxy
or password read from the environment, nothing compressed, and a message is read up to `MAX_BODY`.
"""

from __future__ import annotations

import asyncio
import ssl as tls
from contextlib import suppress
from enum import Enum
from typing import Final, NamedTuple, Protocol
from urllib.parse import quote

import aiohttp
from yarl import URL

from binance_papi.core.decode import MAX_BODY
from binance_papi.core.settings import Settings
from binance_papi.core.signing import ListenKey
from binance_papi.net.session_pool import default_context

PATIENCE: Final = 10.0
"""Seconds within which a connection, TLS and handshake included, has to stand."""

_CLOSE: Final = 1.0
_TIMEOUT: Final = aiohttp.ClientWSTimeout(None, _CLOSE)  # pyright: ignore[reportCallIssue]


class Sign(Enum):
    """A sign of life that is no message."""

    OF_LIFE = "a ping or a pong"


class Ended(NamedTuple):
    """The connection ended.

    Attributes:
        reason: Why, in a few words.
    """

    reason: str


class Socket(Protocol):
    """A connection, whatever it is made of."""

    async def read(self) -> bytes | Sign | Ended:
        """Wait for what comes next."""
        ...

    async def ping(self) -> None:
        """Ask for a sign of life."""
        ...

    async def close(self) -> None:
        """Close it, within a second."""
        ...


class Dialer(Protocol):
    """Whatever opens connections."""

    async def dial(self, key: ListenKey) -> Socket | str:
        """Open a connection for a key; a text in its place tells why there is none."""
        ...

    async def aclose(self) -> None:
        """Close what is left."""
        ...


class _Refused(Exception):  # noqa: N818 - it never leaves this module
    """The server does not want to speak WebSocket."""


async def _upgraded_only(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from following a redirect."""
    response = await handler(request)
    if response.status != 101:  # noqa: PLR2004 - the one status that is an upgrade
        status = response.status
        response.close()
        raise _Refused(f"HTTP {status}")
    return response


class WebSocket:
    """One connection.

    Args:
        socket: aiohttp's, which pings nobody and answers no ping by itself.
    """

    __slots__ = ("_socket",)

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        self._socket = socket

    async def read(self) -> bytes | Sign | Ended:
        """Wait for what comes next; a ping is answered."""
        message = await self._socket.receive()
        match message.type:
            case aiohttp.WSMsgType.TEXT | aiohttp.WSMsgType.BINARY:
                data: bytes = message.data
                return data
            case aiohttp.WSMsgType.PING:
                with suppress(aiohttp.ClientError, OSError):
                    await self._socket.pong(message.data)
                return Sign.OF_LIFE
            case aiohttp.WSMsgType.PONG:
                return Sign.OF_LIFE
            case _:
                code = self._socket.close_code
                return Ended("the connection ended" if code is None else f"closed with code {code}")

    async def ping(self) -> None:
        """Ask for a sign of life."""
        with suppress(aiohttp.ClientError, OSError):
            await self._socket.ping()

    async def close(self) -> None:
        """Close it; a peer that does not take leave is left after a second."""
        # aiohttp waits so long after each message, and a peer may go on sending some.
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE):
                await self._socket.close()


class WebSockets:
    """Opens connections.

    Args:
        settings: What the client was told.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._http: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    async def dial(self, key: ListenKey) -> WebSocket | str:
        """Open a connection for a key.

        Returns:
            The connection, or why there is none.
        """
        reason = ""
        cancelled: asyncio.CancelledError | None = None
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._connect(await self._session(), key)
        except _Refused as error:
            reason = str(error)
        except TimeoutError:
            reason = f"no connection within {PATIENCE:g} s"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            reason = type(error).__name__
        except asyncio.CancelledError as error:
            # Leave aiohttp's frames, which hold the URL, behind.
            cancelled = asyncio.CancelledError(*error.args)
        if cancelled is not None:
            raise cancelled
        return reason

    async def _connect(self, http: aiohttp.ClientSession, key: ListenKey) -> WebSocket:
        socket = await http.ws_connect(
            URL(f"{self._settings.stream_base}/ws/{quote(key.reveal(), safe='')}", encoded=True),
            proxy=self._settings.proxy,
            timeout=_TIMEOUT,
            autoping=False,
            compress=0,
            max_msg_size=MAX_BODY,
            decode_text=False,
        )
        return WebSocket(socket)

    async def _session(self) -> aiohttp.ClientSession:
        async with self._opening:
            if self._http is None:
                context = self._settings.ssl
                if context is None:
                    context = await asyncio.to_thread(default_context)
                self._http = self._make_http(context)
            return self._http

    def _make_http(self, context: tls.SSLContext) -> aiohttp.ClientSession:
        address = self._settings.source_addresses[0]
        connector = aiohttp.TCPConnector(
            limit=0,
            ssl=context,
            local_addr=None if address is None else (address, 0),
            resolver=aiohttp.ThreadedResolver(),
        )
        return aiohttp.ClientSession(
            connector=connector,
            headers={"User-Agent": "binance-papi"},
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trust_env=False,
            middlewares=(_upgraded_only,),
        )

    async def aclose(self) -> None:
        """Close every connection at once."""
        http, self._http = self._http, None
        if http is None:
            return
        connector = http.connector
        await http.close()
        if connector is not None:
            await connector.close(abort_ssl=True)
