"""The face of the model: an HTTP server on a loopback port of its own."""

from __future__ import annotations

import asyncio
import random
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Final, Self

from aiohttp import web

from binance_papi.simulator import delivery
from binance_papi.simulator.book import DEFAULT_FIRST_ID
from binance_papi.simulator.faults import Fault, FaultKind
from binance_papi.simulator.floor import (
    DEFAULT_CM_SYMBOLS,
    DEFAULT_FIRST_ALGO_ID,
    DEFAULT_FIRST_ORDER_ID,
    DEFAULT_SYMBOLS,
)
from binance_papi.simulator.hand import Hand
from binance_papi.simulator.sockets import PATH as STREAM_PATH
from binance_papi.simulator.sockets import Sockets
from binance_papi.simulator.stream import Stream
from binance_papi.simulator.values import Reply, Request
from binance_papi.simulator.venue import DEFAULT_LIMITS, Era, Venue

if TYPE_CHECKING:
    import ssl as tls
    from collections.abc import Callable, Collection, Iterable, Mapping
    from types import TracebackType

    from binance_papi.simulator.um_algo import AlgoCancelReply
    from binance_papi.terms import RateLimit

_BACKLOG: Final = 2048
_GRACE: Final = 0.05  # s, twice, that aiohttp waits for handlers; 0 would mean forever


class Simulator(Hand):
    """The exchange in a box: open it with ``async with``, talk to ``base_url``.

    Everything on it runs on one clock, the exchange's: ``now()``, which is the local wall clock
    plus ``clock_skew``. The ``Date`` header, the windows, the times of orders and the check of
    timestamps all go by it.

    Args:
        era: ``"conditional"``: as before 2026-04-28, ``um/conditional/*`` works and ``um/algo/*``
            answers 404; ``"algo"``: as live since then, the other way round; ``"both"``: both
            work, which they never did.
        limits: The rate limits; weight counts per source address, orders for the account.
        latency: Seconds that a request takes, or (lowest, highest) of a uniform draw per
            request; one half before the exchange sees it, the other half after.
        clock_skew: Seconds that the exchange's clock is ahead of the local one, may be
            negative; the attribute may be changed at any time.
        faults: What goes wrong; the first that matches and is drawn hits a request.
        seed: The same seed and order of requests give the same faults and latencies.
        host: Local address to listen on.
        port: Port to listen on; 0: a free one.
        api_key: Name of the HMAC key and of the account; None: generated.
        secret: The HMAC key's secret; None: generated.
        public_keys: PEM public keys (Ed25519, RSA) by the name of their API key, which open
            the same account.
        ssl: With a context of yours the server speaks https.
        clock: Gives Unix seconds; None: the wall clock.
        symbols: USD-M symbols that trade.
        cm_symbols: COIN-M symbols that trade.
        prices: Market price by symbol, as text; a placement that would trigger at it is refused
            with -2021, and an order that takes is filled at it. Without a price neither happens,
            and a MARKET order is filled at the price 0. They move by ``set_price``.
        first_id: Strategy id of the first UM conditional order; each next one is 1 higher.
        first_algo_id: Id of the first algo order.
        first_order_id: Id of the first plain UM order.
        max_open_orders: A placement beyond this many open conditional or algo orders is refused
            with -4045.
        hedge_mode: Position mode of the account: True asks for LONG or SHORT, False for BOTH,
            None takes either.
        retry_after: Whether 429 and 418 carry ``Retry-After``.
        patience: How many requests may ignore a 429 before their address is banned (418); 0
            bans at the first. The rule is written out in ``binance_papi.simulator.bans``.
        in_flight: Seconds after a 429 in which further requests do not count as ignoring it;
            the longest latency comes on top.
        triggering: Seconds that an algo order is TRIGGERING, in which a cancel answers -4117.
        algo_cancel_reply: What a cancel of an algo order answers: ``"complete"``, as since
            2026-05-22, ``"code"``, as before, or ``"order"``, the whole order.
        balances: What lies in the margin wallet, as text by asset; None: 100000 USDT and 1 BTC.
        forgetful: Probability, 0 to 1, that a request about one open order meets a node that
            forgot it: -2011 or -2013, for this order and for a drawn time.
        forgets_for: Shortest and longest such time, seconds.
        replica_lag: Seconds that the state lies back from which queries are answered, or
            (lowest, highest) of a draw per query.

    Raises:
        ImportError: If ``public_keys`` are given without the ``keys`` extra.
        ValueError: If the era is unknown, the latency negative or the wrong way round, or another
            setting out of its range.
    """

    def __init__(
        self,
        *,
        era: Era = "conditional",
        limits: Iterable[RateLimit] = DEFAULT_LIMITS,
        latency: float | tuple[float, float] = 0.0,
        clock_skew: float = 0.0,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        secret: str | None = None,
        public_keys: Mapping[str, bytes] | None = None,
        ssl: tls.SSLContext | None = None,
        clock: Callable[[], float] | None = None,
        symbols: Collection[str] = DEFAULT_SYMBOLS,
        cm_symbols: Collection[str] = DEFAULT_CM_SYMBOLS,
        prices: Mapping[str, str] | None = None,
        first_id: int = DEFAULT_FIRST_ID,
        first_algo_id: int = DEFAULT_FIRST_ALGO_ID,
        first_order_id: int = DEFAULT_FIRST_ORDER_ID,
        max_open_orders: int = 200,
        hedge_mode: bool | None = None,
        retry_after: bool = True,
        patience: int = 10,
        in_flight: float = 1.0,
        triggering: float = 0.1,
        algo_cancel_reply: AlgoCancelReply = "complete",
        balances: Mapping[str, str] | None = None,
        forgetful: float = 0.0,
        forgets_for: tuple[float, float] = (0.5, 25.0),
        replica_lag: float | tuple[float, float] = 0.0,
    ) -> None:
        low, high = latency if isinstance(latency, tuple) else (latency, latency)
        if not 0 <= low <= high:
            raise ValueError("latency is 0 or more, and (lowest, highest) in that order")
        self.venue = Venue(
            era=era,
            limits=limits,
            api_key=api_key,
            secret=secret,
            public_keys=public_keys,
            faults=faults,
            seed=seed,
            symbols=symbols,
            cm_symbols=cm_symbols,
            prices=prices,
            first_id=first_id,
            first_algo_id=first_algo_id,
            first_order_id=first_order_id,
            max_open_orders=max_open_orders,
            hedge_mode=hedge_mode,
            retry_after=retry_after,
            patience=patience,
            in_flight=in_flight + high,
            triggering=triggering,
            algo_cancel_reply=algo_cancel_reply,
            balances=balances,
            forgetful=forgetful,
            forgets_for=forgets_for,
            replica_lag=replica_lag,
        )
        self.clock_skew = clock_skew
        self._sockets = Sockets(self.venue.feed, self.now, self.settle)
        self.stream = Stream(self.venue.feed, self._sockets, lambda: int(self.now() * 1000))
        """The hand on the user data stream."""
        self._clock = clock or time.time
        self._latency = (low, high)
        self._latencies = random.Random(seed)  # noqa: S311 - a rehearsal that repeats, no secret
        self._address = (host, port)
        self._ssl = ssl
        self._runner: web.ServerRunner | None = None
        self._bound: tuple[str, int] | None = None
        self._date = (-1, "")

    # ------------------------------------------------------------------ open and close

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises:
            OSError: If the address can not be bound.
            RuntimeError: If it is open already.
        """
        if self._runner is not None:
            raise RuntimeError("this exchange is open already")
        server = web.Server(self._serve, access_log=None)
        runner = web.ServerRunner(server, shutdown_timeout=_GRACE)
        await runner.setup()
        try:
            host, port = self._address
            site = web.TCPSite(runner, host, port, ssl_context=self._ssl, backlog=_BACKLOG)
            await site.start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        self._bound = (str(runner.addresses[0][0]), int(runner.addresses[0][1]))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop at once: requests that are still waiting lose their connection."""
        runner, self._runner, self._bound = self._runner, None, None
        if runner is None:
            return
        await self._sockets.stop()
        await runner.cleanup()
        # Transports that were closed tell their protocols in the next turns of the loop.
        for _ in range(3):
            await asyncio.sleep(0)

    @property
    def base_url(self) -> str:
        """Where the exchange answers, without a trailing slash.

        Raises:
            RuntimeError: If it is not open.
        """
        if self._bound is None:
            raise RuntimeError("this exchange is not open; use `async with`")
        host, port = self._bound
        scheme = "http" if self._ssl is None else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def api_key(self) -> str:
        """Name of the HMAC key."""
        return self.venue.api_key

    @property
    def secret(self) -> str:
        """Secret of the HMAC key."""
        return self.venue.secret

    def now(self) -> float:
        """Exchange time, Unix seconds."""
        return self._clock() + self.clock_skew

    # ------------------------------------------------------------------ one request

    async def _serve(self, message: web.BaseRequest) -> web.StreamResponse:
        path, _, query = message.raw_path.partition("?")
        if path.startswith(STREAM_PATH):
            return await self._sockets.serve(message, path.removeprefix(STREAM_PATH))
        fault = self.venue.draw(message.method, path)
        unread = fault is not None and fault.kind is FaultKind.RESET_UNREAD
        body = await message.read() if message.can_read_body and not unread else b""
        request = Request(
            message.method,
            path,
            query.encode("utf-8", "surrogateescape"),
            body,
            message.headers.get("X-MBX-APIKEY"),
            message.remote or "",
        )
        half = self._half_latency()
        await _pause(half if fault is None else half + fault.late_arrival)
        reply = self.venue.handle(request, self.now(), fault)
        await _pause(half + reply.delay)
        headers = self._headers(reply)
        if delivery.is_plain(reply):
            return web.Response(status=reply.status, body=reply.body, headers=headers)
        return await delivery.deliver(message, reply)

    def _headers(self, reply: Reply) -> dict[str, str]:
        second = int(self.now())
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True))
        reply.headers["Date"] = self._date[1]
        return reply.headers

    def _half_latency(self) -> float:
        low, high = self._latency
        return (low if low == high else self._latencies.uniform(low, high)) / 2


async def _pause(seconds: float) -> None:
    if seconds > 0:
        await asyncio.sleep(seconds)
