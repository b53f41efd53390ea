"""A request that is only drafted reads as the one that is made, and nothing wrong gets through."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_papi.core.draft import draft
from binance_papi.core.endpoint import Request, fields_of
from binance_papi.core.wire import encode
from binance_papi.terms import MAX_ID
from tests.contract.census import ALL, sample

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 9),
    st.sampled_from(
        [MAX_ID, MAX_ID + 1, 1.0, Decimal(1), "", "BTCUSDT", "a b", "µ", "µ_", "_1", "B" * 65]
    ),
    st.text(max_size=3),
)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
@settings(max_examples=12)
@given(data=st.data())
def test_a_draft_is_what_is_made(kind: type[Request[Any]], data: st.DataObject) -> None:
    """Any fields in any order with any values: it says the same, or has it made."""
    fields = {field.name: field for field in fields_of(kind)}
    plain = sample(kind)
    usual = {name: getattr(plain, name) for name in fields if getattr(plain, name) is not None}
    names = data.draw(st.permutations(list(usual)))
    others = data.draw(st.lists(st.sampled_from([*fields, "no_field"]), max_size=2))
    what = {name: usual[name] for name in names}
    what |= {name: data.draw(ANYTHING) for name in others}
    drafted = draft(kind, what)
    if drafted is None:
        return
    made = kind(**what)
    assert drafted == encode(made)
    assert getattr(made, "recv_window", None) is None


def test_plain_cancels_and_reads_are_drafted() -> None:
    """Else it would be of no use: most of those that need no look at several fields."""
    drafted = [kind for kind in ALL if draft(kind, _given(sample(kind))) is not None]
    names = {f"{kind.__module__.split('.', 2)[2]}.{kind.__name__}" for kind in drafted}
    assert {"um.conditional.CancelOrder", "cm.conditional.CancelOrder", "um.algo.CancelOrder"} <= (
        names
    )
    assert {"um.orders.CancelOrder", "cm.orders.CancelOrder"} <= names


def _given(request: Request[Any]) -> dict[str, Any]:
    fields = {field.name: getattr(request, field.name) for field in fields_of(type(request))}
    return {name: value for name, value in fields.items() if value is not None}
