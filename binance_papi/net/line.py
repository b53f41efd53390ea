"""The line every request walks: encode → admit → stamp + sign → send → settle → decode → decide."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from math import inf
from typing import Any, Final, TypeVar, cast

from binance_papi.core.admission import Grant
from binance_papi.core.answer import Answer, Banned, Done, Refused, Reply, Unanswered, Unsent
from binance_papi.core.audit import WeightAudit
from binance_papi.core.breaker import Breaker
from binance_papi.core.classify import classify
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Endpoint, Lane, Request, lane_of, weight_of
from binance_papi.core.events import ClockJumped, Event
from binance_papi.core.offset import Change
from binance_papi.core.raising import exception_for
from binance_papi.core.retry import pause_before_resend
from binance_papi.core.signing import Signer
from binance_papi.core.wire import encode, sign, stamp
from binance_papi.errors import BannedError, PapiError, WaitTooLongError
from binance_papi.net.clock import Clock
from binance_papi.net.gate import Gate
from binance_papi.net.session_pool import SessionPool

R = TypeVar("R")

_FRESH: Final = 0.0005
"""Seconds per millisecond of the receive window for which a signature may wait to be written."""


def _both(grant: Grant, on_written: Callable[[], None]) -> Callable[[], None]:
    def write() -> None:
        grant.written = True
        on_written()

    return write


def _cancelled(grant: Grant) -> Unsent | Unanswered:
    """What is known of a request whose caller was cancelled."""
    reason = "the call was cancelled"
    return Unanswered(reason) if grant.written else Unsent(reason, held=True)


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
        "_audit",
        "_breaker",
        "_clock",
        "_gate",
        "_max_wait",
        "_patience",
        "_pool",
        "_recv_window",
        "_signer",
        "_tell",
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
        self._pool = pool
        self._clock = clock
        self._signer = signer
        self._recv_window = recv_window
        self._patience = lambda: timeout
        self._max_wait = max_wait
        self._tell = tell
        self._audit = WeightAudit()
        self._breaker = Breaker()

    async def send(self, request: Request[R]) -> R:
        """Carry one request; see `PapiClient.send`."""
        lane = lane_of(request)
        answer: Answer[Any] | None = None
        resends = 0
        while True:
            try:
                latest = await self.attempt(
                    request,
                    lane,
                    patience=self._patience,
                    recv_window=self._recv_window,
                    max_wait=self._max_wait,
                )
            except (WaitTooLongError, BannedError) as error:
                if answer is None:
                    error.request = request
                    raise
                break  # it can't be sent again in time: what is known is what it told
            answer = latest
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
        endpoint = request.endpoint
        breaker = self._breaker
        sent = self._clock.now()
        refusal, trips = breaker.answer(endpoint, sent), breaker.trips
        if refusal is not None:
            return refusal
        query = encode(request)
        weight = weight_of(request) + self._audit.beyond(endpoint)
        grant = self._gate.ask(weight, endpoint.orders, lane, sent)
        if grant is None:
            grant = await self._gate.admit(weight, endpoint.orders, lane, max_wait)
            sent = self._clock.now()
        if breaker.trips != trips:
            # While it waited, others learned what it would be answered.
            refusal = breaker.answer(endpoint, sent)
            if refusal is not None:
                self._settle_unheard(grant, Unsent(refusal.fault.msg, held=True))
                return refusal
        window = getattr(request, "recv_window", None) or recv_window
        heard: Reply | Unsent | Unanswered | None = None
        try:
            heard = await self._pool.sessions[grant.index].send(
                endpoint.method,
                self._target(endpoint, query, window),
                keyed=endpoint.keyed,
                patience=patience(),
                fresh_until=sent + window * _FRESH if endpoint.signed else inf,
                on_written=grant.write if on_written is None else _both(grant, on_written),
            )
        finally:
            if not isinstance(heard, Reply):
                self._settle_unheard(grant, _cancelled(grant) if heard is None else heard)
        assert heard is not None
        if not isinstance(heard, Reply):
            return heard
        answer = classify(heard, endpoint)
        self._settle(grant, heard, answer, endpoint, sent)
        return answer

    def _target(self, endpoint: Endpoint[Any], query: str, window: int) -> str:
        """Path and query as they are sent: stamped and signed now, not before the wait."""
        if endpoint.signed:
            query = sign(stamp(query, window, self._clock.timestamp()), self._signer)
        return f"{endpoint.path}?{query}" if query else endpoint.path

    def _settle_unheard(self, grant: Grant, heard: Unsent | Unanswered) -> None:
        now = self._clock.now()
        if isinstance(heard, Unsent):
            self._gate.admission.refund(grant, now)
            if not heard.held:
                grant.route.unreachable(now)
        else:
            # Without an answer, or cancelled: it may have been counted.
            self._gate.admission.lose(grant, now)
        self._gate.drain()

    def _settle(
        self,
        grant: Grant,
        reply: Reply,
        answer: Answer[Any],
        endpoint: Endpoint[Any],
        sent: float,
    ) -> None:
        """Learn what a reply teaches: used weight, the exchange's clock, what to obey."""
        now = self._clock.now()
        self._breaker.hear(endpoint, answer, now)
        admission = self._gate.admission
        excess = admission.settle(grant, reply.headers, now)
        stamped = None
        if endpoint.stamped is not None and isinstance(answer, Done):
            stamped = getattr(answer.reply, endpoint.stamped)
        change = self._clock.learn(
            reply.headers,
            stamped,
            sent,
            now,
            doubted=not isinstance(answer, Done) and _doubts_the_clock(answer),
        )
        if change is not Change.NONE:
            admission.reclock(change, now)
            if change is Change.JUMPED:
                self._tell(ClockJumped(self._clock.offset.error(now)))
        if isinstance(answer, Done):
            grant.route.served()
        else:
            admission.obey(grant, answer, now)
            if isinstance(answer, Banned):
                self._gate.turn_away()
        self._report(grant, endpoint, excess)
        self._gate.drain()

    def _report(self, grant: Grant, endpoint: Endpoint[Any], excess: int) -> None:
        """Tell what the limits went through."""
        if excess or grant.ticket.alone:
            raised = self._audit.hear(endpoint, excess, grant.ticket.weight)
            if raised is not None:
                self._tell(raised)
        events = grant.route.tracker.events
        if events:
            for event in events:
                self._tell(event)
            events.clear()


def _doubts_the_clock(answer: Answer[Any]) -> bool:
    return isinstance(answer, Refused) and answer.meaning is Meaning.CLOCK
