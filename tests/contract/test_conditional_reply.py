"""The reply of the cancel, field by field."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from binance_papi.api.um.conditional import CancelAllOpenOrders, CancelOrder, ConditionalOrder
from binance_papi.core.decode import BadReply
from binance_papi.terms import (
    PositionSide,
    PriceMatch,
    SelfTradePreventionMode,
    Side,
    StrategyStatus,
    StrategyType,
    TimeInForce,
    WorkingType,
)

BODY = (Path(__file__).parent / "replies" / "DELETE_papi_v1_um_conditional_order.json").read_bytes()
PLAIN = json.loads(BODY)


def test_the_documented_reply_with_every_type() -> None:
    """Ids are integers, amounts decimals, statuses open enums, times milliseconds."""
    assert CancelOrder.decode(BODY) == ConditionalOrder(
        new_client_strategy_id="myOrder1",
        strategy_id=123445,
        strategy_status=StrategyStatus.CANCELED,
        strategy_type=StrategyType.TRAILING_STOP_MARKET,
        orig_qty=Decimal(11),
        price=Decimal(0),
        reduce_only=False,
        side=Side.BUY,
        position_side=PositionSide.SHORT,
        stop_price=Decimal(9300),
        symbol="BTCUSDT",
        time_in_force=TimeInForce.GTC,
        activate_price=Decimal(9020),
        price_rate=Decimal("0.3"),
        book_time=1566818724710,
        update_time=1566818724722,
        working_type=WorkingType.CONTRACT_PRICE,
        price_protect=False,
        self_trade_prevention_mode=SelfTradePreventionMode.NONE,
        good_till_date=0,
        price_match=PriceMatch.NONE,
    )


def test_the_shape_without_a_trailing_stop() -> None:
    """Activation price and callback rate are absent for other types."""
    plain = {k: v for k, v in PLAIN.items() if k not in ("activatePrice", "priceRate")}
    order = CancelOrder.decode(json.dumps(plain).encode())
    assert (order.activate_price, order.price_rate) == (None, None)


@pytest.mark.parametrize("missing", [key for key in PLAIN if key != "strategyId"])
def test_any_field_but_the_identity_may_be_missing_null_or_empty(missing: str) -> None:
    """Fields were added and dropped within weeks; a cancel's reply must survive that."""
    for plain in (
        {key: value for key, value in PLAIN.items() if key != missing},
        PLAIN | {missing: None},
        PLAIN | {missing: ""},
    ):
        assert CancelOrder.decode(json.dumps(plain).encode()).strategy_id == 123445


def test_without_its_identity_a_reply_is_unreadable() -> None:
    """A reply that names no order proves nothing about one."""
    with pytest.raises(BadReply):
        CancelOrder.decode(b'{"strategyStatus":"CANCELED"}')


def test_extra_fields_and_unknown_values_are_kept_or_ignored() -> None:
    """New fields are ignored; a new status keeps its text."""
    order = CancelOrder.decode(
        json.dumps(PLAIN | {"icebergQty": {"a": [1]}, "strategyStatus": "NEW_INSURANCE"}).encode()
    )
    assert order.strategy_status == "NEW_INSURANCE"
    assert order.strategy_status is not None
    assert not order.strategy_status.known


@pytest.mark.parametrize("number", [2**53 + 1, 4611875134427365377, 2**63 - 1])
def test_ids_are_exact_to_63_bits(number: Any) -> None:
    """No digit is lost, as a number or as a text."""
    for spelled in (number, str(number)):
        body = json.dumps(PLAIN | {"strategyId": spelled}).encode()
        assert CancelOrder.decode(body).strategy_id == number


@pytest.mark.parametrize("number", [2**63, 2**64, -1, 1.5, True, "x", "9" * 5000])
def test_what_is_no_id_is_unreadable(number: Any) -> None:
    """An id beyond 63 bits, or no integer at all, is not guessed at."""
    with pytest.raises(BadReply):
        CancelOrder.decode(json.dumps(PLAIN | {"strategyId": number}).encode())


@pytest.mark.parametrize(
    "body",
    [
        b'{"strategyId":1,"strategyId":2,"strategyStatus":"CANCELED"}',
        b'{"strategyId":1,"strategyStatus":"NEW","strategyStatus":"CANCELED"}',
        b'{"strategyId":1,"strategyStatus":"NEW","strategy\\u0053tatus":"CANCELED"}',
    ],
)
def test_a_key_that_stands_twice_makes_it_unreadable(body: bytes) -> None:
    """Nobody can tell which of the two counts."""
    with pytest.raises(BadReply, match="twice"):
        CancelOrder.decode(body)


def test_an_error_with_status_200_is_no_success() -> None:
    """A cancel-all that answers a negative code did not work, whatever the status says."""
    with pytest.raises(BadReply):
        CancelAllOpenOrders.decode(b'{"code":-2011,"msg":"Unknown order sent."}')
