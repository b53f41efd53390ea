"""Placings in virtual time: who waits, who leaves, what lives on, and never two orders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest

from binance_papi.api.um import orders
from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.outcome import MaybePlaced, NotPlaced, Placed, Placement
from binance_papi.core.place import with_client_id
from binance_papi.errors import (
    BannedError,
    InvalidRequestError,
    NotOpenError,
    OverloadedError,
    UnsentError,
    UsageError,
    WaitTooLongError,
)
from binance_papi.net.placing import Placings
from binance_papi.net.pursuit import LATE
from binance_papi.place import place, resolve
from tests.net.burst_desk import LOST, REFUSED, SILENT, Desk, error
from tests.stage import Virtual

T = TypeVar("T")

BUSY = error(503, -1008)


def order(own: str | None = "mine", **more: Any) -> orders.NewOrder:
    """One placement."""
    return orders.NewOrder(
        symbol="BTCUSDT", side="BUY", type="MARKET", quantity=1, new_client_order_id=own, **more
    )


class Shop:
    """Takes orders, as a session that exists in virtual time only.

    ``mishaps`` are played for placements, one after the other.
    """

    def __init__(self) -> None:
        self.placed: dict[str, int] = {}
        self.times: dict[str, int] = {}
        self.log: list[tuple[float, str, dict[str, str]]] = []
        self.connect = 0.0
        self.latency = 0.05
        self.mishaps: list[Any] = []
        self.hidden = False

    def count(self, method: str) -> int:
        """How many requests of that kind were written."""
        return sum(one[1] == method for one in self.log)

    def ready(self) -> None:
        """Every request goes by `send`."""

    async def send(
        self, method: str, target: str, *, patience: float, on_written: Any, **_: Any
    ) -> Reply | Unsent | Unanswered:
        """As a session sends."""
        mishap = self.mishaps.pop(0) if method == "POST" and self.mishaps else None
        if self.connect:
            await asyncio.sleep(self.connect)
        if mishap == REFUSED:
            return Unsent("refused")
        on_written()
        params = dict(parse_qsl(target.partition("?")[2]))
        self.log.append((asyncio.get_running_loop().time(), method, params))
        try:
            async with asyncio.timeout(patience):
                return await self._answer(mishap, method, params)
        except TimeoutError:
            return Unanswered(f"no reply within {patience:g} s")

    async def _answer(self, mishap: Any, method: str, params: dict[str, str]) -> Reply:
        await asyncio.sleep(self.latency)
        if isinstance(mishap, Reply):
            return mishap
        own = params.get("newClientOrderId") or params.get("origClientOrderId", "")
        if mishap == LOST:
            await asyncio.Event().wait()
        if method == "POST":
            self.placed[own] = self.placed.get(own, 0) + 1
            self.times[own] = int(params["timestamp"])
        if mishap == SILENT:
            await asyncio.Event().wait()
        if "origClientOrderId" not in params and method == "GET":
            rows = [self._show(one) for one in self.placed if not self.hidden]
            return Reply(200, {}, json.dumps(rows).encode())
        if own not in self.placed or (self.hidden and method == "GET"):
            return error(400, -2013)
        return Reply(200, {}, json.dumps(self._show(own)).encode())

    def _show(self, own: str) -> dict[str, Any]:
        shown = {"orderId": 7, "clientOrderId": own, "symbol": "BTCUSDT", "status": "NEW"}
        return {**shown, "time": self.times[own]}


class Counter:
    """Placings in front of a shop, in virtual time."""

    def __init__(self, connections: int = 64) -> None:
        self.desk = Desk(connections=connections)
        self.shop = Shop()
        pool: Any = self.desk.pursuits.line._pool
        pool.sessions = (self.shop,)
        self.placings = Placings(self.desk.pursuits)
        self.loop = self.desk.loop

    async def place(self, request: Any = None, deadline: float = 10.0) -> Placement:
        """As `PapiClient.place`."""
        return await place(self.placings, request or order(), deadline=deadline)

    def start(self, deadline: float = 10.0) -> asyncio.Task[Placement]:
        """Let a task do it."""
        return self.loop.create_task(self.place(deadline=deadline))

    async def ask(self, what: Any = None, deadline: float = 10.0) -> Placement:
        """As `PapiClient.resolve`."""
        return await resolve(self.placings, what or order(), deadline=deadline)


def play(
    virtual: Virtual, main: Callable[[Counter], Coroutine[Any, Any, T]], connections: int = 64
) -> T:
    """Run a scene and close: no task, timer or grant is left, and nothing was placed twice."""

    async def scene() -> T:
        counter = Counter(connections)
        result = await main(counter)
        await counter.placings.close(0.0)
        await counter.desk.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert counter.desk.gate.admission.waiting() == 0
        assert counter.desk.gate.admission.routes[0].busy == 0
        assert set(counter.shop.placed.values()) <= {1}
        return result

    result = virtual(scene())
    assert virtual.loop.timers() == 0
    return result


# ---------------------------------------------------------------------- one caller


def test_an_order_is_placed(virtual: Virtual) -> None:
    """One request on the wire, with an id that was made up."""

    async def main(counter: Counter) -> None:
        outcome = await counter.place(order(None))
        assert isinstance(outcome, Placed)
        assert (outcome.by, outcome.attempts, outcome.order_id) == ("reply", 1, 7)
        assert outcome.cancel() == orders.CancelOrder(symbol="BTCUSDT", order_id=7)
        own = outcome.request.client_id()
        assert list(counter.shop.placed) == [own]

    play(virtual, main)


def test_a_lost_reply_is_found_by_a_query(virtual: Virtual) -> None:
    """The request is not sent again."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [SILENT]
        outcome = await counter.place()
        assert isinstance(outcome, Placed)
        assert (outcome.by, outcome.attempts, outcome.queries) == ("query", 2, 1)
        assert counter.shop.count("POST") == 1

    play(virtual, main)


def test_a_lost_request_is_not_placed_once_that_is_proven(virtual: Virtual) -> None:
    """Nobody can say at the deadline; later it is known, and kept for who asks."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [LOST]
        first = await counter.place()
        assert counter.loop.time() == pytest.approx(1010.0)
        assert isinstance(first, MaybePlaced)
        outcome = await counter.ask(first, deadline=60.0)
        assert isinstance(outcome, NotPlaced)
        assert isinstance(outcome.error, NotOpenError)
        assert counter.loop.time() < 1050
        assert counter.shop.count("POST") == 1
        assert await counter.ask(outcome) is outcome

    play(virtual, main)


def test_what_had_no_effect_is_sent_again(virtual: Virtual) -> None:
    """With the same id and a timestamp of its own."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [BUSY, REFUSED]
        outcome = await counter.place()
        assert isinstance(outcome, Placed)
        (_, _, first), (_, _, second) = counter.shop.log
        assert first["newClientOrderId"] == second["newClientOrderId"]
        assert first["timestamp"] < second["timestamp"]

    play(virtual, main)


def test_nothing_is_placed_after_the_deadline(virtual: Virtual) -> None:
    """A connection that comes about too late carries nothing."""

    async def main(counter: Counter) -> None:
        counter.shop.connect = 2.0
        outcome = await counter.place(deadline=1.0)
        assert counter.loop.time() == pytest.approx(1001.0)
        assert isinstance(outcome, NotPlaced)
        assert isinstance(outcome.error, WaitTooLongError)
        assert outcome.error.request == order()
        await asyncio.sleep(5)
        assert counter.shop.log == []

    play(virtual, main)


def test_an_attempt_at_the_deadline_is_the_last_one(virtual: Virtual) -> None:
    """It is refused later: it was not placed, and that is kept."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [BUSY]
        counter.shop.latency = 0.5
        assert isinstance(await counter.place(deadline=0.3), MaybePlaced)
        await asyncio.sleep(5)
        outcome = await counter.ask()
        assert isinstance(outcome, NotPlaced)
        assert isinstance(outcome.error, OverloadedError)
        assert counter.shop.count("POST") == 1

    play(virtual, main)


def test_a_wait_that_is_too_long_is_not_begun(virtual: Virtual) -> None:
    """A hundred orders a minute: of more it is known at once that they would come too late."""

    async def main(counter: Counter) -> None:
        await asyncio.gather(*(counter.place(order(None)) for _ in range(101)))
        began, written = counter.loop.time(), counter.shop.count("POST")
        outcome = await counter.place(order(None))
        assert isinstance(outcome, NotPlaced)
        assert isinstance(outcome.error, WaitTooLongError)
        assert outcome.error.request == outcome.request
        assert counter.loop.time() == began
        assert counter.shop.count("POST") == written <= 100

    play(virtual, main)


def test_a_ban_is_told_at_once(virtual: Virtual) -> None:
    """By the exchange, then by the client itself."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [error(418, -1003)]
        for _ in range(2):
            outcome = await counter.place()
            assert isinstance(outcome, NotPlaced)
            assert isinstance(outcome.error, BannedError)
        assert len(counter.shop.log) == 1

    play(virtual, main)


def test_an_error_inside_the_client_places_nothing(virtual: Virtual) -> None:
    """What raises before it was written is tried again; afterwards it is doubt."""

    async def main(counter: Counter) -> None:
        send = counter.shop.send
        raised: list[bool] = []

        async def fail(*args: Any, on_written: Any, **more: Any) -> Any:
            if not raised:
                raised.append(True)
                raise ZeroDivisionError
            return await send(*args, on_written=on_written, **more)

        counter.shop.send = fail  # type: ignore[method-assign]
        assert isinstance(await counter.place(), Placed)

    play(virtual, main)


def test_a_loop_that_stalls_is_given_time_to_read(virtual: Virtual) -> None:
    """The reply is in the socket when the deadline rings late."""

    async def main(counter: Counter) -> None:
        counter.shop.latency = 0.35
        caller = counter.start(deadline=0.3)
        await asyncio.sleep(0.2)
        counter.loop.jump(0.4)  # type: ignore[attr-defined]
        assert isinstance(await caller, Placed)

    play(virtual, main)


# ---------------------------------------------------------------------- several callers


def test_the_same_request_is_placed_once(virtual: Virtual) -> None:
    """Callers who place it at the same time share the outcome."""

    async def main(counter: Counter) -> None:
        outcomes = await asyncio.gather(*(counter.place() for _ in range(100)))
        assert all(one is outcomes[0] for one in outcomes)
        assert len(counter.shop.log) == 1

    play(virtual, main)


def test_another_order_with_the_same_id_is_refused(virtual: Virtual) -> None:
    """It would be told the other one's outcome."""

    async def main(counter: Counter) -> None:
        first = counter.start()
        await asyncio.sleep(0)
        with pytest.raises(InvalidRequestError, match="another order with this id"):
            await counter.place(order(reduce_only=True))
        assert isinstance(await first, Placed)

    play(virtual, main)


def test_each_caller_has_a_deadline_of_his_own(virtual: Virtual) -> None:
    """It is placed until the last of them."""

    async def main(counter: Counter) -> None:
        counter.shop.connect = 0.5
        first = counter.start(deadline=0.2)
        second = counter.start(deadline=3.0)
        early = await first
        assert isinstance(early, MaybePlaced)
        assert counter.loop.time() == pytest.approx(1000.2)
        late = await second
        assert isinstance(late, Placed)
        assert await counter.ask(early) is late

    play(virtual, main)


def test_who_waits_longer_is_served(virtual: Virtual) -> None:
    """The first caller's patience for a connection is over before the second one's."""

    async def main(counter: Counter) -> None:
        counter.shop.latency = 0.5
        busy = counter.loop.create_task(counter.place(order("other")))
        await asyncio.sleep(0)
        first = counter.start(deadline=0.2)
        await asyncio.sleep(0.1)
        second = counter.start(deadline=3.0)
        assert isinstance(await first, MaybePlaced)
        assert isinstance(await second, Placed)
        assert isinstance(await busy, Placed)

    play(virtual, main, connections=1)


def test_who_only_asks_does_not_prolong_the_placing(virtual: Virtual) -> None:
    """After the deadline nothing is placed, though somebody still waits."""

    async def main(counter: Counter) -> None:
        counter.shop.connect = 2.0
        caller = counter.start(deadline=1.0)
        await asyncio.sleep(0.1)
        asked = counter.loop.create_task(counter.ask(deadline=20.0))
        assert isinstance(await caller, NotPlaced)
        assert await asked is await caller
        await asyncio.sleep(5)
        assert counter.shop.log == []

    play(virtual, main)


# ---------------------------------------------------------------------- callers who leave


def test_what_is_not_on_the_wire_is_withdrawn(virtual: Virtual) -> None:
    """The caller is cancelled before the first byte: nothing is ever sent, and that is kept."""

    async def main(counter: Counter) -> None:
        counter.shop.connect = 1.0
        caller = counter.start()
        await asyncio.sleep(0.1)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        outcome = await counter.ask()
        assert isinstance(outcome, NotPlaced)
        assert isinstance(outcome.error, UnsentError)
        await asyncio.sleep(3)
        assert counter.shop.log == []

    play(virtual, main)


@pytest.mark.parametrize("mishap", [None, SILENT, LOST, BUSY])
def test_what_is_on_the_wire_lives_on(virtual: Virtual, mishap: Any) -> None:
    """Its outcome can be asked for, and nothing more is sent to place it."""

    async def main(counter: Counter) -> Placement:
        counter.shop.mishaps = [mishap]
        caller = counter.start()
        await asyncio.sleep(0.02)
        assert counter.shop.count("POST") == 1
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        outcome = await counter.ask(deadline=LATE)
        assert counter.shop.count("POST") == 1
        return outcome

    expected = Placed if mishap in (None, SILENT) else NotPlaced
    assert isinstance(play(virtual, main), expected)


def test_one_of_two_callers_leaves(virtual: Virtual) -> None:
    """The other one is served."""

    async def main(counter: Counter) -> None:
        counter.shop.connect = 0.5
        first, second = counter.start(), counter.start()
        await asyncio.sleep(0.1)
        first.cancel()
        assert isinstance(await second, Placed)

    play(virtual, main)


def test_who_leaves_as_the_outcome_comes_can_ask_for_it(virtual: Virtual) -> None:
    """It is kept, whatever came first in that turn of the loop."""

    async def main(counter: Counter) -> None:
        caller = counter.start()
        await asyncio.sleep(0)
        placing = counter.placings.running(order())
        assert placing is not None
        placing.done.add_done_callback(lambda _: caller.cancel())
        with pytest.raises(asyncio.CancelledError):
            await caller
        before = len(counter.shop.log)
        assert isinstance(await counter.ask(), Placed)
        assert len(counter.shop.log) == before

    play(virtual, main)


def test_nobody_asks_for_ever(virtual: Virtual) -> None:
    """A minute after the last caller it ends unknown, and may be asked about again."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [SILENT]
        counter.shop.hidden = True
        counter.shop.send, send = _failing(counter), counter.shop.send  # type: ignore[method-assign]
        assert isinstance(await counter.place(deadline=2.0), MaybePlaced)
        await asyncio.sleep(LATE + 1)
        assert counter.placings.running(order()) is None
        counter.shop.send, counter.shop.hidden = send, False  # type: ignore[method-assign]
        outcome = await counter.ask()
        assert isinstance(outcome, Placed)
        assert counter.shop.count("POST") == 1

    play(virtual, main)


def test_placing_again_what_is_not_known_only_asks(virtual: Virtual) -> None:
    """While it is still asked about, and when that has ended; a new order comes after that."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [LOST]
        counter.shop.send, send = _failing(counter), counter.shop.send  # type: ignore[method-assign]
        for pause in (0.0, 0.0, LATE + 1):
            assert isinstance(await counter.place(deadline=2.0), MaybePlaced)
            await asyncio.sleep(pause)
        assert isinstance(counter.placings.kept(order()), MaybePlaced)
        counter.shop.send = send  # type: ignore[method-assign]
        assert isinstance(await counter.place(deadline=2.0), MaybePlaced)
        assert isinstance(await counter.place(deadline=60.0), NotPlaced)
        assert counter.shop.count("POST") == 1
        assert isinstance(await counter.place(), Placed)

    play(virtual, main)


def test_placing_again_what_was_placed_meanwhile_finds_it(virtual: Virtual) -> None:
    """Whoever gave up waiting is told; the same request once more is a new order's."""

    async def main(counter: Counter) -> None:
        caller = counter.start()
        await asyncio.sleep(0.01)
        caller.cancel()
        await asyncio.sleep(1.0)
        assert isinstance(counter.placings.kept(order()), Placed)
        assert isinstance(await counter.place(), Placed)
        assert counter.shop.count("POST") == 1
        assert counter.placings.kept(order()) is None

    play(virtual, main)


@pytest.mark.parametrize("ended", [False, True])
def test_another_order_with_an_id_of_which_nothing_is_known(virtual: Virtual, ended: bool) -> None:
    """What is found by that id may be the earlier one, so neither is placed nor asked for."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [SILENT]
        counter.shop.send = _failing(counter)  # type: ignore[method-assign]
        assert isinstance(await counter.place(deadline=2.0), MaybePlaced)
        await asyncio.sleep((LATE + 1) * ended)
        other = order(reduce_only=True)
        with pytest.raises(InvalidRequestError, match="another order with this id"):
            await counter.place(other)
        with pytest.raises(InvalidRequestError, match="another order with this id"):
            await counter.ask(other)
        assert counter.shop.count("POST") == 1

    play(virtual, main)


def _failing(counter: Counter) -> Any:
    """A session whose queries never get an answer."""
    send = counter.shop.send

    async def one(method: str, *args: Any, on_written: Any, **more: Any) -> Any:
        if method == "GET":
            on_written()
            return Unanswered("silence")
        return await send(method, *args, on_written=on_written, **more)

    return one


# ---------------------------------------------------------------------- asking, closing


def test_an_earlier_process_is_asked_about(virtual: Virtual) -> None:
    """Nothing is known of it here: queries tell, and nothing is placed."""

    async def main(counter: Counter) -> None:
        counter.shop.placed["mine"], counter.shop.times["mine"] = 1, 1
        outcome = await counter.ask(with_client_id(order()))
        assert isinstance(outcome, Placed)
        absent = await counter.ask(order("theirs"), deadline=100.0)
        assert isinstance(absent, NotPlaced)
        assert counter.shop.count("POST") == 0

    play(virtual, main)


def test_an_event_ends_it(virtual: Virtual) -> None:
    """The stream is quicker than the queries."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [LOST]
        caller = counter.start()
        await asyncio.sleep(0.5)
        placing = counter.placings.running(order())
        assert placing is not None
        placing.see(orders.Order(order_id=8, client_order_id="yours"))
        shown = orders.Order(order_id=7, client_order_id="mine", time=2**52)
        placing.see(shown)
        outcome = await caller
        assert isinstance(outcome, Placed)
        assert (outcome.by, outcome.order) == ("event", shown)
        assert len(counter.shop.log) == 1

    play(virtual, main)


def test_what_can_not_be_right_is_refused(virtual: Virtual) -> None:
    """Before anything is sent."""

    async def main(counter: Counter) -> None:
        with pytest.raises(InvalidRequestError, match="not CancelOrder"):
            await counter.place(orders.CancelOrder(symbol="BTCUSDT", order_id=7))
        for wrong in (0, -1, float("inf"), float("nan"), "1"):
            with pytest.raises(InvalidRequestError, match="deadline"):
                await counter.place(deadline=wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidRequestError, match="id of your own"):
            await counter.ask(order(None))
        assert counter.shop.log == []

    play(virtual, main)


def test_closing_withdraws_what_is_queued(virtual: Virtual) -> None:
    """And lists what nobody can say."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [LOST]
        lost = counter.start()
        await asyncio.sleep(0.02)
        counter.shop.connect = 1.0
        queued = counter.loop.create_task(counter.place(order("other")))
        await asyncio.sleep(0.02)
        (unknown,) = await counter.placings.close(0.5)
        assert unknown is await lost
        assert isinstance(unknown, MaybePlaced)
        outcome = await queued
        assert isinstance(outcome, NotPlaced)
        assert isinstance(outcome.error, UnsentError)
        with pytest.raises(UsageError):
            await counter.place()

    play(virtual, main)


def test_closing_waits_for_what_is_on_the_wire(virtual: Virtual) -> None:
    """As long as it was given."""

    async def main(counter: Counter) -> None:
        caller = counter.start()
        await asyncio.sleep(0.02)
        assert await counter.placings.close(5.0) == ()
        assert counter.loop.time() < 1000.2
        assert isinstance(await caller, Placed)

    play(virtual, main)


def test_closing_lists_what_was_unknown_before(virtual: Virtual) -> None:
    """Whoever opens a client next can ask about it."""

    async def main(counter: Counter) -> None:
        counter.shop.mishaps = [LOST]
        counter.shop.send = _failing(counter)  # type: ignore[method-assign]
        unknown = await counter.place(deadline=2.0)
        assert isinstance(unknown, MaybePlaced)
        (listed,) = await counter.placings.close(0.0)
        assert listed.since == unknown.since

    play(virtual, main)
