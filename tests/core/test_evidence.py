"""Which cancels an event is about, and what it says of an outcome."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.api.um.conditional import CancelOrder, ConditionalOrder
from binance_papi.core.cancel import Sighting
from binance_papi.core.evidence import corrected, is_end, keys_of
from binance_papi.core.outcome import AlreadyGone, Canceled

PATH = CancelOrder.endpoint.path
REQUEST = CancelOrder(symbol="BTCUSDT", strategy_id=7)


def seen(status: str | None, updated: int | None = 50, **more: Any) -> Sighting:
    """What an event tells."""
    return Sighting(status=status, id=7, updated=updated, **more)


def reply(updated: int | None) -> ConditionalOrder:
    """What a reply told before."""
    return ConditionalOrder(strategy_id=7, update_time=updated)


@pytest.mark.parametrize(
    "request_",
    [
        REQUEST,
        CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine"),
        CancelOrder(symbol="BTCUSDT", strategy_id=7, new_client_strategy_id="mine"),
    ],
)
def test_every_way_to_name_an_order_is_found(request_: CancelOrder) -> None:
    """By its id, by the user's, by both."""
    assert request_.order() in list(keys_of(PATH, "BTCUSDT", seen("NEW", client_id="mine")))


def test_what_is_not_told_names_nothing() -> None:
    """No id, no key."""
    assert list(keys_of(PATH, None, Sighting())) == []
    assert list(keys_of(PATH, None, seen("NEW"))) == [(PATH, None, 7, None)]
    assert list(keys_of(PATH, None, Sighting(client_id="x"))) == [(PATH, None, None, "x")]


@pytest.mark.parametrize("status", ["CANCELED", "TRIGGERED", "FINISHED", "EXPIRED", "FILLED"])
def test_ends(status: str) -> None:
    """None of these is ever open again."""
    assert is_end(seen(status))


@pytest.mark.parametrize("status", ["NEW", "PARTIALLY_FILLED", "TRIGGERING", "MOON", None])
def test_no_ends(status: str | None) -> None:
    """Nor does one of these contradict anything: it may be old."""
    assert not is_end(seen(status))
    assert corrected(Canceled(REQUEST), seen(status), None) is None


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Canceled(REQUEST), "CANCELED"),
        (AlreadyGone(REQUEST, "CANCELED"), "CANCELED"),
        (AlreadyGone(REQUEST, "TRIGGERED"), "FINISHED"),
        (AlreadyGone(REQUEST, "FINISHED"), "TRIGGERED"),
    ],
)
def test_what_agrees(outcome: Canceled | AlreadyGone, status: str) -> None:
    """The same end, or a step on the way to it."""
    assert corrected(outcome, seen(status), None) is None


def test_the_newer_end_counts() -> None:
    """By the exchange's own time; where the outcome has none, what is seen now."""
    for known in (49, 50, None):
        before = Canceled(REQUEST, order=reply(known), attempts=2, queries=1)
        after = corrected(before, seen("TRIGGERED", child=9), "event")
        assert after == AlreadyGone(
            REQUEST,
            "TRIGGERED",
            order_id=9,
            order="event",
            attempts=2,
            queries=1,
            inconsistent=True,
        )
    before = Canceled(REQUEST, order=reply(51))
    for updated in (50, None):
        after = corrected(before, seen("TRIGGERED", updated), "event")
        assert after == Canceled(REQUEST, order=reply(51), inconsistent=True)
    assert corrected(Canceled(REQUEST), seen("EXPIRED"), "event") is not None


@pytest.mark.parametrize(("attempts", "by"), [(2, "us"), (1, "other")])
def test_a_cancel_counts(attempts: int, by: str) -> None:
    """By us, if a cancel of ours was on the wire at all."""
    before = AlreadyGone(REQUEST, "TRIGGERED", attempts=attempts, queries=1)
    after = corrected(before, seen("CANCELED"), "event")
    assert after == Canceled(
        REQUEST, by=by, order="event", attempts=attempts, queries=1, inconsistent=True
    )
