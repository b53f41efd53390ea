"""A fate under arbitrary answers at arbitrary times, beside a tiny model of the truth.

The model knows only what an order is and what was sent: whether each cancel had an effect, may have
one yet, or can't. Whatever the fate claims is held against it after every step.
"""

from __future__ import annotations

import random
from math import inf
from typing import Any
from unittest import mock

import pytest

from binance_papi.api.um import algo, conditional
from binance_papi.core.agenda import MAX_TRIES, Step
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
from binance_papi.core.outcome import AlreadyGone, Canceled, Rejected
from binance_papi.core.pace import Pace
from binance_papi.core.resolve import Fate
from binance_papi.errors import PapiError

RUNS = 3000
STEPS = 120
BEGAN_MS = 1_800_000_000_000

NO_EFFECT: list[Answer[Any]] = [
    Refused(Fault(400, -1102)),
    Refused(Fault(401, -2015), Meaning.AUTH),
    Refused(Fault(400, -1021), Meaning.CLOCK),
    Refused(Fault(404), retired=True),
    Throttled(Fault(429, -1003), Meaning.WEIGHT, 1.0),
    Overloaded(Fault(503, -1008)),
    Banned(Fault(418)),
]
SILENCE: list[Answer[Any]] = [
    Unanswered("silence"),
    Unanswered("503", Fault(503, -1000)),
    Unanswered("unreadable", Fault(200)),
    Unanswered("triggering", Fault(400, -4117)),
]
ABSENT = NotOpen(Fault(400, -2013))


class Attempt:
    """A cancel on the wire, as the exchange sees it."""

    def __init__(self, dies: float) -> None:
        self.dies = dies
        self.worked = False
        self.over = False
        """It can have no further effect: it was executed, or refused."""


class Drive:
    """One fate, one order, one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.now = 1000.0
        self.status = "NEW"
        self.updated = BEGAN_MS - 60_000
        self.ours = False
        self.by_id = self.rng.random() < 0.7
        self.request: Any = algo.CancelOrder(algo_id=7)
        if self.rng.random() < 0.5:
            ids = {"strategy_id": 7} if self.by_id else {"new_client_strategy_id": "mine"}
            self.request = conditional.CancelOrder(symbol="BTCUSDT", **ids)
        else:
            self.by_id = True
        self.deadline = self.now + self.rng.choice([0.5, 10.0, 60.0])
        self.verify = self.rng.random() < 0.3
        self.fate = Fate(
            self.request,
            now=self.now,
            deadline=self.deadline,
            exchange_ms=self.ms,
            pace=Pace(),
            explain=lambda _, answer: PapiError(repr(answer)),
            verify=self.verify,
            ask_first=self.rng.random() < 0.2,
        )
        self.calm = self.rng.random()
        self.flying: dict[int, Attempt] = {}
        self.queued: list[int] = []
        self.unheard: list[Attempt] = []
        self.asking: tuple[float, Answer[Any]] | bool = False
        self.cancels = self.queries = self.doubtful = 0
        self.said_gone = self.said_canceled = False
        self.outcome: Any = None
        self.idle = 0

    @property
    def ms(self) -> int:
        """Exchange time."""
        return BEGAN_MS + round((self.now - 1000) * 1000)

    def run(self) -> None:
        """Some steps; the invariants hold after each."""
        for _ in range(STEPS):
            self.step()
            self.check()
            if self.outcome is not None and not self.flying and not self.asking:
                break

    # ------------------------------------------------------------------ what happens

    def step(self) -> None:
        """One thing happens."""
        due = self.fate.next(self.now)
        if due is Step.CANCEL and self.fate.hedging and self.rng.random() < 0.3:
            self.fate.skip_hedge()
        elif due is Step.CANCEL:
            self.queued.append(self.fate.start_cancel())
            assert len(self.queued) + len(self.flying) <= 2, "more than two at once"
        elif due is Step.ASK:
            self.fate.start_ask()
            self.asking = True
        elif self.queued and self.rng.random() < 0.9:
            self.write(self.queued.pop(0))
        elif self.asking is True:
            self.write_query()
        else:
            self.something()

    def write(self, serial: int) -> None:
        """A cancel leaves, or does not."""
        if self.fate.outcome is not None or self.rng.random() < 0.1:
            self.fate.heard(serial, Unsent("refused"), self.now, self.rng.random())
            return
        self.fate.written(serial, self.ms, self.now)
        self.flying[serial] = Attempt(self.now + self.fate.recv_window / 1000 + ENGINE)
        self.cancels += 1

    def write_query(self) -> None:
        """A query leaves, or does not; the exchange looks at once, the answer comes later."""
        if self.fate.outcome is not None or self.rng.random() < 0.1:
            self.asking = False
            self.fate.told(Unsent("refused"), self.now, self.rng.random())
            return
        self.fate.asked(self.now)
        self.queries += 1
        self.asking = (self.now, self.look())

    def look(self) -> Answer[Any]:
        """What a query is answered at this moment."""
        luck = self.rng.random()
        if luck < 0.15 * self.calm:
            return self.rng.choice(SILENCE[:3])
        if luck < 0.25 * self.calm:
            return self.rng.choice(NO_EFFECT)
        if luck < 0.45 * self.calm and self.by_id:
            return ABSENT  # this node forgot it
        if luck < 0.5 * self.calm:
            return Done(self.show("NEW_INSURANCE"))
        return Done(self.show(self.status))

    def show(self, status: str) -> Any:
        """A reply of the order's family."""
        if isinstance(self.request, algo.CancelOrder):
            return algo.AlgoOrder(algo_id=7, algo_status=status, update_time=self.updated)  # type: ignore[arg-type]
        return conditional.ConditionalOrder(
            strategy_id=7,
            new_client_strategy_id="mine",
            strategy_status=status,  # type: ignore[arg-type]
            update_time=self.updated,
        )

    def something(self) -> None:
        """Time passes, the order changes, an attempt arrives or is answered."""
        acts = [self.wait, self.wait, self.change]
        acts += [self.arrive] * 2 if self.flying or self.unheard else []
        acts += [self.answer] * 3 if self.flying else []
        acts += [self.tell] * 3 if self.asking else []
        self.rng.choice(acts)()

    def wait(self) -> None:
        """To the next timer, or a while."""
        wake = self.fate.wake()
        if wake < inf and self.rng.random() < 0.8 and self.fate.outcome is None:
            self.now = max(self.now, wake)
        else:
            self.now += self.rng.choice([0.001, 0.1, 1.0, 13.0])

    def change(self) -> None:
        """Somebody else cancels it, or it triggers."""
        if self.status == "NEW" and self.rng.random() < 0.1:
            self.status = self.rng.choice(["CANCELED", "TRIGGERED", "EXPIRED", "FINISHED"])
            self.updated = self.ms

    def arrive(self) -> None:
        """The exchange executes an attempt, in time."""
        attempt = self.rng.choice([*self.flying.values(), *self.unheard])
        if attempt.over or self.now >= attempt.dies:
            return
        attempt.over = True
        if self.status == "NEW":
            self.status, self.updated = "CANCELED", self.ms
            attempt.worked = self.ours = True

    def answer(self) -> None:
        """A cancel on the wire is answered; what the answer says is true."""
        serial = self.rng.choice(list(self.flying))
        attempt = self.flying.pop(serial)
        reply: Answer[Any] = self.rng.choice(SILENCE)
        if self.rng.random() < 0.5 * self.calm:
            pass
        elif attempt.worked:
            reply = Done(self.own_reply())
            self.said_canceled = True
        elif attempt.over or self.rng.random() < 0.3:
            attempt.over = True
            reply = NotOpen(Fault(400, -2011))
        elif self.rng.random() < 0.5:
            attempt.over = True
            reply = self.rng.choice(NO_EFFECT)
        if isinstance(reply, Unanswered):
            self.unheard.append(attempt)
            self.doubtful += 1
        elif isinstance(reply, Done) and self.verify:
            self.unheard.append(attempt)
        self.fate.heard(serial, reply, self.now, self.rng.random())

    def own_reply(self) -> Any:
        """A success reply of the order's family."""
        if isinstance(self.request, algo.CancelOrder):
            return algo.CanceledAlgoOrder(complete=True)
        return self.show("CANCELED")

    def tell(self) -> None:
        """A query is answered."""
        assert isinstance(self.asking, tuple)
        when, answer = self.asking
        self.asking = False
        if isinstance(answer, Done):
            status = answer.reply.sighting().status
            self.said_canceled |= status == "CANCELED"
            self.said_gone |= status in ("TRIGGERED", "EXPIRED", "FINISHED")
            dead = all(one.dies <= when for one in self.unheard)
            if status == "NEW" and dead:
                # That proves it of all of them.
                self.unheard.clear()
                self.doubtful = 0
        self.fate.told(answer, self.now, self.rng.random())

    # ------------------------------------------------------------------ what must hold

    def check(self) -> None:
        """The invariants."""
        told = self.fate.outcome
        if self.outcome is not None:
            assert told is self.outcome, "an outcome changed"
        elif told is not None:
            self.outcome = told
            self.judge(told)
        if told is not None:
            assert self.fate.next(self.now) is Step.END, "something is due after the end"
            return
        assert self.doubtful + len(self.flying) <= MAX_TRIES, "too many that may have worked"
        if self.fate.next(self.now) is Step.WAIT:
            assert self.fate.wake() > self.now, "a timer in the past"
            stuck = self.fate.wake() == inf and not (self.flying or self.queued or self.asking)
            assert not stuck, "nothing will ever happen"
        assert self.fate.sent == self.cancels

    def judge(self, told: Any) -> None:
        """Is that so?"""
        assert told.attempts == self.cancels + self.queries, "attempts miscounted"
        assert told.queries == self.queries
        if isinstance(told, Canceled):
            assert self.said_canceled, "nobody said that it is cancelled"
            assert self.status == "CANCELED"
            assert told.by == "us" or not self.ours
        elif isinstance(told, AlreadyGone):
            assert self.said_gone or self.said_canceled, "nobody said that it is gone"
            assert told.status == self.status
            assert not self.ours, "it was ours"
        elif isinstance(told, Rejected):
            assert not self.ours, "rejected, yet it had an effect"
            open_ones = [one for one in (*self.flying.values(), *self.unheard) if not one.over]
            assert not [one for one in open_ones if one.dies > self.now], "it may have one yet"


def drive(seeds: range) -> set[type]:
    """Many seeds; tells which outcomes there were."""
    kinds = set()
    for seed in seeds:
        one = Drive(seed)
        try:
            one.run()
        except Exception as problem:
            problem.add_note(f"seed {seed}")
            raise
        kinds.add(type(one.outcome))
    return kinds


@pytest.mark.parametrize("part", range(4))
def test_no_claim_is_wrong(part: int) -> None:
    """Whatever is answered, whenever; all kinds of outcomes occur."""
    found = drive(range(part * RUNS, (part + 1) * RUNS))
    assert {Canceled, AlreadyGone, Rejected} <= found


def _gone_at_once(fate: Fate, now: float) -> None:
    fate._end(AlreadyGone, status="CANCELED")
    del now


def _as_of_now(fate: Fate, when: float) -> bool:
    del when
    return all(trial.dies <= fate._asked_at + 15 for trial in fate._lost)


def _never_doubt(fate: Fate, trial: Any) -> None:
    fate._tries += 1
    del trial


def _always_again(fate: Fate, now: float, jitter: float) -> bool:
    fate._cancel_at = now + jitter
    return True


def _past(fate: Fate) -> float:
    return min(fate._cancel_at, fate._ask_at)


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        ("_ask_what_became_of_it", _gone_at_once),
        ("_dead", _as_of_now),
        ("_doubt", _never_doubt),
        ("_cancel_again", _always_again),
        ("wake", _past),
    ],
)
def test_a_broken_rule_is_noticed(rule: str, broken: Any) -> None:
    """The negative control: each of these rules is needed."""
    with mock.patch.object(Fate, rule, broken), pytest.raises(AssertionError):
        drive(range(RUNS))
