"""The exchange's words."""

from __future__ import annotations

import copy
import pickle

import msgspec
import pytest

from binance_papi.terms import OpenEnum, RateLimit, Side, StrategyStatus


def test_known_value_is_a_member() -> None:
    """A documented value is the one member."""
    assert Side("BUY") is Side.BUY
    assert Side.BUY.known
    assert str(Side.BUY) == "BUY" == f"{Side.BUY}"


def test_unknown_value_keeps_its_text() -> None:
    """A value of tomorrow decodes today, and is equal to itself and to its text."""
    status = msgspec.json.decode(b'"TRIGGERING"', type=StrategyStatus)
    assert isinstance(status, StrategyStatus)
    assert not status.known
    assert status == "TRIGGERING"
    assert status == StrategyStatus("TRIGGERING")
    assert status != StrategyStatus.TRIGGERED
    assert len({status, StrategyStatus("TRIGGERING"), "TRIGGERING"}) == 1
    assert (status.name, status.value, str(status)) == ("TRIGGERING",) * 3
    assert msgspec.json.encode(status) == b'"TRIGGERING"'
    assert "TRIGGERING" not in StrategyStatus.__members__


@pytest.mark.parametrize("value", [Side.BUY, Side("HOLD")])
def test_copies_are_equal(value: OpenEnum) -> None:
    """Known or not, a value survives copy and pickle."""
    assert value == copy.deepcopy(value) == pickle.loads(pickle.dumps(value))
    assert type(value) is type(pickle.loads(pickle.dumps(value)))


def test_only_texts_are_values() -> None:
    """A number is no value, and equals none."""
    with pytest.raises(ValueError, match="5 is not a valid Side"):
        Side(5)  # type: ignore[arg-type]
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b"5", type=Side)
    assert Side.BUY.__eq__(5) is NotImplemented
    assert Side.BUY != 5


@pytest.mark.parametrize(
    ("rule", "seconds", "suffix"),
    [
        (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000), 60, "1m"),
        (RateLimit("ORDERS", "SECOND", 10, 300), 10, "10s"),
        (RateLimit("ORDERS", "DAY", 2, 1), 172_800, "2d"),
    ],
)
def test_rate_limit(rule: RateLimit, seconds: int, suffix: str) -> None:
    """A rule knows its window's length and how headers name it."""
    assert (seconds, suffix) == (rule.seconds, rule.suffix)


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (("RAW_REQUESTS", "MINUTE", 1, 1), "rate_limit_type 'RAW_REQUESTS' is unknown"),
        (("ORDERS", "HOUR", 1, 1), "interval 'HOUR' is none of SECOND, MINUTE, DAY"),
        (("ORDERS", "DAY", 0, 1), "interval_num and limit are at least 1"),
        (("ORDERS", "DAY", 1, 0), "interval_num and limit are at least 1"),
    ],
)
def test_wrong_rate_limit(args: tuple[str, str, int, int], problem: str) -> None:
    """A rule that can't be right is refused."""
    with pytest.raises(ValueError, match=problem):
        RateLimit(*args)


def test_rate_limit_in_the_exchanges_words() -> None:
    """A rule reads the exchange's own description of it."""
    text = b'{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":1200}'
    assert RateLimit("ORDERS", "MINUTE", 1, 1200) == msgspec.json.decode(text, type=RateLimit)
