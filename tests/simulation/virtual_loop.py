"""An event loop without sockets whose clock moves only when nobody has anything to do.

Besides asyncio's own timers it keeps a second agenda, for the world outside of the program: what
the network carries and what the venue does happens there. So the timers and tasks that the loop
holds are the client's alone, and can be counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Any


class DeadlockError(RuntimeError):
    """Somebody waits for what can't happen any more."""


class _NoSelector:
    """Stands where the loop expects its selector: there is nothing to wait for outside."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        """Jump to the next thing that happens, if nothing is ready now."""
        if timeout is None or timeout > 0:
            self._loop.jump()
        return []

    def close(self) -> None:
        """Nothing is open."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs coroutines in virtual time.

    Args:
        start: What its clock reads at first, in seconds.
    """

    def __init__(self, start: float = 1000.0) -> None:
        super().__init__()
        self._selector = _NoSelector(self)
        self._now = start
        self._world: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()

    # ------------------------------------------------------------------ time

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def happen(self, when: float, what: Callable[[], object]) -> None:
        """Put something on the agenda of the world: it is nobody's timer.

        Args:
            when: Virtual seconds; what is past happens as soon as nobody has anything to do.
            what: Called without arguments.
        """
        heappush(self._world, (when, next(self._numbers), what))

    def jump(self) -> None:
        """Move the clock to the next timer or happening.

        Raises:
            DeadlockError: If there is none.
        """
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        timer = timers[0].when() if timers else inf
        happening = self._world[0][0] if self._world else inf
        if timer == inf == happening:
            raise DeadlockError("nothing will ever happen")
        self._now = max(self._now, min(timer, happening))
        while self._world and self._world[0][0] <= self._now:
            heappop(self._world)[2]()

    # ------------------------------------------------------------------ what asyncio asks for

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]  # noqa: ARG002
        """Do what a thread would do here, at the loop's next turn: always in the same order."""
        future = self.create_future()

        def work() -> None:
            if future.done():
                return
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - it belongs to who waits
                future.set_exception(error)
            else:
                future.set_result(result)

        self.call_soon(work)
        return future

    # ------------------------------------------------------------------ what is left

    def leftovers(self, *mine: asyncio.Task[Any] | None) -> list[str]:
        """What the program has not finished: tasks, timers, callbacks that are due.

        Args:
            mine: Tasks that may be there.
        """
        tasks = [task for task in asyncio.all_tasks(self) if task not in mine]
        timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        ready: Any = self._ready  # type: ignore[attr-defined]
        return sorted(
            [f"task {task.get_coro()!r}".split(" at 0x")[0] for task in tasks]
            + [_word("timer", timer) for timer in timers if not timer.cancelled()]
            + [_word("callback", handle) for handle in ready if not handle.cancelled()]
        )


def _word(kind: str, handle: asyncio.Handle) -> str:
    callback: Any = handle._callback  # type: ignore[attr-defined]
    return f"{kind} {getattr(callback, '__qualname__', type(callback).__name__)}"
