"""Everything between a client and the exchange, wired once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, cast

from binance_papi.core.admission import Admission
from binance_papi.core.events import Event
from binance_papi.core.namespace import Start
from binance_papi.core.outcome import CloseReport
from binance_papi.core.route import Route
from binance_papi.core.settings import Settings
from binance_papi.core.signing import ApiKey, Signer
from binance_papi.core.usage import Usage
from binance_papi.core.weight import WeightTracker
from binance_papi.net.clock import Clock
from binance_papi.net.flight import Call
from binance_papi.net.gate import Gate
from binance_papi.net.journal import Journal
from binance_papi.net.line import Line
from binance_papi.net.placing import Placings
from binance_papi.net.pursuits import Pursuits
from binance_papi.net.session_pool import SessionPool
from binance_papi.net.witness import Witness

_CLOSE_GRACE: Final = 1.0


class Guest(Protocol):
    """Whatever is closed with the client."""

    async def aclose(self) -> None:
        """Close it; twice does nothing."""
        ...


class Wiring:
    """The open parts of one client.

    Args:
        settings: What the client was told.
        key: The API key.
        signer: Signs what needs a signature.
        tell: Called with every event.
        journal: Where to note what is on the wire; ``None``: nowhere.
    """

    def __init__(
        self,
        settings: Settings,
        key: ApiKey,
        signer: Signer,
        tell: Callable[[Event], None],
        journal: Journal | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.clock = Clock(loop)
        now = self.clock.now()
        rules = settings.limits
        weights = [rule for rule in rules if rule.rate_limit_type == "REQUEST_WEIGHT"]
        orders = [rule for rule in rules if rule.rate_limit_type == "ORDERS"]
        offset = self.clock.offset
        self.weights = tuple(
            WeightTracker(weights, offset, now, source_address=address)
            for address in settings.source_addresses
        )
        self.orders = WeightTracker(orders, offset, now, reserve=0.0, probe=False)
        self.pool = SessionPool(settings, key, self.weights)
        routes = [Route(tracker, settings.connections) for tracker in self.weights]
        self.gate = Gate(Admission(routes, self.orders), self.clock, loop)
        self.line = Line(
            self.gate,
            self.pool,
            self.clock,
            signer,
            recv_window=settings.recv_window,
            timeout=settings.timeout,
            max_wait=settings.max_wait,
            tell=tell,
        )
        # For namespaces: a request is made when its turn comes. In a burst, making them would be a
        # third of the work until the first is written, during which nothing else has its turn.
        self.call = cast("Start", partial(Call.of, self.line))  # a call does what a coroutine does
        self.pursuits = Pursuits(self.line, self.clock, loop, journal)
        self.placings = Placings(self.pursuits)
        self.loop = loop
        self.settings = settings
        self.witness = Witness(self.pursuits, self.placings, tell)
        self._guests: dict[Guest, None] = {}

    def welcome(self, guest: Guest) -> None:
        """A stream is opened: it is evidence from now on, and is closed with the client."""
        self._guests[guest] = None
        self.pursuits.witness = self.witness

    def dismiss(self, guest: Guest) -> None:
        """A stream is closed."""
        self._guests.pop(guest, None)
        if not self._guests:
            self.pursuits.witness = None

    def usage(self) -> tuple[Usage, ...]:
        """The state of every limit: each address's weight, then the account's orders."""
        now = self.clock.now()
        trackers = (*self.weights, self.orders)
        return tuple(usage for tracker in trackers for usage in tracker.usage(now))

    async def aclose(self, grace: float) -> CloseReport:
        """Begin nothing new, wait for what is on the wire, then break it off.

        Args:
            grace: Seconds to wait at most.

        Returns:
            The cancels and placements whose outcome nobody can say.
        """
        ends = self.clock.now() + grace
        report, placements = await asyncio.gather(
            self.pursuits.close(grace), self.placings.close(grace)
        )
        for guest in tuple(self._guests):
            await guest.aclose()  # until here it was evidence
        self.line.close()
        await self.pursuits.stop()
        await self.gate.idle(max(0.0, ends - self.clock.now()))
        await self.pool.aclose()
        await self.gate.idle(_CLOSE_GRACE)
        await self.line.ended()
        return CloseReport(report.unresolved, placements)
