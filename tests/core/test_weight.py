"""The tracker of one counter of the exchange, case by case; see also `tests/property`."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from binance_papi.core.endpoint import Lane
from binance_papi.core.events import AlignmentLost, Frozen
from binance_papi.core.offset import Change, ClockOffset
from binance_papi.core.weight import LINGER, WeightTracker
from binance_papi.terms import RateLimit

RULE = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 1000)
TENTH = RateLimit("REQUEST_WEIGHT", "SECOND", 10, 100)
EPOCH = 1_700_000_040.0
HEADER = "x-mbx-used-weight-1m"


def clock() -> ClockOffset:
    """Local time 0 is a full minute, known to half a second either way."""
    offset = ClockOffset(EPOCH, 0.0)
    offset.observe(EPOCH - 0.49, EPOCH + 0.49, 0.0, 0.0)
    return offset


def tracker(*rules: RateLimit, now: float = 1.0, **options: Any) -> WeightTracker:
    """A tracker that knows its window, unless told otherwise."""
    options = {"reserve": 0.0, "probe": False} | options
    return WeightTracker(rules or (RULE,), clock(), now, **options)


def used(weight: int) -> dict[str, str]:
    """The headers of a reply."""
    return {HEADER: str(weight)}


def take(of: WeightTracker, weight: int, now: float, lane: Lane = Lane.CANCEL) -> Any:
    """A ticket that is certainly given."""
    ticket = of.admit(weight, lane, now)
    assert ticket is not None
    return ticket


def books(of: WeightTracker) -> tuple[int, int, int | None]:
    """In flight, charged now, charged to the next window."""
    return of.in_flight, of.windows[0].charged, of.windows[0].next_charged


# ---------------------------------------------------------------------- admission


def test_limit_less_one_percent() -> None:
    """I3, I1: everything but the headroom is given, and not one more."""
    weight = tracker()
    take(weight, 900, 1.0)
    take(weight, 90, 1.0)
    assert weight.admit(1, Lane.CANCEL, 1.0) is None
    assert books(weight) == (990, 990, None)
    assert weight.chance(1, Lane.CANCEL, 1.0) == weight.windows[0].rolls_at


def test_no_rules_no_limits() -> None:
    """Without a rule everything fits, at any time."""
    free = WeightTracker((), clock(), 0.0, probe=False)
    take(free, 10**9, 0.0)
    assert (inf, 0.0, (), inf) == (
        free.ceiling,
        free.wait(5, 1.0),
        free.usage(1.0),
        free.room(Lane.READ, 1.0),
    )
    free.throttle(take(free, 1, 1.0), None, 1.0)
    assert free.silence(1.0) == 1.0


def test_tightest_rule_counts() -> None:
    """With several rules the tightest decides, and the latest of their windows."""
    weight = tracker(TENTH, RULE)
    assert weight.ceiling == 99
    ticket = take(weight, 99, 1.0)
    assert weight.admit(1, Lane.CANCEL, 1.0) is None
    assert weight.chance(1, Lane.CANCEL, 1.0) == weight.windows[0].rolls_at
    weight.settle(ticket, {}, 2.0)
    assert weight.admit(1, Lane.CANCEL, 10.6) is not None


@pytest.mark.parametrize(
    ("now", "lane", "room"),
    [
        (0.6, Lane.CANCEL, 990),
        (0.6, Lane.RESOLVE, 990),
        (0.6, Lane.REDUCE, 740),
        (0.6, Lane.READ, 740),
        (30.5, Lane.ORDER, 865),
        (59.0, Lane.READ, 983),
        (59.4, Lane.READ, 990),
    ],
)
def test_reserve_melts(now: float, lane: Lane, room: int) -> None:
    """A quarter is kept for cancels; it melts to nothing by the end of the window."""
    assert tracker(reserve=0.25).room(lane, now) == pytest.approx(room, abs=1)


def test_reserve_is_kept_in_a_window_that_may_have_begun() -> None:
    """Reads that are charged to the next window already leave its reserve to the cancels."""
    weight = tracker(reserve=0.25)
    reads = sum(weight.admit(1, Lane.READ, 59.8) is not None for _ in range(990))
    assert reads == 739  # and one request's room, until it is known which window counted what
    assert weight.chance(1, Lane.READ, 59.8) == weight.windows[0].rolls_at
    assert sum(weight.admit(1, Lane.CANCEL, 59.9) is not None for _ in range(990)) == 250


def test_chance_when_the_reserve_melts() -> None:
    """Whom only the reserve keeps out, it lets in at the moment named."""
    weight = tracker(reserve=0.25)
    take(weight, 800, 1.0)
    when = weight.chance(65, Lane.READ, 1.0)
    assert 30 < when < 31
    assert weight.admit(65, Lane.READ, when - 0.1) is None
    assert weight.admit(65, Lane.READ, when + 0.001) is not None


def test_chance_of_what_fits_is_now() -> None:
    """Nothing to wait for."""
    assert tracker().chance(990, Lane.READ, 1.0) == 1.0


# ---------------------------------------------------------------------- beginning


def test_first_request_goes_alone() -> None:
    """The first reply tells clock and used weight; until then nobody else goes, for a second."""
    weight = tracker(probe=True)
    first = take(weight, 1, 1.0)
    assert weight.admit(1, Lane.CANCEL, 1.5) is None
    assert weight.chance(1, Lane.CANCEL, 1.5) == 2.0
    weight.settle(first, used(1), 1.6)
    assert weight.admit(900, Lane.CANCEL, 1.6) is not None


def test_first_request_does_not_block_for_ever() -> None:
    """Without a reply the others go on, carefully."""
    weight = tracker(probe=True)
    take(weight, 1, 1.0)
    assert weight.room(Lane.CANCEL, 2.0) == 499
    assert weight.room(Lane.READ, 2.0) == 99
    assert weight.admit(100, Lane.READ, 2.0) is None
    assert weight.chance(100, Lane.READ, 2.0) == weight.windows[0].rolls_at
    take(weight, 99, 2.0, Lane.READ)


def test_first_reply_without_a_header_tells_nothing() -> None:
    """Care ends with the first count heard, or with the window."""
    weight = tracker(probe=True)
    assert weight.settle(take(weight, 1, 1.0), {}, 1.1) == 0
    assert weight.room(Lane.READ, 1.2) == 99
    assert weight.room(Lane.READ, 1.2) == weight.room(Lane.READ, 1.3)
    weight.usage(60.6)
    assert weight.room(Lane.READ, 60.6) == 990


def test_care_ends_window_by_window() -> None:
    """The end of a short window tells nothing of what was used in a long one."""
    weight = tracker(TENTH, RULE, probe=True)
    weight.settle(take(weight, 1, 1.0), {}, 1.1)
    take(weight, 9, 1.2, Lane.READ)
    weight.usage(10.6)
    take(weight, 89, 10.6, Lane.READ)
    assert weight.admit(2, Lane.READ, 20.6) is None
    assert weight.chance(2, Lane.READ, 20.6) == weight.windows[1].rolls_at


def test_what_came_before_us_is_counted_not_blamed() -> None:
    """Use by an earlier process takes room, but is no endpoint's excess and predicts nothing."""
    weight = tracker(probe=True)
    assert weight.settle(take(weight, 1, 1.0), used(301), 1.1) == 0
    assert (weight.windows[0].foreign, weight.room(Lane.CANCEL, 1.2)) == (300, 690 - 1)
    weight.usage(60.6)
    assert weight.room(Lane.CANCEL, 60.6) == 990


# ---------------------------------------------------------------------- windows


def test_carry_in() -> None:
    """I1: what is in flight when the next window may have begun is charged there, too."""
    weight = tracker()
    early = take(weight, 100, 1.0)
    late = take(weight, 200, 59.0)
    weight.settle(early, {}, 2.0)
    take(weight, 10, 60.0)
    assert books(weight) == (210, 310, 210)
    weight.settle(late, {}, 60.1)
    assert books(weight) == (10, 310, 210)
    weight.usage(60.6)
    assert books(weight) == (10, 210, None)


def test_zone_is_as_tight_as_the_next_window() -> None:
    """While two windows are open, both have to have room."""
    weight = tracker()
    take(weight, 980, 59.0)
    assert weight.admit(11, Lane.CANCEL, 60.0) is None
    assert weight.admit(10, Lane.CANCEL, 60.0) is None  # the last one is held back
    take(weight, 9, 60.0)
    assert books(weight) == (989, 989, 989)
    assert weight.admit(1, Lane.CANCEL, 60.6) is None
    assert weight.admit(1, Lane.CANCEL, 120.6) is None  # still in flight
    assert weight.admit(1, Lane.CANCEL, 180.6) is None


@pytest.mark.parametrize(("counted", "room"), [(0, 989), (600, 389), (989, 0)])
def test_a_request_alone_clears_the_doubt(counted: int, room: int) -> None:
    """What was carried in and not counted here is given back, once the count is known exactly."""
    weight = tracker()
    ticket = take(weight, 989, 60.0)
    weight.settle(ticket, used(400), 60.2)
    assert weight.admit(1, Lane.CANCEL, 60.3) is None  # the window has not certainly begun
    alone = take(weight, 1, 60.6)
    assert weight.admit(1, Lane.CANCEL, 60.6) is None
    weight.settle(alone, used(counted + 1), 60.7)
    assert room == weight.room(Lane.CANCEL, 60.7)


def test_a_counter_that_lags_can_not_undo_what_was_sent_in_this_window() -> None:
    """At most the carry-in is given back, whatever the header says."""
    weight = tracker()
    weight.settle(take(weight, 300, 60.0), used(300), 60.2)
    weight.settle(take(weight, 100, 60.6), used(400), 60.7)
    assert books(weight)[1] == 400
    weight = tracker()
    weight.settle(take(weight, 300, 60.0), used(300), 60.2)
    weight.settle(take(weight, 100, 60.6), used(1), 60.7)
    assert books(weight)[1] == 100


def test_use_by_others_is_no_reason_to_give_back() -> None:
    """A count that others share is an upper bound on ours all the same."""
    weight = tracker()
    weight.settle(take(weight, 300, 60.0), used(300), 60.2)
    weight.settle(take(weight, 1, 60.6), used(250), 60.7)
    assert books(weight)[1] == 250
    weight.settle(take(weight, 1, 60.8), used(290), 60.9)
    assert (weight.windows[0].foreign, weight.room(Lane.CANCEL, 61.0)) == (39, 700)


def test_sleep_over_a_boundary() -> None:
    """A client that looks again only long afterwards forgets nothing that still matters."""
    weight = tracker()
    take(weight, 100, 1.0)
    weight.usage(500.0)
    assert books(weight) == (100, 100, None)


@pytest.mark.parametrize(("lost_at", "carried"), [(10.0, 0), (54.0, 0), (55.0, 100), (59.0, 100)])
def test_lost_requests_linger(lost_at: float, carried: int) -> None:
    """A lost request counts in the next window if it may still arrive there; whenever we look."""
    for look_at in (60.6, 70.0):
        weight = tracker()
        weight.lose(take(weight, 100, lost_at), lost_at)
        assert books(weight) == (0, 100, None)
        weight.usage(look_at)
        assert books(weight) == (0, carried, None)
    assert LINGER == 5.0


def test_lost_after_the_boundary() -> None:
    """A request given up in the next window was carried into it before."""
    weight = tracker()
    weight.lose(take(weight, 100, 1.0), 61.0)
    assert books(weight) == (0, 100, None)
    weight.usage(120.0)
    assert books(weight) == (0, 100, 0)


# ---------------------------------------------------------------------- settlement


@pytest.mark.parametrize("later", [2.0, 60.0, 60.6, 200.0])
def test_refund_takes_everything_back(later: float) -> None:
    """I5: whatever windows have opened since, a refund leaves no trace."""
    weight = tracker()
    ticket = take(weight, 100, 1.0)
    weight.usage(min(later, 60.0))
    weight.refund(ticket, later)
    assert books(weight)[:2] == (0, 0)
    assert not books(weight)[2]


def test_settling_gives_nothing_back() -> None:
    """What was counted stays counted."""
    weight = tracker()
    weight.settle(take(weight, 100, 1.0), used(100), 1.1)
    assert books(weight) == (0, 100, None)


def test_replies_in_any_order() -> None:
    """Headers older than others, of ours alone, never look like somebody else."""
    weight = tracker()
    tickets = [take(weight, 1, 1.0) for _ in range(50)]
    for number in reversed(range(50)):
        assert weight.settle(tickets[number], used(number + 1), 1.5) == 0
    assert weight.windows[0].foreign == 0


def test_others_are_seen_and_never_unseen() -> None:
    """What others used at least is a maximum over all replies."""
    weight = tracker()
    first, second, third = (take(weight, 10, 1.0) for _ in range(3))
    weight.settle(first, used(80), 1.1)
    weight.settle(second, used(40), 1.2)
    weight.settle(third, used(95), 1.3)
    assert weight.windows[0].foreign == 65
    assert weight.usage(1.4)[0].used == 95


def test_others_are_expected_again() -> None:
    """What others used in one window is kept free in the next."""
    weight = tracker()
    weight.usage(60.6)
    weight.settle(take(weight, 10, 61.0), used(210), 61.1)
    weight.usage(120.6)
    assert weight.room(Lane.CANCEL, 120.6) == 790


@pytest.mark.parametrize(
    ("sent", "heard"), [(1.0, 60.0), (60.0, 60.1), (60.0, 60.7), (1.0, 61.0), (1.0, 200.0)]
)
def test_ambiguous_headers_are_dropped(sent: float, heard: float) -> None:
    """A header that may speak of either of two windows says nothing."""
    weight = tracker()
    assert weight.settle(take(weight, 10, sent), used(900), heard) == 0
    assert weight.windows[0].foreign == 0


def test_excess_of_one_that_was_alone() -> None:
    """Only a request that had the address for itself is evidence of its own cost."""
    weight = tracker()
    assert weight.settle(take(weight, 1, 1.0), used(5), 1.1) == 4
    first, second = take(weight, 1, 2.0), take(weight, 1, 2.0)
    assert weight.settle(first, used(20), 2.1) == 0
    assert weight.settle(second, used(30), 2.2) == 0
    assert weight.settle(take(weight, 1, 3.0), {}, 3.1) == 0
    weight.lose(take(weight, 1, 4.0), 4.0)
    assert weight.settle(take(weight, 1, 4.1), used(50), 4.2) == 0


def test_use_that_falls_breaks_the_alignment() -> None:
    """Windows that are not where they should be: two are summed from then on, reported once."""
    weight = tracker()
    for number, count in enumerate((10, 12, 3, 2)):
        weight.settle(take(weight, 1, 2.0 + number), used(count), 2.1 + number)
    assert weight.windows[0].sliding
    assert weight.events == [AlignmentLost(RULE)]
    charged = weight.windows[0].charged + weight.windows[0].foreign
    assert weight.room(Lane.CANCEL, 6.0) == 990 - charged
    weight.usage(60.6)
    assert weight.room(Lane.CANCEL, 60.6) == 990 - 4


def test_use_that_falls_among_others_proves_nothing() -> None:
    """Between two solitary requests there must have been no other, and the same windows."""
    weight = tracker()
    weight.settle(take(weight, 1, 1.0), used(10), 1.1)
    pair = take(weight, 1, 2.0), take(weight, 1, 2.0)
    for ticket in pair:
        weight.settle(ticket, used(2), 2.1)
    weight.settle(take(weight, 1, 3.0), used(3), 3.1)
    weight.settle(take(weight, 1, 61.0), used(1), 61.1)
    weight.settle(take(weight, 1, 62.0), {}, 62.1)
    weight.settle(take(weight, 1, 63.0), used(1), 63.1)
    assert not weight.windows[0].sliding
    assert weight.events == []


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(("after", "until"), [(7.0, 9.0), (100.0, 102.0), (None, 60.5)])
def test_429_is_silence(after: float | None, until: float) -> None:
    """I8: for as long as was asked, else to the end of the window; and less is believed in."""
    weight = tracker()
    ticket = take(weight, 1, 1.0)
    weight.settle(ticket, {}, 2.0)
    weight.throttle(ticket, after, 2.0)
    assert weight.silence(2.0) == pytest.approx(until - 2.0, abs=0.01)
    end = 2.0 + weight.silence(2.0)
    assert weight.admit(1, Lane.CANCEL, end - 0.001) is None
    assert weight.chance(1, Lane.CANCEL, end - 0.001) == end
    assert weight.wait(1, 2.0) == pytest.approx(end - 2.0)
    assert weight.admit(1, Lane.CANCEL, end) is not None
    assert [Frozen] == [type(event) for event in weight.events]
    assert weight.banned_until(2.0) is None


def test_429_to_a_whole_burst_is_one_lesson() -> None:
    """Refusals of requests that were under way already teach nothing new."""
    weight = tracker()
    tickets = [take(weight, 1, 1.0) for _ in range(10)]
    for ticket in tickets:
        weight.settle(ticket, {}, 2.0)
        weight.throttle(ticket, 7.0, 2.0)
    assert weight.windows[0].share == pytest.approx(0.7)
    assert len(weight.events) == 1
    assert weight.usage(2.0)[0].refused == 10


def test_429_again_and_again() -> None:
    """Each new refusal shrinks the limit we believe in, to a tenth at least."""
    weight = tracker()
    now = 1.0
    for _ in range(20):
        ticket = take(weight, 1, now)
        weight.throttle(ticket, 1.0, now + 0.1)
        now += 2.0
    assert weight.windows[0].share == 0.1


def test_418_is_a_ban() -> None:
    """I8: silence, then one request alone, then a tenth of the limit, then more."""
    weight = tracker(source_address="10.0.0.1")
    other = take(weight, 1, 1.0)
    weight.settle(take(weight, 1, 1.0), {}, 2.0)
    weight.ban(120.0, 418, 2.0)
    weight.ban(60.0, 418, 2.1)
    assert weight.events == [Frozen(418, 120.0, "10.0.0.1")]
    assert weight.banned_until(3.0) == 122.0
    assert weight.banned_until(122.0) is None
    weight.settle(other, {}, 3.0)  # sent before: no sign of pardon
    probe = take(weight, 1, 122.0)
    assert weight.admit(1, Lane.CANCEL, 500.0) is None
    weight.settle(probe, {}, 500.0)
    assert weight.windows[0].share == pytest.approx(0.1 + 0.8)
    assert weight.admit(1, Lane.CANCEL, 500.0) is not None


def test_longer_ban_is_told() -> None:
    """A sentence that grows is news."""
    weight = tracker()
    weight.ban(120.0, 418, 2.0)
    weight.ban(600.0, 403, 3.0)
    assert weight.events == [Frozen(418, 120.0), Frozen(403, 600.0)]
    assert weight.banned_until(3.0) == 603.0


# ---------------------------------------------------------------------- clock


def test_better_clock_moves_the_edges() -> None:
    """A narrower interval makes the zone narrower; tickets keep their windows."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 1.0, probe=False)
    ticket = take(weight, 1, 1.0)
    change = offset.refine(int((EPOCH + 2.0) * 1000), 2.0, 2.0)
    weight.reclock(change, 2.0)
    assert weight.windows[0].opens_at == pytest.approx(59.99, abs=0.02)
    assert weight.settle(ticket, used(3), 2.1) == 2


def test_better_clock_closes_a_zone_that_opened_too_early() -> None:
    """Once it is known that the next window has not begun, nothing more is charged to it."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 59.6, probe=False)
    first = take(weight, 3, 59.6)
    assert books(weight) == (3, 3, 3)
    weight.reclock(offset.refine(int((EPOCH + 59.65) * 1000), 59.65, 59.65), 59.65)
    assert books(weight) == (3, 3, None)
    take(weight, 100, 59.7)
    assert books(weight) == (103, 103, None)
    assert weight.settle(first, used(900), 59.7) == 0  # sent while the zone was open
    weight.usage(60.0)
    assert books(weight) == (100, 103, 100)  # what is in flight when it really may begin


def test_worse_clock_makes_tickets_ambiguous() -> None:
    """A zone that opens earlier than was thought makes older headers ambiguous."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 1.0, probe=False)
    ticket = take(weight, 1, 1.0)
    assert offset.observe(EPOCH + 1.9, EPOCH + 1.91, 1.0, 1.0) is Change.MOVED
    weight.reclock(Change.MOVED, 1.0)
    assert weight.settle(ticket, used(9), 1.1) == 0


def test_interval_back_over_the_boundary_is_waited_out() -> None:
    """If this window may not have begun after all, nothing is sent until it surely has."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 60.6, probe=False)
    assert offset.observe(EPOCH + 59.2, EPOCH + 59.21, 60.6, 60.6) is Change.MOVED
    weight.reclock(Change.MOVED, 60.6)
    assert 0 < weight.silence(60.6) < 2
    assert weight.admit(1, Lane.CANCEL, 60.7) is None


@pytest.mark.parametrize("jump", [5.0, -5.0, 3600.0, 58.0])
def test_jump_charges_both_windows(jump: float) -> None:
    """After a jump nobody knows which window counted what: the fuller book counts for both."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 30.0, probe=False)
    ticket = take(weight, 600, 30.0)
    change = offset.observe(EPOCH + 30 + jump, EPOCH + 31 + jump, 30.0, 30.0)
    assert change is Change.JUMPED
    weight.reclock(change, 30.0)
    assert weight.windows[0].index == (EPOCH + 30 + jump - 0.5) // 60
    assert weight.settle(ticket, used(900), 30.1) == 0
    weight.usage(30.1)
    assert weight.room(Lane.CANCEL, 30.1) == 390


def test_jump_back_into_the_window_before_keeps_its_charge() -> None:
    """If the window before is still the present one, what it was charged still counts."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 55.0, probe=False, reserve=0.0)
    weight.settle(take(weight, 900, 55.0), {}, 56.0)
    take(weight, 50, 61.0)
    offset.observe(EPOCH + 55.0, EPOCH + 55.01, 61.0, 61.0)
    weight.reclock(Change.JUMPED, 61.0)
    assert weight.room(Lane.CANCEL, 61.0) == 40


def test_jump_into_a_zone() -> None:
    """Where the jump ends between two windows, both are charged at once."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 30.0, probe=False)
    take(weight, 600, 30.0)
    offset.observe(EPOCH + 59.5, EPOCH + 60.5, 30.0, 30.0)
    weight.reclock(Change.JUMPED, 30.0)
    assert books(weight) == (600, 600, 600)


def test_reclock_brings_the_books_up_to_date_first() -> None:
    """A change heard after a boundary finds the new window."""
    offset = clock()
    weight = WeightTracker((RULE,), offset, 1.0, probe=False)
    weight.settle(take(weight, 5, 1.0), {}, 1.1)
    weight.reclock(Change.MOVED, 61.0)
    assert books(weight) == (0, 0, None)


# ---------------------------------------------------------------------- reports


def test_wait() -> None:
    """At least how long a queue takes, window by window."""
    weight = tracker()
    take(weight, 500, 1.0)
    rest = weight.windows[0].rolls_at - 1.0
    waits = [weight.wait(amount, 1.0) for amount in (490, 491, 1480, 1481)]
    assert [0.0, rest, rest, rest + 60.0] == pytest.approx(waits)
    assert weight.wait(490, 200.0) == 0.0


def test_usage() -> None:
    """The state of each rule, as the client reckons."""
    weight = tracker(source_address="10.0.0.1")
    weight.settle(take(weight, 10, 1.0), used(30), 1.1)
    take(weight, 5, 1.2)
    (usage,) = weight.usage(2.0)
    assert (
        usage.limit,
        usage.used,
        usage.in_flight,
        usage.foreign,
        usage.source_address,
    ) == (RULE, 35, 5, 20, "10.0.0.1")
    assert (usage.frozen_for, usage.refused) == (0.0, 0)
    assert usage.resets_in == pytest.approx(58.5, abs=0.01)
    assert weight.usage(60.6)[0].used == 5
    assert weight.exchange_time(2.0) == pytest.approx(EPOCH + 2.0 - 0.5, abs=0.01)


def test_what_a_doubt_holds_back_is_free_when_the_doubt_ends() -> None:
    """A short window may have begun: one more is held back, but only until it surely has."""
    weight = tracker(TENTH, RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 103), reserve=0.25)
    weight.settle(take(weight, 30, 1.0), {}, 1.1)
    weight.usage(9.8)
    short, long = weight.windows
    assert short.next_charged is not None
    assert 50 < long.room_beside(0.25, 9.8) < 50.4
    assert weight.admit(50, Lane.READ, 9.8) is None
    assert weight.chance(50, Lane.READ, 9.8) == short.rolls_at
    assert weight.admit(50, Lane.READ, short.rolls_at) is not None
