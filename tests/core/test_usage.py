"""Headers are hints: read where they are plain, else as if they were not there."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from binance_papi.core.usage import count, header_of, http_date, retry_after
from binance_papi.terms import RateLimit

NOON = "Sun, 22 Nov 2026 12:00:00 GMT"
NOON_AND_7 = "Sun, 22 Nov 2026 12:00:07 GMT"
DAYS_3 = 259_200.0


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose local time is not GMT."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("rule", "header"),
    [
        (RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000), "x-mbx-used-weight-1m"),
        (RateLimit("REQUEST_WEIGHT", "SECOND", 10, 1), "x-mbx-used-weight-10s"),
        (RateLimit("ORDERS", "MINUTE", 1, 1200), "x-mbx-order-count-1m"),
        (RateLimit("ORDERS", "DAY", 1, 1), "x-mbx-order-count-1d"),
    ],
)
def test_header_of(rule: RateLimit, header: str) -> None:
    """Each rule has its header."""
    assert header == header_of(rule)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", 0),
        ("5999", 5999),
        ("007", 7),
        ("9" * 12, 10**12 - 1),
        ("9" * 13, None),
        ("1" + "0" * 30, None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("", None),
        (" 1", None),
        ("1, 2", None),
        ("\u0661", None),
        ("\u00b2", None),
        ("x" * 10**6, None),
    ],
    ids=range(15),
)
def test_count(value: str, number: int | None) -> None:
    """A plain number, or nothing; as a text, and as it came."""
    assert number == count({"x": value}, "x")
    assert number == count({"x": value.encode()}, "x")


def test_count_of_a_missing_header() -> None:
    """Not there is nothing."""
    assert count({}, "x") is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "1000000000"}, DAYS_3),
        ({"retry-after": "1" + "0" * 12}, None),
        ({"retry-after": "7, 8"}, None),
        ({"retry-after": NOON_AND_7, "date": NOON}, 7.0),
        ({"retry-after": NOON, "date": NOON_AND_7}, None),
        ({"retry-after": NOON_AND_7}, None),
        ({"retry-after": NOON_AND_7, "date": "noon"}, None),
        ({"retry-after": "Sun, 22 Nov 2099 12:00:00 GMT", "date": NOON}, DAYS_3),
    ],
    ids=range(14),
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds or a date; zero, garbage and the past count as not said."""
    assert seconds == retry_after(headers)
    assert seconds == retry_after({name: value.encode() for name, value in headers.items()})


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (None, None),
        ("", None),
        ("noon", None),
        (NOON, 1795348800.0),
        ("Sun, 22 Nov 2026 12:00:00 -0000", None),
        ("Sun, 22 Nov 2026 12:00:00", None),
        ("Sun, 22 Nov 2026 14:00:00 +0200", None),
        ("Sun, 32 Nov 2026 12:00:00 GMT", None),
        ("Sun, 22 Nov 99999 12:00:00 GMT", None),
        ("Sun, 22 Nor 2026 12:00:00 GMT", None),
        ("Sun, 22 Nov 2026 12:00:60 GMT", None),
    ],
    ids=range(11),
)
@pytest.mark.usefixtures("tokyo")
def test_http_date(value: str | None, moment: float | None) -> None:
    """A date is exchange time, never local time."""
    http_date.cache_clear()
    assert moment == http_date(value)
    assert moment == http_date(None if value is None else value.encode())


def test_what_is_no_date_in_any_encoding() -> None:
    """Bytes that no text is made of."""
    assert http_date(b"\xff\xfe") is None
    assert count({"x": b"\xff"}, "x") is None
