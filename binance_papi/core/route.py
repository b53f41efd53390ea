"""One source address: its request weight, and how many requests it may have in flight."""

from __future__ import annotations

from math import inf
from typing import Final

import msgspec

from binance_papi.core.endpoint import Lane
from binance_papi.core.ticket import Ticket
from binance_papi.core.weight import RESERVED, WeightTracker

_SUCCESSES_PER_SLOT: Final = 10
_LATELY: Final = 1 / 16
"""Weight of one reply in the share of those that told of overload."""

_TOO_MANY: Final = 0.25
"""From this share on concurrency is halved. Single ones only say that the exchange had a hiccup."""

_SLOT_RESERVE: Final = 4
"""One part in this many of the connections is kept for cancels and questions about them."""

_SHUN: Final = 1.0
_SHUN_MOST: Final = 30.0
_DOUBLINGS: Final = 10


class Route:
    """One source address: its weight tracker, and how many requests it may have in flight.

    Args:
        tracker: The address's request weight.
        connections: Requests in flight at most.
    """

    __slots__ = (
        "busy",
        "connections",
        "failures",
        "firewalled",
        "halved_at",
        "overloads",
        "shunned_until",
        "slots",
        "successes",
        "tracker",
    )

    def __init__(self, tracker: WeightTracker, connections: int) -> None:
        self.tracker = tracker
        self.connections = connections
        self.slots = connections
        self.busy = 0
        self.successes = 0
        self.overloads = 0.0
        self.halved_at = -inf
        self.firewalled = 0
        self.failures = 0
        self.shunned_until = -inf

    def free(self, lane: Lane) -> bool:
        """Whether a request of this lane may be put on the wire, weight aside."""
        if lane < RESERVED:
            return self.busy < self.slots
        return self.busy < self.slots - self.slots // _SLOT_RESERVE

    def served(self) -> None:
        """A reply came that shows the exchange in good health."""
        if not (self.overloads or self.failures or self.firewalled) and (
            self.slots == self.connections
        ):
            return  # it was never in doubt
        self.firewalled = self.failures = 0
        self.overloads -= self.overloads * _LATELY
        if self.slots < self.connections:
            self.successes += 1
            if self.successes >= _SUCCESSES_PER_SLOT:
                self.successes = 0
                self.slots += 1

    def unreachable(self, now: float) -> None:
        """No connection came about: other addresses go first for a while."""
        self.shunned_until = now + min(_SHUN_MOST, _SHUN * 2.0**self.failures)
        self.failures = min(self.failures + 1, _DOUBLINGS)

    def overloaded(self, ticket: Ticket, now: float) -> None:
        """The exchange could not serve a request; if that is frequent, send fewer at a time.

        What was on the wire already when that was learned is no further lesson.
        """
        if ticket.at < self.halved_at:
            return
        self.overloads += (1 - self.overloads) * _LATELY
        if self.overloads > _TOO_MANY:
            self.overloads = self.successes = 0
            self.halved_at = now
            self.slots = max(1, self.slots // 2)


class Grant(msgspec.Struct, gc=False):
    """The right to send one request on one route, now. Settled exactly once.

    Attributes:
        index: Which route.
        route: That route.
        ticket: The charge to its address.
        orders: The charge to the account's order count, if there is one.
        written: Whether the first byte was (about to be) written.
    """

    index: int
    route: Route
    ticket: Ticket
    orders: Ticket | None
    written: bool = False

    def write(self) -> None:
        """The first byte is about to be written."""
        self.written = True
