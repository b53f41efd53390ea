"""The line every request walks: admit → encode, stamp, sign → send → classify → settle → decide."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from math import inf
from typing import Any, Final, TypeVar, cast

from binance_papi.core.answer import Answer, Done, Refused, Reply, Unanswered, Unsent
from binance_papi.core.classify import classify
from binance_papi.core.endpoint import Lane, Request, lane_of, weight_of
from binance_papi.core.events import Event
from binance_papi.core.raising import exception_for
from binance_papi.core.retry import pause_before_resend
from binance_papi.core.signing import Signer
from binance_papi.core.wire import encode, sign, stamp
from binance_papi.errors import BannedError, PapiError, WaitTooLongError
from binance_papi.net.carrier import Connection
from binance_papi.net.clock import Clock
from binance_papi.net.flight import Flight, cancelled
from binance_papi.net.gate import Gate
from binance_papi.net.ledger import Ledger
from binance_papi.net.session_pool import SessionPool

R = TypeVar("R")

_FRESH: Final = 0.0005
"""Seconds per millisecond of the receive window for which a signature may wait to be written."""


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
        "_gate",
        "_ledger",
        "_loop",
        "_max_wait",
        "_patience",
        "_pool",
        "_recv_window",
        "_signed",
        "_signer",
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
        self._loop = asyncio.get_running_loop()
        self._pool = pool
        self._clock = clock
        self._signer = signer
        self._recv_window = recv_window
        self._patience = lambda: timeout
        self._max_wait = max_wait
        self._ledger = Ledger(gate, clock, tell)
        self._breaker = self._ledger.breaker

    async def send(self, request: Request[R]) -> R:
        """Carry one request; see `PapiClient.send`."""
        lane = request.endpoint.lane
        if lane is Lane.ORDER:
            lane = lane_of(request)
        answer: Answer[Any] | None = None
        resends = 0
        while True:
            try:
                flight = self._ask(
                    request, lane, self._patience, self._recv_window, self._max_wait, None
                )
                try:
                    latest = await flight.landing
                except asyncio.CancelledError:
                    self._desert(flight)
                    raise
                # Here and not in a coroutine of its own: a frame less for each request.
                answer = latest if isinstance(latest, Done) else await self._land(flight, latest)
            except (WaitTooLongError, BannedError) as error:
                if answer is None:
                    error.request = request
                    raise
                break  # it can't be sent again in time: what is known is what it told
            if isinstance(answer, Done):
                return cast("R", answer.reply)
            pause = pause_before_resend(
                answer,
                resends,
                read_only=request.endpoint.method == "GET",
                jitter=random.random(),  # noqa: S311 - it spreads callers, it guards nothing
            )
            if pause is None:
                break
            resends += not (isinstance(answer, Unsent) and answer.held)
            if pause:
                await asyncio.sleep(pause)
        raise self.explain(request, answer)

    def explain(self, request: Request[Any], answer: Answer[Any]) -> PapiError:
        """The exception that says what an answer says."""
        return exception_for(
            answer,
            request,
            silence=self._gate.silence(),
            exchange_ms=self._clock.timestamp(),
        )

    async def attempt(
        self,
        request: Request[Any],
        lane: Lane,
        *,
        patience: Callable[[], float],
        recv_window: int,
        max_wait: float | None = None,
        on_written: Callable[[], None] | None = None,
    ) -> Answer[Any]:
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
            What came of it.

        Raises:
            BannedError: If every address is banned.
            UsageError: If the client was closed.
            WaitTooLongError: If it would have to wait longer, or could never go.
        """
        flight = self._ask(request, lane, patience, recv_window, max_wait, on_written)
        try:
            latest = await flight.landing
        except asyncio.CancelledError:
            self._desert(flight)
            raise
        return await self._land(flight, latest)

    def _ask(  # noqa: PLR0917 - by name it would cost more, for every request
        self,
        request: Request[Any],
        lane: Lane,
        patience: Callable[[], float],
        recv_window: int,
        max_wait: float | None,
        on_written: Callable[[], None] | None,
    ) -> Flight:
        """Ask for admission; whether it flies already, or when it will, is the gate's business."""
        endpoint, breaker = request.endpoint, self._breaker
        now = self._clock.now()
        flight = Flight(
            endpoint.weight if endpoint.all_symbols is None else weight_of(request),
            endpoint.orders,
            lane,
            line=self,
            request=request,
            patience=patience,
            recv_window=getattr(request, "recv_window", None) or recv_window,
            on_written=on_written,
            trips=breaker.trips,
            landing=self._loop.create_future(),
            sent=now,
        )
        if self._ledger.audit.raised:
            flight.weight += self._ledger.audit.beyond(endpoint)
        refusal = breaker.answer(endpoint, now) if breaker.wary else None
        if refusal is not None:
            flight.landing.set_result(refusal)
        elif self._gate.enter(flight, max_wait, now):
            self.launch(flight)
            self._write()
        return flight

    async def _land(self, flight: Flight, landing: Answer[Any] | Exception | None) -> Answer[Any]:
        """What came of a flight, once it is known whether it needs more than a connection."""
        if landing is None:
            return await self._send(flight)
        if isinstance(landing, Exception):
            raise landing
        return landing

    # ------------------------------------------------------------------ on the wire

    def launch(self, flight: Flight) -> None:
        """Stamp and sign an admitted request for a connection that stands ready, if one does."""
        grant = flight.grant
        assert grant is not None
        if self._breaker.trips != flight.trips:
            refusal = self._refused_meanwhile(flight)
            if refusal is not None:
                flight.landing.set_result(refusal)
                return
        connection = self._pool.sessions[grant.index].ready()
        if connection is None:
            flight.landing.set_result(None)
            return
        flight.connection = connection
        flight.sent = self._clock.now()
        try:
            self._signed.append((flight, connection, self._target(flight)))
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            self._fail(flight, connection, error)

    def _write(self) -> None:
        """Write all that was signed just now.

        Signing all first and writing all then takes a twentieth less than by turns: each keeps to
        its own code, and the processor's caches hold it.
        """
        signed, self._signed = self._signed, []
        for flight, connection, target in signed:
            endpoint = flight.request.endpoint
            try:
                connection.carry(endpoint.method, target, endpoint.keyed, flight.patience(), flight)
            except Exception as error:  # noqa: BLE001 - whoever waits for it is told
                # Without the frames that hold the signature.
                self._fail(flight, connection, error.with_traceback(None))

    def _fail(self, flight: Flight, connection: Connection, error: Exception) -> None:
        """It could not be signed, or not be written."""
        self._drop(flight, connection)
        if not flight.landing.done():  # while it was noted, its caller may have been cancelled
            flight.landing.set_result(error)

    def _drop(self, flight: Flight, connection: Connection) -> None:
        assert flight.grant is not None
        flight.connection = None
        connection.abort()
        self._ledger.unheard(flight.grant, cancelled(flight.grant))

    def land(self, flight: Flight, heard: Reply | Unsent | Unanswered) -> Answer[Any]:
        """Settle, decode, classify: what came back is one answer, and others may go."""
        grant = flight.grant
        assert grant is not None
        if not isinstance(heard, Reply):
            self._ledger.unheard(grant, heard)
            return heard
        endpoint = flight.request.endpoint
        answer = classify(heard, endpoint)
        self._ledger.settle(grant, heard, answer, endpoint, flight.sent)
        return answer

    async def _send(self, flight: Flight) -> Answer[Any]:
        """The same through a session that has to connect first, or that answers in its own task."""
        grant = flight.grant
        assert grant is not None
        refusal = self._refused_meanwhile(flight)
        if refusal is not None:
            return refusal
        endpoint = flight.request.endpoint
        flight.sent = self._clock.now()
        fresh = flight.sent + flight.recv_window * _FRESH if endpoint.signed else inf
        heard: Reply | Unsent | Unanswered | None = None
        try:
            heard = await self._pool.sessions[grant.index].send(
                endpoint.method,
                self._target(flight),
                keyed=endpoint.keyed,
                patience=flight.patience(),
                fresh_until=fresh,
                on_written=flight.written,
            )
        finally:
            if heard is None:
                self._ledger.unheard(grant, cancelled(grant))
        assert heard is not None
        return self.land(flight, heard)

    def _refused_meanwhile(self, flight: Flight) -> Refused | None:
        """While it waited, others may have learned what it would be answered."""
        if self._breaker.trips == flight.trips:
            return None
        refusal = self._breaker.answer(flight.request.endpoint, self._clock.now())
        if refusal is not None:
            assert flight.grant is not None
            self._ledger.unheard(flight.grant, Unsent(refusal.fault.msg, held=True))
        return refusal

    def _desert(self, flight: Flight) -> None:
        """Nobody waits for it any more, wherever it is."""
        connection = flight.connection
        if connection is not None and connection.listener is flight:
            self._drop(flight, connection)
        elif flight.grant is not None and flight.grant.written:
            # Its answer came at the same moment and is settled, or is about to be; what it was on
            # may carry another request already.
            return
        elif flight.landing.cancelled() or flight.landing.result() is None:
            self._gate.leave(flight)

    def _target(self, flight: Flight) -> str:
        """Path and query as they are sent: stamped and signed now, not before the wait."""
        request = flight.request
        endpoint, query = request.endpoint, encode(request)
        if endpoint.signed:
            query = sign(stamp(query, flight.recv_window, self._clock.timestamp()), self._signer)
        return f"{endpoint.path}?{query}" if query else endpoint.path
