"""Placings: the effect around `binance_papi.core.placement`, one for each order being placed.

Like a pursuit (`binance_papi.net.pursuit`) a placing belongs to the client, not to the caller: what
is on the wire lives on when its caller is cancelled or stops waiting, and its outcome can be asked
for later. Two callers who place the same request share one placing.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from binance_papi.core.answer import Answer, Unanswered, Unsent
from binance_papi.core.endpoint import Lane, lane_of
from binance_papi.core.outcome import MaybePlaced, Placement
from binance_papi.core.place import Place
from binance_papi.core.placement import Birth, Move
from binance_papi.core.raising import never_sent
from binance_papi.errors import (
    BannedError,
    InvalidRequestError,
    PapiError,
    UnsentError,
    UsageError,
    WaitTooLongError,
)
from binance_papi.net.errand import is_silence
from binance_papi.net.pursuit import LATE
from binance_papi.net.pursuits import KEPT, Pursuits

_STALL: Final = 0.02
_GRACE: Final = 1.0
_EARLY: Final = 0.001


class Placing:
    """One order that is being placed.

    Args:
        home: All placings of the client.
        birth: What is known of the order.
    """

    __slots__ = (
        "_bell",
        "_deserted",
        "_home",
        "_jumps",
        "_late_until",
        "_task",
        "_timer",
        "_watchers",
        "birth",
        "done",
    )

    def __init__(self, home: Placings, birth: Birth) -> None:
        self._home = home
        self.birth = birth
        self.done: asyncio.Future[Placement] = home.pursuits.loop.create_future()
        self._watchers = 0
        self._bell: asyncio.Future[None] | None = None
        self._late_until: float | None = None
        # Whether somebody stopped waiting who may ask for the outcome later.
        self._deserted = False
        self._jumps = home.pursuits.clock.jumps
        loop = home.pursuits.loop
        self._timer = loop.call_at(birth.deadline, self._ring_deadline)
        self._task = home.pursuits.spawn(self._run())

    # ------------------------------------------------------------------ watchers

    async def watch(self, until: float) -> Placement:
        """Wait for the outcome.

        Args:
            until: Monotonic time at which to say what can be said.
        """
        loop = self._home.pursuits.loop
        self._watchers += 1
        self._late_until = None
        try:
            await asyncio.wait({self.done}, timeout=max(0.0, until - loop.time()))
            late = loop.time() - until
            if late > _STALL and not self.done.done():
                # The loop stalled: what is in the sockets is read first.
                await asyncio.wait({self.done}, timeout=min(late, _GRACE))
        except asyncio.CancelledError:
            self._leave()
            raise
        finally:
            self._watchers -= 1
        return self._say()

    def _leave(self) -> None:
        """A caller was cancelled: what is not on the wire is withdrawn, the rest lives on."""
        self._deserted = True
        if self.done.done():
            self._home.keep(self.done.result())
        elif self._watchers == 1 and not self.withdraw("its caller was cancelled"):
            self._go_on()

    def _say(self) -> Placement:
        """What can be said to a caller who stops waiting."""
        if not self.done.done() and self._home.pursuits.loop.time() >= self.birth.deadline:
            self._end_attempts()
        if self.done.done():
            return self.done.result()
        self._deserted = True
        if not self._watchers:
            self._go_on()
        return self.birth.unknown()

    # ------------------------------------------------------------------ deadline

    def _ring_deadline(self) -> None:
        """The deadline is over; if it rings late, what is in the sockets is read first."""
        loop = self._home.pursuits.loop
        late = loop.time() - self.birth.deadline
        if late < -_EARLY:
            self._timer = loop.call_at(self.birth.deadline, self._ring_deadline)
        elif late > _STALL:
            self._timer = loop.call_later(min(late, _GRACE), self._end_attempts)
        else:
            self._end_attempts()

    def _end_attempts(self) -> None:
        """Nothing further is sent to place it; it is over if certainly nothing was placed."""
        birth = self.birth
        waited = birth.deadline - birth.started
        birth.verdict(lambda: never_sent(waited, request=birth.request))
        if birth.outcome is not None:
            self._finish()

    def withdraw(self, why: str) -> bool:
        """End it if nothing was sent so far that may matter; tells whether it did."""
        if self.birth.unsettled:
            return False
        text = f"{why} before the request was sent"
        self.birth.withdraw(UnsentError(text, request=self.birth.request, reason=why))
        self._finish()
        return True

    def give_up(self) -> Placement:
        """End it with what is known."""
        outcome = self.birth.give_up()
        self._finish()
        return outcome

    def see(self, shown: Any) -> None:
        """An event shows an order with the same id; it has a method ``sighting()``."""
        self.birth.see(shown)
        if self.birth.outcome is not None:
            self._finish()

    def hurry(self, until: float) -> None:
        """Somebody wants to know until then."""
        self.birth.hurry(self._home.pursuits.clock.now(), until)
        self._ring()

    def _go_on(self) -> None:
        """Nobody waits: nothing further is placed, but asked for a while."""
        self.birth.close()
        self._late_until = self._home.pursuits.clock.now() + LATE
        self._ring()

    def _finish(self) -> None:
        """It is over: nothing further is sent, and whoever waits is told."""
        if self.done.done():
            return
        outcome = self.birth.outcome
        assert outcome is not None
        self.done.set_result(outcome)
        self._timer.cancel()
        if self._task is not asyncio.current_task():
            self._task.cancel()
        self._home.over(outcome, kept=self._deserted or not self._watchers)

    # ------------------------------------------------------------------ work

    async def _run(self) -> None:
        """Do what is due, one thing after the other."""
        birth, clock = self.birth, self._home.pursuits.clock
        while (move := birth.next(clock.now())) is not Move.END:
            if move is Move.PLACE:
                await self._place()
            elif move is Move.ASK:
                await self._ask()
            elif self._late_until is not None and clock.now() >= self._late_until:
                self.give_up()
                break
            else:
                await self._pause()
        self._finish()

    async def _pause(self) -> None:
        """Wait until something is due, or somebody rings."""
        loop = self._home.pursuits.loop
        wake = self.birth.wake()
        if self._late_until is not None:
            wake = min(wake, self._late_until)
        self._bell = loop.create_future()
        timer = loop.call_at(wake, self._ring)
        try:
            await self._bell
        finally:
            timer.cancel()
            self._bell = None

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    async def _place(self) -> None:
        """One attempt, from admission to its answer."""
        birth, pursuits = self.birth, self._home.pursuits
        clock = pursuits.clock
        sent = 0.0
        answer: Answer[Any] = Unsent("it was withdrawn", held=True)

        def written() -> None:
            nonlocal sent, answer
            sent = clock.now()
            answer = Unanswered("the client was closed")
            birth.written(clock.earliest(sent), sent)

        birth.start_place()
        try:
            answer = await pursuits.carry(
                birth.request,
                lane_of(birth.request),
                silences=0,
                recv_window=birth.recv_window,
                written=written,
                max_wait=max(0.0, birth.deadline - clock.now()),
            )
        except (BannedError, WaitTooLongError, UsageError) as error:
            self._hold_back(error)
        finally:
            self._hear(answer, sent, birth.heard)

    def _hold_back(self, error: PapiError) -> None:
        """This client itself did not send it, and so nothing is on its way."""
        error.__dict__.setdefault("request", self.birth.request)
        self.birth.verdict(lambda: error)

    async def _ask(self) -> None:
        """One query, from admission to its answer."""
        birth, pursuits = self.birth, self._home.pursuits
        sent = 0.0
        answer: Answer[Any] = Unsent("it was withdrawn", held=True)

        def written() -> None:
            nonlocal sent
            sent = pursuits.clock.now()
            birth.asked(sent)

        question = birth.start_ask()
        try:
            answer = await pursuits.attempt(
                question,
                Lane.RESOLVE,
                silences=birth.silences,
                recv_window=birth.recv_window,
                written=written,
            )
        finally:
            self._hear(answer, sent, birth.told)

    def _hear(
        self, answer: Answer[Any], sent: float, tell: Callable[[Answer[Any], float, float], None]
    ) -> None:
        """Hand an answer on, and learn what it teaches about the exchange's pace and clock."""
        clock, pace = self._home.pursuits.clock, self._home.pursuits.pace
        now = clock.now()
        if sent:
            pace.hear(now - sent, answered=not is_silence(answer))
        if clock.jumps != self._jumps:
            self._jumps = clock.jumps
            self.birth.retime(clock.earliest)
        tell(answer, now, random.random())  # noqa: S311 - it guards nothing


class Placings:
    """All placings of a client.

    Args:
        pursuits: The client's pursuits, whose line, clock and tasks these share.
    """

    def __init__(self, pursuits: Pursuits) -> None:
        self.pursuits = pursuits
        self._running: dict[Any, Placing] = {}
        self._kept: OrderedDict[Any, Placement] = OrderedDict()
        self._idle: asyncio.Future[None] | None = None
        self._closed = False

    def begin(
        self,
        request: Place[Any],
        deadline: float,
        *,
        unique: bool = False,
        since: int | None = None,
    ) -> Placing:
        """Begin to place an order, or join whoever does so already.

        Args:
            request: The placement, with an id of the user's own.
            deadline: Monotonic time until which the caller waits.
            unique: See `Birth`.
            since: See `Birth`.

        Raises:
            InvalidRequestError: If another order with this id is being placed.
            UsageError: If the client was closed.
        """
        if self._closed:
            raise UsageError("the client is closed")
        placing = self.running(request)
        if placing is not None:
            placing.birth.deadline = max(placing.birth.deadline, deadline)
            return placing
        self.forget(request)
        pursuits = self.pursuits
        birth = Birth(
            request,
            now=pursuits.clock.now(),
            deadline=deadline,
            pace=pursuits.pace,
            explain=lambda answer: pursuits.line.explain(request, answer),
            unique=unique,
            since=since,
        )
        self._running[request.key()] = Placing(self, birth)
        return self._running[request.key()]

    def running(self, request: Place[Any]) -> Placing | None:
        """The placing of an order; ``None`` where there is none. Raises as `begin` does."""
        placing = self._running.get(request.key())
        if placing is not None and placing.birth.request != request:
            raise InvalidRequestError("another order with this id is being placed")
        return placing

    def of(self, key: Any) -> Placing | None:
        """The same, of whatever order `Place.key` names so."""
        return self._running.get(key)

    def kept(self, request: Place[Any]) -> Placement | None:
        """The outcome of a placing that ended when nobody waited for it; raises as `begin` does."""
        kept = self._kept.get(request.key())
        if kept is None or kept.request == request:
            return kept
        if isinstance(kept, MaybePlaced):
            raise InvalidRequestError("another order with this id may have been placed")
        return None

    def forget(self, request: Place[Any]) -> None:
        """That outcome was told, or does not matter any more."""
        self._kept.pop(request.key(), None)

    def over(self, outcome: Placement, *, kept: bool) -> None:
        """A placing ended; keep its outcome if nobody waited for it."""
        del self._running[outcome.request.key()]
        if kept:
            self.keep(outcome)
        if not self._running and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def keep(self, outcome: Placement) -> None:
        """Keep an outcome for somebody who may ask for it later."""
        self._kept[outcome.request.key()] = outcome
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def close(self, grace: float) -> tuple[MaybePlaced, ...]:
        """Begin nothing new; wait for what is on the wire, then give up.

        Args:
            grace: Seconds to wait at most.

        Returns:
            The placements of which nobody can say whether there is an order.
        """
        self._closed = True
        for placing in list(self._running.values()):
            if not placing.withdraw("the client was closed"):
                placing.birth.close()
        if self._running and grace > 0:
            self._idle = self.pursuits.loop.create_future()
            await asyncio.wait({self._idle}, timeout=grace)
        late = list(self._running.values())
        left = {placing.birth.request.key(): placing.give_up() for placing in late} | self._kept
        self._kept.clear()
        return tuple(outcome for outcome in left.values() if isinstance(outcome, MaybePlaced))
