"""All pursuits of a client: one for each order, the outcomes that nobody waited for, the end."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Final

from binance_papi.core.cancel import Cancel
from binance_papi.core.outcome import CloseReport, Outcome, Unknown
from binance_papi.core.resolve import Fate
from binance_papi.errors import UsageError
from binance_papi.net.clock import Clock
from binance_papi.net.journal import Journal
from binance_papi.net.line import Line
from binance_papi.net.pursuit import Home, Pursuit

KEPT: Final = 20_000
"""Outcomes kept for callers who did not wait for them."""


class Pursuits(Home):
    """All pursuits of a client.

    Args:
        line: Carries the requests.
        clock: What time it is.
        loop: The client's loop.
        journal: Where to note what is on the wire; ``None``: nowhere.
    """

    def __init__(
        self,
        line: Line,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(line, clock, loop)
        self.journal = journal
        self._running: dict[Any, Pursuit] = {}
        self._kept: OrderedDict[Any, Outcome] = OrderedDict()
        self._swept: dict[Any, Unknown] = {}
        self._idle: asyncio.Future[None] | None = None
        self._closed = False
        self._explain = line.explain

    def pursue(
        self,
        request: Cancel[Any],
        deadline: float,
        *,
        verify: bool = False,
        ask_first: bool = False,
        since: int | None = None,
    ) -> Pursuit:
        """Begin to cancel an order, or join whoever does so already.

        Args:
            request: The cancel.
            deadline: Monotonic time until which the caller waits.
            verify: Whether a success reply has to be confirmed by a query.
            ask_first: Whether a query comes before the first cancel.
            since: Exchange time in ms from which an earlier request may have taken effect.

        Raises:
            UsageError: If the client was closed.
        """
        if self._closed:
            raise UsageError("the client is closed")
        key = request.order()
        pursuit = self._running.get(key)
        if pursuit is not None:
            fate = pursuit.fate
            fate.deadline = max(fate.deadline, deadline)
            fate.verify = fate.verify or verify
            if ask_first:
                fate.hurry(self.clock.now())
            return pursuit
        self._kept.pop(key, None)
        self._swept.pop(key, None)
        now = self.clock.now()
        fate = Fate(
            request,
            now=now,
            deadline=deadline,
            exchange_ms=self.clock.latest(now),
            pace=self.pace,
            explain=self._explain,
            verify=verify,
            ask_first=ask_first,
            since=since,
        )
        pursuit = self._running[key] = Pursuit(self, key, fate)
        if self.witness is not None:
            self.witness.recall(fate)
        return pursuit

    def note_sweep(self, request: Cancel[Any], since: int) -> None:
        """A cancel-all that covers an order is about to be written."""
        self._swept[request.order()] = Unknown(request, "a cancel-all is on its way", since=since)
        if self.journal is not None:
            self.journal.sent(request, since)

    def forget_sweep(self, request: Cancel[Any]) -> None:
        """That cancel-all had no effect."""
        self._swept.pop(request.order(), None)

    def kept(self, request: Cancel[Any]) -> Outcome | None:
        """The outcome of a pursuit that ended when nobody waited for it."""
        return self._kept.get(request.order())

    def of(self, key: Any) -> Pursuit | None:
        """The pursuit of an order, as `Cancel.order` names it; ``None`` where there is none."""
        return self._running.get(key)

    def over(self, pursuit: Pursuit, outcome: Outcome, *, kept: bool) -> None:
        """A pursuit ended; keep its outcome if nobody waited for it."""
        if self._running.get(pursuit.key) is not pursuit:
            return
        del self._running[pursuit.key]
        if self.journal is not None:
            self.journal.ended(pursuit.fate.request, outcome)
        if self.witness is not None:
            self.witness.ended(outcome)
        if kept:
            self.keep(outcome)
        if not self._running and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def keep(self, outcome: Outcome) -> None:
        """Keep an outcome for somebody who may ask for it later."""
        self._kept[outcome.request.order()] = outcome
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def close(self, grace: float) -> CloseReport:
        """Begin nothing new; wait for what is on the wire, then give up.

        Args:
            grace: Seconds to wait at most.

        Returns:
            The outcomes that nobody can say.
        """
        self._closed = True
        for pursuit in self._left():
            pursuit.withdraw("the client was closed")
        if self._running and grace > 0:
            self._idle = self.loop.create_future()
            await asyncio.wait({self._idle}, timeout=grace)
        left: dict[Any, Outcome] = {}
        for pursuit in self._left():
            if not pursuit.withdraw("the client was closed"):
                left[pursuit.fate.request.order()] = pursuit.give_up()
        left |= self._kept
        left |= self._swept
        self._kept.clear()
        return CloseReport(
            tuple(outcome for outcome in left.values() if isinstance(outcome, Unknown))
        )

    def _left(self) -> list[Pursuit]:
        return list(self._running.values())

    async def stop(self) -> None:
        """End every task and timer; the last thing a client does."""
        await super().stop()
        if self.journal is not None:
            self.journal.close()
