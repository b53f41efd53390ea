"""The user data stream of the simulated venue: what happens to orders is told, more or less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest import mock

from binance_papi import PapiClient
from binance_papi.api import events
from binance_papi.api.events.decode import decode
from tests.simulation.book import OPEN, UNDER_WAY, Book, Change, Order
from tests.simulation.dialect import CM_PLAIN, UM_ALGO, UM_PLAIN
from tests.simulation.trace import Trace
from tests.simulation.venue import Venue
from tests.simulation.virtual_loop import VirtualLoop


def event_of(order: Order, state: Change) -> dict[str, Any]:
    """What the exchange tells of a change."""
    at = Venue.stamp(state.at)
    head: dict[str, Any] = {"E": at, "T": at, "fs": "CM" if order.family[:2] == "cm" else "UM"}
    inner: dict[str, Any] = {"s": order.symbol}
    child = order.child if state.status in ("TRIGGERED", "FINISHED") else None
    if order.family == UM_ALGO:
        inner |= {"aid": order.id, "caid": f"x-{order.id}", "X": state.status}
        inner["ai"] = "" if child is None else str(child)
        return {"e": "ALGO_UPDATE", **head, "ao": inner}
    if order.family in (UM_PLAIN, CM_PLAIN):
        inner |= {"i": order.id, "c": f"x-{order.id}", "X": state.status, "T": at}
        return {"e": "ORDER_TRADE_UPDATE", **head, "o": inner}
    inner |= {"si": order.id, "c": f"x-{order.id}", "os": state.status, "ut": at}
    if child is not None:
        inner["i"] = child
    return {"e": "CONDITIONAL_ORDER_TRADE_UPDATE", **head, "so": inner}


@contextmanager
def told(loop: VirtualLoop, papi: PapiClient, dice: Random, trace: Trace) -> Iterator[None]:
    """Tell an open client of every change: late, twice, in another order, or not at all.

    Args:
        loop: Virtual time.
        papi: The client.
        dice: Where chance comes from.
        trace: Where everything is written down.
    """
    wiring = papi._wiring
    assert wiring is not None
    witness = wiring.pursuits.witness = wiring.witness
    lost, twice = dice.choice((0.0, 0.1, 0.5)), dice.choice((0.0, 0.3))
    lateness = dice.choice((0.001, 0.05, 0.5))
    change = Book.change

    def hear(order: Order, state: Change, raw: bytes) -> None:
        if papi._closed:
            return
        if state.status not in (*OPEN, UNDER_WAY):
            order.told = min(order.told, loop.time())
        event = decode(raw)
        assert isinstance(
            event,
            events.AlgoUpdate | events.OrderTradeUpdate | events.ConditionalOrderTradeUpdate,
        )
        trace.note(loop.time(), "told", raw)
        witness.hear(event)

    def changing(order: Order, at: float, status: str, cause: str) -> None:
        change(order, at, status, cause)
        state = order.last
        raw = json.dumps(event_of(order, state), separators=(",", ":")).encode()
        delays = [dice.expovariate(1 / lateness) for _ in range(2)]
        for late in _copies(dice, lost, twice, delays):
            loop.happen(max(at, loop.time()) + late, lambda: hear(order, state, raw))

    with mock.patch.object(Book, "change", staticmethod(changing)):
        yield


def _copies(dice: Random, lost: float, twice: float, delays: list[float]) -> list[float]:
    """How late each copy of an event comes; none: it is lost."""
    if dice.random() < lost:
        return []
    return delays if dice.random() < twice else delays[:1]
