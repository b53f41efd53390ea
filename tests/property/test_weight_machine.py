"""The weight tracker behind its waiting room, against an exchange that counts for itself."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import floor, inf
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from binance_papi.core.admission import Admission
from binance_papi.core.answer import Banned, Done, Fault, Overloaded, Throttled
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Lane
from binance_papi.core.offset import Change
from binance_papi.core.route import Grant, Route
from binance_papi.core.weight import LINGER, WeightTracker
from binance_papi.terms import RateLimit
from tests.property.reference_exchange import BEGINNING, Exchange, Life, allowed, known_within
from tests.waiting import Waiting

WEIGHTS = [
    (RateLimit("REQUEST_WEIGHT", "SECOND", 5, 200),),
    (RateLimit("REQUEST_WEIGHT", "SECOND", 10, 110),),
    (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 300),),
    (
        RateLimit("REQUEST_WEIGHT", "SECOND", 10, 60),
        RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 150),
    ),
]
ORDERS = (RateLimit("ORDERS", "SECOND", 10, 12),)
PPM_50 = 49e-6

picks = st.integers(0, 10_000)
small_steps = st.floats(0, 2, allow_subnormal=False)
steps = st.one_of(small_steps, st.floats(0, 12), st.floats(0, 90))


@dataclass(eq=False)
class Sent:
    """One granted request: our grant, and its life at the exchange."""

    grant: Grant
    weight: Life
    orders: Life | None
    at: float


class Alone(RuleBasedStateMachine):
    """We are the only user of the address: I1 holds to the last request."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.on_wire: list[Sent] = []
        self.lingering: list[tuple[float, Life, Exchange]] = []
        self.queues: dict[Lane, deque[Waiting]] = {lane: deque() for lane in Lane}
        self.ready = False

    @initialize(
        rules=st.sampled_from(WEIGHTS),
        error=st.floats(0.012, 1.0),
        place=st.floats(0, 1),
        phase=st.floats(0, 60),
        slots=st.integers(1, 40),
        routes=st.integers(1, 2),
        reserve=st.sampled_from([0.0, 0.25]),
        probe=st.booleans(),
    )
    def begin(  # noqa: PLR0917 - Hypothesis fills them in
        self,
        rules: tuple[RateLimit, ...],
        error: float,
        place: float,
        phase: float,
        slots: int,
        routes: int,
        reserve: float,
        probe: bool,
    ) -> None:
        """Any clock inside what the client knows, any address count, any limits."""
        self.limits = rules
        self.theta = BEGINNING + phase - self.now
        self.offset = known_within(error, place, self.theta, self.now)
        self.routes = [
            Route(WeightTracker(rules, self.offset, self.now, reserve=reserve, probe=probe), slots)
            for _ in range(routes)
        ]
        self.accounts = WeightTracker(ORDERS, self.offset, self.now, reserve=0.0, probe=False)
        self.admission = Admission(self.routes, self.accounts)
        self.exchanges = [Exchange(rules, "used-weight") for _ in range(routes)]
        self.order_exchange = Exchange(ORDERS, "order-count")
        self.silent_until = [-inf] * routes
        self.silent_while = [-1] * routes
        self.ready = True

    # ------------------------------------------------------------------ the model

    @property
    def exchange_time(self) -> float:
        """What the exchange's clock reads now."""
        return float(self.now + self.theta)

    def _note(self, grant: Grant, weight: int, orders: int) -> None:
        """A request sets out: nothing may have asked for silence (I8)."""
        exchange = self.exchanges[grant.index]
        assert self.now >= self.silent_until[grant.index]
        assert floor(self.exchange_time / self.limits[0].seconds) > self.silent_while[grant.index]
        assert self.routes[grant.index] is grant.route
        life = exchange.send(weight, self.exchange_time)
        order = self.order_exchange.send(orders, self.exchange_time) if orders else None
        self.on_wire.append(Sent(grant, life, order, self.now))

    def _drain(self) -> int:
        """Do what the gate does after every event; returns how many were let go."""
        woken = self.admission.drain(self.now)
        for waiter in woken:
            queue = self.queues[waiter.lane]
            assert queue.popleft() is waiter  # I4: first come, first served inside a lane
            if waiter.grant is None:
                assert waiter.give_up <= self.now
            else:
                self._note(waiter.grant, waiter.weight, waiter.orders)
        wake = self.admission.next_wake()
        if any(self.queues.values()):
            assert wake is not None
            assert wake > self.now
        else:
            assert wake is None  # I6
        return len(woken)

    def _pass(self, seconds: float, drift: float) -> None:
        self.now += seconds
        self.theta += drift * seconds
        alive = []
        for deadline, life, exchange in self.lingering:
            if deadline > self.now:
                alive.append((deadline, life, exchange))
            else:
                # It may be counted up to the very end of its time, exclusively.
                life.ended = deadline + self.theta - 1e-3
        self.lingering = alive

    def _take(self, pick: int) -> Sent:
        return self.on_wire.pop(pick % len(self.on_wire))

    def _count(self, sent: Sent) -> dict[str, str]:
        """Have a request counted at last, and end its life; returns the reply's headers."""
        exchange = self.exchanges[sent.grant.index]
        if not sent.weight.counted:
            exchange.count(sent.weight, self.exchange_time)
        sent.weight.ended = self.exchange_time
        headers = dict(sent.weight.header)
        if sent.orders is not None:
            if not sent.orders.counted:
                self.order_exchange.count(sent.orders, self.exchange_time)
            sent.orders.ended = self.exchange_time
            headers |= sent.orders.header
        return headers

    # ------------------------------------------------------------------ what may happen

    @rule(
        weight=st.integers(1, 40),
        orders=st.sampled_from([0, 0, 1]),
        lane=st.sampled_from(Lane),
        patience=st.sampled_from([inf, inf, 3.0]),
        many=st.sampled_from([1, 1, 1, 5, 30]),
    )
    def ask(self, weight: int, orders: int, lane: Lane, patience: float, many: int) -> None:
        """Some requests come; a newcomer never passes a waiter of its lane."""
        for _ in range(many):
            grant = self.admission.ask(weight, orders, lane, self.now)
            if grant is not None:
                assert not self.queues[lane]
                self._note(grant, weight, orders)
                continue
            waiter = Waiting(weight, orders, lane, self.now + patience)
            self.queues[lane].append(waiter)
            if self.admission.enqueue(waiter):
                self._drain()

    @precondition(lambda self: any(self.queues.values()))
    @rule(pick=picks)
    def abandon(self, pick: int) -> None:
        """A waiter's task is cancelled: charged nothing (I5)."""
        waiters = [waiter for queue in self.queues.values() for waiter in queue]
        waiter = waiters[pick % len(waiters)]
        before = [route.tracker.in_flight for route in self.routes]
        self.admission.abandon(waiter)
        self.queues[waiter.lane].remove(waiter)
        assert before == [route.tracker.in_flight for route in self.routes]
        self._drain()

    @precondition(lambda self: any(not sent.weight.counted for sent in self.on_wire))
    @rule(pick=picks)
    def count(self, pick: int) -> None:
        """The exchange counts a request now, at any moment before its reply."""
        waiting = [sent for sent in self.on_wire if not sent.weight.counted]
        sent = waiting[pick % len(waiting)]
        self.exchanges[sent.grant.index].count(sent.weight, self.exchange_time)
        if sent.orders is not None:
            self.order_exchange.count(sent.orders, self.exchange_time)

    @precondition(lambda self: self.on_wire)
    @rule(pick=picks, teaches=st.booleans(), served=st.floats(0, 1), many=st.sampled_from([1, 9]))
    def reply(self, pick: int, teaches: bool, served: float, many: int) -> None:
        """Replies arrive in any order; some tell the exchange's time."""
        for _ in range(min(many, len(self.on_wire))):
            sent = self._take(pick)
            self.admission.settle(sent.grant, self._count(sent), self.now)
            if teaches and self.now - sent.at < 60:
                at = sent.at + served * (self.now - sent.at)
                change = self.offset.refine(floor((at + self.theta) * 1000), sent.at, self.now)
                assert change is not Change.JUMPED
                self.admission.reclock(change, self.now)
            self.admission.obey(sent.grant, Done(None), self.now)
        self._drain()

    @precondition(lambda self: self.on_wire)
    @rule(pick=picks)
    def lose(self, pick: int) -> None:
        """No reply will be heard; it may yet be counted."""
        sent = self._take(pick)
        self.admission.lose(sent.grant, self.now)
        for life, exchange in (
            (sent.weight, self.exchanges[sent.grant.index]),
            (sent.orders, self.order_exchange),
        ):
            if life is None:
                continue
            if life.counted:
                life.ended = self.exchange_time
            else:
                self.lingering.append((self.now + LINGER, life, exchange))
        self._drain()

    @precondition(lambda self: self.lingering)
    @rule(pick=picks)
    def arrive_late(self, pick: int) -> None:
        """A lost request is counted after all."""
        _, life, exchange = self.lingering.pop(pick % len(self.lingering))
        exchange.count(life, self.exchange_time)
        life.ended = self.exchange_time

    @precondition(lambda self: any(not sent.weight.counted for sent in self.on_wire))
    @rule(pick=picks)
    def refund(self, pick: int) -> None:
        """A granted request turns out never to have left."""
        unsent = [sent for sent in self.on_wire if not sent.weight.counted]
        sent = unsent[pick % len(unsent)]
        self.on_wire.remove(sent)
        self.exchanges[sent.grant.index].forget(sent.weight)
        if sent.orders is not None:
            self.order_exchange.forget(sent.orders)
        self.admission.refund(sent.grant, self.now)
        self._drain()

    @rule(seconds=steps, drift=st.floats(-PPM_50, PPM_50))
    def advance(self, seconds: float, drift: float) -> None:
        """Time passes; before the announced moment nobody can go (so nobody waits in vain)."""
        wake = self.admission.next_wake()
        early = wake is not None and self.now + seconds < wake - 0.002
        self._pass(seconds, drift)
        assert not (self._drain() and early)

    @rule(seconds=steps, drift=st.floats(-PPM_50, PPM_50))
    def stall(self, seconds: float, drift: float) -> None:
        """Time passes while the program does something else."""
        self._pass(seconds, drift)

    @precondition(lambda self: self.ready and (self.admission.next_wake() or inf) < inf)
    @rule(drift=st.floats(-PPM_50, PPM_50))
    def wake(self, drift: float) -> None:
        """The timer rings, to the instant: somebody goes, or a later moment is named (I6)."""
        wake = self.admission.next_wake()
        assert wake is not None
        self._pass(max(0.0, wake - self.now), drift)
        self.now = max(self.now, wake)
        if not self._drain():
            later = self.admission.next_wake()
            assert later is not None
            assert later > self.now

    @precondition(lambda self: self.on_wire)
    @rule(pick=picks, after=st.sampled_from([None, 1.0, 7.0, 100.0]))
    def refuse(self, pick: int, after: float | None) -> None:
        """A 429: all lanes of that address stop (I8)."""
        sent = self._take(pick)
        index = sent.grant.index
        self.admission.settle(sent.grant, self._count(sent), self.now)
        self.admission.obey(sent.grant, Throttled(Fault(429), Meaning.WEIGHT, after), self.now)
        if after is not None:
            self.silent_until[index] = max(self.silent_until[index], self.now + after)
        elif len(self.limits) == 1:
            oldest = floor((self.now + self.offset.bounds(self.now)[0]) / self.limits[0].seconds)
            self.silent_while[index] = max(self.silent_while[index], oldest)
        self._drain()

    @precondition(lambda self: any(sent.orders for sent in self.on_wire))
    @rule(pick=picks, after=st.sampled_from([None, 3.0]))
    def refuse_orders(self, pick: int, after: float | None) -> None:
        """A 429 for the order count stops orders only."""
        with_orders = [sent for sent in self.on_wire if sent.orders]
        sent = with_orders[pick % len(with_orders)]
        self.on_wire.remove(sent)
        self.admission.settle(sent.grant, self._count(sent), self.now)
        self.admission.obey(sent.grant, Throttled(Fault(429), Meaning.ORDERS, after), self.now)
        self._drain()

    @precondition(lambda self: self.on_wire)
    @rule(pick=picks, seconds=st.sampled_from([1.0, 150.0]))
    def ban(self, pick: int, seconds: float) -> None:
        """A 418: silence for two minutes at least (I8)."""
        sent = self._take(pick)
        index = sent.grant.index
        self.admission.settle(sent.grant, self._count(sent), self.now)
        self.admission.obey(sent.grant, Banned(Fault(418), None, seconds), self.now)
        self.silent_until[index] = max(self.silent_until[index], self.now + max(120.0, seconds))
        self._drain()

    @precondition(lambda self: self.on_wire)
    @rule(pick=picks)
    def overload(self, pick: int) -> None:
        """A 503 with the documented text."""
        sent = self._take(pick)
        self.admission.settle(sent.grant, self._count(sent), self.now)
        self.admission.obey(sent.grant, Overloaded(Fault(503)), self.now)
        self._drain()

    @precondition(lambda self: self.ready)
    @rule()
    def look(self) -> None:
        """The books, brought up to now, hold all that any window may have been charged (I1)."""
        for route, exchange in zip(self.routes, self.exchanges, strict=True):
            route.tracker.usage(self.now)
            for window in route.tracker.windows:
                assert window.charged >= 0
                assert window.next_charged is None or window.next_charged >= 0
                worst = exchange.worst(window.rule, self.exchange_time)
                assert worst.get(window.index, 0) <= window.charged
                assert worst.get(window.index + 1, 0) <= (window.next_charged or 0)

    # ------------------------------------------------------------------ what must hold

    @invariant()
    def no_window_is_passed(self) -> None:
        """I1, whenever in its life each request is counted; and what was sent, by sending alone."""
        if not self.ready:
            return
        for exchange in (*self.exchanges, self.order_exchange):
            for number, limit in enumerate(exchange.rules):
                most = allowed(limit)
                assert max(exchange.worst(limit, self.exchange_time).values(), default=0) <= most
                assert max(exchange.sent_in(limit).values(), default=0) <= most
                self._check_used(exchange.used[number], limit)

    def _check_used(self, used: dict[int, int], limit: RateLimit) -> None:
        assert max(used.values(), default=0) <= allowed(limit)

    @invariant()
    def books_agree(self) -> None:
        """I2: what is in flight is what was sent and not settled."""
        if not self.ready:
            return
        for index, route in enumerate(self.routes):
            mine = [sent for sent in self.on_wire if sent.grant.index == index]
            assert route.tracker.in_flight == sum(sent.weight.weight for sent in mine)
            assert route.busy == len(mine)
            assert route.busy <= route.connections
        orders = sum(sent.orders.weight for sent in self.on_wire if sent.orders)
        assert self.accounts.in_flight == orders
        assert self.admission.waiting() == sum(map(len, self.queues.values()))

    @invariant()
    def others_are_not_imagined(self) -> None:
        """Alone on the address, nothing is ever put down to others."""
        if self.ready:
            assert {0} == {w.foreign for r in self.routes for w in r.tracker.windows}

    def teardown(self) -> None:
        """Afterwards everything can be wound up, and nothing is left."""
        if not self.ready:
            return
        for lane, queue in self.queues.items():
            for waiter in queue:
                self.admission.abandon(waiter)
            assert lane in Lane
            queue.clear()
        self._drain()
        for sent in self.on_wire:
            self.admission.settle(sent.grant, self._count(sent), self.now)
        self.on_wire.clear()
        self.books_agree()


class Shared(Alone):
    """Others use the address too: the limit can't be promised, our own part of it can."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, tuple[int, int]] = {}

    @rule(weight=st.integers(1, 60), pick=picks)
    def foreign(self, weight: int, pick: int) -> None:
        """Somebody else's request is counted."""
        if self.ready:
            exchange = self.exchanges[pick % len(self.exchanges)]
            exchange.add(weight, self.exchange_time)

    def _check_used(self, used: dict[int, int], limit: RateLimit) -> None:
        """What others spend after us is beyond anybody's reach."""

    @invariant()
    def others_are_not_imagined(self) -> None:
        """Within one window, what is known of others never shrinks."""
        if not self.ready:
            return
        for window in (w for r in self.routes for w in r.tracker.windows):
            index, foreign = self.known.get(id(window), (0, 0))
            assert window.foreign >= (foreign if window.index == index else 0)
            self.known[id(window)] = (window.index, window.foreign)


TestAlone: Any = pytest.mark.timeout(120)(Alone.TestCase)
TestShared: Any = pytest.mark.timeout(120)(Shared.TestCase)
