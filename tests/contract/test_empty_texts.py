"""An empty text stands for an absent value; so no type of a reply may take one as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from binance_papi.api.events import Documented
from binance_papi.core.decode import BadReply, decode
from binance_papi.terms import OrderStatus, Text
from tests.contract.census import ALL


def texts(kind: msgspec.inspect.Type, at: str, seen: set[int]) -> Iterator[str]:
    """Where a type takes a text that may be empty."""
    if isinstance(kind, msgspec.inspect.StrType) and not kind.min_length:
        yield at
    if id(kind) not in seen:
        seen.add(id(kind))
        for part, name in _parts(kind):
            yield from texts(part, at + name, seen)


def _parts(kind: msgspec.inspect.Type) -> list[tuple[msgspec.inspect.Type, str]]:
    match kind:
        case msgspec.inspect.StructType():
            return [(field.type, f".{field.name}") for field in kind.fields]
        case msgspec.inspect.UnionType():
            return [(part, "") for part in kind.types]
        case msgspec.inspect.DictType():
            return [(kind.value_type, ".*")]
        case msgspec.inspect.ListType():
            return [(kind.item_type, "[]")]
        case _:
            return []


def _within(kind: Any) -> list[str]:
    # A union of structs is no type for msgspec; its parts are.
    kinds = [part for inner in get_args(kind) or (kind,) for part in get_args(inner) or (inner,)]
    found: list[str] = []
    for one in kinds:
        found += texts(msgspec.inspect.type_info(one), str(one), set())
    return found


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__qualname__)
def test_no_reply_takes_an_empty_text(kind: Any) -> None:
    """Then one that holds such is read again, with nothing in its place."""
    assert _within(kind.endpoint.returns) == []


def test_no_event_does() -> None:
    """Nor does the user data stream."""
    assert _within(Documented) == []


class _Old(msgspec.Struct):
    word: str


class _Reply(msgspec.Struct):
    word: Text | None = None
    status: OrderStatus | None = None
    inner: list[_Old] | None = None


def test_it_would_be_found() -> None:
    """The look goes into structs and lists."""
    (found,) = _within(_Reply)
    assert found.endswith(".inner[].word")


@pytest.mark.parametrize("key", ["word", "status"])
def test_what_is_empty_is_absent(key: str) -> None:
    """Texts and enumerations alike, with a blank before it or not."""
    for blank in ("", " "):
        reply = decode(_Reply, f'{{"{key}":{blank}"", "else":{blank}""}}'.encode())
        assert getattr(reply, key) is None


def test_where_something_must_be_there_nothing_is_too_little() -> None:
    """An absent value is no text."""
    with pytest.raises(BadReply, match="Expected `str`, got `null`"):
        decode(_Must, b'{"word":""}')


class _Must(msgspec.Struct):
    word: Text
