"""When orders trade, and what that makes of positions, balances, trades and events."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from binance_papi.simulator import Simulator
from binance_papi.simulator.ledger import Business, Ledger
from binance_papi.simulator.orders import PlainOrder
from tests.simulator.simulator_desk import NOON, STOP_MARKET, Desk, read
from tests.simulator.test_simulator_families import ALGO_ORDER, LIMIT, MARKET, V1
from tests.simulator.test_simulator_stream import Ear, _listen

D = Decimal
MS = int(NOON * 1000)
RESULT = {"newOrderRespType": "RESULT"}
BUY = {**LIMIT, "side": "BUY", "quantity": "2", "price": "100"}
SELL = {**BUY, "side": "SELL"}


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return Desk(era="both", prices={"BTCUSDT": "110", "BTCUSD_PERP": "50000"})


def _order(desk: Desk, product: str, order: dict[str, Any], **changes: Any) -> Any:
    params = {**order, **RESULT, **changes}
    params.pop("newClientOrderId", None)
    params = {name: value for name, value in params.items() if value is not None}
    return read(desk.send("POST", f"{V1}{product}/order", params))


def _get(desk: Desk, path: str, **params: Any) -> Any:
    return read(desk.send("GET", V1 + path, params))


def _amount(desk: Desk, side: str = "BOTH") -> Decimal:
    return desk.venue.ledger.position("UM", "BTCUSDT", side).amount


# ---------------------------------------------------------------------- arithmetic


@pytest.mark.parametrize(
    ("business", "symbol", "fills", "expected"),
    [
        ("UM", "BTCUSDT", [(1, 100)], (1, 100, 0)),
        ("UM", "BTCUSDT", [(1, 100), (3, 104)], (4, 103, 0)),
        ("UM", "BTCUSDT", [(2, 100), (-1, 110)], (1, 100, 10)),
        ("UM", "BTCUSDT", [(2, 100), (-2, 90)], (0, 0, -20)),
        ("UM", "BTCUSDT", [(2, 100), (-5, 110)], (-3, 110, 20)),
        ("UM", "BTCUSDT", [(-2, 100), (1, 90), (1, 120)], (0, 0, -10)),
        ("UM", "BTCUSDT", [(1, 0), (-1, 100)], (0, 0, 0)),
        ("CM", "BTCUSD_PERP", [(10, 50000), (-10, 40000)], (0, 0, D("-0.005"))),
        ("CM", "ETHUSD_PERP", [(-10, 2000), (10, 1000)], (0, 0, D("0.05"))),
        ("CM", "ETHUSD_PERP", [(1, 1000), (1, 3000)], (2, 1500, 0)),
        ("CM", "ETHUSD_PERP", [(1, 0), (1, 3000)], (2, 3000, 0)),
    ],
)
def test_positions(
    business: Business, symbol: str, fills: list[tuple[int, int]], expected: tuple[Any, ...]
) -> None:
    """What is added moves the entry price, what is taken off realizes a profit."""
    ledger = Ledger({})
    for signed, price in fills:
        side = "BUY" if signed > 0 else "SELL"
        order = PlainOrder(
            symbol=symbol,
            side=side,
            update_time=0,
            order_id=1,
            client_order_id="1",
            type="MARKET",
            orig_qty="1",
            time=0,
        )
        ledger.fill(business, order, D(abs(signed)), D(price), MS, maker=False)
    position = ledger.position(business, symbol)
    assert (position.amount, position.entry, position.realized) == expected
    fees = sum(D(trade.commission) for trade in ledger.trades[business])
    asset = "USDT" if business == "UM" else symbol[:3]
    wallet = ledger.wallet(business, asset)
    assert abs(wallet - (position.realized - fees)) < D("0.0000001")


@pytest.mark.parametrize(
    ("product", "symbol", "maker", "value", "commission"),
    [
        ("um", "BTCUSDT", False, "220.00000000", "0.08800000"),
        ("um", "BTCUSDT", True, "200.00000000", "0.04000000"),
        ("cm", "BTCUSD_PERP", False, "0.00400000", "0.00000160"),
    ],
)
def test_commissions(
    desk: Desk, product: str, symbol: str, maker: bool, *, value: str, commission: str
) -> None:
    """Who takes pays more than who rested, of what the trade was worth."""
    if maker:
        _order(desk, product, BUY, symbol=symbol)
        desk.venue.set_price(symbol, "99", desk.now)
    else:
        _order(desk, product, {**MARKET, "side": "BUY", "quantity": "2"}, symbol=symbol)
    (trade,) = _get(desk, f"{product}/userTrades", symbol=symbol)
    quote = trade["quoteQty" if product == "um" else "baseQty"]
    assert (quote, trade["commission"], trade["maker"]) == (value, commission, maker)
    assert trade["commissionAsset"] == ("USDT" if product == "um" else "BTC")


# ---------------------------------------------------------------------- when orders trade


def test_a_limit_order_rests_until_a_price_reaches_it(desk: Desk) -> None:
    """BUY waits for a price at or below its own, SELL for one at or above; both get their own."""
    buy, sell = _order(desk, "um", BUY)["orderId"], _order(desk, "um", SELL, price="120")["orderId"]
    for price in ("100.1", "119.9"):
        desk.venue.set_price("BTCUSDT", price, desk.now)
    assert desk.venue.um_book.open_count == 2
    desk.venue.set_price("BTCUSDT", "99", desk.now)
    order = desk.venue.order(buy)
    assert (order.status, order.avg_price, order.executed_qty) == ("FILLED", "100", "2")
    assert _amount(desk) == 2
    desk.venue.set_price("BTCUSDT", "120", desk.now)
    assert desk.venue.order(sell).status == "FILLED"
    assert _amount(desk) == 0
    assert desk.venue.ledger.position("UM", "BTCUSDT").realized == 40


@pytest.mark.parametrize(
    ("order", "changes", "expected"),
    [
        (BUY, {}, "NEW"),
        (BUY, {"price": "110"}, "FILLED"),
        (SELL, {}, "FILLED"),
        (SELL, {"price": "111"}, "NEW"),
        (BUY, {"timeInForce": "GTX"}, "NEW"),
        (BUY, {"timeInForce": "GTX", "price": "111"}, -5022),
        (BUY, {"timeInForce": "FOK"}, -5021),
        (BUY, {"timeInForce": "FOK", "price": "111"}, "FILLED"),
        (BUY, {"timeInForce": "IOC"}, "EXPIRED"),
        (BUY, {"timeInForce": "IOC", "price": "111"}, "FILLED"),
        (BUY, {"price": None, "priceMatch": "OPPONENT"}, "FILLED"),
        (SELL, {"reduceOnly": "true"}, -2022),
        (SELL, {"positionSide": "LONG"}, -2022),
        (BUY, {"positionSide": "LONG", "price": "111"}, "FILLED"),
    ],
)
def test_meeting_the_price(
    desk: Desk, order: dict[str, Any], changes: dict[str, Any], expected: Any
) -> None:
    """An order that reaches the known price takes at it, if its time in force lets it."""
    reply = _order(desk, "um", order, **changes)
    assert reply.get("code", reply.get("status")) == expected
    if expected == "FILLED":
        assert desk.venue.order(reply["orderId"]).avg_price == "110"


def test_without_a_price_nothing_meets(desk: Desk) -> None:
    """Where no price is known a LIMIT order rests, by price match too, and MARKET trades at 0."""
    matched = _order(desk, "um", BUY, symbol="SOLUSDT", price=None, priceMatch="OPPONENT")
    assert (matched["status"], matched["price"]) == ("NEW", "0")
    market = _order(desk, "um", MARKET, symbol="ETHUSDT")
    assert market["status"] == "FILLED"
    assert desk.venue.order(market["orderId"]).avg_price == "0"
    desk.venue.set_price("SOLUSDT", "5", desk.now)
    assert desk.venue.order(matched["orderId"]).is_open


def test_fills_in_parts(desk: Desk) -> None:
    """By hand an order is filled in parts, at prices of one's choice; the rest can be canceled."""
    order = _order(desk, "um", BUY, quantity="4")["orderId"]
    desk.venue.fill(order, desk.now, quantity="1")
    desk.venue.fill(order, desk.now, quantity="1", price="90")
    ids = {"symbol": "BTCUSDT", "orderId": order}
    queried = _get(desk, "um/order", **ids)
    told = (queried["status"], queried["executedQty"], queried["avgPrice"], queried["cumQuote"])
    assert told == ("PARTIALLY_FILLED", "2", "95.00000", "190.00000000")
    with pytest.raises(ValueError, match="2 is left, not 3"):
        desk.venue.fill(order, desk.now, quantity="3")
    canceled = read(desk.send("DELETE", V1 + "um/order", ids))
    assert (canceled["status"], canceled["executedQty"]) == ("CANCELED", "2")
    with pytest.raises(ValueError, match="not resting"):
        desk.venue.fill(order, desk.now)
    assert _amount(desk) == 2


def test_a_child_takes_if_it_can(desk: Desk) -> None:
    """A LIMIT child that reaches the price that triggered it trades at once, another rests."""
    stop = {**STOP_MARKET, "strategyType": "STOP", "side": "BUY", "stopPrice": "120"}
    orders = [
        read(desk.send("POST", V1 + "um/conditional/order", {**stop, "price": price}))["strategyId"]
        for price in ("121", "119")
    ]
    desk.venue.set_price("BTCUSDT", "120", desk.now)
    statuses = [desk.venue.order(order).status_now for order in orders]
    assert statuses == ["FINISHED", "TRIGGERED"]
    child = desk.venue.order(desk.venue.order(orders[0]).order_id)
    assert child.avg_price == "120"


def test_a_stop_takes_off_no_more_than_there_is(desk: Desk) -> None:
    """A reduce-only stop that outlives its position fills what there is, and expires."""
    _order(desk, "um", {**MARKET, "side": "BUY", "quantity": "0.3"})
    stop = {**STOP_MARKET, "stopPrice": "90", "reduceOnly": "true"}
    first, second = (
        read(desk.send("POST", V1 + "um/conditional/order", stop))["strategyId"] for _ in range(2)
    )
    desk.venue.set_price("BTCUSDT", "90", desk.now)
    children = [desk.venue.order(desk.venue.order(one).order_id) for one in (first, second)]
    assert [(child.status, child.executed_qty) for child in children] == [
        ("EXPIRED", "0.3"),
        ("EXPIRED", "0"),
    ]
    assert _amount(desk) == 0
    assert desk.venue.order(second).status_now == "FINISHED"


def test_close_position(desk: Desk) -> None:
    """Such an order closes all that there is; with nothing to close it has EXPIRED."""
    _order(desk, "um", {**MARKET, "side": "BUY", "quantity": "0.7"})
    closing = {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "triggerPrice": "90",
        "closePosition": "true",
    }
    ids = [read(desk.send("POST", ALGO_ORDER, closing))["algoId"] for _ in range(2)]
    desk.venue.set_price("BTCUSDT", "89", desk.now)
    desk.now += 1
    desk.venue.settle(desk.now)
    assert [desk.venue.order(one).status_now for one in ids] == ["FINISHED", "EXPIRED"]
    assert desk.venue.order(desk.venue.order(ids[0]).order_id).orig_qty == "0.7"
    assert _amount(desk) == 0


def test_hedge_mode() -> None:
    """Long and short are positions of their own; what closes one takes off no more than it has."""
    desk = Desk(prices={"BTCUSDT": "110"}, hedge_mode=True)
    market = {**MARKET, "quantity": "2"}
    for side, position in (("BUY", "LONG"), ("SELL", "SHORT")):
        _order(desk, "um", market, side=side, positionSide=position)
    over = _order(desk, "um", market, side="SELL", positionSide="LONG", quantity="3")
    assert (over["status"], over["executedQty"]) == ("EXPIRED", "2")
    assert (_amount(desk, "LONG"), _amount(desk, "SHORT")) == (D(0), D(-2))
    rows = _get(desk, "um/positionRisk", symbol="BTCUSDT")
    assert [(row["positionSide"], row["positionAmt"]) for row in rows] == [
        ("BOTH", "0"),
        ("LONG", "0"),
        ("SHORT", "-2"),
    ]


# ---------------------------------------------------------------------- what is told


def _kinds(ear: Ear) -> list[tuple[str, str]]:
    return [(event["e"], event.get("o", {}).get("x", "")) for event in ear.heard]


@pytest.mark.parametrize(
    ("product", "symbol", "business", "asset"),
    [("um", "BTCUSDT", "UM", "USDT"), ("cm", "BTCUSD_PERP", "CM", "BTC")],
)
def test_events_of_a_fill(desk: Desk, product: str, symbol: str, business: str, asset: str) -> None:
    """A fill is told as a TRADE, and then what it has made of balance and position."""
    ear = _listen(desk)
    _order(desk, product, {**MARKET, "side": "BUY", "quantity": "2"}, symbol=symbol)
    assert _kinds(ear) == [
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ORDER_TRADE_UPDATE", "TRADE"),
        ("ACCOUNT_UPDATE", ""),
    ]
    assert {event["fs"] for event in ear.heard} == {business}
    trade = ear.heard[1]["o"]
    price = desk.venue._account.prices[symbol]
    assert (trade["X"], trade["l"], trade["z"], trade["L"], trade["N"], trade["m"]) == (
        "FILLED",
        "2",
        "2",
        price,
        asset,
        False,
    )
    (booked,) = _get(desk, f"{product}/userTrades", symbol=symbol)
    assert (trade["t"], trade["n"]) == (booked["id"], booked["commission"])
    account = ear.heard[2]["a"]
    assert account["m"] == "ORDER"
    assert account["B"][0]["a"] == asset
    assert D(account["B"][0]["wb"]) == -D(booked["commission"])
    (row,) = account["P"]
    assert (row["s"], row["pa"], row["ps"]) == (symbol, "2", "BOTH")
    assert D(row["ep"]) == D(price)


def test_events_of_parts(desk: Desk) -> None:
    """Each part is a TRADE; a cancel of the rest tells what was filled and trades nothing."""
    ear = _listen(desk)
    order = _order(desk, "um", BUY)["orderId"]
    desk.venue.fill(order, desk.now, quantity="0.5")
    desk.venue.close(order, "CANCELED", desk.now)
    told = [event["o"] for event in ear.heard if "o" in event]
    assert [(one["x"], one["X"], one["l"], one["z"]) for one in told] == [
        ("NEW", "NEW", "0", "0"),
        ("TRADE", "PARTIALLY_FILLED", "0.5", "0.5"),
        ("CANCELED", "CANCELED", "0", "0.5"),
    ]


def test_balances_and_positions_follow(desk: Desk) -> None:
    """What the three kinds of pages say about a position agrees with the prices."""
    _order(desk, "um", {**MARKET, "side": "BUY", "quantity": "2"})
    desk.venue.set_price("BTCUSDT", "120", desk.now)
    (risk,) = _get(desk, "um/positionRisk", symbol="BTCUSDT")
    assert (risk["positionAmt"], D(risk["unRealizedProfit"]), D(risk["notional"])) == (
        "2",
        D(20),
        D(240),
    )
    assert len(_get(desk, "um/positionRisk")) == 6
    balance = _get(desk, "balance", asset="USDT")
    assert D(balance["umUnrealizedPNL"]) == 20
    assert D(balance["umWalletBalance"]) == D("-0.088")
    assert D(balance["totalWalletBalance"]) == D("99999.912")
    assert [balance, _get(desk, "balance", asset="BTC")] == _get(desk, "balance")
    account = _get(desk, "account")
    assert D(account["accountEquity"]) == D("100000") + 120 - D("0.088") + 20
    assert D(account["accountInitialMargin"]) == 12
    assert D(account["uniMMR"]) > 1000
    detail = _get(desk, "um/account")
    assert len(detail["positions"]) == 6
    (second,) = read(desk.send("GET", "/papi/v2/um/account"))["positions"]
    assert (second["positionAmt"], D(second["notional"])) == ("2", D(240))
    (asset,) = detail["assets"]
    assert (asset["asset"], D(asset["crossUnPnl"]), D(asset["initialMargin"])) == (
        "USDT",
        D(20),
        D(12),
    )


def test_cm_pages(desk: Desk) -> None:
    """COIN-M counts in its coin, and its positions are asked for by pair or margin asset."""
    contracts = {**MARKET, "side": "SELL", "quantity": "10"}
    _order(desk, "cm", contracts, symbol="BTCUSD_PERP")
    desk.venue.set_price("BTCUSD_PERP", "40000", desk.now)
    rows = _get(desk, "cm/positionRisk", pair="BTCUSD")
    assert [row["symbol"] for row in rows] == ["BTCUSD_PERP", "BTCUSD_200925"]
    assert (rows[0]["positionAmt"], D(rows[0]["unRealizedProfit"])) == ("-10", D("0.005"))
    assert rows[0]["notionalValue"] == "-0.02500000"
    assert len(_get(desk, "cm/positionRisk", marginAsset="ETH")) == 1
    detail = _get(desk, "cm/account")
    assert [asset["asset"] for asset in detail["assets"]] == ["BTC"]
    assert {"maxQty"} <= detail["positions"][0].keys()
    assert D(_get(desk, "balance", asset="BTC")["cmUnrealizedPNL"]) == D("0.005")
    assert len(_get(desk, "cm/userTrades", pair="BTCUSD")) == 1
    assert _get(desk, "cm/userTrades", pair="ETHUSD") == []


def test_an_account_without_positions() -> None:
    """It is as safe as can be; its balances are those that it was given."""
    desk = Desk(balances={"USDT": "5", "ETH": "2"}, prices={"ETHUSD_PERP": "3000"})
    account = _get(desk, "account")
    assert (D(account["accountEquity"]), account["uniMMR"]) == (D(6005), "99999999")
    assert [row["asset"] for row in _get(desk, "balance")] == ["USDT", "ETH"]
    assert D(_get(desk, "balance", asset="BNB")["totalWalletBalance"]) == 0


def test_lists_of_trades(desk: Desk) -> None:
    """From an id on the first ones, else the latest, within the time asked for."""
    for _ in range(4):
        _order(desk, "um", {**MARKET, "quantity": "1"})
        desk.now += 1
    ids = [row["id"] for row in _get(desk, "um/userTrades", symbol="BTCUSDT")]
    assert len(ids) == 4
    asked = [
        ({"limit": 2}, ids[2:]),
        ({"limit": 2, "fromId": ids[0]}, ids[:2]),
        ({"startTime": MS + 1000, "endTime": MS + 2000}, ids[1:3]),
        ({"symbol": "ETHUSDT"}, []),
    ]
    for params, expected in asked:
        rows = _get(desk, "um/userTrades", **{"symbol": "BTCUSDT", **params})
        assert [row["id"] for row in rows] == expected


@pytest.mark.parametrize(("product", "symbol"), [("um", "BTCUSDT"), ("cm", "BTCUSD_PERP")])
def test_income(desk: Desk, product: str, symbol: str) -> None:
    """What trades earned and cost is income, by type and time; it adds up to the wallet."""
    business: Business = "UM" if product == "um" else "CM"
    for side in ("BUY", "SELL"):
        _order(desk, product, {**MARKET, "side": side, "quantity": "2"}, symbol=symbol)
        desk.venue.set_price(symbol, "120", desk.now)
        desk.now += 1
    rows = _get(desk, f"{product}/income")
    assert [row["incomeType"] for row in rows] == ["COMMISSION", "REALIZED_PNL", "COMMISSION"]
    total = sum(D(row["income"]) for row in rows)
    assert abs(total - desk.venue.ledger.wallet(business, rows[0]["asset"])) < D("0.0000001")
    asked: list[tuple[dict[str, Any], int]] = [
        ({"incomeType": "REALIZED_PNL"}, 1),
        ({"limit": 2}, 2),
        ({"startTime": MS + 1000}, 2),
        ({"endTime": MS}, 1),
        ({"symbol": {"um": "ETHUSDT", "cm": "ETHUSD_PERP"}[product]}, 0),
    ]
    for params, expected in asked:
        assert len(_get(desk, f"{product}/income", **params)) == expected


# ---------------------------------------------------------------------- switches


def test_leverage(desk: Desk) -> None:
    """It is told to the stream, and stands in the pages."""
    ear = _listen(desk)
    changed = read(desk.send("POST", V1 + "um/leverage", {"symbol": "BTCUSDT", "leverage": "50"}))
    assert (changed["leverage"], changed["symbol"]) == (50, "BTCUSDT")
    assert [(event["e"], event["ac"]) for event in ear.heard] == [
        ("ACCOUNT_CONFIG_UPDATE", {"s": "BTCUSDT", "l": 50})
    ]
    assert _get(desk, "um/positionRisk", symbol="BTCUSDT")[0]["leverage"] == "50"
    coin = {"symbol": "BTCUSD_PERP", "leverage": "7"}
    assert read(desk.send("POST", V1 + "cm/leverage", coin))["maxQty"] == "1000"


def test_position_mode(desk: Desk) -> None:
    """It changes for both products, but not into itself, with open orders or with a position."""

    def change(product: str, mode: str) -> int:
        path = f"{V1}{product}/positionSide/dual"
        code: int = read(desk.send("POST", path, {"dualSidePosition": mode}))["code"]
        return code

    assert _get(desk, "um/positionSide/dual") == {"dualSidePosition": False}
    assert change("um", "true") == 200
    assert change("cm", "true") == -4059
    assert _get(desk, "cm/positionSide/dual") == {"dualSidePosition": True}
    assert _order(desk, "um", BUY)["code"] == -4061
    order = _order(desk, "um", BUY, positionSide="LONG")["orderId"]
    assert change("um", "false") == -4067
    desk.venue.fill(order, desk.now)
    assert change("um", "false") == -4068


# ---------------------------------------------------------------------- amendments


def test_an_order_is_amended(desk: Desk) -> None:
    """Price and quantity change, the id stays; it is told, listed and counted."""
    ear = _listen(desk)
    order = _order(desk, "um", BUY)["orderId"]
    ids = {"symbol": "BTCUSDT", "orderId": order}
    change = {**ids, "side": "BUY", "quantity": "3", "price": "101", "modifyId": "7"}
    desk.now += 1
    reply = desk.send("PUT", V1 + "um/order", change)
    amended = read(reply)
    assert (amended["orderId"], amended["price"], amended["origQty"], amended["modifyId"]) == (
        order,
        "101",
        "3",
        7,
    )
    assert reply.headers["X-MBX-ORDER-COUNT-1M"] == "2"
    assert (ear.heard[-1]["o"]["x"], ear.heard[-1]["o"]["X"]) == ("AMENDMENT", "NEW")
    (row,) = _get(desk, "um/orderAmendment", **ids)
    assert row["amendment"] == {
        "price": {"before": "100", "after": "101"},
        "origQty": {"before": "2", "after": "3"},
        "count": 1,
        "modifyId": 7,
    }
    assert _get(desk, "um/orderAmendment", **ids, endTime=MS) == []
    taking = {**change, "price": "110"}
    del taking["modifyId"]
    assert read(desk.send("PUT", V1 + "um/order", taking))["status"] == "FILLED"
    assert [one["amendment"]["count"] for one in _get(desk, "um/orderAmendment", **ids)] == [2, 1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"side": "SELL"}, -1130),
        ({"price": "100.0", "quantity": "2.0"}, -5027),
        ({"orderId": "1"}, -2013),
        ({"quantity": "0"}, -4003),
    ],
)
def test_amendments_that_are_refused(desk: Desk, change: dict[str, str], code: int) -> None:
    """An amendment has to name an open order and its side, and to change something."""
    order = _order(desk, "um", BUY)["orderId"]
    amend = {"symbol": "BTCUSDT", "orderId": order, "side": "BUY", "quantity": "3", "price": "99"}
    assert read(desk.send("PUT", V1 + "um/order", {**amend, **change}))["code"] == code
    ids = {"symbol": "BTCUSDT", "origClientOrderId": "nobody"}
    assert read(desk.send("GET", V1 + "um/orderAmendment", ids))["code"] == -2013


def test_an_amendment_below_what_is_filled_cancels(desk: Desk) -> None:
    """An order that shall be no larger than what is filled is canceled; COIN-M names its pair."""
    order = _order(desk, "cm", BUY, symbol="BTCUSD_PERP")["orderId"]
    desk.venue.fill(order, desk.now, quantity="1")
    amend = {"symbol": "BTCUSD_PERP", "orderId": order, "side": "BUY"}
    amend |= {"quantity": "1", "price": "99"}
    reply = read(desk.send("PUT", V1 + "cm/order", amend))
    assert (reply["status"], reply["pair"], reply["executedQty"]) == ("CANCELED", "BTCUSD", "1")
    ids = {"symbol": "BTCUSD_PERP", "orderId": order}
    (row,) = _get(desk, "cm/orderAmendment", **ids)
    assert (row["pair"], "priceMatch" in row) == ("BTCUSD", False)


@pytest.mark.asyncio
async def test_the_hand_fills() -> None:
    """The open exchange fills in parts too, and takes balances."""
    async with Simulator(balances={"USDT": "1"}) as exchange:
        order = exchange.place("um", orig_qty="2")
        exchange.fill(order, quantity="1", price="2")
        assert exchange.order(order).status == "PARTIALLY_FILLED"
        exchange.fill(order)
        assert exchange.order(order).avg_price == "1.50000"
        assert exchange.venue.ledger.margin == {"USDT": 1}
