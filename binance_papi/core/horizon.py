"""From when on an attempt that got no answer can have no effect any more: its horizon.

The exchange refuses a signed request once its receive window is over, and gives up on its engine
after `ENGINE` seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

ENGINE: Final = 10.0
"""Seconds after which the exchange gives up on its engine (documented for Spot, "Timing")."""

WIDEST: Final = 5000
"""Milliseconds up to which a receive window is widened where the way turned out to be long."""


class Trial(NamedTuple):
    """An attempt that may have had an effect.

    Attributes:
        since: Exchange time in ms from which it may have come.
        dies: Monotonic time from which it can't come any more.
        written: Monotonic time of its writing; ``None`` where an earlier call wrote it.
    """

    since: int
    dies: float
    written: float | None = None

    def retimed(self, earliest: Callable[[float], int]) -> Trial:
        """The same, as the exchange's clock is understood now."""
        return self if self.written is None else self._replace(since=earliest(self.written))
