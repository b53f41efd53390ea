"""One timer for many: each sleeper is called when its own time has come.

A timer of the loop for each of thousands costs more than all else that is done for them.
"""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Protocol

from binance_papi.net.timer import Timer


class Sleeper(Protocol):
    """Whoever is to be called."""

    rings_at: float
    """When, monotonic seconds; infinite: not at all. Only the alarm changes it."""

    def ring(self) -> None:
        """Its time has come."""
        ...


class Alarm:
    """Calls sleepers in time, with at most one timer, and with none while all may sleep.

    Args:
        loop: The loop whose timer is used.
    """

    __slots__ = ("_awake", "_heap", "_loop", "_numbers", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # What was set since is left in it, and passed over when it comes up.
        self._heap: list[tuple[float, int, Sleeper]] = []
        self._numbers = count()
        self._awake = 0
        self._timer: Timer | None = None

    def set(self, sleeper: Sleeper, when: float) -> None:
        """Call a sleeper at this time, and not at the one that was set before.

        Args:
            sleeper: Whom.
            when: Monotonic seconds; infinite: not at all.
        """
        before = sleeper.rings_at
        if when == before:
            return
        sleeper.rings_at = when
        if when == inf:
            self._awake -= 1
            if not self._awake:
                self._heap.clear()
                self._disarm()
            return
        self._awake += before == inf
        heappush(self._heap, (when, next(self._numbers), sleeper))
        timer = self._timer
        if timer is None or when < timer.when:
            self._disarm()
            self._timer = Timer(self._loop, when, self._ring)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        self._timer = None
        now, heap = self._loop.time(), self._heap
        while heap and heap[0][0] <= now:
            when, _, sleeper = heappop(heap)
            if sleeper.rings_at == when:
                sleeper.rings_at = inf
                self._awake -= 1
                sleeper.ring()
        if heap and self._awake and self._timer is None:
            self._timer = Timer(self._loop, heap[0][0], self._ring)
