"""Errands: what a client does on its own account, so that it lives on when a caller does not.

Its tasks are ended by the client alone, and whatever becomes of a request is an answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, cast

from binance_papi.core.answer import Answer, Banned, Fault, Refused, Unanswered, Unsent
from binance_papi.core.endpoint import Lane, Request
from binance_papi.core.pace import Pace
from binance_papi.errors import BannedError, UsageError, WaitTooLongError
from binance_papi.net.alarm import Alarm
from binance_papi.net.clock import Clock
from binance_papi.net.flight import Flight
from binance_papi.net.line import Line

_log = logging.getLogger("binance_papi")


class Errands:
    """The tasks of a client, and the requests they send.

    Args:
        line: Carries the requests.
        clock: What time it is.
        loop: The client's loop.
    """

    def __init__(self, line: Line, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.line = line
        self.clock = clock
        self.loop = loop
        self.pace = Pace()
        # (Dictionaries keep their order, so that a simulated run repeats.)
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._flights: dict[Flight, None] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._patience: dict[int, Callable[[], float]] = {}
        self.alarm = Alarm(loop)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let a task of the client's own do something."""
        task = self.loop.create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
        return task

    def patience(self, silences: int) -> Callable[[], float]:
        """Tells how many seconds the next attempt has until its whole reply.

        Args:
            silences: How many attempts for the same order were not answered already.
        """
        known = self._patience.get(silences)
        if known is None:
            pace = self.pace
            known = self._patience[silences] = lambda: pace.patience_after(silences)
        return known

    def fly(self, flight: Flight, landed: Callable[[Any], None]) -> None:
        """Let a flight begin that nobody waits for.

        Args:
            flight: The flight.
            landed: Called when it is over; it has to call `landed` here.
        """
        self._flights[flight] = None
        flight.add_done_callback(landed)

    def landed(self, flight: Flight) -> Answer[Any] | None:
        """What came of a flight that is over; ``None``: it was cancelled."""
        del self._flights[flight]
        if flight.cancelled():
            return None
        error = flight.exception()
        return cast("Answer[Any]", flight.result()) if error is None else _instead(error)

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
        except (BannedError, WaitTooLongError, UsageError) as error:
            return _instead(error)

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
        flight = self.line.attempt(
            request,
            lane,
            patience=self.patience(silences),
            recv_window=recv_window,
            max_wait=max_wait,
            on_written=written,
        )
        try:
            return cast("Answer[Any]", await flight)
        except (BannedError, WaitTooLongError, UsageError):
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must not become a lost request
            problem = error.with_traceback(None)
            del error
        return _instead(problem)

    def forsake(self, flights: Iterable[Flight]) -> None:
        """The outcome is there without these: break them off if they take much longer.

        Their connections are of use to others.
        """

        def ring() -> None:
            self._timers.discard(timer)
            for flight in flights:
                flight.cancel()

        timer = self.loop.call_later(self.pace.ask_after, ring)
        self._timers.add(timer)

    async def stop(self) -> None:
        """End every task, flight and timer; the last thing a client does."""
        for timer in self._timers:
            timer.cancel()
        left = (*self._tasks, *self._flights)
        for one in left:
            one.cancel()
        if left:
            await asyncio.wait(left)


def _instead(error: BaseException) -> Answer[Any]:
    """The answer that a request has which could not be sent."""
    if isinstance(error, BannedError):
        return Banned(Fault(error.http_status, error.code, str(error)), until_ms=error.until)
    if isinstance(error, WaitTooLongError):
        return Refused(Fault(msg=str(error)))
    if isinstance(error, UsageError):
        return Unsent(str(error))
    kind = type(error).__name__  # a bug of ours must not become a lost request
    _log.error("an attempt failed inside the client: %s", kind)
    return Unanswered(f"an error inside the client: {kind}")


def is_silence(answer: Answer[Any]) -> bool:
    """Whether no reply came at all."""
    return isinstance(answer, Unanswered) and answer.fault.http_status is None
