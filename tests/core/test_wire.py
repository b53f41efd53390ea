"""A request as text on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from binance_papi.api.general import TestConnectivity
from binance_papi.api.um.conditional import CancelOrder, NewOrder, QueryAllOrders
from binance_papi.core.offset import ClockOffset
from binance_papi.core.signing import Signer
from binance_papi.core.wire import Stamper, encode, sign
from binance_papi.terms import Side


@pytest.mark.parametrize(
    ("request_", "query"),
    [
        (TestConnectivity(), ""),
        (QueryAllOrders(), ""),
        (CancelOrder(symbol="BTCUSDT", strategy_id=1), "symbol=BTCUSDT&strategyId=1"),
        (
            CancelOrder(symbol="BTCUSDT", strategy_id=1, recv_window=9),
            "symbol=BTCUSDT&strategyId=1",
        ),
        (
            CancelOrder(symbol="测试USDT", new_client_strategy_id="a:/b"),
            "symbol=%E6%B5%8B%E8%AF%95USDT&newClientStrategyId=a%3A%2Fb",
        ),
        (
            CancelOrder(symbol="A&b=c#d+e%0df g", strategy_id=0),
            "symbol=A%26b%3Dc%23d%2Be%250df%20g&strategyId=0",
        ),
        (
            NewOrder(
                symbol="BTCUSDT",
                side=Side.BUY,
                strategy_type="STOP",
                quantity=Decimal("1E-8"),
                price="1e3",
                stop_price=9300,
                reduce_only=False,
                price_protect=True,
            ),
            (
                "symbol=BTCUSDT&side=BUY&strategyType=STOP&quantity=0.00000001&reduceOnly=false"
                "&price=1000&priceProtect=true&stopPrice=9300"
            ),
        ),
    ],
    ids=range(7),
)
def test_encode(request_: Any, query: str) -> None:
    """Names as documented, values percent-encoded, absent ones left out."""
    assert query == encode(request_)


@pytest.fixture
def offset() -> ClockOffset:
    """An exchange to whose clock ours at 0 signs 1.7e9 s: half a second late, since unlearned."""
    return ClockOffset(1_700_000_000.5, 0.0)


@pytest.mark.parametrize(
    ("query", "stamped"),
    [
        ("", "recvWindow=5000&timestamp=1700000000000"),
        ("a=1", "a=1&recvWindow=5000&timestamp=1700000000000"),
    ],
)
def test_stamp(offset: ClockOffset, query: str, stamped: str) -> None:
    """Receive window and timestamp come after the request's own fields."""
    assert stamped == Stamper(offset).stamp(query, 5000, 0.0)


def test_what_is_stamped_in_one_millisecond_ends_alike(offset: ClockOffset) -> None:
    """Until the next one begins; and another receive window counts at once."""
    stamper = Stamper(offset)

    def tail(recv_window: int, now: float) -> str:
        return stamper.stamp("", recv_window, now).removeprefix("recvWindow=")

    assert tail(5000, 0.0001) == tail(5000, 0.0009) == "5000&timestamp=1700000000000"
    assert tail(6000, 0.0009) == "6000&timestamp=1700000000000"
    assert tail(6000, 0.0011) == "6000&timestamp=1700000000001"
    assert tail(6000, 0.0009) == "6000&timestamp=1700000000000"


def test_what_was_learned_of_the_clock_counts_for_the_next_stamp(offset: ClockOffset) -> None:
    """Also within the same millisecond."""
    stamper = Stamper(offset)
    before = stamper.stamp("", 5000, 0.0001)
    offset.observe(1_700_000_100.0, 1_700_000_100.001, 0.0001, 0.0001)
    after = stamper.stamp("", 5000, 0.0001)
    assert before != after == f"recvWindow=5000&timestamp={offset.timestamp(0.0001)}"


def test_sign() -> None:
    """The signature is that of the very text before it, and comes last."""
    signer = Signer.hmac("secret")
    assert f"/x?a=%E6&signature={signer.sign(b'a=%E6')}" == sign("/x", "a=%E6", signer)
