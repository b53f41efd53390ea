"""Answers become exceptions that say the same."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.api.general import TestConnectivity
from binance_papi.api.um.conditional import CancelOrder, NewOrder, QueryCurrentOpenOrder
from binance_papi.core.answer import (
    Banned,
    Done,
    Fault,
    NotOpen,
    Overloaded,
    Refused,
    Throttled,
    Unanswered,
    Unsent,
)
from binance_papi.core.codes import Meaning
from binance_papi.core.raising import exception_for, never_sent
from binance_papi.errors import PapiError

CANCEL = CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
FAULT = Fault(400, -1, "words")


def error_of(answer: Any, request: Any = CANCEL, silence: float = 2.5) -> PapiError:
    """The exception of an answer."""
    return exception_for(answer, request, silence=silence, exchange_ms=1_000)


@pytest.mark.parametrize(
    ("answer", "kind", "details"),
    [
        (NotOpen(FAULT), "NotOpenError", {}),
        (Refused(FAULT), "RejectedError", {}),
        (Refused(FAULT, Meaning.AUTH), "AuthError", {}),
        (Refused(FAULT, Meaning.CLOCK), "ClockError", {}),
        (
            Refused(FAULT, retired=True),
            "EndpointRetiredError",
            {"replacement": "DELETE /papi/v1/um/algo/order"},
        ),
        (Throttled(FAULT, Meaning.WEIGHT, 7.0), "ThrottledError", {"retry_after": 7.0}),
        (Throttled(FAULT, Meaning.ORDERS), "ThrottledError", {"retry_after": 2.5}),
        (Banned(FAULT), "BannedError", {"until": 3_500}),
        (Banned(FAULT, until_ms=9_000), "BannedError", {"until": 9_000}),
        (Banned(FAULT, until_ms=9), "BannedError", {"until": 3_500}),
        (Overloaded(FAULT), "OverloadedError", {}),
        (
            Unanswered("silence", FAULT, b"\xff"),
            "UnknownOutcomeError",
            {"reason": "silence", "body": b"\xff", "query": CANCEL.questions()[0]},
        ),
    ],
    ids=str,
)
def test_exception(answer: Any, kind: str, details: dict[str, Any]) -> None:
    """The class tells the kind, the attributes the numbers, the text no value of the request."""
    error = error_of(answer)
    told = {"request": CANCEL, "code": -1, "msg": "words", "http_status": 400, **details}
    assert (kind, told) == (type(error).__name__, vars(error))
    assert str(error).startswith("DELETE /papi/v1/um/conditional/order: ")
    assert str(error).endswith("HTTP 400 code -1 words")
    assert "mine" not in str(error)


def test_unsent() -> None:
    """What never left has no reply, hence no code."""
    error = error_of(Unsent("no address"))
    assert vars(error) == {"request": CANCEL, "reason": "no address"}
    assert str(error).endswith(": it never left: no address")


def test_silence_has_no_numbers() -> None:
    """Where nothing came back, the text has no empty parts."""
    text = "DELETE /papi/v1/um/conditional/order: it may have happened: silence"
    assert text == str(error_of(Unanswered("silence")))


def test_an_unknown_outcome_carries_what_to_ask() -> None:
    """The query by your own id; nothing where there is none."""
    stop = {"symbol": "BTCUSDT", "side": "SELL", "strategy_type": "STOP_MARKET", "stop_price": 1}
    named = NewOrder(**stop, new_client_strategy_id="mine")  # type: ignore[arg-type]
    query = error_of(Unanswered("silence"), named).query  # type: ignore[attr-defined]
    assert query == QueryCurrentOpenOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
    for request in (NewOrder(**stop), TestConnectivity()):  # type: ignore[arg-type]
        assert error_of(Unanswered("silence"), request).query is None  # type: ignore[attr-defined]


def test_retired_without_a_replacement() -> None:
    """Where nothing took its place, none is named."""
    error = error_of(Refused(Fault(404), retired=True), TestConnectivity())
    assert str(error) == "GET /papi/v1/ping: the exchange has no such path: HTTP 404"


def test_success_is_no_exception() -> None:
    """Asking for the exception of a success is a mistake of ours."""
    with pytest.raises(AssertionError, match="a success is no exception"):
        error_of(Done(None))


def test_waited_in_vain() -> None:
    """How long, and what for where that is known."""
    error = never_sent(1.25, request=CANCEL)
    assert (error.wait, error.request) == (1.25, CANCEL)
    assert "1.250 s" in str(error)
