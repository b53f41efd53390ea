"""Rows 36 to 41: what "no such order" may mean, and who is believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import product
from typing import Any, Final

import pytest

from binance_papi import AlreadyGone, Canceled, NotOpenError, Rejected, Unknown
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.um import algo, conditional
from binance_papi.core.cancel import Cancel
from binance_papi.simulator import nasty
from tests.faults.stage import FAMILIES, PATHS, Scene, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


def _finish(scene: Scene, order_id: int) -> None:
    scene.exchange.trigger(order_id, "rest")
    scene.exchange.settle()


def _fill(scene: Scene, order_id: int) -> None:
    scene.exchange.trigger(order_id, "fill")


ENDS: Final[dict[str, Callable[[Scene, int], object]]] = {
    "CANCELED": lambda scene, one: scene.exchange.cancel(one),
    "TRIGGERED": _finish,
    "FINISHED": _fill,
    "EXPIRED": lambda scene, one: scene.exchange.expire(one),
}


def named(family: str, text: str) -> Cancel[Any]:
    """The cancel of an order by the user's own id."""
    if family == "um_algo":
        return algo.CancelOrder(client_algo_id=text)
    if family == "cm_conditional":
        return cm_conditional.CancelOrder(symbol="BTCUSD_PERP", new_client_strategy_id=text)
    return conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id=text)


async def test_row_36_really_gone(stage: Stage) -> None:
    """Cancelled, triggered, finished, expired: one cancel, one query, and that word."""

    async def one(family: Any, word: str) -> None:
        async with stage.scene(family, triggering=0.0) as scene:
            (order,) = scene.seed()
            ENDS[word](scene, order)
            await asyncio.sleep(0.05)
            outcome = await scene.one(order)
            assert isinstance(outcome, AlreadyGone), (family, word, outcome)
            assert outcome.status == word
            assert (len(scene.cancels(outcome)), len(scene.queries(outcome))) == (1, 1)

    await together(one(*case) for case in product(FAMILIES, ENDS))


async def test_row_37_gone_by_our_own_lost_cancel(stage: Stage) -> None:
    """-2011 after a cancel that worked unheard: it was us."""

    async def one(family: Any, name: str) -> None:
        changes = {"executed": True} if name == "silent" else {}
        fault = nasty(name, method="DELETE", path=PATHS[family], times=1, **changes)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert outcome.by == "us"
            assert outcome.queries >= 1

    await together(one(*case) for case in product(FAMILIES, ("silent", "reset_after")))


async def test_row_38_open_but_forgotten(stage: Stage) -> None:
    """Nodes forgot it past the deadline: unknown, not gone; later it is cancelled."""

    async def one(family: Any) -> None:
        async with stage.scene(family) as scene:
            (order,) = scene.seed()
            scene.exchange.forget(order, 1.5)
            outcome = await scene.one(order, deadline=1.0)
            assert isinstance(outcome, Unknown)
            assert len(scene.cancels(outcome)) <= 4
            later = await scene.papi.resolve(outcome, deadline=15.0)
            scene.keep(later)
            assert isinstance(later, Canceled)

    await together(one(family) for family in FAMILIES)


async def test_row_38_one_node_forgot_it(stage: Stage) -> None:
    """-2011 or -2013 once about an open order: it is cancelled all the same."""

    async def one(family: Any, name: str) -> None:
        fault = nasty(name, method="DELETE", path=PATHS[family], times=1)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert (outcome.by, len(scene.cancels(outcome))) == ("us", 2)

    await together(one(*case) for case in product(FAMILIES, ("2011", "2013")))


async def test_row_39_placement_still_under_way(stage: Stage) -> None:
    """An order that comes only later is waited for; one that never comes is not found."""

    async def comes(family: Any) -> None:
        async with stage.scene(family) as scene:
            loop = asyncio.get_running_loop()
            loop.call_later(0.4, lambda: scene.exchange.place(family, client_id="mine"))
            outcome = await scene.one(named(family, "mine"))
            assert isinstance(outcome, Canceled), (family, outcome)
            assert outcome.by == "us"

    async def never(family: Any) -> None:
        async with stage.scene(family) as scene:
            loop = asyncio.get_running_loop()
            began = loop.time()
            outcome = await scene.one(named(family, "never"))
            assert isinstance(outcome, Rejected), (family, outcome)
            assert isinstance(outcome.error, NotOpenError)
            assert loop.time() - began >= 2.0

    cases = [play(family) for family, play in product(FAMILIES, (comes, never))]
    await together(cases)


async def test_row_40_triggering_then_triggered(stage: Stage) -> None:
    """-4117, then triggered: gone, with the id of the order that it became."""

    async def one(then: Any, words: set[str]) -> None:
        async with stage.scene("um_algo", triggering=0.3) as scene:
            (order,) = scene.seed()
            scene.exchange.trigger(order, then)
            outcome = await scene.one(order)
            assert isinstance(outcome, AlreadyGone)
            assert outcome.status in words
            assert next(record.code for record in scene.cancels(outcome)) == -4117
            if then != "reject":
                child = scene.exchange.order(order).order_id
                assert outcome.order_id is not None
                assert outcome.order_id == child or child is None

    await together(
        [
            one("rest", {"TRIGGERED"}),
            one("fill", {"TRIGGERED", "FINISHED"}),
            one("reject", {"REJECTED"}),
        ]
    )


async def test_row_40_triggering_said_of_another_family(stage: Stage) -> None:
    """-4117 once about an order that waits: asked, and cancelled."""

    async def one(family: Any) -> None:
        fault = nasty("4117", method="DELETE", path=PATHS[family], times=1)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert outcome.queries >= 1

    await together(one(family) for family in FAMILIES)


async def test_row_41_history_knows_what_the_query_does_not(stage: Stage) -> None:
    """-2013 from the first query: the history's word counts."""

    async def one(family: Any, word: str) -> None:
        stem = PATHS[family].rpartition("/")[0]
        fault = nasty("2013", method="GET", path=f"{stem}/open")
        async with stage.scene(family, faults=[fault], triggering=0.0) as scene:
            (order,) = scene.seed()
            ENDS[word](scene, order)
            await asyncio.sleep(0.05)
            outcome = await scene.one(order, verify="always")
            assert isinstance(outcome, AlreadyGone), (family, outcome)
            assert outcome.status == word

    await together(one(*case) for case in product(FAMILIES, ENDS))


async def test_row_41_a_node_that_forgot_what_another_knows(stage: Stage) -> None:
    """-2013 once from any query after a lost reply: asked again, and found."""

    async def one(family: Any) -> None:
        lost = nasty("reset_after", method="DELETE", path=PATHS[family], times=1)
        stem = PATHS[family].rpartition("/")[0]
        forgot = nasty("2013", method="GET", path=stem, times=2)
        async with stage.scene(family, faults=[lost, forgot]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert outcome.by == "us"
            assert outcome.queries >= 3 or family != "um_algo"

    await together(one(family) for family in FAMILIES)
