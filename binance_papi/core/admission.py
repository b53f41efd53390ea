"""Who goes next: the waiting room, as values.

Requests wait in lanes (see `Lane`), first come, first served inside a lane, better lanes first. A
head that does not fit blocks its own lane only: whatever it waits for, it gets at the latest when
its window starts anew, since better lanes are served first then. Nothing here waits or knows a
clock.

I4  Order inside a lane is the order of asking; a newcomer never passes a waiter of its lane.
I5  A waiter that gives up is charged nothing; a grant not used is refunded.
I6  Without waiters there is no reason for a timer (`next_wake` is ``None``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf
from typing import Any, Final, Protocol

from binance_papi.core.answer import Answer, Banned, Done, Overloaded, Throttled
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Lane
from binance_papi.core.offset import Change
from binance_papi.core.route import Grant, Route
from binance_papi.core.usage import Headers
from binance_papi.core.weight import RESERVED, WeightTracker
from binance_papi.errors import PapiError

_SOON: Final = 0.001
_FEW: Final = 64

_BAN: Final = 120.0
_FIREWALL: Final = 60.0
_FIREWALL_MOST: Final = 900.0
_FIREWALL_STEPS: Final = 5
_BAN_MOST: Final = 3 * 86_400.0


class Waiter(Protocol):
    """One request in the waiting room.

    Attributes:
        weight: Its request weight.
        orders: Its order count.
        lane: Where it waits.
        give_up: Monotonic time after which it would rather fail than wait for weight.
        grant: Its grant, once it has one.
        dead: Whether it gave up.
    """

    weight: int
    orders: int
    lane: Lane
    give_up: float
    grant: Grant | None
    dead: bool

    def wake(self, problem: PapiError | None = None) -> None:
        """Its turn has come, or its patience is over, or something else is.

        Args:
            problem: Why it has to go without a grant; ``None``: see ``grant``.
        """
        ...


class Admission:
    """The waiting room in front of all routes of one account.

    Args:
        routes: One for each source address.
        orders: The account's order count.
    """

    __slots__ = (
        "_dead",
        "_lanes",
        "_least",
        "_length",
        "_numbered",
        "_only",
        "_queued",
        "_wake",
        "orders",
        "routes",
    )

    def __init__(self, routes: Sequence[Route], orders: WeightTracker) -> None:
        self.routes = tuple(routes)
        self.orders = orders
        self._only = self.routes[0] if len(self.routes) == 1 else None
        self._least = min(route.tracker.ceiling for route in self.routes)
        self._lanes: tuple[deque[Waiter], ...] = tuple(deque() for _ in Lane)
        # Pairs of a lane and its queue, best first; walking the enumeration each time costs more.
        self._numbered = tuple(zip(Lane, self._lanes, strict=True))
        self._queued = [0] * len(Lane)
        self._dead = self._length = 0
        self._wake: float | None = None

    # ------------------------------------------------------------------ asking

    def ask(self, weight: int, orders: int, lane: Lane, now: float) -> Grant | None:
        """Admit a newcomer at once, unless others of its lane wait or it does not fit."""
        return None if self._lanes[lane] else self._grant(weight, orders, lane, now)

    def enqueue(self, waiter: Waiter) -> bool:
        """Let a waiter wait; tells whether it is the first of its lane."""
        queue = self._lanes[waiter.lane]
        queue.append(waiter)
        self._length += 1
        self._queued[waiter.lane] += waiter.weight
        return len(queue) == 1

    def abandon(self, waiter: Waiter) -> None:
        """A waiter gives up before it was granted: charged nothing, skipped when met (I5)."""
        waiter.dead = True
        self._queued[waiter.lane] -= waiter.weight
        self._dead += 1
        if self._dead > _FEW and 2 * self._dead > self._length:
            for queue in self._lanes:
                alive = [one for one in queue if not one.dead]
                queue.clear()
                queue.extend(alive)
            self._length -= self._dead
            self._dead = 0

    def drain(self, now: float) -> list[Waiter]:
        """Serve all who may go now.

        Returns:
            The waiters to wake: with a grant, or without one because their patience ended.
        """
        woken: list[Waiter] = []
        if not self._length:
            self._wake = None
            return woken
        wake = inf
        only = self._only
        for lane, queue in self._numbered:
            if only is not None and only.busy >= only.slots:
                break  # only a reply can help; asked first, since it is so for a whole burst
            while queue:
                head = queue[0]
                if head.dead:
                    queue.popleft()
                    self._length -= 1
                    self._dead -= 1
                    continue
                head.grant = self._grant(head.weight, head.orders, lane, now)
                if head.grant is None:
                    chance = self._chance(head, now)
                    if chance > now:
                        wake = min(wake, chance)
                        break
                queue.popleft()
                self._length -= 1
                self._queued[lane] -= head.weight
                woken.append(head)
                if only is not None and only.busy >= only.slots:
                    break
        self._wake = wake if self._length > self._dead else None
        return woken

    def next_wake(self) -> float | None:
        """When `drain` should be called again if nothing else happens.

        Returns:
            Monotonic seconds, infinite if only a reply can help; ``None`` without waiters (I6).
        """
        return self._wake

    def waiting(self) -> int:
        """How many wait."""
        return self._length - self._dead

    def clear(self) -> list[Waiter]:
        """Turn everybody away; returns them."""
        left = [one for queue in self._lanes for one in queue if not one.dead]
        for queue in self._lanes:
            queue.clear()
        self._queued = [0] * len(Lane)
        self._dead = self._length = 0
        self._wake = None
        return left

    def _grant(self, weight: int, orders: int, lane: Lane, now: float) -> Grant | None:
        index, route = 0, self._only
        if route is None:
            index, route = self._roomiest(lane, now)
        if route.busy >= route.slots or (lane >= RESERVED and not route.free(lane)):
            return None
        order_ticket = None
        if orders:
            order_ticket = self.orders.admit(orders, lane, now)
            if order_ticket is None:
                return None
        ticket = route.tracker.admit(weight, lane, now)
        if ticket is None:
            if order_ticket is not None:
                self.orders.refund(order_ticket, now)
            return None
        route.busy += 1
        return Grant(index, route, ticket, order_ticket)

    def _roomiest(self, lane: Lane, now: float) -> tuple[int, Route]:
        """The address with most room among those that may send at all."""

        def merit(route: Route) -> tuple[bool, bool, float]:
            ready = route.free(lane) and route.tracker.chance(0, Lane.CANCEL, now) <= now
            return ready and route.shunned_until <= now, ready, route.tracker.room(lane, now)

        index = max(range(len(self.routes)), key=lambda number: merit(self.routes[number]))
        return index, self.routes[index]

    def _chance(self, head: Waiter, now: float) -> float:
        """When to look at a blocked head again, if no reply comes before; now: it gave up."""
        when = inf
        short = False  # of weight, not of a connection or of the first reply
        for route in self.routes:
            if route.free(head.lane):
                when = min(when, route.tracker.chance(head.weight, head.lane, now))
                short = short or not route.tracker.probing(now)
        if short and head.give_up <= now:
            return now
        if head.orders:
            when = max(when, self.orders.chance(head.orders, head.lane, now))
        # Rounding may put the chance at this very moment; look again soon rather than never.
        when = max(when, now + _SOON)
        return min(when, head.give_up) if head.give_up > now else when

    # ------------------------------------------------------------------ how long

    def calm(self, weight: int, now: float) -> bool:
        """Whether nothing speaks against waiting, at one glance; if not, look closer."""
        only = self._only
        return only is not None and weight <= self._least and now >= only.tracker.frozen_until

    def hopeless(self, weight: int, orders: int) -> bool:
        """Whether a request costs more than a whole limit, so that it can never go."""
        if weight <= self._least and orders <= self.orders.ceiling:
            return False  # it fits anywhere
        fits = any(weight <= route.tracker.ceiling for route in self.routes)
        return not fits or orders > self.orders.ceiling

    def wait(self, weight: int, orders: int, lane: Lane, now: float) -> float:
        """At least how long a newcomer would wait for weight, in seconds; 0: not for weight."""
        ahead = weight + sum(self._queued[: lane + 1])
        share = -(-ahead // len(self.routes))
        wait = min(route.tracker.wait(share, now) for route in self.routes)
        return max(wait, self.orders.wait(orders, now)) if orders else wait

    def banned_until(self, now: float) -> float | None:
        """When the first address comes out of its ban; ``None`` unless all of them are banned."""
        first = inf
        for route in self.routes:
            until = route.tracker.banned_until(now)
            if until is None:
                return None
            first = min(first, until)
        return first

    # ------------------------------------------------------------------ settling

    def refund(self, grant: Grant, now: float) -> None:
        """The request certainly never left."""
        grant.route.busy -= 1
        grant.route.tracker.refund(grant.ticket, now)
        if grant.orders is not None:
            self.orders.refund(grant.orders, now)

    def lose(self, grant: Grant, now: float) -> None:
        """The request may have left, and no reply will be heard."""
        grant.route.busy -= 1
        grant.route.tracker.lose(grant.ticket, now)
        if grant.orders is not None:
            self.orders.lose(grant.orders, now)

    def settle(self, grant: Grant, headers: Headers, now: float) -> int:
        """The exchange answered.

        Returns:
            Weight used beyond what is known of, see `WeightTracker.settle`.
        """
        grant.route.busy -= 1
        if grant.orders is not None:
            self.orders.settle(grant.orders, headers, now)
        return grant.route.tracker.settle(grant.ticket, headers, now)

    def obey(self, grant: Grant, answer: Answer[Any], now: float) -> None:
        """Follow what an answer asks of the whole route or account.

        Args:
            grant: The request's grant, settled.
            answer: The answer.
            now: Monotonic seconds.
        """
        route = grant.route
        match answer:
            case Done():
                route.served()
            case Throttled(meaning=Meaning.ORDERS) if grant.orders is not None:
                self.orders.throttle(grant.orders, answer.retry_after, now)
            case Throttled():
                route.tracker.throttle(grant.ticket, answer.retry_after, now)
            case Overloaded():
                route.overloaded(grant.ticket, now)
            case Banned():
                route.tracker.ban(self._sentence(route, answer, now), _status(answer), now)
            case _:
                pass

    @staticmethod
    def _sentence(route: Route, answer: Banned, now: float) -> float:
        """For how many seconds a ban stands, as far as the reply tells."""
        if answer.firewall:
            if not route.tracker.silence(now):  # a whole burst of them is one lesson
                route.firewalled = min(route.firewalled + 1, _FIREWALL_STEPS)
            doubled = _FIREWALL * 2.0 ** max(0, route.firewalled - 1)
            return min(_FIREWALL_MOST, max(doubled, answer.retry_after or 0.0))
        ends = [answer.retry_after or 0.0]
        if answer.until_ms is not None:
            ends.append(answer.until_ms / 1000 - route.tracker.exchange_time(now))
        return min(_BAN_MOST, max(_BAN, *ends))

    def reclock(self, change: Change, now: float) -> None:
        """Tell every tracker that more is known of the exchange's clock."""
        if change is not Change.NONE:
            for route in self.routes:
                route.tracker.reclock(change, now)
            self.orders.reclock(change, now)


def _status(answer: Banned) -> int:
    return answer.fault.http_status or 418
