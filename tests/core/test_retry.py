"""What is sent again, and after how long."""

from __future__ import annotations

from typing import Any

import pytest

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
from binance_papi.core.retry import MAX_RESENDS, pause_before_resend

FAULT = Fault()
CLOCK = Refused(FAULT, Meaning.CLOCK)
ALL = [
    Done(None),
    NotOpen(FAULT),
    Refused(FAULT),
    Refused(FAULT, Meaning.AUTH),
    CLOCK,
    Throttled(FAULT, Meaning.WEIGHT),
    Banned(FAULT),
    Overloaded(FAULT),
    Unsent("dns"),
    Unanswered("lost"),
]


@pytest.mark.parametrize(
    ("answer", "pauses"),
    [
        (Unsent("dns"), [0.0, 0.0375, 0.1125, None]),
        (Overloaded(FAULT), [0.15, 0.3, 0.6, None]),
        (Throttled(FAULT, Meaning.WEIGHT, 7.0), [0.0, 0.0, 0.0, None]),
        (Throttled(FAULT, Meaning.ORDERS), [0.0, 0.0, 0.0, None]),
        (CLOCK, [0.0, 0.0, None, None]),
        (Unanswered("lost"), [None] * 4),
        (NotOpen(FAULT), [None] * 4),
        (Refused(FAULT), [None] * 4),
        (Refused(FAULT, Meaning.AUTH), [None] * 4),
        (Refused(FAULT, retired=True), [None] * 4),
        (Banned(FAULT), [None] * 4),
        (Done(None), [None] * 4),
    ],
    ids=str,
)
def test_changes(answer: Any, pauses: list[float | None]) -> None:
    """Only what certainly had no effect is sent again, more and more patiently."""
    found = [
        pause_before_resend(answer, resends, read_only=False, jitter=0.5) for resends in range(4)
    ]
    assert pauses == pytest.approx(found)


def test_reads() -> None:
    """A read that got no answer may be repeated: it has no effect."""
    found = [
        pause_before_resend(Unanswered("lost"), resends, read_only=True, jitter=0.0)
        for resends in range(4)
    ]
    assert pytest.approx(found) == [0.025, 0.05, 0.1, None]


@pytest.mark.parametrize("answer", ALL, ids=str)
@pytest.mark.parametrize("jitter", [0.0, 0.999999])
def test_bounds(answer: Any, jitter: float) -> None:
    """At most four requests for one call, and never a negative pause."""
    assert MAX_RESENDS == 3
    for resends in range(6):
        pause = pause_before_resend(answer, resends, read_only=True, jitter=jitter)
        assert pause is None or (resends < 3 and 0 <= pause <= 0.8)


def test_what_was_held_back_goes_again_however_often() -> None:
    """It never left and counts for nothing: the gate decides when."""
    held = Unsent("held", held=True)
    assert pause_before_resend(held, 99, read_only=False, jitter=0.5) == 0.0
