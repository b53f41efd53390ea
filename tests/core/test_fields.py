"""What the fields of a request may hold, and how they are written."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any

import msgspec
import pytest

from binance_papi.core.fields import (
    ClientId32,
    Field,
    Id,
    Number,
    RecvWindow,
    Symbol,
    camel,
    compile_fields,
    text,
    write,
)
from binance_papi.errors import InvalidRequestError
from binance_papi.terms import Side


class Colour(str, Enum):  # noqa: UP042 - other than a StrEnum it prints its name
    """Somebody's own enumeration of texts."""

    RED = "red&x"


class Level(IntEnum):
    """Somebody's own enumeration of numbers."""

    HIGH = 3


class Everything(msgspec.Struct):
    """One field of each kind."""

    id: Id
    symbol: Symbol
    recv_window: RecvWindow
    client_id: ClientId32
    number: Number | None = None
    flag: bool | None = None
    side: Side | str | None = None


FIELDS = {field.name: field for field in compile_fields(Everything, frozenset({"id", "symbol"}))}


def test_compiled() -> None:
    """A declaration is read once: names, types, what is mandatory."""
    compiled = [(f.name, f.wire, f.mandatory, f.number, f.types) for f in FIELDS.values()]
    assert [
        ("id", "id", True, False, (int,)),
        ("symbol", "symbol", True, False, (str,)),
        ("recv_window", "recvWindow", False, False, (int,)),
        ("client_id", "clientId", False, False, (str,)),
        ("number", "number", False, True, (Decimal, int, str)),
        ("flag", "flag", False, False, (bool,)),
        ("side", "side", False, False, (Side, str)),
    ] == compiled


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("id", 0, "id=0"),
        ("id", 2**63 - 1, "id=9223372036854775807"),
        ("id", Level.HIGH, "id=3"),
        ("symbol", "BTCUSDT", "symbol=BTCUSDT"),
        ("symbol", "x" * 64, "symbol=" + "x" * 64),
        ("symbol", "币安", "symbol=%E5%B8%81%E5%AE%89"),
        ("recv_window", 60_000, "recvWindow=60000"),
        ("client_id", "a.B:/0_-", "clientId=a.B%3A%2F0_-"),
        ("number", 5, "number=5"),
        ("number", "5.10", "number=5.10"),
        ("number", "1e-7", "number=0.0000001"),
        ("number", Decimal("1E+3"), "number=1000"),
        ("number", Decimal("-0.5"), "number=-0.5"),
        ("flag", True, "flag=true"),
        ("flag", False, "flag=false"),
        ("side", Side.BUY, "side=BUY"),
        ("side", "HOLD", "side=HOLD"),
        ("side", Colour.RED, "side=red%26x"),
    ],
    ids=range(18),
)
def test_good_value(name: str, value: Any, written: str) -> None:
    """What passes the check is written in the exchange's way."""
    FIELDS[name].check(value)
    assert written == write(FIELDS[name], value)


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("id", True, "id can't be a bool"),
        ("id", "1", "id can't be a str"),
        ("id", 1.0, "id can't be a float$"),
        ("id", -1, "id is at least 0"),
        ("id", 2**63, "id is at most 9223372036854775807"),
        ("symbol", 5, "symbol can't be a int"),
        ("symbol", "", "symbol is empty"),
        ("symbol", " BTC", "symbol holds blanks or control characters"),
        ("symbol", "BTC\n", "symbol holds blanks or control characters"),
        ("symbol", "BTC\r\nX-H: 1", "symbol holds blanks or control characters"),
        ("symbol", "BTC\x00", "symbol holds blanks or control characters"),
        ("symbol", "BTC\udc80", "symbol holds blanks or control characters"),
        ("symbol", "x" * 65, "symbol is longer than 64 characters"),
        ("recv_window", 0, "recvWindow is at least 1"),
        ("recv_window", 60_001, "recvWindow is at most 60000"),
        ("client_id", "x" * 33, "clientId has other characters or another length"),
        ("client_id", "a b", "clientId has other characters or another length"),
        ("number", True, "number can't be a bool"),
        ("number", 0.1, "number can't be a float; pass a Decimal or a text"),
        ("number", "", "number is no plain decimal"),
        ("number", " 1", "number is no plain decimal"),
        ("number", "1\n", "number is no plain decimal"),
        ("number", "one", "number is no plain decimal"),
        ("number", "NaN", "number is no plain decimal"),
        ("number", Decimal("Infinity"), "number is no plain decimal"),
        ("number", Decimal("sNaN"), "number is no plain decimal"),
        ("number", "1e999999999", "number has more than 64 digits"),
        ("number", Decimal("1e-65"), "number has more than 64 digits"),
        ("number", 10**5000, "number has more than 64 digits"),
        ("flag", 1, "flag can't be a int"),
    ],
    ids=range(30),
)
def test_bad_value(name: str, value: Any, problem: str) -> None:
    """What can't be right is refused before anything is sent, by the exchange's name of it."""
    with pytest.raises(InvalidRequestError, match=problem):
        FIELDS[name].check(value)


def test_a_field_without_rules() -> None:
    """Types alone will do, and a later rule takes the place of an earlier one."""
    Field("a", "a", mandatory=False, types=(str,)).check("x" * 1000)
    strict = Field(
        "a",
        "a",
        mandatory=False,
        types=(int,),
        meta=(msgspec.Meta(ge=1, le=9), msgspec.Meta(ge=3)),
    )
    strict.check(3)
    with pytest.raises(InvalidRequestError, match="a is at least 3"):
        strict.check(2)


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("symbol", "symbol"),
        ("strategy_id", "strategyId"),
        ("new_client_strategy_id", "newClientStrategyId"),
    ],
)
def test_camel(name: str, wire: str) -> None:
    """Names are the exchange's, mechanically."""
    assert wire == camel(name)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [("-._~", "-._~"), ("a b", "a%20b"), ("", ""), ("%", "%25"), ("é", "%C3%A9")],
)
def test_text(value: str, encoded: str) -> None:
    """Only unreserved characters stay, hex digits are capitals."""
    assert encoded == text(value)
