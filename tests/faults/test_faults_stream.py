"""Rows 51 and 59: what the user data stream tells, beside, before and against replies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from itertools import product
from typing import Any, Final

import pytest

from binance_papi import AlreadyGone, Canceled, Contradicted
from binance_papi.api import events
from binance_papi.simulator import Fault, FaultKind
from tests.faults.stage import FAMILIES, PATHS, Scene, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

MANY: Final = 4

ORDER_EVENTS: Final = (events.AlgoUpdate, events.ConditionalOrderTradeUpdate)


def _slow(family: str) -> list[Fault]:
    return [Fault(FaultKind.SLOW, method="DELETE", path=PATHS[family], delay=0.3)]


def _lost(family: str) -> list[Fault]:
    return [Fault(FaultKind.DROP_AFTER, method="DELETE", path=PATHS[family])]


def _silent(family: str) -> list[Fault]:
    return [Fault(FaultKind.NO_REPLY, method="DELETE", path=PATHS[family])]


def _late(scene: Scene) -> None:
    scene.exchange.stream.delay = 0.2


def _shuffled(scene: Scene) -> None:
    scene.exchange.stream.delay = (0.0, 0.2)
    scene.exchange.stream.duplicate = 1.0


def _nothing(_: Scene) -> None:
    """As it is."""


WAYS: Final[dict[str, tuple[Callable[[str], list[Fault]], Callable[[Scene], None]]]] = {
    "after": (lambda _: [], _late),
    "before": (_slow, _nothing),
    "instead of a lost reply": (_lost, _nothing),
    "instead of a silent one": (_silent, _nothing),
    "doubled and shuffled": (_lost, _shuffled),
    "doubled and shuffled, with replies": (lambda _: [], _shuffled),
}


@contextlib.asynccontextmanager
async def listening(stage: Stage, family: Any, **settings: Any) -> AsyncIterator[Scene]:
    """A scene with an open stream, whose key is looked for like a signature."""
    async with stage.scene(family, triggering=0.0, **settings) as scene:
        async with scene.papi.user_stream() as stream:
            key = scene.exchange.stream.listen_key
            assert key is not None
            stage.signed(key)
            stage.keep(stream)
            yield scene
        stage.kept += [event async for event in stream]


async def test_row_51_the_stream_beside_the_reply(stage: Stage) -> None:
    """After, before, instead, doubled, shuffled: the same outcomes, and no cancel too many."""

    async def one(family: Any, way: str) -> None:
        faults, prepare = WAYS[way]
        async with listening(stage, family) as scene:
            prepare(scene)
            ids = scene.seed(MANY)
            for fault in faults(family):
                scene.exchange.inject(fault)
            outcomes = await scene.burst(ids)
            for outcome in outcomes:
                assert isinstance(outcome, Canceled), (way, outcome)
                assert (outcome.by, outcome.inconsistent) == ("us", False)
            if "instead" in way or way == "before":
                assert all(isinstance(one.order, ORDER_EVENTS) for one in outcomes)  # type: ignore[union-attr]
                # One of a burst may be hedged before the event is there.
                assert sum(len(scene.cancels(one)) for one in outcomes) <= MANY + 1
                assert sum(len(scene.queries(one)) for one in outcomes) == 0
            scene.exchange.clear_faults()
            await asyncio.sleep(0.25)
        assert not [one for one in stage.kept if isinstance(one, Contradicted)]

    await together(one(*case) for case in product(FAMILIES, WAYS))


async def test_row_51_an_end_that_the_stream_told_before(stage: Stage) -> None:
    """Expired or triggered before the burst, or while its cancel is on the way."""

    async def one(family: Any, when: str) -> None:
        async with listening(stage, family) as scene:
            (order,) = scene.seed()
            if when == "before":
                scene.exchange.trigger(order, "rest")
                scene.exchange.settle()
                await asyncio.sleep(0.1)
                outcome = await scene.one(order)
                assert outcome.attempts == 0
            else:
                late = Fault(FaultKind.SLOW, path=PATHS[family], delay=0.4, executed=False)
                scene.exchange.inject(late)
                burst = asyncio.create_task(scene.one(order))
                await asyncio.sleep(0.1)
                scene.exchange.trigger(order, "rest")
                scene.exchange.settle()
                outcome = await burst
                scene.exchange.clear_faults()
            assert isinstance(outcome, AlreadyGone), (family, when, outcome)
            assert outcome.status == "TRIGGERED"
            assert outcome.order_id is not None
            assert scene.queries(outcome) == []

    await together(one(*case) for case in product(FAMILIES, ("before", "during")))


async def test_row_51_old_news_changes_nothing(stage: Stage) -> None:
    """Events from before the end, and of other orders, arrive after it."""

    async def one(family: Any) -> None:
        async with listening(stage, family) as scene:
            scene.exchange.stream.hold()
            ids = scene.seed(MANY)
            outcomes = await scene.burst(ids)
            scene.exchange.stream.release(shuffle=True)
            await asyncio.sleep(0.1)
            for outcome in outcomes:
                assert isinstance(outcome, Canceled)
                assert await scene.papi.resolve(outcome) is outcome
        assert not [one for one in stage.kept if isinstance(one, Contradicted)]

    await together(one(family) for family in FAMILIES)


def _triggered(family: str, order: int, updated: int) -> dict[str, Any]:
    """An event that says the order triggered, whatever is true."""
    head = {"E": updated, "T": updated, "fs": "CM" if family.startswith("cm") else "UM"}
    if family == "um_algo":
        inner: dict[str, Any] = {"aid": order, "s": "BTCUSDT", "X": "TRIGGERED", "ai": "77"}
        return {"e": "ALGO_UPDATE", **head, "ao": inner}
    symbol = "BTCUSD_PERP" if family == "cm_conditional" else "BTCUSDT"
    inner = {"si": order, "s": symbol, "os": "TRIGGERED", "i": 77, "ut": updated}
    return {"e": "CONDITIONAL_ORDER_TRADE_UPDATE", **head, "so": inner}


@pytest.mark.parametrize("newer", [True, False])
async def test_row_59_canceled_then_triggered(stage: Stage, newer: bool) -> None:
    """The reply says CANCELED, the stream TRIGGERED: told, flagged, and the newer one counts."""

    async def one(family: Any) -> None:
        async with listening(stage, family) as scene:
            (order,) = scene.seed()
            outcome = await scene.one(order)
            assert isinstance(outcome, Canceled)
            await asyncio.sleep(0.1)
            changed = int(scene.wire[-1].time * 1000)
            updated = changed + 5000 if newer else changed - 600_000
            scene.exchange.stream.push(_triggered(family, order, updated))
            async with asyncio.timeout(5):
                while not _alerts(stage, outcome):
                    await asyncio.sleep(0.01)
            (alert,) = _alerts(stage, outcome)
            known = await scene.papi.resolve(outcome)
            counts = "TRIGGERED" if newer else "CANCELED"
            assert alert == Contradicted(outcome.request.order(), "CANCELED", "TRIGGERED", counts)
            assert isinstance(known, AlreadyGone if newer else Canceled), (family, known)
            assert known.inconsistent
            if isinstance(known, AlreadyGone):
                assert (known.status, known.order_id) == ("TRIGGERED", 77)

    # A reply of the algo family names no time, so what comes later counts there.
    families = [name for name in FAMILIES if newer or name != "um_algo"]
    await together(one(family) for family in families)


def _alerts(stage: Stage, outcome: Canceled) -> list[Contradicted]:
    order = outcome.request.order()
    return [one for one in stage.kept if isinstance(one, Contradicted) and one.order == order]
