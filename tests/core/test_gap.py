"""How much before the last sign of life a gap begins."""

from __future__ import annotations

import pytest

from binance_papi.core.gap import MARGIN, margin


@pytest.mark.parametrize(
    ("made", "more"),
    [(None, 0), (10_000, 0), (10_500, 0), (9_950, 50), (2_000, 8_000), (-(10**9), 60_000)],
)
def test_as_late_as_the_last_event_came(made: int | None, more: int) -> None:
    """Others may be as late; a clock that is far off does not make it endless."""
    assert margin(10_000, made) == MARGIN + more
