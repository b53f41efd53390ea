"""Pursuits in virtual time: who waits, who leaves, what lives on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from binance_papi.burst import resolve
from binance_papi.core.outcome import AlreadyGone, Canceled, Outcome, Rejected, Unknown
from binance_papi.errors import UnsentError, UsageError, WaitTooLongError
from binance_papi.net.pursuit import LATE, Attempt
from tests.net.burst_desk import LOST, REFUSED, SILENT, WINDOW, Desk, cancel, cancels, error, play
from tests.stage import Virtual


def kinds(outcomes: Any) -> list[type]:
    """The kinds of outcomes."""
    return [type(outcome) for outcome in outcomes]


def test_a_thousand_duplicates_are_one_cancel(virtual: Virtual) -> None:
    """One burst or several: one request on the wire, the same outcome for all."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        reports = await asyncio.gather(*(desk.burst([cancel()] * 100) for _ in range(10)))
        outcomes = [outcome for report in reports for outcome in report.outcomes]
        assert len(outcomes) == 1000
        assert all(outcome is outcomes[0] for outcome in outcomes)
        assert isinstance(outcomes[0], Canceled)
        assert [report.requests for report in reports] == [1] * 10
        assert len(desk.book.log) == 1

    play(virtual, main)


def test_each_caller_has_a_deadline_of_his_own(virtual: Virtual) -> None:
    """The first one does not know yet; the second one does, and so may the first one then."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.mishaps = [LOST]
        first = desk.start(desk.burst([cancel()], deadline=0.3))
        second = desk.start(desk.burst([cancel()], deadline=5.0))
        early = (await first).outcomes[0]
        assert desk.loop.time() == pytest.approx(1000.3)
        assert isinstance(early, Unknown)
        late = (await second).outcomes[0]
        assert isinstance(late, Canceled)
        assert await resolve(desk.pursuits, early, deadline=1.0) is late
        assert await resolve(desk.pursuits, cancel(), deadline=1.0) is late

    play(virtual, main)


def test_the_longest_deadline_counts(virtual: Virtual) -> None:
    """A second caller with less patience does not shorten the first one's."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.connect = 0.5
        first = desk.start(desk.burst([cancel()], deadline=3.0))
        await asyncio.sleep(0)
        assert kinds((await desk.burst([cancel()], deadline=0.1)).outcomes) == [Unknown]
        assert kinds((await first).outcomes) == [Canceled]

    play(virtual, main)


# ---------------------------------------------------------------------- callers who leave


@pytest.mark.parametrize("moment", ["queued", "connecting"])
def test_what_is_not_on_the_wire_is_withdrawn(virtual: Virtual, moment: str) -> None:
    """The caller is cancelled before the first byte: nothing is ever sent, and that is kept."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        if moment == "connecting":
            desk.book.connect = 1.0
        else:
            desk.book.latencies[2] = 0.8
            desk.start(desk.burst([cancel(2)]))
            await asyncio.sleep(0.01)
        caller = desk.start(desk.burst([cancel(1)]))
        await asyncio.sleep(0.1)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        outcome = await resolve(desk.pursuits, cancel(1), deadline=1.0)
        assert isinstance(outcome, Rejected)
        assert isinstance(outcome.error, UnsentError)
        await asyncio.sleep(3)
        assert desk.book.status[1] == "NEW"
        assert desk.gate.admission.routes[0].busy == 0

    play(virtual, main, connections=1)


@pytest.mark.parametrize("moment", ["on the wire", "resolving"])
def test_what_is_on_the_wire_lives_on(virtual: Virtual, moment: str) -> None:
    """The caller leaves at once; the outcome is there for whoever asks later."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.mishaps = [] if moment == "on the wire" else [error(500, -1000)]
        desk.book.blind = [LOST]
        desk.book.latency = 0.4
        caller = desk.start(desk.burst([cancel()]))
        await asyncio.sleep(0.1)
        assert desk.book.count("DELETE") == (1 if moment == "on the wire" else 2)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert desk.loop.time() == pytest.approx(1000.1)
        outcome = await resolve(desk.pursuits, cancel(), deadline=5.0)
        assert (type(outcome), desk.book.status[1]) == (Canceled, "CANCELED")
        await asyncio.sleep(5)
        assert await resolve(desk.pursuits, cancel(), deadline=5.0) == outcome

    play(virtual, main)


def test_outcomes_that_nobody_was_told_are_kept(virtual: Virtual) -> None:
    """A burst is cancelled when half of it has landed: the report is lost, the outcomes are not."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.latencies[2] = 0.8
        caller = desk.start(desk.burst(cancels(2)))
        await asyncio.sleep(0.3)
        caller.cancel()
        await asyncio.wait({caller})
        found = [await resolve(desk.pursuits, one, deadline=3.0) for one in cancels(2)]
        assert kinds(found) == [Canceled, Canceled]
        assert desk.book.count("GET") <= 2

    play(virtual, main)


def test_who_leaves_hurts_nobody_who_stays(virtual: Virtual) -> None:
    """One of two callers is cancelled; both can learn the outcome."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.connect = 0.2
        leaves, stays = (desk.start(desk.burst([cancel()])) for _ in range(2))
        await asyncio.sleep(0.1)
        leaves.cancel()
        report = await stays
        assert kinds(report.outcomes) == [Canceled]
        assert await resolve(desk.pursuits, cancel(), deadline=1.0) is report.outcomes[0]
        assert len(desk.book.log) == 1

    play(virtual, main)


# ---------------------------------------------------------------------- deadlines


def test_the_deadline_of_what_was_never_sent_is_a_rejection(virtual: Virtual) -> None:
    """No room, or no connection: certainly nothing changed, and nothing is sent afterwards."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.mishaps = [REFUSED] * 1000
        report = await desk.burst(cancels(2), deadline=1.0)
        assert report.elapsed == pytest.approx(1.0)
        for outcome in report.outcomes:
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, UnsentError)
        await asyncio.sleep(100)
        assert desk.book.log == []

    play(virtual, main)


def test_the_deadline_of_what_only_waited_is_one_too(virtual: Virtual) -> None:
    """It never had its turn."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.latencies[1] = 0.9
        report = await desk.burst(cancels(2), deadline=0.8)
        assert kinds(report.outcomes) == [Unknown, Rejected]
        rejected = report.outcomes[1]
        assert isinstance(rejected, Rejected)
        assert isinstance(rejected.error, WaitTooLongError)
        assert rejected.attempts == 0
        assert rejected.error.wait == pytest.approx(0.8)
        await asyncio.sleep(100)
        assert desk.book.status[2] == "NEW"

    play(virtual, main, connections=1)


def test_an_unknown_outcome_is_pursued_for_a_minute(virtual: Virtual) -> None:
    """In the background; it is there then, without another request."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.mishaps = [LOST] * 3
        early = (await desk.burst([cancel()], deadline=0.5)).outcomes[0]
        assert isinstance(early, Unknown)
        assert early.since is not None
        assert early.attempts == 1
        await asyncio.sleep(LATE)
        sent = len(desk.book.log)
        outcome = await resolve(desk.pursuits, early, deadline=1.0)
        assert (type(outcome), len(desk.book.log)) == (Canceled, sent)

    play(virtual, main)


def test_after_the_minute_it_rests(virtual: Virtual) -> None:
    """Nothing more is sent, and closing tells; whoever asks again begins anew."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.mishaps = [LOST] * 100
        desk.book.blind = [LOST] * 1000
        early = (await desk.burst([cancel()], deadline=0.5)).outcomes[0]
        assert isinstance(early, Unknown)
        await asyncio.sleep(LATE + 1)
        sent = len(desk.book.log)
        assert 4 < sent < 200
        await asyncio.sleep(1000)
        assert len(desk.book.log) == sent
        assert desk.book.count("DELETE") == 4
        desk.book.blind = desk.book.mishaps = []
        assert isinstance(await resolve(desk.pursuits, early, deadline=1.0), Canceled)
        assert (await desk.close()).unresolved == ()

    play(virtual, main)


def test_whoever_asks_is_answered_soon(virtual: Virtual) -> None:
    """A pursuit that asks every ten seconds only does so at once for somebody who waits."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.mishaps = [LOST] * 3 + [SILENT]
        desk.book.blind = [LOST] * 8
        early = (await desk.burst([cancel()], deadline=0.5)).outcomes[0]
        await asyncio.sleep(9.0)
        desk.book.blind = [error(400, -2013)] * 2
        while desk.book.blind:
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.1)
        begun = desk.loop.time()
        assert isinstance(await resolve(desk.pursuits, early, deadline=5.0), Canceled)
        assert desk.loop.time() - begun < 0.3

    play(virtual, main)


# ---------------------------------------------------------------------- hedges


def test_a_slow_cancel_gets_company_once(virtual: Virtual) -> None:
    """After `hedge_after` a second one on another connection, never a third."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        desk.book.mishaps = [LOST]
        report = await desk.burst([cancel()])
        assert kinds(report.outcomes) == [Canceled]
        times = [one[0] - 1000 for one in desk.book.log]
        assert times == pytest.approx([0.0, 0.5])

    play(virtual, main)


def test_hedges_are_limited(virtual: Virtual) -> None:
    """A hundred are slow: five get company, the others are waited for."""

    async def main(desk: Desk) -> None:
        desk.book.place(*range(1, 101))
        desk.book.latency = 0.9
        report = await desk.burst(cancels(100))
        assert set(kinds(report.outcomes)) == {Canceled}
        assert desk.book.count("DELETE") == 105

    play(virtual, main, connections=200)


# ---------------------------------------------------------------------- closing


def test_closing_tells_exactly_what_is_unresolved(virtual: Virtual) -> None:
    """Cancelled, rejected, waiting, on the wire, given up before: two of them are unknown."""

    async def main(desk: Desk) -> None:
        desk.book.place(*range(1, 6))
        for number in (1, 2):
            await desk.burst([cancel(number)])
        desk.book.mishaps = [WINDOW]
        await desk.burst([cancel(3)])
        desk.book.mishaps = [LOST] * 9
        desk.book.blind = [LOST] * 99
        early = await desk.burst([cancel(4)], deadline=0.1)
        running = desk.start(desk.burst([cancel(5)]))
        await asyncio.sleep(0.2)
        begun = desk.loop.time()
        report = await desk.close(2.0)
        assert desk.loop.time() - begun == pytest.approx(2.0, abs=0.1)
        assert [one.request for one in report.unresolved] == [
            early.outcomes[0].request,
            cancel(5),
        ]
        assert kinds((await running).outcomes) == [Unknown]

    play(virtual, main)


def test_closing_waits_for_what_lands_in_time(virtual: Virtual) -> None:
    """And withdraws what was not sent."""

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        running = desk.start(desk.burst(cancels(2)))
        await asyncio.sleep(0.01)
        assert (await desk.close(5.0)).unresolved == ()
        assert desk.loop.time() < 1001
        assert kinds((await running).outcomes) == [Canceled, Rejected]
        with pytest.raises(UsageError):
            desk.pursuits.pursue(cancel(), 2000.0)

    play(virtual, main, connections=1)


def test_closing_while_a_burst_begins_rejects_the_rest(virtual: Virtual) -> None:
    """What was not even begun is an outcome too, no exception."""

    async def main(desk: Desk) -> None:
        desk.book.place(*range(1, 201))
        running = desk.start(desk.burst(cancels(200)))
        for _ in range(3):
            await asyncio.sleep(0)
        await desk.close(1.0)
        report = await running
        assert len(report.outcomes) == 200
        assert set(kinds(report.outcomes)) == {Canceled, Rejected}
        for number, outcome in enumerate(report.outcomes):
            done = desk.book.status[number + 1] == "CANCELED"
            assert done == isinstance(outcome, Canceled)

    play(virtual, main)


# ---------------------------------------------------------------------- resolve


def test_resolve_leaves_alone_what_is_known(virtual: Virtual) -> None:
    """Any outcome but an unknown one comes back as it is."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        known: list[Outcome] = [
            Canceled(cancel()),
            AlreadyGone(cancel(), "FINISHED"),
            Rejected(cancel(), UnsentError("", reason="")),
        ]
        for outcome in known:
            assert await resolve(desk.pursuits, outcome, deadline=1.0) is outcome
        parent = AlreadyGone(cancel(2), "TRIGGERED", child=Unknown(cancel(), "silence"))
        told = await resolve(desk.pursuits, parent, deadline=1.0)
        assert isinstance(told, AlreadyGone)
        assert isinstance(told.child, Canceled)

    play(virtual, main)


def test_an_unknown_of_an_earlier_client_is_asked_about_first(virtual: Virtual) -> None:
    """It was ours after all, and no second cancel was needed."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        since = desk.book.ms
        desk.book.end(1, "CANCELED")
        earlier = Unknown(cancel(), "silence", attempts=1, since=since)
        told = await resolve(desk.pursuits, earlier, deadline=1.0)
        assert isinstance(told, Canceled)
        assert (told.by, desk.book.count("DELETE")) == ("us", 0)

    play(virtual, main)


def test_an_error_of_our_own_is_no_lost_cancel(
    virtual: Virtual, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Something breaks inside the client: it is logged without values, and tried again."""

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        calls = 0

        def broken(_: object) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise KeyError("signature=secret")

        monkeypatch.setattr(Attempt, "prepare", broken)
        assert kinds((await desk.burst([cancel()])).outcomes) == [Canceled]

    play(virtual, main)
    assert "KeyError" in caplog.text
    assert "secret" not in caplog.text
