"""Between the client and the venue: what delays, loses, repeats nothing, and breaks off.

`plugged` is the one place that knows where a client keeps its sessions.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import exp, inf
from random import Random
from typing import Any, Final
from unittest import mock
from urllib.parse import parse_qsl

from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.weight import WeightTracker
from binance_papi.net import wiring
from tests.simulation.book import OPEN, Key
from tests.simulation.dialect import ID_FIELD, ROUTES, own_id
from tests.simulation.profile import Profile
from tests.simulation.trace import Trace
from tests.simulation.venue import Answered, Call, Venue
from tests.simulation.virtual_loop import VirtualLoop

Heard = Reply | Unsent | Unanswered


@dataclass(slots=True)
class Wire:
    """What became of one request.

    Attributes:
        number: The how manieth.
        action: What its path is for.
        key: The order it names; ``None`` where it names none.
        written: When it was written; infinite: never.
        settled: When the client heard of it, or gave up.
        heard: What the client heard, in a word.
        clear: Whether that says for certain that the request had no effect.
        told: HTTP status of a reply that the client read whole.
        open: Whether that reply shows the order open.
        own: The owner's id that it names; ``None`` where it names none.
    """

    number: int
    action: str
    key: Key | None
    written: float = inf
    settled: float = inf
    heard: str = "nothing yet"
    clear: bool = False
    told: int = 0
    open: bool = False
    own: str | None = None


@dataclass(frozen=True, slots=True)
class _Fate:
    """What the network does to one request, drawn at once."""

    refused: bool
    connect: float
    there: float
    back: float
    reset: float
    garble: float


class Network:
    """The way from the client to the venue and back.

    Args:
        loop: Virtual time.
        venue: Who answers.
        profile: What goes wrong.
        dice: Where chance comes from.
        trace: Where everything is written down.
    """

    def __init__(
        self,
        loop: VirtualLoop,
        venue: Venue,
        profile: Profile,
        dice: Random,
        trace: Trace,
    ) -> None:
        self.loop = loop
        self.venue = venue
        self.wires: dict[int, Wire] = {}
        self.count = 0
        self.written = 0
        self._waiting: dict[int, asyncio.Future[Answered | None]] = {}
        self._profile = profile
        self._dice = dice
        self._trace = trace

    def hang_up(self) -> None:
        """End every connection, as a client does that closes."""
        for waiting in tuple(self._waiting.values()):
            _give(waiting, None)

    async def carry(
        self, method: str, target: str, patience: float, write: Callable[[], Unsent | None]
    ) -> Heard:
        """Carry one request, and its reply if there is one.

        Args:
            method: HTTP method.
            target: Path and query.
            patience: Seconds the client waits for the reply.
            write: Called when a connection stands, at the last moment before it is written; if it
                gives something back, the request is not written.
        """
        wire = self._new(method, target)
        try:
            heard = await self._carry(wire, method, target, patience, write)
        except asyncio.CancelledError:
            self._settle(wire, "cancelled")
            raise
        if isinstance(heard, Unsent):
            wire.clear = True
            self._settle(wire, "unsent")
        elif isinstance(heard, Unanswered):
            self._settle(wire, "silence")
        return heard

    async def _carry(
        self,
        wire: Wire,
        method: str,
        target: str,
        patience: float,
        write: Callable[[], Unsent | None],
    ) -> Heard:
        fate = self._draw()
        if fate.connect:
            await asyncio.sleep(fate.connect)
        if fate.refused:
            return Unsent("connection refused")
        kept_back = write()
        if kept_back is not None:
            return kept_back
        now = self.loop.time()
        wire.written = now
        self.written += 1
        self._note("write", wire.number, wire.action, wire.key)
        answer: asyncio.Future[Answered | None] = self.loop.create_future()
        path, _, query = target.partition("?")
        call = Call(wire.number, method, path, query, now)
        if fate.there < inf:
            self.loop.happen(now + fate.there, lambda: self._arrive(call, fate, answer))
        if fate.reset < inf:
            self.loop.happen(now + fate.reset, lambda: _give(answer, None))
        timer = self.loop.call_later(patience, _give, answer, None)
        self._waiting[wire.number] = answer
        try:
            reply = await answer
        finally:
            timer.cancel()
            del self._waiting[wire.number]
        if reply is None:
            return Unanswered("no reply, or the connection ended")
        return self._hear(wire, reply, fate)

    def _arrive(self, call: Call, fate: _Fate, answer: asyncio.Future[Answered | None]) -> None:
        reply = self.venue.serve(call)
        self._note("serve", call.number, reply.status, reply.body)
        if fate.back < inf:
            self.loop.happen(self.loop.time() + fate.back, lambda: _give(answer, reply))

    def _hear(self, wire: Wire, reply: Answered, fate: _Fate) -> Heard:
        self.venue.heard(reply)
        body = reply.body
        if fate.garble < 1:
            body = _garbled(body, fate.garble)
        else:
            wire.clear, wire.told = reply.clear, reply.status
        wire.open = wire.action in _LOOKS and reply.status == 200 and _shows_open(body)
        self._settle(wire, str(reply.status))
        return Reply(reply.status, reply.headers, body)

    # ------------------------------------------------------------------ books

    def _new(self, method: str, target: str) -> Wire:
        path, _, query = target.partition("?")
        route = ROUTES.get((method, path))
        key = None
        if route is not None and route.family:
            field = f"&{ID_FIELD[route.family]}="
            number = f"&{query}".partition(field)[2].partition("&")[0]
            key = (route.family, int(number)) if number else None
        self.count += 1
        own = own_id(dict(parse_qsl(query))) if key is None else None
        wire = Wire(self.count, route.action if route else "lost", key, own=own)
        self.wires[wire.number] = wire
        return wire

    def _settle(self, wire: Wire, heard: str) -> None:
        wire.settled, wire.heard = self.loop.time(), heard
        self._note("settle", wire.number, heard)

    def _note(self, *words: object) -> None:
        self._trace.note(self.loop.time(), *words)

    def _draw(self) -> _Fate:
        """All of one request's chance, and always the same number of draws."""
        dice, profile = self._dice, self._profile
        there, back, connect = (
            profile.latency * exp(profile.sigma * dice.gauss(0, 1)) for _ in range(3)
        )
        lost, lost_back, stalled, longer, reset, when, refused, cold, garble, how = (
            dice.random() for _ in range(10)
        )
        there += (1 + 3 * longer) * (stalled < profile.stalls)
        return _Fate(
            refused=refused < profile.refused,
            connect=3 * connect if cold < profile.cold or refused < profile.refused else 0.0,
            there=inf if lost < profile.lost_requests else there,
            back=inf if lost_back < profile.lost_replies else back,
            reset=when * (there + back) if reset < profile.resets else inf,
            garble=how if garble < profile.garbled else 1.0,
        )


_LOOKS: Final = ("one", "open_one")


def _shows_open(body: bytes) -> bool:
    """Whether a readable reply about one order shows it open."""
    try:
        order = json.loads(body)
    except ValueError:
        return False
    words = [value for name, value in order.items() if name.lower().endswith("status")]
    return any(word in OPEN for word in words)


def _give(future: asyncio.Future[Answered | None], reply: Answered | None) -> None:
    if not future.done():
        future.set_result(reply)


def _garbled(body: bytes, how: float) -> bytes:
    """Cut off, or replaced by something else."""
    if how < 0.5:
        return body[: int(2 * how * len(body))]
    if how < 0.75:
        return b"<html>" + body
    return body[:-1] + b"\xff"


class Session:
    """Stands where a client keeps the session of one source address.

    Args:
        network: What carries its requests.
        tracker: The address's request weight.
    """

    def __init__(self, network: Network, tracker: WeightTracker) -> None:
        self.tracker = tracker
        self._network = network

    def ready(self) -> None:
        """Every request goes by `send`."""

    async def send(
        self, method: str, target: str, *, keyed: bool, patience: float, **extra: Any
    ) -> Heard:
        """Write one request and read one reply.

        Args:
            method: HTTP method.
            target: Path and query.
            keyed: Whether the key travels along.
            patience: Seconds to wait for the reply.
            extra: What else a client tells its sessions; see `_before`.
        """
        assert keyed or target == "/papi/v1/ping"
        return await self._network.carry(method, target, patience, lambda: self._before(**extra))

    def _before(
        self, fresh_until: float = inf, on_written: Callable[[], None] | None = None, **_: Any
    ) -> Unsent | None:
        """The last look before a request is written.

        Args:
            fresh_until: Virtual time after which it must not be written.
            on_written: Called right before it is written.
        """
        now = self._network.loop.time()
        if self.tracker.silence(now) > 0 or now > fresh_until:
            return Unsent("silence was asked for, or it grew old", held=True)
        if on_written is not None:
            on_written()
        return None

    async def warm_up(self, count: int) -> str | None:  # noqa: ARG002
        """Nothing to warm."""
        return None

    async def aclose(self) -> None:
        """Nothing is open."""


class Pool:
    """Stands where a client keeps its sessions.

    Args:
        network: What carries the requests.
        trackers: One per source address.
    """

    def __init__(self, network: Network, trackers: Sequence[WeightTracker]) -> None:
        self.sessions = tuple(Session(network, tracker) for tracker in trackers)
        self._network = network

    async def open(self) -> None:
        """Nothing to open."""

    async def warm_up(self, count: int | None) -> str | None:  # noqa: ARG002
        """Nothing to warm."""
        return None

    async def aclose(self) -> None:
        """Break off what is on the wire."""
        self._network.hang_up()


@contextmanager
def plugged(network: Network) -> Iterator[None]:
    """While it lasts, clients that are opened send through this network."""

    def pool(_: object, __: object, trackers: Sequence[WeightTracker]) -> Pool:
        return Pool(network, trackers)

    with mock.patch.object(wiring, "SessionPool", pool):
        yield
