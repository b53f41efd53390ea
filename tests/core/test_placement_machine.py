"""The placement state machine, row by row: what is heard, what is due then, what may be claimed."""

from __future__ import annotations

import random
from collections import Counter
from math import inf
from typing import Any

import pytest

from binance_papi.api.um import algo, algo_order, conditional, orders
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
from binance_papi.core.codes import Meaning
from binance_papi.core.horizon import ENGINE
from binance_papi.core.outcome import MaybePlaced, NotPlaced, Placed
from binance_papi.core.pace import Pace
from binance_papi.core.placement import MAX_REFUSALS, Birth, Move
from binance_papi.core.raising import exception_for
from binance_papi.core.search import ABSENCES, ABSENT_FOR
from binance_papi.errors import (
    AuthError,
    BannedError,
    ClockError,
    NotOpenError,
    OverloadedError,
    PapiError,
    RejectedError,
    ThrottledError,
    UnsentError,
    WaitTooLongError,
)

START = 1000.0
BEGAN_MS = 1_800_000_000_000
PLAIN = orders.NewOrder(
    symbol="BTCUSDT", side="BUY", type="MARKET", quantity=1, new_client_order_id="mine"
)
STOP = conditional.NewOrder(
    symbol="BTCUSDT",
    side="SELL",
    strategy_type="STOP_MARKET",
    stop_price=1,
    new_client_strategy_id="mine",
)
ALGO = algo.NewOrder(
    symbol="BTCUSDT",
    side="SELL",
    type="STOP_MARKET",
    quantity=1,
    trigger_price=1,
    client_algo_id="mine",
)

ABSENT = NotOpen(Fault(400, -2013, "Order does not exist."))
SILENCE = Unanswered("silence")
MAYBE = Unanswered("503", Fault(503, -1000, "Unknown error"))
IN_USE = Refused(Fault(400, -4116, "ClientOrderId is duplicated."))
HUNG_UP = Unsent("refused")
HELD = Unsent("silence was asked for", held=True)
CLOCK = Refused(Fault(400, -1021), Meaning.CLOCK)
AUTH = Refused(Fault(401, -2015), Meaning.AUTH)
WRONG = Refused(Fault(400, -2019, "Margin is insufficient."))
FUNDS = Refused(Fault(400, -2010, "Account has insufficient balance."))
FULL = Throttled(Fault(429, -1003), Meaning.WEIGHT, 7.0)
BUSY = Overloaded(Fault(503, -1008))
BAN = Banned(Fault(418, -1003), until_ms=BEGAN_MS + 300_000)
EMPTY: Done[Any] = Done([])


def order(status: str = "NEW", own: str | None = "mine", **more: Any) -> Done[Any]:
    """A reply that shows a plain order."""
    return Done(orders.Order(order_id=7, client_order_id=own, status=status, **more))  # type: ignore[arg-type]


class Talk:
    """A birth and its clock: what is heard goes in, what is due comes out."""

    def __init__(self, request: Any = PLAIN, deadline: float = 10.0, **settings: Any) -> None:
        self.now = START
        self.birth = Birth(
            request,
            now=START,
            deadline=START + deadline,
            pace=Pace(),
            explain=self.explain,
            **settings,
        )
        self.jitter = 0.5
        self.asked: list[str] = []

    def explain(self, answer: Answer[Any]) -> PapiError:
        """As the line explains."""
        return exception_for(answer, self.birth.request, silence=1.0, exchange_ms=self.ms)

    @property
    def ms(self) -> int:
        """Exchange time."""
        return BEGAN_MS + round((self.now - START) * 1000)

    def due(self) -> Move:
        """What is to be done now."""
        return self.birth.next(self.now)

    def wait(self) -> float:
        """Go to when something is due; tells how long that was."""
        before, self.now = self.now, self.birth.wake()
        return self.now - before

    def write(self) -> None:
        """Make the attempt that is due."""
        assert self.due() is Move.PLACE
        self.birth.start_place()
        assert self.due() is Move.WAIT
        self.birth.written(self.ms, self.now)

    def hear(self, answer: Answer[Any], after: float = 0.01) -> Move:
        """It is answered."""
        self.now += after
        self.birth.heard(answer, self.now, self.jitter)
        return self.due()

    def place(self, answer: Answer[Any], after: float = 0.01) -> Move:
        """Make the attempt that is due, and answer it."""
        self.write()
        return self.hear(answer, after)

    def ask(self, answer: Answer[Any], after: float = 0.01) -> Move:
        """Send the query that is due, waiting for it, and answer it."""
        if self.due() is Move.WAIT:
            self.wait()
        assert self.due() is Move.ASK
        self.asked.append(type(self.birth.start_ask()).__name__)
        assert self.due() is Move.WAIT
        self.birth.asked(self.now)
        self.now += after
        self.birth.told(answer, self.now, self.jitter)
        return self.due()

    def look_until_the_end(self, answer: Answer[Any] = ABSENT, most: int = 60) -> float:
        """Give every query the same answer until it is over; tells when that was."""
        for _ in range(most):
            listing = self.asked[-1:] and self.birth.next(self.now) is Move.ASK
            one = EMPTY if listing and self._lists() else answer
            if self.ask(one) is Move.END:
                break
        return self.now - START

    def _lists(self) -> bool:
        return len(self.asked) > 0 and self.asked[-1] in ("QueryOrder", "QueryAllCurrentOpenOrders")

    def ended(self) -> Any:
        """The outcome."""
        assert self.due() is Move.END
        assert self.birth.wake() == inf or self.birth.outcome is not None
        outcome = self.birth.outcome
        assert outcome is not None
        assert outcome.attempts == self.birth.sent + self.birth.queries
        assert outcome.queries == self.birth.queries
        return outcome


# ---------------------------------------------------------------------- one answer


@pytest.mark.parametrize("own", ["mine", None])
@pytest.mark.parametrize("status", ["NEW", "FILLED", "EXPIRED", "REJECTED", "LATER"])
def test_its_own_reply_proves_it(status: str, own: str | None) -> None:
    """Whatever has become of it since: it was placed."""
    talk = Talk()
    reply = order(status, own=own, symbol="BTCUSDT")
    assert talk.place(reply) is Move.END
    assert talk.ended() == Placed(PLAIN, reply.reply, "reply", attempts=1)


@pytest.mark.parametrize("reply", [order(own="yours"), order(own=None, symbol="ETHUSDT")])
def test_a_reply_that_names_another_order_proves_nothing(reply: Done[Any]) -> None:
    """Then a query has to say."""
    talk = Talk()
    assert talk.place(reply) is Move.ASK
    assert talk.ask(order()) is Move.END
    assert talk.ended().by == "query"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (WRONG, RejectedError),
        (FUNDS, RejectedError),
        (AUTH, AuthError),
        (BAN, BannedError),
        (IN_USE, RejectedError),
    ],
)
def test_a_refusal_is_final(answer: Answer[Any], error: type[PapiError]) -> None:
    """It was not placed, and it is not tried again; -4116 says that another order has the id."""
    talk = Talk()
    assert talk.place(answer) is Move.END
    outcome = talk.ended()
    assert isinstance(outcome, NotPlaced)
    assert type(outcome.error) is error
    assert outcome.request is PLAIN


@pytest.mark.parametrize("answer", [FULL, BUSY, HUNG_UP, HELD, CLOCK])
def test_what_certainly_had_no_effect_is_sent_again(answer: Answer[Any]) -> None:
    """Soon, and with the same id."""
    talk = Talk()
    talk.place(answer)
    assert talk.wait() <= 0.2
    talk.place(order())
    assert isinstance(talk.ended(), Placed)
    assert talk.birth.sent == 2


@pytest.mark.parametrize(
    ("answer", "times", "error"),
    [
        (FULL, MAX_REFUSALS, ThrottledError),
        (BUSY, MAX_REFUSALS, OverloadedError),
        (CLOCK, 3, ClockError),
    ],
)
def test_nothing_is_tried_for_ever(answer: Answer[Any], times: int, error: type[PapiError]) -> None:
    """After some refusals it was not placed."""
    talk = Talk(deadline=100.0)
    for _ in range(times):
        talk.wait()
        talk.place(answer)
    assert type(talk.ended().error) is error
    assert talk.birth.sent == times


def test_a_pause_that_ends_after_the_deadline_is_not_begun() -> None:
    """Who could not be served in time knows at once."""
    talk = Talk(deadline=0.1)
    assert talk.place(BUSY) is Move.END
    assert type(talk.ended().error) is OverloadedError


def test_a_refused_timestamp_widens_the_window() -> None:
    """Once the clock was learned anew, the way may have been too long; and the horizon moves."""
    talk = Talk(recv_window=1500)
    talk.place(CLOCK)
    assert talk.birth.recv_window == 3000
    talk.place(CLOCK)
    assert talk.birth.recv_window == 5000


def test_what_the_client_itself_kept_back_is_sent_again() -> None:
    """An answer that tells nothing, of a request that was not written, is none."""
    talk = Talk()
    talk.birth.start_place()
    talk.birth.heard(Unanswered("an error inside the client"), talk.now, 0.5)
    talk.wait()
    talk.place(order())
    assert isinstance(talk.ended(), Placed)


# ---------------------------------------------------------------------- doubt

DOUBTS: list[Answer[Any]] = [SILENCE, MAYBE, Unanswered("unreadable", Fault(200)), ABSENT]


@pytest.mark.parametrize("answer", DOUBTS)
def test_what_may_have_had_an_effect_is_never_sent_again(answer: Answer[Any]) -> None:
    """Queries follow, until one shows it."""
    talk = Talk()
    talk.place(answer)
    assert talk.wait() > 0
    for _ in range(8):
        assert talk.ask(ABSENT) is not Move.END
        assert talk.birth.wake() < inf
        assert isinstance(talk.birth.unknown(), MaybePlaced)
    reply = order("FILLED")
    talk.ask(reply)
    assert talk.ended() == Placed(PLAIN, reply.reply, "query", attempts=10, queries=9)
    assert talk.birth.sent == 1


def test_another_attempt_after_doubt_is_a_bug() -> None:
    """The machine itself refuses it."""
    talk = Talk()
    talk.place(SILENCE)
    with pytest.raises(AssertionError, match="not placed again"):
        talk.birth.written(talk.ms, talk.now)


def test_absence_needs_the_horizon_and_time_and_the_lists() -> None:
    """Some looks, half a minute, and the last one looks at the lists too."""
    talk = Talk()
    talk.place(SILENCE)
    dies = 2.0 + ENGINE
    over = talk.look_until_the_end()
    outcome = talk.ended()
    assert isinstance(outcome, NotPlaced)
    assert isinstance(outcome.error, NotOpenError)
    assert dies + ABSENT_FOR <= over < dies + ABSENT_FOR + 1
    assert talk.asked[-3:] == ["QueryOrder", "QueryAllCurrentOpenOrders", "QueryAllOrders"]
    assert set(talk.asked[:-2]) == {"QueryOrder"}
    assert len(talk.asked) >= ABSENCES + 2


def test_a_list_may_show_what_a_query_denied() -> None:
    """It is looked for by the own id; the latest that had it counts."""
    talk = Talk()
    talk.place(SILENCE)
    while "QueryAllCurrentOpenOrders" not in talk.asked:
        shown = [order(own="other").reply, order(time=5).reply, order("FILLED", time=talk.ms).reply]
        if talk.asked and talk.asked[-1] == "QueryOrder" and talk.due() is Move.ASK:
            talk.ask(Done(shown))
        else:
            talk.ask(ABSENT)
    outcome = talk.ended()
    assert isinstance(outcome, Placed)
    assert outcome.order.status == "FILLED"


def test_both_questions_of_a_family_are_asked() -> None:
    """Among the open ones, then among the others; both count as one look."""
    talk = Talk(STOP)
    talk.place(SILENCE)
    talk.ask(ABSENT)
    assert talk.due() is Move.ASK
    talk.ask(ABSENT)
    assert talk.asked == ["QueryCurrentOpenOrder", "QueryOrderHistory"]
    assert talk.due() is Move.WAIT
    talk.ask(Done(conditional.ConditionalOrder(strategy_id=7, new_client_strategy_id="mine")))
    assert isinstance(talk.ended(), Placed)


DUPLICATE = Refused(Fault(400, -2010, "Duplicate order sent."))


@pytest.mark.parametrize(("first", "second"), [(FULL, IN_USE), (BUSY, IN_USE), (BUSY, DUPLICATE)])
def test_an_id_in_use_after_an_attempt_proves_that_it_arrived(
    first: Answer[Any], second: Answer[Any]
) -> None:
    """Whatever the attempt was answered; its absence is never proven then."""
    talk = Talk()
    talk.place(first)
    talk.wait()
    assert talk.place(second) is Move.ASK
    assert talk.birth.sent == 2
    for _ in range(40):
        assert talk.ask(ABSENT) is not Move.END
    assert "in use" in talk.birth.unknown().reason
    talk.ask(order(time=talk.ms))
    assert isinstance(talk.ended(), Placed)


def test_an_id_in_use_by_an_older_order_is_a_refusal() -> None:
    """What a query shows was placed before: no attempt of ours arrived."""
    talk = Talk()
    talk.place(BUSY)
    talk.wait()
    talk.place(IN_USE)
    talk.ask(order(time=BEGAN_MS - 1))
    outcome = talk.ended()
    assert isinstance(outcome, NotPlaced)
    assert outcome.error.code == -4116  # type: ignore[attr-defined]


@pytest.mark.parametrize("when", [{"time": BEGAN_MS - 1}, {"update_time": BEGAN_MS - 1}])
def test_an_older_order_with_the_same_id_is_not_this_one(when: dict[str, Any]) -> None:
    """It counts as no sight of it; and if nothing else shows, it is absent."""
    talk = Talk()
    talk.place(SILENCE)
    talk.look_until_the_end(order("FILLED", **when))
    outcome = talk.ended()
    assert isinstance(outcome, NotPlaced)
    assert "no query finds" in str(outcome.error)


def test_an_id_that_was_made_up_is_nobody_else_s() -> None:
    """Clocks need not be asked then."""
    talk = Talk(unique=True)
    talk.place(SILENCE)
    talk.ask(order(time=BEGAN_MS - 10_000))
    assert isinstance(talk.ended(), Placed)


def test_an_order_that_does_not_say_when_is_taken_for_this_one() -> None:
    """There is no reason to doubt it."""
    talk = Talk()
    talk.place(SILENCE)
    talk.ask(order())
    assert isinstance(talk.ended(), Placed)


def test_a_query_that_shows_another_order_proves_nothing() -> None:
    """Not even that this one is absent."""
    talk = Talk()
    talk.place(SILENCE)
    for _ in range(60):
        assert talk.ask(order(own="yours")) is Move.WAIT
    assert talk.birth.unknown().reason == "a query names another order"


def test_times_are_taken_again_when_the_clock_was_wrong() -> None:
    """Of every attempt; that of an earlier call stays what it was."""
    talk = Talk()
    talk.birth.retime(lambda _: 0)
    talk.write()
    talk.birth.retime(lambda _: BEGAN_MS - 5000)
    talk.hear(SILENCE)
    talk.birth.retime(lambda now: BEGAN_MS - 4000 + round(now - START))
    assert talk.birth.unknown().since == BEGAN_MS - 4000
    talk.ask(order(time=BEGAN_MS - 3000))
    assert isinstance(talk.ended(), Placed)
    talk = Talk(since=BEGAN_MS)
    talk.birth.retime(lambda _: 0)
    assert talk.birth.unknown().since == BEGAN_MS


# ---------------------------------------------------------------------- queries that fail


@pytest.mark.parametrize("answer", [AUTH, BAN])
def test_who_can_not_ask_does_not_know(answer: Answer[Any]) -> None:
    """That is the end, and it says so."""
    talk = Talk()
    talk.place(SILENCE)
    assert talk.ask(answer) is Move.END
    assert talk.ended() == MaybePlaced(PLAIN, "silence", attempts=2, queries=1, since=BEGAN_MS)


def test_a_question_that_is_refused_is_left_out() -> None:
    """One of two: the other goes on; the last one: nobody knows."""
    talk = Talk(STOP)
    talk.place(SILENCE)
    assert talk.ask(WRONG) is Move.ASK
    talk.ask(ABSENT)
    talk.ask(ABSENT)
    assert talk.asked[1:] == ["QueryOrderHistory", "QueryOrderHistory"]
    assert talk.ask(WRONG) is Move.END
    assert isinstance(talk.ended(), MaybePlaced)


@pytest.mark.parametrize("answer", [FULL, CLOCK])
def test_a_query_is_repeated_at_once_where_that_helps(answer: Answer[Any]) -> None:
    """Twice; then after a pause."""
    talk = Talk()
    talk.place(SILENCE)
    assert [talk.ask(answer) for _ in range(3)] == [Move.ASK, Move.ASK, Move.WAIT]
    talk.ask(order())
    assert isinstance(talk.ended(), Placed)


def test_queries_without_an_answer_come_back_more_and_more_slowly() -> None:
    """Up to a second; and silence is counted, so that patience grows."""
    talk = Talk()
    talk.place(SILENCE)
    talk.wait()
    pauses = []
    for _ in range(6):
        talk.ask(SILENCE)
        pauses.append(talk.wait())
    assert pauses == sorted(pauses)
    assert pauses[-1] == 0.75
    assert talk.birth.silences == 7
    talk.ask(BUSY)
    assert talk.birth.silences == 7
    talk.ask(order())
    assert isinstance(talk.ended(), Placed)


def test_who_wants_to_know_is_told_sooner() -> None:
    """No pause before the next query; but nothing is asked twice at once."""
    talk = Talk()
    talk.birth.hurry(talk.now, talk.now + 5)
    assert talk.due() is Move.PLACE
    talk.place(SILENCE)
    talk.ask(ABSENT)
    assert talk.due() is Move.WAIT
    talk.birth.hurry(talk.now, talk.now + 60)
    assert talk.due() is Move.ASK
    talk.birth.start_ask()
    talk.birth.hurry(talk.now, talk.now + 60)
    assert talk.due() is Move.WAIT


def test_nobody_waits_and_queries_are_fewer() -> None:
    """After the deadline the pauses are longer."""
    talk = Talk(deadline=0.5)
    talk.place(SILENCE)
    for _ in range(3):
        talk.ask(ABSENT)
    assert talk.wait() > 2


# ---------------------------------------------------------------------- ends of patience


def never() -> PapiError:
    """What is said of an attempt that was not made."""
    return WaitTooLongError("never", wait=1.0)


def test_at_the_deadline_nothing_was_sent() -> None:
    """Then it is not placed, and will not be."""
    talk = Talk()
    outcome = talk.birth.verdict(never)
    assert isinstance(outcome, NotPlaced)
    assert isinstance(outcome.error, WaitTooLongError)
    assert talk.ended() is outcome
    assert talk.birth.verdict(never) is outcome
    assert talk.birth.give_up() is outcome


def test_at_the_deadline_what_was_refused_is_told() -> None:
    """The last answer says why."""
    talk = Talk()
    talk.place(HUNG_UP)
    outcome = talk.birth.verdict(never)
    assert isinstance(outcome, NotPlaced)
    assert isinstance(outcome.error, UnsentError)


def test_at_the_deadline_it_is_on_its_way() -> None:
    """Nobody can say; and whatever is heard later, nothing is sent again."""
    talk = Talk()
    talk.write()
    expected = MaybePlaced(PLAIN, "the placement is on its way", attempts=1, since=BEGAN_MS)
    assert talk.birth.verdict(never) == expected
    assert talk.due() is Move.WAIT
    assert talk.hear(BUSY) is Move.END
    assert isinstance(talk.ended(), NotPlaced)


def test_a_caller_who_left_places_nothing_more() -> None:
    """The attempt on its way is the last one."""
    talk = Talk()
    talk.write()
    assert talk.birth.unsettled
    talk.birth.close()
    assert talk.hear(CLOCK) is Move.END
    assert type(talk.ended().error) is ClockError


def test_what_was_not_sent_can_be_withdrawn() -> None:
    """With the error of who does so."""
    talk = Talk()
    assert not talk.birth.unsettled
    error = UnsentError("withdrawn")
    assert talk.birth.withdraw(error) == NotPlaced(PLAIN, error)


def test_giving_up_says_what_is_known() -> None:
    """And what comes later changes nothing."""
    talk = Talk()
    talk.place(SILENCE)
    talk.wait()
    talk.birth.start_ask()
    expected = MaybePlaced(PLAIN, "silence", attempts=1, since=BEGAN_MS)
    assert talk.birth.give_up() == expected
    talk.birth.told(order(), talk.now, 0.5)
    assert talk.ended() == expected
    talk = Talk()
    talk.write()
    talk.birth.give_up()
    talk.birth.heard(order(), talk.now, 0.5)
    assert isinstance(talk.ended(), MaybePlaced)


def test_an_earlier_call_is_only_asked_about() -> None:
    """Its attempt may come until the widest horizon from now on."""
    talk = Talk(since=BEGAN_MS - 1000)
    assert talk.due() is Move.ASK
    over = talk.look_until_the_end()
    assert over >= 5.0 + ENGINE + ABSENT_FOR
    assert isinstance(talk.ended(), NotPlaced)
    talk = Talk(since=BEGAN_MS - 1000)
    talk.ask(order(time=BEGAN_MS - 500))
    assert isinstance(talk.ended(), Placed)
    assert talk.birth.sent == 0


# ---------------------------------------------------------------------- events


def test_an_event_shows_it_before_the_reply() -> None:
    """Then nothing more is asked."""
    talk = Talk(unique=True)
    talk.write()
    shown = order("PARTIALLY_FILLED").reply
    talk.birth.see(shown)
    assert talk.hear(SILENCE) is Move.END
    assert talk.ended() == Placed(PLAIN, shown, "event", attempts=1)
    talk.birth.see(order("FILLED").reply)
    assert talk.ended().order is shown


@pytest.mark.parametrize(
    ("shown", "counts"),
    [
        (order("NEW", update_time=BEGAN_MS), False),
        (order("FILLED", update_time=BEGAN_MS), False),
        (order("FILLED", time=BEGAN_MS), True),
        (order("FILLED", time=BEGAN_MS - 1), False),
        (order("NEW", own="yours", time=BEGAN_MS), False),
        (order("NEW", symbol="BTCUSDT", time=BEGAN_MS), True),
        (order("NEW", symbol="ETHUSDT", time=BEGAN_MS), False),
    ],
)
def test_of_an_own_id_only_fresh_events_count(shown: Done[Any], counts: bool) -> None:
    """An older order with the same id may be filled or amended at this moment."""
    talk = Talk()
    talk.birth.see(shown.reply)
    assert talk.due() is Move.PLACE
    talk.write()
    talk.birth.see(shown.reply)
    assert (talk.due() is Move.END) is counts


def test_an_order_of_another_symbol_is_another_one() -> None:
    """Whatever it is called: algo orders are asked for without their symbol."""
    talk = Talk(ALGO, unique=True)
    talk.place(SILENCE)
    strange = algo_order.AlgoOrder(algo_id=7, client_algo_id="mine", symbol="ETHUSDT")
    assert talk.ask(Done(strange)) is Move.WAIT
    shown = algo_order.AlgoOrder(algo_id=8, client_algo_id="mine", symbol="BTCUSDT")
    assert talk.ask(Done(shown)) is Move.END
    assert talk.ended().order is shown


# ---------------------------------------------------------------------- any answers

FAILURES: list[Answer[Any]] = [SILENCE, MAYBE, FULL, CLOCK, BUSY, HUNG_UP, HUNG_UP, AUTH]
REFUSALS: list[Answer[Any]] = [WRONG, AUTH, BAN, FULL, BUSY, CLOCK, HUNG_UP, HELD]


class World:
    """Arbitrary answers at arbitrary times, beside a model that knows what the exchange did."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.talk = Talk(
            deadline=self.rng.choice((0.5, 10.0, 60.0)), unique=self.rng.random() < 0.5
        )
        self.calm = self.rng.random()
        self.there = False
        self.comes = inf
        """When an attempt that is stuck will place it."""
        self.doubtful = 0
        self.forgotten = (0.0, 0.0)

    def run(self) -> Any:
        """Until it is over; returns the outcome."""
        for _ in range(150):
            self.step()
            outcome = self.talk.birth.outcome
            if isinstance(outcome, Placed):
                assert self.there
            if isinstance(outcome, NotPlaced):
                assert not self.there
                assert self.comes == inf
            if outcome is not None:
                break
        assert self.doubtful <= 1
        return self.talk.birth.outcome

    def step(self) -> None:
        """Time passes, and what is due is done."""
        talk, rng = self.talk, self.rng
        if talk.due() is Move.WAIT:
            talk.now = min(talk.birth.wake(), talk.now + rng.choice((0.5, 5.0, 60.0)))
        if self.comes <= talk.now:
            self.there, self.comes = True, inf
        if rng.random() < 0.02:
            talk.birth.verdict(never)
        if talk.due() is Move.PLACE:
            self.attempt()
        elif talk.due() is Move.ASK:
            question = talk.birth.start_ask()
            talk.birth.asked(talk.now)
            talk.birth.told(self.reply(question), talk.now, rng.random())

    def attempt(self) -> None:
        """One attempt: executed now, later or never, and answered or not."""
        assert not self.there
        assert self.comes == inf
        talk, rng = self.talk, self.rng
        if rng.random() < self.calm:
            self.there = True
            talk.place(order())
            return
        if rng.random() < 0.5:
            talk.place(rng.choice(REFUSALS))
            return
        self.doubtful += 1
        written = talk.now
        talk.place(rng.choice(DOUBTS), after=rng.uniform(0, 1))
        fate = rng.random()
        self.there = fate < 0.4
        if 0.4 <= fate < 0.7:
            self.comes = written + 1.0 + 10.9 * rng.random()
        if rng.random() < 0.3:
            self.forgotten = (talk.now, talk.now + rng.uniform(0, 11.0 + ABSENT_FOR))

    def reply(self, question: Any) -> Answer[Any]:
        """What a query is answered, perhaps by a node that forgot."""
        begin, end = self.forgotten
        seen = self.there and not begin <= self.talk.now < end
        if self.rng.random() > self.calm:
            return self.rng.choice(FAILURES)
        found = order(self.rng.choice(["NEW", "FILLED"]), time=BEGAN_MS + 10**9)
        if "All" in type(question).__name__:
            return Done([found.reply]) if seen else EMPTY
        return found if seen else ABSENT


def test_no_claim_is_wrong_whatever_is_heard() -> None:
    """Of 5000 worlds none is placed twice, no claim contradicts the truth, all three occur."""
    kinds = Counter(type(World(seed).run()) for seed in range(5000))
    assert min(kinds[Placed], kinds[NotPlaced]) > 500
    assert kinds[MaybePlaced] > 10


def test_algo_orders_are_asked_for_by_their_own_id() -> None:
    """Their queries take no symbol, their lists do."""
    request = algo.NewOrder(
        symbol="BTCUSDT", side="SELL", type="STOP_MARKET", quantity=1, trigger_price=1,
        client_algo_id="mine",
    )  # fmt: skip
    talk = Talk(request)
    talk.place(SILENCE)
    shown = algo.AlgoOrder(algo_id=7, client_algo_id="mine", create_time=BEGAN_MS)
    talk.ask(Done(shown))
    assert talk.ended().cancel() == algo.CancelOrder(algo_id=7)
    assert talk.ended().order_id == 7
