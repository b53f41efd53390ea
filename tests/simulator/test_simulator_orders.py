"""The conditional orders: placement rules, answers, and what is found where."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.simulator import RateLimit
from binance_papi.terms import StrategyStatus
from tests.simulator.simulator_desk import (
    ALL_OPEN,
    ALL_ORDERS,
    HISTORY,
    LIMITS,
    NOON,
    OPEN_ORDER,
    OPEN_ORDERS,
    ORDER,
    STOP_MARKET,
    TRAILING,
    Desk,
    read,
)

FIRST = 4611875134427365377
MS = int(NOON * 1000)
WEEK = 7 * 86_400
HEAD = [
    "newClientStrategyId",
    "strategyId",
    "strategyStatus",
    "strategyType",
    "origQty",
    "price",
    "reduceOnly",
    "side",
    "positionSide",
    "stopPrice",
    "symbol",
]
TAIL = ["selfTradePreventionMode", "goodTillDate", "priceMatch"]


def _refusal(code: int, msg: str) -> tuple[int, dict[str, Any]]:
    return 400, {"code": code, "msg": msg}


def _mandatory(name: str) -> tuple[int, dict[str, Any]]:
    text = f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    return _refusal(-1102, text)


def _invalid(name: str) -> tuple[int, dict[str, Any]]:
    return _refusal(-1130, f"Data sent for parameter '{name}' is not valid.")


def test_answer_to_a_placement_and_its_cancel() -> None:
    """Placement and cancel answer the whole order, in the documented order of keys."""
    desk = Desk()
    placed = read(desk.send("POST", ORDER, TRAILING))
    expected = {
        "newClientStrategyId": "myOrder1",
        "strategyId": FIRST,
        "strategyStatus": "NEW",
        "strategyType": "TRAILING_STOP_MARKET",
        "origQty": "11",
        "price": "0",
        "reduceOnly": False,
        "side": "BUY",
        "positionSide": "SHORT",
        "stopPrice": "9300",
        "symbol": "BTCUSDT",
        "timeInForce": "GTC",
        "activatePrice": "9020",
        "priceRate": "0.3",
        "bookTime": MS,
        "updateTime": MS,
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "selfTradePreventionMode": "NONE",
        "goodTillDate": 0,
        "priceMatch": "NONE",
    }
    assert list(expected.items()) == list(placed.items())
    desk.now += 12
    canceled = read(desk.cancel(FIRST))
    expected |= {"strategyStatus": "CANCELED", "updateTime": MS + 12_000}
    assert list(expected.items()) == list(canceled.items())
    assert StrategyStatus.CANCELED is desk.venue.book[FIRST].strategy_status


def test_only_trailing_orders_have_trailing_keys() -> None:
    """``activatePrice`` and ``priceRate`` are absent from other types."""
    placed = read(Desk().send("POST", ORDER, STOP_MARKET))
    assert not {"activatePrice", "priceRate"} & set(placed)
    assert placed["newClientStrategyId"]


def test_open_order_and_open_orders() -> None:
    """The queries answer a shorter shape; the list holds what the single query answers."""
    desk = Desk()
    desk.send("POST", ORDER, TRAILING)
    desk.send("POST", ORDER, {**STOP_MARKET, "symbol": "ETHUSDT"})
    one = read(desk.send("GET", OPEN_ORDER, {"symbol": "BTCUSDT", "strategyId": FIRST}))
    keys = [*HEAD, "bookTime", "updateTime", "timeInForce", "activatePrice", "priceRate", *TAIL]
    assert keys == list(one)
    assert [one] == read(desk.send("GET", OPEN_ORDERS, {"symbol": "BTCUSDT"}))
    every = read(desk.send("GET", OPEN_ORDERS))
    assert [order["strategyId"] for order in every] == [FIRST, FIRST + 1]
    assert [*HEAD, "bookTime", "updateTime", "timeInForce", *TAIL] == list(every[1])


def test_history_of_a_triggered_order() -> None:
    """A triggered order gains its child's keys; its history has no ``priceMatch``."""
    desk = Desk()
    desk.send("POST", ORDER, TRAILING)
    desk.venue.close(FIRST, StrategyStatus.TRIGGERED, NOON + 1)
    past = read(desk.send("GET", HISTORY, {"symbol": "BTCUSDT", "strategyId": FIRST}))
    child = [*HEAD, "orderId", "status", "bookTime", "updateTime", "triggerTime"]
    child += ["timeInForce", "type", "activatePrice", "priceRate"]
    assert [*child, "workingType", "priceProtect", *TAIL[:2]] == list(past)
    assert (
        past["strategyStatus"],
        past["status"],
        past["type"],
        past["triggerTime"],
    ) == ("TRIGGERED", "NEW", "MARKET", MS + 1000)
    row = read(desk.send("GET", ALL_ORDERS, {"symbol": "BTCUSDT"}))[0]
    assert [*child, *TAIL] == list(row)


def test_type_of_the_child_order() -> None:
    """STOP and TAKE_PROFIT trigger a LIMIT order."""
    desk = Desk()
    desk.send("POST", ORDER, {**STOP_MARKET, "strategyType": "STOP", "price": "9200"})
    desk.venue.close(FIRST, StrategyStatus.TRIGGERED, NOON + 1)
    assert read(desk.send("GET", ALL_ORDERS))[0]["type"] == "LIMIT"


def test_cancel_all_cancels_one_symbol() -> None:
    """Cancel-all answers its code as text and leaves other symbols alone."""
    desk = Desk()
    for symbol in ("BTCUSDT", "BTCUSDT", "ETHUSDT"):
        desk.send("POST", ORDER, {**STOP_MARKET, "symbol": symbol})
    reply = desk.send("DELETE", ALL_OPEN, {"symbol": "BTCUSDT"})
    assert read(reply) == {
        "code": "200",
        "msg": "The operation of cancel all conditional open order is done.",
    }
    assert [o.strategy_status.value for o in desk.venue.book] == ["CANCELED", "CANCELED", "NEW"]
    assert desk.venue.book.open_count == 1
    assert desk.send("DELETE", ALL_OPEN, {"symbol": "BTCUSDT"}).status == 200


UNKNOWN_CANCEL = _refusal(-2011, "Unknown order sent.")
UNKNOWN_QUERY = _refusal(-2013, "Order does not exist.")


@pytest.mark.parametrize(
    "ids",
    [
        {"strategyId": 1},
        {"newClientStrategyId": "nobody"},
        {"strategyId": FIRST, "symbol": "ETHUSDT"},
        {"strategyId": 1, "newClientStrategyId": "myOrder1"},
    ],
)
def test_unknown_orders(ids: dict[str, Any]) -> None:
    """A cancel of an unknown order is -2011, a query -2013; the strategy id wins over the other."""
    desk = Desk()
    desk.send("POST", ORDER, TRAILING)
    params = {"symbol": "BTCUSDT", **ids}
    seen = [
        (reply.status, read(reply))
        for reply in (
            desk.send("DELETE", ORDER, params),
            desk.send("GET", OPEN_ORDER, params),
            desk.send("GET", HISTORY, params),
        )
    ]
    assert seen == [UNKNOWN_CANCEL, UNKNOWN_QUERY, UNKNOWN_QUERY]
    assert desk.venue.book[FIRST].is_open


@pytest.mark.parametrize("status", ["CANCELED", "EXPIRED", "TRIGGERED"])
def test_orders_that_are_not_open(status: str) -> None:
    """History finds what is over, the other queries and cancels do not."""
    desk = Desk()
    desk.send("POST", ORDER, TRAILING)
    ids = {"symbol": "BTCUSDT", "newClientStrategyId": "myOrder1"}
    assert desk.send("GET", OPEN_ORDER, ids).status == 200
    assert ((r := desk.send("GET", HISTORY, ids)).status, read(r)) == UNKNOWN_QUERY
    desk.venue.close(FIRST, StrategyStatus(status), NOON)
    assert read(desk.send("GET", HISTORY, ids))["strategyStatus"] == status
    assert ((r := desk.send("GET", OPEN_ORDER, ids)).status, read(r)) == UNKNOWN_QUERY
    assert ((r := desk.send("DELETE", ORDER, ids)).status, read(r)) == UNKNOWN_CANCEL
    assert read(desk.send("GET", OPEN_ORDERS)) == []


@pytest.mark.parametrize(("status", "found"), [("CANCELED", False), ("TRIGGERED", True)])
def test_orders_without_a_trigger_are_forgotten(status: str, found: bool) -> None:
    """CANCELED and EXPIRED orders vanish seven days after their placement."""
    desk = Desk()
    desk.send("POST", ORDER, TRAILING)
    desk.venue.close(FIRST, StrategyStatus(status), NOON)
    ids = {"symbol": "BTCUSDT", "strategyId": FIRST}
    desk.now = NOON + WEEK
    assert desk.send("GET", HISTORY, ids).status == 200
    desk.now += 0.001
    assert found is (desk.send("GET", HISTORY, ids).status == 200)


@pytest.mark.parametrize("path", [OPEN_ORDER, HISTORY, ORDER])
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, _mandatory("symbol")),
        ({"symbol": "NOPE", "strategyId": 1}, _refusal(-1121, "Invalid symbol.")),
        (
            {"symbol": "BTCUSDT"},
            _refusal(
                -1102,
                "Param 'strategyId' or 'newClientStrategyId' must be sent, "
                "but both were empty/null!",
            ),
        ),
        ({"symbol": "BTCUSDT", "strategyId": "12x"}, _mandatory("strategyId")),
        ({"symbol": "BTCUSDT", "strategyId": "-1"}, _mandatory("strategyId")),
        ({"symbol": "BTCUSDT", "strategyId": 2**63}, _mandatory("strategyId")),
        ({"symbol": "BTCUSDT", "strategyId": "1\n"}, _mandatory("strategyId")),
        (
            {"symbol": "BTCUSDT", "newClientStrategyId": "a b"},
            _refusal(
                -1100,
                "Illegal characters found in parameter 'newClientStrategyId'; "
                r"legal range is '^[\.A-Z\:/a-z0-9_-]{1,32}$'.",
            ),
        ),
        (
            {"symbol": "BTCUSDT", "newClientStrategyId": "a" * 33},
            _refusal(-4015, "Client order id is not valid."),
        ),
        (
            {"symbol": "BTCUSDT", "strategyId": ""},
            _refusal(-1105, "Parameter 'strategyId' was empty."),
        ),
    ],
)
def test_parameters_of_one_order(
    path: str, params: dict[str, Any], expected: tuple[int, dict[str, Any]]
) -> None:
    """Cancel and queries ask for a symbol and one of two ids."""
    reply = Desk().send("DELETE" if path == ORDER else "GET", path, params)
    assert expected == (reply.status, read(reply))


LIMIT = {**STOP_MARKET, "strategyType": "STOP", "price": "9200"}
HEDGED = {**STOP_MARKET, "positionSide": "LONG"}


@pytest.mark.parametrize(
    ("order", "change", "expected"),
    [
        (STOP_MARKET, {"symbol": None}, _mandatory("symbol")),
        (STOP_MARKET, {"symbol": "btcusdt"}, _refusal(-1121, "Invalid symbol.")),
        (STOP_MARKET, {"side": None}, _mandatory("side")),
        (STOP_MARKET, {"side": "HOLD"}, _invalid("side")),
        (STOP_MARKET, {"strategyType": None}, _mandatory("strategyType")),
        (STOP_MARKET, {"strategyType": "LIMIT"}, _invalid("strategyType")),
        (STOP_MARKET, {"positionSide": "UP"}, _invalid("positionSide")),
        (STOP_MARKET, {"workingType": "LAST"}, _invalid("workingType")),
        (STOP_MARKET, {"timeInForce": "DAY"}, _invalid("timeInForce")),
        (STOP_MARKET, {"reduceOnly": "yes"}, _invalid("reduceOnly")),
        (STOP_MARKET, {"priceProtect": "1"}, _invalid("priceProtect")),
        (STOP_MARKET, {"selfTradePreventionMode": "SOME"}, _invalid("selfTradePreventionMode")),
        (STOP_MARKET, {"quantity": None}, _mandatory("quantity")),
        (STOP_MARKET, {"quantity": "1E-8"}, _mandatory("quantity")),
        (STOP_MARKET, {"quantity": "-1"}, _mandatory("quantity")),
        (STOP_MARKET, {"quantity": "0.0"}, _refusal(-4003, "Quantity less than or equal to zero.")),
        (STOP_MARKET, {"stopPrice": None}, _mandatory("stopPrice")),
        (STOP_MARKET, {"stopPrice": "0"}, _refusal(-4006, "Stop price less than zero.")),
        (
            STOP_MARKET,
            {"callbackRate": "1"},
            _refusal(-1106, "Parameter 'callbackRate' sent when not required."),
        ),
        (
            STOP_MARKET,
            {"activationPrice": "1"},
            _refusal(-1106, "Parameter 'activationPrice' sent when not required."),
        ),
        (STOP_MARKET, {"priceMatch": "QUEUE"}, None),
        (LIMIT, {"price": None}, _mandatory("price")),
        (LIMIT, {"price": "0"}, _refusal(-4001, "Price less than 0.")),
        (LIMIT, {"strategyType": "TAKE_PROFIT", "price": None}, _mandatory("price")),
        (LIMIT, {"priceMatch": "MIDDLE"}, _invalid("priceMatch")),
        (LIMIT, {"priceMatch": "NONE"}, _invalid("priceMatch")),
        (LIMIT, {"priceMatch": "OPPONENT_20"}, _refusal(-5037, "Invalid price match")),
        (
            LIMIT,
            {"priceMatch": "QUEUE"},
            _refusal(-1106, "Parameter 'price' sent when not required."),
        ),
        (TRAILING, {"callbackRate": None}, _mandatory("callbackRate")),
        (TRAILING, {"callbackRate": "0.09"}, _invalid("callbackRate")),
        (TRAILING, {"callbackRate": "5.1"}, _invalid("callbackRate")),
        (TRAILING, {"activationPrice": "high"}, _mandatory("activationPrice")),
        (
            TRAILING,
            {"reduceOnly": "true"},
            _refusal(-4062, "Invalid or improper reduceOnly value."),
        ),
        (TRAILING, {"timeInForce": "GTD"}, _mandatory("goodTillDate")),
        (
            TRAILING,
            {"timeInForce": "GTD", "goodTillDate": MS + 600_000},
            _refusal(-5040, "Invalid goodTillDate."),
        ),
        (
            TRAILING,
            {"timeInForce": "GTD", "goodTillDate": 253_402_300_799_000},
            _refusal(-5040, "Invalid goodTillDate."),
        ),
        (
            TRAILING,
            {"newClientStrategyId": "a" * 33},
            _refusal(-4015, "Client order id is not valid."),
        ),
    ],
)
def test_placement_rules(
    order: dict[str, str],
    change: dict[str, Any],
    expected: tuple[int, dict[str, Any]] | None,
) -> None:
    """A placement that breaks a rule is refused by name, and nothing is placed."""
    desk = Desk()
    params = {name: value for name, value in {**order, **change}.items() if value is not None}
    reply = desk.send("POST", ORDER, params)
    if expected is None:
        expected = _refusal(
            -5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT"
        )
    assert expected == (reply.status, read(reply))
    assert len(desk.venue.book) == 0


@pytest.mark.parametrize(
    ("order", "change", "key", "value"),
    [
        (STOP_MARKET, {"reduceOnly": "True"}, "reduceOnly", True),
        (STOP_MARKET, {"priceProtect": "TRUE"}, "priceProtect", True),
        (STOP_MARKET, {"symbol": "测试USDT"}, "symbol", "测试USDT"),
        (STOP_MARKET, {"newClientStrategyId": "a.:/_-9"}, "newClientStrategyId", "a.:/_-9"),
        (STOP_MARKET, {"strange": "1"}, "strategyId", FIRST),
        (STOP_MARKET, {"timeInForce": "IOC"}, "timeInForce", "IOC"),
        (LIMIT, {"price": None, "priceMatch": "QUEUE_5"}, "priceMatch", "QUEUE_5"),
        (TRAILING, {"activationPrice": None}, "activatePrice", "0"),
        (TRAILING, {"callbackRate": "0.1"}, "priceRate", "0.1"),
        (TRAILING, {"callbackRate": "5"}, "priceRate", "5"),
        (
            TRAILING,
            {"timeInForce": "GTD", "goodTillDate": MS + 601_999},
            "goodTillDate",
            MS + 601_000,
        ),
    ],
)
def test_placements_that_pass(
    order: dict[str, str], change: dict[str, Any], key: str, value: object
) -> None:
    """What the rules allow is placed and echoed."""
    params = {name: value for name, value in {**order, **change}.items() if value is not None}
    reply = Desk().send("POST", ORDER, params)
    assert (200, value) == (reply.status, read(reply)[key])


@pytest.mark.parametrize(
    ("hedge_mode", "order", "status"),
    [
        (True, HEDGED, 200),
        (False, STOP_MARKET, 200),
        (True, STOP_MARKET, 400),
        (False, HEDGED, 400),
    ],
)
def test_position_mode(hedge_mode: bool, order: dict[str, str], status: int) -> None:
    """Where the account's mode is set, the position side has to fit it."""
    reply = Desk(hedge_mode=hedge_mode).send("POST", ORDER, order)
    assert status == reply.status
    if status == 400:
        text = "Order's position side does not match user's setting."
        assert {"code": -4061, "msg": text} == read(reply)


@pytest.mark.parametrize(
    ("kind", "side", "level", "refused"),
    [
        ("STOP_MARKET", "BUY", "9000.1", False),
        ("STOP_MARKET", "BUY", "9000", True),
        ("STOP_MARKET", "SELL", "8999.9", False),
        ("STOP_MARKET", "SELL", "9000.0", True),
        ("TAKE_PROFIT_MARKET", "BUY", "8999.9", False),
        ("TAKE_PROFIT_MARKET", "BUY", "9000", True),
        ("TAKE_PROFIT_MARKET", "SELL", "9000.1", False),
        ("TAKE_PROFIT_MARKET", "SELL", "9000", True),
        ("TRAILING_STOP_MARKET", "BUY", "8999", False),
        ("TRAILING_STOP_MARKET", "BUY", "9001", True),
        ("TRAILING_STOP_MARKET", "SELL", "9001", False),
        ("TRAILING_STOP_MARKET", "SELL", "8999", True),
        ("TRAILING_STOP_MARKET", "SELL", None, False),
    ],
)
def test_triggers_on_the_wrong_side(kind: str, side: str, level: str | None, refused: bool) -> None:
    """Where a price is set, an order that would trigger at once is refused."""
    params = {**STOP_MARKET, "strategyType": kind, "side": side}
    if kind == "TRAILING_STOP_MARKET":
        params |= {"callbackRate": "1"} | ({"activationPrice": level} if level else {})
    else:
        params["stopPrice"] = level or ""
    reply = Desk(prices={"BTCUSDT": "9000"}).send("POST", ORDER, params)
    expected = _refusal(-2021, "Order would immediately trigger.")
    if refused:
        assert expected == (reply.status, read(reply))
    else:
        assert reply.status == 200
        assert read(reply).get("activatePrice", level) == (level or "9000")


def test_good_till_date_expires_the_order() -> None:
    """A GTD order expires by itself at its time."""
    desk = Desk()
    desk.send("POST", ORDER, {**STOP_MARKET, "timeInForce": "GTD", "goodTillDate": MS + 700_000})
    desk.now = NOON + 699.9
    assert len(read(desk.send("GET", OPEN_ORDERS))) == 1
    desk.now = NOON + 700
    assert read(desk.cancel(FIRST))["code"] == -2011
    assert StrategyStatus.EXPIRED is desk.venue.book[FIRST].strategy_status


def test_most_open_orders() -> None:
    """One order too many is -4045; seeded orders may exceed the number."""
    desk = Desk(max_open_orders=2)
    desk.send("POST", ORDER, STOP_MARKET)
    desk.send("POST", ORDER, {**STOP_MARKET, "symbol": "ETHUSDT"})
    reply = desk.send("POST", ORDER, STOP_MARKET)
    assert _refusal(-4045, "Reach max stop order limit.") == (reply.status, read(reply))
    desk.venue.place(NOON)
    assert desk.venue.book.open_count == 3
    for order in tuple(desk.venue.book)[:2]:
        desk.cancel(order.strategy_id)
    desk.cancel(FIRST + 2)


def test_client_ids_are_unique_among_open_orders() -> None:
    """A client id may come again when its order is over; then it means the later one."""
    desk = Desk()
    desk.send("POST", ORDER, TRAILING)
    reply = desk.send("POST", ORDER, TRAILING)
    assert _refusal(-4116, "ClientOrderId is duplicated.") == (reply.status, read(reply))
    desk.cancel(FIRST)
    assert read(desk.send("POST", ORDER, TRAILING))["strategyId"] == FIRST + 1
    ids = {"symbol": "BTCUSDT", "newClientStrategyId": "myOrder1"}
    assert read(desk.send("DELETE", ORDER, ids))["strategyId"] == FIRST + 1


def _listed(desk: Desk, **params: Any) -> list[int]:
    reply = desk.send("GET", ALL_ORDERS, params)
    return [row["strategyId"] - FIRST for row in read(reply)]


def test_all_orders_selects_and_cuts() -> None:
    """Rows are chosen by symbol, time and id; without an id the latest rows are given."""
    desk = Desk()
    for n in range(6):
        desk.venue.place(NOON + n, symbol="BTCUSDT" if n % 2 else "ETHUSDT")
    desk.now = NOON + 10
    assert list(range(6)) == _listed(desk)
    assert _listed(desk, symbol="BTCUSDT") == [1, 3, 5]
    assert _listed(desk, limit=2) == [4, 5]
    assert _listed(desk, limit=2, strategyId=FIRST + 2) == [2, 3]
    assert _listed(desk, startTime=MS + 1000, endTime=MS + 3000) == [1, 2, 3]
    assert _listed(desk, startTime=MS + 4000) == [4, 5]
    assert _listed(desk, endTime=MS + 1000) == [0, 1]


def test_all_orders_shows_the_last_week_and_500_rows() -> None:
    """Without a span the last seven days are shown, without a number 500 rows."""
    desk = Desk()
    desk.venue.place(NOON)
    desk.now = NOON + WEEK + 1
    for _ in range(600):
        desk.venue.place(desk.now)
    rows = _listed(desk)
    assert (len(rows), rows[0], rows[-1]) == (500, 101, 600)
    assert len(_listed(desk, limit=1000)) == 600


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"symbol": "NOPE"}, _refusal(-1121, "Invalid symbol.")),
        ({"limit": 0}, _invalid("limit")),
        ({"limit": 1001}, _invalid("limit")),
        ({"limit": "all"}, _mandatory("limit")),
        ({"startTime": "noon"}, _mandatory("startTime")),
        (
            {"startTime": 2, "endTime": 1},
            _refusal(-1023, "Start time is greater than end time."),
        ),
        (
            {"startTime": 0, "endTime": WEEK * 1000 + 1},
            _refusal(-4165, "Invalid time interval."),
        ),
    ],
)
def test_parameters_of_all_orders(
    params: dict[str, Any], expected: tuple[int, dict[str, Any]]
) -> None:
    """A list with a bad span or number of rows is refused."""
    reply = Desk().send("GET", ALL_ORDERS, params)
    assert expected == (reply.status, read(reply))


def test_open_orders_of_an_unknown_symbol() -> None:
    """A symbol that does not trade is refused in lists as well."""
    desk = Desk()
    assert read(desk.send("GET", OPEN_ORDERS, {"symbol": "NOPE"}))["code"] == -1121
    assert read(desk.send("DELETE", ALL_OPEN, {"symbol": "NOPE"}))["code"] == -1121


def test_order_limits_are_told() -> None:
    """The endpoint tells the limits of orders, not what is used."""
    desk = Desk()
    desk.send("POST", ORDER, STOP_MARKET)
    expected = {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": 1200}
    assert [expected] == read(desk.send("GET", LIMITS))
    assert read(Desk(limits=[RateLimit("REQUEST_WEIGHT", "DAY", 1, 9)]).send("GET", LIMITS)) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ORDER),
        ("DELETE", ORDER),
        ("DELETE", ALL_OPEN),
        ("GET", OPEN_ORDER),
        ("GET", OPEN_ORDERS),
        ("GET", HISTORY),
        ("GET", ALL_ORDERS),
    ],
)
def test_the_family_is_gone_in_the_algo_era(method: str, path: str) -> None:
    """In today's era all seven paths answer 404 with HTML, whatever is asked."""
    desk = Desk(era="algo")
    reply = desk.send(method, path, TRAILING)
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html")
    assert reply.body.startswith(b"<html>")
    assert desk.send("GET", LIMITS).status == 200


def test_unknown_paths_and_eras() -> None:
    """A path or method that is not there is 404; an era that is not there an error."""
    assert Desk().send("GET", "/papi/v1/um/nothing").status == 404
    assert Desk().send("PUT", ORDER).status == 404
    with pytest.raises(ValueError, match="'spot' is none of conditional, algo"):
        Desk(era="spot")


def test_first_id() -> None:
    """Ids begin where they are told to, and above what a float can hold by default."""
    assert Desk().venue.place(NOON) == FIRST
    assert int(float(FIRST)) != FIRST
    assert Desk(first_id=123445).venue.place(NOON, symbol="ETHUSDT") == 123445


def test_only_open_orders_can_be_closed() -> None:
    """Fate can not strike twice."""
    desk = Desk()
    strategy_id = desk.venue.place(NOON, client_id="mine")
    assert strategy_id in desk.venue.book
    desk.venue.close(strategy_id, StrategyStatus.CANCELED, NOON)
    with pytest.raises(ValueError, match="is CANCELED, not NEW"):
        desk.venue.close(strategy_id, StrategyStatus.TRIGGERED, NOON)
    with pytest.raises(KeyError):
        desk.venue.close(1, StrategyStatus.TRIGGERED, NOON)
