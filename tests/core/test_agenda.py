"""What is due next: cancels and queries, their pauses, and what goes along with what."""

from __future__ import annotations

from math import inf

import pytest

from binance_papi.api.um import algo
from binance_papi.core.agenda import MAX_TRIES, Step
from binance_papi.core.answer import (
    Done,
    Unanswered,
)
from binance_papi.core.horizon import ENGINE
from binance_papi.core.outcome import Canceled
from tests.core.talk import (
    ABSENT,
    ALGO,
    AUTH,
    BEGAN_MS,
    BY_ID,
    BY_TEXT,
    FULL,
    GONE,
    MAYBE,
    SILENCE,
    Talk,
    order,
)


def test_gone_but_open_is_cancelled_again() -> None:
    """A node had forgotten it: -2011, then NEW, then it works."""
    talk = Talk()
    talk.play(GONE, ABSENT, order("NEW"), order("CANCELED"))
    assert (type(talk.ended()), talk.ended().queries) == (Canceled, 2)


@pytest.mark.parametrize("answer", [SILENCE, MAYBE])
def test_silence_is_answered_with_another_cancel_and_a_query(answer: Unanswered) -> None:
    """The cancel after a short while; the query goes along if that one is slow too."""
    talk = Talk()
    assert talk.cancel(answer) is Step.WAIT
    assert talk.wait() <= 0.05
    serial = talk.write()
    assert talk.due() is Step.WAIT
    assert talk.wait() == pytest.approx(talk.pace.ask_after)
    assert talk.due() is Step.ASK
    talk.hear(serial, order("CANCELED"))
    assert talk.ended().attempts == 2


def test_at_most_four_may_have_had_an_effect() -> None:
    """Then only queries, until one that was made late enough says that they had none."""
    talk = Talk(deadline=1000)
    for _ in range(MAX_TRIES):
        talk.wait()
        talk.cancel(SILENCE, after=0)
    last = talk.now
    while talk.fate.sent == MAX_TRIES:
        talk.wait()
        if talk.due() is Step.CANCEL:
            break
        talk.ask(order("NEW"))
    assert talk.now >= last + 2 + ENGINE
    talk.cancel(order("CANCELED"))
    assert talk.ended().by == "us"


def test_a_hedge_goes_along_once() -> None:
    """No reply for a while: a second cancel, never a third."""
    talk = Talk()
    first = talk.write()
    assert talk.wait() == pytest.approx(talk.pace.hedge_after)
    assert talk.fate.hedging
    second = talk.write()
    assert talk.fate.wake() == inf
    assert talk.hear(first, SILENCE) is Step.WAIT
    assert talk.fate.wake() == inf
    assert talk.hear(second, GONE) is Step.ASK
    talk.ask(order("CANCELED", updated=BEGAN_MS))
    assert (talk.ended().by, talk.ended().attempts) == ("us", 3)


def test_a_hedge_can_be_skipped() -> None:
    """Where the budget is spent, the first one is waited for."""
    talk = Talk()
    serial = talk.write()
    talk.wait()
    talk.fate.skip_hedge()
    assert talk.due() is Step.WAIT
    talk.hear(serial, order("CANCELED"))
    assert talk.ended().attempts == 1


def test_a_refused_hedge_is_not_sent_again() -> None:
    """The first one is on its way still; only when that is over, a new one goes."""
    talk = Talk()
    first = talk.write()
    talk.wait()
    assert talk.hear(talk.write(), FULL) is Step.WAIT
    assert talk.fate.wake() == inf
    assert talk.hear(first, FULL) is Step.CANCEL


def test_a_query_on_its_way_is_not_made_twice() -> None:
    """-2011 comes while one is asked: its answer counts, or another one follows."""
    talk = Talk()
    talk.cancel(SILENCE)
    talk.wait()
    serial = talk.write()
    talk.wait()
    talk.fate.start_ask()
    talk.fate.asked(talk.now)
    assert talk.hear(serial, GONE) is Step.WAIT
    talk.fate.told(order("CANCELED", updated=BEGAN_MS), talk.now, 0.5)
    assert talk.ended().by == "us"


def test_without_queries_a_cancel_on_its_way_is_waited_for() -> None:
    """A wrong key for queries says nothing of the cancel."""
    talk = Talk()
    talk.cancel(SILENCE)
    talk.wait()
    serial = talk.write()
    talk.wait()
    assert talk.ask(AUTH) is Step.WAIT
    talk.hear(serial, order("CANCELED"))
    assert talk.ended().by == "us"


def test_after_the_deadline_questions_are_rare() -> None:
    """2, 5, then every 10 seconds, jittered."""
    talk = Talk(deadline=0.001)
    while talk.fate.sent < MAX_TRIES:
        talk.wait()
        talk.cancel(SILENCE, after=0)
    talk.wait()
    waits = []
    for _ in range(4):
        talk.ask(order("TRIGGER_HAPPY"))
        waits.append(talk.wait())
    assert waits == pytest.approx([2, 5, 10, 10])


def test_somebody_who_wants_to_know_is_not_kept_waiting() -> None:
    """The pause before the next query is cut short, and nothing is asked twice at once."""
    talk = Talk(ALGO, deadline=0.001)
    talk.cancel(GONE, after=1)
    talk.fate.start_ask()
    talk.fate.hurry(talk.now)
    assert talk.due() is Step.WAIT
    talk.fate.asked(talk.now)
    talk.fate.told(Done(algo.AlgoOrder(algo_id=7)), talk.now, 0.5)
    assert talk.due() is Step.WAIT
    talk.fate.hurry(talk.now)
    assert talk.due() is Step.ASK


def test_no_second_cancel_goes_along_by_the_user_s_id() -> None:
    """It may be in use again, and a late second cancel would hit that order."""
    for request, wanted in ((BY_ID, Step.CANCEL), (BY_TEXT, Step.WAIT)):
        talk = Talk(request)
        serial = talk.fate.start_cancel()
        talk.fate.written(serial, talk.ms, talk.now)
        assert talk.later(talk.pace.hedge_after) is wanted
