"""What time it is: the only room that asks."""

from __future__ import annotations

import asyncio
import time
from math import inf
from typing import Final

from binance_papi.core.offset import Change, ClockOffset
from binance_papi.core.usage import Headers, http_date

_LEAST: Final = 0.75
"""Seconds by which the clock that counts requests may differ from the one that writes ``Date``."""

_REST: Final = 0.05
"""Once a reply taught nothing new, a look every 50 ms is enough, and a burst stays cheap."""


class Clock:
    """The loop's monotonic clock, and what is known of the exchange's.

    Args:
        loop: The event loop; its clock also drives the timers, so a virtual loop moves both.
    """

    __slots__ = ("jumps", "now", "offset", "rests_until")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time
        """Monotonic seconds."""
        self.offset = ClockOffset(time.time(), loop.time(), _LEAST)
        self.jumps = 0
        """How often what was believed of the exchange's clock turned out to be wrong."""
        self.rests_until = -inf
        """Monotonic time until which a reply that is in order teaches nothing more."""

    def learn(
        self,
        headers: Headers,
        stamped: int | None,
        sent: float,
        received: float,
        *,
        doubted: bool = False,
    ) -> Change:
        """Learn the exchange's clock from a reply.

        Args:
            headers: The reply's headers.
            stamped: Exchange time in ms that was written while serving the request; ``None``: none.
            sent: Monotonic time just before the request was written.
            received: Monotonic time when the reply was there.
            doubted: Whether it refuses our time, so that it is looked at in any case.
        """
        if received < self.rests_until and not doubted:
            return Change.NONE
        change = Change.NONE
        date = http_date(headers.get("date"))
        if date is not None:
            change = self.offset.observe(date, date + 1, sent, received)
        if stamped is not None and change is not Change.JUMPED:
            fine = self.offset.refine(stamped, sent, received)
            change = change if fine is Change.NONE else fine
        if change is Change.NONE:
            self.rests_until = received + _REST
        self.jumps += change is Change.JUMPED
        return change

    def earliest(self, when: float) -> int:
        """Lowest exchange time that monotonic time ``when`` may be, epoch milliseconds."""
        return int((when + self.offset.bounds(self.now())[0]) * 1000)

    def latest(self, when: float) -> int:
        """Highest exchange time that monotonic time ``when`` may be, epoch milliseconds."""
        return int((when + self.offset.bounds(self.now())[1]) * 1000) + 1

    def timestamp(self) -> int:
        """The timestamp to sign with now, epoch milliseconds."""
        return self.offset.timestamp(self.now())
