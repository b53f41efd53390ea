"""A pursuit: the effect around `binance_papi.core.resolve`, for one order being cancelled.

A pursuit belongs to the client, not to the caller: whatever is on the wire lives on when its
caller is cancelled, or stops waiting, and its outcome can be asked for later. Two callers who
cancel the same order share one pursuit.
"""

from __future__ import annotations

import random
from abc import abstractmethod
from math import inf
from typing import Any, Final, Protocol

from binance_papi.core.agenda import Step
from binance_papi.core.answer import Done, Unanswered, Unsent
from binance_papi.core.cancel import Sighting
from binance_papi.core.endpoint import Lane, Request
from binance_papi.core.evidence import Testimony
from binance_papi.core.outcome import Outcome, Unknown
from binance_papi.core.raising import never_sent
from binance_papi.core.resolve import Fate
from binance_papi.errors import UnsentError
from binance_papi.net.errand import Errands, is_silence
from binance_papi.net.flight import Flight
from binance_papi.net.journal import Journal

_QUESTION: Final = 0

LATE: Final = 60.0
"""Seconds for which an unknown outcome is pursued after its caller stopped waiting."""


class Watcher(Protocol):
    """Whoever waits for outcomes."""

    def land(self, pursuit: Pursuit, outcome: Outcome) -> None:
        """An outcome is there."""
        ...


class Home(Errands):
    """Where pursuits live."""

    journal: Journal | None = None
    """Where to note what is on the wire; ``None``: nowhere."""

    witness: Testimony | None = None
    """What the stream told, while a user data stream is open."""

    @abstractmethod
    def over(self, pursuit: Pursuit, outcome: Outcome, *, kept: bool) -> None:
        """A pursuit ended; keep its outcome if nobody waited for it."""


class Pursuit:
    """One order that is being cancelled.

    Args:
        home: Where it lives.
        key: The order, as `Cancel.order` names it.
        fate: What is known of the order.
    """

    __slots__ = (
        "_attempts",
        "_deserted",
        "_jumps",
        "_late_until",
        "_over",
        "_watchers",
        "fate",
        "home",
        "key",
        "rings_at",
        "weight",
    )

    def __init__(self, home: Home, key: Any, fate: Fate) -> None:
        self.home = home
        self.key = key
        self.fate = fate
        self.weight = 0
        """Request weight used so far."""
        self._watchers: list[Watcher] = []
        # All under way, written or not.
        self._attempts: list[Attempt] = []
        self.rings_at = inf
        self._late_until: float | None = None
        self._over = False
        self._jumps = home.clock.jumps
        # Whether somebody stopped waiting who may ask for the outcome later.
        self._deserted = False

    # ------------------------------------------------------------------ watchers

    def watch(self, watcher: Watcher) -> None:
        """Tell somebody the outcome once it is there."""
        self._watchers.append(watcher)
        self._late_until = None

    def expire(self, watcher: Watcher) -> Outcome:
        """Somebody stops waiting; returns what can be said now.

        The pursuit ends if certainly nothing was changed and nobody else waits; else it goes on.
        """
        self._watchers.remove(watcher)
        self._deserted = True
        if self._watchers:
            return self.fate.outcome or self.fate.unknown()
        waited = self.home.clock.now() - self.fate.started
        outcome = self.fate.verdict(lambda: never_sent(waited))
        if isinstance(outcome, Unknown) and self.fate.outcome is None:
            self._go_on()
        else:
            self._finish(outcome)
        return outcome

    def abandon(self, watcher: Watcher) -> None:
        """Somebody was cancelled: what is not on the wire is withdrawn, the rest lives on."""
        self._watchers.remove(watcher)
        self._deserted = True
        if not self._watchers and not self.withdraw("its caller was cancelled"):
            self._go_on()

    def withdraw(self, why: str) -> bool:
        """End it if nothing was sent so far that may matter; tells whether it did."""
        if not self.fate.unsettled:
            text = f"{why} before the request was sent"
            error = UnsentError(text, request=self.fate.request, reason=why)
            self._finish(self.fate.withdraw(error))
            return True
        return False

    def give_up(self) -> Outcome:
        """End it with what is known."""
        outcome = self.fate.give_up()
        self._finish(outcome)
        return outcome

    def _go_on(self) -> None:
        """Nobody waits: pursue it for a while longer."""
        self._late_until = self.home.clock.now() + LATE
        self._arm()

    def witness(self, seen: Sighting, event: Any) -> None:
        """An event of the stream is about the order."""
        self.fate.witness(seen, event)
        if not self._over:
            self.step()

    # ------------------------------------------------------------------ work

    def step(self) -> None:
        """Do what is due, and see to it that the next look comes in time."""
        fate, home = self.fate, self.home
        while True:
            step = fate.next(home.clock.now())
            if step is Step.CANCEL:
                if fate.hedging and not home.pace.hedge():
                    fate.skip_hedge()
                    continue
                self._cancel(fate.start_cancel())
            elif step is Step.ASK:
                self._ask(fate.start_ask())
            elif step is Step.END:
                assert fate.outcome is not None
                self._finish(fate.outcome)
                return
            else:
                self._arm()
                return

    def _arm(self) -> None:
        wake = self.fate.wake()
        late = self._late_until
        self.home.alarm.set(self, wake if late is None or wake < late else late)

    def ring(self) -> None:
        """Something is due."""
        if self._late_until is not None and self.home.clock.now() >= self._late_until:
            self.give_up()
        else:
            self.step()

    def _finish(self, outcome: Outcome) -> None:
        """It is over: nothing further is sent, and whoever waits is told."""
        self._over = True
        self.home.alarm.set(self, inf)
        forsaken: list[Attempt] = []
        for attempt in tuple(self._attempts):
            if not attempt.wrote:
                attempt.cancel()
            elif attempt.serial != _QUESTION:
                forsaken.append(attempt)
        if forsaken:
            self.home.forsake(forsaken)
        self.home.over(self, outcome, kept=self._deserted or not self._watchers)
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher.land(self, outcome)

    # ------------------------------------------------------------------ attempts

    def _cancel(self, serial: int) -> None:
        """One cancel, from admission to its answer."""
        self._begin(Attempt(self, self.fate.request, Lane.CANCEL, serial))

    def _ask(self, question: Request[Any]) -> None:
        """One query, from admission to its answer."""
        self._begin(Attempt(self, question, Lane.RESOLVE, _QUESTION))

    def _begin(self, attempt: Attempt) -> None:
        self._attempts.append(attempt)
        self.home.fly(attempt, _landed)

    def note(self, attempt: Attempt) -> None:
        """The first byte of an attempt is about to be written."""
        home, fate = self.home, self.fate
        attempt.wrote = now = home.clock.now()
        self.weight += attempt.weight
        if attempt.serial == _QUESTION:
            fate.asked(now)
            return
        stamp_ms = home.clock.earliest(now)
        fate.written(attempt.serial, stamp_ms, now)
        if home.journal is not None:
            home.journal.sent(fate.request, stamp_ms)
        self._arm()

    def hear(self, attempt: Attempt) -> None:
        """An attempt is over."""
        home, fate = self.home, self.fate
        self._attempts.remove(attempt)
        wrote = attempt.wrote
        answer = home.landed(attempt)
        if answer is None:
            answer = Unsent("it was withdrawn", held=True)
            if wrote:
                answer = Unanswered("the client was closed")
        now = home.clock.now()
        if wrote:
            home.pace.hear(now - wrote, answered=not is_silence(answer))
        self._look_at_the_clock()
        jitter = random.random()  # noqa: S311 - it spreads requests, it guards nothing
        if attempt.serial == _QUESTION:
            fate.told(answer, now, jitter)
        else:
            if self._over and home.witness is not None and isinstance(answer, Done):
                home.witness.reply(fate.request, answer.reply)
            fate.heard(attempt.serial, answer, now, jitter)
        if not self._over:
            self.step()

    def _look_at_the_clock(self) -> None:
        """Times that were taken with a wrong clock tell nothing."""
        jumps = self.home.clock.jumps
        if jumps != self._jumps:
            self._jumps = jumps
            clock = self.home.clock
            self.fate.retime(clock.earliest, clock.latest)


class Attempt(Flight):
    """One request of a pursuit.

    Args:
        pursuit: Whose.
        request: The request.
        lane: Where it waits.
        serial: Its number among the cancels; `_QUESTION`: it is a query.
    """

    __slots__ = ("pursuit", "serial", "wrote")

    def __init__(self, pursuit: Pursuit, request: Request[Any], lane: Lane, serial: int) -> None:
        home, fate = pursuit.home, pursuit.fate
        super().__init__(
            home.line, request, lane, home.patience(fate.silences), fate.recv_window, None, None
        )
        self.pursuit = pursuit
        self.serial = serial
        self.wrote = 0.0
        """Monotonic time when it was written; 0: it was not."""

    def written(self) -> None:
        """Its first byte is about to be written."""
        super().written()
        self.pursuit.note(self)


def _landed(attempt: Attempt) -> None:
    attempt.pursuit.hear(attempt)
