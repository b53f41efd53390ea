"""The open parts of a client, for whoever may use them: in its own process, on its own loop."""

from __future__ import annotations

import asyncio
import os
from threading import get_ident
from typing import TYPE_CHECKING

from binance_papi.errors import UsageError

if TYPE_CHECKING:
    from binance_papi.net.wiring import Wiring


class Wired:
    """What belongs to one event loop and one process, from its opening to its end."""

    # Also while it is being made, and if that fails, a client can be printed and collected.
    _wiring: Wiring | None = None
    _closed = False
    _loop: asyncio.AbstractEventLoop | None = None
    _forks = -1
    _thread = -1

    def _belong(self) -> None:
        """From now on it belongs to this loop and this process."""
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._forks = _forks

    def _wired(self) -> Wiring:
        """The wiring, if this client may be used here and now."""
        wiring = self._wiring
        if wiring is None or self._closed:
            state = "closed" if self._closed else "not open; use `async with` or `await open()`"
            raise UsageError(f"the client is {state}")
        if _forks != self._forks:
            raise UsageError("the client was opened in another process; make one after the fork")
        # A thread runs one loop at a time. Asking which would cost three times as much.
        if get_ident() != self._thread or not wiring.loop.is_running():
            raise UsageError("the client belongs to another event loop; make one per loop")
        return wiring


_forks = 0
"""How many forks this process is away from the one that imported this module; asked for every
request, it costs less than the process id."""


def _forked() -> None:
    global _forks  # noqa: PLW0603 - a child's memory is a copy; this is where it learns of that
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
