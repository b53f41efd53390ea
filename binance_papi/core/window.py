"""One rate-limit rule's windows: what may be counted in which.

The exchange counts in windows that are fixed to its clock: a minute rule starts anew at every full
minute (General Info, "Limits"; the alignment is documented for Spot and inferred here, so it is
also checked, see `WeightTracker`). Around a boundary nobody outside knows which of two windows
counts a request. `Window` keeps the charge of the present window and, while that zone is open, of
the next.
"""

from __future__ import annotations

from math import floor, inf

from binance_papi.core.offset import ClockOffset
from binance_papi.core.usage import Usage, header_of
from binance_papi.terms import RateLimit

HEADROOM = 0.01
"""Part of the limit that is never used."""

MELTED = 0.02
"""The reserve is gone this part of a window before its end, so that what needs all can go."""

MIN_SHARE = 0.1
"""Refusals shrink the limit we believe in to this share of it at least."""


class Window:
    """Charges of one rule.

    Attributes:
        rule: The rule.
        header: The header that reports its use.
        index: Number of the present window: the oldest one the exchange may still be in.
        charged: Everything of ours that it may count in this window.
        carried: Part of that which was sent before this window had certainly begun, so that it may
            have been counted in the window before.
        next_charged: The same for the next window once it may have begun; ``None`` before.
        previous: What the window before was charged.
        foreign: What others are known to have used in this window at least.
        predicted: What others used in the window before, expected again.
        share: The part of the limit we believe in, 1 unless the exchange refused.
        capacity: What one window may be charged, as far as we believe in the limit.
        opens_at: Monotonic time from which the next window may have begun.
        rolls_at: Monotonic time from which it certainly has.
        fresh: Whether this is the window the client began in: what was used in it before may be the
            work of an earlier process, so it predicts nothing.
        seen: What the exchange reported last to a request that had the address for itself.
        sliding: Whether two windows are summed, because boundaries are not where they should be.
    """

    __slots__ = (
        "capacity",
        "carried",
        "charged",
        "foreign",
        "fresh",
        "header",
        "index",
        "next_charged",
        "opens_at",
        "period",
        "predicted",
        "previous",
        "regain",
        "rolls_at",
        "rule",
        "seen",
        "share",
        "sliding",
    )

    def __init__(self, rule: RateLimit) -> None:
        self.rule = rule
        self.header = header_of(rule)
        self.period = rule.seconds
        self.index = 0
        self.charged = 0
        self.carried = 0
        self.next_charged: int | None = None
        self.previous = 0
        self.foreign = 0
        self.predicted = 0
        self.believe(1.0)
        self.regain = 0.05
        self.opens_at = self.rolls_at = -inf
        self.fresh = True
        self.seen = 0
        self.sliding = False

    def place(self, offset: ClockOffset, now: float) -> None:
        """Put the present window where the clock says it is, keeping its charge."""
        self.index = floor(offset.reads(now) / self.period)
        self.reclock(offset)

    def reclock(self, offset: ClockOffset) -> None:
        """Work out anew when the next window may have begun, and when it certainly has."""
        boundary = (self.index + 1) * self.period
        self.opens_at = offset.perhaps(boundary)
        self.rolls_at = offset.surely(boundary)

    def follow(self, offset: ClockOffset, now: float, *, jumped: bool) -> bool:
        """Follow a change of what is known of the exchange's clock.

        Args:
            offset: What is known now.
            now: Monotonic seconds.
            jumped: Whether what was known before was wrong.

        Returns:
            Whether a header may now speak of another window than it did.
        """
        if jumped:
            # Nobody knows which window counted what was sent so far: charge it to both.
            self.charged = max(self.charged, self.next_charged or 0)
            self.next_charged, self.carried = None, 0
            index = self.index
            self.place(offset, now)
            if self.index < index:
                self.charged += self.previous  # it is still the window before
            if now >= self.opens_at:
                self.open_next(self.charged)
            return True
        opened = self.opens_at
        self.reclock(offset)
        less = self.opens_at < opened  # is known than was thought
        if self.next_charged is not None and now < self.opens_at:
            # More is known: the next window has certainly not begun. What is in flight will be
            # carried into it when it may have.
            self.next_charged = None
            return True
        return less

    @property
    def edge(self) -> float:
        """When this window's books change next."""
        return self.rolls_at if self.next_charged is not None else self.opens_at

    def open_next(self, in_flight: int) -> None:
        """The next window may have begun: whatever is in flight may be counted there (I1)."""
        self.next_charged = in_flight

    def roll(self, offset: ClockOffset, now: float, in_flight: int) -> None:
        """The present window is certainly over."""
        # At the very instant of the boundary rounding may still read the window before.
        index = max(self.index + 1, floor(offset.reads(now) / self.period))
        adjacent = index == self.index + 1
        carry = self.next_charged if adjacent and self.next_charged is not None else in_flight
        self.previous = self.charged if adjacent else 0
        self.predicted = self.foreign if adjacent and not self.fresh else 0
        self.fresh = False
        self.believe(min(1.0, self.share + self.regain * (index - self.index)))
        self.charged = self.carried = carry
        self.next_charged, self.foreign = None, 0
        self.index = index
        self.reclock(offset)

    def charge(self, weight: int) -> None:
        """Charge (or with a negative weight refund) every window this may be counted in."""
        self.charged += weight
        if self.next_charged is not None:
            self.next_charged += weight

    def believe(self, share: float) -> None:
        """Believe in this share of the limit, and work out what a window may be charged."""
        self.share = share
        self.capacity = int(self.rule.limit * share) - int(self.rule.limit * HEADROOM)

    def hear(self, used: int) -> int:
        """Take note of what others used; returns by how much that is more than was known.

        A lower bound: `charged` holds all of ours that may be in it. Replies arrive in any order; a
        maximum does not mind.
        """
        more = used - self.charged - self.foreign
        if more <= 0 or self.next_charged is not None:
            return 0
        self.foreign += more
        return more

    def hear_alone(self, used: int, *, follows: bool) -> bool:
        """A request had the address for itself, so ``used`` is the whole truth.

        Args:
            used: What the exchange reported.
            follows: Whether the request before had the address for itself too.

        Returns:
            Whether boundaries are where they should be, as far as this tells; if not, from now on
            two windows are summed.
        """
        aligned = True
        if self.next_charged is None and not self.sliding:
            if follows and used < self.seen:
                # Between two such requests use can only grow.
                self.sliding, aligned = True, False
            elif self.carried:
                self.verify(used)
        self.seen = used
        return aligned

    @property
    def sure(self) -> bool:
        """Whether what is sent now counts here, and nowhere else."""
        return not self.sliding and self.next_charged is None

    def doubtful(self, alone: bool) -> bool:
        """Whether room has to be held back for a request that clears a doubt about this window.

        Args:
            alone: Whether nothing else is in flight, so that the next request can be that one.
        """
        if self.sliding:
            return False
        return self.next_charged is not None or (self.carried > 0 and not alone)

    def verify(self, used: int) -> None:
        """Nothing else was in flight when the exchange counted ``used``: it is the whole truth.

        The carry-in beyond it was counted in the window before, and is given back. Never more than
        that: a counter that lags behind must not undo what was certainly sent in this window.
        """
        self.charged -= max(0, min(self.carried, self.charged + self.foreign - used))
        self.carried = 0

    def room(self) -> int:
        """What may still be charged now; negative when others used more than expected."""
        # Without max(): a call would cost a tenth of a microsecond, for every request.
        others = self.foreign if self.foreign > self.predicted else self.predicted  # noqa: FURB136
        room = self.capacity - others - self.charged
        if self.next_charged is None and not self.sliding:
            return room
        if self.sliding:
            room -= self.previous
        if self.next_charged is not None:
            after = self.capacity - self.foreign - self.next_charged
            if self.sliding:
                after -= self.charged
            room = min(room, after)
        return room

    def room_beside(self, reserve: float, now: float) -> float:
        """What may still be charged to a request that leaves a reserve alone.

        Args:
            reserve: Part of the limit that is kept, 0 to 1. What is kept of the present window
                melts until its end; of a next window that may have begun, all of it is kept.
            now: Monotonic seconds.
        """
        kept = reserve * self.rule.limit
        room = self.room() - kept * self.remaining(now)
        if self.next_charged is None:
            return room
        return min(room, self.capacity - self.foreign - self.next_charged - kept)

    def chance(self, weight: int, most: float, reserve: float) -> float:
        """When a request may fit at the earliest.

        Args:
            weight: Its weight.
            most: What may be charged at most, whatever the limit.
            reserve: Part of the limit that it has to leave alone, 0 to 1.

        Returns:
            Monotonic seconds; long ago if it fits now.
        """
        if weight > min(self.room(), most - self.charged):
            return self.rolls_at
        return self._chance_beside(weight, reserve) if reserve else -inf

    def _chance_beside(self, weight: int, reserve: float) -> float:
        """When a request fits at the earliest that leaves a reserve alone."""
        kept = reserve * self.rule.limit
        if self.next_charged is not None and weight > (
            self.capacity - self.foreign - self.next_charged - kept
        ):
            return self.rolls_at
        return self.rolls_at - max(MELTED, (self.room() - weight) / kept) * self.period

    def remaining(self, now: float) -> float:
        """Part of the window that is still to come, 0 to 1; its last moments count as over."""
        part = (self.rolls_at - now) / self.period
        return min(1.0, part) if part > MELTED else 0.0

    def wait(self, weight: int, now: float) -> float:
        """At least how many seconds it takes until ``weight`` in all fits; 0: it fits now."""
        short = weight - max(0, self.room())
        if short <= 0:
            return 0.0
        # What the next window is charged already takes room there.
        later = max(0, short - self.capacity + (self.next_charged or 0))
        full = -(-later // max(1, self.capacity))
        return self.rolls_at - now + full * self.period

    def usage(
        self, now: float, in_flight: int, frozen_for: float, refused: int, address: str | None
    ) -> Usage:
        """The state of this rule; what a window does not know is told by its tracker."""
        return Usage(
            limit=self.rule,
            used=self.charged + self.foreign,
            in_flight=in_flight,
            resets_in=max(0.0, self.rolls_at - now),
            foreign=self.foreign,
            frozen_for=frozen_for,
            refused=refused,
            source_address=address,
        )
