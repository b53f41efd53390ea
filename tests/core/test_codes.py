"""Every documented error code lands in the right answer and the right exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from binance_papi.api.um.conditional import CancelOrder
from binance_papi.core.answer import NotOpen, Overloaded, Refused, Reply, Throttled, Unanswered
from binance_papi.core.classify import classify
from binance_papi.core.codes import MEANING, Meaning, _table, meaning_of, says_in_use
from binance_papi.core.raising import exception_for
from binance_papi.errors import (
    AuthError,
    ClockError,
    NotOpenError,
    OverloadedError,
    RejectedError,
    ThrottledError,
    UnknownOutcomeError,
)

ROWS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "error_codes.json").read_text())
BODIES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "error_bodies.json").read_text())
CANCEL = CancelOrder(symbol="BTCUSDT", strategy_id=1)

EXPECTED: dict[str, tuple[type, type]] = {
    "refused": (Refused, RejectedError),
    "auth": (Refused, AuthError),
    "clock": (Refused, ClockError),
    "not open": (NotOpen, NotOpenError),
    "weight": (Throttled, ThrottledError),
    "orders": (Throttled, ThrottledError),
    "overloaded": (Overloaded, OverloadedError),
    "maybe": (Unanswered, UnknownOutcomeError),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["code"]))
def test_documented_code(row: dict[str, Any]) -> None:
    """A code means what the reviewed table says, as an answer and as an exception."""
    body = json.dumps({"code": row["code"], "msg": "some words"}).encode()
    answer = classify(Reply(row["http_status"], {}, body), CANCEL.endpoint)
    error = exception_for(answer, CANCEL, silence=1.0, exchange_ms=0)
    assert EXPECTED[row["meaning"]] == (type(answer), type(error))
    assert getattr(answer, "meaning", Meaning(row["meaning"])) is Meaning(row["meaning"])
    told = {key: getattr(error, key) for key in ("code", "msg", "http_status")}
    assert {"code": row["code"], "msg": "some words", "http_status": row["http_status"]} == told


def test_table_is_complete_and_holds_nothing_else() -> None:
    """The table of this version and the reviewed one list the same codes."""
    assert {row["code"]: Meaning(row["meaning"]) for row in ROWS} == MEANING
    assert len(ROWS) == len({row["code"] for row in ROWS})


@pytest.mark.parametrize(
    ("name", "kind"),
    {
        "-1003_banned": "BannedError",
        "-1003_weight": "ThrottledError",
        "-1006_unexpected": "UnknownOutcomeError",
        "-1007_timeout": "UnknownOutcomeError",
        "-1008_throttled": "OverloadedError",
        "-1015_orders": "ThrottledError",
        "-1021_timestamp": "ClockError",
        "-1021_timestamp_ahead": "ClockError",
        "-1022_signature": "AuthError",
        "-1102_either_or": "RejectedError",
        "-1102_mandatory": "RejectedError",
        "-1121_symbol": "RejectedError",
        "-1125_listen_key": "RejectedError",
        "-1130_parameter": "RejectedError",
        "-2011_cancel_unknown": "NotOpenError",
        "-2013_query_unknown": "NotOpenError",
        "-2014_key_format": "AuthError",
        "-2015_key": "AuthError",
        "-2021_trigger": "RejectedError",
        "-4120_use_algo": "RejectedError",
        "-4531_position_mode": "RejectedError",
        "404_endpoint_gone": "EndpointRetiredError",
        "503_internal": "UnknownOutcomeError",
        "503_unavailable": "OverloadedError",
        "503_unknown": "UnknownOutcomeError",
    }.items(),
)
def test_example_body(name: str, kind: str) -> None:
    """The example bodies end in the exceptions that callers are promised."""
    example = next(body for body in BODIES if body["name"] == name)
    body = b"" if example["body"] is None else json.dumps(example["body"]).encode()
    answer = classify(Reply(example["http_status"], {}, body), CANCEL.endpoint)
    assert kind == type(exception_for(answer, CANCEL, silence=1.0, exchange_ms=0)).__name__


def test_every_example_is_expected() -> None:
    """No example is left out above."""
    assert len(BODIES) == 25


@pytest.mark.parametrize("code", [None, 0, 200, -1, -1107, -9999, -(2**63), 2**70])
def test_unlisted_code_has_no_meaning(code: int | None) -> None:
    """A code nobody documented says nothing."""
    assert meaning_of(code) is None


def test_code_listed_twice_is_found() -> None:
    """Two meanings for one code are a mistake that shows at import."""
    with pytest.raises(AssertionError, match="-7 is listed twice"):
        _table(((Meaning.AUTH, (-7,)), (Meaning.CLOCK, (-8, -7))))


@pytest.mark.parametrize(
    ("code", "msg", "expected"),
    [
        (-4116, "ClientOrderId is duplicated.", True),
        (-20132, "", True),
        (-2010, "Duplicate order sent.", True),
        (-2010, "Account has insufficient balance for requested action.", False),
        (-1102, "Duplicate order sent.", False),
        (None, "Duplicate order sent.", False),
    ],
)
def test_an_id_in_use(code: int | None, msg: str, expected: bool) -> None:
    """By its code, and for margin orders by the text."""
    assert says_in_use(code, msg) is expected
