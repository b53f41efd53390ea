"""The exceptions: their tree, their attributes, their copies."""

from __future__ import annotations

import copy
import pickle

import pytest

from binance_papi import errors
from binance_papi.api.um.conditional import CancelOrder

REQUEST = CancelOrder(symbol="BTCUSDT", strategy_id=1)

TREE = {
    "InvalidRequestError": ("PapiError", ValueError),
    "UsageError": ("PapiError", RuntimeError),
    "WaitTooLongError": ("PapiError", Exception),
    "UnsentError": ("PapiError", Exception),
    "IncompleteHistoryError": ("PapiError", Exception),
    "ReplyError": ("PapiError", Exception),
    "RejectedError": ("ReplyError", Exception),
    "NotOpenError": ("RejectedError", Exception),
    "AuthError": ("RejectedError", Exception),
    "ClockError": ("RejectedError", Exception),
    "EndpointRetiredError": ("RejectedError", Exception),
    "ThrottledError": ("ReplyError", Exception),
    "BannedError": ("ReplyError", Exception),
    "OverloadedError": ("ReplyError", Exception),
    "UnknownOutcomeError": ("ReplyError", Exception),
}


@pytest.mark.parametrize("name", TREE)
def test_tree(name: str) -> None:
    """Each exception stands where the drawing at the top of the module puts it."""
    base, builtin = TREE[name]
    kind = getattr(errors, name)
    assert getattr(errors, base) in kind.__bases__
    assert issubclass(kind, builtin)
    assert name in (errors.__doc__ or "")


def test_tree_is_complete() -> None:
    """No exception is missing above."""
    found = {name for name, kind in vars(errors).items() if name.endswith("Error")}
    assert {*TREE, "PapiError"} == found


@pytest.mark.parametrize(
    "error",
    [
        errors.PapiError(),
        errors.WaitTooLongError("long", wait=3.5),
        errors.UnsentError("no", request=REQUEST, reason="dns"),
        errors.NotOpenError("gone", request=REQUEST, code=-2011, msg="m", http_status=400),
        errors.BannedError("out", until=17),
        errors.UnknownOutcomeError("who knows", reason="lost", body=b"\xff"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_copies_keep_everything(error: errors.PapiError) -> None:
    """Copied or pickled, for another process say, an exception keeps text and numbers."""
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(error) is type(twin)
        assert error.args == twin.args
        assert vars(error) == vars(twin)


def test_notes_survive() -> None:
    """A remark added on the way survives a pickle."""
    error = errors.ThrottledError("slow", retry_after=1.0)
    error.add_note("while cancelling")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["while cancelling"]


def test_attributes_that_nobody_set() -> None:
    """Where there was no reply, there is no code."""
    error = errors.RejectedError("no")
    assert (error.request, error.code, error.msg, error.http_status) == (None, None, "", None)
    assert errors.EndpointRetiredError("gone").replacement is None
