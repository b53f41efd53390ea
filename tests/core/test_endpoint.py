"""Requests are values, and their classes say where they go and what they cost."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from binance_papi.api.general import Pong, QueryUserRateLimit, TestConnectivity
from binance_papi.api.um.conditional import (
    CancelOrder,
    NewOrder,
    QueryAllCurrentOpenOrders,
    QueryAllOrders,
)
from binance_papi.core.decode import BadReply
from binance_papi.core.endpoint import (
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
