"""The waiting room: order, priority, slots, and what answers ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import pytest

from binance_papi.core.admission import Admission, Waiter
from binance_papi.core.answer import Banned, Done, Fault, NotOpen, Overloaded, Throttled
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Lane
from binance_papi.core.offset import Change, ClockOffset
from binance_papi.core.route import Grant, Route
from binance_papi.core.weight import WeightTracker
from binance_papi.terms import RateLimit
from tests.waiting import Waiting

RULE = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 100)
ORDERS = RateLimit("ORDERS", "MINUTE", 1, 10)
EPOCH = 1_700_000_040.0
FAULT = Fault(418)


def room(routes: int = 1, connections: int = 64, *, ceiling: int = 100) -> Admission:
    """A waiting room before ``routes`` addresses; local time 0 is a full minute."""
    offset = ClockOffset(EPOCH, 0.0)
    offset.observe(EPOCH - 0.49, EPOCH + 0.49, 0.0, 0.0)
    rule = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, ceiling)
    return Admission(
        [
            Route(
                WeightTracker(
                    (rule,), offset, 1.0, reserve=0.0, probe=False, source_address=str(n)
                ),
                connections,
            )
            for n in range(routes)
        ],
        WeightTracker((ORDERS,), offset, 1.0, reserve=0.0, probe=False),
    )


def grant_of(of: Admission, weight: int = 1, now: float = 1.0, **options: Any) -> Grant:
    """A grant that is certainly given."""
    options = {"orders": 0, "lane": Lane.CANCEL} | options
    grant = of.ask(weight, options["orders"], options["lane"], now)
    assert grant is not None
    return grant


def queue(of: Admission, *wanted: tuple[int, Lane], orders: int = 0) -> list[Waiting]:
    """Let some wait, without looking whether they may go."""
    waiters = [Waiting(weight, orders, lane) for weight, lane in wanted]
    for waiter in waiters:
        of.enqueue(waiter)
    return waiters


def numbers(waiters: Sequence[Waiter], woken: Sequence[Waiter]) -> list[int]:
    """Who was woken."""
    return [waiters.index(waiter) for waiter in woken]


# ---------------------------------------------------------------------- order


def test_first_come_first_served() -> None:
    """I4: inside a lane the order is that of asking, also where a later one would fit."""
    of = room()
    first = grant_of(of, 90)
    waiters = queue(of, (10, Lane.READ), (1, Lane.READ))
    assert of.drain(1.0) == []
    assert of.ask(1, 0, Lane.READ, 1.0) is None
    assert of.ask(1, 0, Lane.CANCEL, 1.0) is not None
    assert of.waiting() == 2
    of.settle(first, {}, 2.0)
    assert numbers(waiters, of.drain(61.0)) == [0, 1]


def test_better_lanes_first() -> None:
    """Cancels go before questions, those before orders, those before reads."""
    of = room()
    waiters = queue(of, *((1, lane) for lane in reversed(Lane)))
    assert numbers(waiters, of.drain(1.0)) == [4, 3, 2, 1, 0]


def test_head_that_does_not_fit_blocks_its_own_lane_only() -> None:
    """Others may use what a large request can't."""
    of = room()
    grant_of(of, 60)
    waiters = queue(of, (50, Lane.CANCEL), (1, Lane.CANCEL), (20, Lane.READ))
    assert numbers(waiters, of.drain(1.0)) == [2]
    assert of.waiting() == 2


def test_enqueue_tells_the_first_of_its_lane() -> None:
    """Only the first of a lane changes what the room waits for."""
    of = room()
    assert of.enqueue(Waiting(1, 0, Lane.READ))
    assert not of.enqueue(Waiting(1, 0, Lane.READ))
    assert of.enqueue(Waiting(1, 0, Lane.CANCEL))


# ---------------------------------------------------------------------- giving up


def test_abandoned_waiters_are_skipped_and_charged_nothing() -> None:
    """I5: who gives up leaves no trace."""
    of = room()
    waiters = queue(of, *[(10, Lane.READ)] * 3)
    of.abandon(waiters[0])
    of.abandon(waiters[1])
    assert of.waiting() == 1
    assert numbers(waiters, of.drain(1.0)) == [2]
    assert of.routes[0].tracker.in_flight == 10
    assert (of.waiting(), of.next_wake()) == (0, None)


def test_room_is_tidied_when_most_gave_up() -> None:
    """Dead waiters behind a blocked head don't pile up; the living keep their order."""
    of = room()
    grant_of(of, 99)
    waiters = queue(of, *[(1, Lane.READ)] * 200)
    for waiter in waiters[1:150]:
        of.abandon(waiter)
    assert of.waiting() == 51
    assert sum(map(len, of._lanes)) <= 2 * 51 + 64
    assert [waiters[0], *waiters[150:]] == of.clear()


def test_patience_ends() -> None:
    """A waiter whose time is over is woken without a grant, and the next one is looked at."""
    of = room()
    grant_of(of, 95)
    impatient = Waiting(50, 0, Lane.READ, give_up=5.0)
    of.enqueue(impatient)
    small = Waiting(1, 0, Lane.READ)
    of.enqueue(small)
    assert of.drain(1.0) == []
    assert of.next_wake() == 5.0
    assert [impatient, small] == of.drain(5.0)
    assert impatient.grant is None
    assert small.grant is not None


def test_clear() -> None:
    """Everybody who is alive is turned away, and nothing is left."""
    of = room()
    grant_of(of, 99)
    waiters = queue(of, (5, Lane.READ), (5, Lane.CANCEL), (5, Lane.READ))
    of.abandon(waiters[0])
    of.drain(1.0)
    assert {waiters[1], waiters[2]} == set(of.clear())
    assert (of.waiting(), of.next_wake(), of.drain(1.0)) == (0, None, [])
    assert of._queued == [0] * len(Lane)


# ---------------------------------------------------------------------- when


def test_wake_at_the_boundary() -> None:
    """I6: with weight used up the room wants to be looked at when the window is over."""
    of = room()
    first = grant_of(of, 99)
    waiters = queue(of, (5, Lane.READ))
    of.drain(1.0)
    wake = of.next_wake()
    assert wake == of.routes[0].tracker.windows[0].rolls_at
    of.settle(first, {}, 2.0)
    assert numbers(waiters, of.drain(wake)) == [0]
    assert of.next_wake() is None


def test_wake_when_only_a_reply_helps() -> None:
    """With all connections busy no moment helps."""
    of = room(connections=1)
    first = grant_of(of)
    waiters = queue(of, (1, Lane.CANCEL))
    assert of.drain(1.0) == []
    assert of.next_wake() == inf
    of.settle(first, {}, 2.0)
    assert numbers(waiters, of.drain(2.0)) == [0]


def test_wake_is_never_now() -> None:
    """Rounding can't make the room ask for a look at the very moment of a look."""
    of = room()
    grant_of(of, 1, orders=10 - 1)
    queue(of, (1, Lane.ORDER), orders=5)
    now = of.orders.windows[0].rolls_at - 1e-9
    of.drain(now)
    wake = of.next_wake()
    assert wake is not None
    assert wake >= now + 0.001


def test_orders_wait_for_their_own_limit() -> None:
    """A spent order count holds up orders, not reads; and nothing of it is charged."""
    of = room()
    first = grant_of(of, orders=10, lane=Lane.ORDER)
    assert of.ask(1, 1, Lane.ORDER, 1.0) is None
    grant_of(of, lane=Lane.READ)
    queue(of, (1, Lane.ORDER), orders=5)
    of.drain(1.0)
    assert of.next_wake() == of.orders.windows[0].rolls_at
    of.settle(first, {"x-mbx-order-count-1m": "10"}, 2.0)
    assert len(of.drain(61.0)) == 1


def test_order_count_is_given_back_when_weight_is_short() -> None:
    """One without the other is no grant."""
    of = room()
    grant_of(of, 99)
    assert of.ask(1, 1, Lane.ORDER, 1.0) is None
    assert (of.orders.in_flight, of.orders.windows[0].charged) == (0, 0)


@pytest.mark.parametrize(
    ("weight", "orders", "hopeless"),
    [(99, 0, False), (100, 0, True), (1, 10, False), (1, 11, True)],
)
def test_hopeless(weight: int, orders: int, hopeless: bool) -> None:
    """What costs more than a whole limit can never go."""
    assert hopeless is room().hopeless(weight, orders)


def test_wait() -> None:
    """The wait counts everybody in front, of this lane and better ones, over all addresses."""
    of = room(2)
    assert of.wait(1, 0, Lane.READ, 1.0) == 0.0
    queue(of, (99, Lane.CANCEL), (99, Lane.READ))
    rest = of.routes[0].tracker.windows[0].rolls_at - 1.0
    assert of.wait(1, 0, Lane.CANCEL, 1.0) == 0.0
    assert of.wait(1, 0, Lane.READ, 1.0) == pytest.approx(rest)
    grant_of(of, orders=10, lane=Lane.ORDER)
    assert of.wait(1, 1, Lane.ORDER, 1.0) == pytest.approx(rest)


# ---------------------------------------------------------------------- addresses and slots


def test_roomiest_address() -> None:
    """Requests go where most weight is left, among the addresses that may send at all."""
    of = room(2)
    grants = [grant_of(of, 30) for _ in range(4)]
    assert [grant.index for grant in grants] == [0, 1, 0, 1]
    of.settle(grants[0], {}, 1.1)
    of.obey(grants[0], Throttled(FAULT, Meaning.WEIGHT, 7.0), 1.1)
    assert [grant_of(of, 1, 1.2).index for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("connections", "lane", "most"),
    [
        (8, Lane.CANCEL, 8),
        (8, Lane.RESOLVE, 8),
        (8, Lane.REDUCE, 6),
        (8, Lane.READ, 6),
        (1, Lane.READ, 1),
    ],
)
def test_slots(connections: int, lane: Lane, most: int) -> None:
    """A quarter of the connections is kept for cancels and questions about them."""
    of = room(connections=connections)
    given = [of.ask(1, 0, lane, 1.0) for _ in range(connections + 1)]
    assert most == sum(grant is not None for grant in given)


def test_slots_shrink_and_come_back() -> None:
    """Frequent overload halves the concurrency; every ten good replies give one back."""
    of = room(connections=64, ceiling=10_000)
    route = of.routes[0]

    def hear(answer: Overloaded | Done[None], times: int) -> int:
        for _ in range(times):
            grant = grant_of(of)
            of.settle(grant, {}, 1.0)
            of.obey(grant, answer, 1.0)
        return route.slots

    assert [hear(Overloaded(FAULT), 5) for _ in range(8)] == [32, 16, 8, 4, 2, 1, 1, 1]
    assert hear(Done(None), 20) == 3


def test_one_salvo_is_one_lesson() -> None:
    """What was on the wire when overload was learned does not halve the concurrency again."""
    of = room(connections=64, ceiling=10_000)
    route = of.routes[0]
    salvo = [grant_of(of) for _ in range(60)]
    for at, grant in enumerate(salvo):
        of.settle(grant, {}, 2.0 + at)
        of.obey(grant, Overloaded(FAULT), 2.0 + at)
    assert route.slots == 32


def test_a_hiccup_is_no_overload() -> None:
    """One overloaded reply in ten leaves the concurrency alone."""
    of = room(connections=64, ceiling=10_000)
    for _ in range(50):
        answers: list[Overloaded | Done[None]] = [Overloaded(FAULT), *[Done(None)] * 9]
        for answer in answers:
            grant = grant_of(of)
            of.settle(grant, {}, 1.0)
            of.obey(grant, answer, 1.0)
    route = of.routes[0]
    assert route.slots == 64
    route.slots = route.connections
    route.served()
    assert route.slots == route.connections


# ---------------------------------------------------------------------- settling


@pytest.mark.parametrize("end", ["settle", "lose", "refund"])
@pytest.mark.parametrize("orders", [0, 1])
def test_every_end_frees_the_connection(end: str, orders: int) -> None:
    """Answered, lost or never sent: the slot is free, and only a refund gives weight back."""
    of = room()
    grant = grant_of(of, 5, orders=orders)
    if end == "settle":
        assert of.settle(grant, {"x-mbx-used-weight-1m": "9"}, 2.0) == 4
    elif end == "lose":
        of.lose(grant, 2.0)
    else:
        of.refund(grant, 2.0)
    route = of.routes[0]
    kept = end != "refund"
    assert (route.busy, route.tracker.in_flight, of.orders.in_flight) == (0, 0, 0)
    assert (5 * kept, orders * kept) == (
        route.tracker.windows[0].charged,
        of.orders.windows[0].charged,
    )


@pytest.mark.parametrize(
    ("answer", "weights", "orders"),
    [
        (Throttled(FAULT, Meaning.WEIGHT, 7.0), 7.0, 0.0),
        (Throttled(FAULT, Meaning.ORDERS, 7.0), 0.0, 7.0),
        (Banned(FAULT), 120.0, 0.0),
        (Banned(FAULT, retry_after=60.0), 120.0, 0.0),
        (Banned(FAULT, retry_after=600.0), 600.0, 0.0),
        (Banned(FAULT, until_ms=int((EPOCH + 1002) * 1000)), 1000.5, 0.0),
        (Banned(FAULT, until_ms=10**14), 259_200.0, 0.0),
        (Banned(FAULT, until_ms=0), 120.0, 0.0),
        (Banned(Fault(), firewall=True), 60.0, 0.0),
        (Banned(FAULT, retry_after=100.0, firewall=True), 100.0, 0.0),
        (Banned(FAULT, retry_after=9999.0, firewall=True), 900.0, 0.0),
        (NotOpen(FAULT), 0.0, 0.0),
        (Done(None), 0.0, 0.0),
    ],
    ids=str,
)
@pytest.mark.parametrize("counted", [0, 1])
def test_obey(answer: Any, weights: float, orders: float, counted: int) -> None:
    """Each answer stops what it is about, for as long as it says and within bounds."""
    of = room()
    grant = grant_of(of, orders=counted)
    of.settle(grant, {}, 2.0)
    of.obey(grant, answer, 2.0)
    if not counted:
        # A refusal for orders that meets a request without any speaks to the address.
        weights, orders = max(weights, orders), 0.0
    assert of.routes[0].tracker.silence(2.0) == pytest.approx(weights, abs=0.02)
    assert of.orders.silence(2.0) == pytest.approx(orders)


def test_an_address_without_connection_goes_last_for_a_while() -> None:
    """After a failed connection the other address is taken; later both are again."""
    of = room(routes=2)
    first = grant_of(of)
    of.refund(first, 1.0)
    first.route.unreachable(1.0)
    others = {grant_of(of).index for _ in range(10)}
    assert others == {1 - first.index}
    of.routes[1 - first.index].unreachable(2.5)
    assert of.ask(1, 0, Lane.CANCEL, 2.6) is not None


def test_firewall_doubles() -> None:
    """Each 403 after a silence doubles it, up to a quarter of an hour; a success forgives."""
    of = room()
    grant = grant_of(of)
    of.settle(grant, {}, 2.0)
    now, silences = 2.0, []
    for _ in range(6):
        for _ in range(300):  # a whole burst is refused, and teaches one lesson
            of.obey(grant, Banned(FAULT, firewall=True), now)
        silences.append(of.routes[0].tracker.silence(now))
        now += silences[-1]
    assert silences == [60.0, 120.0, 240.0, 480.0, 900.0, 900.0]
    for _ in range(1100):  # for days on end
        of.obey(grant, Banned(FAULT, firewall=True), now)
        now += 900.0
    of.obey(grant, Done(None), now)
    of.obey(grant, Banned(FAULT, firewall=True), now)
    assert of.routes[0].tracker.silence(now) == 60.0


def test_firewall_during_another_silence() -> None:
    """A 403 while silent for another reason asks for its minute all the same."""
    of = room()
    grant = grant_of(of)
    of.settle(grant, {}, 2.0)
    of.obey(grant, Throttled(FAULT, Meaning.WEIGHT, 7.0), 2.0)
    of.obey(grant, Banned(FAULT, firewall=True), 2.0)
    assert of.routes[0].tracker.silence(2.0) == 60.0


def test_banned_until() -> None:
    """Only when all addresses are banned is there nothing to wait for."""
    of = room(2)
    assert of.banned_until(1.0) is None
    for index, seconds in ((0, 300.0), (1, 200.0)):
        grant = grant_of(of)
        assert index == grant.index
        of.settle(grant, {}, 1.0)
        of.obey(grant, Banned(FAULT, retry_after=seconds), 1.0)
        assert of.banned_until(1.0) == (None if index == 0 else 201.0)


@pytest.mark.parametrize(("change", "followed"), [(Change.NONE, False), (Change.JUMPED, True)])
def test_reclock(change: Change, followed: bool) -> None:
    """Every tracker hears of a clock that changed, and of nothing else."""
    of = room(2)
    trackers = [*(route.tracker for route in of.routes), of.orders]
    before = [tracker.epoch for tracker in trackers]
    of.reclock(change, 1.0)
    assert [epoch + followed for epoch in before] == [tracker.epoch for tracker in trackers]


def test_work_per_waiter_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """I7: a room of many is emptied with one look at the tracker per waiter, tidying included."""
    looks = 0
    admit = WeightTracker.admit

    def counted(self: WeightTracker, weight: int, lane: Lane, now: float) -> Any:
        nonlocal looks
        looks += 1
        return admit(self, weight, lane, now)

    monkeypatch.setattr(WeightTracker, "admit", counted)
    many = 20_000
    of = room(connections=10 * many, ceiling=10 * many)
    waiters = queue(of, *[(1, Lane.CANCEL)] * many)
    for waiter in waiters[1::2]:
        of.abandon(waiter)
    assert len(of.drain(1.0)) == many // 2
    assert looks == many // 2


def test_of_two_addresses_one_may_be_busy_and_one_used_up() -> None:
    """Who waits then waits for the weight of the one that has a connection free."""
    of = room(2, connections=1)
    busy, used = of.routes
    busy.busy = 1
    while used.tracker.admit(1, Lane.CANCEL, 1.0) is not None:
        pass
    queue(of, (1, Lane.CANCEL))
    assert of.drain(1.0) == []
    wake = of.next_wake()
    assert wake is not None
    assert 1.0 < wake < 62.0


def test_a_grant_remembers_that_it_was_used() -> None:
    """Until its first byte is written it can be given back."""
    grant = grant_of(room())
    assert not grant.written
    grant.write()
    assert grant.written


def test_calm_is_one_address_that_may_send_what_fits() -> None:
    """At one glance; whatever speaks against waiting takes a closer look."""
    one = room()
    assert one.calm(1, 1.0)
    assert one.calm(99, 1.0)
    assert not one.calm(100, 1.0)  # more than a whole limit, headroom aside
    one.routes[0].tracker.ban(5.0, 418, 1.0)
    assert not one.calm(1, 5.9)
    assert one.calm(1, 6.0)
    assert not room(2).calm(1, 1.0)
