"""Every row of a history once, whatever lies together in one millisecond."""

from __future__ import annotations

import inspect
import random
from collections.abc import Coroutine
from typing import Annotated, Any

import msgspec
import pytest

from binance_papi.core.endpoint import DAY_MS, Endpoint, Request, Security, SignedRequest
from binance_papi.core.namespace import Namespace, every
from binance_papi.core.paging import Paging
from binance_papi.core.walk import Walk
from binance_papi.errors import IncompleteHistoryError, InvalidRequestError

UpTo = Annotated[int, msgspec.Meta(ge=1, le=5)]
SPAN = 100


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a history."""

    id: int
    time: int | None
    text: str = ""


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered page of a history."""

    rows: list[Row]
    total: int


class ById(SignedRequest[list[Row]], frozen=True, kw_only=True):
    """Ask for rows. They have ids.

    Args:
        symbol: Trading pair.
        start_time: From when on.
        end_time: Until when.
        from_id: From which id on.
        limit: 1 to 5.
    """

    endpoint = Endpoint(
        "GET",
        "/by-id",
        Security.USER_DATA,
        list[Row],
        weight=5,
        apart=(("from_id", "start_time"), ("from_id", "end_time")),
        span=SPAN,
        paging=Paging(
            time="time", most=5, key=("id",), from_id="from_id", alone=True, within="symbol"
        ),
    )

    symbol: str | None = None
    start_time: int | None = None
    end_time: int | None = None
    from_id: int | None = None
    limit: UpTo | None = None


class ByIdInTime(SignedRequest[list[Row]], frozen=True, kw_only=True):
    """Ask for rows by id and times together."""

    endpoint = Endpoint(
        "GET",
        "/by-id-in-time",
        Security.USER_DATA,
        list[Row],
        weight=5,
        paging=Paging(time="time", most=5, from_id="from_id"),
    )

    start_time: int | None = None
    end_time: int | None = None
    from_id: int | None = None
    limit: UpTo | None = None


class ByTime(SignedRequest[list[Row]], frozen=True, kw_only=True):
    """Ask for rows that have no ids to go on by."""

    endpoint = Endpoint(
        "GET",
        "/by-time",
        Security.USER_DATA,
        list[Row],
        weight=5,
        span=SPAN,
        paging=Paging(time="time", most=5),
    )

    start_time: int | None = None
    end_time: int | None = None
    limit: UpTo | None = None


class Numbered(SignedRequest[Rows], frozen=True, kw_only=True):
    """Ask for a page by its number."""

    endpoint = Endpoint(
        "GET",
        "/numbered",
        Security.USER_DATA,
        Rows,
        weight=5,
        span=SPAN,
        paging=Paging(time="time", most=5, limit="size", key=("id",), page="current"),
    )

    start_time: int | None = None
    end_time: int | None = None
    current: int | None = None
    size: UpTo | None = None


class Whole(SignedRequest[Rows], frozen=True, kw_only=True):
    """Ask for all rows at once."""

    endpoint = Endpoint(
        "GET",
        "/whole",
        Security.USER_DATA,
        Rows,
        weight=5,
        span=SPAN,
        paging=Paging(time="time", most=None),
    )

    start_time: int
    end_time: int


class Exchange:
    """Answers from a script of rows, and keeps the documented rules.

    Args:
        rows: What has happened.
        newest: Whether a page has the newest of the rows that were asked for, if not all.
        down: Whether the rows of a page are in descending order.
    """

    def __init__(self, rows: list[Row], *, newest: bool = False, down: bool = False) -> None:
        self.rows = sorted(rows, key=lambda row: (row.time or 0, row.id))
        self.newest = newest
        self.down = down
        self.asked: list[Any] = []

    def answer(self, request: Any) -> Any:
        """One page."""
        self.asked.append(request)
        paging = request.endpoint.paging
        start, end = request.start_time, request.end_time
        found = [
            row
            for row in self.rows
            if (start is None or start <= (row.time or 0))
            and (end is None or (row.time or 0) <= end)
        ]
        if start is not None and end is not None and request.endpoint.span is not None:
            assert end - start < SPAN
        by_id = paging.from_id is not None and getattr(request, paging.from_id) is not None
        if by_id:
            found = [row for row in found if row.id >= getattr(request, paging.from_id)]
        if paging.most is None:
            return Rows(rows=found[::-1], total=len(found))
        size = getattr(request, paging.limit) or 2
        if paging.page:
            first = (request.current - 1) * size
            return Rows(rows=found[::-1][first : first + size], total=len(found))
        # By id a page goes on from that id, whatever else.
        page = found[-size:] if self.newest and not by_id else found[:size]
        return page[::-1] if self.down else page

    def walk(self, kind: type[Request[Any]], **fields: Any) -> list[Row]:
        """All rows of a walk."""
        walk = Walk[Row](kind, fields)
        got: list[Row] = []
        while (request := walk.ask()) is not None:
            got += walk.take(self.answer(request))
            assert len(self.asked) < 1000
        return got


EVERY = [ById, ByIdInTime, ByTime, Numbered, Whole]


def script(*times: int) -> list[Row]:
    """Rows at these times, with growing ids."""
    return [Row(id=number, time=time) for number, time in enumerate(times, 1)]


BOTH = pytest.mark.parametrize("newest", [False, True], ids=["oldest", "newest"])


@BOTH
@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("seed", range(6))
def test_every_row_once_and_in_order(
    kind: type[Request[Any]], seed: int, newest: bool, down: bool
) -> None:
    """Empty windows, full pages, ties at their ends, rows outside: each row in time is given.

    Whichever rows a full page keeps, and in whichever order it has them.
    """
    chance = random.Random(seed)
    times: list[int] = []
    for _ in range(chance.randrange(60)):
        # Up to three in one millisecond, of pages of five: ties, but none that fills a page.
        times += [chance.randrange(0, 1000, 7)] * chance.randrange(1, 4)
    counted = {time: times.count(time) for time in times}
    times = [time for time in sorted(counted) for _ in range(min(counted[time], 4))]
    exchange = Exchange(script(*times), newest=newest, down=down)
    rows = exchange.walk(kind, start_time=100, end_time=899)
    wanted = [row for row in exchange.rows if 100 <= (row.time or 0) <= 899]
    assert [row.time for row in rows] == [row.time for row in wanted]
    assert sorted(row.id for row in rows) == [row.id for row in wanted]
    if kind in (ById, ByIdInTime, ByTime) and not down:
        assert rows == wanted


@BOTH
@pytest.mark.parametrize("kind", [ById, ByIdInTime, Numbered])
@pytest.mark.parametrize("before", [0, 1, 6])
def test_a_whole_page_in_one_millisecond(
    kind: type[Request[Any]], newest: bool, before: int
) -> None:
    """Ids or page numbers go on where times can't: no gap, no row twice."""
    rows = script(*range(10, 10 + before), *([50] * 17), 51, 51, 99, 100, 150, 333)
    exchange = Exchange([Row(id=3, time=-5), *rows], newest=newest)
    given = {"symbol": "BTCUSDT"} if kind is ById else {}
    found = exchange.walk(kind, start_time=0, end_time=299, **given)
    assert sorted(found, key=lambda row: row.id) == rows[:-1]
    assert found == rows[:-1] or kind is Numbered


@BOTH
@pytest.mark.parametrize("kind", [ById, ByIdInTime])
def test_nothing_but_one_millisecond(kind: type[Request[Any]], newest: bool) -> None:
    """Nobody can tell which rows the page kept, so the millisecond is read from its first id on."""
    rows = script(*([50] * 12))
    given = {"symbol": "BTCUSDT"} if kind is ById else {}
    exchange = Exchange([Row(id=0, time=-9), *rows], newest=newest)
    assert exchange.walk(kind, start_time=0, end_time=99, **given) == rows


@BOTH
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("ties", range(7))
def test_ties_at_every_boundary(limit: int, ties: int, newest: bool) -> None:
    """However pages and ties fall on each other."""
    exchange = Exchange(script(1, 2, *([3] * ties), 4, 5, 5, 5, 6, 130, 130, 131), newest=newest)
    wanted = [row.id for row in exchange.rows]
    for kind, given in ((ById, {"symbol": "X"}), (ByIdInTime, {})):
        rows = exchange.walk(kind, start_time=0, end_time=150, limit=limit, **given)
        assert wanted == [row.id for row in rows]


def test_without_ids_a_page_in_one_millisecond_is_an_error() -> None:
    """What was given before is whole; what can't be is told, not skipped."""
    exchange = Exchange(script(10, *([50] * 6)))
    walks: list[tuple[Any, dict[str, Any]]] = [
        (ByTime, {}),
        (ById, {}),
    ]  # ids are in no order without a symbol
    for kind, given in walks:
        with pytest.raises(IncompleteHistoryError, match="more than 5 rows in one milli") as caught:
            exchange.walk(kind, start_time=0, end_time=99, **given)
        assert caught.value.time == 50
        assert isinstance(caught.value.request, kind)


def test_rows_that_are_alike_are_not_taken_for_the_same() -> None:
    """Two bookings may be equal in all that is told of them; each counts."""
    alike = [Row(id=0, time=time) for time in (1, 2, 3, 3, 3, 3, 4)]
    for newest in (False, True):
        exchange = Exchange(alike, newest=newest)
        assert exchange.walk(ByTime, start_time=0, end_time=9) == alike


def test_rows_that_change_while_they_are_read() -> None:
    """An order whose status changed between two pages is the same order."""
    walk = Walk[Row](ById, {"start_time": 0, "end_time": 50, "limit": 2})
    assert walk.take([Row(id=1, time=1), Row(id=2, time=2)]) == []
    assert walk.ask() == ById(start_time=0, end_time=1, limit=2)
    first = walk.take([Row(id=1, time=1, text="FILLED")])
    assert [row.id for row in first] == [1, 2]
    assert walk.ask() == ById(start_time=2, end_time=50, limit=2)
    second = walk.take([Row(id=2, time=2, text="FILLED"), Row(id=3, time=9)])
    assert [row.id for row in second] == [3]


def test_rows_that_come_while_numbered_pages_are_read() -> None:
    """A newcomer pushes rows to the next page; they are not given twice."""
    walk = Walk[Row](Numbered, {"start_time": 0, "end_time": 50, "size": 2})
    assert walk.take(Rows(rows=[Row(id=4, time=4), Row(id=3, time=3)], total=3)) == []
    rows = walk.take(Rows(rows=[Row(id=3, time=3)], total=4))
    assert [row.id for row in rows] == [3, 4]
    assert walk.ask() is None


def test_which_rows_a_page_keeps_is_learned_once() -> None:
    """In all windows but the last it costs nothing; in the last one a question."""
    for newest, wanted in ((False, 3 * 2 + 1), (True, 3 * 2 + 2)):
        times = [time for window in range(4) for time in range(window * SPAN, window * SPAN + 8)]
        exchange = Exchange(script(*times), newest=newest)
        assert exchange.walk(ByTime, start_time=0, end_time=4 * SPAN - 1) == exchange.rows
        assert len(exchange.asked) == wanted + 1, newest


def test_newcomers_do_not_teach_that_a_page_kept_the_oldest() -> None:
    """What came after the page was made lies on its right as well."""
    exchange = Exchange(script(*range(10)), newest=True)
    walk = Walk[Row](ByTime, {"start_time": 0, "end_time": 50})
    got = walk.take(exchange.answer(walk.ask()))
    exchange.rows.append(Row(id=11, time=20))
    while (request := walk.ask()) is not None:
        got += walk.take(exchange.answer(request))
    assert [row.time for row in got] == list(range(10))


def test_the_last_page_may_come_in_any_order() -> None:
    """Nothing has to go on from it."""
    walk = Walk[Row](ByTime, {"start_time": 0, "end_time": 50})
    assert [row.time for row in walk.take(script(9, 3, 5))] == [3, 5, 9]


def test_a_row_without_a_time_is_an_error() -> None:
    """It has no place in the order."""
    walk = Walk[Row](ByTime, {"start_time": 0, "end_time": 50})
    with pytest.raises(IncompleteHistoryError, match="a row without time has no place") as caught:
        walk.take([Row(id=1, time=None)])
    assert caught.value.time is None


def test_windows_are_cut_to_the_span() -> None:
    """Each is as long as allowed, none touches another, and the last one ends where asked."""
    exchange = Exchange([])
    assert exchange.walk(ByTime, start_time=5, end_time=250) == []
    asked = [(request.start_time, request.end_time) for request in exchange.asked]
    assert asked == [(5, 104), (105, 204), (205, 250)]
    assert {request.limit for request in exchange.asked} == {5}


def test_without_a_span_there_is_one_window() -> None:
    """Where no bound is documented, none is made up."""
    exchange = Exchange([])
    exchange.walk(ByIdInTime, start_time=0, end_time=400 * DAY_MS)
    assert [request.end_time for request in exchange.asked] == [400 * DAY_MS]


def test_one_millisecond_is_a_window() -> None:
    """Both ends are inclusive."""
    exchange = Exchange(script(6, 7, 8))
    assert [row.time for row in exchange.walk(ByTime, start_time=7, end_time=7)] == [7]


@pytest.mark.parametrize(
    ("kind", "fields", "problem"),
    [
        (ById, {"start_time": 1}, "startTime and endTime are mandatory"),
        (ById, {"end_time": 1}, "startTime and endTime are mandatory"),
        (ById, {"start_time": 2, "end_time": 1}, "startTime is after endTime"),
        (ById, {"start_time": 1, "end_time": 2, "from_id": 1}, "from_id is for one page"),
        (Numbered, {"start_time": 1, "end_time": 2, "current": 1}, "current is for one page"),
        (ById, {"start_time": 1, "end_time": 2, "limit": 6}, "limit is at most 5"),
        (ById, {"start_time": 1, "end_time": 2, "symbol": ""}, "symbol is empty"),
    ],
)
def test_what_can_t_be_walked(
    kind: type[Request[Any]], fields: dict[str, Any], problem: str
) -> None:
    """Refused before anything is sent."""
    with pytest.raises(InvalidRequestError, match=problem):
        Walk(kind, fields)


def test_what_has_no_pages() -> None:
    """Only a history can be walked."""

    class Plain(SignedRequest[list[Row]], frozen=True, kw_only=True):
        endpoint = Endpoint("GET", "/plain", Security.USER_DATA, list[Row], weight=1)

    with pytest.raises(InvalidRequestError, match="Plain has no pages"):
        Walk(Plain, {"start_time": 1, "end_time": 2})


class Pages(Namespace):
    """Histories of the script."""

    rows_iter = every(ById, Row)


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def test_a_method_goes_through_all_pages() -> None:
    """Each page is sent when the rows before it were taken, and not earlier."""
    exchange = Exchange(script(1, 2, 3, 4, 5, 6, 7))

    async def send(request: Any, /) -> Any:
        return exchange.answer(request)

    async def look() -> list[int]:
        ids = []
        async for row in Pages(send).rows_iter(start_time=0, end_time=150, limit=3):
            ids.append(row.id)
            assert len(exchange.asked) <= 2 + row.id // 2
        return ids

    assert finish(look()) == [1, 2, 3, 4, 5, 6, 7]
    assert len(exchange.asked) == 5
    with pytest.raises(InvalidRequestError):
        Pages(send).rows_iter(start_time=0)  # refused when it is called, not when it is read


def test_what_people_see_of_such_a_method() -> None:
    """Its arguments less those that it fills in, with both times mandatory, and its own words."""

    async def send(request: Any, /) -> Any:
        return request

    pages = Pages(send)
    method = pages.rows_iter
    assert method is pages.rows_iter
    assert (method.__name__, method.__qualname__) == ("rows_iter", "Pages.rows_iter")
    assert list(inspect.signature(method).parameters) == [
        "start_time",
        "end_time",
        "recv_window",
        "symbol",
        "limit",
    ]
    empty = inspect.Parameter.empty
    mandatory = [
        p.name for p in inspect.signature(method).parameters.values() if p.default is empty
    ]
    assert mandatory == ["start_time", "end_time"]
    assert method.__doc__ is not None
    assert method.__doc__.startswith("Ask for rows: all rows from ``start_time`` to ``end_time``")
    assert "    limit: 1 to 5." in method.__doc__
    assert Pages.rows_iter.row is Row
