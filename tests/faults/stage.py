"""Where a row plays: a real client on a simulated exchange, and what has to hold after each."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from importlib import import_module
from typing import Any, Final, TypeVar

import pytest
from aiohttp import web

from binance_papi import (
    AlreadyGone,
    BurstReport,
    Canceled,
    CloseReport,
    PapiClient,
    Rejected,
    Unknown,
)
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.um import algo, conditional
from binance_papi.core.cancel import Cancel
from binance_papi.core.outcome import Outcome
from binance_papi.simulator import Simulator, WireRecord
from tests.faults import canary

T = TypeVar("T")

TRANSPORTS: Final = tuple(os.environ.get("BINANCE_PAPI_TRANSPORTS", "lean").split())
"""The transports on which every row is played. The gate plays them on each that there is."""

FAMILIES: Final = ("um_conditional", "um_algo", "cm_conditional")
"""Families whose orders are cancelled."""

PATHS: Final = {
    "um_conditional": "/papi/v1/um/conditional/order",
    "um_algo": "/papi/v1/um/algo/order",
    "cm_conditional": "/papi/v1/cm/conditional/order",
}
"""Where each family's cancels go."""

LATE: Final = 0.1
"""Seconds after its deadline at which an outcome has to be there at the latest."""

SLOW_MACHINE: Final = 0.5
"""Seconds granted on top, because the machine does other things too."""

AHEAD_MS: Final = 1000
"""How far ahead of the exchange a timestamp may be."""

_AT_ONCE: Final = 12


def era_of(family: str) -> Any:
    """The era in which a family's paths work."""
    return "algo" if family == "um_algo" else "conditional"


def cancel_of(family: str, order_id: int) -> Cancel[Any]:
    """The cancel of an order."""
    if family == "um_algo":
        return algo.CancelOrder(algo_id=order_id)
    if family == "cm_conditional":
        return cm_conditional.CancelOrder(symbol="BTCUSD_PERP", strategy_id=order_id)
    return conditional.CancelOrder(symbol="BTCUSDT", strategy_id=order_id)


def other_family(family: str) -> Any:
    """Another family of the same era, on other paths."""
    return "um_conditional" if family == "cm_conditional" else "cm_conditional"


def id_of(cancel: Cancel[Any]) -> int | str | None:
    """The id that a cancel names."""
    _, _, number, text = cancel.order()
    return number if number is not None else text


async def together(cases: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Play independent cases at the same time, a few at once."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(case: Coroutine[Any, Any, T]) -> T:
        try:
            async with room:
                return await case
        finally:
            case.close()  # if another one failed before it began

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(case)) for case in cases]
    return [task.result() for task in tasks]


class Watched(Simulator):
    """A simulated exchange that also keeps the headers it was sent."""

    heads: list[dict[str, str]]

    def __init__(self, **settings: Any) -> None:
        super().__init__(api_key=canary.KEY, secret=canary.SECRET, **settings)
        self.heads = []

    async def _serve(self, message: web.BaseRequest) -> web.StreamResponse:
        self.heads.append(dict(message.headers))
        return await super()._serve(message)


class Scene:
    """One exchange, one client, and what they said to each other.

    Args:
        stage: The stage it belongs to.
        exchange: The exchange.
        papi: The client.
        family: Whose orders the row is about.
        hits_all: Whether the fault may spoil the cancels of the other orders too.
        bans: Whether the row is about bans.
        skewed: Whether the row is about clocks, so that a first timestamp may be too early.
        shared: Whether others use the address too, so that a limit may be passed.
    """

    def __init__(
        self,
        stage: Stage,
        exchange: Simulator,
        papi: PapiClient,
        family: Any,
        *,
        hits_all: bool = False,
        bans: bool = False,
        skewed: bool = False,
        shared: bool = False,
    ) -> None:
        self.stage = stage
        self.exchange = exchange
        self.papi = papi
        self.family = family
        self.bans = bans
        self.skewed = skewed
        self.shared = shared
        self.events: list[object] = []
        self.outcomes: list[Outcome] = []
        self._hits_all = hits_all

    # ------------------------------------------------------------------ orders and cancels

    def seed(self, n: int = 1, family: Any = None, **fields: Any) -> list[int]:
        """Orders of the row's family."""
        return self.exchange.seed_orders(n, family=family or self.family, **fields)

    def cancel(self, order_id: int) -> Cancel[Any]:
        """The cancel of an order of the row's family."""
        return cancel_of(self.family, order_id)

    async def burst(
        self,
        targets: Sequence[int | Cancel[Any]] | None = None,
        *,
        deadline: float = 10.0,
        others: int = 3,
        **settings: Any,
    ) -> list[Outcome]:
        """Cancel what the row is about, and other orders that nothing should happen to.

        Args:
            targets: Ids or cancels; ``None``: one new order.
            deadline: Seconds.
            others: How many orders of another family go along.
            **settings: As for ``PapiClient.burst``.

        Returns:
            The outcomes of the targets.
        """
        wanted = self.seed() if targets is None else targets
        cancels = [one if isinstance(one, Cancel) else self.cancel(one) for one in wanted]
        family = other_family(self.family)
        along = [cancel_of(family, one) for one in self.seed(others, family)]
        loop = asyncio.get_running_loop()
        began = loop.time()
        report = await self.papi.burst([*cancels, *along], deadline=deadline, **settings)
        took = loop.time() - began
        self.stage.delivered(took, report, deadline)
        self.keep(report, *report.outcomes)
        if not self._hits_all:
            beside = report.outcomes[len(cancels) :]
            assert [type(one) for one in beside] == [Canceled] * others, beside
        return list(report.outcomes[: len(cancels)])

    async def one(self, target: int | Cancel[Any] | None = None, **settings: Any) -> Outcome:
        """Cancel one order that the row is about, beside others."""
        (outcome,) = await self.burst(None if target is None else [target], **settings)
        return outcome

    async def call(self, awaitable: Awaitable[Any]) -> Any:
        """The reply, or the exception, of a single call."""
        try:
            reply = await awaitable
        except Exception as error:  # noqa: BLE001 - it is what the row looks at
            self.keep(error)
            return error
        self.keep(reply)
        return reply

    def keep(self, *things: object) -> None:
        """Remember what the client gave, to be looked at afterwards."""
        for one in things:
            self.stage.keep(one)
            if isinstance(one, Canceled | AlreadyGone | Rejected | Unknown):
                self.outcomes.append(one)

    # ------------------------------------------------------------------ what the exchange saw

    @property
    def wire(self) -> list[WireRecord]:
        """Every request that arrived."""
        return list(self.exchange.venue.wire)

    def sent(self, method: str, order_id: int | str | None) -> list[WireRecord]:
        """Every request of a method that named an order."""
        named = self.exchange.venue.requests_for("" if order_id is None else order_id)
        return [record for record in named if record.method == method]

    def cancels(self, outcome: Outcome) -> list[WireRecord]:
        """The cancels of an outcome's order that arrived."""
        return self.sent("DELETE", id_of(outcome.request))

    def queries(self, outcome: Outcome) -> list[WireRecord]:
        """The queries about an outcome's order that arrived."""
        return self.sent("GET", id_of(outcome.request))

    # ------------------------------------------------------------------ what has to hold

    def check(self) -> None:
        """What the client said against what is true, and what it left behind."""
        for outcome in self.outcomes:
            self._check_truth(outcome)
        assert self.bans or not self.exchange.venue.statuses[418]
        assert self.shared or self.exchange.venue.peak() <= 1.0
        wiring = self.papi._wiring
        assert wiring is not None
        assert [usage.in_flight for usage in wiring.usage()] == [0] * len(wiring.usage())
        if not self.skewed:
            for record in self.wire:
                stamp = int(record.params.get("timestamp", 0))
                assert stamp <= record.time * 1000 + AHEAD_MS

    def _check_truth(self, outcome: Outcome) -> None:
        cancel = outcome.request
        family = next(name for name, path in PATHS.items() if path == cancel.endpoint.path)
        order = self._order(cancel, family)
        ended = order.history[-1] if order is not None else None
        ours = [
            change
            for change in (order.history if order is not None else ())
            if change.status == "CANCELED" and isinstance(change.by, int)
        ]
        match outcome:
            case Canceled():
                assert ended is not None, outcome
                assert ended.status == "CANCELED", (outcome, ended)
                assert bool(ours) is (outcome.by == "us"), (outcome, ended)
            case AlreadyGone():
                assert ended is not None, outcome
                assert not ours, (outcome, ended)
                assert outcome.status in [change.status for change in order.history]
                assert order.history[-1].status != "NEW"
            case Rejected():
                assert not ours, (outcome, ended)
            case Unknown():
                pass

    def _order(self, cancel: Cancel[Any], family: Any) -> Any:
        book = self.exchange.venue.families[family].book
        _, _, number, text = cancel.order()
        return book.find(None, number, text)


class Stage:
    """All scenes of one test, and everything that the client said or left behind.

    Args:
        transport: What carries the client's requests.
    """

    def __init__(self, transport: str) -> None:
        self.transport = transport
        self.signatures: dict[str, None] = {}
        self.lateness: list[float] = []
        self._texts: list[tuple[str, str]] = []
        self.kept: list[object] = []
        """Everything that the client gave."""
        self._stray: list[str] = []
        self._playing = 0

    # ------------------------------------------------------------------ scenes

    @contextlib.asynccontextmanager
    async def scene(
        self,
        family: Any = "um_conditional",
        *,
        base_url: str | None = None,
        client: dict[str, Any] | None = None,
        warm: bool = True,
        hits_all: bool = False,
        bans: bool = False,
        skewed: bool = False,
        shared: bool = False,
        grace: float = 2.0,
        **exchange: Any,
    ) -> AsyncIterator[Scene]:
        """An exchange and a client on it, looked at when both are done.

        Args:
            family: Whose orders the row is about.
            base_url: Where the client looks for the exchange, where that is not the truth; a
                ``{port}`` in it is the exchange's.
            client: Settings of the client.
            warm: Whether connections, clock and used weight are known before.
            hits_all: Whether the fault may spoil the cancels of the other orders too.
            bans: Whether the row is about bans.
            skewed: Whether the row is about clocks.
            shared: Whether others use the address too.
            grace: Seconds that the client has to close.
            **exchange: Settings of the exchange.
        """
        exchange.setdefault("era", era_of(family))
        faults = exchange.pop("faults", ())
        async with Watched(**exchange) as venue:
            url = venue.base_url
            if base_url is not None:
                url = base_url.format(port=url.rpartition(":")[2])
            papi = self.client(url, **(client or {}))
            scene = Scene(
                self,
                venue,
                papi,
                family,
                hits_all=hits_all,
                bans=bans,
                skewed=skewed,
                shared=shared,
            )
            self._playing += 1
            try:
                await papi.open()
                if warm:
                    await papi.warm_up(4)
                for fault in faults:
                    venue.inject(fault)
                yield scene
            finally:
                scene.keep(await papi.aclose(grace))
                self._playing -= 1
            if not self._playing:  # else they may belong to another scene
                self.left_nothing()
            scene.check()

    def client(self, base_url: str, **settings: Any) -> PapiClient:
        """A client with the canaries."""
        papi = PapiClient(
            canary.KEY,
            canary.SECRET,
            base_url=base_url,
            transport=self.transport,
            on_event=self.keep,
            **settings,
        )
        self.keep(papi)
        return papi

    @contextlib.asynccontextmanager
    async def alone(self, base_url: str, **settings: Any) -> AsyncIterator[PapiClient]:
        """A client on a peer that is no exchange."""
        self._playing += 1
        papi = self.client(base_url, **settings)
        try:
            yield await papi.open()
        finally:
            report = await papi.aclose(2.0)
            self._playing -= 1
            assert isinstance(report, CloseReport)
            self.keep(report)

    # ------------------------------------------------------------------ what is looked at

    def keep(self, thing: object) -> None:
        """Remember something that the client gave, as it is now."""
        self.kept.append(thing)

    def delivered(self, took: float, report: BurstReport, deadline: float) -> None:
        """Outcomes landed: none later than it may."""
        late = max(took, report.latency.max) - deadline
        self.lateness.append(late)
        assert late <= LATE + SLOW_MACHINE, f"{late:.3f} s after its deadline"

    def signed(self, signature: str) -> None:
        """A signature was made, sent or not."""
        self.signatures[signature] = None

    def stray(self, _: object, context: dict[str, Any]) -> None:
        """Something failed where nobody waited for it."""
        self._stray.append(str(context.get("message")))
        self._texts.append(("the loop's exception handler", repr(context)))
        error = context.get("exception")
        if isinstance(error, BaseException):
            self._stray[-1] += "".join(traceback.format_exception(error))
            self.kept.append(error)

    def left_nothing(self) -> None:
        """No task and no timer of the client's is left."""
        loop = asyncio.get_running_loop()
        tasks = [task for task in asyncio.all_tasks() if _is_ours(_code_of(task.get_coro()))]
        mine = [task for task in tasks if task is not asyncio.current_task()]
        timers = [
            handle
            for handle in loop._scheduled  # type: ignore[attr-defined]
            if not handle.cancelled() and _is_ours(_code_of(handle._callback))
        ]
        names = [repr(one) for one in (*mine, *timers)]
        assert names == []

    def leaks(self, ear: canary.Ear, output: str) -> list[str]:
        """What was said that must not be said."""
        texts = [*self._texts, *ear.texts, ("output", output)]
        for thing in self.kept:
            texts += canary.shown(thing)
        return canary.leaks(texts, self.signatures)

    def strays(self) -> list[str]:
        """What failed where nobody waited for it."""
        return list(self._stray)


def _code_of(what: Any) -> str:
    code = getattr(what, "cr_code", None) or getattr(what, "__code__", None)
    if code is None:
        code = getattr(getattr(what, "__func__", None), "__code__", None)
    return code.co_filename if code is not None else ""


def _is_ours(path: str) -> bool:
    return "/binance_papi/" in path and "/simulator/" not in path


def sockets() -> int:
    """How many sockets this process has open."""
    count = 0
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - it is no directory on a disk
        with contextlib.suppress(OSError):
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")  # noqa: PTH115
    return count


@contextlib.asynccontextmanager
async def staged(
    transport: str, monkeypatch: pytest.MonkeyPatch, output: Callable[[], str]
) -> AsyncIterator[Stage]:
    """A stage, with everything looked at that is common to all rows."""
    line: Any = import_module("binance_papi.net.line")  # where signatures are made

    stage = Stage(transport)
    sign = line.sign

    def listening(path: str, query: str, signer: Any) -> str:
        signed: str = sign(path, query, signer)
        stage.signed(signed.rpartition("signature=")[2])
        return signed

    monkeypatch.setattr(line, "sign", listening)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(stage.stray)
    ear, root = canary.Ear(), logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    tasks, open_sockets = asyncio.all_tasks(), sockets()
    try:
        yield stage
        await _settled(tasks, open_sockets)
    finally:
        root.removeHandler(ear)
        root.setLevel(level)
    assert stage.strays() == []
    assert stage.leaks(ear, output()) == []
    assert stage.signatures or not stage.lateness, "the search knows no signature"


async def _settled(tasks: set[asyncio.Task[Any]], open_sockets: int) -> None:
    for _ in range(40):
        if asyncio.all_tasks() <= {*tasks, asyncio.current_task()} and sockets() <= open_sockets:
            break
        await asyncio.sleep(0.025)
    left = asyncio.all_tasks() - tasks - {asyncio.current_task()}
    assert [repr(task) for task in left] == []
    assert sockets() <= open_sockets
