"""The cancel state machine, row by row: what is heard, what is due then, what may be claimed."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from binance_papi.api.um import algo, conditional
from binance_papi.core.answer import (
    Answer,
    Banned,
    Done,
    Fault,
    NotOpen,
    Overloaded,
    Refused,
    Throttled,
    Unanswered,
    Unsent,
)
from binance_papi.core.cancel import Sighting
from binance_papi.core.codes import Meaning
from binance_papi.core.horizon import ENGINE
from binance_papi.core.outcome import AlreadyGone, Canceled, Outcome, Rejected, Unknown
from binance_papi.core.pace import Pace
from binance_papi.core.raising import exception_for
from binance_papi.core.resolve import MAX_REFUSALS, MAX_TRIES, Fate, Step
from binance_papi.errors import (
    AuthError,
    BannedError,
    ClockError,
    EndpointRetiredError,
    NotOpenError,
    OverloadedError,
    PapiError,
    RejectedError,
    ThrottledError,
    UnsentError,
)

START = 1000.0
BEGAN_MS = 1_800_000_000_000
BY_ID = conditional.CancelOrder(symbol="BTCUSDT", strategy_id=7)
BY_TEXT = conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
ALGO = algo.CancelOrder(algo_id=7)

GONE = NotOpen(Fault(400, -2011, "Unknown order sent."))
ABSENT = NotOpen(Fault(400, -2013, "Order does not exist."))
SILENCE = Unanswered("silence")
MAYBE = Unanswered("503", Fault(503, -1000, "Unknown error"))
GARBLED = Unanswered("unreadable", Fault(200))
TRIGGERS = Unanswered("-4117", Fault(400, -4117, "Stop order is in triggering process."))
HUNG_UP = Unsent("refused")
HELD = Unsent("silence was asked for", held=True)
CLOCK = Refused(Fault(400, -1021), Meaning.CLOCK)
AUTH = Refused(Fault(401, -2015), Meaning.AUTH)
WRONG = Refused(Fault(400, -1102))
RETIRED = Refused(Fault(404), retired=True)
FULL = Throttled(Fault(429, -1003), Meaning.WEIGHT, 7.0)
BUSY = Overloaded(Fault(503, -1008))
BAN = Banned(Fault(418, -1003), until_ms=BEGAN_MS + 300_000)


def order(
    status: str | None, number: int = 7, updated: int | None = None, **more: Any
) -> Done[Any]:
    """A reply that shows a conditional order."""
    told = conditional.ConditionalOrder(
        strategy_id=number,
        strategy_status=status,  # type: ignore[arg-type]
        update_time=updated,
        **more,
    )
    return Done(told)


class Talk:
    """A fate and its clock: what is heard goes in, what is due comes out."""

    def __init__(self, request: Any = BY_ID, deadline: float = 10.0, **settings: Any) -> None:
        self.now = START
        self.pace = Pace()
        self.fate = Fate(
            request,
            now=START,
            deadline=START + deadline,
            exchange_ms=BEGAN_MS,
            pace=self.pace,
            explain=self.explain,
            **settings,
        )
        self.jitter = 0.5

    def explain(self, answer: Answer[Any]) -> PapiError:
        """As the line explains."""
        return exception_for(answer, self.fate.request, silence=1.0, exchange_ms=self.ms)

    @property
    def ms(self) -> int:
        """Exchange time."""
        return BEGAN_MS + round((self.now - START) * 1000)

    def due(self) -> Step:
        """What is to be done now."""
        return self.fate.next(self.now)

    def later(self, seconds: float) -> Step:
        """What is to be done then."""
        self.now += seconds
        return self.due()

    def wait(self) -> float:
        """Go to when something is due; tells how long that was."""
        before, self.now = self.now, self.fate.wake()
        return self.now - before

    def write(self) -> int:
        """Send the cancel that is due."""
        assert self.due() is Step.CANCEL
        serial = self.fate.start_cancel()
        self.fate.written(serial, self.ms, self.now)
        return serial

    def hear(self, serial: int, answer: Answer[Any], after: float = 0.01) -> Step:
        """That cancel is answered."""
        self.now += after
        self.fate.heard(serial, answer, self.now, self.jitter)
        return self.due()

    def cancel(self, answer: Answer[Any], after: float = 0.01) -> Step:
        """Send the cancel that is due, and answer it."""
        return self.hear(self.write(), answer, after)

    def ask(self, answer: Answer[Any], after: float = 0.01) -> Step:
        """Send the query that is due, and answer it."""
        assert self.due() is Step.ASK
        self.fate.start_ask()
        assert self.fate.next(self.now) is not Step.ASK
        self.fate.asked(self.now)
        self.now += after
        self.fate.told(answer, self.now, self.jitter)
        return self.due()

    def play(self, *answers: Answer[Any]) -> Outcome | None:
        """Answer whatever is due, one after the other, waiting in between."""
        for answer in answers:
            if self.due() is Step.WAIT:
                self.wait()
            if self.due() is Step.CANCEL:
                self.cancel(answer)
            else:
                self.ask(answer)
        return self.fate.outcome

    def ended(self) -> Any:
        """The outcome."""
        assert self.due() is Step.END
        assert self.fate.outcome is not None
        assert self.fate.outcome.attempts == self.fate.sent + self.fate.queries
        return self.fate.outcome


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


def test_gone_but_open_is_cancelled_again() -> None:
    """A node had forgotten it: -2011, then NEW, then it works."""
    talk = Talk()
    talk.play(GONE, ABSENT, order("NEW"), order("CANCELED"))
    assert (type(talk.ended()), talk.ended().queries) == (Canceled, 2)


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


# ---------------------------------------------------------------------- no answer


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


def test_an_unreadable_success_is_asked_about_at_once() -> None:
    """It probably worked; another cancel would only be told -2011."""
    talk = Talk()
    assert talk.cancel(GARBLED) is Step.ASK
    talk.ask(order("CANCELED", updated=BEGAN_MS + 1))
    assert (type(talk.ended()), talk.ended().by) == (Canceled, "us")


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


@pytest.mark.parametrize("answer", [BAN, AUTH])
def test_who_may_not_ask_does_not_know(answer: Answer[Any]) -> None:
    """Silence, then a ban or a wrong key: no query can tell, and nobody claims anything."""
    talk = Talk()
    talk.play(SILENCE, answer)
    told = talk.ended()
    assert (type(told), told.reason, told.since) == (Unknown, "silence", BEGAN_MS)


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


def test_a_refused_hedge_is_not_sent_again() -> None:
    """The first one is on its way still; only when that is over, a new one goes."""
    talk = Talk()
    first = talk.write()
    talk.wait()
    assert talk.hear(talk.write(), FULL) is Step.WAIT
    assert talk.fate.wake() == inf
    assert talk.hear(first, FULL) is Step.CANCEL


def test_an_error_of_our_own_before_the_wire_leaves_nothing_open() -> None:
    """Nobody answered, but nothing was written either: tried again, and it may be rejected."""
    talk = Talk()
    talk.hear(talk.fate.start_cancel(), Unanswered("an error inside the client"))
    assert not talk.fate.unsettled
    talk.wait()
    talk.cancel(WRONG)
    assert isinstance(talk.ended(), Rejected)


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


def test_a_refusal_sends_for_the_truth_of_an_earlier_call() -> None:
    """Nothing is sent any more, but what was sent before this call is asked about."""
    talk = Talk(since=BEGAN_MS - 900)
    talk.cancel(WRONG)
    talk.wait()
    talk.ask(order("CANCELED", updated=BEGAN_MS - 800))
    assert talk.ended().by == "us"


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


# ---------------------------------------------------------------------- triggering, contradiction


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


# ---------------------------------------------------------------------- verify


def test_verify_confirms_a_success() -> None:
    """One cancel, one query."""
    talk = Talk(verify=True)
    assert talk.cancel(order("CANCELED")) is Step.ASK
    talk.ask(order("CANCELED"))
    assert talk.ended() == Canceled(BY_ID, "us", order("CANCELED").reply, attempts=2, queries=1)


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


def test_a_list_may_tell_the_order_too() -> None:
    """As the answer of a query would."""
    talk = Talk(since=BEGAN_MS)
    talk.fate.see(order("CANCELED", updated=BEGAN_MS + 3).reply, talk.now, 0.5)
    assert talk.ended().by == "us"


# ---------------------------------------------------------------------- the end of patience


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


def test_no_second_cancel_goes_along_by_the_user_s_id() -> None:
    """It may be in use again, and a late second cancel would hit that order."""
    for request, wanted in ((BY_ID, Step.CANCEL), (BY_TEXT, Step.WAIT)):
        talk = Talk(request)
        serial = talk.fate.start_cancel()
        talk.fate.written(serial, talk.ms, talk.now)
        assert talk.later(talk.pace.hedge_after) is wanted


# ---------------------------------------------------------------------- the stream as evidence


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
