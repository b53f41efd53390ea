"""The user data stream, on an exchange in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any
from unittest import mock

import pytest

from binance_papi.api import events
from binance_papi.core.gap import Disconnected, Gap
from binance_papi.errors import AuthError, OverloadedError, UnsentError, UsageError
from binance_papi.net.websocket import Sign
from tests.net.stream_desk import DAY, Desk, play
from tests.stage import Virtual


def order(**changed: Any) -> dict[str, Any]:
    """An event about an order."""
    return {
        "e": "ALGO_UPDATE",
        "E": 1,
        "T": 1,
        "ao": {"aid": 7, "s": "BTCUSDT", "X": "CANCELED"} | changed,
    }


def test_events_come_typed_and_in_order(virtual: Virtual) -> None:
    """From the moment the stream is open to its end."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            assert [stream.connected] == [True]
            for _ in range(3):
                desk.venue.happen()
            desk.venue.emit({"e": "TRADE_LITE"})
            await asyncio.sleep(1)
            assert repr(stream) == "<UserStream connected, 4 to read>"
            assert [getattr(await anext(stream), "event_update_id", 0) for _ in range(4)] == [
                1,
                2,
                3,
                0,
            ]
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(1)
            desk.venue.emit(order())
            await asyncio.sleep(1)
        await reader
        assert [stream.connected] == [False]
        assert repr(stream) == "<UserStream closed, 0 to read>"
        assert desk.kinds() == ["AlgoUpdate"]
        assert desk.witnessed == desk.got
        assert desk.venue.log[-1][1] == "aclose"
        assert desk.venue.count("DELETE") == 0
        assert all(wire.closed_by_client for wire in desk.venue.wires)

    play(virtual, main)


def test_the_key_is_closed_when_asked_for(virtual: Virtual) -> None:
    """And only then; a failure of that is no failure of the caller's."""

    async def main(desk: Desk) -> None:
        async with desk.stream(close_listen_key=True):
            pass
        assert desk.venue.key is None
        assert desk.venue.count("DELETE") == 1
        async with desk.stream(close_listen_key=True):
            desk.venue.refuse = [OverloadedError("no")]
        assert desk.venue.count("DELETE") == 2

    play(virtual, main)


def test_a_key_is_kept_alive_for_a_day(virtual: Virtual) -> None:
    """PUT every half hour; the connection is renewed before it is cut, without a gap."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            for _ in range(int(DAY // 300) + 12):
                await asyncio.sleep(300)
                desk.venue.happen()
            await asyncio.sleep(1)
        await reader
        assert set(desk.kinds()) == {"BalanceUpdate"}
        assert len(desk.got) == desk.venue.numbers
        assert desk.venue.keys == 1
        assert 46 <= desk.venue.count("PUT") <= 50
        assert desk.venue.count("dial") == 2

    play(virtual, main)


def test_nothing_happens_for_hours(virtual: Virtual) -> None:
    """A stream without events is looked after all the same: pings, and POST every ten minutes."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(7200)
        await reader
        assert desk.got == []
        assert desk.venue.count("dial") == 1
        assert 11 <= desk.venue.count("POST") <= 13
        assert desk.venue.wires[0].pings > 60

    play(virtual, main)


def test_a_cut_connection_is_replaced_and_the_gap_told(virtual: Virtual) -> None:
    """Disconnected at once, a gap once it is back: what was missed lies inside."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(100)
            desk.venue.happen()
            await asyncio.sleep(1)
            desk.venue.wires[0].cut("gone")
            desk.venue.refuse = ["no route"]
            await asyncio.sleep(0.001)
            assert [stream.connected] == [False]
            _, missed, arrived = desk.venue.happen()
            assert not arrived
            await asyncio.sleep(5)
            assert [stream.connected] == [True]
            desk.venue.happen()
            await asyncio.sleep(1)
        await reader
        assert desk.kinds() == ["BalanceUpdate", "Disconnected", "Gap", "BalanceUpdate"]
        gone, gap = desk.got[1], desk.got[2]
        assert isinstance(gone, Disconnected)
        assert isinstance(gap, Gap)
        assert (gone.since_ms, gone.reason) == (gap.since_ms, gap.reason)
        assert gap.since_ms < missed < gap.until_ms
        assert gap.until_ms - gap.since_ms < 10_000

    play(virtual, main)


def test_a_silent_connection_is_noticed(virtual: Virtual) -> None:
    """Half-open, it answers no ping; the gap begins with its last sign of life."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            desk.venue.happen()
            await asyncio.sleep(1)
            desk.venue.wires[0].frozen = True
            _, missed, _ = desk.venue.happen()
            await asyncio.sleep(90)
            desk.venue.happen()
            await asyncio.sleep(1)
            desk.venue.wires[0].over = True
        await reader
        assert desk.kinds() == ["BalanceUpdate", "Disconnected", "Gap", "BalanceUpdate"]
        gap = desk.got[2]
        assert isinstance(gap, Gap)
        assert gap.since_ms <= missed <= gap.until_ms
        assert gap.reason == "the connection was silent"

    play(virtual, main)


@pytest.mark.parametrize("told", [True, False])
def test_a_key_that_ends_is_replaced(virtual: Virtual, told: bool) -> None:
    """The exchange tells it, or a PUT finds out, or somebody else's key is found by POST."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(1500)
            desk.venue.happen()
            await asyncio.sleep(1)
            desk.venue.key = None
            if told:
                desk.venue.emit({"e": "listenKeyExpired", "E": desk.venue.ms()}, "hush1")
            _, missed, _ = desk.venue.happen()
            await asyncio.sleep(700)
            _, _, arrived = desk.venue.happen()
            assert arrived
            await asyncio.sleep(1)
        await reader
        kinds = ["BalanceUpdate", "Disconnected", "Gap", "BalanceUpdate"]
        if told:
            kinds.insert(1, "ListenKeyExpired")
        assert desk.kinds() == kinds
        gap = next(event for event in desk.got if isinstance(event, Gap))
        assert gap.since_ms <= missed <= gap.until_ms
        assert [wire.key for wire in desk.venue.wires] == ["hush1", "hush2"]

    play(virtual, main)


def test_a_shutdown_is_forestalled(virtual: Virtual) -> None:
    """The next connection is open before the old one is cut; what comes on both comes once."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            desk.venue.emit({"event": {"e": "serverShutdown", "E": 1}})
            await asyncio.sleep(1.5)  # a young connection's end is answered after up to a second
            assert len(desk.venue.live) == 2
            for _ in range(5):
                desk.venue.happen()
            desk.venue.emit(order())
            desk.venue.emit(order())
            desk.venue.emit({"e": "serverShutdown", "E": 2})
            await asyncio.sleep(5)
            assert len(desk.venue.live) == 1
            desk.venue.happen()
            await asyncio.sleep(3)
        await reader
        kinds = [kind for kind in desk.kinds() if kind != "ServerShutdown"]
        assert kinds == ["BalanceUpdate"] * 5 + ["AlgoUpdate"] * 2 + ["BalanceUpdate"]

    play(virtual, main)


def test_a_slow_reader_is_told_what_was_dropped(virtual: Virtual) -> None:
    """Bounded, and nothing is missing without notice; evidence does not wait for the reader."""

    async def main(desk: Desk) -> None:
        async with desk.stream(max_queue=10) as stream:
            for number in range(25):
                desk.venue.emit(order(aid=number))
            await asyncio.sleep(1)
            assert len(desk.witnessed) == 25
            for _ in range(6):
                desk.got.append(await anext(stream))
            desk.venue.happen()
            await asyncio.sleep(1)
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(1)
        await reader
        assert desk.kinds() == ["AlgoUpdate"] * 10 + ["Gap", "BalanceUpdate"]
        gap = desk.got[10]
        assert isinstance(gap, Gap)
        assert gap.dropped == 15
        assert gap.since_ms < gap.until_ms

    play(virtual, main)


@pytest.mark.parametrize("code", [-2015, -1022])
def test_a_refused_key_is_told_at_once(virtual: Virtual, code: int) -> None:
    """It will not get better by itself."""

    async def main(desk: Desk) -> None:
        desk.venue.refuse = [AuthError("no", code=code)]
        with pytest.raises(AuthError):
            await desk.stream().open()
        assert desk.venue.count("POST") == 1

    play(virtual, main)


@pytest.mark.parametrize("trouble", ["no route", OverloadedError("no")])
def test_a_stream_that_does_not_come_about(virtual: Virtual, trouble: Any) -> None:
    """Tried again and again until the patience is over; says what the matter was."""

    async def main(desk: Desk) -> None:
        desk.venue.refuse = [trouble] * 100
        with pytest.raises(UnsentError, match=r"no route|OverloadedError"):
            async with desk.stream(patience=30.0):
                raise AssertionError
        assert len(desk.venue.log) > 4
        assert desk.loop.time() == pytest.approx(1030.0)

    play(virtual, main)


def test_trouble_after_the_beginning_is_outlived(virtual: Virtual) -> None:
    """Refusals, too: a key may get its rights back; meanwhile the hole grows."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(1)
            desk.venue.refuse = [AuthError("no", code=-2015)] * 4
            desk.venue.wires[0].cut()
            await asyncio.sleep(120)
            assert [stream.connected] == [True]
        await reader
        assert desk.kinds() == ["Disconnected", "Gap"]

    play(virtual, main)


def test_a_failed_keep_alive_is_tried_again(virtual: Virtual) -> None:
    """There is half an hour for it."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            for _ in range(20):
                await asyncio.sleep(100)
                desk.venue.happen()
                if desk.venue.loop.time() > 2650 and not desk.venue.count("PUT"):
                    desk.venue.refuse = [OverloadedError("no")]
        await reader
        assert set(desk.kinds()) == {"BalanceUpdate"}
        assert desk.venue.count("PUT") == 2

    play(virtual, main)


def test_used_as_it_should_not_be(virtual: Virtual) -> None:
    """Read before it is open, opened twice, with a client that may not be used."""

    async def main(desk: Desk) -> None:
        stream = desk.stream()
        with pytest.raises(UsageError, match="not open"):
            await anext(stream)
        async with stream:
            with pytest.raises(UsageError, match="once"):
                await stream.open()
            step = stream.__anext__()
            with (
                mock.patch("asyncio.get_running_loop", return_value=None),
                pytest.raises(UsageError, match="another event loop"),
            ):
                step.send(None)
        desk.usable = UsageError("another loop")
        await stream.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        other = desk.stream()
        with pytest.raises(UsageError, match="another loop"):
            await other.open()
        await other.aclose()
        with pytest.raises(UsageError, match="once"):
            await other.open()

    play(virtual, main)


@pytest.mark.parametrize("steps", range(12))
def test_cancelled_at_every_step(virtual: Virtual, steps: int) -> None:
    """Whoever opens it, or reads it, may be cancelled at any moment: nothing is left."""

    async def main(desk: Desk) -> None:
        async def use() -> None:
            async with desk.stream() as stream:
                async for _ in stream:
                    pass

        task = asyncio.create_task(use())
        for _ in range(steps):
            await asyncio.sleep(0.003)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert task.done()

    play(virtual, main)


def test_two_readers_share_the_events(virtual: Virtual) -> None:
    """Each event goes to one of them, and both see the end."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            readers = [asyncio.create_task(desk.read(stream)) for _ in range(2)]
            for _ in range(200):
                desk.venue.happen()
            await asyncio.sleep(1)
            readers[0].cancel()
            await asyncio.sleep(0)
            desk.venue.happen()
            await asyncio.sleep(1)
        await asyncio.wait(readers)
        numbers = [
            event.event_update_id for event in desk.got if isinstance(event, events.BalanceUpdate)
        ]
        assert sorted(number or 0 for number in numbers) == list(range(1, 202))

    play(virtual, main)


def test_a_gap_that_finds_no_room_is_part_of_the_next(virtual: Virtual) -> None:
    """It began long before it was dropped, and so does what is told in its place."""

    async def main(desk: Desk) -> None:
        async with desk.stream(max_queue=5) as stream:
            for _ in range(5):
                desk.venue.happen()
            await asyncio.sleep(1)
            last = desk.venue.ms()
            desk.venue.wires[0].frozen = True
            await asyncio.sleep(200)
            assert len(desk.venue.live) == 1
            desk.got += [await anext(stream) for _ in range(6)]
        assert desk.kinds() == ["BalanceUpdate"] * 5 + ["Gap"]
        gap = desk.got[5]
        assert isinstance(gap, Gap)
        assert gap.since_ms <= last
        assert gap.until_ms >= last + 70_000

    play(virtual, main)


def test_closed_by_another_task_while_it_is_opened(virtual: Virtual) -> None:
    """What was never open is not handed out as if it were."""

    async def main(desk: Desk) -> None:
        stream = desk.stream()
        opening = asyncio.create_task(stream.open())
        await asyncio.sleep(0)
        await stream.aclose()
        with pytest.raises(UsageError, match="closed"):
            await opening

    play(virtual, main)


@pytest.mark.parametrize("steps", range(6))
def test_a_close_that_is_cancelled_closes_all_the_same(virtual: Virtual, steps: int) -> None:
    """Whoever closes it again waits until it is closed."""

    async def main(desk: Desk) -> None:
        stream = await desk.stream().open()
        wire = desk.venue.wires[0]
        wire.leave = 0.005
        closing = asyncio.create_task(stream.aclose())
        for _ in range(steps):
            await asyncio.sleep(0.002 if steps > 2 else 0)
        closing.cancel()
        await asyncio.wait([closing])
        await stream.aclose()
        assert wire.closed_by_client
        assert desk.venue.count("aclose") == 1

    play(virtual, main)


def test_a_loop_that_stalls_while_two_connections_overlap(virtual: Virtual) -> None:
    """What came on both meanwhile is given once, and what came on the old one is read first."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(100)
            desk.venue.emit({"e": "serverShutdown", "E": desk.venue.ms()})
            await asyncio.sleep(0.1)
            assert len(desk.venue.live) == 2
            for _ in range(200):
                desk.venue.happen()
            virtual.loop.jump(5.0)
            await asyncio.sleep(5)
            assert len(desk.venue.live) == 1
        await reader
        kinds = [kind for kind in desk.kinds() if kind != "ServerShutdown"]
        assert kinds == ["BalanceUpdate"] * 200

    play(virtual, main)


def test_a_gap_begins_with_what_was_still_under_way(virtual: Virtual) -> None:
    """Events that come late, or are read late, tell how much more may have been on its way."""

    async def main(desk: Desk) -> None:
        async with desk.stream() as stream:
            reader = asyncio.create_task(desk.read(stream))
            await asyncio.sleep(100)
            desk.venue.happen()
            last = desk.venue.ms()
            virtual.loop.jump(8.0)
            desk.venue.wires[0].give(Sign.OF_LIFE)
            desk.venue.wires[0].cut()
            await asyncio.sleep(100)
        await reader
        assert desk.kinds() == ["BalanceUpdate", "Disconnected", "Gap"]
        for told in desk.got[1:]:
            assert isinstance(told, Gap | Disconnected)
            assert last - 10_000 < told.since_ms <= last

    play(virtual, main)
