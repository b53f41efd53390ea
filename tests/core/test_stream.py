"""The life of a stream: what is done when, and where events may be missing."""

from __future__ import annotations

from math import inf

import pytest

from binance_papi.core.stream import (
    ANSWER,
    DOUBT,
    KEEP_ALIVE,
    LIFE,
    OVERLAP,
    QUIET,
    Do,
    Hole,
    Life,
    Step,
)

START, KEEP, WAIT = Do(Step.START), Do(Step.KEEP_ALIVE), Do(Step.WAIT)


def connect(number: int) -> Do:
    """Connection ``number`` is to be opened."""
    return Do(Step.CONNECT, number)


def close(number: int) -> Do:
    """Connection ``number`` is to be closed."""
    return Do(Step.CLOSE, number)


def due(life: Life, now: float) -> list[Do]:
    """All that is due."""
    found = []
    while (do := life.next(now)) != WAIT:
        found.append(do)
    return found


def alive(now: float = 0.0) -> Life:
    """A life whose first connection stands."""
    life = Life(now)
    assert due(life, now) == [START]
    life.started(now, same=False)
    assert due(life, now) == [connect(1)]
    assert [life.ready] == [False]
    assert life.opened(1, now, 0.0) is None
    assert [life.ready] == [True]
    return life


def reconnect(life: Life, now: float, number: int, *, same: bool = True) -> Hole | None:
    """POST, then the next connection."""
    assert due(life, now) == [START]
    life.started(now, same=same)
    assert due(life, now) == [connect(number)]
    return life.opened(number, now, 0.0)


def test_a_key_comes_before_a_connection() -> None:
    """Nothing else is due until something happens."""
    life = alive()
    assert life.next(1.0) == WAIT
    assert life.wake() == QUIET
    assert [life.hole] == [None]
    assert [life.overlapping] == [False]


def test_the_key_is_kept_alive() -> None:
    """Every half hour; a failure is tried again within a minute, with jitter."""
    life = alive()
    for minute in range(29):
        life.heard(1, 60.0 * minute, event=True)
    assert life.next(KEEP_ALIVE - 1) == Do(Step.PING, 1)
    life.heard(1, KEEP_ALIVE - 1, event=True)
    assert due(life, KEEP_ALIVE) == [KEEP]
    assert life.wake() == KEEP_ALIVE - 1 + QUIET
    life.keep_failed(KEEP_ALIVE + 1, 0.0, gone=False)
    life.heard(1, KEEP_ALIVE + 30, event=True)
    assert due(life, KEEP_ALIVE + 30.9) == []
    assert due(life, KEEP_ALIVE + 31) == [KEEP]
    life.kept(KEEP_ALIVE + 32)
    life.heard(1, 2 * KEEP_ALIVE + 31, event=True)
    assert due(life, 2 * KEEP_ALIVE + 31) == []
    assert due(life, 2 * KEEP_ALIVE + 32) == [KEEP]


def test_without_events_the_key_is_looked_at() -> None:
    """A connection may be silent because it listens to a dead key; POST tells."""
    life = alive()
    for now in range(30, 600, 30):
        life.heard(1, float(now), event=now <= 300)
    life.heard(1, 880.0, event=False)
    assert due(life, 300 + DOUBT - 1) == []
    assert due(life, 300 + DOUBT) == [START]
    life.heard(1, 920.0, event=False)
    life.started(910.0, same=True)
    assert due(life, 920.0) == []
    assert [life.hole] == [None]
    life.heard(1, 910.0 + DOUBT, event=False)
    assert due(life, 910.0 + DOUBT) == [START]
    life.start_failed(910.0 + DOUBT, 0.5)
    assert due(life, 910.0 + DOUBT + 50) == []
    life.heard(1, 910.0 + DOUBT + 60, event=False)
    assert due(life, 910.0 + DOUBT + 60) == [START]


def test_the_account_has_another_key() -> None:
    """What was missed begins where the old key was alive for certain."""
    life = alive()
    life.heard(1, 20.0, event=True)
    for now in range(50, 700, 50):
        life.heard(1, float(now), event=False)
    assert due(life, 20.0 + DOUBT) == [START]
    life.started(620.0, same=False)
    assert life.hole == Hole(20.0, inf, "the account has another listenKey")
    assert due(life, 620.0) == [connect(2)]
    assert [life.overlapping] == [True]
    assert life.opened(2, 621.0, 0.0) == Hole(20.0, 621.0, "the account has another listenKey")
    assert [life.hole] == [None]
    assert due(life, 621.0 + OVERLAP) == [close(1)]
    assert [life.overlapping] == [False]


def test_the_key_may_have_ended_before_the_connection() -> None:
    """A connection is cut, and then POST tells another key: nobody knows since when."""
    life = alive()
    life.heard(1, 100.0, event=True)
    life.heard(1, 180.0, event=False)
    life.closed(1, 200.0, 0.0, "cut")
    assert life.hole == Hole(180.0, inf, "cut")
    assert reconnect(life, 200.0, 2, same=False) == Hole(100.0, 200.0, "cut")


def test_a_silent_connection_is_pinged_and_left() -> None:
    """A pong, or anything else, saves it; else the hole begins with its last sign of life."""
    life = alive()
    assert life.wake() == QUIET
    assert due(life, QUIET) == [Do(Step.PING, 1)]
    life.heard(1, QUIET + ANSWER - 1, event=False)
    assert due(life, QUIET + ANSWER) == []
    heard = QUIET + ANSWER - 1
    assert due(life, heard + QUIET) == [Do(Step.PING, 1)]
    assert life.wake() == heard + QUIET + ANSWER
    now = heard + QUIET + ANSWER
    assert due(life, now) == [close(1), START]
    assert life.hole == Hole(heard, inf, "the connection was silent")
    life.started(now, same=True)
    assert due(life, now) == [connect(2)]
    hole = life.opened(2, now + 1, 0.0)
    assert hole == Hole(heard, now + 1, "the connection was silent")


def test_a_connection_gets_a_successor_before_it_is_cut() -> None:
    """The new one is open before the old one is closed, and both are read for a while: no hole."""
    life = alive()
    life.heard(1, LIFE, event=True)
    life.kept(LIFE)
    assert reconnect(life, LIFE, 2) is None
    assert [life.overlapping] == [True]
    assert due(life, LIFE + OVERLAP - 0.1) == []
    assert life.wake() == LIFE + OVERLAP
    assert due(life, LIFE + OVERLAP) == [close(1)]
    life.heard(2, LIFE + 60, event=True)
    life.closed(1, LIFE + 61, 0.0, "late news")
    assert due(life, LIFE + 61) == []


def test_successors_are_spread() -> None:
    """Not all clients come at the same time of the day."""
    life = Life(0.0)
    due(life, 0.0)
    life.started(0.0, same=False)
    due(life, 0.0)
    life.opened(1, 0.0, 0.5)
    life.heard(1, LIFE + 899, event=True)
    life.kept(LIFE)
    assert due(life, LIFE + 899) == []
    assert due(life, LIFE + 900) == [START]


def test_an_old_connection_that_ends_in_the_overlap_is_no_loss() -> None:
    """Its successor is there."""
    life = alive()
    life.shutdown(1, 5.0, 0.0)
    assert reconnect(life, 5.0, 2) is None
    life.closed(1, 6.0, 0.0, "gone")
    assert [life.hole] == [None]
    assert due(life, 6.0) == []


def test_a_cut_connection_is_replaced() -> None:
    """At once after a long life, then after longer and longer pauses; the hole grows meanwhile."""
    life = alive()
    life.heard(1, 99.0, event=True)
    life.closed(1, 100.0, 0.5, "cut")
    assert life.hole == Hole(99.0, inf, "cut")
    assert due(life, 100.2) == []
    assert life.wake() == 100.25
    assert due(life, 100.25) == [START]
    life.start_failed(101.0, 0.5)
    assert due(life, 101.4) == []
    assert due(life, 101.5) == [START]
    life.started(102.0, same=True)
    assert due(life, 102.0) == [connect(2)]
    life.connect_failed(2, 103.0, 0.5)
    assert due(life, 103.9) == []
    assert reconnect(life, 104.0, 3) == Hole(99.0, 104.0, "cut")
    life.closed(3, 105.0, 0.5, "cut again")
    assert life.wake() == 107.0
    life.closed(3, 105.0, 0.5, "once is enough")
    assert life.hole == Hole(104.0, inf, "cut again")


def test_pauses_have_an_end() -> None:
    """Half a minute at most."""
    life = Life(0.0)
    now = 0.0
    for _ in range(20):
        assert due(life, now) == [START]
        life.start_failed(now, 1.0)
        pause = life.wake() - now
        now = life.wake()
    assert pause == 30.0


def test_an_expired_key_is_replaced() -> None:
    """The exchange tells it on the connection; the hole is as short as that allows."""
    life = alive()
    life.expired(1, 50.0, 0.0)
    assert life.hole == Hole(50.0, inf, "the listenKey expired")
    assert reconnect(life, 50.0, 2, same=False) == Hole(50.0, 50.0, "the listenKey expired")
    life.expired(1, 51.0, 0.0)
    life.expired(9, 51.0, 0.0)
    assert [life.hole] == [None]
    assert due(life, 50.0 + OVERLAP) == [close(1)]


@pytest.mark.parametrize("way", ["expired", "shutdown"])
def test_who_is_sent_away_at_once_comes_back_slowly(way: str) -> None:
    """An exchange that ends every connection as it opens must not be stormed."""
    life = alive()
    now, pauses = 0.0, []
    for number in range(2, 6):
        getattr(life, way)(number - 1, now, 1.0)
        began = now
        while START not in due(life, now):
            now = life.wake()
        pauses.append(now - began)
        life.started(now, same=True)
        assert due(life, now) == [connect(number)]
        life.opened(number, now, 0.0)
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    old = alive()
    old.heard(1, 70.0, event=True)
    getattr(old, way)(1, 70.0, 1.0)
    assert due(old, 70.0) == [START]


def test_a_connection_of_an_expired_key_may_be_cut_too() -> None:
    """The hole began before."""
    life = alive()
    life.expired(1, 50.0, 0.0)
    life.closed(1, 50.5, 0.5, "cut")
    assert life.hole == Hole(50.0, inf, "the listenKey expired")
    assert due(life, 50.5) == [START]


@pytest.mark.parametrize("told", [True, False])
def test_the_key_is_gone_while_connecting(told: bool) -> None:
    """A connection that comes about with a dead key is of no use."""
    life = alive()
    life.heard(1, 50.0, event=True)
    life.shutdown(1, 50.0, 0.0)
    assert due(life, 50.0) == [START]
    life.started(50.0, same=True)
    assert due(life, 50.0) == [connect(2)]
    life.shutdown(1, 50.5, 0.0)
    assert due(life, 50.5) == []  # one is on its way
    if told:
        life.expired(1, 51.0, 0.0)
    else:
        life.keep_failed(51.0, 0.0, gone=True)
    reason = "the listenKey expired" if told else "the listenKey was gone"
    assert life.hole == Hole(51.0 if told else 50.0, inf, reason)
    assert due(life, 51.0) == []
    assert life.opened(2, 52.0, 0.0) is None
    assert due(life, 52.0) == [close(2), START]
    life.started(52.0, same=False)
    assert due(life, 52.0) == [connect(3)]
    hole = life.opened(3, 53.0, 0.0)
    assert hole is not None
    assert hole.until == 53.0


def test_two_good_connections_lose_their_key_at_once() -> None:
    """The hole begins after the last event on either."""
    life = alive()
    life.shutdown(1, 5.0, 0.0)
    assert reconnect(life, 5.0, 2) is None
    life.heard(1, 6.0, event=True)
    life.keep_failed(6.5, 0.0, gone=True)
    assert life.hole == Hole(6.0, inf, "the listenKey was gone")
    life.shutdown(1, 6.5, 0.0)


def test_what_is_heard_of_a_closed_connection_is_nothing() -> None:
    """It may have been on its way."""
    life = alive()
    life.closed(1, 1.0, 0.0, "cut")
    life.heard(1, 2.0, event=True)
    life.shutdown(1, 2.0, 0.0)
    life.connect_failed(1, 2.0, 0.0)
    assert life.hole == Hole(0.0, inf, "cut")


def test_a_successor_that_dies_gives_its_place_back() -> None:
    """The old connection was to be closed; now it is the only good one, and is read on."""
    life = alive()
    life.heard(1, 100.0, event=True)
    life.shutdown(1, 100.0, 0.0)
    assert reconnect(life, 100.0, 2) is None
    life.closed(2, 101.0, 0.0, "cut")
    assert [life.hole] == [None]
    assert due(life, 101.0) == [START]
    assert due(life, 101.0 + OVERLAP) == []
    life.started(104.0, same=True)
    assert due(life, 104.0) == [connect(3)]
    assert life.opened(3, 105.0, 0.0) is None
    assert due(life, 105.0 + OVERLAP) == [close(1)]
    assert [life.hole] == [None]


def test_the_old_connection_ends_after_its_successor() -> None:
    """Then there is a hole from that moment on."""
    life = alive()
    life.heard(1, 100.0, event=True)
    life.shutdown(1, 100.0, 0.0)
    assert reconnect(life, 100.0, 2) is None
    life.closed(2, 101.0, 0.0, "cut")
    life.heard(1, 101.5, event=True)
    life.closed(1, 102.0, 0.0, "cut too")
    assert life.hole == Hole(101.5, inf, "cut too")
