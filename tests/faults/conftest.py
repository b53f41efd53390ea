"""The stage on which every row plays, once for each transport."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

pytest.register_assert_rewrite("tests.faults.stage")

from tests.faults.stage import TRANSPORTS, Stage, staged  # noqa: E402 - its asserts are rewritten


@pytest_asyncio.fixture(params=TRANSPORTS)
async def stage(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> AsyncIterator[Stage]:
    """A stage; afterwards all that is common to all rows is looked at."""

    def output() -> str:
        captured = capfd.readouterr()
        return captured.out + captured.err

    async with staged(request.param, monkeypatch, output) as stage:
        yield stage
