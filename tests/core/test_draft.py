"""The short way from fields to a query: what takes it, and what has to be made and looked at."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
import pytest

from binance_papi.api.replies import CodeReply
from binance_papi.api.um.conditional import CancelOrder
from binance_papi.core.draft import draft
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, Request, SignedRequest
from binance_papi.core.fields import RecvWindow, Symbol


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ({"symbol": "BTCUSDT", "strategy_id": 1}, "symbol=BTCUSDT&strategyId=1"),
        ({"strategy_id": 1, "symbol": "BTCUSDT"}, "symbol=BTCUSDT&strategyId=1"),
        ({"symbol": "BTC_PERP", "strategy_id": 1}, "symbol=BTC_PERP&strategyId=1"),
        ({"symbol": "BTCUSDT"}, None),
        ({"strategy_id": 1}, None),
        ({"symbol": "BTCUSDT", "strategy_id": 1, "recv_window": 9}, None),
        ({"symbol": "BTCUSDT", "strategy_id": 1, "strategy": 1}, None),
        ({"symbol": "BTCUSDT", "strategy_id": None}, None),
        ({"symbol": "BTCUSDT", "strategy_id": True}, None),
        ({"symbol": "BTCUSDT", "strategy_id": -1}, None),
        ({"symbol": "BTCUSDT", "strategy_id": 2**63}, None),
        ({"symbol": "BTC-USDT", "strategy_id": 1}, None),
        ({"symbol": "测试USDT", "strategy_id": 1}, None),
        ({"symbol": "", "strategy_id": 1}, None),
        ({"symbol": "B" * 65, "strategy_id": 1}, None),
        ({"symbol": "BTCUSDT", "new_client_strategy_id": "a"}, None),
    ],
    ids=range(16),
)
def test_draft(what: dict[str, Any], query: str | None) -> None:
    """What is plain is encoded at once; whatever else there may be, the request is made."""
    assert query == draft(CancelOrder, what)


class Plain(SignedRequest[CodeReply], frozen=True, kw_only=True):
    """A request that is judged field by field."""

    endpoint = Endpoint("GET", "/plain", USER_DATA, CodeReply, weight=1)
    symbol: Symbol


class Checked(Plain, frozen=True, kw_only=True):
    """One that also looks at all of them."""

    def check(self) -> None:
        """Find nothing wrong."""


class Ordered(Plain, frozen=True, kw_only=True):
    """One whose lane depends on what it says."""

    endpoint = Endpoint("POST", "/ordered", TRADE, CodeReply, weight=1, orders=1)


class Speaking(Plain, frozen=True, kw_only=True):
    """One that says something though nobody told it to."""

    limit: int = 500


class Making(Plain, frozen=True, kw_only=True):
    """One that makes up what nobody told it."""

    label: str = msgspec.field(default_factory=lambda: "x")


class Brief(Plain, frozen=True, kw_only=True):
    """One that is valid for a time of its own."""

    recv_window: RecvWindow | None = 9


class Fixed(Request[CodeReply], frozen=True, kw_only=True):
    """One whose time is no field of it."""

    endpoint = Endpoint("GET", "/fixed", USER_DATA, CodeReply, weight=1)
    recv_window: ClassVar[int] = 9
    symbol: Symbol


class Strict(Plain, frozen=True, kw_only=True):
    """One that looks at itself when it is made."""

    def __post_init__(self) -> None:
        super().__post_init__()


class Apart(Plain, frozen=True, kw_only=True):
    """One with fields that do not go together."""

    endpoint = Endpoint(
        "GET", "/apart", USER_DATA, CodeReply, weight=1, apart=(("symbol", "pair"),)
    )
    pair: Symbol | None = None


@pytest.mark.parametrize(
    ("kind", "drafted"),
    [
        (Plain, True),
        (Checked, False),
        (Ordered, False),
        (Apart, False),
        (Speaking, False),
        (Making, False),
        (Brief, False),
        (Fixed, False),
        (Strict, False),
    ],
)
def test_what_means_something_only_together_is_made(kind: Any, drafted: bool) -> None:
    """Rules over several fields, checks of its own, and orders, whose lane their fields decide.

    And what says more than it was told.
    """
    assert drafted == (draft(kind, {"symbol": "BTCUSDT"}) is not None)


def test_only_so_many_orders_of_fields_are_remembered() -> None:
    """Whatever names come, memory stays; what is not remembered is worked out anew."""
    names = [f"field_{number}" for number in range(100)]
    assert [draft(Plain, {"symbol": "BTCUSDT", name: 1}) for name in names] == [None] * 100
    assert len(Plain._plans_here) <= 64
    assert draft(Plain, {"symbol": "BTCUSDT"}) == "symbol=BTCUSDT"
