"""Each behaviour of the venue, by itself."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import Any

import pytest

from binance_papi.core.answer import Reply, Unanswered, Unsent
from tests.simulation.book import Book, Change, Order
from tests.simulation.dialect import FAMILIES, ID_FIELD
from tests.simulation.network import Heard
from tests.simulation.profile import CLEAR, Profile
from tests.simulation.run import SECRET, World
from tests.simulation.venue import Answered, Call
from tests.simulation.virtual_loop import VirtualLoop

HEADS = {family: f"/papi/v1/{family}" for family in FAMILIES}


class Stage:
    """A world without a client, whose requests a test writes itself."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.world = World(1, self.loop, CLEAR)
        self.numbers = 0

    def day(self, **facts: Any) -> None:
        """Make this a day on which these things go wrong."""
        self.loop.close()
        self.loop = VirtualLoop()
        self.world = World(1, self.loop, replace(CLEAR, **facts))

    @property
    def book(self) -> Book:
        """The truth."""
        return self.world.book

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def order(self, family: str = "um/algo", number: int = 7, *changes: str) -> Order:
        """Place an order that went through these statuses already."""
        placed = Change(self.loop.time() - 100, "NEW", "placed")
        order = self.book.add(Order(family, number, "BTCUSDT", [placed], child=9))
        for at, status in enumerate(changes):
            Book.change(order, placed.at + 1 + at, status, "market")
        return order

    def target(self, path: str, age: float = 0.0, **params: object) -> str:
        """Path and signed query of a request that was stamped so many seconds ago."""
        stamp = int((self.world.venue.exchange_time() - age) * 1000)
        facts = {**params, "recvWindow": 2000, "timestamp": stamp}
        query = "&".join(f"{name}={value}" for name, value in facts.items())
        signature = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
        return f"{path}?{query}&signature={signature}"

    def ask(
        self,
        method: str,
        path: str,
        age: float = 0.0,
        written: float | None = None,
        **params: object,
    ) -> Answered:
        """Have the venue serve a request."""
        self.numbers += 1
        path, _, query = self.target(path, age, **params).partition("?")
        moment = self.loop.time() if written is None else written
        return self.world.venue.serve(Call(self.numbers, method, path, query, moment))

    def cancel(self, order: Order, age: float = 0.0) -> Answered:
        """Cancel an order."""
        params: dict[str, Any] = {ID_FIELD[order.family]: order.id}
        if order.family != "um/algo":
            params["symbol"] = order.symbol
        return self.ask("DELETE", f"{HEADS[order.family]}/order", age, **params)

    def send(self, order: Order, patience: float = 1.0) -> Heard:
        """Cancel an algo order over the network."""
        target = self.target("/papi/v1/um/algo/order", algoId=order.id)
        carried = self.world.network.carry("DELETE", target, patience, lambda: None)
        return self.loop.run_until_complete(carried)


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A clear day."""
    stage = Stage()
    yield stage
    stage.loop.close()


def code_of(answer: Answered) -> tuple[int, int]:
    """Status and code of an error."""
    return answer.status, json.loads(answer.body)["code"]


@pytest.mark.parametrize("family", FAMILIES)
def test_an_open_order_is_cancelled(stage: Stage, family: str) -> None:
    """By the request that did it, once; the next one finds nothing."""
    order = stage.order(family)
    first = stage.cancel(order)
    assert first.status == 200
    assert order.last == Change(1000.0, "CANCELED", "#1")
    body = json.loads(first.body)
    if family == "um/algo":
        assert body == {"complete": True}
    else:
        assert "CANCELED" in (body.get("status"), body.get("strategyStatus"))
        assert body[ID_FIELD[family]] == order.id
    assert code_of(stage.cancel(order)) == (400, -2011)


def test_ids_of_two_families_are_strangers(stage: Stage) -> None:
    """The same number elsewhere is another order."""
    algo, plain = stage.order("um/algo"), stage.order("um")
    stage.cancel(algo)
    assert (algo.last.status, plain.last.status) == ("CANCELED", "NEW")


def test_a_wrong_symbol_finds_nothing(stage: Stage) -> None:
    """The symbol is part of the address where it is asked for."""
    stage.order("um")
    answer = stage.ask("DELETE", "/papi/v1/um/order", symbol="ETHUSDT", orderId=7)
    assert code_of(answer) == (400, -2011)


@pytest.mark.parametrize("status", ["TRIGGERED", "FINISHED", "EXPIRED", "CANCELED"])
def test_an_ended_order_is_not_cancelled(stage: Stage, status: str) -> None:
    """-2011, and the query tells what became of it."""
    order = stage.order("um/algo", 7, status)
    assert code_of(stage.cancel(order)) == (400, -2011)
    asked = json.loads(stage.ask("GET", "/papi/v1/um/algo/algoOrder", algoId=7).body)
    assert asked["algoStatus"] == status


def test_a_triggering_order(stage: Stage) -> None:
    """An algo order says -4117 and its status; a conditional one is in neither of two lists."""
    assert code_of(stage.cancel(stage.order("um/algo", 7, "TRIGGERING"))) == (400, -4117)
    asked = stage.ask("GET", "/papi/v1/um/algo/algoOrder", algoId=7)
    assert json.loads(asked.body)["algoStatus"] == "TRIGGERING"
    assert json.loads(asked.body)["actualOrderId"] == ""
    order = stage.order("um/conditional", 7, "TRIGGERING")
    assert code_of(stage.cancel(order)) == (400, -2011)
    for page in ("openOrder", "orderHistory"):
        path = f"/papi/v1/um/conditional/{page}"
        answer = stage.ask("GET", path, symbol="BTCUSDT", strategyId=7)
        assert code_of(answer) == (400, -2013)


def test_a_triggered_order_names_its_child(stage: Stage) -> None:
    """As a text with one family, as a number with the other."""
    stage.order("um/algo", 7, "TRIGGERED")
    stage.order("cm/conditional", 7, "TRIGGERED")
    algo = stage.ask("GET", "/papi/v1/um/algo/algoOrder", algoId=7)
    assert json.loads(algo.body)["actualOrderId"] == "9"
    path = "/papi/v1/cm/conditional/orderHistory"
    conditional = stage.ask("GET", path, symbol="BTCUSDT", strategyId=7)
    assert json.loads(conditional.body)["orderId"] == 9


def test_open_and_past_are_two_pages(stage: Stage) -> None:
    """An order is on exactly one of them."""
    order = stage.order("um/conditional")
    pages = [f"/papi/v1/um/conditional/{page}" for page in ("openOrder", "orderHistory")]

    def statuses() -> list[int]:
        answers = [stage.ask("GET", page, symbol="BTCUSDT", strategyId=7) for page in pages]
        return [answer.status for answer in answers]

    assert statuses() == [200, 400]
    stage.cancel(order)
    assert statuses() == [400, 200]


def test_a_forgotten_order_is_open_all_the_same(stage: Stage) -> None:
    """-2011 and -2013 for a while, then it is there again."""
    order = stage.order()
    order.forgotten = (999.0, 1005.0)
    assert code_of(stage.cancel(order)) == (400, -2011)
    path = "/papi/v1/um/algo/algoOrder"
    assert code_of(stage.ask("GET", path, algoId=7)) == (400, -2013)
    listed = stage.ask("GET", "/papi/v1/um/algo/openAlgoOrders", symbol="BTCUSDT")
    assert json.loads(listed.body) == []
    assert order.last.status == "NEW"
    stage.pass_by(6)
    assert stage.ask("GET", path, algoId=7).status == 200
    assert stage.cancel(order).status == 200


def test_a_query_may_be_behind(stage: Stage) -> None:
    """A replica shows an older state, by half a second at most."""
    stage.day(lag=0.5)
    stage.cancel(stage.order())
    stage.pass_by(0.01)

    def statuses() -> set[str]:
        path = "/papi/v1/um/algo/algoOrder"
        answers = [stage.ask("GET", path, algoId=7) for _ in range(20)]
        return {json.loads(answer.body)["algoStatus"] for answer in answers}

    assert "NEW" in statuses()
    stage.pass_by(0.5)
    assert statuses() == {"CANCELED"}


@pytest.mark.parametrize(("age", "status"), [(1.9, 200), (2.1, 400), (-0.9, 200), (-1.1, 400)])
def test_what_comes_late_is_refused(stage: Stage, age: float, status: int) -> None:
    """The receive window is looked at on arrival; nothing from the future by a second."""
    order = stage.order()
    answer = stage.cancel(order, age)
    assert answer.status == status
    if status == 400:
        assert code_of(answer) == (400, -1021)
        assert answer.clear
        assert order.last.status == "NEW"


def test_a_wrong_signature_is_refused(stage: Stage) -> None:
    """The very bytes that were sent are signed."""
    stage.order()
    path, _, query = stage.target("/papi/v1/um/algo/order", algoId=7).partition("?")
    call = Call(1, "DELETE", path, query.replace("algoId=7", "algoId=8"), 1000.0)
    assert code_of(stage.world.venue.serve(call)) == (400, -1022)


def test_an_unknown_path_is_404(stage: Stage) -> None:
    """Nothing is executed."""
    assert stage.ask("DELETE", "/papi/v1/um/nothing").status == 404


def ping(stage: Stage, written: float | None = None) -> Answered:
    """The lightest request."""
    return stage.ask("GET", "/papi/v1/ping", written=written)


def test_weight_is_counted_in_windows_of_exchange_time(stage: Stage) -> None:
    """The header tells the count; a full minute starts anew."""
    assert ping(stage).headers["x-mbx-used-weight-1m"] == "1"
    answer = stage.ask("GET", "/papi/v1/um/algo/openAlgoOrders")
    assert answer.headers["x-mbx-used-weight-1m"] == "41"
    stage.pass_by(59.999)
    assert ping(stage).headers["x-mbx-used-weight-1m"] == "42"
    stage.pass_by(0.001)
    assert ping(stage).headers["x-mbx-used-weight-1m"] == "1"
    assert sorted(stage.world.venue.used.values()) == [1, 42]


def test_date_is_exchange_time(stage: Stage) -> None:
    """In whole seconds."""
    first = ping(stage).headers["date"]
    stage.pass_by(0.999)
    assert ping(stage).headers["date"] == first
    stage.pass_by(0.001)
    assert ping(stage).headers["date"] != first


def test_over_the_limit_is_429_and_going_on_is_418(stage: Stage) -> None:
    """Who was told, and writes before the window ends, is banned; what was under way is not."""
    stage.day(limit=2)
    assert [ping(stage).status for _ in range(3)] == [200, 200, 429]
    refusal = ping(stage)
    assert refusal.headers["retry-after"] == "60"
    stage.pass_by(1)
    stage.world.venue.heard(refusal)
    assert ping(stage, written=1000.5).status == 429
    stage.pass_by(1)
    answer = ping(stage)
    assert answer.status == 418
    assert "banned until" in json.loads(answer.body)["msg"]
    stage.pass_by(119)
    assert ping(stage).status == 418
    stage.pass_by(2)
    assert ping(stage).status == 200


def test_obeying_a_429_is_enough(stage: Stage) -> None:
    """In the next window all is well."""
    stage.day(limit=1, nag=True)
    ping(stage)
    answer = ping(stage)
    assert answer.status == 429
    assert "retry-after" not in answer.headers
    stage.world.venue.heard(answer)
    stage.pass_by(60)
    assert ping(stage).status == 200


def test_a_429_that_is_heard_in_the_next_window_asks_for_what_it_says(stage: Stage) -> None:
    """It was sent at the end of a window, so a second of silence is all that it asks for."""
    stage.day(limit=1)
    stage.pass_by(59.9)
    ping(stage)
    refusal = ping(stage)
    assert (refusal.status, refusal.headers["retry-after"]) == (429, "1")
    stage.pass_by(0.2)
    stage.world.venue.heard(refusal)
    stage.pass_by(0.9)
    assert ping(stage).status == 418


def test_a_429_is_obeyed_once_its_time_is_over(stage: Stage) -> None:
    """Even if it was heard when the next window had begun."""
    stage.day(limit=1)
    stage.pass_by(59.9)
    ping(stage)
    refusal = ping(stage)
    stage.pass_by(0.2)
    stage.world.venue.heard(refusal)
    stage.pass_by(1.1)
    assert ping(stage).status == 200


def test_somebody_else_uses_weight(stage: Stage) -> None:
    """It shows in the header, and not in what we used."""
    stage.day(limit=100, foreign=0.5)
    stage.pass_by(30)
    assert ping(stage).headers["x-mbx-used-weight-1m"] == "26"
    assert list(stage.world.venue.used.values()) == [1]


@pytest.mark.parametrize(
    ("site", "status", "code"), [("unavailable", 503, -1), ("protected", 503, -1008)]
)
def test_some_failures_execute_nothing(stage: Stage, site: str, status: int, code: int) -> None:
    """They say so for certain, and are not counted."""
    stage.day(**{site: 1.0})
    orders = [stage.order(number=number) for number in range(20)]
    answers = [stage.cancel(order) for order in orders]
    assert {code_of(answer) for answer in answers} == {(status, code)}
    assert all(answer.clear for answer in answers)
    assert {order.last.status for order in orders} == {"NEW"}
    assert not stage.world.venue.used


@pytest.mark.parametrize(
    ("site", "status"), [("unknown", 503), ("timeouts", 408), ("gateways", 502)]
)
def test_some_failures_execute_or_not(stage: Stage, site: str, status: int) -> None:
    """Now, later (but for a gateway's), or never; the reply is the same."""
    stage.day(**{site: 1.0})
    orders = [stage.order(number=number) for number in range(60)]
    answers = [stage.cancel(order) for order in orders]
    assert {answer.status for answer in answers} == {status}
    assert len({answer.body for answer in answers}) == 1
    assert not any(answer.clear for answer in answers)
    now = sum(order.last.status == "CANCELED" for order in orders)
    stage.pass_by(9.1)
    then = sum(order.last.status == "CANCELED" for order in orders)
    assert 0 < now < 60
    assert then < 60
    assert (then > now) is (site != "gateways")


# ---------------------------------------------------------------------- the network


def test_a_reply_comes_back(stage: Stage) -> None:
    """After some milliseconds."""
    heard = stage.send(stage.order())
    assert isinstance(heard, Reply)
    assert (heard.status, heard.body) == (200, b'{"complete": true}')
    assert 1000.0 < stage.loop.time() < 1001.0
    wire = stage.world.network.wires[1]
    assert (wire.key, wire.action, wire.told) == (("um/algo", 7), "cancel", 200)


def test_a_lost_request_never_arrives(stage: Stage) -> None:
    """The client gives up after its patience, and knows nothing."""
    stage.day(lost_requests=1.0)
    order = stage.order()
    assert isinstance(stage.send(order), Unanswered)
    assert stage.loop.time() == 1001.0
    stage.pass_by(10)
    assert order.last.status == "NEW"


def test_a_lost_reply_does_not_undo_anything(stage: Stage) -> None:
    """The client hears the same: nothing."""
    stage.day(lost_replies=1.0)
    order = stage.order()
    assert isinstance(stage.send(order), Unanswered)
    assert order.last.status == "CANCELED"


def test_a_stalled_request_arrives_after_the_client_gave_up(stage: Stage) -> None:
    """And is let in or fenced off by its receive window."""
    stage.day(stalls=1.0)
    orders = [stage.order(number=number) for number in range(20)]
    heard = [stage.send(order, 0.5) for order in orders]
    stage.pass_by(10)
    assert all(isinstance(one, Unanswered) for one in heard)
    assert {order.last.status for order in orders} == {"NEW", "CANCELED"}


def test_a_reset_connection_tells_nothing(stage: Stage) -> None:
    """It comes before the reply, and before or after the execution."""
    stage.day(resets=1.0)
    orders = [stage.order(number=number) for number in range(20)]
    heard = [stage.send(order) for order in orders]
    stage.pass_by(10)
    assert all(isinstance(one, Unanswered) for one in heard)
    assert all(order.last.status == "CANCELED" for order in orders)


def test_a_refused_connection_writes_nothing(stage: Stage) -> None:
    """And says so."""
    stage.day(refused=1.0)
    assert isinstance(stage.send(stage.order()), Unsent)
    wire = stage.world.network.wires[1]
    assert (wire.written, wire.clear) == (inf, True)
    assert stage.world.network.written == 0


def test_a_garbled_reply_is_no_json(stage: Stage) -> None:
    """It was executed nonetheless."""
    stage.day(garbled=1.0)
    orders = [stage.order(number=number) for number in range(20)]
    for order in orders:
        heard = stage.send(order)
        assert isinstance(heard, Reply)
        with pytest.raises(ValueError, match=r".*"):
            json.loads(heard.body)
        assert order.last.status == "CANCELED"


def test_a_cancelled_task_leaves_its_request_on_the_wire(stage: Stage) -> None:
    """It is written down as such, and executed."""
    order = stage.order()
    target = stage.target("/papi/v1/um/algo/order", algoId=7)

    async def main() -> None:
        carried = stage.world.network.carry("DELETE", target, 1.0, lambda: None)
        task = asyncio.ensure_future(carried)
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        assert stage.loop.leftovers(asyncio.current_task()) == []
        await asyncio.sleep(1)

    stage.loop.run_until_complete(main())
    assert stage.world.network.wires[1].heard == "cancelled"
    assert order.last.status == "CANCELED"


def test_hanging_up_ends_what_is_awaited(stage: Stage) -> None:
    """As when a client closes its connections."""
    stage.day(lost_replies=1.0)
    order = stage.order()
    stage.loop.happen(1000.5, stage.world.network.hang_up)
    assert isinstance(stage.send(order, 5.0), Unanswered)
    assert stage.loop.time() == 1000.5


@pytest.mark.parametrize("profile", [CLEAR, Profile(gone=1.0), Profile(races=1.0)])
def test_fates_come_over_orders(profile: Profile) -> None:
    """None, one before, or one during the burst; every step follows from the one before."""
    loop = VirtualLoop()
    world = World(1, loop, profile)
    orders = world.scenario.place(200, loop.time())
    loop.run_until_complete(asyncio.sleep(60))
    loop.close()
    lives = {tuple(change.status for change in order.changes) for order in orders}
    if profile is CLEAR:
        assert lives == {("NEW",)}
    elif profile.gone:
        assert ("NEW", "CANCELED") in lives
        assert ("NEW", "TRIGGERED", "FINISHED") in lives
        assert all(order.last.at < 1000.0 for order in orders)
    else:
        assert ("NEW", "TRIGGERING", "TRIGGERED") in lives
        assert ("NEW", "TRIGGERING", "REJECTED") in lives
        assert ("NEW", "PARTIALLY_FILLED", "FILLED") in lives
    for order in orders:
        moments = [change.at for change in order.changes]
        assert moments == sorted(moments)
