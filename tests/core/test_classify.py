"""What replies tell: statuses, the texts of a 503, hostile bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from binance_papi.api.um.conditional import CancelOrder
from binance_papi.api.user_stream import StartUserDataStream
from binance_papi.core.answer import (
    Answer,
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
from binance_papi.core.codes import Meaning

ENDPOINT = CancelOrder.endpoint
HTML = b"<html><body>403 Forbidden</body></html>"


def told(status: int, body: bytes | dict[str, object], **headers: str) -> Answer[Any]:
    """What a reply tells."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify(Reply(status, named, raw), ENDPOINT)


@pytest.mark.parametrize(
    ("code", "msg", "kind"),
    [
        (-1000, "Unknown error, please check your request or try again later.", Unanswered),
        (None, "Unknown error, please check your request or try again later.", Unanswered),
        (-1000, "Service Unavailable.", Overloaded),
        (None, "Service Unavailable.", Overloaded),
        (-1008, "Request throttled by system-level protection. Please try again.", Overloaded),
        (-1001, "Internal error; unable to process your request. Please try again.", Unanswered),
        (None, "Internal error; unable to process your request. Please try again.", Unanswered),
        (None, "Request occur unknown error.", Unanswered),
        (-1000, "Service Unavailable. Or perhaps not.", Unanswered),
        (-2011, "Unknown order sent.", Unanswered),
    ],
)
def test_texts_of_a_503(code: int | None, msg: str, kind: type) -> None:
    """Only the words documented as a failure say that nothing was executed."""
    assert kind is type(told(503, {"code": code, "msg": msg}))


@pytest.mark.parametrize("status", [500, 502, 504, 505, 599, 408, 409, 100, 0, -1, 999])
@pytest.mark.parametrize("body", [b"", HTML, b"Service Unavailable.", b'{"code":-9}', b"{", b"[1]"])
def test_everything_else_may_have_happened(status: int, body: bytes) -> None:
    """A status nobody documented, or a body that says nothing, leaves it open."""
    answer = told(status, body)
    assert isinstance(answer, Unanswered)
    assert body == answer.body
    assert status == answer.fault.http_status


def test_plain_text_503() -> None:
    """The documented text counts without JSON around it, too."""
    assert isinstance(told(503, b"Service Unavailable."), Overloaded)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 451])
def test_redirects_are_refusals(status: int) -> None:
    """A redirect is not followed: nothing happened."""
    assert isinstance(told(status, b""), Refused)


@pytest.mark.parametrize("body", [b"", HTML, b'{"code":-2011,"msg":"Unknown order sent."}'])
def test_404_is_about_the_path(body: bytes) -> None:
    """HTTP 404 means that the path is gone, never that the order is."""
    answer = told(404, body)
    assert isinstance(answer, Refused)
    assert answer.retired


def test_401_is_about_the_key() -> None:
    """HTTP 401 is a matter of the key, whatever the body."""
    answer = told(401, b"")
    assert isinstance(answer, Refused)
    assert answer.meaning is Meaning.AUTH


@pytest.mark.parametrize(
    ("status", "body", "headers", "until", "after", "firewall"),
    [
        (418, {"code": -1003, "msg": "IP banned until 1700000000000."}, {}, 1700000000000, None, 0),
        (418, {}, {"retry_after": "60"}, None, 60.0, 0),
        (418, HTML, {}, None, None, 0),
        (429, {"code": -1003, "msg": "IP banned until 1700000000000."}, {}, 1700000000000, None, 0),
        (403, HTML, {}, None, None, 1),
        (403, b"", {"retry_after": "5"}, None, 5.0, 1),
    ],
)
def test_bans(  # noqa: PLR0917 - columns of the table
    status: int,
    body: bytes | dict[str, object],
    headers: dict[str, str],
    until: int | None,
    after: float | None,
    firewall: int,
) -> None:
    """418, the firewall's 403, and the words of a ban under any status."""
    answer = told(status, body, **headers)
    assert isinstance(answer, Banned)
    assert (until, after, bool(firewall)) == (
        answer.until_ms,
        answer.retry_after,
        answer.firewall,
    )


def test_403_with_a_documented_code_is_not_the_firewall() -> None:
    """The exchange's own 403 says what is wrong."""
    answer = told(403, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."})
    assert isinstance(answer, Refused)
    assert answer.meaning is Meaning.AUTH


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (429, None, Meaning.WEIGHT),
        (429, -1003, Meaning.WEIGHT),
        (429, -1015, Meaning.ORDERS),
        (400, -1003, Meaning.WEIGHT),
        (500, -1003, Meaning.WEIGHT),
        (400, -1015, Meaning.ORDERS),
    ],
)
def test_throttling(status: int, code: int | None, meaning: Meaning) -> None:
    """A limit reached, by status or by code, with the time to wait."""
    answer = told(status, {"code": code, "msg": ""}, retry_after="7")
    assert isinstance(answer, Throttled)
    assert (meaning, 7.0) == (answer.meaning, answer.retry_after)


@pytest.mark.parametrize("code", [-2011, -1121, -2015, -1021, -1015])
def test_refusals_with_a_5xx_are_doubtful(code: int) -> None:
    """When it is the exchange that failed, its refusal proves nothing."""
    assert isinstance(told(500, {"code": code, "msg": ""}), Unanswered)


def test_success() -> None:
    """A 2xx with a readable reply is done."""
    answer = told(200, {"strategyId": 2**63 - 1, "strategyStatus": "CANCELED"})
    assert isinstance(answer, Done)
    assert answer.reply.strategy_id == 9_223_372_036_854_775_807


DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HTML,
        b"null",
        b"[]",
        b"{}",
        b'{"strategyId": 1',
        b'{"strategyId": 1} x',
        b'{"strategyId": null}',
        b'{"strategyId": true}',
        b'{"strategyId": 1.5}',
        b'{"strategyId": NaN}',
        b'{"strategyId": "twelve"}',
        b'{"strategyId": %d}' % 2**63,
        b'{"strategyId": %d}' % 2**64,
        b'{"strategyId": ' + b"9" * 5000 + b"}",
        b'{"strategyId": 1, "strategyId": 2}',
        b'{"strategyId": 1, "strategy\\u0049d": 2}',
        b'{"strategyId": 1, "strategyStatus": "NEW", "strategyStatus": "CANCELED"}',
        b'\xef\xbb\xbf{"strategyId": 1}',
        b'{"strategyId": 1, "symbol": "\xff\xfe"}',
        b'{"strategyId": 1, "more": ' + DEEP + b"}",
        b'{"strategyId": 1, "more": "' + b"x" * (1 << 20) + b'"}',
        b'{"code": -2011, "msg": "Unknown order sent."}',
    ],
    ids=range(23),
)
def test_unreadable_success_may_have_happened(body: bytes) -> None:
    """A 200 that can't be read is neither success nor failure."""
    answer = told(200, body)
    assert isinstance(answer, Unanswered)
    assert answer.reason.startswith("the reply can't be read: ")
    assert body == answer.body


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": -1121, "code": -2011, "msg": ""}',
        b'{"code": -2011, "c\\u006fde": -1121, "msg": ""}',
        b'{"code": -2011, "msg": "a", "msg": "b"}',
        b'{"code": -2011',
        b'{"code": -2011, "msg": 5}',
        b'{"code": 1e400}',
        b'\xef\xbb\xbf{"code": -2011}',
        DEEP,
    ],
    ids=range(8),
)
def test_unreadable_error_may_have_happened(body: bytes) -> None:
    """A 400 whose code is in doubt proves nothing."""
    answer = told(400, body)
    assert isinstance(answer, Unanswered)
    assert answer.fault.code is None


def test_code_as_text() -> None:
    """The exchange has written numbers as texts."""
    assert isinstance(told(400, {"code": "-2011", "msg": "Unknown order sent."}), NotOpen)


def test_text_is_cleaned() -> None:
    """At most 200 printable characters of the exchange's text are kept."""
    answer = told(400, {"code": -2011, "msg": "\r\n\x1b[31m" + "x" * 500 + "\x00"})
    assert isinstance(answer, NotOpen)
    assert answer.fault.msg == "[31m" + "x" * 196


@pytest.mark.parametrize(
    ("body", "msg"), [(HTML, ""), (b"  <p>", ""), (b"no\r\n \xff", "no \ufffd")]
)
def test_plain_bodies(body: bytes, msg: str) -> None:
    """A plain line is kept, a page of HTML is not."""
    answer = told(500, body)
    assert isinstance(answer, Unanswered)
    assert msg == answer.fault.msg


def test_a_reply_that_was_to_bring_a_secret_is_not_kept() -> None:
    """A listenKey that can't be read stands in no answer."""
    answer = classify(Reply(200, {}, b'{"listenKey":"hush"'), StartUserDataStream.endpoint)
    assert isinstance(answer, Unanswered)
    assert answer.body == b""
    assert "hush" not in repr(answer)
