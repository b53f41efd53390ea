"""How far the exchange's clock is from ours: an interval, not a guess.

``theta`` is exchange time minus local monotonic time, in seconds. Every reply bounds it: what the
exchange wrote while serving was written between our sending and our receiving. The bounds of many
replies are intersected, so that ordinary traffic learns the clock and no request is made for it.

* A ``Date`` header (1 s grain) gives ``Date - received ≤ theta ≤ Date + 1 - sent``.
* A millisecond field written while serving gives the same with a grain of 1 ms. It refines what
  ``Date`` told and never overrules it.
* The interval widens by `DRIFT` per second of age, since two quartzes part.
* Bounds that contradict it a little (at most `MAX_ERROR`) teach that the exchange's clocks differ
  among themselves: from then on every bound is taken with that much slack.
* A ``Date`` that contradicts it by more means that a clock jumped: everything is learned anew.

Only the monotonic clock is used once the client runs; the wall clock is the first guess, no more.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

MAX_ERROR: Final = 1.0
"""Half the width of an interval about which nothing better is known, in seconds."""

DRIFT: Final = 50e-6
"""How fast two quartz clocks may part: 50 ppm."""

_SLACK: Final = 0.01
"""Clocks of one data centre agree to some milliseconds; bounds are taken with this much slack."""

_NOTABLE: Final = 0.001
"""A bound that moves by less changes no decision."""

_LEAD: Final = 0.5
"""Timestamps lead the lowest possible exchange time by at most this (refused from 1 s on)."""


class Change(Enum):
    """What an observation did to the interval."""

    NONE = "none"
    MOVED = "moved"
    """A bound moved; what was decided before stays right."""
    JUMPED = "jumped"
    """A clock was wrong until now: what was decided before may sit in the wrong window."""


class ClockOffset:
    """The interval for ``theta``.

    Args:
        wall: The local wall clock now, Unix seconds: a first guess.
        now: The local monotonic clock now, seconds.
        least: Half the width that is allowed for at the boundaries of windows at least, seconds:
            the clock that counts need not be the one that writes ``Date``.
    """

    __slots__ = ("_at", "_high", "_least", "_low", "_middle", "_slack", "learned", "version")

    def __init__(self, wall: float, now: float, least: float = 0.0) -> None:
        self._least = least
        self._low = wall - now - MAX_ERROR
        self._high = wall - now + MAX_ERROR
        self._middle = wall - now
        self._at = now
        self._slack = _SLACK
        self.learned = False
        """Whether the exchange has been heard at all."""
        self.version = 0
        """Another one after each observation that was taken in."""

    def bounds(self, now: float) -> tuple[float, float]:
        """Lowest and highest ``theta`` at monotonic time ``now``."""
        age = DRIFT * max(0.0, now - self._at)
        return self._low - age, self._high + age

    def error(self, now: float) -> float:
        """Half the width of the interval, in seconds."""
        low, high = self.bounds(now)
        return (high - low) / 2

    def observe(self, earliest: float, latest: float, sent: float, received: float) -> Change:
        """Learn from a ``Date`` header.

        Args:
            earliest: Lowest exchange time that fits the header, Unix seconds.
            latest: Highest such time.
            sent: Monotonic time just before the request was written.
            received: Monotonic time when the reply was there.
        """
        low, high = earliest - received - self._slack, latest - sent + self._slack
        if not self.learned:
            return self._start(low, high, received)
        change = self._agree(low, high, received)
        if change is not None:
            return change
        self._slack = _SLACK
        middle = (low + high) / 2
        self._set(min(low, middle - MAX_ERROR), max(high, middle + MAX_ERROR), received)
        return Change.JUMPED

    def refine(self, stamp_ms: int, sent: float, received: float) -> Change:
        """Learn from a field in milliseconds that was written while serving the request.

        It only ever refines what a ``Date`` told: a field that is far off is about something else.

        Args:
            stamp_ms: The field, epoch milliseconds.
            sent: Monotonic time just before the request was written.
            received: Monotonic time when the reply was there.
        """
        low = stamp_ms / 1000 - received - self._slack
        high = (stamp_ms + 1) / 1000 - sent + self._slack
        change = self._agree(low, high, received) if self.learned else None
        return Change.NONE if change is None else change

    def _agree(self, low: float, high: float, now: float) -> Change | None:
        """Intersect with new bounds, or widen where they contradict a little; ``None``: a lot."""
        old_low, old_high = self.bounds(now)
        new_low, new_high = max(low, old_low), min(high, old_high)
        if new_low <= new_high:
            return self._set(new_low, new_high, now)
        gap = new_low - new_high
        if gap > MAX_ERROR or max(high, old_high) - min(low, old_low) > 2 * MAX_ERROR:
            return None
        # Both sides held slack already: the clocks differ by that much more than the gap.
        self._slack = min(MAX_ERROR, 2 * self._slack + gap)
        return self._set(min(low, old_low), max(high, old_high), now)

    def _start(self, low: float, high: float, now: float) -> Change:
        """Take the first bounds as they are: the wall clock was a guess, not evidence."""
        fits = low <= self._high and self._low <= high
        self._set(low, high, now)
        self.learned = True
        return Change.MOVED if fits else Change.JUMPED

    def _set(self, low: float, high: float, now: float) -> Change:
        old_low, old_high = self.bounds(now)
        self.version += 1
        self._low, self._high, self._at = low, high, now
        self._middle = (low + high) / 2
        moved = abs(low - old_low) > _NOTABLE or abs(high - old_high) > _NOTABLE
        return Change.MOVED if moved else Change.NONE

    def surely(self, exchange: float) -> float:
        """The monotonic time from which the exchange certainly reads ``exchange`` or later."""
        return (exchange - self._low + self._pad() - DRIFT * self._at) / (1 - DRIFT)

    def perhaps(self, exchange: float) -> float:
        """The monotonic time from which the exchange may read ``exchange`` or later."""
        return (exchange - self._high - self._pad() + DRIFT * self._at) / (1 + DRIFT)

    def _pad(self) -> float:
        return max(0.0, self._least - (self._high - self._low) / 2)

    def reads(self, now: float) -> float:
        """Lowest exchange time possible at ``now``, Unix seconds, as windows are counted."""
        return now + self.bounds(now)[0] - self._pad()

    def timestamp(self, now: float) -> int:
        """The timestamp to sign with, in epoch milliseconds."""
        return int(self.milliseconds(now))

    def milliseconds(self, now: float) -> float:
        """The same with the part of the present millisecond that is over.

        From the low side of the interval: the exchange takes a timestamp that is seconds late, but
        none that is 1000 ms ahead. Never more than `_LEAD` above the lowest possible time.
        """
        # The interval widens with age at both ends, so that its middle stays where it is.
        early = self._low + _LEAD - DRIFT * (now - self._at)
        return (now + min(early, self._middle)) * 1000
