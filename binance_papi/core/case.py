"""The case of one order: what was sent for it, what came of that, and what may be claimed."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from binance_papi.core.answer import Answer
from binance_papi.core.cancel import Cancel
from binance_papi.core.endpoint import Request
from binance_papi.core.horizon import ENGINE, WIDEST, Trial
from binance_papi.core.outcome import Outcome, Rejected, Unknown
from binance_papi.core.pace import Pace
from binance_papi.errors import PapiError


class Case:
    """One order that is being cancelled.

    Args:
        request: The cancel.
        now: Monotonic seconds.
        deadline: Monotonic time until which the caller waits.
        exchange_ms: Highest exchange time possible now, epoch milliseconds.
        pace: What replies usually take.
        explain: Makes the exception that says what an answer to a request says.
        verify: Whether a success reply has to be confirmed by a query.
        ask_first: Whether a query comes before the first cancel.
        since: Exchange time in ms from which a request of an earlier call may have taken effect;
            ``None``: there was none.
        recv_window: Milliseconds for which a cancel is valid, unless the request says so itself.
    """

    __slots__ = (
        "_absences",
        "_absent_from",
        "_ask_at",
        "_asked_at",
        "_asking",
        "_began_ms",
        "_cancel_at",
        "_claim",
        "_clock_tries",
        "_closed",
        "_denials",
        "_explain",
        "_failures",
        "_flying",
        "_inconsistent",
        "_lost",
        "_misses",
        "_pace",
        "_puzzle",
        "_question",
        "_questions",
        "_queued",
        "_refusals",
        "_rounds",
        "_seen",
        "_serial",
        "_silence",
        "_tries",
        "_unsent",
        "deadline",
        "last",
        "outcome",
        "queries",
        "recv_window",
        "request",
        "sent",
        "silences",
        "started",
        "verify",
    )

    def __init__(
        self,
        request: Cancel[Any],
        *,
        now: float,
        deadline: float,
        exchange_ms: int,
        pace: Pace,
        explain: Callable[[Request[Any], Answer[Any]], PapiError],
        verify: bool = False,
        ask_first: bool = False,
        since: int | None = None,
        recv_window: int = 2000,
    ) -> None:
        self.request = request
        self.started = now
        self.deadline = deadline
        self.recv_window = request.recv_window or recv_window
        self.outcome: Outcome | None = None
        self.last: Answer[Any] | None = None
        """The last answer that was no success."""
        self.sent: int = 0
        """Cancels on the wire so far."""
        self.silences: int = 0
        """Cancels and queries that were not answered."""
        self.queries: int = 0
        """Queries on the wire so far."""
        self._pace = pace
        self._explain = explain
        self.verify = verify
        self._began_ms = exchange_ms
        # When the next of each is due; infinite: not for the time being.
        self._cancel_at, self._ask_at = (inf, now) if ask_first else (now, inf)
        self._serial = 0
        self._queued = 0
        # Attempts on the wire, by number, and those that may have had an effect unheard: exchange
        # time in ms from which it may have come, and monotonic time from which it can't any more.
        self._flying: dict[int, Trial] = {}
        self._lost: list[Trial] = []
        if since is not None:
            # Its receive window may have been widened, see `Fate`.
            window = max(self.recv_window, WIDEST)
            self._lost.append(Trial(since, now + window / 1000 + ENGINE))
        self._tries: int = 0
        self._refusals = self._clock_tries = self._unsent = self._denials = 0
        self._asking = self._seen = False
        self._asked_at = -inf
        self._questions: tuple[Request[Any], ...] | None = None
        self._question = self._misses = self._rounds = self._failures = 0
        self._absences = 0
        self._absent_from = inf
        self._claim: Any = None
        self._puzzle = "" if since is None else "an earlier request may have taken effect"
        self._silence = ""
        self._closed = False
        self._inconsistent = False

    # ------------------------------------------------------------------ attempts

    @property
    def hedging(self) -> bool:
        """Whether a cancel now would go along with one that is on its way."""
        return bool(self._flying) or self._queued > 0

    @property
    def moved(self) -> bool:
        """Whether anything that was sent may have had an effect, or may have it yet."""
        return bool(self._flying or self._lost)

    @property
    def unsettled(self) -> bool:
        """Whether something was sent, or said, that leaves the order's fate open."""
        return self.moved or bool(self._puzzle)

    def since(self) -> int | None:
        """Exchange time in ms from which an attempt may have taken effect; ``None``: none can."""
        stamps = [trial.since for trial in (*self._flying.values(), *self._lost)]
        return min(stamps, default=None)

    def retime(self, earliest: Callable[[float], int], latest: Callable[[float], int]) -> None:
        """The exchange's clock was not what it was taken for: nor are the times of attempts.

        Args:
            earliest: Lowest exchange time in ms that a monotonic time may have been.
            latest: Highest such time.
        """
        self._began_ms = latest(self.started)
        self._flying = {serial: trial.retimed(earliest) for serial, trial in self._flying.items()}
        self._lost = [trial.retimed(earliest) for trial in self._lost]

    def _doubt(self, trial: Trial | None) -> None:
        """An attempt may have had an effect, or have it yet."""
        self._tries += 1
        if trial is not None:
            self._lost.append(trial)

    def _dead(self, when: float) -> bool:
        """Whether no attempt whose answer is missing could have an effect from then on."""
        return all(trial.dies <= when for trial in self._lost)

    # ------------------------------------------------------------------ conclusions

    @property
    def _over(self) -> bool:
        return self.outcome is not None

    def verdict(self, never_sent: Callable[[], PapiError]) -> Outcome:
        """What can be said now, at the end of the caller's patience.

        Args:
            never_sent: Makes the error for a cancel that was not even tried.

        Returns:
            The outcome if there is one; else `Rejected` if no attempt had or can have an effect
            (the caller must send no more then), else `Unknown`.
        """
        if self.outcome is not None:
            return self.outcome
        if self.unsettled:
            return self.unknown()
        error = never_sent() if self.last is None else self._explain(self.request, self.last)
        self._end(Rejected, error=error)
        return self._ended()

    def give_up(self) -> Outcome:
        """Nothing more will be sent or heard: conclude."""
        if self.outcome is None:
            self.outcome = self.unknown()
        return self.outcome

    def withdraw(self, error: PapiError) -> Outcome:
        """Nothing was sent, and nothing will be."""
        if self.outcome is None:
            self._end(Rejected, error=error)
        return self._ended()

    def _ended(self) -> Outcome:
        assert self.outcome is not None
        return self.outcome

    def _last(self) -> Answer[Any]:
        assert self.last is not None
        return self.last

    def unknown(self) -> Unknown:
        """What is known, where that is not enough."""
        return Unknown(
            self.request,
            self._puzzle or self._silence or _nothing_heard(self.hedging),
            attempts=self.sent + self.queries,
            queries=self.queries,
            since=self.since(),
        )

    def _end(self, kind: type[Any], **evidence: Any) -> None:
        if kind is not Rejected:
            evidence["inconsistent"] = self._inconsistent
        self.outcome = kind(
            self.request,
            attempts=self.sent + self.queries,
            queries=self.queries,
            **evidence,
        )
        self._cancel_at = self._ask_at = inf


def _nothing_heard(sending: bool) -> str:
    return "a request is on its way" if sending else "another caller waits for it"
