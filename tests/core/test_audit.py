"""An endpoint that costs more than declared is found out."""

from __future__ import annotations

import pytest

from binance_papi.api.general import TestConnectivity
from binance_papi.api.um.conditional import CancelOrder
from binance_papi.core.audit import WeightAudit
from binance_papi.core.events import WeightRaised

PING = TestConnectivity.endpoint
CANCEL = CancelOrder.endpoint


@pytest.mark.parametrize(
    ("heard", "beyond"),
    [
        ([], 0),
        ([4, 4], 0),
        ([4, 4, 4], 4),
        ([9, 4, 6], 4),
        ([4, 4, 0, 4, 4], 0),
        ([4, 4, -1, 4], 0),
        ([4, 4, 4, 1, 1, 1], 5),
    ],
    ids=str,
)
def test_three_witnesses(heard: list[int], beyond: int) -> None:
    """Three in a row are believed, the least of them; a fair one clears the suspicion."""
    audit = WeightAudit()
    for excess in heard:
        audit.hear(PING, excess, 1)
    assert beyond == audit.extra.get(PING, 0)
    assert audit.extra.get(CANCEL, 0) == 0


def test_report() -> None:
    """What was decided is told, once."""
    audit = WeightAudit()
    told = [audit.hear(CANCEL, 4, 1) for _ in range(3)]
    expected = WeightRaised("DELETE", "/papi/v1/um/conditional/order", 1, 5)
    assert [None, None, expected] == told


def test_endpoints_are_told_apart() -> None:
    """Suspicion of one endpoint is none of another."""
    audit = WeightAudit()
    for endpoint in (PING, CANCEL, PING, CANCEL):
        assert audit.hear(endpoint, 4, 1) is None
    assert (audit.extra.get(PING, 0), audit.extra.get(CANCEL, 0)) == (0, 0)


def test_whether_anything_was_raised() -> None:
    """Asked before anything else, for every request."""
    audit = WeightAudit()
    assert not audit.extra
    for _ in range(3):
        audit.hear(CANCEL, 4, 1)
    assert audit.extra
