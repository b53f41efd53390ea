"""What accounts, margin and histories refuse before anything is sent, and what they tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binance_papi.api import portfolio
from binance_papi.api.cm import history as cm_history
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.margin import history, loans, oco, orders
from binance_papi.api.margin.order import Order, OrderList
from binance_papi.api.um import downloads, positions
from binance_papi.api.um import history as um_history
from binance_papi.api.um import orders as um_orders
from binance_papi.core.cancel import CANCELED, Sighting
from binance_papi.core.decode import BadReply
from binance_papi.core.endpoint import DAY_MS, Lane, lane_of, weight_of
from binance_papi.core.wire import encode
from binance_papi.errors import InvalidRequestError

REPLIES = Path(__file__).parent / "replies"

MARGIN: dict[str, dict[str, Any]] = {
    "LIMIT": {"time_in_force": "GTC", "quantity": 1, "price": 2},
    "MARKET": {"quantity": 1},
    "STOP_LOSS": {"quantity": 1, "stop_price": 3},
    "STOP_LOSS_LIMIT": {"time_in_force": "GTC", "quantity": 1, "price": 2, "stop_price": 3},
    "TAKE_PROFIT": {"quantity": 1, "stop_price": 3},
    "TAKE_PROFIT_LIMIT": {"time_in_force": "GTC", "quantity": 1, "price": 2, "stop_price": 3},
    "LIMIT_MAKER": {"quantity": 1, "price": 2},
}


def place(kind: str, **fields: Any) -> orders.NewOrder:
    """A margin order of a type, with what it needs."""
    return orders.NewOrder(symbol="BTCUSDT", side="BUY", type=kind, **MARGIN[kind] | fields)


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, needed in MARGIN.items() for field in needed]
)
def test_each_type_of_margin_order_needs_its_fields(kind: str, field: str) -> None:
    """As the spot documentation lists them."""
    place(kind)
    with pytest.raises(InvalidRequestError, match=f"{kind} needs"):
        place(kind, **{field: None})


def test_a_market_order_may_be_sized_in_the_quote_asset() -> None:
    """Either quantity, not both, and for no other type."""
    assert "quoteOrderQty=100" in encode(place("MARKET", quantity=None, quote_order_qty=100))
    with pytest.raises(InvalidRequestError, match="quantity and quoteOrderQty exclude each other"):
        place("MARKET", quote_order_qty=100)
    with pytest.raises(InvalidRequestError, match="quote_order_qty belongs to MARKET"):
        orders.NewOrder(symbol="X", side="BUY", type="LATER", quote_order_qty=1)
    assert "autoRepayAtCancel=false" in encode(place("LIMIT", auto_repay_at_cancel=False))


@pytest.mark.parametrize("module", [um_orders, cm_orders])
def test_what_a_modification_needs(module: Any) -> None:
    """An order, a quantity, and a price or a match; it counts as an order."""
    needed: dict[str, Any] = {"symbol": "X", "side": "BUY", "quantity": 1, "order_id": 7}
    for price in ({"price": 2}, {"price_match": "QUEUE"}):
        change = module.ModifyOrder(**needed, **price)
        assert (change.endpoint.orders, lane_of(change)) == (1, Lane.ORDER)
    for wrong, problem in (
        ({}, "one of price or priceMatch is mandatory"),
        ({"price": 1, "price_match": "QUEUE"}, "price and priceMatch exclude each other"),
        ({"price": 1, "order_id": None}, "one of orderId or origClientOrderId is mandatory"),
        ({"price": 1, "quantity": None}, "quantity is mandatory"),
    ):
        with pytest.raises(InvalidRequestError, match=problem):
            module.ModifyOrder(**needed | dict[str, Any](wrong))
    assert change.question() == module.QueryOrder(symbol="X", order_id=7)


def test_whom_to_ask_where_an_answer_is_missing() -> None:
    """By your own id, where there is one."""
    assert place("MARKET").question() is None
    assert place("MARKET", new_client_order_id="mine").question() == orders.QueryOrder(
        symbol="BTCUSDT", orig_client_order_id="mine"
    )
    two: dict[str, Any] = {
        "symbol": "X",
        "side": "SELL",
        "quantity": 1,
        "price": 3,
        "stop_price": 1,
    }
    assert oco.NewOCO(**two).question() is None
    assert oco.NewOCO(**two, list_client_order_id="mine").question() == oco.QueryOCO(
        orig_client_order_id="mine"
    )


def test_an_oco_counts_as_two_orders() -> None:
    """And its stop has a limit price and a time in force, or neither."""
    two: dict[str, Any] = {
        "symbol": "X",
        "side": "SELL",
        "quantity": 1,
        "price": 3,
        "stop_price": 1,
    }
    assert oco.NewOCO(**two).endpoint.orders == 2
    oco.NewOCO(**two, stop_limit_price=1, stop_limit_time_in_force="GTC")
    with pytest.raises(InvalidRequestError, match="go together"):
        oco.NewOCO(**two, stop_limit_price=1)


@pytest.mark.parametrize(
    ("make", "fields", "problem"),
    [
        (cm_history.AccountTradeList, {}, "one of symbol or pair is mandatory"),
        (cm_history.AccountTradeList, {"symbol": "A", "pair": "B"}, "exclude each other"),
        (cm_history.AccountTradeList, {"pair": "B", "from_id": 1}, "pair and fromId exclude"),
        (um_history.AccountTradeList, {"symbol": "A", "from_id": 1, "end_time": 1}, "exclude"),
        (
            um_history.QueryModifyOrderHistory,
            {"symbol": "A"},
            "one of orderId or origClientOrderId",
        ),
        (um_history.GetIncomeHistory, {"start_time": 2, "end_time": 1}, "startTime is after"),
        (history.QueryLoanRecord, {"asset": "USDT"}, "one of txId or startTime is mandatory"),
        (history.QueryRepayRecord, {"asset": "USDT"}, "one of txId or startTime is mandatory"),
        (oco.QueryOCO, {}, "one of orderListId or origClientOrderId is mandatory"),
        (oco.CancelOCOOrders, {"symbol": "A"}, "one of orderListId or listClientOrderId"),
        (oco.QueryAllOCO, {"from_id": 1, "start_time": 1}, "fromId and startTime exclude"),
        (portfolio.FundCollectionByAsset, {"asset": "A", "amount": 1}, "go together"),
        (portfolio.FundCollectionByAsset, {"asset": "A", "future_type": "UM"}, "go together"),
        (positions.ChangeInitialLeverage, {"symbol": "A", "leverage": 0}, "leverage is at least 1"),
        (positions.ChangePositionMode, {"dual_side_position": "true"}, "can't be a str"),
        (loans.RepayDebt, {"asset": "A", "specify_repay_assets": "B,,C"}, "other characters"),
        (loans.Borrow, {"asset": "A", "amount": 1.5}, "can't be a float"),
    ],
)
def test_what_is_refused(make: Any, fields: dict[str, Any], problem: str) -> None:
    """Nothing of this is sent."""
    with pytest.raises(InvalidRequestError, match=problem):
        make(**fields)


@pytest.mark.parametrize(
    ("make", "fields", "days"),
    [
        (um_history.AccountTradeList, {"symbol": "A"}, 7),
        (um_history.QueryUsersForceOrders, {}, 7),
        (cm_history.AccountTradeList, {"symbol": "A"}, 1),
        (cm_history.GetIncomeHistory, {}, 200),
        (history.TradeList, {"symbol": "A"}, 1),
        (history.QueryLoanRecord, {"asset": "A"}, 30),
        (history.GetBorrowLoanInterestHistory, {}, 30),
        (portfolio.QueryNegativeBalanceInterestHistory, {}, 30),
        (portfolio.QueryUserNegativeBalanceAutoExchangeRecord, {}, 92),
        (downloads.GetDownloadIdForFuturesTradeHistory, {}, 366),
    ],
)
def test_the_longest_window(make: Any, fields: dict[str, Any], days: int) -> None:
    """A millisecond less than so many days passes."""
    make(**fields, start_time=0, end_time=days * DAY_MS - 1)
    with pytest.raises(InvalidRequestError, match="after startTime"):
        make(**fields, start_time=0, end_time=days * DAY_MS)


def test_switches_are_words_on_the_wire() -> None:
    """The exchange reads true and false."""
    assert encode(positions.ChangePositionMode(dual_side_position=True)) == "dualSidePosition=true"
    assert encode(portfolio.ChangeAutoRepayFuturesStatus(auto_repay=False)) == "autoRepay=false"
    paid = loans.RepayDebt(asset="BNB", specify_repay_assets="USDT,BTC")
    assert encode(paid) == "asset=BNB&specifyRepayAssets=USDT%2CBTC"
    assert weight_of(paid) == 3000


def test_orders_and_lists_cancelled_together() -> None:
    """Each is read by its own shape; what is neither is no reply."""
    cancel = orders.CancelAllOpenOrdersOnASymbol
    single, pair = cancel.decode(
        (REPLIES / "DELETE_papi_v1_margin_allOpenOrders.json").read_bytes()
    )
    assert isinstance(single, Order)
    assert isinstance(pair, OrderList)
    assert pair.order_reports is not None
    assert [leg.order_id for leg in pair.orders] == [one.order_id for one in pair.order_reports]
    bare = json.dumps([{"orderListId": 1, "orderReports": []}]).encode()
    assert cancel.decode(bare) == [OrderList(order_list_id=1, order_reports=[])]
    assert cancel.decode(b"[]") == []
    for wrong in (b"{}", b"[{}]", b"[[]]", b'[{"orderId":"x"}]', b"[1]", b"null"):
        with pytest.raises(BadReply):
            cancel.decode(wrong)


def test_what_the_reply_to_a_margin_cancel_says() -> None:
    """The order's own id is the original one; the other is the cancel's."""
    cancel = orders.CancelOrder(symbol="LTCBTC", orig_client_order_id="myOrder1")
    seen = cancel.sight(cancel.decode((REPLIES / "DELETE_papi_v1_margin_order.json").read_bytes()))
    assert seen == Sighting(status=CANCELED, id=28, client_id="myOrder1", symbol="LTCBTC")
    assert cancel.names(seen)
    (question,) = cancel.questions()
    assert question == orders.QueryOrder(symbol="LTCBTC", orig_client_order_id="myOrder1")
    reply = question.decode((REPLIES / "GET_papi_v1_margin_order.json").read_bytes())
    assert (reply.sighting().status, reply.sighting().client_id) == (
        "NEW",
        "ZwfQzuDIGpceVhKW5DvCmO",
    )
    assert lane_of(cancel) is Lane.CANCEL


def test_a_balance_of_one_asset_is_a_list_too() -> None:
    """The exchange sends the bare value."""
    ask = portfolio.AccountBalance
    listed = ask.decode((REPLIES / "GET_papi_v1_balance.json").read_bytes())
    assert ask.decode((REPLIES / "GET_papi_v1_balance__asset.json").read_bytes()) == listed
    assert listed[0].cm_unrealized_pnl is None
