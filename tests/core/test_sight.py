"""What seeing the order proves, in a reply or in an event, and what not finding it proves."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.core.agenda import MAX_TRIES, Step
from binance_papi.core.cancel import Sighting
from binance_papi.core.horizon import ENGINE
from binance_papi.core.outcome import AlreadyGone, Canceled, Outcome, Rejected, Unknown
from binance_papi.errors import (
    NotOpenError,
    RejectedError,
)
from tests.core.talk import (
    ABSENT,
    BEGAN_MS,
    BY_TEXT,
    GONE,
    SILENCE,
    START,
    TRIGGERS,
    WRONG,
    Talk,
    order,
)


def test_somebody_else_was_quicker() -> None:
    """Cancelled while the call was under way, and no request of ours can have done it."""
    talk = Talk()
    talk.play(GONE, order("CANCELED", updated=BEGAN_MS + 5))
    assert (type(talk.ended()), talk.ended().by) == (Canceled, "other")


def test_an_end_without_a_time_is_nobody_s_work() -> None:
    """No attempt of ours may have done it, so it was gone already."""
    talk = Talk()
    talk.play(GONE, order("CANCELED"))
    assert talk.ended().status == "CANCELED"


@pytest.mark.parametrize(
    ("updated", "by"), [(None, "us"), (BEGAN_MS, "us"), (BEGAN_MS + 9, "us"), (BEGAN_MS - 1, "")]
)
def test_gone_after_silence_was_probably_us(updated: int | None, by: str) -> None:
    """-2011 after an attempt that may have worked: the query's time tells whose work it was."""
    talk = Talk()
    assert talk.cancel(SILENCE) is Step.WAIT
    talk.wait()
    assert talk.cancel(GONE) is Step.ASK
    talk.ask(order("CANCELED", updated=updated))
    told = talk.ended()
    assert getattr(told, "by", "") == by
    assert told.attempts == 3


def test_a_known_order_that_nobody_finds_stays_open() -> None:
    """The exchange gave it an id: however often it is absent, that is no end."""
    talk = Talk(deadline=1000)
    talk.play(*[GONE, ABSENT, ABSENT] * 12)
    assert talk.fate.outcome is None
    assert talk.fate.sent <= MAX_TRIES
    told = talk.fate.give_up()
    assert isinstance(told, Unknown)
    assert "no such order" in told.reason


def test_an_unknown_order_that_nobody_finds_twice_never_was() -> None:
    """Two rounds of absence, two seconds apart, nothing of ours on its way."""
    talk = Talk(BY_TEXT)
    talk.play(GONE, ABSENT, ABSENT)
    first = talk.now
    while talk.fate.outcome is None:
        assert talk.now < first + 5
        talk.play(ABSENT)
    told = talk.ended()
    assert (type(told), type(told.error)) == (Rejected, NotOpenError)
    assert talk.now - first >= 2


def test_an_order_that_was_seen_once_is_never_called_unknown() -> None:
    """It was found, so that it is absent later proves nothing."""
    talk = Talk(BY_TEXT, deadline=1000)
    seen = order("NEW", new_client_strategy_id="mine")
    talk.play(GONE, ABSENT, seen, *[GONE, ABSENT, ABSENT, ABSENT] * 10)
    assert talk.fate.outcome is None


def test_absence_before_the_horizon_is_no_end() -> None:
    """While an attempt may have an effect yet, absence is waited out."""
    talk = Talk(BY_TEXT, deadline=1000)
    horizon = START + 2 + ENGINE
    talk.cancel(SILENCE)
    talk.wait()
    talk.cancel(GONE)
    while talk.fate.outcome is None:
        before = talk.now
        talk.play(ABSENT)
    assert before >= horizon


def test_open_as_of_before_the_horizon_proves_nothing() -> None:
    """A query that was made before the horizon and answered after it is too old."""
    talk = Talk(deadline=1000)
    talk.cancel(SILENCE)
    horizon = talk.now - 0.01 + 2 + ENGINE
    talk.wait()
    talk.cancel(WRONG)
    talk.now = horizon - 0.1
    talk.ask(order("NEW"), after=0.5)
    assert talk.fate.outcome is None
    talk.wait()
    talk.ask(order("NEW"))
    assert type(talk.ended().error) is RejectedError


@pytest.mark.parametrize("status", ["TRIGGERED", "FINISHED", "CANCELED"])
def test_while_it_triggers_it_is_asked_again(status: str) -> None:
    """-4117 and TRIGGERING: wait 100 to 400 ms, ask, until it is one or the other."""
    talk = Talk()
    assert talk.cancel(TRIGGERS) is Step.WAIT
    assert talk.wait() == pytest.approx(0.25)
    assert talk.ask(order("TRIGGERING")) is Step.WAIT
    assert talk.wait() == pytest.approx(0.25)
    talk.ask(order(status, order_id=99))
    told = talk.ended()
    if status == "CANCELED":
        assert told.by == "us"  # -4117 is no proof that the cancel had no effect
    else:
        assert (told.status, told.order_id, told.queries) == (status, 99, 2)


def test_it_triggers_no_more() -> None:
    """Open again after all: it is cancelled again."""
    talk = Talk()
    talk.play(TRIGGERS, order("NEW"), order("CANCELED"))
    assert talk.ended().by == "us"


def test_a_reply_of_another_order_is_no_evidence() -> None:
    """It is flagged, and the question asked again."""
    talk = Talk()
    talk.play(GONE, order("CANCELED", number=8), order("TRIGGERED"))
    assert (talk.ended().status, talk.ended().inconsistent) == ("TRIGGERED", True)


@pytest.mark.parametrize("status", ["NEW_INSURANCE", None])
def test_a_status_that_nobody_knows_is_asked_about_again(status: str | None) -> None:
    """And said so, should it stay like that."""
    talk = Talk()
    talk.play(GONE, order(status))
    assert talk.fate.outcome is None
    assert repr(status or "") in talk.fate.unknown().reason
    talk.play(order("FINISHED"))
    assert talk.ended().status == "FINISHED"


def test_verify_finds_a_contradiction() -> None:
    """200 CANCELED, yet the query says TRIGGERED: the newest word counts, and it is flagged."""
    talk = Talk(verify=True)
    talk.play(order("CANCELED"), order("TRIGGERED"))
    assert (talk.ended().status, talk.ended().inconsistent) == ("TRIGGERED", True)


def test_verify_finds_it_open_and_never_calls_that_nothing() -> None:
    """200 CANCELED, then NEW for ever: cancelled again, never rejected."""
    talk = Talk(verify=True, deadline=100)
    talk.play(order("CANCELED"), order("NEW"))
    assert talk.fate.outcome is None
    talk.wait()
    assert talk.due() is Step.CANCEL
    talk.cancel(WRONG)
    for _ in range(20):
        talk.play(order("NEW"))
    assert isinstance(talk.fate.verdict(pytest.fail), Unknown)
    talk.play(order("CANCELED"))
    assert (talk.ended().by, talk.ended().inconsistent) == ("us", True)


def test_a_list_may_tell_the_order_too() -> None:
    """As the answer of a query would."""
    talk = Talk(since=BEGAN_MS)
    talk.fate.see(order("CANCELED", updated=BEGAN_MS + 3).reply, talk.now, 0.5)
    assert talk.ended().by == "us"


def told(talk: Talk, status: str, **seen: Any) -> Outcome | None:
    """An event of the stream; what is concluded from it."""
    usual: dict[str, Any] = {"id": 7, "client_id": "mine", "updated": talk.ms}
    talk.fate.witness(Sighting(status=status, **usual | seen), "the event")
    return talk.fate.outcome


@pytest.mark.parametrize(
    ("status", "kind"),
    [("CANCELED", Canceled), ("TRIGGERED", AlreadyGone), ("FILLED", AlreadyGone)],
)
def test_an_event_that_names_an_end_is_proof(status: str, kind: type[Any]) -> None:
    """Without any reply; nothing more is due then."""
    talk = Talk()
    talk.write()
    talk.now += 0.01
    outcome = told(talk, status, child=8)
    assert isinstance(outcome, kind)
    assert outcome.order == "the event"
    assert talk.due() is Step.END
    assert told(talk, "EXPIRED") is outcome


@pytest.mark.parametrize("status", ["NEW", "PARTIALLY_FILLED", "TRIGGERING", "MOON", ""])
def test_an_event_that_names_no_end_may_be_old(status: str) -> None:
    """It concludes nothing and plans nothing."""
    talk = Talk()
    talk.write()
    wake = talk.fate.wake()
    assert told(talk, status) is None
    assert talk.fate.wake() == wake


def test_who_cancelled_it_goes_by_the_time() -> None:
    """After an attempt of ours: us; before one, since we began: another; before that, long ago."""
    sent = Talk()
    sent.write()
    outcome = told(sent, "CANCELED")
    assert isinstance(outcome, Canceled)
    assert outcome.by == "us"
    waiting = Talk()
    outcome = told(waiting, "CANCELED", updated=BEGAN_MS + 1)
    assert isinstance(outcome, Canceled)
    assert outcome.by == "other"
    assert isinstance(told(Talk(), "CANCELED", updated=BEGAN_MS - 5), AlreadyGone)


def test_an_event_of_another_order_is_no_proof() -> None:
    """Its id is another."""
    talk = Talk()
    assert told(talk, "CANCELED", id=8) is None


@pytest.mark.parametrize("updated", [None, BEGAN_MS, BEGAN_MS - 1])
def test_an_own_id_is_believed_only_afterwards(updated: int | None) -> None:
    """Before the cancel began, it may have been another order's."""
    talk = Talk(BY_TEXT)
    assert told(talk, "EXPIRED", updated=updated) is None
    assert isinstance(told(talk, "EXPIRED", updated=BEGAN_MS + 1), AlreadyGone)


def test_an_event_confirms_or_contradicts_a_claim() -> None:
    """With ``verify``, a success reply waits for it."""
    for status, kind, odd in (("CANCELED", Canceled, False), ("TRIGGERED", AlreadyGone, True)):
        talk = Talk(verify=True)
        talk.cancel(order("CANCELED"))
        assert talk.fate.outcome is None
        outcome = told(talk, status)
        assert isinstance(outcome, kind)
        assert outcome.inconsistent is odd
