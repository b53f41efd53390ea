"""Nodes that know less than the exchange does: some forget orders, and all may lag behind.

Which request meets which ignorance is drawn from a generator of its own, so the same seed and
order of requests give the same.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from binance_papi.simulator.orders import Entry


class Replicas:
    """What the nodes that answer do not know.

    Args:
        forgetful: Probability that a request about an open order meets a node that forgot it,
            0 to 1; the order then stays forgotten for a while.
        forgets_for: Shortest and longest such while, seconds.
        lag: Seconds that queries look back, or (lowest, highest) of a draw per query.
        seed: Seed of the draws.

    Raises:
        ValueError: If a value can't be right.
    """

    def __init__(
        self,
        *,
        forgetful: float = 0.0,
        forgets_for: tuple[float, float] = (0.5, 25.0),
        lag: float | tuple[float, float] = 0.0,
        seed: int = 0,
    ) -> None:
        if not 0 <= forgetful <= 1:
            raise ValueError("forgetful is a probability, from 0 to 1")
        if not 0 <= forgets_for[0] <= forgets_for[1]:
            raise ValueError("forgets_for is (shortest, longest), 0 or more")
        low, high = lag if isinstance(lag, tuple) else (lag, lag)
        if not 0 <= low <= high:
            raise ValueError("replica_lag is 0 or more, and (lowest, highest) in that order")
        self.forgetful = forgetful
        self.forgets_for = forgets_for
        self.lag = (low, high)
        # Another stream than that of the faults, which begins with the same seed.
        self._random = random.Random(f"replicas {seed}")  # noqa: S311 - no secret
        self._until: dict[int, int] = {}

    def look_back(self) -> int:
        """Milliseconds that the next query looks back."""
        low, high = self.lag
        return int((low if low == high else self._random.uniform(low, high)) * 1000)

    def forget(self, order: Entry, until_ms: int) -> None:
        """Let an order be unknown to single requests until a time."""
        self._until[id(order)] = until_ms

    def denies(self, order: Entry, now_ms: int) -> bool:
        """Whether a request about an order is answered as if it were unknown."""
        until = self._until.get(id(order))
        if until is not None:
            if now_ms < until:
                return True
            del self._until[id(order)]
        if not self.forgetful or not order.is_open or self._random.random() >= self.forgetful:
            return False
        self.forget(order, now_ms + int(self._random.uniform(*self.forgets_for) * 1000))
        return True
