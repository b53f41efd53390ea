"""`classify` answers whatever comes; so do the readers of headers and bodies."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from binance_papi.api.general import QueryUserRateLimit, TestConnectivity
from binance_papi.api.um.conditional import (
    CancelAllOpenOrders,
    CancelOrder,
    NewOrder,
    QueryAllOrders,
)
from binance_papi.core.answer import (
    Banned,
    Done,
    NotOpen,
    Overloaded,
    Refused,
    Reply,
    Throttled,
    Unanswered,
)
from binance_papi.core.classify import classify
from binance_papi.core.codes import MEANING
from binance_papi.core.decode import BadReply, decode
from binance_papi.core.raising import exception_for
from binance_papi.core.usage import MAX_RETRY_AFTER, count, http_date, retry_after
from binance_papi.errors import PapiError, RejectedError
from binance_papi.terms import Text

REQUESTS: list[Any] = [
    CancelOrder(symbol="BTCUSDT", strategy_id=1),
    CancelAllOpenOrders(symbol="BTCUSDT"),
    NewOrder(symbol="BTCUSDT", side="BUY", strategy_type="STOP_MARKET", stop_price=1),
    QueryAllOrders(),
    QueryUserRateLimit(),
    TestConnectivity(),
]
ANSWERS = (Done, NotOpen, Refused, Throttled, Banned, Overloaded, Unanswered)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(sorted(MEANING)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["code", "msg", "strategyId", "strategyStatus"]) | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
texts = [
    "Service Unavailable.",
    "Unknown error, please check your request or try again later.",
    "IP banned until 1700000000000.",
]
problems = st.builds(
    lambda code, msg: json.dumps({"code": code, "msg": msg}).encode(),
    st.sampled_from(sorted(MEANING)) | st.integers(-6000, 0) | st.text(max_size=6),
    st.sampled_from(texts) | st.text(max_size=300),
)
bodies = st.binary(max_size=300) | json_values.map(lambda v: json.dumps(v).encode()) | problems
statuses = st.sampled_from([200, 400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504])
headers = st.dictionaries(
    st.sampled_from(["retry-after", "date", "x-mbx-used-weight-1m", "content-type"]),
    st.text(max_size=40) | st.integers(-(10**40), 10**40).map(str),
)


@given(
    status=statuses | st.integers(-1, 1000),
    body=bodies,
    headers=headers,
    request=st.sampled_from(REQUESTS),
)
def test_classify_is_total(status: int, body: bytes, headers: dict[str, str], request: Any) -> None:
    """Any status, bytes and headers give exactly one answer, and never a wrong certainty."""
    answer = classify(Reply(status, headers, body), request.endpoint)
    assert isinstance(answer, ANSWERS)
    assert not isinstance(answer, Done) or 200 <= status < 300
    if 500 <= status < 600:
        assert not isinstance(answer, (Done, NotOpen, Refused))
    if isinstance(answer, Done):
        return
    assert len(answer.fault.msg) <= 200
    assert answer.fault.msg == "" or answer.fault.msg.isprintable()
    error = exception_for(answer, request, silence=1.0, exchange_ms=0)
    assert isinstance(error, PapiError)
    assert str(error).isprintable()
    if isinstance(error, RejectedError):
        assert 300 <= status < 500


@given(body=bodies, request=st.sampled_from(REQUESTS))
def test_only_bad_reply_leaves_the_decoder(body: bytes, request: Any) -> None:
    """A reply decodes or is a `BadReply` that carries nothing of the bytes."""
    found: BadReply | None = None
    try:
        request.decode(body)
    except BadReply as problem:
        found = problem
    assert found is None or (found.__cause__, found.__context__) == (None, None)


@given(value=json_values)
def test_valid_json_is_read_as_by_anybody(value: Any) -> None:
    """Depth check aside, the bytes mean what they mean to `json`."""
    with contextlib.suppress(BadReply):
        plain = decode(Any, json.dumps(value).encode(), once=(b'"code"',))
        assert json.dumps(value, sort_keys=True) == json.dumps(plain, sort_keys=True)


@given(value=json_values)
def test_an_empty_text_is_an_absent_value(value: Any) -> None:
    """Where a type says what is wanted; also in an object that holds whatever else."""
    members = {"else": value, "word": "", '"word': ""}
    with contextlib.suppress(BadReply):
        assert decode(_Word, json.dumps(members).encode()).word is None


class _Word(msgspec.Struct):
    word: Text | None


date_words = st.lists(
    st.sampled_from(
        ["Mon,", "Sun", "01", "31", "Jan", "2026", "99999", "10:20:30", "GMT", "-0000", "+9999"]
    )
    | st.text(max_size=4),
    max_size=8,
).map(" ".join)


@given(value=st.text(max_size=60) | date_words, now=st.text(max_size=40) | date_words)
def test_headers_never_raise(value: str, now: str) -> None:
    """Any text is read or counts as not there; silence is bounded."""
    told = {"retry-after": value, "date": now, "x": value}
    seconds = retry_after(told)
    assert seconds is None or 0 < seconds <= MAX_RETRY_AFTER
    used = count(told, "x")
    assert used is None or 0 <= used < 10**12
    moment = http_date(value)
    assert moment is None or isinstance(moment, float)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: type(request).__name__)
def test_every_documented_code_with_every_status_is_answered(request_: Any) -> None:
    """Codes and statuses in every combination."""
    for code in MEANING:
        for status in (200, 302, 400, 401, 403, 404, 408, 418, 429, 451, 500, 503, 504):
            body = json.dumps({"code": code, "msg": "Service Unavailable."}).encode()
            assert isinstance(classify(Reply(status, {}, body), request_.endpoint), ANSWERS)
