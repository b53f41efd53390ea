"""Rows 20, 21, 23 and 24: what the exchange says when it fails."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from binance_papi import Canceled, OverloadedError, Rejected
from binance_papi.simulator import nasty
from tests.faults.stage import FAMILIES, PATHS, Stage, together

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


async def healed(stage: Stage, family: Any, name: str, **changes: Any) -> None:
    """One fault hits the first cancel of an order: the order is cancelled all the same."""
    fault = nasty(name, method="DELETE", path=PATHS[family], times=1, **changes)
    async with stage.scene(family, faults=[fault]) as scene:
        outcome = await scene.one()
        assert isinstance(outcome, Canceled), (name, family, changes, outcome)
        assert outcome.by == "us"
        assert outcome.attempts >= 2, (name, family, changes)
        assert 1 <= len(scene.cancels(outcome)) <= 4


async def test_row_20_503_unknown_error(stage: Stage) -> None:
    """503 "Unknown error", executed or not: never a failure, and the order is cancelled."""
    await together(
        healed(stage, family, "503_unknown", executed=executed)
        for family, executed in product(FAMILIES, (True, False))
    )


async def test_row_21_503_service_unavailable_twice(stage: Stage) -> None:
    """503 "Service Unavailable." twice, then 200: two pauses, 200 and 400 ms with jitter."""

    async def one(family: Any) -> None:
        fault = nasty("503_unavailable", method="DELETE", path=PATHS[family], times=2)
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Canceled)
            times = [record.time for record in scene.cancels(outcome)]
            assert len(times) == 3
            assert 0.1 <= times[1] - times[0] <= 0.2 + 0.3
            assert 0.2 <= times[2] - times[1] <= 0.4 + 0.3

    await together(one(family) for family in FAMILIES)


async def test_row_22_overloaded_for_long(stage: Stage) -> None:
    """-1008 until the deadline: retried meanwhile, then certainly no effect, and no query."""

    async def one(family: Any) -> None:
        fault = nasty("503_throttled", method="DELETE", path=PATHS[family])
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one(deadline=2.0)
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, OverloadedError)
            assert 3 <= len(scene.cancels(outcome)) <= 8
            assert scene.queries(outcome) == []
            error = await scene.call(scene.papi.send(outcome.request))
            assert isinstance(error, OverloadedError)

    await together(one(family) for family in FAMILIES)


@pytest.mark.parametrize(
    "name",
    [
        "503_other_text",
        "503_no_json",
        "503_empty",
        "503_html",
        "500_empty",
        "500_html",
        "502_html",
        "504_html",
    ],
)
async def test_row_23_other_5xx(stage: Stage, name: str) -> None:
    """Any other 5xx may have happened, or not: it is found out."""
    await together(
        healed(stage, family, name, executed=executed)
        for family, executed in product(FAMILIES, (True, False))
    )


@pytest.mark.parametrize("code", [1000, 1001, 1006, 1007, 1016])
async def test_row_24_codes_that_may_have_happened(stage: Stage, code: int) -> None:
    """The code counts, whatever the status."""
    await together(
        healed(stage, family, f"{status}_{code}", executed=executed)
        for family, status, executed in product(FAMILIES, (400, 408, 500), (True, False))
    )
