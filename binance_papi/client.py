"""The client: open and close, the line wired once, the namespaces."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl as tls
import warnings
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from binance_papi import environment
from binance_papi.api.cm import Cm
from binance_papi.api.general import General, TestConnectivity
from binance_papi.api.um import Um
from binance_papi.core.endpoint import Request
from binance_papi.core.events import Event
from binance_papi.core.namespace import Namespace, branch
from binance_papi.core.outcome import CloseReport
from binance_papi.core.settings import Settings
from binance_papi.core.signing import ApiKey, Signer
from binance_papi.core.usage import Usage
from binance_papi.errors import UnsentError, UsageError
from binance_papi.listening import Listening
from binance_papi.ordering import Ordering
from binance_papi.terms import RateLimit

if TYPE_CHECKING:
    from binance_papi.api.adjacent import Adjacent
    from binance_papi.api.margin import Margin
    from binance_papi.api.portfolio import Portfolio
    from binance_papi.api.user_stream import UserStreamKey
    from binance_papi.net.wiring import Wiring

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


def _log_event(event: Event) -> None:
    _log.warning("%s", event)


class PapiClient(Namespace, Ordering, Listening):
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
        transport: ``"aiohttp"``; ``"lean"``: our own, at a fraction of the cost, with the extra
            ``speed`` and without a proxy; ``"auto"``: lean where that is possible.
        ssl: A context of your own; ``None``: the system's roots, TLS 1.2 or later. Verification
            can't be turned off.
        timeout: Seconds one attempt may take from its first byte to its whole reply.
        on_event: Called, on the loop, with a frozen record for each freeze, ban, raised weight or
            clock jump; ``None``: they are logged as warnings.
        journal: A file of this client's own, in which cancels of a burst are noted before they are
            written; after a crash, `recover` finds out what became of them. ``None``: no journal.
        stream_url: Where user data streams are, without ``/ws/<listenKey>``; ``ws`` only on
            loopback. ``None``: ``wss://fstream.binance.com/pm`` for the live exchange, else
            ``/pm`` on the host of ``base_url``.

    Raises:
        ValueError: If a setting can't be right.
    """

    um = branch(Um)
    cm = branch(Cm)
    margin: branch[Margin] = branch("binance_papi.api.margin:Margin")
    portfolio: branch[Portfolio] = branch("binance_papi.api.portfolio:Portfolio")
    general = branch(General)
    adjacent: branch[Adjacent] = branch("binance_papi.api.adjacent:Adjacent")
    listen_key: branch[UserStreamKey] = branch("binance_papi.api.user_stream:UserStreamKey")

    # Also where it could not be made, it can be printed.
    _settings: Settings | None = None

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
        journal: str | os.PathLike[str] | None = None,
        stream_url: str | None = None,
    ) -> None:
        key = _quietly(ApiKey, api_key)
        signer = secret if isinstance(secret, Signer) else _quietly(Signer.hmac, secret)
        # From here on no name of this frame holds a bare secret: a traceback may show all of them.
        api_key = secret = ""
        if isinstance(key, ValueError):
            raise key
        if isinstance(signer, ValueError):
            raise signer
        super().__init__(self.send, self._start)
        self._settings = Settings(
            base_url=base_url,
            limits=tuple(limits),
            recv_window=recv_window,
            connections=connections,
            max_wait=max_wait,
            source_addresses=tuple(source_addresses),
            proxy=proxy,
            transport=transport,
            ssl=ssl,
            timeout=timeout,
            stream_url=stream_url,
        )
        self._key = key
        self._signer = signer
        self._tell = _log_event if on_event is None else _guarded(on_event)
        self._journal = journal

    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """Make a client with keys from the environment.

        ``BINANCE_PAPI_API_KEY``; ``BINANCE_PAPI_API_SECRET`` or ``BINANCE_PAPI_PRIVATE_KEY`` (path
        of a PEM file; ``BINANCE_PAPI_PRIVATE_KEY_PASSWORD`` if it is encrypted); optionally
        ``BINANCE_PAPI_BASE_URL``, which an argument ``base_url`` overrides.

        Args:
            settings: Any other setting, as for `PapiClient` itself.

        Raises:
            UsageError: If a variable is missing, or is not the path of a readable file.
            ValueError: If a value can't be right.
        """
        if settings.get("base_url") is None:
            settings["base_url"] = environment.base_url(LIVE)
        return cls(environment.api_key(), environment.signer(), **settings)

    # ------------------------------------------------------------------ life

    async def open(self) -> Self:
        """Open the session pool; no connection is made yet.

        Raises:
            UsageError: If it was opened before.
            OSError: If the journal can't be opened.
        """
        if self._closed or self._loop is not None:
            raise UsageError("a client is opened once; make a new one")
        self._belong()
        # Imported here and beside the loop: `import binance_papi` stays cheap, and nothing stalls.
        net = await asyncio.to_thread(_import_all, self._journal is not None)
        journal = None if self._journal is None else net.Journal(self._journal)
        wiring: Wiring = net.Wiring(self._settings, self._key, self._signer, self._tell, journal)
        self._wiring = wiring
        try:
            await wiring.pool.open()
            self._wired()  # it may have been closed meanwhile
        except BaseException:
            self._closed = True
            await wiring.aclose(0.0)
            raise
        return self

    async def aclose(self, grace: float = 5.0) -> CloseReport:
        """Close: begin nothing new, wait for what is on the wire, then break it off.

        Cancels of a burst that were not sent are withdrawn (`Rejected`). What is broken off ends as
        `Unknown`, or for a single call with `UnknownOutcomeError`; a call that still waited ends
        with `UsageError`. Closing twice does nothing.

        Args:
            grace: Seconds to wait at most; 0: break off at once.

        Returns:
            The cancels and the placements whose outcome nobody can say, if there are any.
        """
        if self._closed or self._wiring is None:
            self._closed = True
            return CloseReport()
        self._closed = True
        report = await self._wiring.aclose(grace)
        if report.unresolved:
            _log.warning("closed with %d cancels of unknown outcome", len(report.unresolved))
        if report.placements:
            _log.warning("closed with %d placements of unknown outcome", len(report.placements))
        return report

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if self._wiring is not None and not self._closed:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=2, source=self)

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open" if self._wiring is not None else "not open"
        return f"<PapiClient {self._base_url} {state}>"

    # ------------------------------------------------------------------ work

    def send(self, request: Request[R], /) -> Coroutine[Any, Any, R]:
        """Send one request.

        It is sent when somebody waits for it: ``await`` it, gather it, or make a task of it
        (`asyncio.ensure_future` gives it back as it is, and does not begin it).

        Args:
            request: Any request of `binance_papi.api`.

        Returns:
            The typed reply.

        Raises:
            TypeError: If it is no request; at once.
            UsageError: If the client is not open, or belongs to another loop or process.
            WaitTooLongError: If it would have to wait too long for weight.
            UnsentError: If it never left.
            RejectedError: If the exchange refused it; see its subclasses.
            ThrottledError: If a limit was reached, again and again.
            BannedError: If the address is banned.
            OverloadedError: If the exchange could not serve it, again and again.
            UnknownOutcomeError: If it may have happened.
        """
        if not isinstance(request, Request):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a request is an instance of a Request, not {request!r:.80}")
        return self._start(type(request), request)

    def _start(
        self, kind: type[Request[Any]], what: Request[Any] | dict[str, Any], /
    ) -> Coroutine[Any, Any, Any]:
        """What the namespaces send with: of fields, a request is made when its turn comes."""
        try:
            return self._wired().call(kind, what)
        except UsageError:
            # It counts where it is awaited: on the client's loop, though it was called before that
            # ran, or from another thread.
            return self._start_there(kind, what)

    async def _start_there(
        self, kind: type[Request[Any]], what: Request[Any] | dict[str, Any]
    ) -> Any:
        return await self._wired().call(kind, what)

    async def warm_up(self, n: int | None = None) -> None:
        """Make connections and TLS ready before the first burst, on every source address.

        Afterwards one ping (weight 1) per address tells the exchange's clock and the weight that is
        already used.

        Args:
            n: Connections per address, at most ``connections``; ``None``: all of them.

        Raises:
            UnsentError: If no connection comes about.
        """
        pool = self._wired().pool
        problem = await pool.warm_up(n)
        if problem is not None:
            raise UnsentError(f"no connection to {self._base_url}: {problem}", reason=problem)
        await asyncio.gather(*(self.send(TestConnectivity()) for _ in pool.sessions))

    def usage(self) -> tuple[Usage, ...]:
        """How much of every limit is used: the weight of each address, then the account's orders.

        Raises:
            UsageError: If the client is not open.
        """
        return self._wired().usage()

    @property
    def transport(self) -> str:
        """What carries the requests: ``"lean"`` or ``"aiohttp"``."""
        if self._wiring is not None:
            return self._wiring.pool.carrier
        return self._settings.carrier if self._settings is not None else ""

    @property
    def clock_offset(self) -> tuple[float, float]:
        """Least and greatest seconds by which exchange time is ahead of the loop's clock.

        Raises:
            UsageError: If the client is not open.
        """
        clock = self._wired().clock
        return clock.offset.bounds(clock.now())

    @property
    def _base_url(self) -> str:
        return self._settings.base_url if self._settings is not None else ""


def _import_all(families: bool) -> Any:
    """Import what an open client needs, and the families of all cancels if that is asked for."""
    if families:
        api = import_module("binance_papi.api")
        for module in walk_packages(api.__path__, "binance_papi.api."):
            import_module(module.name)
    import_module("binance_papi.burst")
    import_module("binance_papi.place")
    return import_module("binance_papi.net.wiring")


def _guarded(hook: Callable[[Event], None]) -> Callable[[Event], None]:
    """A caller's hook must not decide the outcome of a request."""

    def tell(event: Event) -> None:
        try:
            hook(event)
        except Exception:  # noqa: BLE001 - whatever it raises
            _log.exception("on_event failed")

    return tell


def _quietly(make: Callable[[str], T], bare: str) -> T | ValueError:
    """Make something of a bare secret; a failure comes back without the frames that saw it."""
    try:
        return make(bare)
    except ValueError as problem:
        return problem.with_traceback(None)
