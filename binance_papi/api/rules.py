"""Rules that several pages of the documentation share, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Final, TypeAlias

import msgspec

from binance_papi.core.endpoint import DAY_MS
from binance_papi.core.fields import Number
from binance_papi.errors import InvalidRequestError

WEEK: Final = 7 * DAY_MS
"""Lists of most pages cover less than seven days."""

UpTo1000: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=1000)]
UpTo500: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=500)]
UpTo100: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=100)]
"""How many rows a page may have."""

PageNumber: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
"""Which page, from 1."""

_LEAST_CALLBACK: Final = Decimal("0.1")


def check_needed(kind: str, needed: Mapping[str, tuple[str, ...]], request: object) -> None:
    """A type of order needs the fields that its page names.

    Args:
        kind: The type of this order; one that nobody knows needs nothing.
        needed: Names of fields for each type.
        request: Where the fields are.

    Raises:
        InvalidRequestError: If one is missing.
    """
    for name in needed.get(str(kind), ()):
        if getattr(request, name) is None:
            raise InvalidRequestError(f"{kind} needs {name}")


def check_price(
    kind: str, limit_types: tuple[str, ...], price: Number | None, price_match: str | None
) -> None:
    """A limit type has a price, or lets it follow the book; nothing has both.

    Raises:
        InvalidRequestError: If this one does not, or has.
    """
    if str(kind) in limit_types and price is None is price_match:
        raise InvalidRequestError(f"{kind} needs price or price_match")
    if price is not None and price_match is not None:
        raise InvalidRequestError("price and price_match exclude each other")


def check_good_till(time_in_force: str | None, good_till_date: int | None) -> None:
    """GTD has a date in whole seconds, and nothing else has one.

    Raises:
        InvalidRequestError: If it is otherwise here.
    """
    if (time_in_force == "GTD") != (good_till_date is not None):
        raise InvalidRequestError("time_in_force GTD and good_till_date go together")
    if good_till_date is not None and good_till_date % 1000:
        raise InvalidRequestError("good_till_date is in whole seconds")


def check_trailing(
    kind: str, callback_rate: Number | None, activation: tuple[str, Number | None], *, most: int
) -> None:
    """A trailing stop has a callback rate within bounds; nothing else has one.

    Args:
        kind: The type of this order.
        callback_rate: In percent.
        activation: Name and value of the field that tells where it starts to follow.
        most: The greatest rate of this family.

    Raises:
        InvalidRequestError: If it is otherwise here.
    """
    name, value = activation
    if kind != "TRAILING_STOP_MARKET":
        if callback_rate is not None or value is not None:
            raise InvalidRequestError(f"callback_rate and {name} belong to TRAILING_STOP_MARKET")
    elif not _LEAST_CALLBACK <= Decimal(callback_rate or 0) <= most:
        raise InvalidRequestError(f"callback_rate is 0.1 to {most} percent")
