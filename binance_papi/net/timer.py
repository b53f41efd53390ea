"""A timer that knows its time.

The handle that uvloop gives for a time that is over already does not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timer:
    """Calls once, at a time.

    Args:
        loop: Whose timer.
        when: Monotonic seconds, as the loop counts them.
        call: What to call.
    """

    __slots__ = ("_handle", "when")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, when: float, call: Callable[[], object]
    ) -> None:
        self.when = when
        self._handle = loop.call_at(when, call)

    def cancel(self) -> None:
        """Don't call."""
        self._handle.cancel()
