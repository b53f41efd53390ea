"""How the rows of a history lie on pages: what an endpoint declares, beside its path."""

from __future__ import annotations

import msgspec


class Paging(msgspec.Struct, frozen=True, kw_only=True):
    """How a history is gone through, page by page.

    Args:
        time: Field of a row with the time that ``start_time`` and ``end_time`` are about.
        most: Most rows of a page; ``None``: all rows come on one.
        limit: Field of the request that says how many rows a page may have.
        key: Fields that tell a row from every other; none: all of them together do.
        id: Field of a row with the id to go on by.
        from_id: Field of the request that asks for rows with an id and greater ones; ``None``:
            there is none.
        alone: Whether ``from_id`` goes without times.
        within: Field of the request without which ids are in no order; ``None``: they always are.
        page: Field of the request that holds the number of the page, from 1; ``None``: a page goes
            on where the one before it ended.
    """

    time: str
    most: int | None
    limit: str = "limit"
    key: tuple[str, ...] = ()
    id: str = "id"
    from_id: str | None = None
    alone: bool = False
    within: str | None = None
    page: str | None = None
