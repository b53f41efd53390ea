"""Events are plain records that logs and metrics can write."""

from __future__ import annotations

import msgspec
import pytest

from binance_papi.core.events import AlignmentLost, ClockJumped, Event, Frozen, WeightRaised
from binance_papi.terms import RateLimit


@pytest.mark.parametrize(
    "event",
    [
        Frozen(429, 7.0, "10.0.0.1"),
        WeightRaised("GET", "/papi/v1/ping", 1, 5),
        AlignmentLost(RateLimit("ORDERS", "MINUTE", 1, 1200)),
        ClockJumped(1.0),
    ],
    ids=lambda event: type(event).__name__,
)
def test_event(event: Event) -> None:
    """An event survives JSON, kind and all, and can be a key."""
    assert event == msgspec.json.decode(msgspec.json.encode(event), type=Event)
    assert {event: 1}[event] == 1
