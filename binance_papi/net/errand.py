"""Errands: what a client does on its own account, so that it lives on when a caller does not.

Its tasks are ended by the client alone, and whatever becomes of a request is an answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from binance_papi.core.answer import Answer, Banned, Fault, Refused, Unanswered, Unsent
from binance_papi.core.endpoint import Lane, Request
from binance_papi.core.pace import Pace
from binance_papi.errors import BannedError, UsageError, WaitTooLongError
from binance_papi.net.clock import Clock
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
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._timers: set[asyncio.TimerHandle] = set()

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

    async def stop(self) -> None:
        """End every task and timer; the last thing a client does."""
        for timer in self._timers:
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def is_silence(answer: Answer[Any]) -> bool:
    """Whether no reply came at all."""
    return isinstance(answer, Unanswered) and answer.fault.http_status is None
