"""From answers to an outcome: the cancel state machine, as values.

One `Fate` follows one order. Cancels of an order may be repeated safely, since ids are never
reused and an order that ended stays ended; so a cancel whose answer is missing is sent again, and
queries tell what the answers left open. What each answer proves:

* A reply that names the order CANCELED proves it (with ``verify`` it has to be confirmed).
* "No such order" (-2011, -2013) is a question: a node may have forgotten a live order, an earlier
  attempt may have worked, somebody else may have been quicker. A query for the reason follows.
* No answer, or one that can't be read, proves nothing: the attempt may have had an effect, or
  have it yet, until its *horizon*: the exchange refuses it once its receive window is over, and
  gives up on its engine after `ENGINE` seconds.
* A query that says NEW proves that attempts whose horizon is over had no effect, and nothing of
  the others. One that names an end proves that end; ends absorb.

Below this are the case itself (`core/case.py`), what is due next for it (`core/agenda.py`) and what
a sight of the order proves (`core/sight.py`).

Nothing here waits, sends or knows a clock. (RELIABILITY of the design: 30,000 seeded cancels per
fault mix without one wrong outcome, see ``tests/simulation``.)
"""

from __future__ import annotations

from math import inf
from typing import Any, Final

from binance_papi.core.agenda import MAX_TRIES
from binance_papi.core.answer import (
    Answer,
    Banned,
    Done,
    NotOpen,
    Overloaded,
    Refused,
    Throttled,
    Unanswered,
    Unsent,
)
from binance_papi.core.cancel import CANCELED
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Request
from binance_papi.core.horizon import ENGINE, WIDEST, Trial
from binance_papi.core.outcome import Canceled, Rejected
from binance_papi.core.pauses import backoff, doubled, relief
from binance_papi.core.sight import Sight

MAX_REFUSALS: Final = 8
"""Cancels of one order that were refused for the moment (429, 503, -1008)."""

_MAX_CLOCK: Final = 2
_TRIGGERING_CODE: Final = -4117


class Fate(Sight):
    """What becomes of one order that is being cancelled, answer by answer.

    It is made as a `binance_papi.core.case.Case` is.
    """

    __slots__ = ()

    # ------------------------------------------------------------------ cancels

    def start_cancel(self) -> int:
        """A cancel is about to be admitted; returns its number."""
        self._serial += 1
        self._queued += 1
        self._cancel_at = inf
        return self._serial

    def written(self, serial: int, stamp_ms: int, now: float) -> None:
        """That cancel goes on the wire.

        Args:
            serial: Its number.
            stamp_ms: Lowest exchange time possible now, epoch milliseconds.
            now: Monotonic seconds.
        """
        self._queued -= 1
        self.sent += 1
        first = not self._flying
        if self._lost:
            # A query goes along if this one is not answered soon either.
            self._ask_at = min(self._ask_at, now + self._pace.ask_after)
        self._flying[serial] = Trial(stamp_ms, now + self.recv_window / 1000 + ENGINE, now)
        # Never by the user's own id: it may be used again, and a late second cancel would hit that
        # order.
        lasting = self.request.order()[2] is not None
        if first and lasting and self._tries + 1 < MAX_TRIES and not self._closed:
            self._cancel_at = now + self._pace.hedge_after

    def heard(self, serial: int, answer: Answer[Any], now: float, jitter: float) -> None:
        """That cancel was answered, or not.

        Args:
            serial: Its number.
            answer: What came of it.
            now: Monotonic seconds.
            jitter: A number drawn evenly from [0, 1).
        """
        trial = self._flying.pop(serial, None)
        if trial is None:
            self._queued -= 1
        if self.outcome is not None:
            return
        if not self._flying:
            self._cancel_at = inf
        self._weigh(answer, trial, now, jitter)
        if self._over or self.hedging:
            return
        if self._questions == ():
            self._blind(now, jitter)
        elif self._closed:
            self._conclude(now)

    def _weigh(self, answer: Answer[Any], trial: Trial | None, now: float, jitter: float) -> None:
        """Draw from a cancel's answer what it allows by itself."""
        if not isinstance(answer, Done):
            self.last = answer
        match answer:
            case Done():
                self._hear_done(answer.reply, trial, now, jitter)
            case NotOpen():
                self._tries += 1
                self._denials += 1
                self._puzzle = self._puzzle or "the exchange says that no such order is open"
                self._ask_what_became_of_it(now)
            case Unanswered():
                self._hear_nothing(answer, trial, now, jitter)
            case _:
                self._hear_refusal(answer, now, jitter)

    def _hear_done(self, reply: Any, trial: Trial | None, now: float, jitter: float) -> None:
        seen = self.request.sight(reply)
        if seen.status == CANCELED and self.request.names(seen):
            if not self.verify:
                self._end(Canceled, by="us", order=reply)
                return
            self._claim = reply
            self._puzzle = "the exchange said that it is cancelled, and no query confirmed it"
            self._doubt(trial)
            self._ask_what_became_of_it(now)
            return
        self._doubt(trial)
        self._see(seen, reply, now, jitter)

    def _hear_nothing(
        self,
        answer: Unanswered,
        trial: Trial | None,
        now: float,
        jitter: float,
    ) -> None:
        self.silences += 1
        self._doubt(trial)
        self._silence = answer.reason
        if answer.fault.code == _TRIGGERING_CODE:
            self._see_triggering(now, jitter)
        elif answer.fault.http_status is not None and answer.fault.http_status < 300:  # noqa: PLR2004
            self._ask_what_became_of_it(now)  # it probably worked
        elif not self._cancel_again(now, jitter) and not self.hedging:
            self._ask_at = min(self._ask_at, now + self._pace.ask_after)

    def _hear_refusal(self, answer: Answer[Any], now: float, jitter: float) -> None:
        """No effect: send it again, or never."""
        match answer:
            case Unsent():
                pause = 0.0 if answer.held else backoff(self._unsent, jitter)
                self._unsent += not answer.held
                self._cancel_soon(now + pause)
            case Refused(meaning=Meaning.CLOCK) if self._clock_tries < _MAX_CLOCK:
                self._clock_tries += 1
                # The clock was learned anew meanwhile; if that was not it, the way was too long.
                self.recv_window = max(self.recv_window, min(WIDEST, 2 * self.recv_window))
                self._cancel_soon(now)
            case Throttled() | Overloaded() if self._refusals < MAX_REFUSALS - 1:
                pause = relief(self._refusals, jitter) if isinstance(answer, Overloaded) else 0.0
                self._refusals += 1
                self._cancel_soon(now + pause)
            case _:
                self._closed = True
                self._cancel_at = inf

    # ------------------------------------------------------------------ queries

    def start_ask(self) -> Request[Any]:
        """A query is about to be admitted; returns it."""
        self._asking = True
        self._ask_at = inf
        return self._open_questions()[self._question]

    def asked(self, now: float) -> None:
        """That query goes on the wire; ``now`` in monotonic seconds."""
        self.queries += 1
        self._asked_at = now

    def told(self, answer: Answer[Any], now: float, jitter: float) -> None:
        """That query was answered, or not; arguments as for `heard`."""
        self._asking = False
        if self.outcome is not None:
            return
        match answer:
            case Done():
                self._question = self._misses = self._failures = 0
                reply = answer.reply
                self._see(reply.sighting(), reply, now, jitter, self._asked_at)
            case NotOpen():
                count = len(self._open_questions())
                self._question = (self._question + 1) % count
                self._misses += 1
                if self._misses < count:
                    self._ask_at = now
                else:
                    self._misses = 0
                    self._hear_absent(answer, now, jitter)
            case Refused(meaning=Meaning.CLOCK) | Throttled() if self._failures < _MAX_CLOCK:
                self._failures += 1
                self._ask_at = now
            case Refused(meaning=Meaning.AUTH) | Banned():
                self._blind(now, jitter)
            case Refused() if answer.meaning is not Meaning.CLOCK:
                questions = self._open_questions()
                at = self._question
                self._questions = questions[:at] + questions[at + 1 :]
                self._question = self._misses = 0
                if self._questions:
                    self._ask_at = now
                else:
                    self._blind(now, jitter)
            case _:
                self.silences += isinstance(answer, Unanswered)
                # This question is open still; another cancel may settle it sooner.
                self._cancel_again(now, jitter)
                self._ask_at = now + doubled(self._pace.ask_after, self._failures, jitter)
                self._failures += 1

    def _blind(self, now: float, jitter: float) -> None:
        """No query can be made: cancels are all that is left."""
        self._questions = ()
        due = self.hedging or self._cancel_at < inf
        if not due and not self._cancel_again(now, jitter):
            self._conclude(now)

    def _conclude(self, now: float) -> None:
        """No further cancel will be sent, and none is on its way."""
        if not self._lost and not self._puzzle:
            self._end(Rejected, error=self._explain(self.request, self._last()))
        elif self._questions == () or isinstance(self.last, Banned) or _is_auth(self.last):
            self.outcome = self.unknown()
        elif self._ask_at == inf and not self._asking:
            self._ask_at = now


def _is_auth(answer: Answer[Any] | None) -> bool:
    return isinstance(answer, Refused) and answer.meaning is Meaning.AUTH
