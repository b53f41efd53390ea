"""Placements over real sockets: whatever breaks, at most one order, and what is said is true."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any, Final

import pytest

from binance_papi import (
    BannedError,
    MaybePlaced,
    NotPlaced,
    Placed,
    Placement,
    RateLimit,
    RejectedError,
    WaitTooLongError,
    with_client_id,
)
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.um import algo, conditional, orders
from binance_papi.simulator import Fault, FaultKind, WireRecord, nasty
from tests.faults.stage import Scene, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

_UM: Final[dict[str, Any]] = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.1"}
_CM: Final[dict[str, Any]] = {"symbol": "BTCUSD_PERP", "side": "SELL", "quantity": 1}
_STOP: Final = "STOP_MARKET"
_LIMIT: Final[dict[str, Any]] = {"type": "LIMIT", "time_in_force": "GTC", "price": "70000"}

ORDERS: Final[dict[str, Any]] = {
    "um_algo": algo.NewOrder(**_UM, type=_STOP, trigger_price="1"),
    "um_conditional": conditional.NewOrder(**_UM, strategy_type=_STOP, stop_price="1"),
    "cm_conditional": cm_conditional.NewOrder(**_CM, strategy_type=_STOP, stop_price="1"),
    "um": orders.NewOrder(**_UM, type="MARKET"),
    "cm": cm_orders.NewOrder(**_CM, **_LIMIT),
}
"""A placement of each family."""

ALL: Final = tuple(ORDERS)
TWO: Final = ("um_algo", "um")
"""One whose orders wait, one whose order is filled at once."""


class Desk:
    """Places one order of a family on a scene, and looks at what became of it."""

    def __init__(self, scene: Scene, family: str) -> None:
        self.scene = scene
        self.family = family
        self.request = with_client_id(ORDERS[family])
        self.own = self.request.client_id()

    async def place(self, deadline: float = 8.0) -> Placement:
        """As the client says; what it says is true at the end of the scene too."""
        outcome = await self.scene.papi.place(self.request, deadline=deadline)
        self.scene.keep(outcome)
        self.true(outcome)
        return outcome

    def true(self, outcome: Placement) -> None:
        """There is at most one order, and the client knows what it sent."""
        assert self.count() <= 1
        sent, asked = self.sent("POST"), self.sent("GET")
        if not isinstance(outcome, MaybePlaced):  # else it is still being asked about
            assert self.count() == isinstance(outcome, Placed)
            assert outcome.queries == len(asked)
            assert outcome.attempts == len(sent) + len(asked)
        for record in sent:  # signed right before it was sent, the second time too
            assert abs(record.time * 1000 - int(record.params["timestamp"])) < 900

    def sent(self, method: str) -> list[WireRecord]:
        """The requests that arrived."""
        return self.scene.sent(method, self.own)

    def count(self) -> int:
        """How many orders there are with this id."""
        families: dict[Any, Any] = self.scene.exchange.venue.families
        return sum(one.client_id == self.own for one in families[self.family].book)


async def play(stage: Stage, family: str, *faults: Any, **settings: Any) -> tuple[Placement, Desk]:
    """Place one order while something goes wrong."""
    era = "conditional" if family.endswith("conditional") else "algo"
    deadline = settings.pop("deadline", 8.0)
    async with stage.scene("um_algo", era=era, faults=faults, **settings) as scene:
        desk = Desk(scene, family)
        return await desk.place(deadline), desk


def first(name: str, method: str = "POST", times: int = 1, **changes: Any) -> Any:
    """A fault that hits the first request of a method."""
    return nasty(name, method=method, times=times, **changes)


async def test_every_family_is_placed(stage: Stage) -> None:
    """On a clear day one request does."""

    async def one(family: str) -> None:
        outcome, _ = await play(stage, family)
        assert isinstance(outcome, Placed), outcome
        assert (outcome.by, outcome.attempts) == ("reply", 1)

    await together(one(family) for family in ALL)


LOST_REPLIES: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("reset_after", {}),
    ("reset_headers", {}),
    ("reset_body", {}),
    ("closed_body", {}),
    ("silent", {}),
    ("503_unknown", {"executed": True}),
    ("503_html", {"executed": True}),
    ("502_html", {"executed": True}),
    ("408_1007", {"executed": True}),
    ("500_1006", {"executed": True}),
    ("200_garbage", {}),
    ("200_empty", {}),
    ("code_twice", {}),
)


async def test_an_order_whose_reply_is_lost_is_found(stage: Stage) -> None:
    """Executed, and the reply is missing or can't be read: one attempt, and a query."""

    async def one(family: str, name: str, changes: dict[str, Any]) -> None:
        outcome, desk = await play(stage, family, first(name, **changes))
        assert isinstance(outcome, Placed), (name, outcome)
        assert len(desk.sent("POST")) == 1, name
        assert outcome.by == ("reply" if name == "code_twice" else "query"), name

    cases = [("um_algo", *case) for case in LOST_REPLIES]
    cases += [(family, "reset_after", {}) for family in ALL]
    await together(one(*case) for case in cases)


LOST_REQUESTS: Final = ("reset_unread", "reset_before", "503_unknown", "503_internal", "408_1007")


async def test_an_order_that_never_arrived_is_not_sent_again(stage: Stage) -> None:
    """Nobody can say so soon; there is no order, and there will be none."""

    async def one(family: str, name: str) -> None:
        changes: dict[str, Any] = {"executed": False} if name in ("503_unknown", "408_1007") else {}
        outcome, desk = await play(stage, family, first(name, **changes), deadline=0.7, grace=0.0)
        assert isinstance(outcome, MaybePlaced), (name, outcome)
        assert len(desk.sent("POST")) == 1
        assert outcome.queries >= 1
        assert desk.count() == 0

    cases = [("um_algo", name) for name in LOST_REQUESTS]
    await together(one(*each) for each in (*cases, ("um", "reset_before")))


async def test_what_was_not_executed_is_sent_again(stage: Stage) -> None:
    """503 "Service Unavailable." twice, -1008, 429, -1021: the same id, stamped anew."""

    async def one(family: str, name: str, times: int) -> None:
        outcome, desk = await play(stage, family, first(name, times=times))
        assert isinstance(outcome, Placed), (name, outcome)
        assert (outcome.by, outcome.queries) == ("reply", 0)
        assert len(desk.sent("POST")) == times + 1

    cases = (("503_unavailable", 2), ("503_throttled", 1), ("429", 1), ("1021_behind", 1))
    await together(one(family, *case) for family, case in product(TWO, cases))


LIE: Final = Fault(
    FaultKind.REPLY,
    status=503,
    body=b'{"code":-1000,"msg":"Service Unavailable."}',
    method="POST",
    times=1,
)


async def test_an_id_in_use_proves_that_the_first_arrived(stage: Stage) -> None:
    """The exchange says "not executed" and did it: -4116 to the second attempt tells."""

    async def one(family: str) -> None:
        outcome, desk = await play(stage, family, LIE)
        assert isinstance(outcome, Placed), outcome
        assert outcome.by == "query"
        assert [record.code for record in desk.sent("POST")][1:] == [-4116]

    await together(one(family) for family in ALL if family != "um")


async def test_an_id_of_another_order_is_refused(stage: Stage) -> None:
    """One that is open has it: nothing is placed by the second call."""

    async def one(family: str) -> None:
        era = "conditional" if family.endswith("conditional") else "algo"
        async with stage.scene("um_algo", era=era) as scene:
            desk = Desk(scene, family)
            assert isinstance(await desk.place(), Placed)
            again = await scene.papi.place(desk.request, deadline=2.0)
            assert isinstance(again, NotPlaced)
            assert isinstance(again.error, RejectedError)
            assert again.error.code == -4116
            assert desk.count() == 1

    await together(one(family) for family in ALL if family != "um")


async def test_a_node_that_forgot_it_is_asked_again(stage: Stage) -> None:
    """Twice "no such order" is no proof; the third answer shows it."""

    async def one(family: str) -> None:
        faults = first("reset_after"), first("2013", "GET", times=2)
        outcome, desk = await play(stage, family, *faults)
        assert isinstance(outcome, Placed), outcome
        assert outcome.queries == len(desk.sent("GET")) >= 3

    await together(one(family) for family in TWO)


async def test_refusals_are_final(stage: Stage) -> None:
    """A ban, a firewall, a signature, a parameter: one request."""

    async def one(name: str, error: type[Exception]) -> None:
        outcome, desk = await play(stage, "um_algo", first(name), bans=True)
        assert isinstance(outcome, NotPlaced), (name, outcome)
        assert isinstance(outcome.error, error), name
        assert len(desk.sent("POST")) == 1

    cases = {"418": BannedError, "403_html": BannedError, "4120": RejectedError}
    await together(one(*case) for case in cases.items())


async def test_a_caller_who_leaves_can_ask(stage: Stage) -> None:
    """What was on the wire lives on, and the client still knows."""

    async def one(family: str) -> None:
        async with stage.scene("um_algo", era="algo", latency=0.2) as scene:
            desk = Desk(scene, family)
            task = asyncio.create_task(desk.place())
            while scene.papi.usage()[0].in_flight == 0:
                await asyncio.sleep(0.005)
            task.cancel()
            await asyncio.wait([task])
            outcome = await scene.papi.resolve(desk.request, deadline=5.0)
            assert isinstance(outcome, Placed)
            desk.true(outcome)

    await together(one(family) for family in TWO)


async def test_closing_lists_what_nobody_can_say(stage: Stage) -> None:
    """Another client asks about it later."""
    async with stage.scene("um_algo", faults=[first("reset_after")]) as scene:
        desk = Desk(scene, "um_algo")
        scene.exchange.inject(nasty("503_html", method="GET"))
        outcome = await desk.place(deadline=0.5)
        assert isinstance(outcome, MaybePlaced)
        report = await scene.papi.aclose(0.0)
        scene.keep(report)
        (listed,) = report.placements
        scene.exchange.clear_faults()
        async with stage.alone(scene.exchange.base_url) as papi:
            found = await papi.resolve(listed, deadline=5.0)
        assert isinstance(found, Placed)
        assert desk.count() == 1


async def test_a_limit_that_is_spent_is_told(stage: Stage) -> None:
    """No order count is left: that is known at once, and nothing is sent."""
    limits = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000), RateLimit("ORDERS", "DAY", 1, 3)
    async with stage.scene("um_algo", limits=limits, client={"limits": limits}) as scene:
        outcomes = [await Desk(scene, "um_algo").place(deadline=0.2) for _ in range(4)]
        last = outcomes[-1]
        assert isinstance(last, NotPlaced)
        assert isinstance(last.error, WaitTooLongError)
        assert last.attempts == 0
