"""Rules over every history that can be gone through page by page."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from binance_papi.core.endpoint import Request, fields_of
from binance_papi.core.namespace import every
from binance_papi.core.walk import Walk
from tests.contract.census import ALL, METHODS, SAMPLE, WALKS, row_of

EACH = pytest.mark.parametrize(("name", "walk"), WALKS.items(), ids=WALKS)

ONE_PAGE = {
    "papi.um.conditional.query_all_orders": "retired",
}
"""Lists between two times that have no such method, with the reason."""


def _names(kind: type[Request[Any]]) -> set[str]:
    return {field.name for field in fields_of(kind)}


def _row(returns: Any) -> Any:
    """What a row of a reply is."""
    listed = get_args(returns)
    return listed[0] if listed else get_args(get_type_hints(returns)["rows"])[0]


def test_every_list_between_two_times_can_be_gone_through() -> None:
    """Files aside, which are made of a year."""
    lists = {
        METHODS[kind]
        for kind in ALL
        if {"start_time", "end_time"} <= _names(kind) and "asyn" not in kind.endpoint.path
    }
    walked = {METHODS[walk.request] for walk in WALKS.values()}
    assert walked == lists - set(ONE_PAGE)


@EACH
def test_what_is_declared_is_there(name: str, walk: every[Any, Any]) -> None:
    """Fields of the request and of its rows, the documented most, and the type of a row."""
    kind: Any = walk.request
    paging = kind.endpoint.paging
    rows = {field.name for field in msgspec.structs.fields(walk.row)}
    assert _row(kind.endpoint.returns) is walk.row
    assert {paging.time, *paging.key} <= rows
    asked = _names(kind)
    assert {paging.from_id, paging.page, paging.within} - {None} <= asked
    if paging.from_id is not None:
        assert paging.id in rows
    if paging.most is not None:
        field = next(field for field in fields_of(kind) if field.name == paging.limit)
        field.check(paging.most)
        with pytest.raises(ValueError, match=f"at most {paging.most}"):
            field.check(paging.most + 1)
    one = METHODS[kind]
    assert name == (f"{one[:-5]}s_iter" if one.endswith("_list") else f"{one}_iter")


@EACH
def test_ids_and_times_exclude_each_other_as_declared(name: str, walk: every[Any, Any]) -> None:
    """Going on by id sends no times where the page forbids that."""
    kind: Any = walk.request
    paging = kind.endpoint.paging
    if paging.from_id is not None:
        forbidden = (paging.from_id, "start_time") in kind.endpoint.apart
        assert not forbidden or paging.alone, name


@EACH
def test_a_walk_makes_requests_that_pass(name: str, walk: every[Any, Any]) -> None:
    """Over ten years, with what the page needs: each window is one the request class takes."""
    kind: Any = walk.request
    needed = {field["name"] for field in row_of(kind)["params"] if field["mandatory"]} - {
        "startTime",
        "endTime",
    }
    given = {
        field.name: SAMPLE[field.name]
        for field in fields_of(kind)
        if field.wire in needed or field.name == "symbol"
    }
    if kind.__name__ == "QueryModifyOrderHistory":
        given["order_id"] = 7
    going = Walk[Any](kind, {**given, "start_time": 0, "end_time": 3650 * 86_400_000})
    number, returns = 0, kind.endpoint.returns
    empty: Any = [] if get_args(returns) else returns(rows=[], total=0)
    while going.ask() is not None:
        assert going.take(empty) == []
        number += 1
    span = kind.endpoint.span
    assert number == (1 if span is None else -(-(3650 * 86_400_000 + 1) // span)), name
