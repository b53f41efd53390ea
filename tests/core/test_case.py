"""What is known of an order that is being cancelled, and what may be claimed from it."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.core.agenda import Step
from binance_papi.core.answer import (
    Answer,
    Unanswered,
)
from binance_papi.core.horizon import ENGINE
from binance_papi.core.outcome import Rejected, Unknown
from binance_papi.errors import (
    OverloadedError,
    UnsentError,
)
from tests.core.talk import (
    AUTH,
    BAN,
    BEGAN_MS,
    BUSY,
    BY_ID,
    SILENCE,
    START,
    WRONG,
    Talk,
    order,
)


@pytest.mark.parametrize("answer", [BAN, AUTH])
def test_who_may_not_ask_does_not_know(answer: Answer[Any]) -> None:
    """Silence, then a ban or a wrong key: no query can tell, and nobody claims anything."""
    talk = Talk()
    talk.play(SILENCE, answer)
    told = talk.ended()
    assert (type(told), told.reason, told.since) == (Unknown, "silence", BEGAN_MS)


def test_an_error_of_our_own_before_the_wire_leaves_nothing_open() -> None:
    """Nobody answered, but nothing was written either: tried again, and it may be rejected."""
    talk = Talk()
    talk.hear(talk.fate.start_cancel(), Unanswered("an error inside the client"))
    assert not talk.fate.unsettled
    talk.wait()
    talk.cancel(WRONG)
    assert isinstance(talk.ended(), Rejected)


def test_a_refusal_sends_for_the_truth_of_an_earlier_call() -> None:
    """Nothing is sent any more, but what was sent before this call is asked about."""
    talk = Talk(since=BEGAN_MS - 900)
    talk.cancel(WRONG)
    talk.wait()
    talk.ask(order("CANCELED", updated=BEGAN_MS - 800))
    assert talk.ended().by == "us"


def test_queries_come_first_where_an_earlier_call_was() -> None:
    """What an earlier call left open is asked about before anything is sent."""
    talk = Talk(ask_first=True, since=BEGAN_MS - 900)
    assert talk.due() is Step.ASK
    talk.ask(order("CANCELED", updated=BEGAN_MS - 800))
    assert (talk.ended().by, talk.fate.sent) == ("us", 0)


def test_an_earlier_call_that_left_nothing_changes_nothing() -> None:
    """Asked first, open, cancelled."""
    talk = Talk(ask_first=True)
    talk.play(order("NEW"), order("CANCELED"))
    assert talk.ended().attempts == 2


def test_an_earlier_call_has_a_horizon_of_its_own() -> None:
    """Its receive window may have been the widest: open proves nothing before that is over."""
    talk = Talk(ask_first=True, since=BEGAN_MS - 900, deadline=100)
    talk.play(order("NEW"), WRONG)
    while talk.fate.outcome is None:
        talk.play(order("NEW"))
    assert talk.now >= START + 5 + ENGINE
    assert isinstance(talk.ended(), Rejected)


def test_an_earlier_call_is_no_proof_of_nothing() -> None:
    """Refused now, but what was sent before may have worked: not rejected."""
    talk = Talk(since=BEGAN_MS - 900)
    talk.cancel(BAN)
    assert (talk.ended().since, talk.ended().reason) == (
        BEGAN_MS - 900,
        "an earlier request may have taken effect",
    )


def test_a_verdict_is_a_rejection_where_nothing_was_sent() -> None:
    """Or where all that was sent had no effect; the last word explains."""
    talk = Talk()
    never = UnsentError("never", reason="never")
    told = talk.fate.verdict(lambda: never)
    assert told == Rejected(BY_ID, never)
    assert talk.ended() is talk.fate.verdict(pytest.fail)
    busy = Talk()
    busy.cancel(BUSY)
    verdict = busy.fate.verdict(pytest.fail)
    assert isinstance(verdict, Rejected)
    assert isinstance(verdict.error, OverloadedError)


def test_a_verdict_is_unknown_where_something_may_have_worked() -> None:
    """And the fate stays open."""
    talk = Talk()
    serial = talk.write()
    told = talk.fate.verdict(pytest.fail)
    assert told == Unknown(BY_ID, "a request is on its way", attempts=1, since=BEGAN_MS)
    assert talk.fate.outcome is None
    talk.hear(serial, order("CANCELED"))
    assert talk.ended().by == "us"


def test_giving_up_and_withdrawing_keep_what_is_known() -> None:
    """Neither changes an outcome."""
    error = UnsentError("closed", reason="closed")
    talk = Talk()
    assert talk.fate.withdraw(error) == Rejected(BY_ID, error)
    assert talk.fate.give_up() == talk.fate.withdraw(UnsentError("", reason="")) == talk.ended()
    other = Talk()
    assert isinstance(other.fate.give_up(), Unknown)
    assert isinstance(other.fate.withdraw(error), Unknown)


def test_times_of_a_wrong_clock_are_taken_again() -> None:
    """What was believed of the exchange's clock when a cancel was written may have been wrong."""
    fate = Talk().fate
    for stamp in (2_000_000_000_000, 2_000_000_000_000):
        serial = fate.start_cancel()
        fate.written(serial, stamp, 1.0)
    fate.heard(serial, Unanswered("lost"), 2.0, 0.5)
    fate.retime(lambda when: int(when * 1000) + 7, lambda when: int(when * 1000) + 9)
    assert fate.since() == 1007


def test_the_time_of_an_earlier_call_stays() -> None:
    """Another process took it; this one's clock says nothing of it."""
    fate = Talk(ask_first=True, since=5).fate
    fate.retime(lambda _: 1, lambda _: 1)
    assert fate.since() == 5
