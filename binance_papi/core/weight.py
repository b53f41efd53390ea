"""The request weight tracker: how much may be sent now so that no window passes its limit.

Vocabulary, in the exchange's words where it has one: *request weight* and *order count* are what a
request costs; a *window* is the span in which costs are summed; *429* is a limit reached, *418* a
ban for not backing off. Ours: a *ticket* is the right to send one request; it is *settled* by its
reply, *refunded* when the request never left, *lost* when nobody knows.

The rules (General Info, "Limits", as of 2026-03): 6000 request weight per minute and address, 1200
orders per minute and account; every reply reports the weight used in the present window; breaking a
limit answers 429 and, if continued, 418 for two minutes up to three days. What it does not tell:
when in its life a request is counted, how clocks differ, who else uses the address. So nothing here
relies on a latency: a request may be counted at any moment between its sending and its settlement.

Invariants, cited by tests:

I1  Safety: an admitted request is charged to every window in which it may still be counted, so what
    the exchange counts of ours never passes ``limit - headroom``, for any latency, any order of
    replies, any loss, and any clock error inside the known interval (for windows longer than that
    interval: 2 s at worst).
I2  Conservation: ``in_flight`` is the weight sent and not settled; no charge is ever negative.
I3  Work conservation: what I1 allows is granted.
I5  A refund takes back exactly what was charged; a request that may have been sent is never
    refunded.
I7  Every operation is O(1) amortised.
I8  Freeze: nothing is granted while the exchange asked for silence.
(I4 and I6, order and residue, are the waiting room's: `binance_papi.core.admission`.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf
from typing import Final

from binance_papi.core.endpoint import Lane
from binance_papi.core.events import AlignmentLost, Event, Frozen
from binance_papi.core.offset import Change, ClockOffset
from binance_papi.core.ticket import Ticket
from binance_papi.core.usage import Headers, Usage, count
from binance_papi.core.window import MIN_SHARE, Window
from binance_papi.terms import RateLimit

LINGER: Final = 5.0
"""For how many seconds a lost request may still arrive at the exchange after we gave it up."""

RESERVE: Final = 0.25
"""Part of the limit kept for cancels at the start of a window; it melts to nothing at its end."""

COLD_SHARE: Final = (0.5, 0.5, 0.1, 0.1, 0.1)
"""Part of the limit each lane may use while nothing is known of the window (a fresh process may
follow another one on the same address)."""

RESERVED: Final = Lane.REDUCE
"""From this lane on the reserve is out of reach. (Looked up in the enumeration, it costs more.)"""

_PROBE_WAIT: Final = 1.0
"""How long the very first request goes alone, in seconds: its reply tells clock and used weight."""

_BACK_OFF: Final = 0.7
_BAN_REGAIN: Final = 0.10


class WeightTracker:
    """Accounts for one counter of the exchange: an address's weight, or an account's orders.

    Every method takes ``now``, monotonic seconds; it never goes back. Nothing here waits.

    Args:
        limits: The rules of this counter; with none, everything fits.
        offset: What is known of the exchange's clock; shared, and changed by its owner, who then
            calls `reclock`.
        now: Monotonic seconds.
        reserve: Part of the limit kept for cancels at the start of a window, 0 to 1.
        probe: Whether the first request goes alone, and little is used until a reply told more.
        source_address: For reports only.
    """

    __slots__ = (
        "_banned",
        "_cold",
        "_edge",
        "_frozen_at",
        "_last_alone",
        "_lost",
        "_lost_weight",
        "_offset",
        "_only",
        "_plain",
        "_probing_until",
        "_refused",
        "_reserve",
        "_serial",
        "ceiling",
        "epoch",
        "events",
        "frozen_until",
        "in_flight",
        "source_address",
        "windows",
    )

    def __init__(
        self,
        limits: Sequence[RateLimit],
        offset: ClockOffset,
        now: float,
        *,
        reserve: float = RESERVE,
        probe: bool = True,
        source_address: str | None = None,
    ) -> None:
        self.windows = tuple(Window(rule) for rule in limits)
        self._only = self.windows[0] if len(self.windows) == 1 else None
        self._plain: Window | None = None
        self.epoch = self.in_flight = 0
        self.ceiling: float = min((window.capacity for window in self.windows), default=inf)
        """The most that one request may ever cost."""
        self.events: list[Event] = []
        self._offset = offset
        self._reserve = reserve
        self.source_address = source_address
        self._lost: deque[tuple[float, int]] = deque()
        self._lost_weight = self._serial = 0
        self._cold = probe
        self._probing_until = inf if probe else -inf
        self._frozen_at = self.frozen_until = -inf
        self._banned = False
        self._refused = 0
        # Serial and epoch of the last request that had the address for itself.
        self._last_alone = (-1, -1)
        for window in self.windows:
            window.place(offset, now)
        self._take_stock()

    # ------------------------------------------------------------------ time

    def _roll(self, now: float) -> None:
        """Bring the windows up to ``now``."""
        # What was lost counts in the new window if its time had not run out when that window may
        # have begun; `now` can be much later.
        while self._lost and self._lost[0][0] <= self._edge:
            self._lost_weight -= self._lost.popleft()[1]
        carried = self.in_flight + self._lost_weight
        for window in self.windows:
            if now >= window.rolls_at:
                window.roll(self._offset, now, carried)
            if window.next_charged is None and now >= window.opens_at:
                window.open_next(carried)
        self._cold = self._cold and any(window.fresh for window in self.windows)
        self.epoch += 1
        self._take_stock()

    def reclock(self, change: Change, now: float) -> None:
        """Follow a change of what is known of the exchange's clock."""
        if now >= self._edge:
            self._roll(now)
        for window in self.windows:
            if window.follow(self._offset, now, jumped=change is Change.JUMPED):
                self.epoch += 1
            began = self._offset.surely(window.index * window.period)
            if began > now and change is not Change.JUMPED:
                # The interval widened to before this window's start. Wait until it surely began.
                self.frozen_until = max(self.frozen_until, began)
        self._take_stock()

    # ------------------------------------------------------------------ admission

    def admit(self, weight: int, lane: Lane, now: float) -> Ticket | None:
        """Charge a request that is sent now.

        Args:
            weight: What it costs, at least 0.
            lane: On whose behalf; cancels may use the reserve.
            now: Monotonic seconds.

        Returns:
            A ticket that must be settled exactly once, or ``None``: not now.
        """
        if now >= self._edge:
            self._roll(now)
        if now < self.frozen_until:
            return None
        in_flight = self.in_flight
        if self._probing_until > now:
            if in_flight:
                return None
            self._plain = None
        alone = not (in_flight or self._lost_weight)
        plain = self._plain
        if plain is not None and lane < RESERVED:
            # Nearly every cancel, at half the cost; held back is what `_held` says.
            if weight > plain.room() - (plain.carried > 0 and not alone):
                return None
            plain.charged += weight
        elif not self._charge(weight, lane, alone, now):
            return None
        self.in_flight = in_flight + weight
        self._serial += 1
        return Ticket(weight, self.epoch, now, self._serial, alone)

    def _charge(self, weight: int, lane: Lane, alone: bool, now: float) -> bool:
        """Charge a request to all windows, if it fits."""
        if weight > self.room(lane, now) - self._held(alone):
            return False
        for window in self.windows:
            window.charge(weight)
        if self._probing_until == inf and not self._banned:
            self._probing_until = now + _PROBE_WAIT
        return True

    def _take_stock(self) -> None:
        """Note when to look again, and whether there is one window that counts all, and alone."""
        self._edge = min((window.edge for window in self.windows), default=inf)
        window = self._only
        sure = window is not None and window.sure and not self._cold
        self._plain = window if sure and self._probing_until < inf else None

    def _held(self, alone: bool) -> bool:
        """Whether room is held back for a request that brings the exchange's own count.

        Once it is the only one in flight, it goes and ends the doubt about which window counts.
        """
        return any(window.doubtful(alone) for window in self.windows)

    def probing(self, now: float) -> bool:
        """Whether one request is out alone, to learn what the exchange says."""
        return self._probing_until > now and self.in_flight > 0

    def room(self, lane: Lane, now: float) -> float:
        """What may be charged now in this lane, as far as the limits go (freezes aside)."""
        room = inf
        for window in self.windows:
            beside = lane >= RESERVED and self._reserve
            space = window.room_beside(self._reserve, now) if beside else window.room()
            room = min(room, space, self._most(window, lane) - window.charged)
        return room

    def chance(self, weight: int, lane: Lane, now: float) -> float:
        """When a request that does not fit now may fit at the earliest, if no reply comes before.

        Returns:
            Monotonic seconds; infinite if only a reply can help.
        """
        if now < self.frozen_until:
            return self.frozen_until
        if self.probing(now):
            return self._probing_until
        alone = not self.in_flight and not self._lost_weight
        doubts = [window.rolls_at for window in self.windows if window.doubtful(alone)]
        when = self._fits(weight + bool(doubts), lane, now)
        # What is held back is free at the latest when the doubts end.
        return min(when, max(*doubts, self._fits(weight, lane, now))) if doubts else when

    def _fits(self, weight: int, lane: Lane, now: float) -> float:
        """When so much may fit at the earliest, freezes aside."""
        reserve = self._reserve if lane >= RESERVED else 0.0
        chances = (one.chance(weight, self._most(one, lane), reserve) for one in self.windows)
        return max(now, max(chances, default=now))

    def _most(self, window: Window, lane: Lane) -> float:
        """What a window may be charged on behalf of a lane while nothing is known of it."""
        return window.rule.limit * COLD_SHARE[lane] if self._cold and window.fresh else inf

    def wait(self, weight: int, now: float) -> float:
        """At least how long ``weight`` in all would take from now, in seconds.

        Args:
            weight: Everything that goes first, and the request itself.
            now: Monotonic seconds.
        """
        if now >= self._edge:
            self._roll(now)
        least = self.silence(now)
        for window in self.windows:
            least = max(least, window.wait(weight, now))
        return least

    # ------------------------------------------------------------------ settlement

    def refund(self, ticket: Ticket, now: float) -> None:
        """The request certainly never left: take the charge back everywhere (I5)."""
        if now >= self._edge:
            self._roll(now)
        self.in_flight -= ticket.weight
        # Unsettled since it was charged, it was carried into every window opened since.
        for window in self.windows:
            window.charge(-ticket.weight)

    def lose(self, ticket: Ticket, now: float) -> None:
        """Nobody knows: it may be counted for `LINGER` seconds yet."""
        if now >= self._edge:
            self._roll(now)
        self.in_flight -= ticket.weight
        self._lost.append((now + LINGER, ticket.weight))
        self._lost_weight += ticket.weight

    def settle(  # noqa: C901 - a call more would be paid by every request
        self, ticket: Ticket, headers: Headers, now: float
    ) -> int:
        """The exchange answered.

        Args:
            ticket: The request's ticket.
            headers: The reply's headers.
            now: Monotonic seconds.

        Returns:
            How much more was used than is known of, where this request had the address for itself
            and nothing else explains it; else 0.
        """
        if now >= self._edge:
            self._roll(now)
        self.in_flight -= ticket.weight
        if self._probing_until > now and ticket.at >= self._frozen_at:
            self._probing_until = -inf
            self._banned = False
        if ticket.epoch != self.epoch:
            return 0  # the header may speak of either of two windows
        alone = ticket.alone and ticket.serial == self._serial
        follows = alone and self._last_alone == (ticket.serial - 1, ticket.epoch)
        excess, cold = 0, self._cold
        for window in self.windows:
            used = count(headers, window.header)
            if used is not None:
                self._cold = False
                if used > window.charged + window.foreign:
                    excess = max(excess, window.hear(used))
                if alone and not window.hear_alone(used, follows=follows):
                    self.events.append(AlignmentLost(window.rule))
        if not alone:
            return 0
        self._last_alone = (ticket.serial, ticket.epoch)
        if self._plain is None or not self._plain.sure:
            self._take_stock()
        return 0 if cold else excess

    # ------------------------------------------------------------------ refusals

    def throttle(self, ticket: Ticket, retry_after: float | None, now: float) -> None:
        """A 429: silence until the exchange takes requests again (I8).

        Args:
            ticket: The refused request's ticket, settled already.
            retry_after: What the exchange asked for, in seconds; ``None``: it did not say, and the
                fullest window has to end.
            now: Monotonic seconds.
        """
        self._refused += 1
        if retry_after is None and self.windows:
            fullest = max(self.windows, key=lambda w: (w.charged + w.foreign) / w.rule.limit)
            # Where the next window may have begun, it may be that one which is full.
            until = fullest.rolls_at + fullest.period * (fullest.next_charged is not None)
        else:
            until = now + (retry_after or _PROBE_WAIT)
        if ticket.at >= self._frozen_at:
            # Sent after the last refusal was known, so this one is news: we believed in too much.
            for window in self.windows:
                window.believe(max(MIN_SHARE, window.share * _BACK_OFF))
            self._frozen_at = now
            self.events.append(Frozen(429, until - now, self.source_address))
        self.frozen_until = max(self.frozen_until, until)

    def ban(self, seconds: float, status: int, now: float) -> None:
        """A 418 or a firewall's 403: silence, then one request alone, then little by little."""
        self._refused += 1
        until = now + seconds
        if not self._banned or until > self.frozen_until:
            self.events.append(Frozen(status, seconds, self.source_address))
        self.frozen_until = max(self.frozen_until, until)
        self._frozen_at = now
        self._banned = True
        self._probing_until = inf
        for window in self.windows:
            window.believe(MIN_SHARE)
            window.regain = _BAN_REGAIN

    def banned_until(self, now: float) -> float | None:
        """When the present ban ends (monotonic seconds); ``None`` without one."""
        return self.frozen_until if self._banned and now < self.frozen_until else None

    # ------------------------------------------------------------------ reports

    def exchange_time(self, now: float) -> float:
        """Lowest possible exchange time, Unix seconds."""
        return self._offset.reads(now)

    def silence(self, now: float) -> float:
        """Seconds for which nothing may be sent; 0 normally."""
        return max(0.0, self.frozen_until - now)

    def usage(self, now: float) -> tuple[Usage, ...]:
        """The state of every rule."""
        if now >= self._edge:
            self._roll(now)
        frozen_for = self.silence(now)
        return tuple(
            window.usage(now, self.in_flight, frozen_for, self._refused, self.source_address)
            for window in self.windows
        )
