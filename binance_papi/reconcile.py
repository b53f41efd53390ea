"""What is open, of every family, asked at once: the REST side after a gap in the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import chain
from typing import Any, TypeVar

import msgspec

from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.margin import order as margin_order
from binance_papi.api.margin import orders as margin_orders
from binance_papi.api.um import algo, algo_order, conditional
from binance_papi.api.um import orders as um_orders
from binance_papi.core.endpoint import Request
from binance_papi.errors import EndpointRetiredError
from binance_papi.net.wiring import Wiring

T = TypeVar("T")

Symbols = Sequence[str] | None


class OpenOrders(msgspec.Struct, frozen=True, kw_only=True):
    """The open orders of an account, by family."""

    as_of_ms: int
    """Exchange time in ms before which nobody was asked: an event that is later is newer."""
    um_algo: tuple[algo_order.AlgoOrder, ...] = ()
    """UM algo orders."""
    um_conditional: tuple[conditional.ConditionalOrder, ...] = ()
    """UM conditional orders; none on the live exchange since 2026-04-28."""
    um: tuple[um_orders.Order, ...] = ()
    """Plain UM orders."""
    cm_conditional: tuple[cm_conditional.ConditionalOrder, ...] = ()
    """CM conditional orders."""
    cm: tuple[cm_orders.Order, ...] = ()
    """Plain CM orders."""
    margin: tuple[margin_order.Order, ...] = ()
    """Margin orders, those of order lists included."""

    def __len__(self) -> int:
        return sum(len(orders) for orders in self._families())

    def _families(self) -> tuple[tuple[Any, ...], ...]:
        conditionals = self.um_conditional, self.cm_conditional
        return self.um_algo, *conditionals, self.um, self.cm, self.margin


async def reconcile_open(
    wiring: Wiring, *, um: Symbols, cm: Symbols, margin: Sequence[str]
) -> OpenOrders:
    """Ask every family at once; see `PapiClient.reconcile_open`."""
    as_of_ms = wiring.clock.earliest(wiring.clock.now())
    asked = {
        "um_algo": _each(algo.QueryAllCurrentOpenOrders, um),
        "um_conditional": _each(conditional.QueryAllCurrentOpenOrders, um),
        "um": _each(um_orders.QueryAllCurrentOpenOrders, um),
        "cm_conditional": _each(cm_conditional.QueryAllCurrentOpenOrders, cm),
        "cm": _each(cm_orders.QueryAllCurrentOpenOrders, cm),
        "margin": _each(margin_orders.QueryCurrentOpenOrder, margin),
    }
    found = await asyncio.gather(
        *(_all(wiring, requests) for requests in asked.values()), return_exceptions=True
    )
    told = dict(zip(asked, found, strict=True))
    # One of these took the other's place: what is retired has no orders.
    retired = [name for name in _SUCCESSION if isinstance(told[name], EndpointRetiredError)]
    if len(retired) < len(_SUCCESSION):
        told |= dict.fromkeys(retired, ())
    for answer in told.values():
        if isinstance(answer, BaseException):
            raise answer
    return OpenOrders(as_of_ms=as_of_ms, **told)  # type: ignore[arg-type]


_SUCCESSION = ("um_conditional", "um_algo")


def _each(kind: type[Any], symbols: Symbols) -> list[Request[list[Any]]]:
    """One request for all symbols, or one for each."""
    return [kind()] if symbols is None else [kind(symbol=symbol) for symbol in symbols]


async def _all(wiring: Wiring, requests: list[Request[list[T]]]) -> tuple[T, ...]:
    lists = await asyncio.gather(*(wiring.line.send(request) for request in requests))
    return tuple(chain.from_iterable(lists))
