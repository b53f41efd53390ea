"""Placements in the simulated world: placed, told, and judged against the book.

Nothing of a cancel is here. The venue, the network and virtual time are those of the cancels.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Final, NamedTuple
from unittest import mock

from binance_papi import MaybePlaced, PapiClient, Placement, with_client_id
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.um import algo, conditional, orders
from binance_papi.core import place as declared
from binance_papi.core.place import Place
from binance_papi.errors import PapiError, UnknownOutcomeError, UnsentError
from tests.simulation.book import OPEN, Book, Change, Order
from tests.simulation.checker import Violation
from tests.simulation.dialect import CM_CONDITIONAL, UM_ALGO, UM_CONDITIONAL, UM_PLAIN
from tests.simulation.dice import Dice
from tests.simulation.network import Wire
from tests.simulation.profile import Profile, drawn
from tests.simulation.run import World, staged
from tests.simulation.venue import WINDOW
from tests.simulation.virtual_loop import VirtualLoop

DEADLINE: Final = 10.0
ASK_ON: Final = 60.0
"""Seconds for which the client is asked on about what nobody could say."""

HORIZON: Final = 120.0
GRACE: Final = 0.1
_TRIES: Final = 4

PLACED: Final = "Placed"
NOT_PLACED: Final = "NotPlaced"
MAYBE: Final = "MaybePlaced"


def _stop(symbol: str) -> dict[str, Any]:
    return {"symbol": symbol, "side": "SELL", "quantity": 1}


PLACES: Final[dict[str, Place[Any]]] = {
    UM_PLAIN: orders.NewOrder(**_stop("BTCUSDT"), type="MARKET"),
    UM_ALGO: algo.NewOrder(**_stop("BTCUSDT"), type="STOP_MARKET", trigger_price=1),
    UM_CONDITIONAL: conditional.NewOrder(
        **_stop("BTCUSDT"), strategy_type="STOP_MARKET", stop_price=1
    ),
    CM_CONDITIONAL: cm_conditional.NewOrder(
        **_stop("BTCUSD_PERP"), strategy_type="STOP_MARKET", stop_price=1
    ),
}
"""A placement of each family."""


class Said(NamedTuple):
    """What a client says of one placement.

    Attributes:
        family: Whose order.
        own: Its owner's id of it.
        kind: ``Placed``, ``NotPlaced`` or ``MaybePlaced``.
        attempts: Requests on the wire for it; -1: the client does not say.
        words: The client's words, for people.
    """

    family: str
    own: str
    kind: str
    attempts: int = -1
    words: str = ""


@dataclass(slots=True)
class Statement:
    """What a policy says at the end.

    Attributes:
        said: One for each order.
        final: What became of those of which nobody could say, after asking on.
        late: Seconds by which it came later than promised.
        ends: Virtual time of the callers' deadline.
    """

    said: list[Said]
    final: list[Said] = field(default_factory=list)
    late: float = 0.0
    ends: float = -inf


Policy = Callable[[PapiClient, Sequence[Place[Any]]], Awaitable[Statement]]


@dataclass(slots=True)
class Trial:
    """All there is to judge a run by."""

    statement: Statement
    book: Book
    wires: Sequence[Wire]
    statuses: Counter[int]
    used: Counter[int]
    limit: int
    leftovers: Sequence[str]


# ---------------------------------------------------------------------- policies


async def place(papi: PapiClient, requests: Sequence[Place[Any]]) -> Statement:
    """The client's own way, which then goes on asking about what it does not know."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    outcomes = await asyncio.gather(*(papi.place(one, deadline=DEADLINE) for one in requests))
    late = loop.time() - begun - DEADLINE - GRACE
    unclear = [one for one in outcomes if isinstance(one, MaybePlaced)]
    settled = await asyncio.gather(*(papi.resolve(one, deadline=ASK_ON) for one in unclear))
    return Statement(_said(outcomes), _said(settled), late, begun + DEADLINE)


async def leaving(papi: PapiClient, requests: Sequence[Place[Any]]) -> Statement:
    """The callers are cancelled in the middle; somebody asks for the outcomes then."""
    tasks = [asyncio.ensure_future(papi.place(one, deadline=DEADLINE)) for one in requests]
    await asyncio.sleep(random.uniform(0, 1.5))
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    told = [task.result() for task in tasks if not task.cancelled()]
    left = [one for one, task in zip(requests, tasks, strict=True) if task.cancelled()]
    found = await asyncio.gather(*(papi.resolve(one, deadline=ASK_ON) for one in left))
    # How many requests the call made that was left is not known to the one that asks.
    return Statement([said._replace(attempts=-1) for said in _said([*told, *found])])


async def closing(papi: PapiClient, requests: Sequence[Place[Any]]) -> Statement:
    """The client is closed in the middle: all get their outcome."""
    tasks = [asyncio.ensure_future(papi.place(one, deadline=DEADLINE)) for one in requests]
    await asyncio.sleep(random.uniform(0, 1.5))
    report = await papi.aclose(grace=random.choice((0.0, 0.5, 3.0)))
    outcomes = await asyncio.gather(*tasks)
    unclear = [one for one in outcomes if isinstance(one, MaybePlaced)]
    assert {one.request for one in unclear} == {one.request for one in report.placements}
    return Statement(_said(outcomes))


async def resend(papi: PapiClient, requests: Sequence[Place[Any]]) -> Statement:
    """Known to be wrong: what got no answer is sent again, with the same id."""

    async def one(request: Place[Any]) -> Said:
        for _ in range(_TRIES):
            try:
                await papi.send(request)
            except (UnknownOutcomeError, UnsentError):
                continue
            except PapiError as error:
                kind = PLACED if getattr(error, "code", 0) == -4116 else NOT_PLACED
                return _word(request, kind, str(error))
            return _word(request, PLACED)
        return _word(request, MAYBE)

    return Statement(await asyncio.gather(*map(one, requests)))


async def naive(papi: PapiClient, requests: Sequence[Place[Any]]) -> Statement:
    """Known to be wrong: an exception is a failure."""

    async def one(request: Place[Any]) -> Said:
        try:
            await papi.send(request)
        except PapiError as error:
            return _word(request, NOT_PLACED, str(error))
        return _word(request, PLACED)

    return Statement(await asyncio.gather(*map(one, requests)))


CONTROLS: Final[tuple[Policy, ...]] = (resend, naive)


def _said(outcomes: Sequence[Placement]) -> list[Said]:
    return [
        _word(one.request, type(one).__name__, str(getattr(one, "error", "")), one.attempts)
        for one in outcomes
    ]


def _word(request: Place[Any], kind: str, words: str = "", attempts: int = -1) -> Said:
    family = request.endpoint.path.removeprefix("/papi/v1/").removesuffix("/order")
    own = request.client_id()
    assert own is not None
    return Said(family, own, kind, attempts, words)


# ---------------------------------------------------------------------- the judge


def judge(trial: Trial) -> list[Violation]:
    """Find everything that is wrong."""
    found: list[Violation] = []
    for said in (*trial.statement.said, *trial.statement.final):
        found += _judge_one(said, trial)
    if bans := trial.statuses[418]:
        found.append(Violation("bans", None, f"{bans} replies with status 418"))
    for window, used in trial.used.items():
        if used > trial.limit:
            found.append(Violation("window", None, f"{used} of {trial.limit} in {window}"))
    found += [Violation("leftover", None, one) for one in trial.leftovers]
    if trial.statement.late > 0:
        found.append(Violation("late", None, f"{trial.statement.late:.3f} s"))
    return found


def _judge_one(said: Said, trial: Trial) -> Iterator[Violation]:
    """One claim against the book: who was placed by us, and how often."""
    named = trial.book.named(said.family, said.own)
    ours = [one for one in named if one.changes[0].cause.startswith("#")]
    key = (said.family, ours[0].id if ours else 0)
    wires = [wire for wire in trial.wires if wire.own == said.own and wire.written < inf]
    if len(ours) > 1:
        yield Violation("twice", key, f"{len(ours)} orders with the id {said.own}: {said}")
    if said.kind == PLACED and not ours:
        yield Violation("placed", key, f"there is no order: {said}")
    if said.kind == NOT_PLACED and ours:
        yield Violation("not-placed", key, f"there is an order: {said}")
    attempts = [wire for wire in wires if wire.action == "place"]
    doubtful = [wire for wire in attempts if not wire.clear and wire.told != 200]
    # A later attempt may have been told that the id is in use; and one may be answered only after
    # nobody waited any more.
    ends = trial.statement.ends
    clear = all(wire.clear and wire.settled < ends for wire in attempts) and len(attempts) < 2
    if said.kind == MAYBE and clear:
        yield Violation("maybe", key, f"nothing was unclear: {said}")
    if len(doubtful) > 1:
        yield Violation("doubtful", key, f"{len(doubtful)} attempts may have placed it: {said}")
    if said.kind != MAYBE and 0 <= said.attempts < len(attempts):
        yield Violation("attempts", key, f"{len(attempts)} were written: {said}")


# ---------------------------------------------------------------------- a run


@dataclass(frozen=True, slots=True)
class Result:
    """What a run showed."""

    said: tuple[Said, ...]
    final: tuple[Said, ...]
    violations: tuple[Violation, ...]
    orders: int
    wires: int
    digest: str


def simulate(
    seed: int,
    policy: Policy = place,
    *,
    count: int | None = None,
    faults: float | None = None,
    profile: Profile | None = None,
) -> Result:
    """Run one seed.

    Args:
        seed: The seed: everything follows from it.
        policy: How the orders are placed.
        count: How many; ``None``: 5 to 20.
        faults: How many messages meet a fault, part of 1; ``None``: the seed says.
        profile: The whole day instead.
    """
    dice = Dice(seed).of("placing")
    day = drawn(dice, faults) if profile is None else profile
    # Nodes forget new orders too, where they forget at all; limits are the cancels' matter.
    day = replace(day, limit=max(day.limit, 200), families=tuple(PLACES))
    many = dice.randint(5, 20) if count is None else count
    loop = VirtualLoop(1000.0 + WINDOW * day.phase)
    world = World(seed, loop, day)
    _let_fates_come(world, Dice(seed).of("fates"))
    try:
        with staged(world, seed), mock.patch.object(declared, "urandom", random.randbytes):
            trial = loop.run_until_complete(_go(world, policy, many, dice))
    finally:
        loop.close()
    statement = trial.statement
    for said in (*statement.said, *statement.final):
        world.trace.note(loop.time(), *said)
    return Result(
        said=tuple(statement.said),
        final=tuple(statement.final),
        violations=tuple(judge(trial)),
        orders=world.venue.placed,
        wires=world.network.written,
        digest=world.trace.digest(),
    )


async def _go(world: World, policy: Policy, count: int, dice: random.Random) -> Trial:
    papi = world.client()
    await papi.open()
    statement = await policy(papi, _requests(world, count, dice, policy))
    await papi.aclose()
    leftovers = world.loop.leftovers(asyncio.current_task())
    await asyncio.sleep(HORIZON)
    return Trial(
        statement=statement,
        book=world.book,
        wires=list(world.network.wires.values()),
        statuses=world.venue.replies,
        used=world.venue.used,
        limit=world.profile.limit,
        leftovers=leftovers,
    )


def _requests(world: World, count: int, dice: random.Random, policy: Policy) -> list[Place[Any]]:
    """Placements of all families; some with ids that an older order had, or has."""
    requests: list[Place[Any]] = []
    for number in range(count):
        family = dice.choice(tuple(PLACES))
        request, kind = PLACES[family], dice.random()
        if kind < 0.3 or policy is not place:
            request = with_client_id(request)
        if 0.1 < kind < 0.3 and policy not in CONTROLS:
            _older(world, request, number, open_still=kind < 0.15)
        requests.append(request)
    return requests


def _older(world: World, request: Place[Any], number: int, *, open_still: bool) -> None:
    """An order of an earlier day has, or had, the same id."""
    said = _word(request, "")
    now = world.loop.time()
    symbol: str = request.symbol  # type: ignore[attr-defined]
    changes = [Change(now - 900.0, "NEW", "placed")]
    if not open_still:
        ending = "FILLED" if said.family == UM_PLAIN else "CANCELED"
        changes.append(Change(now - 800.0, ending, "market"))
    world.book.add(Order(said.family, 100 + number, symbol, changes, own=said.own))


def _let_fates_come(world: World, dice: random.Random) -> None:
    """What happens to new orders: filled at once, or later, or forgotten for a while."""

    def end(order: Order) -> None:
        if order.last.status in OPEN:
            ending = "FILLED" if order.family == UM_PLAIN else "TRIGGERED"
            Book.change(order, world.loop.time(), ending, "market")

    def placed(order: Order) -> None:
        fate, when, forgets, spell = (dice.random() for _ in range(4))
        now = world.loop.time()
        if fate < 0.3:
            end(order)
        elif fate < 0.6:
            world.loop.happen(now + 40.0 * when**2, lambda: end(order))
        if forgets < 3 * world.profile.forgetful:
            order.forgotten = (now, now + 0.5 + 24.5 * spell)

    world.venue.on_placed = placed
