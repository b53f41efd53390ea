"""From answers to a placement: was the order placed or not, as values.

One `Birth` follows one order on its way into the book. A placement is not safe to send twice. So
an attempt that may have had an effect is the last one: what became of it is found out by queries
for the user's own id of the order, without which none is sent. What each answer proves:

* The placement's own reply, naming the order, proves it; whatever status it has by then.
* A refusal, a 429, a 503 that is documented as "nothing executed", a request that never left: no
  effect. It is sent again where that may help, with the same id, stamped and signed anew.
* "This id is in use" (-4116) after an earlier attempt proves that one arrived, whatever it was
  answered; of the first attempt it is a refusal like others.
* Anything else, and silence, proves nothing. The attempt may take effect until its horizon.
* A query that shows the order proves it. If the id is the user's own choice it may show an older
  order that had the same id: one that was placed before this one was sent is not this one.
* "No such order" proves nothing, unless it is said again and again (`binance_papi.core.search`).

Nothing here waits, sends or knows a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from math import inf
from typing import Any, Final, cast

from binance_papi.core.answer import (
    Answer,
    Done,
    Fault,
    NotOpen,
    Overloaded,
    Refused,
    Throttled,
    Unanswered,
    Unsent,
)
from binance_papi.core.cancel import Sighting
from binance_papi.core.codes import Meaning, says_in_use
from binance_papi.core.endpoint import Request
from binance_papi.core.horizon import ENGINE, WIDEST, Trial
from binance_papi.core.outcome import MaybePlaced, NotPlaced, Placed, Placement
from binance_papi.core.pace import Pace
from binance_papi.core.pauses import backoff, relief
from binance_papi.core.place import Place
from binance_papi.core.search import Search
from binance_papi.errors import PapiError

MAX_REFUSALS: Final = 8
"""Attempts that were refused for the moment (429, 503, -1008)."""

_MAX_CLOCK: Final = 2


class Move(Enum):
    """What is to be done now."""

    PLACE = "place"
    ASK = "ask"
    WAIT = "wait"
    END = "end"


class Birth:
    """What is known of one order that is being placed.

    One request of it is on its way at a time, an attempt or a query.

    Args:
        request: The placement, with an id of the user's own.
        now: Monotonic seconds.
        deadline: Monotonic time until which the caller waits.
        pace: What replies usually take.
        explain: Makes the exception that says what an answer says.
        unique: Whether nobody can have used the id before.
        since: Exchange time in ms from which an attempt of an earlier call may have taken effect:
            then it is only asked; ``None``: there was none.
        recv_window: Milliseconds for which an attempt is valid, unless the request says so itself.
    """

    __slots__ = (
        "_arrived",
        "_clock_tries",
        "_closed",
        "_doubt",
        "_explain",
        "_first",
        "_flying",
        "_pace",
        "_place_at",
        "_puzzle",
        "_refusals",
        "_search",
        "_unique",
        "_unsent",
        "deadline",
        "last",
        "outcome",
        "queries",
        "recv_window",
        "request",
        "sent",
        "started",
    )

    def __init__(
        self,
        request: Place[Any],
        *,
        now: float,
        deadline: float,
        pace: Pace,
        explain: Callable[[Answer[Any]], PapiError],
        unique: bool = False,
        since: int | None = None,
        recv_window: int = 2000,
    ) -> None:
        self.request = request
        self.started = now
        self.deadline = deadline
        self.recv_window = request.recv_window or recv_window
        self.outcome: Placement | None = None
        self.last: Answer[Any] | None = None
        """The last attempt's answer, if it was no success."""
        self.sent = 0
        """Attempts on the wire so far."""
        self.queries = 0
        """Queries on the wire so far."""
        self._pace = pace
        self._explain = explain
        self._unique = unique
        # When the next attempt is due; infinite: not for the time being.
        self._place_at = now
        # Whether no further attempt will be made, whatever is heard.
        self._closed = False
        # The attempt on the wire, the first one, and the one that may have had an effect unheard.
        self._flying: Trial | None = None
        self._first: Trial | None = None
        self._doubt: Trial | None = None
        self._search: Search | None = None
        # Whether the exchange said that the id is in use, which an attempt may have brought about.
        self._arrived = False
        self._puzzle = ""
        self._refusals = self._clock_tries = self._unsent = 0
        if since is not None:
            self._place_at = inf
            trial = Trial(since, now + max(self.recv_window, WIDEST) / 1000 + ENGINE)
            self._begin_to_doubt(trial, "an earlier request may have placed it", now)

    # ------------------------------------------------------------------ what to do

    def next(self, now: float) -> Move:
        """What is due; what is begun has to be answered before the next question."""
        if self.outcome is not None:
            return Move.END
        if self._place_at <= now:
            return Move.PLACE
        return Move.ASK if self.wake() <= now else Move.WAIT

    @property
    def silences(self) -> int:
        """The attempt and the queries that were not answered."""
        return 0 if self._search is None else 1 + self._search.silences

    def wake(self) -> float:
        """When something will be due if nothing is heard; infinite: never."""
        return self._place_at if self._search is None else self._search.ask_at

    @property
    def unsettled(self) -> bool:
        """Whether something was sent that may have placed the order, or may do so yet."""
        return self._flying is not None or self._doubt is not None

    def retime(self, earliest: Callable[[float], int]) -> None:
        """The exchange's clock was not what it was taken for: nor are the times of attempts.

        Args:
            earliest: Lowest exchange time in ms that a monotonic time may have been.
        """
        self._flying = self._flying and self._flying.retimed(earliest)
        self._first = self._first and self._first.retimed(earliest)
        self._doubt = self._doubt and self._doubt.retimed(earliest)

    def hurry(self, now: float, until: float) -> None:
        """Somebody wants to know until then: no pause before the next query."""
        if self._search is not None:
            self._search.hurry(now, until)

    def close(self) -> None:
        """Make no further attempt, whatever is heard of the one on its way."""
        self._closed = True

    # ------------------------------------------------------------------ attempts

    def start_place(self) -> None:
        """An attempt is about to be admitted."""
        self._place_at = inf

    def written(self, stamp_ms: int, now: float) -> None:
        """It goes on the wire.

        Args:
            stamp_ms: Lowest exchange time possible now, epoch milliseconds.
            now: Monotonic seconds.
        """
        assert self._doubt is None, "an order that may be there is not placed again"
        self.sent += 1
        self._flying = Trial(stamp_ms, now + self.recv_window / 1000 + ENGINE, now)
        self._first = self._first or self._flying

    def heard(self, answer: Answer[Any], now: float, jitter: float) -> None:
        """It was answered, or not.

        Args:
            answer: What came of it.
            now: Monotonic seconds.
            jitter: A number drawn evenly from [0, 1).
        """
        trial, self._flying = self._flying, None
        if self.outcome is not None:
            return
        if trial is None and isinstance(answer, Unanswered):
            answer = Unsent(answer.reason)
        if isinstance(answer, Done):
            self._hear_done(answer.reply, cast("Trial", trial), now)
            return
        self.last = answer
        match answer:
            case Unanswered() | NotOpen():
                # To a placement, "no such order" is no answer at all.
                reason = answer.reason if isinstance(answer, Unanswered) else answer.fault.msg
                self._begin_to_doubt(cast("Trial", trial), reason, now + self._pace.ask_after)
            case Refused() if self.sent > 1 and says_in_use(answer.fault.code, answer.fault.msg):
                self._arrived = True
                first = cast("Trial", self._first)
                self._begin_to_doubt(first, "its id is in use: an attempt arrived", now)
            case _:
                self._hear_refusal(answer, now, jitter)

    def _hear_done(self, reply: Any, trial: Trial, now: float) -> None:
        if self._names(reply.sighting()):
            self._end(Placed, reply, "reply")
        else:
            self._begin_to_doubt(trial, "the reply names another order", now)

    def _begin_to_doubt(self, trial: Trial, reason: str, ask_at: float) -> None:
        """That attempt may have had an effect: it was the last one."""
        self._closed = True
        self._doubt = trial
        self._puzzle = reason
        self._search = Search(
            self.request,
            dies=inf if self._arrived else trial.dies,
            ask_at=ask_at,
            fast_until=self.deadline,
            pace=self._pace,
        )

    def _hear_refusal(self, answer: Answer[Any], now: float, jitter: float) -> None:
        """No effect: send it again, or never."""
        pause: float | None = None
        match answer:
            case Unsent():
                pause = 0.0 if answer.held else backoff(self._unsent, jitter)
                self._unsent += not answer.held
            case Refused(meaning=Meaning.CLOCK) if self._clock_tries < _MAX_CLOCK:
                self._clock_tries += 1
                # The clock was learned anew meanwhile; if that was not it, the way was too long.
                self.recv_window = max(self.recv_window, min(WIDEST, 2 * self.recv_window))
                pause = 0.0
            case Throttled() | Overloaded() if self._refusals < MAX_REFUSALS - 1:
                pause = relief(self._refusals, jitter) if isinstance(answer, Overloaded) else 0.0
                self._refusals += 1
            case _:
                pass
        if pause is None or self._closed or now + pause >= self.deadline:
            self._end(NotPlaced, self._explain(answer))
        else:
            self._place_at = now + pause

    # ------------------------------------------------------------------ queries

    def start_ask(self) -> Request[Any]:
        """A query is about to be admitted; returns it."""
        assert self._search is not None
        return self._search.start()

    def asked(self, now: float) -> None:
        """That query goes on the wire; ``now`` in monotonic seconds."""
        assert self._search is not None
        self.queries += 1
        self._search.asked(now)

    def told(self, answer: Answer[Any], now: float, jitter: float) -> None:
        """That query was answered, or not; arguments as for `heard`."""
        search = self._search
        assert search is not None
        if self.outcome is not None:
            return
        shown = search.told(answer, now, jitter)
        if shown is not None:
            self._look_at(shown, search, now, jitter)
        elif search.denial is not None and not self._arrived:
            self._puzzle = "the exchange finds no such order, which is no proof yet"
        if search.blind:
            self.give_up()
        elif search.proven:
            absent = search.denial or NotOpen(Fault(msg="no query finds the order"))
            self._end(NotPlaced, self._explain(absent))

    def _look_at(self, shown: Any, search: Search, now: float, jitter: float) -> None:
        """A query shows an order: is it this one?"""
        seen = shown.sighting()
        if not self._names(seen):
            self._puzzle = "a query names another order"
            search.again(now, jitter)
        elif not self._is_older(seen):
            self._end(Placed, shown, "query")
        elif self._arrived:
            # The id is in use by that one, so no attempt of ours arrived.
            self._end(NotPlaced, self._explain(cast("Answer[Any]", self.last)))
        else:
            search.pass_by(now, jitter)

    def see(self, shown: Any) -> None:
        """An event shows an order; it has a method ``sighting()``.

        Many tell when an order changed, not when it was placed. So of an id that may have been used
        before, only those count that tell it.
        """
        seen = shown.sighting()
        fresh = self._unique or seen.placed is not None
        if self.unsettled and fresh and self._names(seen) and not self._is_older(seen):
            self._end(Placed, shown, "event")

    def _names(self, seen: Sighting) -> bool:
        """Whether a sighting may be of this order: neither its id nor its symbol contradicts."""
        symbol = getattr(self.request, "symbol", None)
        return seen.client_id in (None, self.request.client_id()) and (
            seen.symbol in (None, symbol) or str(seen.symbol).upper() == str(symbol).upper()
        )

    def _is_older(self, seen: Sighting) -> bool:
        """Whether an order was there before this one can have been placed."""
        since = self._since()
        placed = seen.placed if seen.placed is not None else seen.updated
        if self._unique or since is None or placed is None:
            return False
        return placed < since

    # ------------------------------------------------------------------ conclusions

    def _since(self) -> int | None:
        """Exchange time in ms from which the order may have been placed."""
        trial = self._first or self._doubt
        return None if trial is None else trial.since

    def verdict(self, never_sent: Callable[[], PapiError]) -> Placement:
        """What can be said now, at the end of the caller's patience; no attempt is made any more.

        Args:
            never_sent: Makes the error for a placement that was not even tried.

        Returns:
            The outcome if there is one; else `NotPlaced` if no attempt had or can have an effect
            (the caller must send no more then), else `MaybePlaced`.
        """
        self._closed = True
        if not self.unsettled:
            self._end(NotPlaced, never_sent() if self.last is None else self._explain(self.last))
        return self.outcome or self.unknown()

    def withdraw(self, error: PapiError) -> Placement:
        """Nothing was sent that matters, and nothing will be."""
        self._end(NotPlaced, error)
        return self.give_up()

    def give_up(self) -> Placement:
        """Nothing more will be sent or heard: conclude."""
        self.outcome = self.outcome or self.unknown()
        return self.outcome

    def unknown(self) -> MaybePlaced:
        """What is known, where that is not enough."""
        return MaybePlaced(
            self.request,
            self._puzzle or "the placement is on its way",
            attempts=self.sent + self.queries,
            queries=self.queries,
            since=self._since(),
        )

    def _end(self, kind: type[Any], *evidence: Any) -> None:
        """The first outcome stays."""
        sums = {"attempts": self.sent + self.queries, "queries": self.queries}
        self.outcome = self.outcome or kind(self.request, *evidence, **sums)
        self._place_at = inf
