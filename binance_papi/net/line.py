"""The line every request walks: admit → encode, stamp, sign → send → classify → settle → decide."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, Final, TypeVar

from binance_papi.core.answer import Answer, Done, Refused, Reply, Unanswered, Unsent
from binance_papi.core.classify import classify
from binance_papi.core.endpoint import Lane, Request, weight_of
from binance_papi.core.events import Event
from binance_papi.core.raising import exception_for
from binance_papi.core.retry import pause_before_resend
from binance_papi.core.signing import Signer
from binance_papi.core.wire import Stamper, encode, sign
from binance_papi.errors import BannedError, PapiError, WaitTooLongError
from binance_papi.net.attempt import HEAD_SAYS_IT
from binance_papi.net.carrier import Connection
from binance_papi.net.clock import Clock
from binance_papi.net.flight import Call, Flight
from binance_papi.net.gate import Gate
from binance_papi.net.ledger import Ledger
from binance_papi.net.session_pool import SessionPool

R = TypeVar("R")

_FRESH: Final = 0.0005
"""Seconds per millisecond of the receive window for which a signature may wait to be written."""

_BATCH: Final = 128
"""Requests that ask for admission on one turn of the loop."""


class Line:
    """Carries requests.

    Args:
        gate: Who may go on the wire, and when.
        pool: The sessions, in the order of the gate's routes.
        clock: What time it is, here and there.
        signer: Signs what needs a signature.
        recv_window: Milliseconds, for requests that don't say.
        timeout: Seconds one attempt may take from its first byte to its whole reply.
        max_wait: Seconds a request may wait for weight; ``None``: as long as it takes.
        tell: Called with every event.
    """

    __slots__ = (
        "_breaker",
        "_clock",
        "_closing",
        "_gate",
        "_heard",
        "_helpers",
        "_ledger",
        "_pool",
        "_signed",
        "_signer",
        "_stamper",
        "_timeout",
        "beginning",
        "fresh",
        "loop",
        "max_wait",
        "recv_window",
    )

    def __init__(
        self,
        gate: Gate,
        pool: SessionPool,
        clock: Clock,
        signer: Signer,
        *,
        recv_window: int,
        timeout: float,
        max_wait: float | None,
        tell: Callable[[Event], None],
    ) -> None:
        self._gate = gate
        gate.woken = self._write
        self._signed: list[tuple[Flight, Connection, str]] = []
        self._heard: list[tuple[Flight, Reply]] = []
        self.fresh: deque[Flight] = deque()
        self.beginning = False
        self._helpers: set[asyncio.Task[Any]] = set()
        self.loop = asyncio.get_running_loop()
        self._closing = self.loop.create_future()
        self._pool = pool
        self._clock = clock
        self._signer = signer
        self._stamper = Stamper(clock.offset)
        self.recv_window = recv_window
        self._timeout = timeout
        self.max_wait = max_wait
        self._ledger = Ledger(gate, clock, tell)
        self._breaker = self._ledger.breaker

    def send(self, request: Request[R]) -> Call:
        """Carry one request, and send it again where that is safe; see `PapiClient.send`."""
        return Call.of(self, type(request), request)

    def attempt(
        self,
        request: Request[Any],
        lane: Lane,
        *,
        patience: Callable[[], float],
        recv_window: int,
        max_wait: float | None = None,
        on_written: Callable[[], None] | None = None,
    ) -> Flight:
        """Admit, stamp, sign and send one request once; its grant is settled whatever happens.

        Args:
            request: Any request.
            lane: Where it waits.
            patience: Tells, once it is admitted, the seconds from its first byte to its whole
                reply.
            recv_window: Milliseconds for which it is valid, unless it says so itself.
            max_wait: Seconds it may wait for weight; ``None``: as long as it takes.
            on_written: Called right before its first byte is written.

        Returns:
            What to await: it gives the `Answer`, or raises `BannedError` if every address is
            banned, `UsageError` if the client was closed, and `WaitTooLongError` if it would have
            to wait longer, or could never go.
        """
        return Flight(self, request, lane, patience, recv_window, max_wait, on_written)

    def explain(self, request: Request[Any], answer: Answer[Any]) -> PapiError:
        """The exception that says what an answer says."""
        silence, now = self._gate.silence(), self._clock.timestamp()
        return exception_for(answer, request, silence=silence, exchange_ms=now)

    def patience(self) -> float:
        """Seconds from the first byte of a call to its whole reply."""
        return self._timeout

    # ------------------------------------------------------------------ asking

    def begin(self) -> None:
        """Ask on the next turn of the loop for the admission of all that begin on this one."""
        self.beginning = True
        self.loop.call_soon(self._ask_all)

    def _ask_all(self) -> None:
        """Ask for those that begin; of very many some later, so that others have their turn."""
        fresh, now = self.fresh, self._clock.now()
        for _ in range(min(_BATCH, len(fresh))):
            flight = fresh.popleft()
            if flight.done():
                continue  # cancelled before it began
            try:
                flight.prepare()
                self._ask(flight, now)
            except Exception as error:  # noqa: BLE001 - whoever waits for it is told
                if not flight.done():
                    flight.arrive(error)
        self._write()
        self.beginning = bool(fresh)
        if fresh:
            self.loop.call_soon(self._ask_all)

    def _ask(self, flight: Flight, now: float) -> None:
        """Ask for admission; whether it flies already, or when it will, is the gate's business."""
        endpoint, breaker, extra = flight.endpoint, self._breaker, self._ledger.audit.extra
        flight.sent = now
        flight.weight = endpoint.weight
        if endpoint.all_symbols is not None:
            flight.weight = weight_of(flight.request)
        if extra:
            flight.weight += extra.get(endpoint, 0)
        flight.orders = endpoint.orders
        flight.trips = breaker.trips
        flight.grant = flight.connection = None
        flight.dead = False
        refusal = breaker.answer(endpoint, now) if breaker.wary else None
        if refusal is not None:
            flight.arrive(refusal)
            return
        admitted = self._gate.enter(flight, flight.max_wait, now)
        flight.asked = True
        if admitted:
            self.launch(flight)

    # ------------------------------------------------------------------ sending again

    def persist(self, call: Call, answer: Answer[Any] | BaseException) -> None:
        """What came is no success: send it again where that is safe, or tell its caller."""
        if isinstance(answer, BaseException):
            if isinstance(answer, WaitTooLongError | BannedError):
                answer.request = call.request
            call.fail(answer)
        elif (pause := _pause(call, answer, 0)) is None:
            call.fail(self.explain(call.request, answer))
        else:
            self._assist(call, self._persist(call, answer, pause), call.persisted)

    async def _persist(self, call: Call, answer: Answer[Any], pause: float | None) -> Any:
        """Send it again until it succeeds, or must not be sent again."""
        resends = 0
        while pause is not None:
            resends += not (isinstance(answer, Unsent) and answer.held)
            if pause:
                await asyncio.wait({self._closing}, timeout=pause)
            try:
                answer = await self.attempt(
                    call.request,
                    call.lane,
                    patience=call.patience,
                    recv_window=call.recv_window,
                    max_wait=call.max_wait,
                )
            except (WaitTooLongError, BannedError):
                break  # it can't be sent again in time: what is known is what it told
            if isinstance(answer, Done):
                return answer.reply
            pause = _pause(call, answer, resends)
        raise self.explain(call.request, answer)

    def _assist(
        self,
        flight: Flight,
        work: Coroutine[Any, Any, Answer[Any]],
        done: Callable[[asyncio.Task[Answer[Any]]], None],
    ) -> None:
        """Let a task be at work for a flight."""
        flight.helper = task = self.loop.create_task(work)
        task.add_done_callback(done)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    # ------------------------------------------------------------------ on the wire

    def launch(self, flight: Flight) -> None:
        """Stamp and sign an admitted request for a connection that stands ready, or get one."""
        grant = flight.grant
        assert grant is not None
        if self._breaker.trips != flight.trips and (refusal := self._refused_meanwhile(flight)):
            flight.arrive(refusal)
            return
        connection = self._pool.sessions[grant.index].ready()
        if connection is None:
            self._assist(flight, self._send(flight), flight.assisted)
            return
        flight.connection = connection
        flight.sent = self._clock.now()
        try:
            self._signed.append((flight, connection, self._target(flight)))
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            self._fail(flight, connection, error)

    def _write(self) -> None:
        """Write all that was signed just now.

        Signing all first takes a twentieth less than by turns: caches hold the code of one thing.
        """
        signed, self._signed = self._signed, []
        for flight, connection, target in signed:
            if flight.done():  # cancelled since, by what came of one before it
                connection.abort()
                continue
            endpoint = flight.endpoint
            try:
                connection.carry(endpoint.method, target, endpoint.keyed, flight.patience(), flight)
            except Exception as error:  # noqa: BLE001 - whoever waits for it is told
                # Without the frames that hold the signature.
                self._fail(flight, connection, error.with_traceback(None))

    def _fail(self, flight: Flight, connection: Connection, error: Exception) -> None:
        """It could not be signed, or not be written."""
        if not flight.done():  # while it was noted, its caller may have been cancelled
            self._drop(flight, connection)
            flight.arrive(error)

    def _drop(self, flight: Flight, connection: Connection) -> None:
        flight.connection = None
        connection.abort()
        self.lose(flight)

    def note(self, flight: Flight, heard: Reply | Unanswered) -> None:
        """A reply is settled on the next turn, together with all that come on this one."""
        if not isinstance(heard, Reply) or heard.status in HEAD_SAYS_IT:
            flight.take(heard, self._clock.now())  # now: a turn later more would have been written
            return
        if not self._heard:
            self.loop.call_soon(self._take_all)
        self._heard.append((flight, heard))

    def _take_all(self) -> None:
        """Settle all that came, and then write what they made room for."""
        self._gate.hold()
        try:
            self._take_noted()  # a frame of its own: errors from below would keep all it knows
        finally:
            self._gate.release()

    def _take_noted(self) -> None:
        heard, self._heard = self._heard, []
        now = self._clock.now()
        for flight, reply in heard:
            flight.take(reply, now)

    def land(self, flight: Flight, heard: Reply | Unsent | Unanswered, now: float) -> Answer[Any]:
        """Settle, decode, classify: what came back is one answer, and others may go."""
        grant = flight.grant
        assert grant is not None
        if not isinstance(heard, Reply):
            self._ledger.unheard(grant, heard)
            return heard
        endpoint = flight.endpoint
        answer = classify(heard, endpoint)
        self._ledger.settle(grant, heard, answer, endpoint, flight.sent, now)
        return answer

    async def _send(self, flight: Flight) -> Answer[Any]:
        """The same through a session that has to connect first, or that answers in its own task."""
        grant = flight.grant
        assert grant is not None
        refusal = self._refused_meanwhile(flight)
        if refusal is not None:
            return refusal
        endpoint = flight.endpoint
        flight.sent = self._clock.now()
        fresh = flight.sent + flight.recv_window * _FRESH if endpoint.signed else inf
        try:
            heard = await self._pool.sessions[grant.index].send(
                endpoint.method,
                self._target(flight),
                keyed=endpoint.keyed,
                patience=flight.patience(),
                fresh_until=fresh,
                on_written=flight.written,
            )
        except Exception:
            self.lose(flight)
            raise
        return self.land(flight, heard, self._clock.now())

    def _refused_meanwhile(self, flight: Flight) -> Refused | None:
        """While it waited, others may have learned what it would be answered."""
        if self._breaker.trips == flight.trips:
            return None
        refusal = self._breaker.answer(flight.endpoint, self._clock.now())
        if refusal is not None:
            assert flight.grant is not None
            self._ledger.unheard(flight.grant, Unsent(refusal.fault.msg, held=True))
        return refusal

    def lose(self, flight: Flight) -> None:
        """It was broken off, and nobody hears what comes."""
        assert flight.grant is not None
        self._ledger.cancelled(flight.grant)

    def desert(self, flight: Flight) -> None:
        """Nobody waits for it any more, wherever it is."""
        connection = flight.connection
        if connection is not None and connection.listener is flight:
            self._drop(flight, connection)
        elif flight.grant is None or not flight.grant.written:
            self._gate.leave(flight)
        # Else its answer came at the same moment; what it was on may carry another one already.

    def _target(self, flight: Flight) -> str:
        """Path and query as they are sent: stamped and signed now, not before the wait."""
        endpoint, query = flight.endpoint, flight.query
        if query is None:
            query = encode(flight.request)
        if endpoint.signed:
            stamped = self._stamper.stamp(query, flight.recv_window, flight.sent)
            return sign(endpoint.path, stamped, self._signer)
        return f"{endpoint.path}?{query}" if query else endpoint.path

    # ------------------------------------------------------------------ the end

    def close(self) -> None:
        """Turn away whatever was not sent."""
        self._gate.close()
        if not self._closing.done():
            self._closing.set_result(None)

    async def ended(self) -> None:
        """Wait for the tasks that are still at work."""
        while self._helpers:  # one that ends may leave its call to another
            await asyncio.wait(self._helpers)


def _pause(call: Call, answer: Answer[Any], resends: int) -> float | None:
    """Seconds until it may be sent again; ``None``: never."""
    return pause_before_resend(
        answer,
        resends,
        read_only=call.endpoint.method == "GET",
        jitter=random.random(),  # noqa: S311 - it spreads callers, it guards nothing
    )
