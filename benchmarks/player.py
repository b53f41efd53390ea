"""What a client on trial does: it cancels when it is told to, and answers what CPU that took.

Each client is a process of its own, with its own loop, packages and versions; between its turns it
waits. It says who it is on its first line, then answers each line, a number of cancels, with the
CPU seconds that one of them cost. Only the standard library: it also runs among other packages.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

CONNECTIONS: Final = 64
WAKE: Final = 2 * CONNECTIONS
"""Cancels before each turn that are not timed, for connections that were idle."""


async def play(name: str, burst: Callable[[int], Awaitable[object]]) -> None:
    """Take turns until nobody asks any more.

    Args:
        name: Who it is, with version.
        burst: Makes so many cancels at once, and looks at their replies.
    """
    _tell({"name": name})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        count = int(line)
        await burst(WAKE)
        gc.collect()
        started = time.process_time()
        await burst(count)
        _tell({"cpu": (time.process_time() - started) / count})


def start(loop: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a client on that loop; what it lacks is said, not raised."""
    try:
        if loop == "uvloop":
            import uvloop  # noqa: PLC0415 - an extra

            uvloop.run(work())
        else:
            asyncio.run(work())
    except (ImportError, AttributeError) as error:
        _tell({"name": "", "missing": str(error)})


def _tell(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)
