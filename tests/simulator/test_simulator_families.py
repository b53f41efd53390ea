"""The other families: algo orders, CM conditional orders and the plain orders of both products."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binance_papi.simulator import AlgoStatus, Venue
from binance_papi.simulator.floor import FamilyName
from tests.simulator.simulator_desk import NOON, STOP_MARKET, TRAILING, Desk, read

SAMPLES = Path(__file__).parents[1] / "contract" / "replies"
V1 = "/papi/v1/"
ALGO_ORDER = V1 + "um/algo/order"
QUERY_ALGO = V1 + "um/algo/algoOrder"
OPEN_ALGOS = V1 + "um/algo/openAlgoOrders"
ALL_ALGOS = V1 + "um/algo/allAlgoOrders"
CM_ORDER = V1 + "cm/conditional/order"
TAKE_PROFIT = {
    "algoType": "CONDITIONAL",
    "symbol": "BNBUSDT",
    "side": "SELL",
    "type": "TAKE_PROFIT",
    "quantity": "0.01",
    "price": "750.000",
    "triggerPrice": "750.000",
    "clientAlgoId": "6B2I9XVcJpCjqPAJ4YoFX7",
}
STOP = {**TAKE_PROFIT, "type": "STOP_MARKET", "price": None}
CLOSING = {**STOP, "quantity": None, "closePosition": "true"}
FOLLOWING = {**STOP, "type": "TRAILING_STOP_MARKET", "triggerPrice": None, "callbackRate": "20"}
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "quantity": "0.40",
    "price": "9000",
    "timeInForce": "GTC",
    "newClientOrderId": "abc",
}
MARKET = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.40"}
MS = int(NOON * 1000)
DAY = 86_400


def _sent(order: dict[str, str | None]) -> dict[str, Any]:
    return {name: value for name, value in order.items() if value is not None}


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return Desk(era="algo")


def test_answers_about_an_algo_order(desk: Desk) -> None:
    """Placement, lists, query and cancel answer the keys of the samples in their order."""
    placed = read(desk.send("POST", ALGO_ORDER, TAKE_PROFIT))
    expected = {
        "algoId": placed["algoId"],
        "clientAlgoId": "6B2I9XVcJpCjqPAJ4YoFX7",
        "algoType": "CONDITIONAL",
        "orderType": "TAKE_PROFIT",
        "symbol": "BNBUSDT",
        "side": "SELL",
        "positionSide": "BOTH",
        "timeInForce": "GTC",
        "quantity": "0.01",
        "algoStatus": "NEW",
        "triggerPrice": "750.000",
        "price": "750.000",
        "selfTradePreventionMode": "NONE",
        "workingType": "CONTRACT_PRICE",
        "priceMatch": "NONE",
        "closePosition": False,
        "priceProtect": False,
        "reduceOnly": False,
        "activatePrice": "",
        "callbackRate": "",
        "createTime": MS,
        "updateTime": MS,
        "triggerTime": 0,
        "goodTillDate": 0,
    }
    assert list(expected.items()) == list(placed.items())
    ids = {"algoId": placed["algoId"]}
    del expected["activatePrice"], expected["callbackRate"]
    assert [list(expected.items())] == [
        list(row.items()) for row in read(desk.send("GET", OPEN_ALGOS, {"symbol": "BNBUSDT"}))
    ]
    queried = read(desk.send("GET", QUERY_ALGO, ids))
    keys = list(expected)
    at = keys.index("triggerPrice")
    assert [*keys[:at], "actualOrderId", "actualPrice", *keys[at:]] == list(queried)
    assert (queried["actualOrderId"], queried["actualPrice"]) == ("", "0.00000")
    desk.now += 1
    canceled = desk.send("DELETE", ALGO_ORDER, ids)
    assert (canceled.status, read(canceled)) == (200, {"complete": True})
    queried |= {"algoStatus": "CANCELED", "updateTime": MS + 1000}
    assert queried == read(desk.send("GET", QUERY_ALGO, ids))
    assert [queried] == read(desk.send("GET", ALL_ALGOS, {"symbol": "BNBUSDT"}))
    assert read(desk.send("DELETE", ALGO_ORDER, ids))["code"] == -2011
    assert desk.venue.algo_book[placed["algoId"]].algo_status is AlgoStatus.CANCELED


@pytest.mark.parametrize(
    ("reply", "keys"),
    [
        ("complete", ["complete"]),
        ("code", ["algoId", "clientAlgoId", "code", "msg"]),
        ("order", ["algoId", "clientAlgoId", "algoType", "orderType"]),
    ],
)
def test_replies_to_an_algo_cancel(reply: str, keys: list[str]) -> None:
    """A cancel answers one of three shapes; a symbol in it is not looked at."""
    desk = Desk(era="algo", algo_cancel_reply=reply)
    order = desk.venue.place(NOON, "um_algo", client_id="mine")
    ids = {"clientAlgoId": "mine", "symbol": "ETHUSDT"}
    assert keys == list(read(desk.send("DELETE", ALGO_ORDER, ids)))[:4]
    assert not desk.venue.order(order).is_open


@pytest.mark.parametrize(
    ("order", "change", "code"),
    [
        (STOP, {"algoType": None}, -1102),
        (STOP, {"algoType": "VP"}, -1130),
        (STOP, {"type": "MARKET"}, -1130),
        (STOP, {"triggerPrice": None}, -1102),
        (STOP, {"quantity": None}, -1102),
        (STOP, {"activatePrice": "1"}, -1106),
        (STOP, {"clientAlgoId": "a" * 37}, -4015),
        (STOP, {"clientAlgoId": "a" * 36}, 0),
        (CLOSING, {}, 0),
        (CLOSING, {"quantity": "1"}, -4137),
        (CLOSING, {"reduceOnly": "true"}, -1106),
        (CLOSING, {"type": "STOP", "price": "1"}, -4020),
        (FOLLOWING, {}, 0),
        (FOLLOWING, {"callbackRate": "20.1"}, -1130),
    ],
)
def test_rules_of_algo_orders(
    desk: Desk, order: dict[str, Any], change: dict[str, Any], code: int
) -> None:
    """The rules are those of conditional orders, with the words of this family."""
    reply = read(desk.send("POST", ALGO_ORDER, _sent({**order, **change})))
    assert code == reply.get("code", 0)
    if not code:
        assert reply["closePosition"] is ("closePosition" in order)
        assert reply["callbackRate"] == order.get("callbackRate", "")


def test_lists_and_limits_of_algo_orders(desk: Desk) -> None:
    """Cancel-all, the list without symbol, duplicates and too many orders."""
    for symbol in ("BNBUSDT", "BTCUSDT"):
        params = {**_sent(STOP), "symbol": symbol, "clientAlgoId": symbol}
        assert desk.send("POST", ALGO_ORDER, params).status == 200
    assert read(desk.send("POST", ALGO_ORDER, params))["code"] == -4116
    every = desk.send("GET", OPEN_ALGOS)
    assert len(read(every)) == 2
    assert every.headers["X-MBX-USED-WEIGHT-1M"] == "43"
    assert len(read(desk.send("GET", OPEN_ALGOS, {"algoId": read(every)[0]["algoId"]}))) == 1
    reply = desk.send("DELETE", V1 + "um/algo/allOpenOrders", {"symbol": "BTCUSDT"})
    text = "The operation of cancel all open order is done."
    assert {"code": 200, "msg": text} == read(reply)
    assert desk.venue.algo_book.open_count == 1
    assert read(desk.send("GET", ALL_ALGOS))["code"] == -1102
    few = Desk(era="algo", max_open_orders=0)
    assert read(few.send("POST", ALGO_ORDER, _sent(STOP)))["code"] == -4045


@pytest.mark.parametrize(
    ("ended", "days", "found"), [(True, 3, True), (True, 3.01, False), (False, 90.01, False)]
)
def test_old_algo_orders_are_forgotten(desk: Desk, ended: bool, days: float, found: bool) -> None:
    """Canceled orders vanish after three days, all others after ninety."""
    order = desk.venue.place(NOON, "um_algo")
    if ended:
        desk.venue.close(order, "CANCELED", NOON)
    desk.now = NOON + days * DAY
    assert found is (desk.send("GET", QUERY_ALGO, {"algoId": order}).status == 200)


def test_cm_conditional_orders() -> None:
    """COIN-M orders name their pair when placed, and know no good-till date."""
    desk = Desk(era="algo")
    coin = {**TRAILING, "symbol": "BTCUSD_PERP"}
    placed = read(desk.send("POST", CM_ORDER, coin))
    assert placed["pair"] == "BTCUSD"
    assert not {"goodTillDate", "priceMatch", "selfTradePreventionMode"} & set(placed)
    ids = {"symbol": "BTCUSD_PERP", "strategyId": placed["strategyId"]}
    opened = read(desk.send("GET", V1 + "cm/conditional/openOrder", ids))
    assert [opened] == read(desk.send("GET", V1 + "cm/conditional/openOrders"))
    assert opened.keys() < placed.keys()
    canceled = read(desk.send("DELETE", CM_ORDER, ids))
    assert placed.keys() - canceled.keys() == {"pair"}
    past = read(desk.send("GET", V1 + "cm/conditional/orderHistory", ids))
    assert list(past)[-3:] == ["workingType", "priceProtect", "priceMatch"]
    assert len(read(desk.send("GET", V1 + "cm/conditional/allOrders"))) == 1
    gtd = {**coin, "timeInForce": "GTD", "goodTillDate": MS + 700_000}
    assert read(desk.send("POST", CM_ORDER, gtd))["code"] == -1130
    assert read(desk.send("POST", CM_ORDER, STOP_MARKET))["code"] == -1121
    assert placed["strategyId"] in desk.venue.cm_book


@pytest.mark.parametrize(("product", "symbol"), [("um", "BTCUSDT"), ("cm", "BTCUSD_PERP")])
def test_plain_orders(product: str, symbol: str) -> None:
    """A LIMIT order rests, is found by both ids, and can be canceled, also all of a symbol."""
    desk = Desk(era="algo")
    path = f"{V1}{product}/"
    placed = read(desk.send("POST", path + "order", {**LIMIT, "symbol": symbol}))
    ids = {"symbol": symbol, "origClientOrderId": "abc"}
    queried = read(desk.send("GET", path + "order", ids))
    assert (placed["status"], queried["origType"]) == ("NEW", "LIMIT")
    assert ("pair" in placed) is ("pair" in queried) is (product == "cm")
    opened = read(desk.send("GET", path + "openOrder", ids))
    assert opened == (queried if product == "um" else [queried])
    assert [queried] == read(desk.send("GET", path + "openOrders"))
    assert [queried] == read(desk.send("GET", path + "allOrders", {"symbol": symbol}))
    assert read(desk.send("DELETE", path + "order", ids))["status"] == "CANCELED"
    assert read(desk.send("DELETE", path + "order", ids))["code"] == -2011
    assert read(desk.send("GET", path + "openOrder", ids))["code"] == -2013
    desk.send("POST", path + "order", {**LIMIT, "symbol": symbol})
    reply = read(desk.send("DELETE", path + "allOpenOrders", {"symbol": symbol}))
    assert reply["code"] == 200
    assert read(desk.send("GET", path + "openOrders", {"symbol": symbol})) == []
    desk.now += 3 * DAY + 1
    assert read(desk.send("GET", path + "order", ids))["code"] == -2013


def test_market_and_impatient_orders() -> None:
    """MARKET is filled at the market price, IOC expires; the answer tells so only as RESULT."""
    desk = Desk(prices={"BTCUSDT": "65000"})
    acknowledged = read(desk.send("POST", V1 + "um/order", MARKET))
    result = read(desk.send("POST", V1 + "um/order", {**MARKET, "newOrderRespType": "RESULT"}))
    assert (acknowledged["status"], acknowledged["executedQty"]) == ("NEW", "0")
    assert (result["status"], result["executedQty"]) == ("FILLED", "0.40")
    order = desk.venue.um_book[acknowledged["orderId"]]
    assert (order.status, order.avg_price) == ("FILLED", "65000")
    impatient = {**LIMIT, "timeInForce": "IOC", "newOrderRespType": "RESULT"}
    assert read(desk.send("POST", V1 + "um/order", impatient))["status"] == "EXPIRED"
    assert desk.venue.um_book.open_count == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "STOP_MARKET"}, -4120),
        ({"type": "ICEBERG"}, -1116),
        ({"type": None}, -1102),
        ({"timeInForce": None}, -1102),
        ({"price": None}, -1102),
        ({"quantity": "0"}, -4003),
        ({"newClientOrderId": "a" * 33}, -4015),
        ({"newOrderRespType": "FULL"}, -1130),
    ],
)
def test_rules_of_plain_orders(desk: Desk, change: dict[str, Any], code: int) -> None:
    """A plain order that breaks a rule is refused, types with a trigger by a code of their own."""
    reply = read(desk.send("POST", V1 + "um/order", _sent({**LIMIT, **change})))
    assert code == reply["code"]


def test_lists_of_cm_orders_by_pair(desk: Desk) -> None:
    """COIN-M lists take a pair in place of a symbol, at a higher weight."""
    for symbol in ("BTCUSD_PERP", "BTCUSD_200925", "ETHUSD_PERP"):
        desk.venue.place(NOON, "cm", symbol=symbol)
    rows = desk.send("GET", V1 + "cm/allOrders", {"pair": "BTCUSD"})
    assert (len(read(rows)), rows.headers["X-MBX-USED-WEIGHT-1M"]) == (2, "40")
    assert len(read(desk.send("GET", V1 + "cm/openOrders", {"pair": "ETHUSD"}))) == 1
    assert read(desk.send("GET", V1 + "cm/allOrders"))["code"] == -1102
    assert read(desk.send("GET", V1 + "cm/allOrders", {"limit": 101, "pair": "X"}))["code"] == -1130


@pytest.mark.parametrize(
    ("era", "conditional", "algo"),
    [("conditional", 200, 404), ("algo", 404, 200), ("both", 200, 200)],
)
def test_eras(era: str, conditional: int, algo: int) -> None:
    """Each era has its family; all others are there in all."""
    desk = Desk(era=era)
    statuses = [
        desk.send("GET", V1 + path).status
        for path in (
            "um/conditional/openOrders",
            "um/algo/openAlgoOrders",
            "cm/conditional/openOrders",
            "um/openOrders",
            "cm/openOrders",
        )
    ]
    assert [conditional, algo, 200, 200, 200] == statuses


def test_families_have_ids_of_their_own() -> None:
    """No two families share ids, and an id alone finds its order and its requests."""
    desk = Desk(era="both")
    families: list[FamilyName] = ["um_conditional", "um_algo", "cm_conditional", "um", "cm"]
    ids = {family: desk.venue.place(NOON, family) for family in families}
    assert len({order_id // 10**9 for order_id in ids.values()}) == 5
    for family, order_id in ids.items():
        assert 2**53 < order_id < 2**63
        assert desk.venue.order(order_id) is desk.venue.families[family].book[order_id]
        name = {"um_algo": "algoId", "um": "orderId", "cm": "orderId"}.get(family, "strategyId")
        symbol = "BTCUSD_PERP" if family.startswith("cm") else "BTCUSDT"
        path = desk.venue.families[family].prefix + "order"
        assert desk.send("DELETE", path, {"symbol": symbol, name: order_id}).status == 200
        (record,) = desk.venue.requests_for(order_id)
        assert desk.venue.order(order_id).history[-1].by == record.serial
    with pytest.raises(KeyError):
        desk.venue.order(1)


def test_ids_that_overlap() -> None:
    """Where ids were made to overlap, the family tells which order is meant."""
    desk = Desk(era="both", first_id=7, first_algo_id=7)
    desk.venue.place(NOON)
    desk.venue.place(NOON, "um_algo", client_id="mine")
    desk.cancel(7)
    desk.send("DELETE", ALGO_ORDER, {"clientAlgoId": "mine"})
    assert desk.venue.order(7) is desk.venue.book[7]
    assert desk.venue.order(7, "um_algo") is desk.venue.algo_book[7]
    assert len(desk.venue.requests_for(7, "um_conditional")) == 1
    assert desk.venue.requests_for(7, "um_algo") == ()
    assert len(desk.venue.requests_for("mine")) == 1


def _keys(reply: Any) -> set[str]:
    return set(reply[0] if isinstance(reply, list) else reply)


@pytest.mark.parametrize("product", ["um", "cm"])
def test_answers_have_the_keys_of_the_samples(product: str) -> None:
    """Every answer has exactly the keys of the exchange's sample."""
    desk = Desk(era="both")
    symbol = "BTCUSDT" if product == "um" else "BTCUSD_200925"
    trailing = {**TRAILING, "symbol": symbol}
    limit = {**LIMIT, "symbol": symbol}
    calls = [
        ("POST", "order", limit),
        *(("GET", name, {}) for name in ("order", "openOrder", "openOrders", "allOrders")),
        ("DELETE", "order", {}),
        ("DELETE", "allOpenOrders", {}),
        ("POST", "conditional/order", trailing),
        *(("GET", f"conditional/{name}", {}) for name in ("openOrder", "openOrders")),
        ("DELETE", "conditional/order", {}),
        ("POST", "conditional/order", trailing),
        ("GET", "conditional/orderHistory", {}),
        ("GET", "conditional/allOrders", {}),
        ("DELETE", "conditional/allOpenOrders", {}),
    ]
    params: dict[str, Any] = {}
    for method, path, order in calls:
        if order:
            params = {"symbol": symbol}
        if path.endswith("orderHistory"):
            desk.venue.trigger(params["strategyId"], NOON)
        reply = read(desk.send(method, f"{V1}{product}/{path}", order or params))
        name = f"{method}_papi_v1_{product}_{path.replace('/', '_')}.json"
        if (SAMPLES / name).exists():
            assert _keys(json.loads((SAMPLES / name).read_text())) == _keys(reply), name
        if order:
            params |= {key: reply[key] for key in ("orderId", "strategyId") if key in reply}


def test_settings_of_algo_orders() -> None:
    """A reply that nobody knows is an error."""
    with pytest.raises(ValueError, match="'yes' is none of complete, code, order"):
        Venue(algo_cancel_reply="yes")
