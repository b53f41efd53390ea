"""What a sight of an order proves: in a reply, in a list or in an event, or that none shows it."""

from __future__ import annotations

from math import inf
from typing import Any, Final

from binance_papi.core.agenda import Agenda
from binance_papi.core.answer import NotOpen
from binance_papi.core.cancel import CANCELED, GONE, OPEN, TRIGGERING, Sighting
from binance_papi.core.outcome import AlreadyGone, Canceled, Rejected

_TRIGGERING: Final = (0.1, 0.4)
_ABSENT_APART: Final = 2.0
_ABSENCES: Final = 2


class Sight(Agenda):
    """A case that learns from what is seen of its order."""

    __slots__ = ()

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
            self._see_triggering(now, jitter)
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
                self._end(Rejected, error=self._explain(self.request, self._last()))
                return
        again = self._cancel_again(now, jitter)
        if not again or self._lost:
            self._ask_later(now, jitter)

    def _see_triggering(self, now: float, jitter: float) -> None:
        """It is neither open nor gone for a moment."""
        low, high = _TRIGGERING
        self._puzzle = "it is triggering"
        self._ask_at = now + (low + (high - low) * jitter)

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
            self._end(Rejected, error=self._explain(self.request, answer))
            return
        self._cancel_again(now, jitter)
        self._ask_later(now, jitter)
