"""A fate in conversation: what tests of the cancel state machine tell it, and its clock."""

from __future__ import annotations

from typing import Any

from binance_papi.api.um import algo, conditional
from binance_papi.core.agenda import Step
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
from binance_papi.core.endpoint import Request
from binance_papi.core.outcome import Outcome
from binance_papi.core.pace import Pace
from binance_papi.core.raising import exception_for
from binance_papi.core.resolve import Fate
from binance_papi.errors import (
    PapiError,
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

    def explain(self, request: Request[Any], answer: Answer[Any]) -> PapiError:
        """As the line explains."""
        return exception_for(answer, request, silence=1.0, exchange_ms=self.ms)

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
