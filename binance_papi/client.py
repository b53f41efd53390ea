"""The client: open and close, the line wired once, the namespaces."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl as tls
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self, TypeVar

from binance_papi.api.general import General, TestConnectivity
from binance_papi.api.um import Um
from binance_papi.core.admission import Admission, Route
from binance_papi.core.endpoint import Request
from binance_papi.core.events import Event
from binance_papi.core.namespace import Namespace, branch
from binance_papi.core.signing import ApiKey, Signer
from binance_papi.core.usage import Usage
from binance_papi.core.weight import WeightTracker
from binance_papi.errors import UnsentError, UsageError
from binance_papi.net.clock import Clock
from binance_papi.net.gate import Gate
from binance_papi.net.line import Line
from binance_papi.net.session_pool import SessionPool
from binance_papi.terms import RateLimit

R = TypeVar("R")
T = TypeVar("T")

LIVE: Final = "https://papi.binance.com"
"""The live exchange. There is no testnet; see `binance_papi.simulator`."""

LIMITS: Final = (
    RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000),
    RateLimit("ORDERS", "MINUTE", 1, 1200),
)
"""The documented limits (General Info, "Limits")."""

_log = logging.getLogger("binance_papi")
_CLOSE_GRACE: Final = 1.0


def _log_event(event: Event) -> None:
    _log.warning("%s", event)


class PapiClient(Namespace):
    """An asyncio client of the Portfolio Margin API.

    Open it with ``async with``, or with `open` and `aclose`. It belongs to the event loop and the
    process that opened it. Its methods, and `send`, may be awaited by any number of tasks at once.

    Args:
        api_key: The API key.
        secret: The HMAC secret, or a `Signer`.
        base_url: Where the exchange is; ``http`` only on loopback.
        limits: The exchange's rules.
        recv_window: Milliseconds for which a signed request is valid, 1 to 60000, unless it says
            otherwise itself.
        connections: Requests in flight at most, per source address; also how many connections there
            are. At least 1.
        max_wait: Seconds a call may wait for weight: one that would wait longer fails at once with
            `WaitTooLongError`. ``None``: it waits its turn.
        source_addresses: Local addresses to send from, each with its own connections and its own
            request weight; ``None`` in it stands for the system's choice.
        proxy: URL of a proxy. The environment's proxies are never read.
        transport: ``"auto"`` or ``"aiohttp"``.
        ssl: A context of your own; ``None``: the system's roots, TLS 1.2 or later. Verification
            can't be turned off.
        timeout: Seconds one attempt may take from its first byte to its whole reply.
        on_event: Called, on the loop, with a frozen record for each freeze, ban, raised weight or
            clock jump; ``None``: they are logged as warnings.

    Raises:
        ValueError: If a setting can't be right.
    """

    um = branch(Um)
    general = branch(General)

    # Also while it is being made, and if that fails, a client can be printed and collected.
    _base_url = ""
    _line: Line | None = None
    _closed = False

    def __init__(
        self,
        api_key: str,
        secret: str | Signer,
        *,
        base_url: str = LIVE,
        limits: Sequence[RateLimit] = LIMITS,
        recv_window: int = 5000,
        connections: int = 64,
        max_wait: float | None = None,
        source_addresses: Sequence[str | None] = (None,),
        proxy: str | None = None,
        transport: str = "auto",
        ssl: tls.SSLContext | None = None,
        timeout: float = 10.0,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        key = _quietly(ApiKey, api_key)
        signer = secret if isinstance(secret, Signer) else _quietly(Signer.hmac, secret)
        # From here on no name of this frame holds a bare secret: a traceback may show all of them.
        api_key = secret = ""
        if isinstance(key, ValueError):
            raise key
        if isinstance(signer, ValueError):
            raise signer
        super().__init__(self.send)
        if not 1 <= recv_window <= 60_000:  # noqa: PLR2004 - the exchange's bounds
            raise ValueError("recv_window is 1 to 60000 milliseconds")
        if connections < 1 or timeout <= 0 or (max_wait is not None and max_wait < 0):
            raise ValueError("connections is at least 1, timeout above 0, max_wait not negative")
        if not source_addresses or len(set(source_addresses)) != len(source_addresses):
            raise ValueError("source_addresses holds at least one address, and each once")
        if transport not in ("auto", "aiohttp"):
            raise ValueError(f"transport {transport!r} is neither 'auto' nor 'aiohttp'")
        self._base_url = base_url
        self._signer = signer
        self._recv_window = recv_window
        self._connections = connections
        self._max_wait = max_wait
        self._timeout = timeout
        self._tell = on_event or _log_event
        self._pool = SessionPool(
            base_url,
            key,
            limits=limits,
            connections=connections,
            source_addresses=source_addresses,
            proxy=proxy,
            ssl=ssl,
        )
        self._gate: Gate | None = None
        self._orders: WeightTracker | None = None
        self._clock: Clock | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = -1

    @classmethod
    def from_env(
        cls,
        *,
        base_url: str | None = None,
        limits: Sequence[RateLimit] = LIMITS,
        recv_window: int = 5000,
        connections: int = 64,
        max_wait: float | None = None,
        source_addresses: Sequence[str | None] = (None,),
        proxy: str | None = None,
        transport: str = "auto",
        ssl: tls.SSLContext | None = None,
        timeout: float = 10.0,
        on_event: Callable[[Event], None] | None = None,
    ) -> PapiClient:
        """Make a client with keys from the environment.

        ``BINANCE_PAPI_API_KEY``; ``BINANCE_PAPI_API_SECRET`` or ``BINANCE_PAPI_PRIVATE_KEY`` (path
        of a PEM file; ``BINANCE_PAPI_PRIVATE_KEY_PASSWORD`` if it is encrypted); optionally
        ``BINANCE_PAPI_BASE_URL``, which an argument ``base_url`` overrides.

        Raises:
            UsageError: If a variable is missing.
            ValueError: If a value can't be right.
        """
        if "BINANCE_PAPI_API_KEY" not in os.environ:
            raise UsageError("BINANCE_PAPI_API_KEY is not set")
        return cls(
            os.environ["BINANCE_PAPI_API_KEY"],
            _signer_from_env(),
            base_url=base_url or os.environ.get("BINANCE_PAPI_BASE_URL", LIVE),
            limits=limits,
            recv_window=recv_window,
            connections=connections,
            max_wait=max_wait,
            source_addresses=source_addresses,
            proxy=proxy,
            transport=transport,
            ssl=ssl,
            timeout=timeout,
            on_event=on_event,
        )

    # ------------------------------------------------------------------ life

    async def open(self) -> Self:
        """Open the session pool; no connection is made yet.

        Raises:
            UsageError: If it is open, or was closed.
        """
        if self._closed or self._line is not None:
            raise UsageError("a client is opened once; make a new one")
        self._loop = asyncio.get_running_loop()
        self._pid = os.getpid()
        self._clock = Clock(self._loop)
        self._orders = await self._pool.open(self._clock)
        routes = [Route(session.tracker, self._connections) for session in self._pool.sessions]
        self._gate = Gate(Admission(routes, self._orders), self._clock, self._loop)
        self._line = Line(
            self._gate,
            self._pool.sessions,
            self._clock,
            self._signer,
            recv_window=self._recv_window,
            timeout=self._timeout,
            max_wait=self._max_wait,
            tell=self._tell,
        )
        return self

    async def aclose(self) -> None:
        """Close: whoever waits is turned away, what is on the wire is broken off.

        A call that was on the wire ends with `UnknownOutcomeError`, one that waited with
        `UsageError`. Closing twice does nothing.
        """
        if self._closed:
            return
        self._closed = True
        if self._gate is not None:
            self._gate.close()
            await self._pool.aclose()
            await self._gate.idle(_CLOSE_GRACE)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if getattr(self, "_line", None) is not None and not self._closed:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open" if self._line is not None else "not open"
        return f"<PapiClient {self._base_url} {state}>"

    # ------------------------------------------------------------------ work

    async def send(self, request: Request[R], /) -> R:
        """Send one request.

        Args:
            request: Any request of `binance_papi.api`.

        Returns:
            The typed reply.

        Raises:
            UsageError: If the client is not open, or belongs to another loop or process.
            WaitTooLongError: If it would have to wait too long for weight.
            UnsentError: If it never left.
            RejectedError: If the exchange refused it; see its subclasses.
            ThrottledError: If a limit was reached, again and again.
            BannedError: If the address is banned.
            OverloadedError: If the exchange could not serve it, again and again.
            UnknownOutcomeError: If it may have happened.
        """
        return await self._wired().send(request)

    async def warm_up(self, n: int | None = None) -> None:
        """Make connections and TLS ready before the first burst, on every source address.

        Afterwards one ping (weight 1) per address tells the exchange's clock and the weight that is
        already used.

        Args:
            n: Connections per address, at most ``connections``; ``None``: all of them.

        Raises:
            UnsentError: If no connection comes about.
        """
        self._wired()
        problem = await self._pool.warm_up(n)
        if problem is not None:
            raise UnsentError(f"no connection to {self._base_url}: {problem}", reason=problem)
        await asyncio.gather(*(self.send(TestConnectivity()) for _ in self._pool.sessions))

    def usage(self) -> tuple[Usage, ...]:
        """How much of every limit is used: the weight of each address, then the account's orders.

        Raises:
            UsageError: If the client is not open.
        """
        self._wired()
        assert self._clock is not None
        assert self._orders is not None
        now = self._clock.now()
        trackers = [*(session.tracker for session in self._pool.sessions), self._orders]
        return tuple(usage for tracker in trackers for usage in tracker.usage(now))

    @property
    def transport(self) -> str:
        """What carries the requests."""
        return "aiohttp"

    @property
    def clock_offset(self) -> tuple[float, float]:
        """Least and greatest seconds by which exchange time is ahead of the loop's clock.

        Raises:
            UsageError: If the client is not open.
        """
        self._wired()
        assert self._clock is not None
        return self._clock.offset.bounds(self._clock.now())

    def _wired(self) -> Line:
        """The line, if this client may be used here and now."""
        line = self._line
        if line is None or self._closed:
            state = "closed" if self._closed else "not open; use `async with` or `await open()`"
            raise UsageError(f"the client is {state}")
        if os.getpid() != self._pid:
            raise UsageError("the client was opened in another process; make one after the fork")
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if loop is not self._loop:
            raise UsageError("the client belongs to another event loop; make one per loop")
        return line


def _quietly(make: Callable[[str], T], bare: str) -> T | ValueError:
    """Make something of a bare secret; a failure comes back without the frames that saw it."""
    try:
        return make(bare)
    except ValueError as problem:
        return problem.with_traceback(None)


def _signer_from_env() -> Signer:
    path = os.environ.get("BINANCE_PAPI_PRIVATE_KEY")
    if path is None:
        if "BINANCE_PAPI_API_SECRET" not in os.environ:
            raise UsageError("neither BINANCE_PAPI_API_SECRET nor BINANCE_PAPI_PRIVATE_KEY is set")
        return Signer.hmac(os.environ["BINANCE_PAPI_API_SECRET"])
    try:
        pem = Path(path).read_bytes()
    except (OSError, ValueError):
        pem = b""
    if not pem:
        # Neither the value nor the chain: it may be the key itself, pasted where its path belongs.
        del path
        raise UsageError("BINANCE_PAPI_PRIVATE_KEY is not the path of a readable file")
    return Signer.from_pem(pem, os.environ.get("BINANCE_PAPI_PRIVATE_KEY_PASSWORD"))
