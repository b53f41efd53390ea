"""All rows of a history, page by page: what to ask next, and what of a page is new.

The exchange bounds both how far apart ``start_time`` and ``end_time`` may be and how many rows a
page has. So the time asked for is cut into windows of the documented span, oldest first, and each
window is a row of parts: rows that are known, and gaps that have to be asked for.

* A page that is not full closes its gap.
* A full page is either the oldest or the newest that the gap holds; the documentation seldom says
  which. Until a page has shown it (`Kept`), a gap is left on either side.
* More rows of a page's first or last millisecond may be missing. So the gap beside it begins, or
  ends, with that very millisecond, and the rows that both have are counted and given once.
* Where a whole page lies in one millisecond, times can't go on, and ids do, until the millisecond
  is over. Where there are no ids to go on by, it is an `IncompleteHistoryError`, not a gap.
* Lists with numbered pages are held until a window is whole.

Rows are given oldest first, as soon as everything before them is known. Nothing here sends or
waits.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import Any, Generic, TypeVar, cast

from binance_papi.core.endpoint import Request
from binance_papi.core.paging import Paging
from binance_papi.errors import IncompleteHistoryError, InvalidRequestError

Row = TypeVar("Row")


class Kept(Enum):
    """Which rows a full page has, of all that were asked for."""

    OLDEST = "oldest"
    NEWEST = "newest"


class Gap:
    """A span of time whose rows are not known yet, both ends included.

    Args:
        start: First millisecond.
        end: Last millisecond.
        proves: What a page keeps if this gap, beside it, turns out to hold rows.
        from_id: For one millisecond that is read by id: from which id on.
    """

    __slots__ = ("end", "from_id", "got", "proves", "start")

    def __init__(
        self, start: int, end: int, *, proves: Kept | None = None, from_id: int | None = None
    ) -> None:
        self.start = start
        self.end = end
        self.proves = proves
        self.from_id = from_id
        self.got: list[Any] = []


class Walk(Generic[Row]):
    """One walk through a history: `ask`, send what it says, and give the reply to `take`.

    Args:
        request: The request class; its endpoint declares how rows lie on pages.
        given: The fields of the request: ``start_time`` and ``end_time``, and what else narrows it.

    Raises:
        InvalidRequestError: If a time is missing, or the fields can't be right.
    """

    def __init__(self, request: type[Request[Any]], given: dict[str, Any]) -> None:
        paging = request.endpoint.paging
        if paging is None:
            raise InvalidRequestError(f"{request.__name__} has no pages")
        self._paging: Paging = paging
        self._request = request
        self._rest = dict(given)
        for name in (paging.from_id, paging.page):
            if name is not None and self._rest.pop(name, None) is not None:
                raise InvalidRequestError(f"{name} is for one page; this goes through all of them")
        start, end = self._rest.pop("start_time", None), self._rest.pop("end_time", None)
        if start is None or end is None:
            raise InvalidRequestError("startTime and endTime are mandatory to go through all pages")
        if start > end:
            raise InvalidRequestError("startTime is after endTime")
        self._limit: int | None = self._rest.pop(paging.limit, None) or paging.most
        self._end: int = end
        self._span: int = request.endpoint.span or end - start + 1
        ordered = paging.within is None or self._rest.get(paging.within) is not None
        self._has_id = paging.from_id is not None and ordered
        self._kept: Kept | None = None
        self._down = False
        self._last_id = 0
        self._open(start)
        self.ask()  # the first request shows whether the fields can be right

    def _open(self, start: int) -> None:
        """Begin a window."""
        self._window = start, min(start + self._span - 1, self._end)
        self._parts: list[Gap | list[Row]] = [Gap(*self._window)]
        self._number = 1
        # The rows of the last millisecond that was given.
        self._edge: Counter[Any] = Counter()
        self._edge_time: int | None = None

    def ask(self) -> Request[Any] | None:
        """The request for the next page; ``None``: that was all."""
        if not self._parts:
            return None
        gap, paging, fields = self._gap(), self._paging, dict(self._rest)
        if self._limit is not None:
            fields[paging.limit] = self._limit
        if gap.from_id is not None and paging.from_id is not None:
            fields[paging.from_id] = self._first_id(gap.from_id)
        if gap.from_id is None or not paging.alone:
            fields |= {"start_time": gap.start, "end_time": gap.end}
        if paging.page is not None:
            fields[paging.page] = self._number
        return self._request(**fields)

    def take(self, reply: Any) -> list[Row]:
        """Take a page.

        Args:
            reply: The reply to what was asked: rows, or an object that has ``rows``.

        Returns:
            The rows that are new and follow on those given before, oldest first.

        Raises:
            IncompleteHistoryError: If it can't go on without leaving something out.
        """
        rows = cast("list[Row]", reply if isinstance(reply, list) else reply.rows)
        rows = self._oldest_first(rows)
        full = self._limit is not None and len(rows) >= self._limit
        gap = self._gap()
        if self._paging.page is not None:
            self._turn_page(gap, rows, full=full)
        elif gap.from_id is not None:
            self._go_on_by_id(gap, rows, full=full)
        elif full:
            self._split(gap, rows)
        else:
            self._close(gap, rows)
        return self._give()

    def _gap(self) -> Gap:
        """The gap to ask about next.

        On the right of a page first while nobody knows which rows it kept: rows there prove that it
        kept the oldest, which is usual, and spare the question on the left. Not so in the last
        window, where they may be newcomers. By id last, when as much as can be is known.
        """
        gaps = [part for part in self._parts if isinstance(part, Gap)]
        by_time = [gap for gap in gaps if gap.from_id is None]
        if self._kept is None and by_time:
            return by_time[0 if self._window[1] == self._end else -1]
        return gaps[0]

    def _split(self, gap: Gap, rows: list[Row]) -> None:
        """A full page: what lies beside it is open."""
        first, last = self._time(rows[0]), self._time(rows[-1])
        fresh = self._fresh(gap, rows)
        inner: list[Gap | list[Row]] = []
        if first < last:
            inner.append(fresh)
            before, after = first, last
        elif self._has_id:
            low = min(getattr(row, self._paging.id) for row in rows)
            inner.append(Gap(first, first, from_id=low))
            before, after = first - 1, last + 1
        else:
            raise IncompleteHistoryError(
                f"more than {self._limit} rows in one millisecond, and no id to go on by",
                request=self.ask(),
                time=first,
            )
        self._learn(gap, fresh)
        left = [Gap(gap.start, before, proves=Kept.NEWEST)] if before >= gap.start else []
        right = [Gap(after, gap.end, proves=Kept.OLDEST)] if after <= gap.end else []
        self._replace(
            gap,
            *([] if self._kept is Kept.OLDEST else left),
            *inner,
            *([] if self._kept is Kept.NEWEST else right),
        )

    def _close(self, gap: Gap, rows: list[Row]) -> None:
        """The last rows of a gap."""
        fresh = self._fresh(gap, rows)
        self._learn(gap, fresh)
        self._replace(gap, fresh)

    def _learn(self, gap: Gap, fresh: list[Row]) -> None:
        """Rows beside a full page show which ones that page kept, and what needs no question."""
        if self._kept is not None or gap.proves is None or not fresh:
            return
        self._kept = gap.proves
        gap.proves = None
        self._parts = [
            part for part in self._parts if not isinstance(part, Gap) or part.proves is None
        ]

    def _go_on_by_id(self, gap: Gap, rows: list[Row], *, full: bool) -> None:
        """A millisecond of which one page holds only a part."""
        gap.got += [row for row in rows if self._time(row) == gap.start]
        if full and self._time(rows[-1]) <= gap.start:
            self._last_id = max(getattr(row, self._paging.id) for row in rows)
            gap.from_id = self._last_id + 1
        else:
            self._close(gap, gap.got)

    def _first_id(self, low: int) -> int:
        """From which id on a millisecond is read: behind what is known of the time before it.

        A page that kept the oldest rows has shown the lowest id of the millisecond.
        """
        return low if self._kept is Kept.OLDEST else self._last_id + 1

    def _turn_page(self, gap: Gap, rows: list[Row], *, full: bool) -> None:
        """A numbered page; rows that a newcomer pushed here from the page before were there."""
        held = Counter(self._key(row) for row in gap.got)
        fresh = [row for row in rows if held[self._key(row)] == 0]
        # Pages are newest first, so this one stands before the ones read so far.
        gap.got = fresh + gap.got
        if full:
            self._number += 1
        else:
            self._replace(gap, sorted(gap.got, key=self._time))

    def _replace(self, gap: Gap, *parts: Gap | list[Row]) -> None:
        """Put what is known now in the place of a gap; neighbouring rows become one part."""
        at = self._parts.index(gap)
        joined: list[Gap | list[Row]] = []
        for part in (*self._parts[:at], *parts, *self._parts[at + 1 :]):
            if isinstance(part, list) and joined and isinstance(joined[-1], list):
                joined[-1] = [*joined[-1], *part]
            elif part:
                joined.append(part)
        self._parts = joined

    def _give(self) -> list[Row]:
        """The rows before the first gap; after the last one the next window begins."""
        rows: list[Row] = []
        if self._parts and isinstance(self._parts[0], list):
            rows = cast("list[Row]", self._parts.pop(0))
        if rows:
            last = self._time(rows[-1])
            if last != self._edge_time:
                self._edge, self._edge_time = Counter[Any](), last
            self._edge.update(self._key(row) for row in rows if self._time(row) == last)
            if self._has_id:
                self._last_id = max(getattr(row, self._paging.id) for row in rows)
        if not self._parts and self._window[1] < self._end:
            self._open(self._window[1] + 1)
        return rows

    def _fresh(self, gap: Gap, rows: list[Row]) -> list[Row]:
        """The rows that the parts on either side of a gap do not have."""
        at = self._parts.index(gap)
        seen = Counter[Any]()
        if at == 0 and self._edge_time == gap.start:
            seen += self._edge
        for part in self._parts[max(at - 1, 0) : at + 2]:
            if isinstance(part, list):
                edges = (row for row in part if self._time(row) in (gap.start, gap.end))
                seen.update(self._key(row) for row in edges)
        fresh: list[Row] = []
        for row in rows:
            key = self._key(row)
            if seen[key] > 0:
                seen[key] -= 1
            else:
                fresh.append(row)
        return fresh

    def _oldest_first(self, rows: list[Row]) -> list[Row]:
        """Rows in order of time; those of one millisecond in the order that the pages have."""
        if rows and self._time(rows[0]) != self._time(rows[-1]):
            self._down = self._time(rows[0]) > self._time(rows[-1])
        return sorted(reversed(rows) if self._down else rows, key=self._time)

    def _time(self, row: Row) -> int:
        when = getattr(row, self._paging.time)
        if when is None:
            raise IncompleteHistoryError(
                f"a row without {self._paging.time} has no place", request=self.ask()
            )
        return int(when)

    def _key(self, row: Row) -> Any:
        names = self._paging.key
        return tuple(getattr(row, name) for name in names) if names else row
