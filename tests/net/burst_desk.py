"""A book of orders behind a session that exists in virtual time only, and a desk in front of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from binance_papi.api.um import conditional, orders
from binance_papi.burst import Burst
from binance_papi.core.admission import Admission
from binance_papi.core.answer import Reply, Unanswered, Unsent
from binance_papi.core.outcome import BurstReport
from binance_papi.core.route import Route
from binance_papi.core.signing import Signer
from binance_papi.core.weight import WeightTracker
from binance_papi.net.clock import Clock
from binance_papi.net.gate import Gate
from binance_papi.net.journal import Journal
from binance_papi.net.line import Line
from binance_papi.net.pursuits import Pursuits
from binance_papi.terms import RateLimit
from tests.stage import Virtual

T = TypeVar("T")

LOST = "lost"
"""It does not arrive, and nobody answers."""
SILENT = "silent"
"""It is executed, and nobody answers."""
REFUSED = "refused"
"""No connection comes about."""
WINDOW = "window"
"""-1102: refused for good."""


def cancel(number: int = 1) -> conditional.CancelOrder:
    """A cancel of one order of the book."""
    return conditional.CancelOrder(symbol="BTCUSDT", strategy_id=number)


def cancels(count: int) -> list[conditional.CancelOrder]:
    """Cancels of orders 1, 2 and so on."""
    return [cancel(number + 1) for number in range(count)]


def plain(number: int) -> orders.CancelOrder:
    """A cancel of one plain order of the book."""
    return orders.CancelOrder(symbol="BTCUSDT", order_id=number)


class Book:
    """The orders, and the wire to them.

    Every request takes ``connect`` seconds until it is written and ``latency`` until its reply.
    ``mishaps`` are played for the cancels of one order each, one after the other; so are ``blind``
    for queries, whichever they are about.
    """

    def __init__(self) -> None:
        self.status: dict[int, str] = {}
        self.updated: dict[int, int] = {}
        self.children: dict[int, int] = {}
        self.connect = 0.0
        self.latency = 0.05
        self.latencies: dict[int, float] = {}
        self.mishaps: list[Any] = []
        self.blind: list[Any] = []
        self.log: list[tuple[float, str, str, dict[str, str]]] = []
        self.wires: dict[str, int] = {}
        self.most = 0

    def place(self, *numbers: int) -> None:
        """Open orders."""
        for number in numbers:
            self.status[number] = "NEW"
            self.updated[number] = 1_700_000_000_000

    @property
    def ms(self) -> int:
        """Exchange time."""
        return 1_800_000_010_000 + round((asyncio.get_running_loop().time() - 1000) * 1000)

    def count(self, method: str) -> int:
        """How many requests of that kind were written."""
        return sum(one[1] == method for one in self.log)

    def ready(self) -> None:
        """Every request goes by `send`."""

    async def send(
        self, method: str, target: str, *, patience: float, on_written: Any, **_: Any
    ) -> Reply | Unsent | Unanswered:
        """As a session sends."""
        path, _mark, query = target.partition("?")
        params = dict(parse_qsl(query))
        played = self.mishaps if method == "DELETE" else self.blind
        mishap = played.pop(0) if played else None
        if self.connect:
            await asyncio.sleep(self.connect)
        if mishap == REFUSED:
            return Unsent("refused")
        on_written()
        self.log.append((asyncio.get_running_loop().time(), method, path, params))
        key = params.get("strategyId", params.get("orderId", "")) if method == "DELETE" else ""
        self.wires[key] = self.wires.get(key, 0) + 1
        self.most = max(self.most, self.wires[key] if key else 0)
        try:
            async with asyncio.timeout(patience):
                return await self._answer(mishap, method, path, params)
        except TimeoutError:
            return Unanswered(f"no reply within {patience:g} s")
        finally:
            self.wires[key] -= 1

    async def _answer(self, mishap: Any, method: str, path: str, params: dict[str, str]) -> Reply:
        if isinstance(mishap, Reply):
            return mishap
        if mishap == WINDOW:
            return error(400, -1102)
        number = int(params.get("strategyId") or params.get("orderId") or 0)
        await asyncio.sleep(self.latencies.get(number, self.latency) / 2)
        reply = (
            None if mishap == LOST else self._do(method, path.rpartition("/papi/v1/")[2], number)
        )
        if mishap in (LOST, SILENT) or reply is None:
            await asyncio.Event().wait()
        await asyncio.sleep(self.latencies.get(number, self.latency) / 2)
        assert reply is not None
        return reply

    def _do(self, method: str, path: str, number: int) -> Reply:
        every = self._do_for_all(method, path)
        if every is not None:
            return every
        status = self.status.get(number)
        if method == "DELETE":
            if status != "NEW":
                return error(400, -2011)
            self.end(number, "CANCELED")
        elif (
            status is None
            or (path == "um/conditional/openOrder" and status != "NEW")
            or (path == "um/conditional/orderHistory" and status == "NEW")
        ):
            return error(400, -2013)
        return Reply(200, {}, json.dumps(self.show(number)).encode())

    def _do_for_all(self, method: str, path: str) -> Reply | None:
        ids = [one for one in self.status if one not in self.children.values()]
        if path == "um/conditional/allOpenOrders":
            assert method == "DELETE"
            for one in ids:
                if self.status[one] == "NEW":
                    self.end(one, "CANCELED")
            return Reply(200, {}, b'{"code":"200","msg":"done"}')
        if path == "um/conditional/openOrders":
            ids = [one for one in ids if self.status[one] == "NEW"]
        elif path != "um/conditional/allOrders":
            return None
        return Reply(200, {}, json.dumps([self.show(one) for one in ids]).encode())

    def end(self, number: int, status: str) -> None:
        """Something happens to an order, now."""
        self.status[number] = status
        self.updated[number] = self.ms

    def show(self, number: int) -> dict[str, Any]:
        """An order as either family shows it."""
        shown: dict[str, Any] = {"updateTime": self.updated[number], "symbol": "BTCUSDT"}
        if number in self.children.values():
            return {**shown, "orderId": number, "status": self.status[number]}
        if number in self.children:
            shown["orderId"] = self.children[number]
        return {**shown, "strategyId": number, "strategyStatus": self.status[number]}


def error(status: int, code: int) -> Reply:
    """An error of the exchange."""
    return Reply(status, {}, json.dumps({"code": code, "msg": ""}).encode())


class Desk:
    """Pursuits on a book, in virtual time."""

    def __init__(
        self, *, connections: int = 64, limit: int = 6000, journal: Journal | None = None
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.book = Book()
        clock = Clock(self.loop)
        now = clock.now()
        clock.offset.observe(1_800_000_010.0, 1_800_000_010.001, now, now)
        rules = [RateLimit("REQUEST_WEIGHT", "MINUTE", 1, limit)]
        self.tracker = WeightTracker(rules, clock.offset, now, probe=False)
        accounts = WeightTracker(
            [RateLimit("ORDERS", "MINUTE", 1, 100)], clock.offset, now, reserve=0.0, probe=False
        )
        self.gate = Gate(Admission([Route(self.tracker, connections)], accounts), clock, self.loop)
        line = Line(
            self.gate,
            SimpleNamespace(sessions=(self.book,)),  # type: ignore[arg-type]
            clock,
            Signer.hmac("s"),
            recv_window=5000,
            timeout=10,
            max_wait=None,
            tell=lambda _: None,
        )
        self.pursuits = Pursuits(line, clock, self.loop, journal)

    async def burst(self, requests: Any, deadline: float = 10.0, **settings: Any) -> BurstReport:
        """As `PapiClient.burst`."""
        from binance_papi.burst import burst  # noqa: PLC0415

        return await burst(self.pursuits, requests, deadline=deadline, **settings)

    def one(self, requests: Any, deadline: float = 10.0, **settings: Any) -> Burst:
        """A burst that was not begun."""
        return Burst(self.pursuits, requests, deadline=deadline, **settings)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Let a task do it."""
        return self.loop.create_task(work)

    async def close(self, grace: float = 0.0) -> Any:
        """As the wiring closes."""
        report = await self.pursuits.close(grace)
        self.gate.close()
        await self.pursuits.stop()
        return report


def play(virtual: Virtual, main: Callable[[Desk], Coroutine[Any, Any, T]], **settings: Any) -> T:
    """Run a scene and close; afterwards neither task nor timer is left, nothing is in flight."""

    async def scene() -> T:
        desk = Desk(**settings)
        result = await main(desk)
        await desk.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert desk.gate.admission.waiting() == 0
        assert desk.gate.admission.routes[0].busy == 0
        assert desk.book.most <= 2
        return result

    result = virtual(scene())
    assert virtual.loop.timers() == 0
    return result
