"""What a placement of one order is, whatever its family."""

from __future__ import annotations

import re
from typing import Any

import pytest

from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.margin import oco as margin_oco
from binance_papi.api.margin import orders as margin
from binance_papi.api.um import algo, conditional, orders
from binance_papi.core.place import PREFIX, with_client_id
from binance_papi.errors import InvalidRequestError

MARKET: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": 1}
STOP: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "stop_price": 1}
ALL: list[Any] = [
    orders.NewOrder(**MARKET),
    cm_orders.NewOrder(**MARKET),
    conditional.NewOrder(**STOP, strategy_type="STOP_MARKET"),
    cm_conditional.NewOrder(**STOP, strategy_type="STOP_MARKET"),
    margin.NewOrder(**MARKET),
    algo.NewOrder(**MARKET | {"type": "STOP_MARKET"}, trigger_price=1),
]


@pytest.mark.parametrize("request_", ALL, ids=lambda one: one.endpoint.path)
def test_an_id_is_made_up_where_there_is_none(request_: Any) -> None:
    """Of 32 characters that every family takes, and never twice; one that is there stays."""
    named = with_client_id(request_)
    own = named.client_id()
    assert re.fullmatch(PREFIX + "[a-z2-7]{26}", own)
    assert len(own) == 32
    assert with_client_id(request_).client_id() != own
    assert with_client_id(named) is named
    assert named.key() == (request_.endpoint.path, own)
    assert named.symbol == request_.symbol


@pytest.mark.parametrize("request_", ALL, ids=lambda one: one.endpoint.path)
def test_it_knows_its_cancel_and_its_queries(request_: Any) -> None:
    """By your own id, or by the exchange's where that is known; never both."""
    named = with_client_id(request_)
    path = request_.endpoint.path
    assert named.cancel().endpoint.path == path
    assert named.cancel().order()[2:] == (None, named.client_id())
    assert named.cancel(7).order()[2:] == (7, None)
    assert named.questions() == named.cancel().questions()
    assert named.question() == named.questions()[0]
    lists = named.lists()
    assert {one.symbol for one in lists} == {"BTCUSDT"}
    assert {one.endpoint.method for one in (*named.questions(), *lists)} == {"GET"}
    assert len(lists) == (1 if path == "/papi/v1/margin/order" else 2)


def test_without_an_id_nobody_can_ask() -> None:
    """And nothing can be cancelled by it."""
    for one in ALL:
        assert one.question() is None
        with pytest.raises(InvalidRequestError):
            one.cancel()


def test_a_family_without_lists_has_none() -> None:
    """Where a cancel can't sweep and the family says nothing else."""

    class Bare(orders.NewOrder, frozen=True, kw_only=True):
        canceled_by = algo.CancelOrder  # type: ignore[assignment]

    assert Bare(**MARKET, new_client_order_id="mine").lists() == ()


def test_what_else_may_not_be_sent_twice_knows_its_query() -> None:
    """A modification asks for the order, a pair for its list."""
    for family in (orders, cm_orders):
        modify = family.ModifyOrder(symbol="X", side="BUY", quantity=1, price=2, order_id=7)
        assert modify.question() == family.QueryOrder(symbol="X", order_id=7)
    pair: dict[str, Any] = {"symbol": "X", "side": "BUY", "quantity": 1, "price": 1}
    one = margin_oco.NewOCO(**pair, stop_price=2, list_client_order_id="mine")
    assert one.question() == margin_oco.QueryOCO(orig_client_order_id="mine")
    assert margin_oco.NewOCO(**pair, stop_price=2).question() is None
