"""Bytes to values: depth, duplicates, empty texts, and one exception."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from binance_papi.core import decode as module
from binance_papi.core.decode import MAX_BODY, MAX_DEPTH, BadReply, decode, decoder
from binance_papi.terms import Text

ONCE = (b'"code"',)


class Money(msgspec.Struct):
    """A reply with an amount."""

    amount: Decimal | None = None
    code: int | None = None


@pytest.mark.parametrize(
    ("body", "amount", "code"),
    [
        (b'{"amount": "1.50", "code": "7"}', Decimal("1.50"), 7),
        (b'{"amount": "", "code": 7}', None, 7),
        (b'{"amount" : \n"" , "code": ""}', None, None),
        (b'{"other": "a:b \\":\\"", "code": 1}', None, 1),
        (b'{":": "", "": 1}', None, None),
        (b"{}", None, None),
    ],
)
def test_values(body: bytes, amount: Decimal | None, code: int | None) -> None:
    """Texts of numbers are numbers; an empty text is an absent value."""
    money = decode(Money, body)
    assert (amount, code) == (money.amount, money.code)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b'{"code": []}',
            "not the documented shape: Expected `int | null`, got `array` - at `$.code`",
        ),
        (b"{", "not JSON"),
        (b'{"amount": "\xff"}', "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b" " * (MAX_BODY + 1), "longer than 1 MiB"),
        (b"[" * 33 + b"]" * 33, "nested too deeply"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, "nested too deeply"),
        (b'{"a": "' + b"]" * 9 + b'", "b": ' + b"[" * 40 + b"]" * 40 + b"}", "nested too deeply"),
        (b'{"code": 1, "code": 1}', "a key stands twice"),
        (b'{"code": 1, "\\u0063ode": 1}', "a key stands twice"),
        (b'{"x": {"code": 1, "code": 2}}', "a key stands twice"),
        (b'{"code": 1, "code": 2', "a key stands twice"),
    ],
    ids=range(12),
)
def test_bad_reply(body: bytes, reason: str) -> None:
    """Everything else is one exception, with a reason and without the bytes."""
    with pytest.raises(BadReply) as caught:
        decode(Money, body, once=ONCE)
    assert reason == str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "body",
    [
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b"[" + b",".join([b'{"a":[]}'] * 500) + b"]",
        b'["' + b"[{" * 500 + b'"]',
        b'["\\"' + b"[" * 500 + b'\\\\"]',
    ],
    ids=range(4),
)
def test_allowed_nesting(body: bytes) -> None:
    """Depth counts, not the number of brackets, and none inside a text."""
    assert isinstance(decode(list[Any], body), list)


def test_same_key_in_different_objects() -> None:
    """A list of orders repeats its keys, of course."""
    assert decode(Any, b'[{"code": 1}, {"code": 2}]', once=ONCE) == [{"code": 1}, {"code": 2}]


def test_escapes_without_duplicates() -> None:
    """A backslash alone is no offence."""
    assert decode(Any, b'{"code": 1, "msg": "a\\nb"}', once=ONCE) == {"code": 1, "msg": "a\nb"}


def test_exhaustion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the parser run out of stack or memory after all, that is a bad reply as well."""

    class Exhausted:
        def decode(self, body: bytes) -> None:
            raise RecursionError(body)

    monkeypatch.setattr(module, "decoder", lambda _: Exhausted())
    with pytest.raises(BadReply, match="too large or too deep"):
        decode(Money, b"{}")


def test_one_decoder_per_type() -> None:
    """Decoders are built once."""
    assert decoder(Money) is decoder(Money)


class _Named(msgspec.Struct):
    name: Text
    nick: Text | None = None


def test_an_empty_text_is_an_absent_value() -> None:
    """Where a value must be there, that is too little."""
    assert decode(_Named, b'{"name":"x","nick":""}') == _Named("x")
    with pytest.raises(BadReply, match="Expected `str`, got `null`"):
        decode(_Named, b'{"name": "", "nick":"y"}')
