"""What a placement refuses before it is sent: the rules of its page."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.um import algo, conditional, orders
from binance_papi.core.endpoint import Lane, lane_of, weight_of
from binance_papi.core.wire import encode
from binance_papi.errors import InvalidRequestError

WEEK = 7 * 86_400_000

ALGO: dict[str, dict[str, Any]] = {
    "STOP": {"quantity": 1, "price": 2, "trigger_price": 3},
    "TAKE_PROFIT": {"quantity": 1, "price_match": "QUEUE", "trigger_price": 3},
    "STOP_MARKET": {"quantity": 1, "trigger_price": 3},
    "TAKE_PROFIT_MARKET": {"close_position": True, "trigger_price": 3},
    "TRAILING_STOP_MARKET": {"quantity": 1, "callback_rate": 1},
}
PLAIN: dict[str, dict[str, Any]] = {
    "LIMIT": {"time_in_force": "GTC", "quantity": 1, "price": 2},
    "MARKET": {"quantity": 1},
}

CM_CONDITIONAL: dict[str, dict[str, Any]] = {
    "STOP": {"quantity": 1, "price": 2, "stop_price": 3},
    "TAKE_PROFIT": {"quantity": 1, "price": 2, "stop_price": 3},
    "STOP_MARKET": {"stop_price": 3},
    "TAKE_PROFIT_MARKET": {"stop_price": 3},
    "TRAILING_STOP_MARKET": {"callback_rate": 5},
}


def _cm(kind: str, **fields: Any) -> cm_orders.NewOrder:
    return cm_orders.NewOrder(symbol="BTCUSD_PERP", side="BUY", type=kind, **PLAIN[kind] | fields)


def _cm_stop(kind: str, **fields: Any) -> cm_conditional.NewOrder:
    return cm_conditional.NewOrder(
        symbol="BTCUSD_PERP", side="BUY", strategy_type=kind, **CM_CONDITIONAL[kind] | fields
    )


def _algo(kind: str, side: str = "SELL", **fields: Any) -> algo.NewOrder:
    return algo.NewOrder(symbol="BTCUSDT", side=side, type=kind, **ALGO[kind] | fields)


def _um(kind: str, **fields: Any) -> orders.NewOrder:
    return orders.NewOrder(symbol="BTCUSDT", side="BUY", type=kind, **PLAIN[kind] | fields)


@pytest.mark.parametrize(
    ("make", "kind", "field"),
    [
        *((_algo, kind, field) for kind, needed in ALGO.items() for field in needed),
        *((_um, kind, field) for kind, needed in PLAIN.items() for field in needed),
        *((_cm, kind, field) for kind, needed in PLAIN.items() for field in needed),
        *((_cm_stop, kind, field) for kind, needed in CM_CONDITIONAL.items() for field in needed),
    ],
)
def test_each_type_needs_its_fields(make: Any, kind: str, field: str) -> None:
    """As the page lists them."""
    make(kind)
    with pytest.raises(InvalidRequestError, match="needs"):
        make(kind, **{field: None})


def test_algo_type_is_always_sent() -> None:
    """It is mandatory, has one value, and needs not be given."""
    assert "algoType=CONDITIONAL" in encode(_algo("STOP"))
    assert "algoType=LATER" in encode(_algo("STOP", algo_type="LATER"))
    with pytest.raises(InvalidRequestError, match="algoType is mandatory"):
        _algo("STOP", algo_type=None)


def test_a_type_that_is_not_known_is_the_exchange_s_to_judge() -> None:
    """Enumerations grow."""
    assert algo.NewOrder(symbol="BTCUSDT", side="BUY", type="LATER").type == "LATER"
    assert orders.NewOrder(symbol="BTCUSDT", side="BUY", type="LATER").type == "LATER"


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("STOP", {"quantity": None, "close_position": True}, "needs quantity"),
        ("TRAILING_STOP_MARKET", {"close_position": True}, "belongs to STOP_MARKET and"),
        ("TAKE_PROFIT_MARKET", {"quantity": 1}, "excludes"),
        ("TAKE_PROFIT_MARKET", {"reduce_only": False}, "excludes"),
        ("TAKE_PROFIT_MARKET", {"position_side": "SHORT"}, "SELL of SHORT closes nothing"),
        ("TAKE_PROFIT_MARKET", {"side": "BUY", "position_side": "LONG"}, "closes nothing"),
        ("TAKE_PROFIT_MARKET", {"close_position": False}, "needs quantity or close_position"),
    ],
)
def test_what_closes_a_position(kind: str, fields: dict[str, Any], text: str) -> None:
    """Two market types only, without a quantity, and in the direction that closes."""
    with pytest.raises(InvalidRequestError, match=text):
        _algo(kind, **fields)


def test_what_closes_a_position_goes_first() -> None:
    """It is an order that only reduces, in either mode."""
    for side in ("BOTH", "LONG", None):
        closing = _algo("TAKE_PROFIT_MARKET", position_side=side)
        assert lane_of(closing) is Lane.REDUCE
        assert "closePosition=true" in encode(closing)


@pytest.mark.parametrize("rate", ["0.1", 1, Decimal(20), "20.0"])
def test_callback_rates_of_algo_orders(rate: Any) -> None:
    """From 0.1 to 20 percent, ends included."""
    assert f"callbackRate={rate}" in encode(_algo("TRAILING_STOP_MARKET", callback_rate=rate))


@pytest.mark.parametrize("rate", ["0.09", "20.1", 0, -1])
def test_callback_rates_out_of_bounds(rate: Any) -> None:
    """Nothing beyond the documented bounds is sent."""
    with pytest.raises(InvalidRequestError, match=r"callback_rate is 0\.1 to 20 percent"):
        _algo("TRAILING_STOP_MARKET", callback_rate=rate)


@pytest.mark.parametrize("field", ["callback_rate", "activate_price"])
def test_only_a_trailing_stop_trails(field: str) -> None:
    """Its two fields belong to no other type."""
    with pytest.raises(InvalidRequestError, match="belong to TRAILING_STOP_MARKET"):
        _algo("STOP", **dict[str, Any]({field: 1}))


@pytest.mark.parametrize(("make", "kind"), [(_algo, "STOP"), (_um, "LIMIT")])
@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"price": 1, "price_match": "QUEUE"}, "exclude each other"),
        ({"time_in_force": "GTD"}, "go together"),
        ({"time_in_force": "GTC", "good_till_date": 1000}, "go together"),
        ({"time_in_force": "GTD", "good_till_date": 1001}, "whole seconds"),
    ],
)
def test_prices_and_dates_that_go_together(
    make: Any, kind: str, fields: dict[str, Any], text: str
) -> None:
    """A price or a match; GTD with a date in whole seconds."""
    assert "goodTillDate=2000" in encode(make(kind, time_in_force="GTD", good_till_date=2000))
    with pytest.raises(InvalidRequestError, match=text):
        make(kind, **fields)


@pytest.mark.parametrize(
    ("make", "field", "most"),
    [
        (partial(_algo, "STOP"), "client_algo_id", 36),
        (algo.CancelOrder, "client_algo_id", 36),
        (algo.QueryCurrentOpenOrder, "client_algo_id", 36),
        (partial(_um, "MARKET"), "new_client_order_id", 32),
        (partial(orders.CancelOrder, symbol="X"), "orig_client_order_id", 36),
        (partial(_cm, "MARKET"), "new_client_order_id", 36),
        (partial(_cm_stop, "STOP_MARKET"), "new_client_strategy_id", 36),
        (partial(cm_orders.CancelOrder, symbol="X"), "orig_client_order_id", 36),
        (partial(cm_conditional.CancelOrder, symbol="X"), "new_client_strategy_id", 36),
    ],
)
def test_length_and_letters_of_your_own_ids(make: Any, field: str, most: int) -> None:
    """As long as the page allows; letters, digits and five signs."""
    make(**{field: "aZ09.:/_-".ljust(most, "x")})
    for wrong in ("x" * (most + 1), "a b", "ü", "a\n", ""):
        with pytest.raises(InvalidRequestError):
            make(**{field: wrong})


@pytest.mark.parametrize(
    "kind",
    [
        algo.QueryOrderHistory,
        conditional.QueryAllOrders,
        orders.QueryAllOrders,
        cm_conditional.QueryAllOrders,
        cm_orders.QueryAllOrders,
    ],
)
def test_a_list_covers_less_than_seven_days(kind: Any) -> None:
    """Neither more nor backward; open ends are the exchange's to fill."""
    kind(symbol="X", start_time=0, end_time=WEEK - 1)
    kind(symbol="X", start_time=0)
    kind(symbol="X", end_time=0)
    for start, end in ((0, WEEK), (1, 0)):
        with pytest.raises(InvalidRequestError):
            kind(symbol="X", start_time=start, end_time=end)


def test_cm_has_no_gtd_and_an_own_bound() -> None:
    """What UM takes, CM may refuse."""
    for make, kind in ((_cm, "LIMIT"), (_cm_stop, "STOP")):
        assert "timeInForce=GTX" in encode(make(kind, time_in_force="GTX"))
        with pytest.raises(InvalidRequestError, match="GTD is not for CM"):
            make(kind, time_in_force="GTD")
    with pytest.raises(InvalidRequestError, match=r"callback_rate is 0\.1 to 5 percent"):
        _cm_stop("TRAILING_STOP_MARKET", callback_rate="5.1")
    with pytest.raises(InvalidRequestError, match="belong to TRAILING_STOP_MARKET"):
        _cm_stop("STOP", activation_price=1)
    with pytest.raises(InvalidRequestError, match="exclude each other"):
        _cm("LIMIT", price_match="QUEUE")


def test_cm_lists_are_of_a_symbol_or_a_pair() -> None:
    """They weigh differently, so one of them has to be meant; and they are short."""
    assert weight_of(cm_orders.QueryAllOrders(symbol="BTCUSD_PERP", limit=100)) == 20
    assert weight_of(cm_orders.QueryAllOrders(pair="BTCUSD")) == 40
    assert weight_of(cm_orders.QueryAllCurrentOpenOrders(pair="BTCUSD")) == 40
    with pytest.raises(InvalidRequestError, match="one of symbol or pair is mandatory"):
        cm_orders.QueryAllOrders()
    with pytest.raises(InvalidRequestError, match="symbol and pair exclude each other"):
        cm_orders.QueryAllOrders(symbol="BTCUSD_PERP", pair="BTCUSD")
    with pytest.raises(InvalidRequestError, match="at most 100"):
        cm_orders.QueryAllOrders(pair="BTCUSD", limit=101)
