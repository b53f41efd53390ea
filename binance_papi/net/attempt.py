"""One attempt on its way through a session: how long it may take, and whether it was written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from binance_papi.net.deadline import Deadline

CONNECT_TIMEOUT: Final = 1.0
"""Seconds until a connection (TCP and TLS) that does not come about counts as never sent."""

HEAD_SAYS_IT: Final = frozenset({403, 418, 429})
"""Statuses that ask for silence: they are obeyed even if the rest of the reply never comes."""

CONNECT_PATIENCE: Final = 2.0
"""The same with finding the address, which may try several servers."""


class Attempt:
    """What the connector has to know of the request it connects for.

    Args:
        loop: The running loop.
        patience: Seconds from the first byte to the whole reply.
        fresh_until: Loop time after which the signature is too old to be sent.
        on_written: Called right before the first byte is written; ``None``: nobody cares.
    """

    __slots__ = ("_loop", "_on_written", "deadline", "fresh_until", "patience", "status", "written")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        patience: float,
        fresh_until: float,
        on_written: Callable[[], None] | None,
    ) -> None:
        self._loop = loop
        self._on_written = on_written
        self.patience = patience
        self.fresh_until = fresh_until
        self.deadline = Deadline(loop, CONNECT_PATIENCE)
        self.written = False
        self.status: int | None = None
        """HTTP status of a reply whose body broke off."""

    @property
    def stale(self) -> bool:
        """Whether the signature is too old to be sent."""
        return self._loop.time() > self.fresh_until

    def write(self) -> None:
        """The connection stands, and the first byte is about to be written."""
        self.written = True
        self.deadline.restart(self.patience)
        if self._on_written is not None:
            self._on_written()


under_way: Final[ContextVar[Attempt | None]] = ContextVar("under_way", default=None)
"""The attempt that the present task carries: aiohttp has no other way to hand it down."""
