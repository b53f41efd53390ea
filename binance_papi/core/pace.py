"""How long to be patient with one attempt, learned from the attempts before it.

A cancel that gets no answer is not waited for at length: after a while a second one goes along on
another connection (a *hedge*: it is safe, since an order is cancelled once), and a little later
the attempt counts as unanswered. How long these whiles are follows what replies usually take.
Hedges are kept few by a budget that only replies refill, so that a slow exchange does not get
twice the load (the retry throttling of gRPC, A6).
"""

from __future__ import annotations

from typing import Final

_QUANTILE: Final = 0.95
_STEP: Final = 0.05
_ENOUGH: Final = 20
"""From so many replies on the estimate is trusted."""

_HEDGE_AT_LEAST: Final = 0.25
_HEDGE_AT_FIRST: Final = 0.5
_ASK_AT_LEAST: Final = 0.15
_PATIENCE_AT_LEAST: Final = 1.0
_PATIENCE_AT_MOST: Final = 5.0

_LATELY: Final = 1 / 16
_TOO_SILENT: Final = 0.25
_DOUBLINGS: Final = 3

_BUDGET: Final = 10.0
_REFILL: Final = 0.1


class Pace:
    """What replies usually take, in seconds from the writing of a request to its whole reply."""

    __slots__ = ("_heard", "_silence", "_tokens", "usual")

    def __init__(self) -> None:
        self.usual = 0.1
        """About 95 of 100 replies are quicker."""
        self._heard = 0
        self._silence = 0.0
        self._tokens = _BUDGET

    def hear(self, seconds: float, *, answered: bool = True) -> None:
        """A reply came, or an attempt was given up without one, after ``seconds``."""
        self._heard += 1
        self._silence += (float(not answered) - self._silence) * _LATELY
        scale = max(self.usual, 0.01) * _STEP
        self.usual += scale * (_QUANTILE if seconds > self.usual else _QUANTILE - 1)
        self._tokens = min(_BUDGET, self._tokens + _REFILL)

    @property
    def hedge_after(self) -> float:
        """After how many seconds without a reply a second cancel may go along."""
        if self._heard < _ENOUGH:
            return _HEDGE_AT_FIRST
        return max(_HEDGE_AT_LEAST, 2 * self.usual)

    @property
    def ask_after(self) -> float:
        """How many seconds a repeated cancel has for its answer before a query is made as well."""
        return max(_ASK_AT_LEAST, 1.5 * self.usual)

    @property
    def patience(self) -> float:
        """Seconds until an attempt counts as unanswered."""
        least = _PATIENCE_AT_LEAST
        if self._silence > _TOO_SILENT:
            least *= 4  # not single replies are lost: the exchange is slow
        return min(_PATIENCE_AT_MOST, max(least, 4 * self.usual))

    def patience_after(self, silences: int) -> float:
        """The same for an order of which so many attempts were not answered already."""
        return min(_PATIENCE_AT_MOST, self.patience * 2.0 ** min(silences, _DOUBLINGS))

    def hedge(self) -> bool:
        """Take one hedge out of the budget; tells whether there was one."""
        if self._tokens <= _BUDGET / 2:
            return False
        self._tokens -= 1
        return True
