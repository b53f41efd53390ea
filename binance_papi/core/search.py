"""Looking for an order by the user's own id of it: found, not found yet, or proven to be absent.

A *look* asks every question once, until one shows the order. "No such order" proves nothing before
the horizon of the attempt, which may be on its way, and little after it: nodes of the exchange have
been seen to forget live orders. Only `ABSENCES` looks that found nothing, over `ABSENT_FOR` seconds
after the horizon, of which the last one covers the lists too, are taken for proof.
"""

from __future__ import annotations

from math import inf
from typing import Any, Final

from binance_papi.core.answer import (
    Answer,
    Banned,
    Done,
    NotOpen,
    Refused,
    Throttled,
    Unanswered,
)
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Request
from binance_papi.core.pace import Pace
from binance_papi.core.pauses import ask_pause, doubled
from binance_papi.core.place import Place

ABSENCES: Final = 3
"""Looks, all after the horizon, that prove an order's absence if none finds it."""

ABSENT_FOR: Final = 30.0
"""Seconds between the first and the last of them at least."""

_MAX_FAILURES: Final = 2


class Search:
    """The queries about one order, one at a time.

    Args:
        request: The placement, with an id of the user's own.
        dies: Monotonic time from which it can't be placed any more; infinite: it was placed, or
            another order has the id, so that its absence is never proven.
        ask_at: Monotonic time of the first query.
        fast_until: Monotonic time until which somebody waits; later it is asked more rarely.
        pace: What replies usually take.
    """

    __slots__ = (
        "_absences",
        "_absent_from",
        "_at",
        "_failures",
        "_fast_until",
        "_look",
        "_look_from",
        "_pace",
        "_questions",
        "_request",
        "_rounds",
        "ask_at",
        "blind",
        "denial",
        "dies",
        "proven",
        "silences",
    )

    def __init__(
        self, request: Place[Any], *, dies: float, ask_at: float, fast_until: float, pace: Pace
    ) -> None:
        self.dies = dies
        self.ask_at = ask_at
        """When the next query is due; infinite: one is under way, or none will follow."""
        self._fast_until = fast_until
        self.silences = 0
        """Queries that were not answered."""
        self.blind = False
        """Whether no query can be made."""
        self.proven = False
        """Whether the order's absence is proven."""
        self.denial: NotOpen | None = None
        """The last "no such order"."""
        self._request = request
        self._pace = pace
        self._questions = request.questions()
        self._look: tuple[Request[Any], ...] = ()
        self._at = self._rounds = self._failures = self._absences = 0
        self._look_from = -inf
        self._absent_from = inf

    def hurry(self, now: float, until: float) -> None:
        """Somebody wants to know until then: no pause before the next query."""
        self._fast_until = max(self._fast_until, until)
        self.ask_at = now if self.ask_at < inf else inf

    def start(self) -> Request[Any]:
        """A query is about to be admitted; returns it."""
        self.ask_at = inf
        self._look = self._look or self._questions
        return self._look[self._at]

    def asked(self, now: float) -> None:
        """That query goes on the wire; ``now`` in monotonic seconds."""
        if self._at == 0:
            self._look_from = now
            if self._may_prove_absence():
                self._look = (*self._questions, *self._request.lists())

    def told(self, answer: Answer[Any], now: float, jitter: float) -> Any:
        """That query was answered, or not.

        Args:
            answer: What came of it.
            now: Monotonic seconds.
            jitter: A number drawn evenly from [0, 1).

        Returns:
            An order that is shown, which may be another one; ``None``: none is. Who has judged it
            calls `pass_by` or `again`, if it is not the one.
        """
        match answer:
            case Done():
                self._failures = 0
                return self._hear_done(answer.reply, now, jitter)
            case NotOpen():
                self._failures = 0
                self.denial = answer
                self.pass_by(now, jitter)
            case Refused(meaning=Meaning.CLOCK) | Throttled() if self._failures < _MAX_FAILURES:
                self._failures += 1
                self.ask_at = now
            case Refused(meaning=Meaning.AUTH) | Banned():
                self.blind = True
            case Refused() if answer.meaning is not Meaning.CLOCK:
                self._drop(now, jitter)
            case _:
                self.silences += isinstance(answer, Unanswered)
                self.ask_at = now + doubled(self._pace.ask_after, self._failures, jitter)
                self._failures += 1
        return None

    def _hear_done(self, reply: Any, now: float, jitter: float) -> Any:
        if hasattr(reply, "sighting"):  # no list
            return reply
        own = self._request.client_id()
        rows = [row for row in reply if row.sighting().client_id == own]
        if not rows:
            self.pass_by(now, jitter)
            return None
        # An id may have been used before; the latest order that had it is meant.
        return max(rows, key=lambda row: row.sighting().placed or 0)

    def _drop(self, now: float, jitter: float) -> None:
        """A query was refused for good: do without."""
        refused = self._look[self._at]
        self._questions = tuple(one for one in self._questions if one is not refused)
        if self._questions:
            self.pass_by(now, jitter)
        else:
            self.blind = True

    def pass_by(self, now: float, jitter: float) -> None:
        """That question did not find it: ask the next one, if there is one."""
        self._at += 1
        if self._at < len(self._look):
            self.ask_at = now
        elif self._may_prove_absence():
            self.proven = True
        else:
            if self._look_from >= self.dies:
                self._absences += 1
                self._absent_from = min(self._absent_from, self._look_from)
            self.again(now, jitter)

    def again(self, now: float, jitter: float) -> None:
        """Begin another look, after a pause."""
        self._look, self._at = (), 0
        self.ask_at = now + ask_pause(self._rounds, jitter, late=now >= self._fast_until)
        self._rounds += 1
        # Not before the times that matter, and not long after them.
        for moment in (self.dies, self._absent_from + ABSENT_FOR):
            if now < moment < self.ask_at:
                self.ask_at = moment

    def _may_prove_absence(self) -> bool:
        """Whether the look that has begun proves the order's absence if it finds nothing."""
        return (
            self._absences >= ABSENCES - 1
            and self._look_from >= self.dies
            and self._look_from - self._absent_from >= ABSENT_FOR
        )
