"""The exchange's headers: used weight, order count, ``Retry-After``, ``Date``.

Headers are hints from an untrusted place: whatever can't be read counts as not there.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Protocol

import msgspec

from binance_papi.terms import RateLimit

MAX_RETRY_AFTER: Final = 3 * 86_400.0
"""Bans last three days at most (General Info, "Limits"); a longer Retry-After is cut to that."""

_MAX_DIGITS: Final = 12

_HTTP_DATE: Final = re.compile(
    r"[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT", re.ASCII
)
_MONTHS: Final = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6,
    "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip


class Headers(Protocol):
    """The headers of a reply; a mapping with lower-case names, or one that does not mind case."""

    def get(self, name: str, /) -> str | bytes | None:
        """The value of a header, decoded or as it came; ``None`` where it is missing."""
        ...


class Usage(msgspec.Struct, frozen=True):
    """How much of one rate limit is used, as the client reckons.

    Args:
        limit: The rule.
        used: Used in the present window: what was sent, what may still be counted from before, and
            what other users of the address are known to have used.
        in_flight: Part of it that waits for its reply.
        resets_in: Seconds until the next window has certainly begun.
        foreign: Part of ``used`` that others used.
        frozen_for: Seconds for which nothing may be sent (429, 418, 403); 0 normally.
        refused: How often the exchange refused for this limit since the client was made.
        source_address: The local address it counts for; ``None``: the system's choice, or an
            account-wide limit.
    """

    limit: RateLimit
    used: int
    in_flight: int
    resets_in: float
    foreign: int = 0
    frozen_for: float = 0.0
    refused: int = 0
    source_address: str | None = None


def header_of(rule: RateLimit) -> str:
    """The header that reports the use of a rule, in lower case."""
    stem = "used-weight" if rule.rate_limit_type == "REQUEST_WEIGHT" else "order-count"
    return f"x-mbx-{stem}-{rule.suffix}"


def count(headers: Headers, name: str) -> int | None:
    """A header that holds a count; ``None`` where it is missing or no plain number."""
    value = headers.get(name)
    if value is not None and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
        return int(value)
    return None


def retry_after(headers: Headers) -> float | None:
    """Seconds to stay silent.

    Returns:
        More than 0 and at most `MAX_RETRY_AFTER`; ``None`` where the header is missing, garbage,
        zero or in the past.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds: float | None = count(headers, "retry-after")
    if seconds is None:
        until, date = http_date(value), http_date(headers.get("date"))
        seconds = until - date if until is not None and date is not None else None
    if seconds is None or seconds <= 0:
        return None
    return min(float(seconds), MAX_RETRY_AFTER)


@lru_cache(maxsize=8)
def http_date(value: str | bytes | None) -> float | None:
    """An HTTP date (RFC 9110, the form servers must send) as Unix seconds; else ``None``.

    The same text comes all second, so the last few are remembered. (The standard library's parser
    costs more to import than this whole package.)
    """
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    found = None if value is None else _HTTP_DATE.fullmatch(value)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    clock = int(hour), int(minute), int(second)
    try:
        return datetime(int(year), _MONTHS[month], int(day), *clock, tzinfo=UTC).timestamp()
    except (KeyError, ValueError):
        return None
