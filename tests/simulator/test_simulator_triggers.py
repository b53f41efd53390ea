"""Prices and triggers: who fires when, what becomes of child and parent, and who did it."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.simulator import Simulator, Venue
from binance_papi.simulator.floor import FamilyName
from tests.simulator.simulator_desk import HISTORY, NOON, ORDER, TRAILING, Desk, read
from tests.simulator.test_simulator_families import ALGO_ORDER, LIMIT, QUERY_ALGO, V1

MS = int(NOON * 1000)


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return Desk(era="both")


def _place(desk: Desk, family: FamilyName, kind: str, **fields: Any) -> int:
    names = (
        ("order_type", "trigger_price") if family == "um_algo" else ("strategy_type", "stop_price")
    )
    fields = {names[0]: kind, names[1]: "100", **fields}
    return desk.venue.place(desk.now, family, **fields)


def _past(desk: Desk, order_id: int) -> list[tuple[int, str, Any]]:
    return [
        (change.time - MS, change.status, change.by)
        for change in desk.venue.order(order_id).history
    ]


@pytest.mark.parametrize(
    ("kind", "side", "fires", "waits"),
    [
        ("STOP_MARKET", "BUY", "100", "99.9"),
        ("STOP", "SELL", "100.0", "100.1"),
        ("TAKE_PROFIT", "BUY", "99", "101"),
        ("TAKE_PROFIT_MARKET", "SELL", "100", "99"),
    ],
)
@pytest.mark.parametrize("family", ["um_conditional", "um_algo", "cm_conditional"])
def test_levels(
    desk: Desk, family: FamilyName, kind: str, side: str, *, fires: str, waits: str
) -> None:
    """A STOP waits for the price to move on in the direction of its side, a TAKE_PROFIT against."""
    order = _place(desk, family, kind, side=side)
    symbol = desk.venue.order(order).symbol
    desk.venue.set_price(symbol, waits, desk.now)
    desk.venue.set_price("SOLUSDT", fires, desk.now)
    assert desk.venue.order(order).is_waiting
    desk.venue.set_price(symbol, fires, desk.now)
    assert not desk.venue.order(order).is_waiting


@pytest.mark.parametrize(
    ("side", "activation", "prices", "fires"),
    [
        ("BUY", "100", ["101", "100.5", "102"], False),
        ("BUY", "100", ["100", "90", "90.8", "80", "80.7"], False),
        ("BUY", "100", ["100", "90", "80", "80.8"], True),
        ("SELL", "100", ["99", "90"], False),
        ("SELL", "100", ["100", "200", "198.1"], False),
        ("SELL", "100", ["100", "200", "198"], True),
        ("SELL", "0", ["50", "49.5"], True),
    ],
)
def test_trailing_orders(
    desk: Desk, side: str, activation: str, prices: list[str], fires: bool
) -> None:
    """After its activation the order follows the best price, and fires one percent behind it."""
    order = desk.venue.place(
        NOON,
        "um_algo",
        side=side,
        order_type="TRAILING_STOP_MARKET",
        activate_price=activation,
        callback_rate="1",
    )
    for price in prices:
        desk.venue.set_price("BTCUSDT", price, NOON)
    assert fires is (desk.venue.order(order).algo_status == "TRIGGERING")


def test_a_trailing_order_begins_with_the_price_of_its_placement() -> None:
    """Without an activation price the order follows from the market price on."""
    desk = Desk(prices={"BTCUSDT": "9000"})
    params = {**TRAILING, "side": "SELL", "positionSide": "LONG", "callbackRate": "1"}
    del params["activationPrice"]
    order = read(desk.send("POST", ORDER, params))["strategyId"]
    desk.venue.set_price("BTCUSDT", "8911", NOON)
    assert desk.venue.order(order).is_open
    desk.venue.set_price("BTCUSDT", "8910", NOON)
    assert desk.venue.order(order).strategy_status == "FINISHED"


def test_life_of_a_triggered_algo_order(desk: Desk) -> None:
    """TRIGGERING, in which no cancel works, then TRIGGERED with a filled child, then FINISHED."""
    order = _place(desk, "um_algo", "STOP_MARKET")
    other = _place(desk, "um_algo", "STOP_MARKET", trigger_price="200")
    desk.venue.set_price("BTCUSDT", "150", NOON)
    desk.now += 0.09
    ids = {"algoId": order}
    refused = desk.send("DELETE", ALGO_ORDER, ids)
    assert (refused.status, read(refused)["code"]) == (400, -4117)
    queried = read(desk.send("GET", QUERY_ALGO, ids))
    assert (queried["algoStatus"], queried["actualOrderId"]) == ("TRIGGERING", "")
    desk.send("DELETE", V1 + "um/algo/allOpenOrders", {"symbol": "BTCUSDT"})
    assert not desk.venue.order(other).is_open
    desk.now = NOON + 0.1
    assert read(desk.send("DELETE", ALGO_ORDER, ids))["code"] == -2011
    queried = read(desk.send("GET", QUERY_ALGO, ids))
    assert (queried["algoStatus"], queried["actualPrice"], queried["triggerTime"]) == (
        "FINISHED",
        "150",
        MS,
    )
    child = read(
        desk.send(
            "GET", V1 + "um/order", {"symbol": "BTCUSDT", "orderId": queried["actualOrderId"]}
        )
    )
    assert (child["status"], child["type"], child["executedQty"]) == ("FILLED", "MARKET", "0.01")
    assert _past(desk, order) == [
        (0, "NEW", "hand"),
        (0, "TRIGGERING", "trigger"),
        (100, "TRIGGERED", "engine"),
        (100, "FINISHED", "fill"),
    ]


@pytest.mark.parametrize("ending", ["cancel", "cancel all", "fill", "expire"])
@pytest.mark.parametrize("family", ["um_conditional", "um_algo"])
def test_a_limit_child_rests(desk: Desk, family: FamilyName, ending: str) -> None:
    """A LIMIT child can be canceled like any plain order; its end finishes its parent."""
    order = _place(desk, family, "STOP", price="99", client_id="mine")
    desk.venue.set_price("BTCUSDT", "100", NOON)
    desk.now += 1
    desk.venue.settle(desk.now)
    parent = desk.venue.order(order)
    child = desk.venue.um_book[parent.order_id]
    assert (parent.status_now, child.status, child.price) == ("TRIGGERED", "NEW", "99")
    assert (child.parent, child.client_order_id) == (parent, "mine")
    ids = {"symbol": "BTCUSDT", "orderId": child.order_id}
    if ending == "cancel":
        assert desk.send("DELETE", V1 + "um/order", ids).status == 200
    elif ending == "cancel all":
        assert desk.send("DELETE", V1 + "um/allOpenOrders", ids).status == 200
    elif ending == "fill":
        desk.venue.fill(child.order_id, desk.now)
    else:
        desk.venue.close(child.order_id, "EXPIRED", desk.now)
    by = 1 if "cancel" in ending else "hand"
    assert (1000, "FINISHED", by) == _past(desk, order)[-1]


def test_good_till_date_of_a_child(desk: Desk) -> None:
    """A child inherits the day on which it expires, and its parent is finished then."""
    order = _place(desk, "um_conditional", "STOP", good_till_date=MS + 700_000)
    desk.venue.trigger(order, NOON)
    desk.venue.settle(NOON + 701)
    assert [(change[0], change[1]) for change in _past(desk, order)] == [
        (0, "NEW"),
        (0, "TRIGGERED"),
        (700_000, "FINISHED"),
    ]


def test_conditional_answers_name_the_child(desk: Desk) -> None:
    """Once triggered, the answers tell the child's id, type and status."""
    order = _place(desk, "um_conditional", "STOP_MARKET")
    desk.venue.trigger(order, NOON)
    ids = {"symbol": "BTCUSDT", "strategyId": order}
    past = read(desk.send("GET", HISTORY, ids))
    assert (past["strategyStatus"], past["status"], past["type"]) == ("TRIGGERED", "NEW", "MARKET")
    desk.venue.fill(past["orderId"], NOON)
    past = read(desk.send("GET", HISTORY, ids))
    assert (past["strategyStatus"], past["status"]) == ("FINISHED", "FILLED")


@pytest.mark.parametrize(
    ("family", "then", "status"),
    [
        ("um_conditional", None, "TRIGGERED"),
        ("um_conditional", "fill", "FINISHED"),
        ("um_algo", None, "FINISHED"),
        ("um_algo", "rest", "TRIGGERED"),
        ("um_algo", "reject", "REJECTED"),
    ],
)
def test_triggers_by_hand(desk: Desk, family: FamilyName, then: Any, status: str) -> None:
    """By hand one may say what becomes of the child."""
    order = _place(desk, family, "STOP_MARKET")
    desk.venue.trigger(order, NOON, then)
    desk.venue.settle(NOON + 1)
    assert status == desk.venue.order(order).status_now


def test_triggers_that_make_no_sense(desk: Desk) -> None:
    """Only a waiting order can be triggered, and only an algo order rejected."""
    order = _place(desk, "um_conditional", "STOP_MARKET")
    with pytest.raises(ValueError, match="only an algo order"):
        desk.venue.trigger(order, NOON, "reject")
    desk.venue.close(order, "CANCELED", NOON)
    with pytest.raises(ValueError, match="is CANCELED, not waiting"):
        desk.venue.trigger(order, NOON)
    plain = read(desk.send("POST", V1 + "um/order", LIMIT))["orderId"]
    with pytest.raises(ValueError, match="not waiting"):
        desk.venue.trigger(plain, NOON)
    with pytest.raises(ValueError, match="0 s or more"):
        Venue(triggering=-1)


def test_no_time_between(desk: Desk) -> None:
    """With ``triggering=0`` there is no such moment; a GTD order is not expired in it either."""
    quick = Desk(era="algo", triggering=0.0)
    order = _place(quick, "um_algo", "STOP_MARKET")
    quick.venue.trigger(order, NOON)
    assert quick.venue.order(order).algo_status == "FINISHED"
    order = _place(desk, "um_algo", "STOP", good_till_date=MS + 50)
    desk.venue.trigger(order, NOON)
    desk.venue.settle(NOON + 1)
    assert [change[1] for change in _past(desk, order)][1:3] == ["TRIGGERING", "TRIGGERED"]


@pytest.mark.asyncio
async def test_hand_of_fate_in_all_families() -> None:
    """The open exchange lets one place, trigger, fill, expire, cancel and look at any order."""
    async with Simulator(era="algo", triggering=0.0) as exchange:
        algo, other = exchange.seed_orders(2, family="um_algo", order_type="STOP", price="1")
        (coin,) = exchange.seed_orders(1, "ETHUSD_PERP", "cm_conditional")
        plain = exchange.place("um")
        exchange.set_price("BTCUSDT", "100000")
        child = exchange.order(algo).order_id
        exchange.fill(child)
        exchange.cancel(exchange.order(other).order_id)
        exchange.trigger(coin, "fill")
        exchange.expire(plain)
        statuses = [exchange.order(one).status_now for one in (algo, other, coin, plain)]
    assert statuses == ["FINISHED", "FINISHED", "FINISHED", "EXPIRED"]
