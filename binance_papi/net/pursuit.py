"""A pursuit: the effect around `binance_papi.core.resolve`, for one order being cancelled.

A pursuit belongs to the client, not to the caller: whatever is on the wire lives on when its
caller is cancelled, or stops waiting, and its outcome can be asked for later. Two callers who
cancel the same order share one pursuit.
"""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from math import inf
from typing import Any, Final, Protocol

from binance_papi.core.agenda import Step
from binance_papi.core.answer import Answer, Done, Unanswered, Unsent
from binance_papi.core.cancel import Sighting
from binance_papi.core.endpoint import Lane, Request, weight_of
from binance_papi.core.evidence import Testimony
from binance_papi.core.outcome import Outcome, Unknown
from binance_papi.core.raising import never_sent
from binance_papi.core.resolve import Fate
from binance_papi.errors import UnsentError
from binance_papi.net.errand import Errands, answer_of, is_silence
from binance_papi.net.flight import Flight
from binance_papi.net.journal import Journal

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
        "_deserted",
        "_flying",
        "_home",
        "_jumps",
        "_late_until",
        "_over",
        "_timer",
        "_waiting",
        "_watchers",
        "fate",
        "key",
        "weight",
    )

    def __init__(self, home: Home, key: Any, fate: Fate) -> None:
        self._home = home
        self.key = key
        self.fate = fate
        self.weight = 0
        """Request weight used so far."""
        self._watchers: list[Watcher] = []
        # What waits for admission or for a connection, and cancels on the wire.
        # (Dictionaries keep their order, so that a simulated run repeats.)
        self._waiting: dict[Flight, None] = {}
        self._flying: dict[Flight, None] = {}
        self._timer: asyncio.TimerHandle | None = None
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
        waited = self._home.clock.now() - self.fate.started
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
        self._late_until = self._home.clock.now() + LATE
        self._arm()

    def witness(self, seen: Sighting, event: Any) -> None:
        """An event of the stream is about the order."""
        self.fate.witness(seen, event)
        self._after_news()

    # ------------------------------------------------------------------ work

    def step(self) -> None:
        """Do what is due, and see to it that the next look comes in time."""
        fate, home = self.fate, self._home
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
        if self._late_until is not None:
            wake = min(wake, self._late_until)
        timer = self._timer
        if timer is not None:
            if timer.when() == wake:
                return
            timer.cancel()
            self._timer = None
        if wake < inf:
            self._timer = self._home.loop.call_at(wake, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._late_until is not None and self._home.clock.now() >= self._late_until:
            self.give_up()
        else:
            self.step()

    def _finish(self, outcome: Outcome) -> None:
        """It is over: nothing further is sent, and whoever waits is told."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for flight in tuple(self._waiting):
            flight.cancel()
        if self._flying:
            self._home.forsake(tuple(self._flying))
        self._home.over(self, outcome, kept=self._deserted or not self._watchers)
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher.land(self, outcome)

    # ------------------------------------------------------------------ attempts

    def _cancel(self, serial: int) -> None:
        """One cancel, from admission to its answer."""
        home, fate = self._home, self.fate
        sent = 0.0

        def written() -> None:
            nonlocal sent
            sent = home.clock.now()
            self._waiting.pop(flight, None)
            self._flying[flight] = None
            stamp_ms = home.clock.earliest(sent)
            self.weight += weight_of(fate.request)
            fate.written(serial, stamp_ms, sent)
            if home.journal is not None:
                home.journal.sent(fate.request, stamp_ms)
            self._arm()

        def heard(flight: Flight) -> None:
            self._flying.pop(flight, None)
            answer, now = self._hear(flight, sent)
            if self._over and home.witness is not None and isinstance(answer, Done):
                home.witness.reply(fate.request, answer.reply)
            fate.heard(serial, answer, now, random.random())  # noqa: S311 - it guards nothing
            self._after_news()

        flight = home.fly(
            fate.request, Lane.CANCEL, fate.silences, fate.recv_window, written, heard
        )
        self._waiting[flight] = None

    def _ask(self, question: Request[Any]) -> None:
        """One query, from admission to its answer."""
        home, fate = self._home, self.fate
        sent = 0.0

        def written() -> None:
            nonlocal sent
            sent = home.clock.now()
            self._waiting.pop(flight, None)
            self.weight += weight_of(question)
            fate.asked(sent)

        def heard(flight: Flight) -> None:
            answer, now = self._hear(flight, sent)
            fate.told(answer, now, random.random())  # noqa: S311 - it guards nothing
            self._after_news()

        flight = home.fly(question, Lane.RESOLVE, fate.silences, fate.recv_window, written, heard)
        self._waiting[flight] = None

    def _hear(self, flight: Flight, sent: float) -> tuple[Answer[Any], float]:
        """What came of a flight that was written at ``sent`` (or never, for 0), and when."""
        home = self._home
        self._waiting.pop(flight, None)
        answer = answer_of(flight)
        if answer is None:
            answer = Unsent("it was withdrawn", held=True)
            if sent:
                answer = Unanswered("the client was closed")
        now = home.clock.now()
        if sent:
            home.pace.hear(now - sent, answered=not is_silence(answer))
        self._look_at_the_clock()
        return answer, now

    def _look_at_the_clock(self) -> None:
        """Times that were taken with a wrong clock tell nothing."""
        jumps = self._home.clock.jumps
        if jumps != self._jumps:
            self._jumps = jumps
            clock = self._home.clock
            self.fate.retime(clock.earliest, clock.latest)

    def _after_news(self) -> None:
        """Go on, unless it was over before."""
        if not self._over:
            self.step()
