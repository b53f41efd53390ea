"""An exchange that only counts, and a clock it may have: the judges of the weight tracker.

Written from the exchange's documentation, not from the tracker: a dictionary from the number of a
window to what was used in it. Nothing of ``core.weight`` or ``core.window`` is used here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from math import floor

from binance_papi.core.offset import ClockOffset
from binance_papi.terms import RateLimit

BEGINNING = 1_700_000_000.0
"""Exchange time when a test begins, Unix seconds; a test adds what it likes."""

MARGIN = 1e-5
"""Floats of this size are exact to a quarter of a microsecond: keep off the interval's edges."""


@dataclass(eq=False)
class Life:
    """One request on the wire, as the exchange's side sees it (exchange seconds)."""

    weight: int
    sent: float
    ended: float | None = None
    counted: bool = False
    counted_at: float = 0.0
    header: dict[str, str] = field(default_factory=dict)


class Exchange:
    """Counts one kind of weight by one or more rules.

    Args:
        rules: The rules.
        stem: ``used-weight`` or ``order-count``.
    """

    def __init__(self, rules: tuple[RateLimit, ...], stem: str) -> None:
        self.rules = rules
        self.stem = stem
        self.used: list[defaultdict[int, int]] = [defaultdict(int) for _ in rules]
        self.lives: list[Life] = []

    def send(self, weight: int, at: float) -> Life:
        """A request sets out."""
        life = Life(weight, at)
        self.lives.append(life)
        return life

    def count(self, life: Life, at: float) -> None:
        """The limiter meets the request; its reply will carry what is used then."""
        life.counted, life.counted_at = True, at
        life.header = self.add(life.weight, at)

    def add(self, weight: int, at: float) -> dict[str, str]:
        """Count ``weight``, of whomever; returns the headers."""
        header = {}
        for rule, used in zip(self.rules, self.used, strict=True):
            used[floor(at / rule.seconds)] += weight
            name = f"x-mbx-{self.stem}-{rule.interval_num}{rule.interval[0].lower()}"
            header[name] = str(used[floor(at / rule.seconds)])
        return header

    def forget(self, life: Life) -> None:
        """The request never left after all."""
        assert not life.counted
        self.lives.remove(life)

    def worst(self, rule: RateLimit, now: float) -> dict[int, int]:
        """For every window: what was counted in it, and all else that may yet be.

        A request on the wire may be counted in any window of its life so far; one whose time is
        over uncounted never will be. (When each one is counted is what the tests draw.)
        """
        possible: defaultdict[int, int] = defaultdict(int)
        for life in self.lives:
            if life.counted:
                possible[floor(life.counted_at / rule.seconds)] += life.weight
            elif life.ended is None or life.ended > now:
                for index in range(floor(life.sent / rule.seconds), floor(now / rule.seconds) + 1):
                    possible[index] += life.weight
        return possible

    def sent_in(self, rule: RateLimit) -> dict[int, int]:
        """For every window: what set out in it."""
        totals: defaultdict[int, int] = defaultdict(int)
        for life in self.lives:
            totals[floor(life.sent / rule.seconds)] += life.weight
        return totals


def allowed(rule: RateLimit) -> int:
    """The limit less one percent that is never used, rounded down."""
    return rule.limit - rule.limit // 100


def known_within(error: float, place: float, theta: float, now: float) -> ClockOffset:
    """What a client may know of a clock that is ``theta`` ahead of its own.

    Args:
        error: Half the width of the interval, at least 0.011 s.
        place: Where in it the truth is, 0 (its low end) to 1.
        theta: The truth.
        now: Monotonic seconds.
    """
    offset = ClockOffset(theta + now, now)
    slack = 0.01  # what `ClockOffset` adds to both sides of an observation
    low = theta + MARGIN - place * 2 * error
    offset.observe(
        low + now + slack - MARGIN, low + now + 2 * error - slack + MARGIN, sent=now, received=now
    )
    actual_low, actual_high = offset.bounds(now)
    assert actual_low <= theta <= actual_high
    return offset
