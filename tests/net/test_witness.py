"""The stream as evidence, with replies and events on one virtual clock."""

from __future__ import annotations

import asyncio
import json
from itertools import permutations
from typing import Any

import pytest

from binance_papi import AlreadyGone, Canceled, Contradicted, Rejected, Unknown
from binance_papi.api.events import ConditionalOrderTradeUpdate, OrderTradeUpdate
from binance_papi.api.events.decode import decode
from binance_papi.api.um import conditional
from binance_papi.burst import resolve
from binance_papi.core.answer import Reply
from binance_papi.net import witness
from binance_papi.net.placing import Placings
from binance_papi.net.witness import Witness
from tests.net.burst_desk import LOST, SILENT, Desk, cancel, cancels, plain, play
from tests.stage import Virtual


class Stage:
    """A desk whose pursuits are told what the stream tells."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.told: list[Any] = []
        self.witness = Witness(desk.pursuits, Placings(desk.pursuits), self.told.append)
        desk.pursuits.witness = self.witness

    def tell(self, number: int, status: str, *, later: float = 0.0, **changed: Any) -> None:
        """An event about a conditional order, ``later`` seconds newer than now."""
        inner = {"s": "BTCUSDT", "si": number, "os": status, "c": f"x-{number}"}
        inner["ut"] = self.desk.book.ms + round(later * 1000)
        event = {"e": "CONDITIONAL_ORDER_TRADE_UPDATE", "E": 1, "fs": "UM", "so": inner | changed}
        told = decode(json.dumps(event).encode())
        assert isinstance(told, ConditionalOrderTradeUpdate)
        self.witness.hear(told)


@pytest.mark.parametrize("mishap", [LOST, SILENT])
def test_an_event_instead_of_the_reply(virtual: Virtual, mishap: str) -> None:
    """It ends the pursuit at once: no second cancel, no query."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        desk.book.mishaps = [mishap]
        burst = desk.start(desk.burst([cancel()]))
        await asyncio.sleep(0.1)
        stage.tell(1, "CANCELED")
        report = await burst
        (outcome,) = report.outcomes
        assert isinstance(outcome, Canceled)
        assert (outcome.by, outcome.attempts, outcome.queries) == ("us", 1, 0)
        assert isinstance(outcome.order, ConditionalOrderTradeUpdate)
        assert report.elapsed == pytest.approx(0.1)
        assert stage.told == []
        assert len(desk.book.log) == 1

    play(virtual, main)


def test_retries_are_suppressed_after_an_event(virtual: Virtual) -> None:
    """Also those that wait already; the child's id comes along."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(*range(1, 6))
        desk.book.mishaps = [LOST] * 100
        desk.book.blind = [LOST] * 100
        burst = desk.start(desk.burst(cancels(5)))
        await asyncio.sleep(1.2)
        sent = len(desk.book.log)
        for number in range(1, 6):
            stage.tell(number, "TRIGGERED", i=number + 100)
        report = await burst
        assert len(desk.book.log) == sent
        assert report.by_kind["AlreadyGone"] == 5
        gone = report.outcomes[0]
        assert isinstance(gone, AlreadyGone)
        assert (gone.status, gone.order_id) == ("TRIGGERED", 101)

    play(virtual, main)


def test_an_event_before_the_burst_saves_every_request(virtual: Virtual) -> None:
    """What has ended has ended; the outcome is there without asking."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        stage.tell(1, "EXPIRED")
        stage.tell(2, "CANCELED", later=-60.0)
        report = await desk.burst(cancels(2))
        assert desk.book.log == []
        assert [getattr(one, "status", "") for one in report.outcomes] == ["EXPIRED", "CANCELED"]
        assert all(isinstance(one, AlreadyGone) for one in report.outcomes)

    play(virtual, main)


def test_an_event_tells_what_became_of_an_unknown_one(virtual: Virtual) -> None:
    """After the deadline too; by whom, goes by the time of our own attempts."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        desk.book.mishaps = desk.book.blind = [LOST] * 100
        (outcome,) = (await desk.burst([cancel()], deadline=0.5)).outcomes
        assert isinstance(outcome, Unknown)
        stage.tell(1, "CANCELED")
        known = await resolve(desk.pursuits, outcome, deadline=1.0)
        assert isinstance(known, Canceled)
        assert known.by == "us"

    play(virtual, main)


def test_an_open_order_in_an_event_is_old_news(virtual: Virtual) -> None:
    """NEW, TRIGGERING, and words of tomorrow conclude nothing, and change no plan."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        burst = desk.start(desk.burst([cancel()]))
        for status in ("NEW", "PARTIALLY_FILLED", "TRIGGERING", "PENDING_MOON"):
            stage.tell(1, status)
            await asyncio.sleep(0.001)
        report = await burst
        assert report.by_kind["Canceled"] == report.requests == 1
        assert stage.told == []

    play(virtual, main)


def test_events_of_other_orders_are_not_evidence(virtual: Virtual) -> None:
    """Another id, pair, family or unit is another order."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        desk.book.mishaps = [SILENT]
        burst = desk.start(desk.burst([cancel()]))
        await asyncio.sleep(0.01)
        stage.tell(2, "TRIGGERED")
        stage.tell(1, "TRIGGERED", s="ETHUSDT")
        other = {
            "e": "ORDER_TRADE_UPDATE",
            "fs": "UM",
            "o": {"s": "BTCUSDT", "i": 1, "X": "FILLED"},
        }
        told = decode(json.dumps(other).encode())
        assert isinstance(told, OrderTradeUpdate)
        stage.witness.hear(told)
        report = await burst
        assert report.by_kind["Canceled"] == 1

    play(virtual, main)


def test_an_own_id_may_have_been_another_orders(virtual: Virtual) -> None:
    """A cancel by the user's own id believes only what happened after it began."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        mine = conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
        desk.book.mishaps = desk.book.blind = [LOST] * 100
        stage.tell(1, "EXPIRED", c="mine")
        burst = desk.start(desk.burst([mine]))
        await asyncio.sleep(0.1)
        stage.tell(1, "EXPIRED", c="mine", ut=desk.book.ms - 60_000)
        stage.tell(1, "EXPIRED", c="mine", ut=None)
        await asyncio.sleep(0.1)
        assert not burst.done()
        stage.tell(2, "TRIGGERED", c="mine")
        report = await burst
        assert report.by_kind["AlreadyGone"] == 1
        # Later events of the same name need not be about the same order either.
        stage.tell(3, "CANCELED", c="mine", ut=desk.book.ms - 60_000)
        assert stage.told == []

    play(virtual, main)


LIFE = ("NEW", "TRIGGERING", "TRIGGERED", "FINISHED")


@pytest.mark.parametrize("order", list(permutations(LIFE)))
def test_shuffled_and_doubled_events_come_to_the_same(
    virtual: Virtual, order: tuple[str, ...]
) -> None:
    """Whatever the order of events, and however often they come: it triggered, without us."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        desk.book.end(1, "FINISHED")
        burst = desk.start(desk.burst([cancel()]))
        await asyncio.sleep(0.001)
        for status in (*order, *order):
            stage.tell(1, status, later=0.001 * LIFE.index(status), i=101)
        report = await burst
        (outcome,) = report.outcomes
        assert isinstance(outcome, AlreadyGone)
        assert outcome.status in ("TRIGGERED", "FINISHED")
        assert outcome.order_id == 101
        assert not outcome.inconsistent
        assert stage.told == []

    play(virtual, main)


@pytest.mark.parametrize("verify", ["ambiguous", "always"])
def test_an_end_contradicts_a_reply(virtual: Virtual, verify: Any) -> None:
    """200 CANCELED, then TRIGGERED: flagged and told; the newer one counts."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        desk.book.blind = [LOST] * 100
        burst = desk.start(desk.burst([cancel()], verify=verify))
        await asyncio.sleep(0.2)
        stage.tell(1, "TRIGGERED", i=101, later=1.0)
        (outcome,) = (await burst).outcomes
        if verify == "always":  # it came before the outcome was there
            assert isinstance(outcome, AlreadyGone)
            assert outcome.inconsistent
            return
        assert isinstance(outcome, Canceled)
        (alert,) = stage.told
        assert alert == Contradicted(cancel().order(), "CANCELED", "TRIGGERED", "TRIGGERED")
        known = await resolve(desk.pursuits, outcome, deadline=1.0)
        assert isinstance(known, AlreadyGone)
        assert known.inconsistent
        assert (known.status, known.order_id) == ("TRIGGERED", 101)
        assert await resolve(desk.pursuits, cancel(), deadline=1.0) == known

    play(virtual, main)


def test_an_older_end_is_flagged_and_does_not_count(virtual: Virtual) -> None:
    """The exchange's own time says which is newer."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        (outcome,) = (await desk.burst([cancel()])).outcomes
        assert isinstance(outcome, Canceled)
        for _ in range(2):
            stage.tell(1, "TRIGGERED", later=-60.0)
        assert {one.counts for one in stage.told} == {"CANCELED"}
        known = await resolve(desk.pursuits, outcome, deadline=1.0)
        assert isinstance(known, Canceled)
        assert (known.inconsistent, known.by) == (True, "us")

    play(virtual, main)


def test_a_late_reply_contradicts_an_event(virtual: Virtual) -> None:
    """The reply of a cancel that was on its way when the event ended the pursuit."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1)
        desk.book.latency = 0.1
        burst = desk.start(desk.burst([cancel()]))
        await asyncio.sleep(0.05)
        stage.tell(1, "TRIGGERED", i=101, later=-10.0)
        (outcome,) = (await burst).outcomes
        assert isinstance(outcome, AlreadyGone)
        await asyncio.sleep(0.2)
        (alert,) = stage.told
        assert (alert.said, alert.told, alert.counts) == ("TRIGGERED", "CANCELED", "CANCELED")
        known = await resolve(desk.pursuits, outcome, deadline=1.0)
        assert isinstance(known, Canceled)
        assert known.inconsistent

    play(virtual, main)


def test_a_late_reply_of_another_order_is_nothing(virtual: Virtual) -> None:
    """Nor is one that agrees."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1, 2)
        strange = b'{"strategyId":9,"strategyStatus":"CANCELED"}'
        desk.book.mishaps = [Reply(200, {}, strange)]
        desk.book.connect = 0.1
        burst = desk.start(desk.burst(cancels(2)))
        await asyncio.sleep(0.11)
        stage.tell(1, "TRIGGERED")
        stage.tell(2, "CANCELED")
        await burst
        await asyncio.sleep(0.3)
        assert stage.told == []

    play(virtual, main)


def test_a_plain_order_is_followed(virtual: Virtual) -> None:
    """``follow_trigger`` works on an event as on a reply."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1, 101)
        desk.book.children = {1: 101}
        desk.book.mishaps = [LOST]
        burst = desk.start(desk.burst([cancel()], follow_trigger=True))
        await asyncio.sleep(0.05)
        stage.tell(1, "TRIGGERED", i=101)
        (outcome,) = (await burst).outcomes
        assert isinstance(outcome, AlreadyGone)
        assert isinstance(outcome.child, Canceled)
        assert outcome.child.request.order() == plain(101).order()

    play(virtual, main)


def test_memory_is_bounded(virtual: Virtual, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ends and of outcomes, so many."""
    monkeypatch.setattr(witness, "KEPT", 5)

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(*range(1, 30))
        await desk.burst(cancels(29))
        for number in range(100, 130):
            stage.tell(number, "EXPIRED")
        assert len(stage.witness._ends) == len(stage.witness._outcomes) == 5
        desk.pursuits.witness = None
        assert isinstance((await desk.burst([cancel(29)])).outcomes[0], AlreadyGone)

    play(virtual, main)


def test_an_event_while_it_waits_for_its_turn(virtual: Virtual) -> None:
    """Nothing was sent, and nothing is sent any more."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        desk.book.place(1, 2)
        burst = desk.start(desk.burst(cancels(2)))
        await asyncio.sleep(0.01)
        stage.tell(2, "EXPIRED", later=1.0)
        report = await burst
        assert isinstance(report.outcomes[1], AlreadyGone)
        assert not isinstance(report.outcomes[0], Rejected)
        assert desk.book.count("DELETE") == 1

    play(virtual, main, connections=1)


@pytest.mark.parametrize("number", [1, 2])
def test_a_new_order_with_the_id_of_a_cancelled_one(virtual: Virtual, number: int) -> None:
    """Your own id may be used again; the exchange's own tells the two apart."""

    async def main(desk: Desk) -> None:
        stage = Stage(desk)
        shown = {"strategyId": 1, "strategyStatus": "CANCELED", "updateTime": desk.book.ms}
        desk.book.mishaps = [Reply(200, {}, json.dumps(shown).encode())]
        mine = conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
        (outcome,) = (await desk.burst([mine])).outcomes
        assert isinstance(outcome, Canceled)
        stage.tell(number, "TRIGGERED", later=60.0, c="mine", i=3)
        assert len(stage.told) == (number == 1)
        assert (desk.pursuits.kept(mine) is not None) == (number == 1)

    play(virtual, main)
