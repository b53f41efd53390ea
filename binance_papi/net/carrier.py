"""The seam: what the line asks of a transport, in plain values.

A *session* is one source address; it writes one request and reads one reply. A transport that
answers by calling back also has *connections* that stand ready: on these a request goes out at
once, without a task of its own, and its `Listener` hears of it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Protocol

from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.weight import WeightTracker


class Listener(Protocol):
    """Whoever a request is carried for."""

    def written(self) -> None:
        """Its first byte is about to be written."""
        ...

    def hear(self, heard: Reply | Unanswered) -> None:
        """What came back, or that nothing will; said once, unless the connection is aborted."""
        ...


class Connection(Protocol):
    """One connection that stands and is free."""

    listener: Listener | None
    """Whose reply it waits for; ``None``: nobody's."""

    def carry(
        self, method: str, target: str, keyed: bool, patience: float, listener: Listener, /
    ) -> None:
        """Write one request now.

        Args:
            method: HTTP method.
            target: Path and query, percent-encoded; sent as it is.
            keyed: Whether the API key travels along.
            patience: Seconds from the first byte until the whole reply has to be there.
            listener: Whom to tell.
        """
        ...

    def abort(self) -> None:
        """Drop it; its listener hears nothing more."""
        ...


class Carrier(Protocol):
    """A session, whatever it is made of."""

    tracker: WeightTracker

    def ready(self) -> Connection | None:
        """Take a connection that stands and is free; ``None``: use `send`, which waits for one."""
        ...

    async def send(
        self,
        method: str,
        target: str,
        *,
        keyed: bool,
        patience: float,
        fresh_until: float = inf,
        on_written: Callable[[], None] | None = None,
    ) -> Reply | Unsent | Unanswered:
        """Write one request and read one reply.

        Args:
            method: HTTP method.
            target: Path and query, percent-encoded; sent as it is.
            keyed: Whether the API key travels along.
            patience: Seconds from the first byte until the whole reply has to be there.
            fresh_until: Loop time after which it must not be written any more.
            on_written: Called right before the first byte is written.

        Returns:
            The reply, or what is known in its place.
        """
        ...

    async def warm_up(self, count: int) -> str | None:
        """Open up to ``count`` connections, TLS included, a few at a time, without a request.

        Returns:
            ``None``, or why one of them did not come about.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection at once."""
        ...
