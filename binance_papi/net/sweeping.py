"""One cancel-all in place of the single cancels of a symbol, where these cover all of its orders.

It is an optimisation beside the rest: it has a bounded time, and whatever it does not prove is
cancelled one by one. From the moment its cancel-all is written, every order of the group may be
cancelled by us; the journal and the end of the client know of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from binance_papi.core.answer import (
    Answer,
    Banned,
    Done,
    NotOpen,
    Overloaded,
    Refused,
    Throttled,
    Unsent,
)
from binance_papi.core.cancel import Cancel, Sighting, Sweep
from binance_papi.core.endpoint import Lane, Request, weight_of
from binance_papi.core.outcome import Unknown
from binance_papi.errors import PapiError
from binance_papi.net.pursuits import Pursuits

FEW: Final = 2
"""So many orders at least are worth a cancel-all."""

_MOST: Final = 3.0
_PART: Final = 0.5
_RECV_WINDOW: Final = 2000
_NO_EFFECT: Final = (NotOpen, Refused, Throttled, Banned, Overloaded, Unsent)


class Sweeping:
    """The sweep of one symbol.

    Args:
        pursuits: All pursuits of the client.
        way: The three requests.
        wanted: The cancels that it stands for.
        ends: Monotonic time of the burst's deadline.
    """

    def __init__(
        self, pursuits: Pursuits, way: Sweep, wanted: Sequence[Cancel[Any]], ends: float
    ) -> None:
        self._pursuits = pursuits
        self._way = way
        self._wanted = wanted
        now = pursuits.clock.now()
        self._ends = now + min(_MOST, _PART * (ends - now))
        self.since: int | None = None
        """Exchange time in ms from which the cancel-all may have taken effect; ``None``: none."""
        self.sent = 0
        """Requests on the wire."""
        self.weight = 0
        """Request weight of these."""

    def unknown(self, request: Cancel[Any]) -> Unknown | None:
        """What is known of one of its orders so far; ``None``: nothing was sent."""
        if self.since is None:
            return None
        return Unknown(request, "a cancel-all was on its way", since=self.since)

    async def run(self) -> dict[Any, Any]:
        """Sweep, if that is right.

        Returns:
            What the exchange's list says of each order afterwards, by `Cancel.order`.
        """
        listed = await self._once(self._way.open_orders, Lane.RESOLVE)
        if not isinstance(listed, Done):
            return {}
        sightings = [order.sighting() for order in listed.reply]
        covered = all(any(_same(one, seen) for one in self._wanted) for seen in sightings)
        if len(sightings) < FEW or not covered:
            return {}  # somebody wants to keep one of them, or it saves nothing
        swept = await self._once(self._way.cancel_all, Lane.CANCEL, self._note)
        if isinstance(swept, _NO_EFFECT):
            self._unnote()
        if self.since is None:
            return {}
        history = await self._once(self._way.history, Lane.RESOLVE)
        return self._found(history.reply if isinstance(history, Done) else ())

    def _found(self, orders: Sequence[Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for order in orders:
            seen = order.sighting()
            for cancel in self._wanted:
                if _same(cancel, seen):
                    found[cancel.order()] = order
        return found

    def _note(self) -> None:
        """The cancel-all is about to be written."""
        clock = self._pursuits.clock
        self.since = clock.earliest(clock.now())
        for request in self._wanted:
            self._pursuits.note_sweep(request, self.since)

    def _unnote(self) -> None:
        """It had no effect."""
        self.since = None
        for request in self._wanted:
            self._pursuits.forget_sweep(request)

    async def _once(
        self, request: Request[Any], lane: Lane, note: Callable[[], None] | None = None
    ) -> Answer[Any] | None:
        """One attempt, or ``None`` where it can't be made in time."""

        def written() -> None:
            self.sent += 1
            self.weight += weight_of(request)
            if note is not None:
                note()

        pace = self._pursuits.pace
        try:
            async with asyncio.timeout_at(self._ends):
                answer: Answer[Any] = await self._pursuits.line.attempt(
                    request,
                    lane,
                    patience=lambda: pace.patience,
                    recv_window=_RECV_WINDOW,
                    on_written=written,
                )
                return answer
        except (PapiError, TimeoutError):
            return None


def _same(cancel: Cancel[Any], seen: Sighting) -> bool:
    """Whether a listed order is surely the one that a cancel names."""
    _, _, number, text = cancel.order()
    return cancel.names(seen) and (
        seen.id == number if number is not None else seen.client_id == text
    )
