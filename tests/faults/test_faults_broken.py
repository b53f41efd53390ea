"""Rows 6 to 14: connections that break, stay silent, drip, or are not there."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import product
from typing import Any, Self

import pytest

from binance_papi import Canceled
from binance_papi.simulator import nasty
from tests.faults.stage import FAMILIES, PATHS, Scene, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


def first_cancel(name: str, family: Any, **changes: Any) -> Any:
    """A fault that hits the first cancel of a family."""
    return nasty(name, method="DELETE", path=PATHS[family], times=1, **changes)


def resent(scene: Scene, outcome: Any) -> list[int]:
    """The timestamps of an order's cancels; no two are the same."""
    records = scene.cancels(outcome)
    stamps = [int(record.params["timestamp"]) for record in records]
    # A later one may be lower, when the clock was learned better meanwhile.
    assert len(set(stamps)) == len(stamps)
    for record, stamp in zip(records, stamps, strict=True):
        assert abs(record.time * 1000 - stamp) < 1500  # signed right before it was sent
    return stamps


def known_to_both(scene: Scene, outcome: Any) -> None:
    """What the client says it sent is what arrived: nothing is sent behind its back."""
    assert outcome.attempts == len(scene.cancels(outcome)) + len(scene.queries(outcome))


async def test_row_06_reset_before_the_request_was_read(stage: Stage) -> None:
    """Bytes may be out: found out by a retry or a query, never called rejected."""

    async def one(family: Any) -> None:
        async with stage.scene(family, faults=[first_cancel("reset_unread", family)]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert outcome.attempts >= 2
            known_to_both(scene, outcome)

    await together(one(family) for family in FAMILIES)


async def test_row_07_closed_after_reading_executed(stage: Stage) -> None:
    """The order was cancelled: by us; one cancel and a query, or a retry (-2011) and a query."""

    async def one(family: Any) -> None:
        async with stage.scene(family, faults=[first_cancel("reset_after", family)]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert outcome.by == "us"
            assert 1 <= len(scene.cancels(outcome)) <= 2
            assert len(scene.queries(outcome)) >= 1
            resent(scene, outcome)
            known_to_both(scene, outcome)

    await together(one(family) for family in FAMILIES)


async def test_row_08_closed_after_reading_not_executed(stage: Stage) -> None:
    """Sent again, signed anew: two cancels on the wire."""

    async def one(family: Any) -> None:
        async with stage.scene(
            family, latency=0.005, faults=[first_cancel("reset_before", family)]
        ) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert len(resent(scene, outcome)) == 2
            known_to_both(scene, outcome)

    await together(one(family) for family in FAMILIES)


async def test_row_09_reset_in_headers_or_body(stage: Stage) -> None:
    """A reply that breaks off proves nothing, whether it was executed or not."""
    cases: list[tuple[str, dict[str, Any]]] = [
        ("reset_headers", {"executed": True}),
        ("reset_headers", {"executed": False}),
        ("reset_body", {"executed": True}),
        ("reset_body", {"executed": False}),
        ("closed_body", {}),
    ]

    async def one(family: Any, name: str, changes: dict[str, Any]) -> None:
        fault = first_cancel(name, family, **changes)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert outcome.attempts >= 2
            assert len(resent(scene, outcome)) <= 2
            known_to_both(scene, outcome)

    await together(one(family, *case) for family, case in product(FAMILIES, cases))


async def test_row_10_no_reply(stage: Stage) -> None:
    """One hedge at most goes along; the silent attempt is cut off and counted as lost."""

    async def one(family: Any, executed: bool) -> None:
        fault = first_cancel("silent", family, executed=executed)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert len(resent(scene, outcome)) == 2
            known_to_both(scene, outcome)

    await together(one(*case) for case in product(FAMILIES, (True, False)))


async def test_row_10_no_reply_to_anything(stage: Stage) -> None:
    """Every cancel and every query stays silent: unknown at the deadline, resolved later."""

    async def one(family: Any) -> None:
        fault = nasty("silent", path=PATHS[family].rpartition("/")[0], executed=False)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one(deadline=2.0)
            assert type(outcome).__name__ == "Unknown"
            assert len(scene.cancels(outcome)) <= 4
            scene.exchange.clear_faults()
            later = await scene.papi.resolve(outcome, deadline=10.0)
            scene.keep(later)
            assert isinstance(later, Canceled)

    await together(one(family) for family in FAMILIES)


async def test_row_11_a_reply_that_drips(stage: Stage) -> None:
    """Cut at the attempt's own timeout, however often a byte comes."""

    async def one(family: Any, executed: bool) -> None:
        fault = first_cancel("drip", family, executed=executed, delay=0.05)
        async with stage.scene(family, faults=[fault]) as scene:
            began = asyncio.get_running_loop().time()
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            assert asyncio.get_running_loop().time() - began < 2.5

    await together(one(*case) for case in product(FAMILIES, (True, False)))


async def test_row_12_a_reply_after_our_timeout(stage: Stage) -> None:
    """A late 200 changes nothing any more; what it cost stays counted."""

    async def one(family: Any, executed: bool) -> None:
        fault = first_cancel("late_200", family, executed=executed, delay=1.6)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            before = repr(outcome)
            await asyncio.sleep(1.8)
            assert repr(outcome) == before
            assert await scene.papi.resolve(outcome) is outcome
            assert scene.papi.usage()[0].used >= len(scene.wire)

    await together(one(*case) for case in product(FAMILIES, (True, False)))


class Relay:
    """Stands between client and exchange, and hangs up as a request comes on an idle connection.

    Args:
        port: The exchange's port.
        hang_up: How many times it does.
    """

    def __init__(self, port: int, hang_up: int) -> None:
        self.port = 0
        self.heads: list[bytes] = []
        self._target = port
        self._left = hang_up
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0.02)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, onward}
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                if head.startswith(b"DELETE") and self._left:
                    self._left -= 1
                    break
                onward.write(head)
                reply = await there.readuntil(b"\r\n\r\n")
                size = next(
                    int(line.split(b":")[1])
                    for line in reply.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                )
                writer.write(reply + await there.readexactly(size))
        writer.close()
        onward.close()


async def test_row_13_the_keep_alive_race(stage: Stage) -> None:
    """An idle connection closes as a cancel is written: no hidden resend, and it is resolved."""

    async def one(family: Any) -> None:
        async with stage.scene(family) as scene:
            port = int(scene.exchange.base_url.rpartition(":")[2])
            async with (
                Relay(port, 1) as relay,
                stage.alone(f"http://127.0.0.1:{relay.port}") as papi,
            ):
                await papi.warm_up(1)
                (order,) = scene.seed()
                report = await papi.burst([scene.cancel(order)], deadline=10.0)
                scene.keep(report, *report.outcomes)
                (outcome,) = report.outcomes
                assert isinstance(outcome, Canceled)
                about = [head for head in relay.heads if str(order).encode() in head]
                assert len(about) == outcome.attempts >= 2
                assert len({head.split(b" ")[1] for head in about}) == len(about)

    await together(one(family) for family in FAMILIES)


async def test_row_14_a_burst_of_five_times_the_pool(stage: Stage) -> None:
    """Waiting for a connection is no timeout: every cancel goes once."""

    async def one(family: Any) -> None:
        async with stage.scene(family, latency=0.25, client={"connections": 4}) as scene:
            outcomes = await scene.burst(scene.seed(20))
            assert {type(outcome) for outcome in outcomes} == {Canceled}
            assert [outcome.attempts for outcome in outcomes] == [1] * 20
            assert scene.papi.usage()[0].in_flight == 0

    await together(one(family) for family in FAMILIES)
