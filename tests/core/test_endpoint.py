"""Requests are values, and their classes say where they go and what they cost."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from binance_papi.api.general import OrderRateLimit, Pong, QueryUserRateLimit, TestConnectivity
from binance_papi.api.um.conditional import (
    CancelOrder,
    NewOrder,
    QueryAllCurrentOpenOrders,
    QueryAllOrders,
)
from binance_papi.core.decode import BadReply
from binance_papi.core.endpoint import (
    DAY_MS,
    Endpoint,
    Lane,
    Security,
    SignedRequest,
    fields_of,
    lane_of,
    weight_of,
)
from binance_papi.errors import InvalidRequestError

CANCEL = CancelOrder(symbol="BTCUSDT", strategy_id=1)
STOP: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "strategy_type": "STOP_MARKET",
    "stop_price": 1,
}


@pytest.mark.parametrize(
    ("security", "keyed", "signed"),
    [
        (Security.NONE, False, False),
        (Security.USER_STREAM, True, False),
        (Security.USER_DATA, True, True),
        (Security.TRADE, True, True),
        (Security.MARGIN, True, True),
    ],
)
def test_security(security: Security, keyed: bool, signed: bool) -> None:
    """Who sends the key, who signs."""
    assert (keyed, signed) == (security.keyed, security.signed)


def test_requests_are_values() -> None:
    """Equal, hashable, copyable, printable, frozen."""
    twin = CancelOrder(symbol="BTCUSDT", strategy_id=1)
    assert twin == CANCEL == copy.deepcopy(CANCEL) == pickle.loads(pickle.dumps(CANCEL))
    assert len({CANCEL, twin}) == 1
    assert "strategy_id=1" in repr(CANCEL)
    with pytest.raises(AttributeError):
        CANCEL.strategy_id = 2  # type: ignore[misc]
    assert repr(CANCEL.endpoint) == "<Endpoint DELETE /papi/v1/um/conditional/order>"


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: CancelOrder(strategy_id=1), "symbol is mandatory"),  # type: ignore[call-arg]
        (lambda: CancelOrder(symbol=None, strategy_id=1), "symbol is mandatory"),  # type: ignore[arg-type]
        (
            lambda: CancelOrder(symbol="BTCUSDT"),
            "one of strategyId or newClientStrategyId is mandatory",
        ),
        (lambda: CancelOrder(symbol="", strategy_id=1), "symbol is empty"),
        (lambda: CancelOrder(symbol="B", strategy_id=1, recv_window=0), "recvWindow is at least 1"),
        (lambda: NewOrder(**{**STOP, "stop_price": None}), "STOP_MARKET needs stop_price"),
    ],
    ids=range(6),
)
def test_wrong_requests(make: Any, problem: str) -> None:
    """A request that can't be right is not made, and the words are the exchange's."""
    with pytest.raises(InvalidRequestError, match=problem):
        make()


@pytest.mark.parametrize(
    ("request_", "weight", "lane"),
    [
        (CANCEL, 1, Lane.CANCEL),
        (NewOrder(**STOP), 1, Lane.ORDER),
        (NewOrder(**STOP, reduce_only=True), 1, Lane.REDUCE),
        (NewOrder(**STOP, reduce_only=False), 1, Lane.ORDER),
        (QueryAllCurrentOpenOrders(symbol="BTCUSDT"), 1, Lane.READ),
        (QueryAllCurrentOpenOrders(), 40, Lane.READ),
        (QueryAllOrders(), 40, Lane.READ),
        (TestConnectivity(), 1, Lane.READ),
        (QueryUserRateLimit(), 1, Lane.READ),
    ],
    ids=range(9),
)
def test_cost_and_lane(request_: Any, weight: int, lane: Lane) -> None:
    """Without a symbol some requests cost 40 times as much; what only reduces goes before."""
    assert (weight, lane) == (weight_of(request_), lane_of(request_))


def test_closing_orders_go_before_others() -> None:
    """An order that closes a position waits in the lane of those that reduce one."""

    class Close(SignedRequest[Pong], frozen=True, kw_only=True):
        endpoint = Endpoint("POST", "/papi/v1/close", Security.TRADE, Pong, weight=1, orders=1)

        close_position: bool | None = None

    assert [
        lane_of(Close(close_position=True)),
        lane_of(Close()),
    ] == [Lane.REDUCE, Lane.ORDER]


class Ask(SignedRequest[list[Pong]], frozen=True, kw_only=True):
    """A request with every rule that a declaration can state."""

    endpoint = Endpoint(
        "GET",
        "/papi/v1/ask",
        Security.TRADE,
        list[Pong],
        weight=1,
        apart=(("symbol", "pair"), ("from_id", "start_time")),
        together=(("amount", "asset"),),
        span=7 * DAY_MS,
        listed=True,
    )

    symbol: str | None = None
    pair: str | None = None
    from_id: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    amount: int | None = None
    asset: str | None = None


class One(SignedRequest[OrderRateLimit], frozen=True, kw_only=True):
    """A request whose one value may come in a list."""

    endpoint = Endpoint(
        "GET",
        "/papi/v1/one",
        Security.USER_DATA,
        OrderRateLimit,
        weight=1,
        span=DAY_MS,
        listed=True,
    )


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"symbol": "A", "pair": "B"}, "symbol and pair exclude each other"),
        ({"from_id": 0, "start_time": 0}, "fromId and startTime exclude each other"),
        ({"amount": 1}, "amount and asset go together"),
        ({"asset": "USDT"}, "amount and asset go together"),
        ({"start_time": 2, "end_time": 1}, "startTime is after endTime"),
        ({"start_time": 0, "end_time": 7 * DAY_MS}, "endTime is less than 7 days after startTime"),
    ],
)
def test_rules_of_fields_together(fields: dict[str, Any], problem: str) -> None:
    """What excludes each other, goes together, or spans too much is refused in wire names."""
    with pytest.raises(InvalidRequestError, match=problem):
        Ask(**fields)


def test_what_the_rules_let_through() -> None:
    """Nothing, one of each, both of a pair, and the longest window."""
    for fields in (
        {},
        {"symbol": "A", "from_id": 1},
        {"amount": 1, "asset": "USDT"},
        {"start_time": 0, "end_time": 7 * DAY_MS - 1},
        {"start_time": 1},
        {"end_time": 1},
    ):
        Ask(**dict[str, Any](fields))
    One()


def test_rules_without_a_window() -> None:
    """Fields that exclude each other need no window to do so."""

    class Apart(SignedRequest[Pong], frozen=True, kw_only=True):
        endpoint = Endpoint("GET", "/apart", Security.NONE, Pong, weight=1, apart=(("a", "b"),))

        a: int | None = None
        b: int | None = None

    assert Apart(a=1) != Apart(b=1)
    with pytest.raises(InvalidRequestError, match="a and b exclude each other"):
        Apart(a=1, b=1)


def test_a_day_is_told_in_hours() -> None:
    """As the exchange's pages do."""

    class Day(SignedRequest[Pong], frozen=True, kw_only=True):
        endpoint = Endpoint("GET", "/day", Security.USER_DATA, Pong, weight=1, span=DAY_MS)

        start_time: int | None = None
        end_time: int | None = None

    with pytest.raises(InvalidRequestError, match="endTime is less than 24 hours after startTime"):
        Day(start_time=0, end_time=DAY_MS)


def test_a_value_or_a_list_of_one() -> None:
    """Either shape is read as the declaration says; another number of values is no answer."""
    limit = b'{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":1200}'
    assert One.decode(limit) == One.decode(b"[" + limit + b"]")
    assert [Pong()] == Ask.decode(b"{}") == Ask.decode(b"[{}]")
    assert Ask.decode(b"[{},{}]") == [Pong(), Pong()]
    for wrong in (b"[]", b"[" + limit + b"," + limit + b"]"):
        with pytest.raises(BadReply, match="values instead of one"):
            One.decode(wrong)


def test_only_what_counts_as_an_order_waits_with_orders() -> None:
    """A switch or a marked read is not held up by a spent order count."""
    assert Ask.endpoint.lane is Lane.READ
    assert Endpoint("POST", "/papi/v1/x", Security.TRADE, Pong, weight=1).lane is Lane.READ
    assert (
        Endpoint("PUT", "/papi/v1/x", Security.TRADE, Pong, weight=1, orders=1).lane is Lane.ORDER
    )


def test_fields_are_compiled_once() -> None:
    """The fields of a class, its bases' included, are read from the annotations one time."""
    assert fields_of(CancelOrder) is fields_of(CancelOrder)
    assert {field.wire: field.mandatory for field in fields_of(CancelOrder)} == {
        "symbol": True,
        "strategyId": False,
        "newClientStrategyId": False,
        "recvWindow": False,
    }


def test_decode() -> None:
    """A request class reads its own reply."""
    assert CancelOrder.decode(b'{"strategyId": 7}').strategy_id == 7
    assert TestConnectivity.decode(b"{}") == Pong()
    with pytest.raises(BadReply):
        CancelOrder.decode(b'{"strategyId": 7, "strategyId": 8}')
