"""Our own deadline around one attempt.

aiohttp's timers fire falsely after the event loop stalled: the reply is in the socket, yet the
timer is due first. This one, when it rings late, gives the loop the same time again to read what is
there.
"""

from __future__ import annotations

import asyncio
from typing import Final, Self

from binance_papi.net.timer import Timer

_STALL: Final = 0.02
_MOST: Final = 1.0
_EARLY: Final = 0.001


class Deadline:
    """Cancels the present task's wait when the time is really over.

    Use it as a context manager around one wait; `expired` tells afterwards whether it struck. A
    cancellation from elsewhere passes through.

    Args:
        loop: The running loop.
        seconds: How long the wait may take.
    """

    __slots__ = ("_before", "_handle", "_loop", "_task", "_when", "expired")

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._when = loop.time() + seconds
        self._task: asyncio.Task[object] | None = None
        self._before = 0
        self._handle: Timer | None = None
        self.expired = False

    def __enter__(self) -> Self:
        self._task = asyncio.current_task(self._loop)
        assert self._task is not None
        self._before = self._task.cancelling()
        self._handle = Timer(self._loop, self._when, self._ring)
        return self

    def restart(self, seconds: float) -> None:
        """Give the wait this long from now on, whatever it had before."""
        self._when = self._loop.time() + seconds
        # A timer that is due before is left alone: when it rings, it looks at the new time.
        if self._handle is not None and self._when < self._handle.when:
            self._handle.cancel()
            self._handle = Timer(self._loop, self._when, self._ring)

    def _ring(self) -> None:
        assert self._task is not None
        late = self._loop.time() - self._when
        if late < -_EARLY:
            self._handle = Timer(self._loop, self._when, self._ring)
            return
        if late > _STALL:
            self._when = self._loop.time() + min(late, _MOST)
            self._handle = Timer(self._loop, self._when, self._strike)
        else:
            self._strike()

    def _strike(self) -> None:
        assert self._task is not None
        self._handle = None
        self.expired = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if not self.expired:
            return False
        assert self._task is not None
        # Our own cancellation ends here; one from elsewhere, even at the same moment, goes on.
        return self._task.uncancel() <= self._before and kind is asyncio.CancelledError
