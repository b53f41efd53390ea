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

Nothing here waits, sends or knows a clock. (RELIABILITY of the design: 30,000 seeded cancels per
fault mix without one wrong outcome, see ``tests/simulation``.)
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import inf
from typing import Any, Final

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
from binance_papi.core.cancel import CANCELED, GONE, OPEN, TRIGGERING, Cancel, Sighting
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Request
from binance_papi.core.horizon import ENGINE, WIDEST, Trial
from binance_papi.core.outcome import AlreadyGone, Canceled, Outcome, Rejected, Unknown
from binance_papi.core.pace import Pace
from binance_papi.core.pauses import ask_pause, backoff, doubled, relief
from binance_papi.errors import PapiError

MAX_TRIES: Final = 4
"""Cancels of one order that may have had an effect, until a query tells that they had none."""

MAX_REFUSALS: Final = 8
"""Cancels of one order that were refused for the moment (429, 503, -1008)."""

_MAX_CLOCK: Final = 2
_TRIGGERING: Final = (0.1, 0.4)
_ABSENT_APART: Final = 2.0
_ABSENCES: Final = 2
_TRIGGERING_CODE: Final = -4117


class Step(Enum):
    """What is to be done now."""

    CANCEL = "cancel"
    ASK = "ask"
    WAIT = "wait"
    END = "end"


class Fate:
    """What is known of one order that is being cancelled.

    Args:
        request: The cancel.
        now: Monotonic seconds.
        deadline: Monotonic time until which the caller waits.
        exchange_ms: Highest exchange time possible now, epoch milliseconds.
        pace: What replies usually take.
        explain: Makes the exception that says what an answer says.
        verify: Whether a success reply has to be confirmed by a query.
        ask_first: Whether a query comes before the first cancel.
        since: Exchange time in ms from which a request of an earlier call may have taken effect;
            ``None``: there was none.
        recv_window: Milliseconds for which a cancel is valid, unless the request says so itself.
    """

    __slots__ = (
        "_absences",
        "_absent_from",
        "_ask_at",
        "_asked_at",
        "_asking",
        "_began_ms",
        "_cancel_at",
        "_claim",
        "_clock_tries",
        "_closed",
        "_denials",
        "_explain",
        "_failures",
        "_flying",
        "_inconsistent",
        "_lost",
        "_misses",
        "_pace",
        "_puzzle",
        "_question",
        "_questions",
        "_queued",
        "_refusals",
        "_rounds",
        "_seen",
        "_serial",
        "_silence",
        "_tries",
        "_unsent",
        "deadline",
        "last",
        "outcome",
        "queries",
        "recv_window",
        "request",
        "sent",
        "silences",
        "started",
        "verify",
    )

    def __init__(
        self,
        request: Cancel[Any],
        *,
        now: float,
        deadline: float,
        exchange_ms: int,
        pace: Pace,
        explain: Callable[[Answer[Any]], PapiError],
        verify: bool = False,
        ask_first: bool = False,
        since: int | None = None,
        recv_window: int = 2000,
    ) -> None:
        self.request = request
        self.started = now
        self.deadline = deadline
        self.recv_window = request.recv_window or recv_window
        self.outcome: Outcome | None = None
        self.last: Answer[Any] | None = None
        """The last answer that was no success."""
        self.sent = 0
        """Cancels on the wire so far."""
        self.silences = 0
        """Cancels and queries that were not answered."""
        self.queries = 0
        """Queries on the wire so far."""
        self._pace = pace
        self._explain = explain
        self.verify = verify
        self._began_ms = exchange_ms
        # When the next of each is due; infinite: not for the time being.
        self._cancel_at, self._ask_at = (inf, now) if ask_first else (now, inf)
        self._serial = 0
        self._queued = 0
        # Attempts on the wire, by number, and those that may have had an effect unheard: exchange
        # time in ms from which it may have come, and monotonic time from which it can't any more.
        self._flying: dict[int, Trial] = {}
        self._lost: list[Trial] = []
        if since is not None:
            # Its receive window may have been widened, see `_hear_refusal`.
            window = max(self.recv_window, WIDEST)
            self._lost.append(Trial(since, now + window / 1000 + ENGINE))
        self._tries = 0
        self._refusals = self._clock_tries = self._unsent = self._denials = 0
        self._asking = self._seen = False
        self._asked_at = -inf
        self._questions: tuple[Request[Any], ...] | None = None
        self._question = self._misses = self._rounds = self._failures = 0
        self._absences = 0
        self._absent_from = inf
        self._claim: Any = None
        self._puzzle = "" if since is None else "an earlier request may have taken effect"
        self._silence = ""
        self._closed = False
        self._inconsistent = False

    # ------------------------------------------------------------------ what to do

    def next(self, now: float) -> Step:
        """What is due; after `Step.CANCEL` and `Step.ASK`, ask again."""
        if self.outcome is not None:
            return Step.END
        if self._cancel_at <= now:
            return Step.CANCEL
        if self._may_ask and self._ask_at <= now:
            return Step.ASK
        return Step.WAIT

    def wake(self) -> float:
        """When something will be due if nothing is heard; infinite: never."""
        return min(self._cancel_at, self._ask_at) if self._may_ask else self._cancel_at

    @property
    def _over(self) -> bool:
        return self.outcome is not None

    @property
    def _may_ask(self) -> bool:
        """Whether a query can be made: none is under way, and some are left."""
        return not self._asking and self._questions != ()

    @property
    def hedging(self) -> bool:
        """Whether a cancel now would go along with one that is on its way."""
        return bool(self._flying) or self._queued > 0

    @property
    def moved(self) -> bool:
        """Whether anything that was sent may have had an effect, or may have it yet."""
        return bool(self._flying or self._lost)

    @property
    def unsettled(self) -> bool:
        """Whether something was sent, or said, that leaves the order's fate open."""
        return self.moved or bool(self._puzzle)

    def retime(self, earliest: Callable[[float], int], latest: Callable[[float], int]) -> None:
        """The exchange's clock was not what it was taken for: nor are the times of attempts.

        Args:
            earliest: Lowest exchange time in ms that a monotonic time may have been.
            latest: Highest such time.
        """
        self._began_ms = latest(self.started)
        self._flying = {serial: trial.retimed(earliest) for serial, trial in self._flying.items()}
        self._lost = [trial.retimed(earliest) for trial in self._lost]

    def hurry(self, now: float) -> None:
        """Somebody wants to know: no pause before the next query."""
        self._ask_at = min(self._ask_at, now)

    def skip_hedge(self) -> None:
        """No second cancel for the one on its way."""
        self._cancel_at = inf

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
            self._puzzle = "it is triggering"
            self._ask_at = now + _between(_TRIGGERING, jitter)
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

    def _cancel_soon(self, when: float) -> None:
        if not self._closed and not self.hedging:
            self._cancel_at = when

    def _cancel_again(self, now: float, jitter: float) -> bool:
        """Send it once more if that is allowed; tells whether it is."""
        if self._closed or self.hedging or self._tries >= MAX_TRIES:
            return False
        pause = backoff(max(0, self._tries - 1), jitter)
        if self._denials:
            # A node that denied it is given time to remember.
            pause = max(pause, backoff(self._denials, 0.5 + jitter / 2))
        self._cancel_at = now + pause
        return True

    def _doubt(self, trial: Trial | None) -> None:
        """An attempt may have had an effect, or have it yet."""
        self._tries += 1
        if trial is not None:
            self._lost.append(trial)

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

    def see(self, reply: Any, now: float, jitter: float) -> None:
        """A list shows the order."""
        self._see(reply.sighting(), reply, now, jitter)

    def witness(self, seen: Sighting, event: Any) -> None:
        """An event of the stream tells of the order, in whatever order events come.

        One that names an end is proof. Any other may be old news, and proves only that the order
        was there.
        """
        if self.outcome is not None or not self.request.names(seen):
            return
        by_own_id = self.request.order()[2] is None
        if by_own_id and (seen.updated is None or seen.updated <= self._began_ms):
            return  # the user's own id may have been another order's before
        self._seen = True
        if seen.status == CANCELED:
            self._see_canceled(seen, event)
        elif seen.status in GONE:
            self._see_gone(seen, event)

    def _ask_what_became_of_it(self, now: float) -> None:
        """Ask now, where the orders that ended are found first."""
        self._ask_at = now
        if not self._asking:
            self._question, self._misses = max(0, len(self._open_questions()) - 1), 0

    def _open_questions(self) -> tuple[Request[Any], ...]:
        if self._questions is None:
            self._questions = self.request.questions()
        return self._questions

    def _see(
        self, seen: Sighting, reply: Any, now: float, jitter: float, as_of: float = -inf
    ) -> None:
        """Conclude what one look at the order allows; it is not older than ``as_of``."""
        ours = self.request.names(seen)
        self._seen = self._seen or ours
        if not ours:
            self._puzzle = "a reply names another order"
            self._inconsistent = True
            self._ask_later(now, jitter)
        elif seen.status == CANCELED:
            self._see_canceled(seen, reply)
        elif seen.status in GONE:
            self._see_gone(seen, reply)
        elif seen.status in OPEN:
            self._see_open(now, jitter, as_of)
        elif seen.status == TRIGGERING:
            self._puzzle = "it is triggering"
            self._ask_at = now + _between(_TRIGGERING, jitter)
        else:
            self._puzzle = f"its status {seen.status or ''!r} tells nothing"
            self._ask_later(now, jitter)

    def _see_gone(self, seen: Sighting, reply: Any) -> None:
        self._inconsistent = self._inconsistent or self._claim is not None
        self._end(AlreadyGone, status=str(seen.status), order_id=seen.child, order=reply)

    def _see_canceled(self, seen: Sighting, reply: Any) -> None:
        since, updated = self.since(), seen.updated
        if self._claim is not None or (since is not None and (updated is None or updated >= since)):
            self._end(Canceled, by="us", order=reply)
        elif updated is not None and updated > self._began_ms:
            self._end(Canceled, by="other", order=reply)
        else:
            self._end(AlreadyGone, status=CANCELED, order=reply)

    def _see_open(self, now: float, jitter: float, as_of: float) -> None:
        """It is open, or was when this node looked last."""
        if self._claim is not None:
            self._inconsistent = True
        if not self._flying and self._dead(as_of):
            # Whatever was sent could not have an effect any more then, and had none.
            self._lost.clear()
            self._tries = 0
            self._silence = ""
        if not self.moved and self._claim is None:
            self._puzzle = ""
            if self._closed and not self.hedging:
                self._end(Rejected, error=self._explain(self._last()))
                return
        again = self._cancel_again(now, jitter)
        if not again or self._lost:
            self._ask_later(now, jitter)

    def _dead(self, when: float) -> bool:
        """Whether no attempt whose answer is missing could have an effect from then on."""
        return all(trial.dies <= when for trial in self._lost)

    def _hear_absent(self, answer: NotOpen, now: float, jitter: float) -> None:
        """No query finds it."""
        self._absences += 1
        self._absent_from = min(self._absent_from, now)
        self._puzzle = "the exchange finds no such order, and nothing shows what became of it"
        never_acknowledged = self.request.order()[2] is None and not self._seen
        if (
            never_acknowledged
            and self._absences >= _ABSENCES
            and now - self._absent_from >= _ABSENT_APART
            and not self.hedging
            and self._dead(self._asked_at)
        ):
            self._end(Rejected, error=self._explain(answer))
            return
        self._cancel_again(now, jitter)
        self._ask_later(now, jitter)

    def _ask_later(self, now: float, jitter: float) -> None:
        self._ask_at = now + ask_pause(self._rounds, jitter, late=now >= self.deadline)
        self._rounds += 1

    def _blind(self, now: float, jitter: float) -> None:
        """No query can be made: cancels are all that is left."""
        self._questions = ()
        due = self.hedging or self._cancel_at < inf
        if not due and not self._cancel_again(now, jitter):
            self._conclude(now)

    # ------------------------------------------------------------------ conclusions

    def since(self) -> int | None:
        """Exchange time in ms from which an attempt may have taken effect; ``None``: none can."""
        stamps = [trial.since for trial in (*self._flying.values(), *self._lost)]
        return min(stamps, default=None)

    def _conclude(self, now: float) -> None:
        """No further cancel will be sent, and none is on its way."""
        if not self._lost and not self._puzzle:
            self._end(Rejected, error=self._explain(self._last()))
        elif self._questions == () or isinstance(self.last, Banned) or _is_auth(self.last):
            self.outcome = self.unknown()
        elif self._ask_at == inf and not self._asking:
            self._ask_at = now

    def verdict(self, never_sent: Callable[[], PapiError]) -> Outcome:
        """What can be said now, at the end of the caller's patience.

        Args:
            never_sent: Makes the error for a cancel that was not even tried.

        Returns:
            The outcome if there is one; else `Rejected` if no attempt had or can have an effect
            (the caller must send no more then), else `Unknown`.
        """
        if self.outcome is not None:
            return self.outcome
        if self.unsettled:
            return self.unknown()
        error = never_sent() if self.last is None else self._explain(self.last)
        self._end(Rejected, error=error)
        return self._ended()

    def give_up(self) -> Outcome:
        """Nothing more will be sent or heard: conclude."""
        if self.outcome is None:
            self.outcome = self.unknown()
        return self.outcome

    def withdraw(self, error: PapiError) -> Outcome:
        """Nothing was sent, and nothing will be."""
        if self.outcome is None:
            self._end(Rejected, error=error)
        return self._ended()

    def _ended(self) -> Outcome:
        assert self.outcome is not None
        return self.outcome

    def _last(self) -> Answer[Any]:
        assert self.last is not None
        return self.last

    def unknown(self) -> Unknown:
        """What is known, where that is not enough."""
        return Unknown(
            self.request,
            self._puzzle or self._silence or _nothing_heard(self.hedging),
            attempts=self.sent + self.queries,
            queries=self.queries,
            since=self.since(),
        )

    def _end(self, kind: type[Any], **evidence: Any) -> None:
        if kind is not Rejected:
            evidence["inconsistent"] = self._inconsistent
        self.outcome = kind(
            self.request,
            attempts=self.sent + self.queries,
            queries=self.queries,
            **evidence,
        )
        self._cancel_at = self._ask_at = inf


def _nothing_heard(sending: bool) -> str:
    return "a request is on its way" if sending else "another caller waits for it"


def _between(bounds: tuple[float, float], jitter: float) -> float:
    low, high = bounds
    return low + (high - low) * jitter


def _is_auth(answer: Answer[Any] | None) -> bool:
    return isinstance(answer, Refused) and answer.meaning is Meaning.AUTH
