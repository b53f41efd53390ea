"""Ways to cancel many orders: the client's own burst, and two that are known to be wrong.

The wrong ones are controls: a checker that finds nothing in them finds nothing at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from math import inf
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
        claims: One for each order.
        final: What became of those that were unknown, after asking on.
        at: Virtual time when the claims were made; minus infinity: no time was promised.
    """

    claims: list[Claim]
    final: list[Claim]
    at: float = -inf


Policy = Callable[[PapiClient, Sequence[Order], float], Awaitable[Statement]]
"""Cancels orders, within so many seconds."""

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
    requests = [cancel_of(order) for order in orders]
    report = await front.burst(requests, deadline=deadline)
    at = asyncio.get_running_loop().time()
    keys = [order.key for order in orders]
    claims = [claim_of(outcome, key) for outcome, key in zip(report.outcomes, keys, strict=True)]
    key_of = dict(zip(requests, keys, strict=True))
    settled = await asyncio.gather(*(front.resolve(open_) for open_ in report.unresolved))
    final = [claim_of(outcome, key_of[outcome.request]) for outcome in settled]
    return Statement(claims, final, at)


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


POLICIES: Final[dict[str, Policy]] = {"burst": burst, "naive": naive, "retry": retry}
"""By the names they have on the command line."""
