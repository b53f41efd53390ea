"""The cancel state machine, row by row: what is heard, what is due then, what may be claimed."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.api.um import algo, conditional
from binance_papi.core.agenda import MAX_TRIES, Step
from binance_papi.core.answer import (
    Answer,
    Done,
)
from binance_papi.core.horizon import ENGINE
from binance_papi.core.outcome import AlreadyGone, Canceled, Rejected, Unknown
from binance_papi.core.resolve import MAX_REFUSALS
from binance_papi.errors import (
    AuthError,
    BannedError,
    ClockError,
    EndpointRetiredError,
    OverloadedError,
    PapiError,
    RejectedError,
    ThrottledError,
)
from tests.core.talk import (
    ABSENT,
    ALGO,
    AUTH,
    BAN,
    BEGAN_MS,
    BUSY,
    BY_ID,
    CLOCK,
    FULL,
    GARBLED,
    GONE,
    HELD,
    HUNG_UP,
    RETIRED,
    SILENCE,
    START,
    TRIGGERS,
    WRONG,
    Talk,
    order,
)

# ---------------------------------------------------------------------- one answer


def test_a_success_is_cancelled_by_us() -> None:
    """One request, positive evidence, the reply attached."""
    talk = Talk()
    reply = order("CANCELED")
    assert talk.cancel(reply) is Step.END
    assert talk.ended() == Canceled(BY_ID, "us", reply.reply, attempts=1)


@pytest.mark.parametrize(
    "reply",
    [
        algo.CanceledAlgoOrder(complete=True),
        algo.CanceledAlgoOrder(algo_id=7, code=200),
        algo.CanceledAlgoOrder(algo_id=7, algo_status="CANCELED"),  # type: ignore[arg-type]
    ],
)
def test_every_shape_of_an_algo_success_is_one(reply: algo.CanceledAlgoOrder) -> None:
    """With or without an id, as code, as complete or as a status."""
    talk = Talk(ALGO)
    talk.cancel(Done(reply))
    assert talk.ended() == Canceled(ALGO, "us", reply, attempts=1)


@pytest.mark.parametrize(
    "reply",
    [
        algo.CanceledAlgoOrder(complete=False),
        algo.CanceledAlgoOrder(),
        algo.CanceledAlgoOrder(algo_id=8, complete=True),
        algo.CanceledAlgoOrder(client_algo_id="x", algo_id=8, code=200),
        algo.CanceledAlgoOrder(complete=True, code=400),
        algo.CanceledAlgoOrder(algo_status="NEW_INSURANCE"),  # type: ignore[arg-type]
    ],
)
def test_a_success_that_tells_nothing_is_asked_about(reply: algo.CanceledAlgoOrder) -> None:
    """Not complete, no status, another order, a contradiction: none of it is evidence."""
    talk = Talk(ALGO)
    assert talk.cancel(Done(reply)) is Step.WAIT
    assert talk.fate.unsettled
    talk.wait()
    assert talk.due() is Step.ASK


@pytest.mark.parametrize("status", ["TRIGGERED", "FINISHED", "EXPIRED", "REJECTED"])
def test_a_cancel_that_is_told_an_end_reports_it(status: str) -> None:
    """Whatever request brings it: an end is an end."""
    talk = Talk()
    reply = order(status, order_id=99)
    talk.cancel(reply)
    assert talk.ended() == AlreadyGone(BY_ID, status, 99, None, reply.reply, attempts=1)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (WRONG, RejectedError),
        (RETIRED, EndpointRetiredError),
        (AUTH, AuthError),
        (BAN, BannedError),
    ],
)
def test_what_would_be_refused_again_is_not_sent_again(
    answer: Answer[Any], error: type[PapiError]
) -> None:
    """One request, and the reason as an exception."""
    talk = Talk()
    talk.cancel(answer)
    told = talk.ended()
    assert (type(told), type(told.error), told.attempts) == (Rejected, error, 1)


@pytest.mark.parametrize(
    ("answer", "requests", "error"),
    [
        (CLOCK, 3, ClockError),
        (FULL, MAX_REFUSALS, ThrottledError),
        (BUSY, MAX_REFUSALS, OverloadedError),
    ],
)
def test_what_had_no_effect_is_sent_again_so_often(
    answer: Answer[Any], requests: int, error: type[PapiError]
) -> None:
    """The clock twice, a limit or an overload until it is hopeless."""
    talk = Talk()
    talk.play(*[answer] * requests)
    told = talk.ended()
    assert (type(told), type(told.error), told.attempts) == (Rejected, error, requests)


def test_what_had_no_effect_may_work_the_next_time() -> None:
    """Any mixture of them, in the end a success."""
    talk = Talk()
    talk.play(CLOCK, BUSY, HUNG_UP, HELD, FULL, order("CANCELED"))
    assert isinstance(talk.ended(), Canceled)
    assert not talk.fate.queries


def test_an_overload_is_given_ever_more_time() -> None:
    """200, 400, 800 ms and so on up to 2 s, jittered by half."""
    talk = Talk()
    waits = []
    for _ in range(6):
        talk.cancel(BUSY)
        waits.append(talk.wait())
    assert waits == pytest.approx([0.15, 0.3, 0.6, 1.2, 1.5, 1.5])


def test_a_refused_clock_widens_the_window() -> None:
    """If learning the clock was not enough, the way was too long."""
    talk = Talk()
    windows = [talk.fate.recv_window]
    for _ in range(2):
        assert talk.cancel(CLOCK) is Step.CANCEL
        windows.append(talk.fate.recv_window)
    assert windows == [2000, 4000, 5000]
    wide = conditional.CancelOrder(symbol="X", strategy_id=1, recv_window=9000)
    own = Talk(wide)
    own.cancel(CLOCK)
    assert own.fate.recv_window == 9000


def test_what_never_left_is_sent_again_for_ever() -> None:
    """Held back: at once. No connection: later and later, up to a second."""
    talk = Talk()
    for _ in range(50):
        assert talk.cancel(HELD) is Step.CANCEL
    waits = []
    for _ in range(7):
        talk.cancel(HUNG_UP)
        waits.append(talk.wait())
    assert waits == pytest.approx([0.025, 0.05, 0.1, 0.2, 0.4, 0.5, 0.5])


def test_what_never_left_the_queue_is_sent_again_too() -> None:
    """A cancel that was answered before it was written."""
    talk = Talk()
    assert talk.hear(talk.fate.start_cancel(), HELD) is Step.CANCEL
    assert (talk.fate.hedging, talk.fate.moved, talk.fate.sent) == (False, False, 0)


# ---------------------------------------------------------------------- no such order


@pytest.mark.parametrize("status", ["CANCELED", "TRIGGERED", "FINISHED", "EXPIRED"])
def test_gone_at_the_first_try_is_asked_about(status: str) -> None:
    """-2011 alone is never an end; the history, asked first, tells which."""
    talk = Talk()
    assert talk.cancel(GONE) is Step.ASK
    assert isinstance(talk.fate.start_ask(), conditional.QueryOrderHistory)
    talk.fate.asked(talk.now)
    talk.fate.told(order(status, updated=BEGAN_MS - 5), talk.now, 0.5)
    told = talk.ended()
    assert (type(told), told.status, told.attempts, told.queries) == (AlreadyGone, status, 2, 1)


# ---------------------------------------------------------------------- no answer


def test_an_unreadable_success_is_asked_about_at_once() -> None:
    """It probably worked; another cancel would only be told -2011."""
    talk = Talk()
    assert talk.cancel(GARBLED) is Step.ASK
    talk.ask(order("CANCELED", updated=BEGAN_MS + 1))
    assert (type(talk.ended()), talk.ended().by) == (Canceled, "us")


def test_a_final_refusal_after_silence_waits_for_the_horizon() -> None:
    """Nothing more is sent, but what was sent may work yet: queries, then the truth."""
    talk = Talk(deadline=1000)
    talk.cancel(SILENCE)
    talk.wait()
    talk.cancel(WRONG)
    while talk.fate.outcome is None:
        talk.play(order("NEW"))
    assert talk.now >= START + 2 + ENGINE
    assert (type(talk.ended()), talk.fate.sent) == (Rejected, 2)


@pytest.mark.parametrize(
    ("answer", "kind"), [(order("CANCELED"), Canceled), (AUTH, Rejected), (SILENCE, type(None))]
)
def test_a_refusal_does_not_end_what_is_on_its_way(answer: Answer[Any], kind: type) -> None:
    """Two on the wire, one is refused for good: the other one decides."""
    talk = Talk()
    first = talk.write()
    talk.wait()
    second = talk.write()
    assert talk.hear(second, AUTH) is Step.WAIT
    talk.hear(first, answer)
    assert type(talk.fate.outcome) is kind
    if kind is type(None):
        talk.wait()
        assert talk.due() is Step.ASK


def test_what_comes_after_the_end_changes_nothing() -> None:
    """A late answer of either kind."""
    talk = Talk()
    talk.cancel(SILENCE)
    talk.wait()
    first = talk.write()
    talk.wait()
    talk.fate.start_ask()
    talk.wait()
    second = talk.write()
    talk.hear(first, order("CANCELED"))
    told = talk.ended()
    talk.hear(second, order("TRIGGERED"))
    talk.fate.told(order("TRIGGERED"), talk.now, 0.5)
    assert talk.ended() is told


# ---------------------------------------------------------------------- verify


def test_verify_confirms_a_success() -> None:
    """One cancel, one query."""
    talk = Talk(verify=True)
    assert talk.cancel(order("CANCELED")) is Step.ASK
    talk.ask(order("CANCELED"))
    assert talk.ended() == Canceled(BY_ID, "us", order("CANCELED").reply, attempts=2, queries=1)


def test_verify_asks_once_more_where_no_cancel_may_be_sent() -> None:
    """200 CANCELED, NEW long after it, and then a refusal for good: still a question."""
    talk = Talk(verify=True, deadline=100)
    talk.cancel(order("CANCELED"))
    talk.now += 2 + ENGINE
    talk.ask(order("NEW"))
    talk.wait()
    assert talk.cancel(WRONG) is Step.ASK


# ---------------------------------------------------------------------- queries


@pytest.mark.parametrize("answer", [CLOCK, FULL])
def test_a_query_that_was_refused_for_the_moment_is_repeated(answer: Answer[Any]) -> None:
    """Twice at once; then, should the refusals go on, more and more slowly."""
    talk = Talk(deadline=100)
    talk.play(*[GONE] + [ABSENT] * 30)  # cancels are used up
    talk.play(order("NEW_INSURANCE"))
    talk.wait()
    assert [talk.ask(answer) for _ in range(3)] == [Step.ASK, Step.ASK, Step.WAIT]
    first = talk.wait()
    talk.ask(answer)
    assert talk.wait() > first
    talk.ask(order("FINISHED"))
    assert isinstance(talk.ended(), AlreadyGone)


@pytest.mark.parametrize("answer", [SILENCE, HUNG_UP, BUSY, GARBLED])
def test_a_query_that_told_nothing_is_followed_by_a_cancel(answer: Answer[Any]) -> None:
    """The question is open still; a cancel may settle it sooner."""
    talk = Talk()
    talk.cancel(GONE)
    talk.ask(answer)
    talk.wait()
    assert talk.due() is Step.CANCEL


def test_a_question_that_is_refused_is_not_asked_again() -> None:
    """The other one is; without any, a few more cancels, then nobody knows."""
    talk = Talk()
    talk.cancel(GONE)
    assert talk.ask(RETIRED) is Step.ASK
    assert isinstance(talk.fate.start_ask(), conditional.QueryCurrentOpenOrder)
    talk.fate.asked(talk.now)
    talk.fate.told(RETIRED, talk.now, 0.5)
    while talk.fate.outcome is None:
        talk.wait()
        assert talk.due() is Step.CANCEL
        talk.cancel(GONE)
    assert (type(talk.ended()), talk.fate.sent, talk.fate.queries) == (Unknown, MAX_TRIES, 2)


@pytest.mark.parametrize("blow", [AUTH, BAN, RETIRED])
@pytest.mark.parametrize("then", [GONE, SILENCE, GARBLED, TRIGGERS, order("NEW")])
def test_without_queries_cancels_go_on_until_they_are_used_up(
    blow: Answer[Any], then: Answer[Any]
) -> None:
    """No question is left: whatever cancels are told, it ends, and soon."""
    talk = Talk(ALGO)
    talk.play(GONE, blow)
    while talk.fate.outcome is None:
        assert talk.now < START + 5
        talk.wait()
        told: Answer[Any] = then
        if isinstance(then, Done):
            told = Done(algo.CanceledAlgoOrder(algo_status="NEW"))  # type: ignore[arg-type]
        talk.cancel(told)
    assert (type(talk.ended()), talk.fate.sent) == (Unknown, MAX_TRIES)
