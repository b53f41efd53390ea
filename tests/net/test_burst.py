"""Bursts in virtual time: order of landing, sweeps, children, deadlines, bad input."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from math import inf, nan
from typing import Any

import pytest

from binance_papi.api.um import conditional
from binance_papi.burst import resolve
from binance_papi.core.outcome import AlreadyGone, BurstReport, Canceled, Rejected, Unknown
from binance_papi.errors import InvalidRequestError
from tests.net.burst_desk import LOST, SILENT, WINDOW, Desk, cancel, cancels, plain, play
from tests.stage import Virtual


def kinds(outcomes: Any) -> list[type]:
    """The kinds of outcomes."""
    return [type(outcome) for outcome in outcomes]


def paths(desk: Desk) -> list[str]:
    """What was asked for, without what all paths have in common."""
    return [f"{one[1]} {one[2].removeprefix('/papi/v1/um/')}" for one in desk.book.log]


def test_outcomes_are_in_the_order_of_the_requests(virtual: Virtual) -> None:
    """Whatever lands first; times, requests and weight are summed up."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2, 4)
        desk.book.latencies = {1: 0.4, 2: 0.1}
        desk.book.end(4, "FINISHED")
        report = await desk.burst([cancel(1), cancel(2), cancel(3), cancel(4), cancel(2)])
        assert [one.request.order()[2] for one in report.outcomes] == [1, 2, 3, 4, 2]
        assert report.by_kind == {"Canceled": 3, "AlreadyGone": 1, "Rejected": 0, "Unknown": 1}
        assert report.requests == report.weight == len(desk.book.log)
        assert report.elapsed == report.latency.max == pytest.approx(10.0)
        assert report.latency.p50 == pytest.approx(0.1)

    play(virtual, main)


def test_an_empty_burst_is_an_empty_report(virtual: Virtual) -> None:
    """At once, and without a request."""

    async def main(desk: Desk) -> None:
        assert await desk.burst([]) == BurstReport(())
        assert await desk.burst([], sweep=True) == BurstReport(())

    play(virtual, main)


@pytest.mark.parametrize(
    ("requests", "settings"),
    [
        ([cancel(), conditional.CancelAllOpenOrders(symbol="BTCUSDT")], {}),
        ([cancel(), conditional.QueryAllOrders(symbol="BTCUSDT")], {}),
        ([cancel(), 7], {}),
        ([cancel(), None], {}),
        ([cancel()], {"deadline": 0}),
        ([cancel()], {"deadline": -1.0}),
        ([cancel()], {"deadline": inf}),
        ([cancel()], {"deadline": nan}),
        ([cancel()], {"verify": "never"}),
        ([cancel()], {"verify": True}),
    ],
)
def test_bad_input_is_found_before_anything_is_sent(
    virtual: Virtual, requests: list[Any], settings: dict[str, Any]
) -> None:
    """A ValueError in one line, also where only one of many is wrong."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        with pytest.raises(InvalidRequestError):
            await desk.burst(requests, **settings)
        await asyncio.sleep(10)
        assert desk.book.log == []

    play(virtual, main)


# ---------------------------------------------------------------------- one by one


def test_outcomes_come_as_they_land(virtual: Virtual) -> None:
    """The quickest one first."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2, 3)
        desk.book.latencies = {1: 0.3, 2: 0.1, 3: 0.2}
        landed = [
            (outcome.request.order()[2], desk.loop.time() - 1000)
            async for outcome in desk.one(cancels(3)).run()
        ]
        assert [number for number, _ in landed] == [2, 3, 1]
        assert [when for _, when in landed] == pytest.approx([0.1, 0.2, 0.3])

    play(virtual, main)


def test_leaving_early_withdraws_what_waits(virtual: Virtual) -> None:
    """What is on the wire lives on, and what landed unseen is kept."""

    async def main(desk: Desk) -> None:
        desk.book.place(*range(1, 6))
        desk.book.latencies = {1: 0.02, 2: 0.3, 3: 0.8}
        async with aclosing(desk.one(cancels(5)).run()) as outcomes:
            async for _ in outcomes:
                await asyncio.sleep(0)  # the fourth takes the place of the first
                break
        await asyncio.sleep(5)
        status = [desk.book.status[number] for number in range(1, 6)]
        assert status == ["CANCELED"] * 4 + ["NEW"]
        kept = [desk.pursuits.kept(one) for one in cancels(5)]
        assert kinds(kept) == [Canceled, Canceled, Canceled, Canceled, Rejected]

    play(virtual, main, connections=3)


def test_a_burst_that_is_never_begun_costs_nothing(virtual: Virtual) -> None:
    """No request, no timer."""

    async def main(desk: Desk) -> None:
        desk.one(cancels(5)).run()
        await asyncio.sleep(1)
        assert desk.book.log == []

    play(virtual, main)


# ---------------------------------------------------------------------- verify


def test_always_means_one_query_each(virtual: Virtual) -> None:
    """Also for a caller who joins one that does not verify."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.latency = 0.2
        report = await desk.burst([cancel(1)], verify="always")
        assert (report.by_kind["Canceled"], report.outcomes[0].queries) == (1, 1)
        first = desk.start(desk.burst([cancel(2)]))
        await asyncio.sleep(0.1)
        second = await desk.burst([cancel(2)], verify="always")
        assert second.outcomes[0].queries == 1
        assert (await first).outcomes == second.outcomes

    play(virtual, main)


# ---------------------------------------------------------------------- children


@pytest.mark.parametrize(
    ("fate", "kind"), [("NEW", Canceled), ("FILLED", AlreadyGone), ("CANCELED", AlreadyGone)]
)
def test_the_child_of_a_triggered_order_is_cancelled_too(
    virtual: Virtual, fate: str, kind: type
) -> None:
    """Its outcome is told with its parent's."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 50)
        desk.book.children[1] = 50
        desk.book.end(1, "TRIGGERED")
        desk.book.status[50] = fate
        outcome = (await desk.burst([cancel(1)], follow_trigger=True)).outcomes[0]
        assert isinstance(outcome, AlreadyGone)
        assert (outcome.request, outcome.status, outcome.order_id) == (cancel(1), "TRIGGERED", 50)
        assert type(outcome.child) is kind
        assert outcome.child is not None
        assert outcome.child.request == plain(50)

    play(virtual, main)


def test_a_child_is_left_alone_unless_it_is_asked_for(virtual: Virtual) -> None:
    """Its id is told."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 50)
        desk.book.children[1] = 50
        desk.book.end(1, "TRIGGERED")
        outcome = (await desk.burst([cancel(1)])).outcomes[0]
        assert isinstance(outcome, AlreadyGone)
        assert (outcome.order_id, outcome.child, desk.book.status[50]) == (50, None, "NEW")

    play(virtual, main)


def test_a_child_that_is_wanted_itself_has_an_outcome_of_its_own(virtual: Virtual) -> None:
    """The same plain order as a request and as a child: one cancel, two different outcomes."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 50)
        desk.book.children[1] = 50
        desk.book.latencies[50] = 0.4
        desk.book.end(1, "TRIGGERED")
        report = await desk.burst([plain(50), cancel(1)], follow_trigger=True)
        assert kinds(report.outcomes) == [Canceled, AlreadyGone]
        itself, parent = report.outcomes
        assert isinstance(parent, AlreadyGone)
        assert parent.child is itself
        assert (parent.request, itself.request) == (cancel(1), plain(50))
        assert len(paths(desk)) == 3

    play(virtual, main)


def test_a_child_at_the_deadline_is_honestly_unknown(virtual: Virtual) -> None:
    """And found by whoever looks for what is unresolved."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 50)
        desk.book.children[1] = 50
        desk.book.latencies[50] = 0.9
        desk.book.end(1, "TRIGGERED")
        report = await desk.burst([cancel(1)], deadline=0.3, follow_trigger=True)
        (outcome,) = report.outcomes
        assert isinstance(outcome, AlreadyGone)
        assert isinstance(outcome.child, Unknown)
        assert report.unresolved == (outcome.child,)

    play(virtual, main)


def test_a_client_that_closes_follows_nobody(virtual: Virtual) -> None:
    """It triggered, but its child can't be begun any more: the child is rejected, nobody hangs."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 50)
        desk.book.children[1] = 50
        desk.book.end(1, "TRIGGERED")
        running = desk.start(desk.burst([cancel(1)], follow_trigger=True))
        await asyncio.sleep(0.06)
        assert (await desk.close(3.0)).unresolved == ()
        outcome = (await running).outcomes[0]
        assert isinstance(outcome, AlreadyGone)
        assert isinstance(outcome.child, Rejected)
        assert desk.book.status[50] == "NEW"

    play(virtual, main)


# ---------------------------------------------------------------------- sweeps


def test_a_sweep_replaces_the_single_cancels(virtual: Virtual) -> None:
    """Three requests for any number of orders, where all open ones are wanted."""

    async def main(desk: Desk) -> None:
        desk.book.place(*range(1, 101))
        desk.book.end(100, "FINISHED")
        report = await desk.burst(cancels(100), sweep=True)
        assert report.by_kind == {"Canceled": 99, "AlreadyGone": 1, "Rejected": 0, "Unknown": 0}
        assert all(one.by == "us" for one in report.outcomes if isinstance(one, Canceled))
        assert paths(desk) == [
            "GET conditional/openOrders",
            "DELETE conditional/allOpenOrders",
            "GET conditional/allOrders",
        ]

    play(virtual, main)


def test_an_order_that_is_not_wanted_is_not_swept_away(virtual: Virtual) -> None:
    """Single cancels then."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2, 3)
        report = await desk.burst(cancels(2), sweep=True)
        assert kinds(report.outcomes) == [Canceled, Canceled]
        assert desk.book.status[3] == "NEW"
        assert "DELETE conditional/allOpenOrders" not in paths(desk)

    play(virtual, main)


@pytest.mark.parametrize("open_ones", [0, 1])
def test_a_sweep_that_saves_nothing_is_none(virtual: Virtual, open_ones: int) -> None:
    """One open order, or one request: a single cancel is as good."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        for number in range(1, 3 - open_ones):
            desk.book.end(number, "EXPIRED")
        await desk.burst(cancels(2), sweep=True)
        await desk.burst([cancel(2)], sweep=True)
        assert "DELETE conditional/allOpenOrders" not in paths(desk)

    play(virtual, main)


@pytest.mark.parametrize("mishap", [LOST, SILENT])
def test_a_sweep_that_is_not_answered_may_have_worked(virtual: Virtual, mishap: str) -> None:
    """Worked or not: the truth for each, and the sweep is never repeated."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2, 3)
        desk.book.mishaps = [mishap]
        report = await desk.burst(cancels(3), sweep=True)
        assert kinds(report.outcomes) == [Canceled] * 3
        assert all(isinstance(one, Canceled) and one.by == "us" for one in report.outcomes)
        assert paths(desk).count("DELETE conditional/allOpenOrders") == 1

    play(virtual, main)


def test_a_sweep_that_is_refused_had_no_effect(virtual: Virtual) -> None:
    """Single cancels then, refused as well: a rejection, and no doubt is left from the sweep."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.mishaps = [WINDOW] * 3
        report = await desk.burst(cancels(2), sweep=True)
        assert kinds(report.outcomes) == [Rejected, Rejected]

    play(virtual, main)


def test_a_sweep_takes_half_of_the_time_at_most(virtual: Virtual) -> None:
    """Its list is not answered: the orders are cancelled one by one, and others did not wait."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.blind = [LOST] * 9
        report = await desk.burst(cancels(2), deadline=0.5, sweep=True)
        assert kinds(report.outcomes) == [Canceled, Canceled]
        assert report.elapsed == pytest.approx(0.25, abs=0.05)
        assert paths(desk)[0] == "GET conditional/openOrders"

    play(virtual, main)


def test_a_sweep_that_is_unanswered_is_followed_by_cancels(virtual: Virtual) -> None:
    """It may have worked, so a single cancel asks; the list and the cancel-all count as sent."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.mishaps = [SILENT]
        report = await desk.burst(cancels(2), deadline=5, sweep=True)
        assert kinds(report.outcomes) == [Canceled, Canceled]
        assert all(isinstance(one, Canceled) and one.by == "us" for one in report.outcomes)
        assert report.requests == len(desk.book.log)

    play(virtual, main)


def test_leaving_during_a_sweep_leaves_the_orders_unknown(virtual: Virtual) -> None:
    """The cancel-all is on the wire: who asks later is not told that somebody else did it."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.mishaps = [SILENT]
        task = desk.start(desk.burst(cancels(2), deadline=5, sweep=True))
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.sleep(0)
        for one in cancels(2):
            outcome = await resolve(desk.pursuits, one, deadline=20)
            assert isinstance(outcome, Canceled)
            assert outcome.by == "us"

    play(virtual, main)


def test_closing_during_a_sweep_reports_its_orders(virtual: Virtual) -> None:
    """Exactly those that its cancel-all covers."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.mishaps = [SILENT]
        task = desk.start(desk.burst(cancels(2), deadline=5, sweep=True))
        await asyncio.sleep(0.3)
        report = await desk.pursuits.close(0.0)
        assert [one.request for one in report.unresolved] == cancels(2)
        task.cancel()

    play(virtual, main)
