"""Ways to cancel many orders: the client's own burst, and two that are known to be wrong.

The wrong ones are controls: a checker that finds nothing in them finds nothing at all.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from typing import Any, Final, NamedTuple

from binance_papi import PapiClient
from binance_papi.core.cancel import Cancel
from binance_papi.errors import (
    NotOpenError,
    PapiError,
    UnknownOutcomeError,
    UnsentError,
)
from tests.simulation.book import Order
from tests.simulation.claim import ALREADY_GONE, CANCELED, REJECTED, UNKNOWN, Claim
from tests.simulation.dialect import CM_CONDITIONAL, UM_ALGO, UM_CONDITIONAL, UM_PLAIN


class Statement(NamedTuple):
    """What a policy says at the end.

    Attributes:
        claims: One for each order; ``None``: the caller went away and was told nothing.
        final: What became of those that were unknown, after asking on.
        late: Seconds by which the claims came later than promised; not above 0: they did not.
    """

    claims: list[Claim] | None
    final: list[Claim]
    late: float = 0.0


Policy = Callable[[PapiClient, Sequence[Order], float], Awaitable[Statement]]
"""Cancels orders, within so many seconds."""

GRACE: Final = 0.1
"""Seconds by which a burst may come after its deadline."""

CLOSE_GRACE: Final = 0.5
"""Seconds by which closing may take longer than it was given."""

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
    front: Any = papi
    loop = asyncio.get_running_loop()
    begun = loop.time()
    report = await front.burst([cancel_of(order) for order in orders], deadline=deadline)
    late = loop.time() - begun - deadline - GRACE
    claims = _claims(report.outcomes, orders)
    key_of = {cancel_of(order): order.key for order in orders}
    settled = await asyncio.gather(*(front.resolve(open_) for open_ in report.unresolved))
    return Statement(claims, [claim_of(one, key_of[one.request]) for one in settled], late)


async def twins(papi: PapiClient, orders: Sequence[Order], deadline: float) -> Statement:
    """Two bursts at nearly the same time, for nearly the same orders."""
    front: Any = papi

    async def second() -> Any:
        await asyncio.sleep(random.uniform(0, 0.3))
        return await front.burst([cancel_of(order) for order in half], deadline=deadline)

    half = list(reversed(orders))[: len(orders) // 2 + 1]
    requests = [cancel_of(order) for order in orders]
    one, two = await asyncio.gather(front.burst(requests, deadline=deadline), second())
    return Statement(_claims(one.outcomes, orders), _claims(two.outcomes, half))


async def closing(papi: PapiClient, orders: Sequence[Order], deadline: float) -> Statement:
    """The client is closed in the middle of the burst: all get their outcome, and soon."""
    front: Any = papi
    loop = asyncio.get_running_loop()
    requests = [cancel_of(order) for order in orders]
    task = asyncio.ensure_future(front.burst(requests, deadline=deadline))
    await asyncio.sleep(random.uniform(0, 2))
    grace = random.choice((0.0, 0.5, 3.0))
    begun = loop.time()
    await front.aclose(grace=grace)
    report = await task
    late = loop.time() - begun - grace - CLOSE_GRACE
    return Statement(_claims(report.outcomes, orders), [], late)


async def leaving(papi: PapiClient, orders: Sequence[Order], deadline: float) -> Statement:
    """The caller is cancelled in the middle of the burst; another burst picks up the orders."""
    front: Any = papi
    requests = [cancel_of(order) for order in orders]
    task = asyncio.ensure_future(front.burst(requests, deadline=deadline))
    await asyncio.sleep(random.uniform(0, 1))
    task.cancel()
    await asyncio.wait([task])
    if random.random() < 0.5:
        return Statement(None, [])
    report = await front.burst(requests, deadline=deadline)
    return Statement(_claims(report.outcomes, orders), [])


def _claims(outcomes: Sequence[Any], orders: Sequence[Order]) -> list[Claim]:
    pairs = zip(outcomes, orders, strict=True)
    return [claim_of(outcome, order.key) for outcome, order in pairs]


def claim_of(outcome: Any, key: tuple[str, int]) -> Claim:
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


POLICIES: Final[dict[str, Policy]] = {
    policy.__name__: policy for policy in (burst, twins, closing, leaving, naive, retry)
}
"""By the names they have on the command line."""
