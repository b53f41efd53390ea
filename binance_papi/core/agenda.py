"""What is due next for an order that is being cancelled: a cancel, a query, or neither yet."""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Any, Final

from binance_papi.core.case import Case
from binance_papi.core.endpoint import Request
from binance_papi.core.pauses import ask_pause, backoff

MAX_TRIES: Final = 4
"""Cancels of one order that may have had an effect, until a query tells that they had none."""


class Step(Enum):
    """What is to be done now."""

    CANCEL = "cancel"
    ASK = "ask"
    WAIT = "wait"
    END = "end"


class Agenda(Case):
    """A case, and when the next cancel and the next query of it are due."""

    __slots__ = ()

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
    def _may_ask(self) -> bool:
        """Whether a query can be made: none is under way, and some are left."""
        return not self._asking and self._questions != ()

    def hurry(self, now: float) -> None:
        """Somebody wants to know: no pause before the next query."""
        self._ask_at = min(self._ask_at, now)

    def skip_hedge(self) -> None:
        """No second cancel for the one on its way."""
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

    def _ask_what_became_of_it(self, now: float) -> None:
        """Ask now, where the orders that ended are found first."""
        self._ask_at = now
        if not self._asking:
            self._question, self._misses = max(0, len(self._open_questions()) - 1), 0

    def _open_questions(self) -> tuple[Request[Any], ...]:
        if self._questions is None:
            self._questions = self.request.questions()
        return self._questions

    def _ask_later(self, now: float, jitter: float) -> None:
        self._ask_at = now + ask_pause(self._rounds, jitter, late=now >= self.deadline)
        self._rounds += 1
