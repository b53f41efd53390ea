"""Nodes that forget orders, and nodes that lag behind."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.simulator import Venue
from tests.simulator.simulator_desk import HISTORY, NOON, OPEN_ORDER, OPEN_ORDERS, Desk, read
from tests.simulator.test_simulator_families import ALGO_ORDER, OPEN_ALGOS, QUERY_ALGO, V1


def _ids(order: int) -> dict[str, Any]:
    return {"symbol": "BTCUSDT", "strategyId": order}


def test_forgotten_by_hand() -> None:
    """A forgotten order is unknown to single requests until its time is over, others are not."""
    desk = Desk(era="both")
    order, other = desk.venue.place(NOON), desk.venue.place(NOON)
    desk.venue.forget(order, 20.0, NOON)
    desk.now += 19.9
    assert read(desk.cancel(order))["code"] == -2011
    assert read(desk.send("GET", OPEN_ORDER, _ids(order)))["code"] == -2013
    assert len(read(desk.send("GET", OPEN_ORDERS))) == 2
    assert desk.cancel(other).status == 200
    assert desk.venue.order(order).is_open
    desk.now += 0.1
    assert desk.cancel(order).status == 200


def test_forgetful_nodes() -> None:
    """Some requests about open orders meet such a node; the order then stays forgotten a while."""

    def codes(seed: int) -> list[int]:
        desk = Desk(era="algo", forgetful=0.3, forgets_for=(1.0, 2.0), seed=seed)
        orders = [desk.venue.place(NOON, "um_algo") for _ in range(100)]
        replies = [read(desk.send("DELETE", ALGO_ORDER, {"algoId": order})) for order in orders]
        denied = [order for order in orders if desk.venue.order(order).is_open]
        assert {-2013} == {
            read(desk.send("GET", QUERY_ALGO, {"algoId": order}))["code"] for order in denied
        }
        desk.venue.replicas.forgetful = 0.0
        desk.now += 2.0
        for order in denied:
            assert desk.send("DELETE", ALGO_ORDER, {"algoId": order}).status == 200
        return [reply.get("code", 0) for reply in replies]

    assert codes(1) == codes(1) != codes(2)
    assert 15 < codes(1).count(-2011) < 45
    assert {0, -2011} == set(codes(1))


def test_closed_orders_are_not_forgotten_by_chance() -> None:
    """What is over is answered truly."""
    desk = Desk(forgetful=1.0)
    order = desk.venue.place(NOON)
    desk.venue.close(order, "CANCELED", NOON)
    assert desk.send("GET", HISTORY, _ids(order)).status == 200


def test_queries_look_back() -> None:
    """Right after a cancel a query still says NEW; the cancel itself is never late."""
    desk = Desk(era="both", replica_lag=0.5)
    order = desk.venue.place(NOON, "um_algo")
    ids = {"algoId": order}
    assert read(desk.send("GET", QUERY_ALGO, ids))["code"] == -2013
    assert read(desk.send("GET", OPEN_ALGOS)) == []
    desk.now += 1
    assert desk.send("DELETE", ALGO_ORDER, ids).status == 200
    assert read(desk.send("DELETE", ALGO_ORDER, ids))["code"] == -2011
    desk.now += 0.49
    seen = read(desk.send("GET", QUERY_ALGO, ids))
    assert (seen["algoStatus"], seen["updateTime"]) == ("NEW", int(NOON * 1000))
    assert len(read(desk.send("GET", OPEN_ALGOS, {"symbol": "BTCUSDT"}))) == 1
    assert read(desk.send("GET", V1 + "um/algo/allAlgoOrders", {"symbol": "BTCUSDT"})) == [seen]
    desk.now += 0.01
    assert read(desk.send("GET", QUERY_ALGO, ids))["algoStatus"] == "CANCELED"
    assert read(desk.send("GET", OPEN_ALGOS)) == []


def test_lag_of_a_range() -> None:
    """Each query meets a node of its own, so it may see less than the one before."""
    desk = Desk(replica_lag=(0.0, 0.5), seed=3)
    order = desk.venue.place(NOON)
    desk.now += 1
    desk.cancel(order)
    desk.now += 0.25
    statuses = [desk.send("GET", OPEN_ORDER, _ids(order)).status for _ in range(20)]
    assert {200, 400} == set(statuses)


def test_a_triggered_order_seen_from_before() -> None:
    """Looking back, the child is not there yet."""
    desk = Desk(replica_lag=0.2)
    order = desk.venue.place(NOON)
    desk.now += 1
    desk.venue.trigger(order, desk.now, "fill")
    assert "orderId" not in read(desk.send("GET", OPEN_ORDER, _ids(order)))
    desk.now += 0.2
    assert read(desk.send("GET", HISTORY, _ids(order)))["strategyStatus"] == "FINISHED"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"forgetful": 1.1}, "a probability"),
        ({"forgets_for": (2.0, 1.0)}, "shortest, longest"),
        ({"replica_lag": (0.5, 0.1)}, "replica_lag"),
        ({"replica_lag": -1.0}, "replica_lag"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], text: str) -> None:
    """What can't be right is refused at once."""
    with pytest.raises(ValueError, match=text):
        Venue(**settings)
