"""The line on a fake session: what is sent, how often, and how its grant is settled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from binance_papi.api.general import TestConnectivity as Ping
from binance_papi.api.um import conditional
from binance_papi.core.admission import Admission
from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.events import Event, WeightRaised
from binance_papi.core.route import Route
from binance_papi.core.signing import Signer
from binance_papi.core.weight import WeightTracker
from binance_papi.errors import (
    BannedError,
    ClockError,
    OverloadedError,
    RejectedError,
    ThrottledError,
    UnknownOutcomeError,
    UnsentError,
)
from binance_papi.net.clock import Clock
from binance_papi.net.gate import Gate
from binance_papi.net.line import Line
from binance_papi.terms import RateLimit
from tests.stage import Virtual

CANCEL = conditional.CancelOrder(symbol="BTCUSDT", strategy_id=1)
OPEN = conditional.QueryAllCurrentOpenOrders(symbol="BTCUSDT")
NEW = conditional.NewOrder(
    symbol="BTCUSDT", side="BUY", strategy_type="STOP_MARKET", stop_price=1, quantity=1
)
OK = Reply(200, {}, b'{"strategyId":1,"strategyStatus":"CANCELED"}')


def error(status: int, code: int = 0, msg: str = "", **headers: str) -> Reply:
    """An error reply of the exchange."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, named, json.dumps({"code": code, "msg": msg}).encode())


class Wire:
    """A session in ten lines: plays a list of replies, the last one for ever."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.targets: list[str] = []
        self.times: list[float] = []

    def ready(self) -> None:
        """Every request goes by `send`."""

    async def send(self, _: str, target: str, *, on_written: Callable[[], None], **__: Any) -> Any:
        """Note the request, play the next reply."""
        on_written()
        self.targets.append(target)
        self.times.append(asyncio.get_running_loop().time())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return await reply() if callable(reply) else reply

    def stamps(self) -> list[str]:
        """The timestamps of all requests."""
        return [dict(parse_qsl(target.partition("?")[2]))["timestamp"] for target in self.targets]


class Desk:
    """A line with everything around it."""

    def __init__(self, wire: Wire, max_wait: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.clock = Clock(loop)
        now = self.clock.now()
        self.clock.offset.observe(1_800_000_010.0, 1_800_000_010.001, now, now)
        limit = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000)
        self.tracker = WeightTracker([limit], self.clock.offset, now, probe=False)
        orders = WeightTracker(
            [RateLimit("ORDERS", "MINUTE", 1, 100)],
            self.clock.offset,
            now,
            reserve=0.0,
            probe=False,
        )
        self.gate = Gate(Admission([Route(self.tracker, 4)], orders), self.clock, loop)
        self.events: list[Event] = []
        self.line = Line(
            self.gate,
            SimpleNamespace(sessions=(wire,)),  # type: ignore[arg-type]
            self.clock,
            Signer.hmac("s"),
            recv_window=5000,
            timeout=10,
            max_wait=max_wait,
            tell=self.events.append,
        )

    def state(self) -> tuple[int, int, int]:
        """Busy connections, weight in flight, weight charged."""
        route = self.gate.admission.routes[0]
        return route.busy, self.tracker.in_flight, self.tracker.windows[0].charged


def carry(
    virtual: Any, request: Any, *replies: Any, max_wait: float | None = None
) -> tuple[Any, Wire, Desk]:
    """Send one request against a list of replies; its result or exception, wire and desk."""

    async def main() -> tuple[Any, Wire, Desk]:
        wire = Wire(*replies)
        desk = Desk(wire, max_wait)
        try:
            result = await desk.line.send(request)
        except Exception as problem:  # noqa: BLE001 - the result under test
            result = problem
        return result, wire, desk

    outcome: tuple[Any, Wire, Desk] = virtual(main())
    assert virtual.loop.timers() == 0
    return outcome


def test_one_call_is_one_request(virtual: Virtual) -> None:
    """A success is one request, stamped, signed last, settled."""
    result, wire, desk = carry(virtual, CANCEL, OK)
    assert result.strategy_status == "CANCELED"
    assert len(wire.targets) == 1
    path, _, query = wire.targets[0].partition("?")
    assert path == "/papi/v1/um/conditional/order"
    names = [name for name, _ in parse_qsl(query)]
    assert names == ["symbol", "strategyId", "recvWindow", "timestamp", "signature"]
    assert desk.state() == (0, 0, 1)


def test_an_unsigned_call_carries_nothing(virtual: Virtual) -> None:
    """A ping has no query at all."""
    _, wire, _ = carry(virtual, Ping(), Reply(200, {}, b"{}"))
    assert wire.targets == ["/papi/v1/ping"]


def test_a_receive_window_of_its_own_is_used(virtual: Virtual) -> None:
    """The request's receive window goes before the client's."""
    request = conditional.CancelOrder(symbol="X", strategy_id=1, recv_window=1500)
    _, wire, _ = carry(virtual, request, OK)
    assert "recvWindow=1500" in wire.targets[0]


@pytest.mark.parametrize(
    ("replies", "requests", "expected"),
    [
        ([Unsent("refused"), OK], 2, None),
        ([Unsent("refused")], 4, UnsentError),
        ([error(400, -1021), OK], 2, None),
        ([error(400, -1021)], 3, ClockError),
        ([error(503, -1000, "Service Unavailable."), OK], 2, None),
        ([error(503, -1008, "Request throttled")], 4, OverloadedError),
        ([error(429, -1003, retry_after="7"), OK], 2, None),
        ([error(429, -1003, retry_after="7")], 4, ThrottledError),
        ([error(503, -1000, "Unknown error, please check your request")], 1, UnknownOutcomeError),
        ([error(408, -1007)], 1, UnknownOutcomeError),
        ([Unanswered("silence")], 1, UnknownOutcomeError),
        ([Reply(200, {}, b"<html>")], 1, UnknownOutcomeError),
        ([error(400, -1102)], 1, RejectedError),
        ([error(418, -1003, "banned until 1800000300000")], 1, BannedError),
    ],
)
def test_what_is_sent_again_and_what_is_not(
    virtual: Virtual, replies: list[Any], requests: int, expected: Any
) -> None:
    """Only what certainly had no effect is sent again, each time stamped anew."""
    result, wire, desk = carry(virtual, CANCEL, *replies)
    if expected is None:
        assert result.strategy_id == 1
    else:
        assert type(result) is expected
        assert result.request == CANCEL
    assert len(wire.targets) == requests
    busy, in_flight, _ = desk.state()
    assert (busy, in_flight) == (0, 0)


def test_each_resend_is_stamped_anew(virtual: Virtual) -> None:
    """The wait before a resend shows in its timestamp."""
    unavailable = error(503, -1000, "Service Unavailable.")
    _, wire, _ = carry(virtual, CANCEL, unavailable, unavailable, OK)
    first, second, third = map(int, wire.stamps())
    assert 100 <= second - first <= 201
    assert 200 <= third - second <= 401


def test_a_429_is_waited_out_by_everybody(virtual: Virtual) -> None:
    """After Retry-After 7 the same call goes again, 7 s later and not before."""
    _, wire, _ = carry(virtual, CANCEL, error(429, -1003, retry_after="7"), OK)
    assert wire.times[1] - wire.times[0] == pytest.approx(7, abs=0.01)


def test_a_429_beyond_the_allowed_wait_is_reported(virtual: Virtual) -> None:
    """A call that may not wait that long tells what the exchange said."""
    refusal = error(429, -1003, "too much", retry_after="30")
    result, wire, _ = carry(virtual, CANCEL, refusal, max_wait=5.0)
    assert (type(result), result.retry_after, len(wire.targets)) == (ThrottledError, 30.0, 1)


def test_too_many_orders_holds_up_placements_only(virtual: Virtual) -> None:
    """-1015 freezes the account's order count; cancels go on."""

    async def main() -> tuple[float, float]:
        placed = Reply(200, {}, b'{"strategyId":2,"strategyStatus":"NEW"}')
        wire = Wire(error(429, -1015, retry_after="9"), OK, placed)
        desk = Desk(wire)
        placing = asyncio.create_task(desk.line.send(NEW))
        await asyncio.sleep(0.5)
        await desk.line.send(CANCEL)
        await placing
        return wire.times[1] - wire.times[0], wire.times[2] - wire.times[0]

    cancelled, placed_again = virtual(main())
    assert cancelled == pytest.approx(0.5)
    assert placed_again == pytest.approx(9.0, abs=0.01)


def test_too_many_orders_told_to_a_cancel_is_silence_for_the_address(virtual: Virtual) -> None:
    """A -1015 that answers a cancel is obeyed like any 429."""
    _, wire, _ = carry(virtual, CANCEL, error(429, -1015, retry_after="9"), OK)
    assert wire.times[1] - wire.times[0] == pytest.approx(9.0, abs=0.01)


def test_what_was_held_back_is_not_counted_as_a_resend(virtual: Virtual) -> None:
    """However often silence meets a request between connecting and writing, it goes in the end."""
    held = [Unsent("held", held=True)] * 10
    result, wire, desk = carry(virtual, CANCEL, *held, OK)
    assert (result.strategy_id, len(wire.targets)) == (1, 11)
    assert desk.state() == (0, 0, 1)


def test_a_read_may_be_repeated_after_silence(virtual: Virtual) -> None:
    """A query changes nothing, so it is sent again where a cancel is not."""
    result, wire, _ = carry(virtual, OPEN, Unanswered("silence"), Reply(200, {}, b"[]"))
    assert (result, len(wire.targets)) == ([], 2)


def test_a_placement_is_never_repeated_after_silence(virtual: Virtual) -> None:
    """An order that may have been placed is not placed again."""
    result, wire, _ = carry(virtual, NEW, Unanswered("silence"), OK)
    assert (type(result), len(wire.targets)) == (UnknownOutcomeError, 1)


def test_what_never_left_is_charged_nothing_and_what_may_have_stays_charged(
    virtual: Virtual,
) -> None:
    """Unsent is refunded; unanswered is not."""
    _, _, desk = carry(virtual, CANCEL, Unsent("refused"))
    assert desk.state() == (0, 0, 0)
    _, _, desk = carry(virtual, CANCEL, Unanswered("silence"))
    assert desk.state() == (0, 0, 1)


@pytest.mark.parametrize("moment", ["queued", "on the wire", "before the resend"])
def test_a_cancel_at_every_await_settles_the_grant(virtual: Virtual, moment: str) -> None:
    """Wherever the caller is cancelled, nothing stays in flight and no timer is left."""

    async def forever() -> None:
        await asyncio.Event().wait()

    async def main() -> tuple[int, int, int]:
        reply: Callable[[], Any] | Reply = forever
        if moment == "before the resend":
            reply = error(503, -1000, "Service Unavailable.")
        desk = Desk(Wire(reply))
        others = []
        if moment == "queued":
            others = [asyncio.create_task(desk.line.send(CANCEL)) for _ in range(4)]
            await asyncio.sleep(0)
        task = asyncio.create_task(desk.line.send(CANCEL))
        await asyncio.sleep(0.05)
        for one in (task, *others):
            one.cancel()
        results = await asyncio.gather(task, *others, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        assert desk.gate.admission.waiting() == 0
        return desk.state()

    busy, in_flight, charged = virtual(main())
    assert (busy, in_flight) == (0, 0)
    assert charged == {"queued": 4, "on the wire": 1, "before the resend": 1}[moment]
    assert virtual.loop.timers() == 0


def test_a_weight_that_was_raised_overnight_is_noticed(virtual: Virtual) -> None:
    """Three requests alone that each cost 4 more: from then on the endpoint is charged 5."""

    async def main() -> tuple[list[Event], int]:
        used = 0

        async def reply() -> Reply:
            nonlocal used
            used += 5
            return Reply(200, {"x-mbx-used-weight-1m": str(used)}, OK.body)

        desk = Desk(Wire(reply))
        for _ in range(3):
            await desk.line.send(CANCEL)
        before = desk.tracker.windows[0].charged
        await desk.line.send(CANCEL)
        return desk.events, desk.tracker.windows[0].charged - before

    events, charged = virtual(main())
    path = "/papi/v1/um/conditional/order"
    assert events == [WeightRaised("DELETE", path, declared=1, weight=5)]
    assert charged == 5


def test_an_exception_shows_no_signature_and_no_chain(virtual: Virtual) -> None:
    """Neither text, attributes nor the chain of an exception hold the signed query."""
    result, wire, _ = carry(virtual, CANCEL, error(400, -1102, "bad"))
    signature = dict(parse_qsl(wire.targets[0]))["signature"]
    assert signature not in repr(result) + str(result) + repr(vars(result))
    assert (result.__cause__, result.__context__) == (None, None)
