"""Settling: what each answer teaches of limits, of the exchange's clock, and of what to leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from binance_papi.core.answer import Answer, Banned, Done, Refused, Reply, Unanswered, Unsent
from binance_papi.core.audit import WeightAudit
from binance_papi.core.breaker import Breaker
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Endpoint
from binance_papi.core.events import ClockJumped, Event
from binance_papi.core.offset import Change
from binance_papi.core.route import Grant
from binance_papi.net.clock import Clock
from binance_papi.net.gate import Gate


class Ledger:
    """Keeps the books of what was sent; every grant is settled here, exactly once.

    Args:
        gate: Whom to let in next.
        clock: What time it is, here and there.
        tell: Called with every event.
    """

    __slots__ = ("_clock", "_gate", "_tell", "audit", "breaker")

    def __init__(self, gate: Gate, clock: Clock, tell: Callable[[Event], None]) -> None:
        self._gate = gate
        self._clock = clock
        self._tell = tell
        self.audit = WeightAudit()
        self.breaker = Breaker()

    def unheard(self, grant: Grant, heard: Unsent | Unanswered) -> None:
        """No reply came: it never left, or nobody knows."""
        now = self._clock.now()
        if isinstance(heard, Unsent):
            self._gate.admission.refund(grant, now)
            if not heard.held:
                grant.route.unreachable(now)
        else:
            # Without an answer, or cancelled: it may have been counted.
            self._gate.admission.lose(grant, now)
        # Not now: this may be said of one whom the gate woke just now, and of all after it.
        self._gate.drain_soon()

    def cancelled(self, grant: Grant) -> None:
        """The caller was cancelled, and nobody hears what comes."""
        reason = "the call was cancelled"
        self.unheard(grant, Unanswered(reason) if grant.written else Unsent(reason, held=True))

    def settle(  # noqa: PLR0917 - by name it would cost more, for every request
        self,
        grant: Grant,
        reply: Reply,
        answer: Answer[Any],
        endpoint: Endpoint[Any],
        sent: float,
        now: float,
    ) -> None:
        """Learn what a reply teaches: used weight, the exchange's clock, what to obey.

        Args:
            grant: The request's.
            reply: What came.
            answer: What it means.
            endpoint: Of the request.
            sent: Monotonic time before which it was not written.
            now: Monotonic time at which the reply was there already.
        """
        done = isinstance(answer, Done)
        if self.breaker.wary or not done:
            self.breaker.hear(endpoint, answer, now)
        admission = self._gate.admission
        excess = admission.settle(grant, reply.headers, now)
        if now >= self._clock.rests_until or not done:
            self._learn_the_time(reply, answer, endpoint, sent, now)
        if done:
            grant.route.served()
        else:
            admission.obey(grant, answer, now)
            if isinstance(answer, Banned):
                self._gate.turn_away()
        if excess or grant.ticket.alone or grant.route.tracker.events:
            self._report(grant, endpoint, excess)
        self._gate.drain_soon()

    def _learn_the_time(
        self, reply: Reply, answer: Answer[Any], endpoint: Endpoint[Any], sent: float, now: float
    ) -> None:
        """What a reply tells of the exchange's clock."""
        stamped = None
        if endpoint.stamped is not None and isinstance(answer, Done):
            stamped = getattr(answer.reply, endpoint.stamped)
        change = self._clock.learn(
            reply.headers,
            stamped,
            sent,
            now,
            doubted=isinstance(answer, Refused) and answer.meaning is Meaning.CLOCK,
        )
        if change is not Change.NONE:
            self._gate.admission.reclock(change, now)
            if change is Change.JUMPED:
                self._tell(ClockJumped(self._clock.offset.error(now)))

    def _report(self, grant: Grant, endpoint: Endpoint[Any], excess: int) -> None:
        """Tell what the limits went through."""
        if excess or grant.ticket.alone:
            raised = self.audit.hear(endpoint, excess, grant.ticket.weight)
            if raised is not None:
                self._tell(raised)
        events = grant.route.tracker.events
        if events:
            for event in events:
                self._tell(event)
            events.clear()
