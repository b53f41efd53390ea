"""Ways to cancel many orders: the client's own burst, and two that are known to be wrong.

The wrong ones are controls: a checker that finds nothing in them finds nothing at all.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from math import inf
from typing import Any, Final, NamedTuple

from binance_papi import CloseReport, PapiClient
from binance_papi.core.cancel import Cancel
from binance_papi.errors import (
    NotOpenError,
    PapiError,
    UnknownOutcomeError,
    UnsentError,
)
from tests.simulation.book import Key, Order
from tests.simulation.claim import ALREADY_GONE, CANCELED, REJECTED, UNKNOWN, Claim
from tests.simulation.dialect import CM_CONDITIONAL, UM_ALGO, UM_CONDITIONAL, UM_PLAIN


class Statement(NamedTuple):
    """What a policy says at the end.

    Attributes:
        claims: One for each order; ``None``: the caller went away and was told nothing.
        final: What became of those that were unknown, after asking on.
        late: Seconds by which the claims came later than promised; not above 0: they did not.
        calls: Bursts that asked for all of them.
        closed: What closing reported, where the policy itself closed the client.
    """

    claims: list[Claim] | None
    final: list[Claim]
    late: float = 0.0
    calls: int = 1
    closed: CloseReport | None = None


Policy = Callable[[PapiClient, Sequence[Order], float], Awaitable[Statement]]
"""Cancels orders, within so many seconds."""

GRACE: Final = 0.1
"""Seconds by which a burst may come after its deadline."""

CLOSE_GRACE: Final = 0.5
"""Seconds by which closing may take longer than it was given."""

ASK_ON: Final = 60.0
"""Seconds for which the client is asked on about what was unknown at the deadline."""

_TRIES: Final = 4

_MODULES: Final = {
    UM_CONDITIONAL: ("binance_papi.api.um.conditional", "strategy_id"),
    UM_ALGO: ("binance_papi.api.um.algo", "algo_id"),
    CM_CONDITIONAL: ("binance_papi.api.cm.conditional", "strategy_id"),
    UM_PLAIN: ("binance_papi.api.um.orders", "order_id"),
}


def available() -> tuple[str, ...]:
    """The families that the client has declarations for."""
    found = []
    for family, (module, _) in _MODULES.items():
        try:
            import_module(module)
        except ImportError:
            continue
        found.append(family)
    return tuple(found)


def key_of(request: Cancel[Any]) -> Key:
    """The order that a cancel names."""
    for family, (module, number) in _MODULES.items():
        if type(request) is import_module(module).CancelOrder:
            return family, getattr(request, number)
    raise TypeError(type(request))


def cancel_of(order: Order) -> Cancel[Any]:
    """The request that cancels an order."""
    module, number = _MODULES[order.family]
    kind = import_module(module).CancelOrder
    named: dict[str, Any] = {number: order.id}
    if order.family != UM_ALGO:
        named["symbol"] = order.symbol
    request: Cancel[Any] = kind(**named)
    return request


async def naive(papi: PapiClient, orders: Sequence[Order], _: float) -> Statement:
    """One request each; an exception is a failure, -2011 is "gone"."""

    async def one(order: Order) -> Claim:
        try:
            await papi.send(cancel_of(order))
        except NotOpenError:
            return Claim(order.key, ALREADY_GONE)
        except PapiError as error:
            return Claim(order.key, REJECTED, reason=type(error).__name__)
        return Claim(order.key, CANCELED, by="us")

    return Statement(await asyncio.gather(*map(one, orders)), [])


async def retry(papi: PapiClient, orders: Sequence[Order], _: float) -> Statement:
    """Send again what is unknown; -2011 after that means that the first one worked."""

    async def one(order: Order) -> Claim:
        for attempt in range(_TRIES):
            try:
                await papi.send(cancel_of(order))
            except NotOpenError:
                if attempt:
                    return Claim(order.key, CANCELED, by="us")
                return Claim(order.key, ALREADY_GONE)
            except (UnknownOutcomeError, UnsentError):
                continue
            except PapiError as error:
                return Claim(order.key, REJECTED, reason=type(error).__name__)
            return Claim(order.key, CANCELED, by="us")
        return Claim(order.key, UNKNOWN)

    return Statement(await asyncio.gather(*map(one, orders)), [])


async def burst(papi: PapiClient, orders: Sequence[Order], deadline: float) -> Statement:
    """The client's own way, which then goes on asking about what it does not know."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    report = await papi.burst([cancel_of(order) for order in orders], deadline=deadline)
    late = loop.time() - begun - deadline - GRACE
    claims = _claims(report.outcomes, orders, begun)
    asked_on = loop.time()
    settled = await asyncio.gather(
        *(papi.resolve(open_, deadline=ASK_ON) for open_ in report.unresolved)
    )
    final = [claim_of(one, key_of(one.request))._replace(since=asked_on) for one in settled]
    return Statement(claims, final, late)


async def twins(papi: PapiClient, orders: Sequence[Order], deadline: float) -> Statement:
    """Two bursts at nearly the same time, for nearly the same orders."""
    loop = asyncio.get_running_loop()

    async def one(some: Sequence[Order], after: float) -> list[Claim]:
        await asyncio.sleep(after)
        begun = loop.time()
        report = await papi.burst([cancel_of(order) for order in some], deadline=deadline)
        claims = _claims(report.outcomes, some, begun)
        # Which of the two sent what is not known out here.
        return [claim._replace(attempts=-1, until=loop.time(), shared=True) for claim in claims]

    half = list(reversed(orders))[: len(orders) // 2 + 1]
    first, second = await asyncio.gather(one(orders, 0), one(half, random.uniform(0, 0.3)))
    return Statement(first, second)


async def closing(papi: PapiClient, orders: Sequence[Order], deadline: float) -> Statement:
    """The client is closed in the middle of the burst: all get their outcome, and soon."""
    loop = asyncio.get_running_loop()
    requests = [cancel_of(order) for order in orders]
    task = asyncio.ensure_future(papi.burst(requests, deadline=deadline))
    await asyncio.sleep(random.uniform(0, 2))
    grace = random.choice((0.0, 0.5, 3.0))
    begun = loop.time()
    closed = await papi.aclose(grace=grace)
    report = await task
    late = loop.time() - begun - grace - CLOSE_GRACE
    return Statement(_claims(report.outcomes, orders, -inf), [], late, closed=closed)


async def leaving(papi: PapiClient, orders: Sequence[Order], deadline: float) -> Statement:
    """The caller is cancelled in the middle of the burst; another burst picks up the orders."""
    requests = [cancel_of(order) for order in orders]
    task = asyncio.ensure_future(papi.burst(requests, deadline=deadline))
    await asyncio.sleep(random.uniform(0, 1))
    task.cancel()
    await asyncio.wait([task])
    if random.random() < 0.5:
        return Statement(None, [])
    begun = asyncio.get_running_loop().time()
    report = await papi.burst(requests, deadline=deadline)
    return Statement(_claims(report.outcomes, orders, begun), [], calls=2)


def _claims(outcomes: Sequence[Any], orders: Sequence[Order], since: float) -> list[Claim]:
    return [
        claim_of(outcome, order.key)._replace(since=since)
        for outcome, order in zip(outcomes, orders, strict=True)
    ]


def claim_of(outcome: Any, key: Key) -> Claim:
    """What one of the client's outcomes says."""
    return Claim(
        key,
        type(outcome).__name__,
        by=getattr(outcome, "by", None),
        status=getattr(outcome, "status", None),
        child=getattr(outcome, "order_id", None),
        attempts=outcome.attempts,
        reason=_words(outcome),
    )


def _words(outcome: Any) -> str:
    error = getattr(outcome, "error", None)
    return f"{type(error).__name__}: {error}" if error else getattr(outcome, "reason", "")


CONTROLS: Final[tuple[Policy, ...]] = (naive, retry)
"""Policies that are known to be wrong."""

POLICIES: Final[dict[str, Policy]] = {
    policy.__name__: policy for policy in (burst, twins, closing, leaving, naive, retry)
}
"""By the names they have on the command line."""
