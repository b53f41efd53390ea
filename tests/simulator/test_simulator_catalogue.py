"""The table of endpoints behind the books: every row answers, and every rule of a row refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from binance_papi.simulator import Era, Reply, Request, Venue
from binance_papi.simulator.catalogue import Row, echo, rows
from tests.simulator.simulator_desk import KEY, NOON, SECRET, Desk, read, signed

REVIEWED = json.loads((Path(__file__).parents[1] / "contract" / "endpoints.json").read_bytes())
ROWS = {f"{row.method} {row.path}": row for row in rows()}
DAY = 86_400_000
NOW = int(NOON * 1000)
LIVE = Venue().handlers().keys()


def _value(name: str, rule: str, path: str) -> str:
    """A value that a rule takes."""
    kind = rule.removesuffix("!")
    if kind == "symbol":
        return "BTCUSD_PERP" if path.startswith("/papi/v1/cm/") else "ETHUSDT"
    if name == "startTime":
        return str(NOW - 1000)
    if name == "endTime":
        return str(NOW)
    if ".." in kind:
        return kind.partition("..")[0]
    known = {"text": "ABC", "long": "7", "decimal": "1.50", "bool": "true"}
    return known.get(kind, kind.split("|")[0])


def _least(row: Row) -> dict[str, str]:
    """The parameters that a call can't do without."""
    names = [name for name, rule in row.params.items() if rule.endswith("!")]
    names += row.one[:1]
    return {name: _value(name, row.params[name], row.path) for name in names}


def _send(row: Row, params: dict[str, str], desk: Desk | None = None) -> Reply:
    desk = desk or Desk(era="both")
    if row.signed:
        return desk.send(row.method, row.path, params)
    return desk.venue.handle(Request(row.method, row.path, api_key=KEY), NOON)


def _prepare(desk: Desk, params: dict[str, str]) -> None:
    """Put in what a live row asks about: a listenKey, and orders that it can name."""
    _send(ROWS["POST /papi/v1/listenKey"], {}, desk)
    fields = {"price": "9", "side": "BUY"}
    params.pop("origClientOrderId", None)
    if "orderId" in params:
        params["orderId"] = str(desk.venue.place(NOON, "um", symbol="ETHUSDT", **fields))
        desk.venue.cm.book._next_id = int(params["orderId"])
        desk.venue.place(NOON, "cm", **fields)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_every_endpoint_answers(name: str) -> None:
    """The least that it can be asked is answered with the sample, at its price."""
    row = ROWS[name]
    desk = Desk(era="algo")
    params = _least(row)
    _prepare(desk, params)
    address = "10.0.0.1" if row.signed else "127.0.0.1"
    before = sum(window.used for window in desk.venue.windows() if window.holder == address)
    reply = _send(row, params, desk)
    assert reply.status == 200, reply
    cost = row.weight if row.all_symbols is None or "symbol" in params else row.all_symbols
    assert str(before + cost) == reply.headers["X-MBX-USED-WEIGHT-1M"]
    assert (row.orders > 0) is ("X-MBX-ORDER-COUNT-1M" in reply.headers)
    body = read(reply)
    if (row.method, row.path) not in LIVE:
        assert echo(row.reply, params) == body


def test_the_table_is_whole() -> None:
    """With the books, every era serves all that it should: 106 today, 107 before."""
    eras: tuple[Era, ...] = ("algo", "conditional", "both")
    counts = {era: len(Venue(era=era)._routes) for era in eras}
    assert counts == {"algo": 106, "conditional": 107, "both": 113}


def test_prices_are_the_reviewed_ones() -> None:
    """Weights and order counts are those of the reviewed table."""
    routes = Venue(era="both")._routes
    told, known = {}, {}
    for row in REVIEWED:
        key = (row["method"], row["path"])
        route = routes[key]
        known[key] = (row["weight"], row["all_symbols"], row["orders"])
        told[key] = (route.weight, route.all_symbols, route.orders)
    assert known == told


Case = tuple[str, dict[str, str], int]
"""A row, parameters that break one of its rules, and the code that answers."""


def _broken_params(name: str, row: Row) -> Iterator[Case]:
    least = _least(row)
    wrong = {"symbol": ("NOTHING", -1121), "long": ("x", -1102), "decimal": ("x", -1102)}
    for param, rule in row.params.items():
        kind = rule.removesuffix("!")
        if rule.endswith("!"):
            yield name, {key: value for key, value in least.items() if key != param}, -1102
        if ".." in kind:
            low, high = kind.split("..")
            yield name, least | {param: str(int(low) - 1)}, -1130 if int(low) else -1102
            if high:
                yield name, least | {param: str(int(high) + 1)}, -1130
        elif kind != "text":
            text, code = wrong.get(kind, ("x", -1130))
            yield name, least | {param: text}, code


def _broken_company(name: str, row: Row) -> Iterator[Case]:
    least = _least(row)
    if row.one:
        yield name, {key: value for key, value in least.items() if key not in row.one}, -1102
    for group in (*((one,) for one in row.together), *row.apart):
        sent = {one: _value(one, row.params[one], row.path) for one in group}
        yield name, least | sent, -1128
    if "startTime" in row.params:
        yield name, least | {"startTime": str(NOW), "endTime": str(NOW - 1)}, -1023
    if row.days is not None:
        start = str(NOW - row.days * DAY - 1)
        yield name, least | {"startTime": start, "endTime": str(NOW)}, -4165


def test_every_rule_refuses() -> None:
    """Each rule of each row, broken once, is refused with its code."""
    cases = [
        case
        for name, row in ROWS.items()
        for case in (*_broken_params(name, row), *_broken_company(name, row))
    ]
    wrong = []
    for name, params, code in cases:
        reply = _send(ROWS[name], params)
        if (reply.status, reply.code) != (400, code):
            wrong.append((name, params, code, reply))
    assert wrong == []
    assert len(cases) > 200


def test_signatures_are_asked() -> None:
    """Without a signature no row answers but those that the key alone opens."""
    for row in rows():
        desk = Desk(era="both")
        query = signed("another secret", NOON, _least(row)).encode()
        reply = desk.venue.handle(Request(row.method, row.path, query, b"", KEY), NOON)
        assert (row.signed is False) is (reply.code != -1022), row
    assert SECRET != "another secret"


def test_what_the_caller_named_is_in_the_reply() -> None:
    """His symbol, leverage and the like stand in the sample, in the sample's types."""
    desk = Desk()
    params = {"symbol": "ETHUSDT", "leverage": "7"}
    reply = read(desk.send("POST", "/papi/v1/um/leverage", params))
    assert (reply["symbol"], reply["leverage"]) == ("ETHUSDT", 7)
    rates = read(desk.send("GET", "/papi/v1/um/adlQuantile", {"symbol": "SOLUSDT"}))
    assert [row["symbol"] for row in rates] == ["SOLUSDT"]
    sample = {"a": True, "b": 1, "c": "1", "d": None, "e": 2}
    sent = {"a": "FALSE", "b": "5", "c": "5", "d": "5"}
    assert echo(sample, sent) == {"a": False, "b": 5, "c": "5", "d": None, "e": 2}
    path = "/papi/v1/um/adlQuantile"
    assert read(desk.send("GET", path, {"adlQuantile": "x"}))[0]["adlQuantile"]["LONG"] == 3
