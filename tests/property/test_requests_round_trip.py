"""Every request, with any values it takes, comes back from its own query."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_papi.core.endpoint import Request, fields_of
from binance_papi.core.fields import Field
from binance_papi.core.wire import encode
from binance_papi.errors import InvalidRequestError
from binance_papi.terms import MAX_ID
from tests.contract.census import ALL, sample

WORDS = st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True)
AMOUNTS = st.one_of(
    st.integers(1, 10**9),
    st.decimals(min_value=0, max_value=Decimal("1e9"), places=8),
    st.decimals(min_value=0, max_value=Decimal("1e9"), places=8).map(str),
)


def values(field: Field) -> st.SearchStrategy[Any]:
    """What a field takes."""
    if bool in field.types:
        return st.booleans()
    if field.number:
        return AMOUNTS
    enums = [kind for kind in field.types if issubclass(kind, Enum)]
    if enums:
        return st.one_of(st.sampled_from(enums[0]), WORDS)
    if str in field.types:
        return WORDS
    return st.integers(1, MAX_ID)


def read(field: Field, told: str) -> Any:
    """A value of the query, as a reader of the documentation takes it."""
    if bool in field.types:
        return {"true": True, "false": False}[told]
    if field.number:
        return Decimal(told)
    return told if str in field.types else int(told)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@settings(max_examples=4)
@given(data=st.data())
def test_what_is_sent_is_what_was_meant(kind: type[Request[Any]], data: st.DataObject) -> None:
    """Whatever is not refused arrives: each field once, under its name, with its value."""
    fields = fields_of(kind)
    chosen = data.draw(st.sets(st.sampled_from(fields))) if fields else set()
    given_values = {field.name: data.draw(values(field)) for field in chosen}
    try:
        request = sample(kind, **given_values)
    except InvalidRequestError:
        return
    query = encode(request)
    pairs = parse_qsl(query, strict_parsing=bool(query))
    told = dict(pairs)
    assert len(told) == len(pairs)
    wires = {field.wire: field for field in fields if field.wire != "recvWindow"}
    assert set(told) == {
        wire for wire, field in wires.items() if getattr(request, field.name) is not None
    }
    again = {wires[wire].name: read(wires[wire], text) for wire, text in told.items()}
    assert encode(kind(**again)) == query
    for name, value in again.items():
        meant = getattr(request, name)
        assert value == (Decimal(meant) if isinstance(value, Decimal) else meant)
