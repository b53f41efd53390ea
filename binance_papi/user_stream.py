"""The user data stream: typed events of one account, kept alive, with every hole told.

What is to be done when is decided in `binance_papi.core.stream`; here it is done. Events go to whom
they concern among the cancels under way the moment they arrive, then into a bounded queue, from
which the caller reads.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final, Self, TypeAlias

from binance_papi.api.events import (
    AlgoUpdate,
    ConditionalOrderTradeUpdate,
    ExchangeEvent,
    ExecutionReport,
    ListenKeyExpired,
    OrderTradeUpdate,
    ServerShutdown,
    UnknownEvent,
)
from binance_papi.api.events.decode import decode
from binance_papi.api.user_stream import (
    CloseUserDataStream,
    KeepaliveUserDataStream,
    StartUserDataStream,
)
from binance_papi.core.backlog import Backlog, Merge, Overflow
from binance_papi.core.gap import Disconnected, Gap, margin
from binance_papi.core.signing import ListenKey
from binance_papi.core.stream import Hole, Life, Step
from binance_papi.errors import PapiError, RejectedError, UnsentError, UsageError
from binance_papi.net.timer import Timer
from binance_papi.net.websocket import Dialer, Ended, Sign, Socket, WebSockets
from binance_papi.net.wiring import Wiring

StreamEvent: TypeAlias = ExchangeEvent | Gap | Disconnected
"""What a stream yields: what the exchange sends, and what is known of the stream itself."""

MAX_QUEUE: Final = 10_000
"""Events that wait to be read, unless a stream is told otherwise."""

_DROPPED: Final = "events were dropped, since nobody read them in time"
_NO_KEY: Final = -1125
_TURN: Final = 64
_STALL: Final = 0.02
_GRACE: Final = 1.0
_FAR: Final = 1e18
_ORDERS: Final = (OrderTradeUpdate, AlgoUpdate, ConditionalOrderTradeUpdate, ExecutionReport)

_jitter: Final = random.random  # it spreads clients, it guards nothing
_log = logging.getLogger("binance_papi")


class UserStream:
    """One user data stream; see `PapiClient.user_stream`.

    Args:
        wired: Tells the client's open parts, if it may be used here and now.
        max_queue: Events that wait to be read at most.
        patience: Seconds within which the first connection has to stand.
        close_listen_key: Whether the account's key is closed at the end.
        dial: Makes what opens connections.
    """

    def __init__(
        self,
        wired: Callable[[], Wiring],
        *,
        max_queue: int = MAX_QUEUE,
        patience: float = 10.0,
        close_listen_key: bool = False,
        dial: Callable[[Any], Dialer] = WebSockets,
    ) -> None:
        self._wired = wired
        self._patience = patience
        self._close_listen_key = close_listen_key
        self._dial = dial
        self._backlog: Backlog[StreamEvent] = Backlog(max_queue)
        self._merge = Merge()
        self._read = 0
        self._last: tuple[float, int | None] = 0.0, None  # an event: when it came, and was made
        self._sockets: dict[int, Socket] = {}
        # A dictionary keeps its order, so that a simulated run repeats.
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._timer: Timer | None = None
        self._key: ListenKey | None = None
        self._told: Hole | None = None
        self._problem: PapiError | None = None
        self._trouble = "the exchange did not answer"
        self._wiring: Wiring | None = None
        self._closed = False
        self._closing: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ life

    async def open(self) -> Self:
        """Open it; returns when a connection stands, so that no later event is missed.

        Raises:
            UsageError: If it was opened before, or the client is not open, or belongs to another
                loop or process.
            RejectedError: If the exchange refuses to give a listenKey.
            UnsentError: If no connection stands within ``patience`` seconds.
        """
        if self._wiring is not None or self._closed:
            raise UsageError("a stream is opened once; make a new one")
        wiring = self._wiring = self._wired()
        self._loop = wiring.loop
        self._clock, self._now = wiring.clock, wiring.clock.now
        self._dialer = self._dial(wiring.settings)
        self._life = Life(self._now())
        self._news: asyncio.Future[None] = self._loop.create_future()
        wiring.welcome(self)
        try:
            self._step()
            async with asyncio.timeout(self._patience):
                while not self._life.ready and self._problem is None and not self._closed:
                    await self._next_news()
            if self._closing is not None:
                self._problem = UsageError("the stream was closed while it was opened")
        except TimeoutError:
            text = f"no stream within {self._patience:g} s: {self._trouble}"
            self._problem = UnsentError(text, reason=self._trouble)
        except BaseException:
            await self.aclose()
            raise
        if self._problem is not None:
            problem, self._problem = self._problem, None
            await self.aclose()
            raise problem
        return self

    async def aclose(self) -> None:
        """Close it; whoever reads it reads what is left, and then its end.

        Again it only waits until it is closed. It is, even if whoever waits is cancelled.
        """
        self._closed = True
        if self._wiring is not None:
            if self._closing is None:
                self._closing = self._loop.create_task(self._close_all(self._wiring))
            await asyncio.shield(self._closing)

    async def _close_all(self, wiring: Wiring) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in (tasks := tuple(self._tasks)):
            task.cancel()
        try:
            try:
                if tasks:
                    await asyncio.wait(tasks)
                for socket in tuple(self._sockets.values()):
                    await socket.close()
            finally:
                await self._dialer.aclose()
            if self._close_listen_key:
                await self._forget_key(wiring)
        finally:
            self._sockets.clear()
            wiring.dismiss(self)
            self._tell()

    async def _forget_key(self, wiring: Wiring) -> None:
        try:
            await wiring.line.send(CloseUserDataStream())
        except PapiError as error:
            _log.warning("the listenKey was not closed: %s", type(error).__name__)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "connected" if self.connected else "not connected"
        return f"<UserStream {state}, {len(self._backlog)} to read>"

    @property
    def connected(self) -> bool:
        """Whether a connection stands that is known to be good."""
        opened = self._wiring is not None and not self._closed
        return opened and self._life.ready and self._life.hole is None

    # ------------------------------------------------------------------ reading

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> StreamEvent:
        if self._wiring is None:
            raise UsageError("the stream is not open; use `async with`")
        self._read += 1
        if self._read % _TURN == 0:
            await asyncio.sleep(0)  # however much there is to read, others have their turns
        while True:
            item = self._backlog.take()
            if isinstance(item, Overflow):
                return self._gap(item.since, item.until, _DROPPED, item.lost)
            if item is not None:
                return item
            if self._closed:
                raise StopAsyncIteration
            if asyncio.get_running_loop() is not self._loop:
                raise UsageError("the stream belongs to another event loop")
            await self._next_news()

    async def _next_news(self) -> None:
        """Wait until something is there to look at."""
        if self._news.done():
            self._news = self._loop.create_future()
        await asyncio.shield(self._news)

    def _tell(self) -> None:
        if not self._news.done():
            self._news.set_result(None)

    def _put(self, event: StreamEvent, since: float | None = None) -> None:
        self._backlog.put(event, self._now(), since)
        self._tell()

    def _since_ms(self, since: float) -> int:
        at, made = self._last
        return self._clock.earliest(since) - margin(self._clock.latest(at), made)

    def _gap(self, since: float, until: float, reason: str, dropped: int = 0) -> Gap:
        return Gap(
            since_ms=self._since_ms(since),
            until_ms=self._clock.latest(until),
            reason=reason,
            dropped=dropped,
        )

    # ------------------------------------------------------------------ work

    def _step(self) -> None:
        """Do what is due, and see to it that the next look comes in time."""
        while not self._closed:
            step, number = self._life.next(self._now())
            match step:
                case Step.START:
                    self._spawn(self._start())
                case Step.KEEP_ALIVE:
                    self._spawn(self._keep_alive())
                case Step.CONNECT:
                    self._spawn(self._connect(number))
                case Step.PING:
                    self._spawn(self._sockets[number].ping())
                case Step.CLOSE:
                    self._spawn(self._close(number))
                case Step.WAIT:
                    break
        self._tell_of_hole()
        if not self._overlapping:
            self._merge.clear()
        self._arm()

    @property
    def _overlapping(self) -> bool:
        """Whether two connections are read, or will be."""
        return len(self._sockets) > 1 or self._life.overlapping

    def _arm(self) -> None:
        wake = self._life.wake()
        if self._timer is not None:
            if self._timer.when == wake and not self._closed:
                return
            self._timer.cancel()
            self._timer = None
        if wake < _FAR and not self._closed:
            self._timer = Timer(self._loop, wake, self._ring)

    def _ring(self) -> None:
        assert self._timer is not None
        late, self._timer = self._now() - self._timer.when, None
        if late > _STALL:  # the loop stalled: what is in the sockets is read first
            self._timer = Timer(self._loop, self._loop.time() + min(late, _GRACE), self._ring)
        else:
            self._step()

    def _tell_of_hole(self) -> None:
        hole = self._life.hole
        if hole is not None and self._told is None:
            told = Disconnected(since_ms=self._since_ms(hole.since), reason=hole.reason)
            self._put(told, hole.since)
        self._told = hole

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)

    # ------------------------------------------------------------------ the key

    async def _start(self) -> None:
        """POST: which key is the account's?"""
        assert self._wiring is not None
        try:
            stream = await self._wiring.line.send(StartUserDataStream())
        except PapiError as error:
            self._fail(error)
            self._life.start_failed(self._now(), _jitter())
        else:
            same, self._key = stream.listen_key == self._key, stream.listen_key
            self._life.started(self._now(), same=same)
        self._step()

    async def _keep_alive(self) -> None:
        """PUT: let it live on."""
        assert self._wiring is not None
        try:
            await self._wiring.line.send(KeepaliveUserDataStream())
        except PapiError as error:
            gone = getattr(error, "code", None) == _NO_KEY
            self._life.keep_failed(self._now(), _jitter(), gone=gone)
        else:
            self._life.kept(self._now())
        self._step()

    def _fail(self, error: PapiError) -> None:
        """Remember why; what will not get better by itself is told to whoever opens the stream."""
        self._trouble = type(error).__name__
        if not self._life.ready and isinstance(error, RejectedError | UsageError):
            self._problem = error
            self._tell()

    # ------------------------------------------------------------------ connections

    async def _connect(self, number: int) -> None:
        """Open a connection, and read it to its end."""
        assert self._key is not None
        socket = await self._dialer.dial(self._key)
        if isinstance(socket, str):
            self._trouble = socket
            self._life.connect_failed(number, self._now(), _jitter())
            self._step()
            return
        self._sockets[number] = socket
        hole = self._life.opened(number, self._now(), _jitter())
        if hole is not None:
            self._put(self._gap(*hole), hole.since)
        self._told = self._life.hole
        self._tell()
        self._step()
        await self._listen(number, socket)

    async def _listen(self, number: int, socket: Socket) -> None:
        reason, turn = "", 0
        while not reason:
            got = await socket.read()
            turn += 1
            if turn % _TURN == 0:
                await asyncio.sleep(0)  # a flood must not keep its reader from reading
            if isinstance(got, bytes):
                self._hear(number, got)
            elif got is Sign.OF_LIFE:
                self._life.heard(number, self._now(), event=False)
            else:
                assert isinstance(got, Ended)
                reason = got.reason
        if self._sockets.pop(number, None) is not None:
            self._life.closed(number, self._now(), _jitter(), reason)
            await socket.close()
        self._step()

    async def _close(self, number: int) -> None:
        socket = self._sockets.pop(number, None)
        if socket is not None:
            await socket.close()

    def _hear(self, number: int, raw: bytes) -> None:
        """A message came."""
        life = self._life
        event, now = decode(raw), self._now()
        # Only what is about the account proves that its key is alive.
        proof = None if isinstance(event, ServerShutdown | UnknownEvent) else event
        life.heard(number, now, event=proof is not None)
        if proof is not None:
            self._last = now, proof.event_time
        # What is about the connection is true of each; the rest may come on two.
        if isinstance(event, ListenKeyExpired | ServerShutdown):
            if isinstance(event, ListenKeyExpired):
                life.expired(number, now, _jitter())
            else:
                life.shutdown(number, now, _jitter())
            self._put(event)
            self._step()
            return
        if self._overlapping and not self._merge.is_new(number, raw):
            return
        if isinstance(event, _ORDERS):
            assert self._wiring is not None
            self._wiring.witness.hear(event)
        self._put(event)
