"""Many cancels under one weight limit: one outcome for each, none lost, no exception for one.

Whoever awaits a burst only watches: the cancels themselves are pursued by the client (see
`binance_papi.net.pursuit`), so that what is on the wire lives on when its caller does not.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from math import inf
from typing import Any, Final, Literal, TypeAlias

import msgspec

from binance_papi.core.cancel import Cancel, Sweep
from binance_papi.core.endpoint import Request
from binance_papi.core.outcome import (
    AlreadyGone,
    BurstReport,
    Canceled,
    Latency,
    Outcome,
    Rejected,
    Unknown,
)
from binance_papi.errors import InvalidRequestError, UnsentError, UsageError, WaitTooLongError
from binance_papi.net.journal import Pending
from binance_papi.net.pursuit import Pursuit
from binance_papi.net.pursuits import Pursuits
from binance_papi.net.sweeping import FEW, Sweeping

Verify: TypeAlias = Literal["ambiguous", "always"]
"""When a query has to confirm: after unclear answers only, or after every success reply too."""

_VERIFY: Final = ("ambiguous", "always")
_AT_ONCE: Final = 16
"""Cancels that are begun in one turn of the loop, so that other tasks keep theirs."""

_STALL: Final = 0.02
_GRACE: Final = 1.0


class Burst:
    """One caller's burst.

    Args:
        pursuits: All pursuits of the client.
        requests: The cancels.
        deadline: Seconds to wait at most.
        verify: When a query has to confirm.
        follow_trigger: Whether the plain order that a triggered one became is cancelled too.
        ask_first: Whether queries come before the first cancels.
        since: Exchange time in ms from which earlier requests may have taken effect, one for each
            request; ``None``: there were none.

    Raises:
        InvalidRequestError: If something in ``requests`` is no cancel of one order, or a setting
            can't be right.
    """

    def __init__(
        self,
        pursuits: Pursuits,
        requests: Iterable[Request[Any]],
        *,
        deadline: float,
        verify: Verify = "ambiguous",
        follow_trigger: bool = False,
        ask_first: bool = False,
        since: Sequence[int | None] | None = None,
    ) -> None:
        self.requests = _checked(requests)
        if not _is_span(deadline):
            raise InvalidRequestError("deadline is above 0 seconds, and finite")
        if verify not in _VERIFY:
            raise InvalidRequestError(f"verify is one of {', '.join(_VERIFY)}")
        self._pursuits = pursuits
        self._verify = verify == "always"
        self._follow = follow_trigger
        self._ask_first = ask_first
        self._since = since
        self._deadline = deadline
        self._begun = self._ends = 0.0
        self._outcomes: list[Outcome | None] = [None] * len(self.requests)
        # What each pursuit will answer, and the places that wait for a child by now.
        self._places: dict[Pursuit, list[int]] = {}
        self._parents: dict[int, AlreadyGone] = {}
        self._all: list[Pursuit] = []
        self._times: list[float] = []
        self._left = len(self.requests)
        self._landed: deque[Outcome] = deque()
        self._news: asyncio.Future[None] = pursuits.loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._late = False
        self._swept: list[Sweeping] = []
        self._sweeps: dict[asyncio.Task[None], tuple[Sweeping, list[list[int]]]] = {}

    # ------------------------------------------------------------------ life

    async def run(self, *, sweep: bool = False) -> AsyncGenerator[Outcome, None]:
        """Cancel everything; yields the outcomes as they land."""
        loop = self._pursuits.loop
        self._begun = loop.time()
        self._ends = self._begun + self._deadline
        self._timer = loop.call_at(self._ends, self._ring)
        try:
            groups = self._by_order()
            for number, places in enumerate(self._begin_sweeps(groups) if sweep else groups):
                self._begin(places)
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)  # the first goes out now, and others have their turns
            while True:
                while self._landed:
                    yield self._landed.popleft()
                if not self._left:
                    return
                if self._news.done():
                    self._news = self._pursuits.loop.create_future()
                    continue
                await self._news
        finally:
            self._timer.cancel()
            self._leave()

    def _leave(self) -> None:
        """Wait no longer: what is on the wire lives on, and what is known can be asked for."""
        self._news.cancel()
        self._end_sweeps()
        for pursuit in list(self._places):
            pursuit.abandon(self)
        self._places.clear()
        for outcome in self._outcomes if self._left else self._landed:
            if outcome is not None:
                self._pursuits.keep(outcome)

    def desert(self) -> None:
        """Nobody will read the report: keep what is known for whoever asks later."""
        for outcome in self._outcomes:
            if outcome is not None:
                self._pursuits.keep(outcome)

    def report(self) -> BurstReport:
        """What became of every cancel, once all outcomes landed."""
        return BurstReport(
            tuple(outcome for outcome in self._outcomes if outcome is not None),
            elapsed=self._pursuits.clock.now() - self._begun,
            latency=Latency.of(self._times),
            requests=sum(pursuit.fate.sent + pursuit.fate.queries for pursuit in self._all)
            + sum(sweep.sent for sweep in self._swept),
            weight=sum(pursuit.weight for pursuit in self._all)
            + sum(sweep.weight for sweep in self._swept),
        )

    def _by_order(self) -> list[list[int]]:
        """The places of the requests, those that name the same order together."""
        orders: dict[Any, list[int]] = {}
        for place, request in enumerate(self.requests):
            orders.setdefault(request.order(), []).append(place)
        return list(orders.values())

    def _begin_sweeps(self, groups: list[list[int]]) -> list[list[int]]:
        """Begin a sweep of each symbol that has several cancels; returns what goes on its own."""
        sweeps: defaultdict[Sweep, list[list[int]]] = defaultdict(list)
        alone: list[list[int]] = []
        for places in groups:
            way = self.requests[places[0]].sweep()
            (alone if way is None else sweeps[way]).append(places)
        for way, group in sweeps.items():
            if len(group) < FEW:
                alone += group
                continue
            wanted = [self.requests[places[0]] for places in group]
            sweeping = Sweeping(self._pursuits, way, wanted, self._ends)
            self._swept.append(sweeping)
            task = self._pursuits.spawn(self._sweep(sweeping, group))
            self._sweeps[task] = (sweeping, group)
        return alone

    async def _sweep(self, sweeping: Sweeping, group: list[list[int]]) -> None:
        """Sweep, then cancel what that does not prove."""
        found = await sweeping.run()
        task = asyncio.current_task()
        if task is not None and self._sweeps.pop(task, None) is None:
            return  # nobody waits any more
        for places in group:
            order = found.get(self.requests[places[0]].order())
            self._begin(places, sweeping.since, order)

    def _end_sweeps(self) -> dict[int, Unknown | None]:
        """Break off what sweeps; returns what is known of the orders, by their places."""
        known: dict[int, Unknown | None] = {}
        for task, (sweeping, group) in self._sweeps.items():
            task.cancel()
            for places in group:
                unknown = sweeping.unknown(self.requests[places[0]])
                if unknown is not None:
                    self._pursuits.forget_sweep(unknown.request)
                    self._pursuits.keep(unknown)
                known.update(dict.fromkeys(places, unknown))
        self._sweeps.clear()
        return known

    def _begin(self, places: list[int], swept: int | None = None, order: Any = None) -> None:
        """Begin a pursuit.

        Args:
            places: The places of its requests.
            swept: Exchange time in ms from which a cancel-all may have taken effect.
            order: What the exchange's list says of the order since.
        """
        first = places[0]
        since = self._since[first] if self._since is not None else swept
        request = self.requests[first]
        try:
            pursuit = self._pursuits.pursue(
                request,
                self._ends,
                verify=self._verify,
                ask_first=self._ask_first,
                since=since,
            )
        except UsageError:
            self._settle(places, _too_late(request, since))
            return
        self._watch(pursuit, places)
        if order is not None:
            pursuit.fate.see(order, self._pursuits.clock.now(), 0.0)
        pursuit.step()
        if self._late:
            self._expire()

    def _watch(self, pursuit: Pursuit, places: list[int]) -> None:
        known = self._places.get(pursuit)
        if known is not None:
            known += places
            return
        self._places[pursuit] = places
        self._all.append(pursuit)
        pursuit.watch(self)

    # ------------------------------------------------------------------ outcomes

    def land(self, pursuit: Pursuit, outcome: Outcome) -> None:
        """An outcome is there; the child of a triggered order may have to follow."""
        places = self._places.pop(pursuit, None)
        if places is None:
            return
        fresh = [place for place in places if place not in self._parents]
        if self._follow and fresh and isinstance(outcome, AlreadyGone):
            child = _child_of(outcome)
            if child is not None:
                places = [place for place in places if place in self._parents]
                self._follow_up(outcome, child, fresh)
        self._settle(places, outcome)

    def _follow_up(self, outcome: AlreadyGone, child: Cancel[Any], places: list[int]) -> None:
        """Cancel the plain order that a triggered one became."""
        self._parents.update(dict.fromkeys(places, outcome))
        for place, request in enumerate(self.requests):
            known = self._outcomes[place]
            if known is not None and request.order() == child.order():
                self._settle(places, known)  # it was among the cancels itself
                return
        try:
            pursuit = self._pursuits.pursue(child, self._ends, verify=self._verify)
        except UsageError:
            self._settle(places, _too_late(child, None))
            return
        self._watch(pursuit, places)
        pursuit.step()

    def _settle(self, places: list[int], outcome: Outcome) -> None:
        took = self._pursuits.clock.now() - self._begun
        for place in places:
            parent = self._parents.pop(place, None)
            told = outcome if parent is None else msgspec.structs.replace(parent, child=outcome)
            self._outcomes[place] = told
            self._landed.append(told)
            self._times.append(took)
        self._left -= len(places)
        if not self._news.done():
            self._news.set_result(None)

    def _ring(self) -> None:
        """The deadline is over; if it rings late, what is in the sockets is read first."""
        loop = self._pursuits.loop
        late = loop.time() - self._ends
        if late > _STALL:
            self._timer = loop.call_later(min(late, _GRACE), self._expire)
        else:
            self._expire()

    def _expire(self) -> None:
        self._late = True
        for place, unknown in self._end_sweeps().items():
            request = self.requests[place]
            self._settle([place], unknown or Rejected(request, _waited(self._deadline)))
        for pursuit, places in list(self._places.items()):
            if pursuit not in self._places:
                continue
            outcome = pursuit.expire(self)
            if self._places.pop(pursuit, None) is None:
                continue
            self._settle(places, outcome)


def _waited(seconds: float) -> WaitTooLongError:
    text = f"it could not be sent within {seconds:g} s, as long as its caller waited"
    return WaitTooLongError(text, wait=seconds)


def _too_late(request: Cancel[Any], since: int | None) -> Outcome:
    """What can be said of a cancel that met a closed client."""
    reason = "the client was closed"
    if since is not None:
        return Unknown(request, reason, since=since)
    text = f"{reason} before the request was sent"
    return Rejected(request, UnsentError(text, request=request, reason=reason))


def _child_of(outcome: AlreadyGone) -> Cancel[Any] | None:
    """The cancel of the plain order that a triggered one became."""
    if outcome.order is None or outcome.order_id is None:
        return None
    return outcome.request.child(outcome.order.sighting())


def _is_span(seconds: object) -> bool:
    return isinstance(seconds, int | float) and 0 < seconds < inf


def _checked(requests: Iterable[Request[Any]]) -> tuple[Cancel[Any], ...]:
    checked: list[Cancel[Any]] = []
    for request in requests:
        if not isinstance(request, Cancel):
            name = type(request).__name__
            raise InvalidRequestError(f"a burst takes cancels of one order each, not {name}")
        checked.append(request)
    return tuple(checked)


async def burst(
    pursuits: Pursuits, requests: Iterable[Request[Any]], *, sweep: bool = False, **settings: Any
) -> BurstReport:
    """Cancel everything; see `PapiClient.burst`."""
    one = Burst(pursuits, requests, **settings)
    try:
        async for _ in one.run(sweep=sweep):
            pass
    except BaseException:
        one.desert()
        raise
    return one.report()


async def resolve(pursuits: Pursuits, what: Outcome | Cancel[Any], *, deadline: float) -> Outcome:
    """Go on asking; see `PapiClient.resolve`."""
    if isinstance(what, AlreadyGone) and what.child is not None:
        child = await resolve(pursuits, what.child, deadline=deadline)
        return msgspec.structs.replace(what, child=child)
    request = what if isinstance(what, Cancel) else what.request
    kept = pursuits.kept(request)
    if not isinstance(what, Unknown | Cancel):
        # Unless something newer was told of it, which then counts.
        return kept if isinstance(kept, Canceled | AlreadyGone) and kept.inconsistent else what
    if kept is not None and not isinstance(kept, Unknown):
        return kept
    since = what.since if isinstance(what, Unknown) else None
    if since is None and isinstance(kept, Unknown):
        since = kept.since
    report = await burst(pursuits, [request], deadline=deadline, ask_first=True, since=[since])
    return report.outcomes[0]


async def recover(
    pursuits: Pursuits, pending: Sequence[Pending], *, deadline: float
) -> BurstReport:
    """Find out what became of an earlier process's cancels; see `PapiClient.recover`."""
    return await burst(
        pursuits,
        [one.request for one in pending],
        deadline=deadline,
        ask_first=True,
        since=[one.since for one in pending],
    )
