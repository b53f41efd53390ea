"""Pursuits: the effect around `binance_papi.core.resolve`, one for each order being cancelled.

A pursuit belongs to the client, not to the caller: whatever is on the wire lives on when its
caller is cancelled, or stops waiting, and its outcome can be asked for later. Two callers who
cancel the same order share one pursuit.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, Final, Protocol

from binance_papi.core.answer import Answer, Banned, Done, Fault, Refused, Unanswered, Unsent
from binance_papi.core.cancel import Cancel, Sighting
from binance_papi.core.endpoint import Lane, Request, weight_of
from binance_papi.core.evidence import Testimony
from binance_papi.core.outcome import CloseReport, Outcome, Unknown
from binance_papi.core.pace import Pace
from binance_papi.core.raising import never_sent
from binance_papi.core.resolve import Fate, Step
from binance_papi.errors import (
    BannedError,
    UnsentError,
    UsageError,
    WaitTooLongError,
)
from binance_papi.net.clock import Clock
from binance_papi.net.journal import Journal
from binance_papi.net.line import Line

LATE: Final = 60.0
"""Seconds for which an unknown outcome is pursued after its caller stopped waiting."""

KEPT: Final = 20_000
"""Outcomes kept for callers who did not wait for them."""

_STALL: Final = 0.02
_MOST: Final = 1.0

_log = logging.getLogger("binance_papi")


class Watcher(Protocol):
    """Whoever waits for outcomes."""

    def land(self, pursuit: Pursuit, outcome: Outcome) -> None:
        """An outcome is there."""
        ...


class Pursuit:
    """One order that is being cancelled.

    Args:
        home: All pursuits of the client.
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
        "_tasks",
        "_timer",
        "_watchers",
        "fate",
        "key",
        "weight",
    )

    def __init__(self, home: Pursuits, key: Any, fate: Fate) -> None:
        self._home = home
        self.key = key
        self.fate = fate
        self.weight = 0
        """Request weight used so far."""
        self._watchers: list[Watcher] = []
        # Tasks that wait for admission or for a connection, and cancels on the wire.
        # (Dictionaries keep their order, so that a simulated run repeats.)
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._flying: dict[asyncio.Task[None], None] = {}
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
                self._spawn(self._cancel(fate.start_cancel()))
            elif step is Step.ASK:
                self._spawn(self._ask(fate.start_ask()))
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
        for task in self._tasks:
            task.cancel()
        if self._flying:
            self._home.forsake(tuple(self._flying))
        self._home.over(self, outcome, kept=self._deserted or not self._watchers)
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher.land(self, outcome)

    # ------------------------------------------------------------------ attempts

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._home.spawn(work)
        self._tasks[task] = None

    async def _cancel(self, serial: int) -> None:
        """One cancel, from admission to its answer."""
        home, fate = self._home, self.fate
        sent = 0.0
        answer: Answer[Any] = Unsent("it was withdrawn", held=True)
        task = asyncio.current_task()
        assert task is not None

        def written() -> None:
            nonlocal sent, answer
            sent = home.clock.now()
            answer = Unanswered("the client was closed")
            self._tasks.pop(task, None)
            self._flying[task] = None
            stamp_ms = home.clock.earliest(sent)
            self.weight += weight_of(fate.request)
            fate.written(serial, stamp_ms, sent)
            if home.journal is not None:
                home.journal.sent(fate.request, stamp_ms)
            self._arm()

        try:
            answer = await home.attempt(
                fate.request,
                Lane.CANCEL,
                silences=fate.silences,
                recv_window=fate.recv_window,
                written=written,
            )
        finally:
            self._tasks.pop(task, None)
            self._flying.pop(task, None)
            now = home.clock.now()
            if sent:
                home.pace.hear(now - sent, answered=not is_silence(answer))
            self._look_at_the_clock()
            if self._over and home.witness is not None and isinstance(answer, Done):
                home.witness.reply(fate.request, answer.reply)
            fate.heard(serial, answer, now, random.random())  # noqa: S311 - it guards nothing
        self._after_news()

    async def _ask(self, question: Request[Any]) -> None:
        """One query, from admission to its answer."""
        home, fate = self._home, self.fate
        task = asyncio.current_task()
        assert task is not None
        sent = 0.0

        def written() -> None:
            nonlocal sent
            sent = home.clock.now()
            self._tasks.pop(task, None)
            self.weight += weight_of(question)
            fate.asked(sent)

        answer: Answer[Any] = Unsent("it was withdrawn", held=True)
        try:
            answer = await home.attempt(
                question,
                Lane.RESOLVE,
                silences=fate.silences,
                recv_window=fate.recv_window,
                written=written,
            )
        finally:
            self._tasks.pop(task, None)
            now = home.clock.now()
            if sent:
                home.pace.hear(now - sent, answered=not is_silence(answer))
            self._look_at_the_clock()
            fate.told(answer, now, random.random())  # noqa: S311 - it guards nothing
        self._after_news()

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


class Pursuits:
    """All pursuits of a client.

    Args:
        line: Carries the requests.
        clock: What time it is.
        loop: The client's loop.
        journal: Where to note what is on the wire; ``None``: nowhere.
    """

    def __init__(
        self,
        line: Line,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        journal: Journal | None = None,
    ) -> None:
        self.line = line
        self.clock = clock
        self.loop = loop
        self.journal = journal
        self.pace = Pace()
        self.witness: Testimony | None = None  # while a user data stream is open
        self._running: dict[Any, Pursuit] = {}
        self._kept: OrderedDict[Any, Outcome] = OrderedDict()
        self._swept: dict[Any, Unknown] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._idle: asyncio.Future[None] | None = None
        self._closed = False

    def pursue(
        self,
        request: Cancel[Any],
        deadline: float,
        *,
        verify: bool = False,
        ask_first: bool = False,
        since: int | None = None,
    ) -> Pursuit:
        """Begin to cancel an order, or join whoever does so already.

        Args:
            request: The cancel.
            deadline: Monotonic time until which the caller waits.
            verify: Whether a success reply has to be confirmed by a query.
            ask_first: Whether a query comes before the first cancel.
            since: Exchange time in ms from which an earlier request may have taken effect.

        Raises:
            UsageError: If the client was closed.
        """
        if self._closed:
            raise UsageError("the client is closed")
        key = request.order()
        pursuit = self._running.get(key)
        if pursuit is not None:
            fate = pursuit.fate
            fate.deadline = max(fate.deadline, deadline)
            fate.verify = fate.verify or verify
            if ask_first:
                fate.hurry(self.clock.now())
            return pursuit
        self._kept.pop(key, None)
        self._swept.pop(key, None)
        now = self.clock.now()
        fate = Fate(
            request,
            now=now,
            deadline=deadline,
            exchange_ms=self.clock.latest(now),
            pace=self.pace,
            explain=lambda answer: self.line.explain(request, answer),
            verify=verify,
            ask_first=ask_first,
            since=since,
        )
        pursuit = self._running[key] = Pursuit(self, key, fate)
        if self.witness is not None:
            self.witness.recall(fate)
        return pursuit

    def note_sweep(self, request: Cancel[Any], since: int) -> None:
        """A cancel-all that covers an order is about to be written."""
        self._swept[request.order()] = Unknown(request, "a cancel-all is on its way", since=since)
        if self.journal is not None:
            self.journal.sent(request, since)

    def forget_sweep(self, request: Cancel[Any]) -> None:
        """That cancel-all had no effect."""
        self._swept.pop(request.order(), None)

    def kept(self, request: Cancel[Any]) -> Outcome | None:
        """The outcome of a pursuit that ended when nobody waited for it."""
        return self._kept.get(request.order())

    def of(self, key: Any) -> Pursuit | None:
        """The pursuit of an order, as `Cancel.order` names it; ``None`` where there is none."""
        return self._running.get(key)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let a task of the client's own do something."""
        task = self.loop.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
        return task

    async def attempt(
        self,
        request: Request[Any],
        lane: Lane,
        *,
        silences: int,
        recv_window: int,
        written: Callable[[], None],
    ) -> Answer[Any]:
        """One request on the wire; refusals to send it come back as answers too.

        Args:
            request: Any request.
            lane: Where it waits.
            silences: How many attempts for the same order were not answered already.
            recv_window: Milliseconds for which it is valid, unless it says so itself.
            written: Called right before its first byte is written.
        """
        try:
            return await self.carry(
                request, lane, silences=silences, recv_window=recv_window, written=written
            )
        except BannedError as error:
            return Banned(Fault(error.http_status, error.code, str(error)), until_ms=error.until)
        except WaitTooLongError as error:
            return Refused(Fault(msg=str(error)))
        except UsageError as error:
            return Unsent(str(error))

    async def carry(
        self,
        request: Request[Any],
        lane: Lane,
        *,
        silences: int,
        recv_window: int,
        written: Callable[[], None],
        max_wait: float | None = None,
    ) -> Answer[Any]:
        """The same as `attempt`, but refusals to send it are raised.

        Args:
            request: Any request.
            lane: Where it waits.
            silences: How many attempts for the same order were not answered already.
            recv_window: Milliseconds for which it is valid, unless it says so itself.
            written: Called right before its first byte is written.
            max_wait: Seconds it may wait for weight; ``None``: as long as it takes.

        Raises:
            BannedError: If every address is banned.
            UsageError: If the client was closed.
            WaitTooLongError: If it would have to wait longer, or could never go.
        """
        try:
            return await self.line.attempt(
                request,
                lane,
                patience=lambda: self.pace.patience_after(silences),
                recv_window=recv_window,
                max_wait=max_wait,
                on_written=written,
            )
        except (BannedError, WaitTooLongError, UsageError):
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must not become a lost request
            kind = type(error).__name__
            del error
        _log.error("an attempt failed inside the client: %s", kind)
        return Unanswered(f"an error inside the client: {kind}")

    def forsake(self, tasks: tuple[asyncio.Task[None], ...]) -> None:
        """The outcome is there without these: break them off if they take much longer.

        Their connections are of use to others.
        """

        def ring() -> None:
            self._timers.discard(timer)
            for task in tasks:
                task.cancel()

        timer = self.loop.call_later(self.pace.ask_after, ring)
        self._timers.add(timer)

    def over(self, pursuit: Pursuit, outcome: Outcome, *, kept: bool) -> None:
        """A pursuit ended; keep its outcome if nobody waited for it."""
        if self._running.get(pursuit.key) is not pursuit:
            return
        del self._running[pursuit.key]
        if self.journal is not None:
            self.journal.ended(pursuit.fate.request, outcome)
        if self.witness is not None:
            self.witness.ended(outcome)
        if kept:
            self.keep(outcome)
        if not self._running and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome for somebody who may ask for it later."""
        self._kept[outcome.request.order()] = outcome
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def close(self, grace: float) -> CloseReport:
        """Begin nothing new; wait for what is on the wire, then give up.

        Args:
            grace: Seconds to wait at most.

        Returns:
            The outcomes that nobody can say.
        """
        self._closed = True
        for pursuit in self._left():
            pursuit.withdraw("the client was closed")
        if self._running and grace > 0:
            self._idle = self.loop.create_future()
            await asyncio.wait({self._idle}, timeout=grace)
        left: dict[Any, Outcome] = {}
        for pursuit in self._left():
            if not pursuit.withdraw("the client was closed"):
                left[pursuit.fate.request.order()] = pursuit.give_up()
        left |= self._kept
        left |= self._swept
        self._kept.clear()
        return CloseReport(
            tuple(outcome for outcome in left.values() if isinstance(outcome, Unknown))
        )

    def _left(self) -> list[Pursuit]:
        return list(self._running.values())

    async def stop(self) -> None:
        """End every task and timer; the last thing a client does."""
        for timer in self._timers:
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self.journal is not None:
            self.journal.close()


def is_silence(answer: Answer[Any]) -> bool:
    """Whether no reply came at all."""
    return isinstance(answer, Unanswered) and answer.fault.http_status is None
