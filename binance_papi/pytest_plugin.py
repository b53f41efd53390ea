"""The pytest plugin: an exchange in a box and a client on it, as fixtures.

pytest imports its plugins at every start, and nobody should wait there for a client that his tests
do not use: what is dear is imported by the first fixture that needs it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

try:
    from pytest_asyncio import fixture as async_fixture
except ImportError:
    # The guard below stops every test that would need it.
    async_fixture = pytest.fixture  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from binance_papi import PapiClient
    from binance_papi.simulator import Simulator

__all__ = ["papi_client", "papi_client_settings", "papi_exchange", "papi_exchange_settings"]

_MISSING = (
    "papi_exchange and papi_client are asynchronous fixtures: pip install pytest-asyncio "
    "(and don't switch it off), or open a Simulator by yourself"
)


@pytest.fixture
def papi_exchange_settings() -> dict[str, Any]:
    """Settings of ``papi_exchange``; override it with a fixture that returns others.

    Returns:
        Keyword arguments of ``binance_papi.simulator.Simulator``: the exchange of today.
    """
    return {"era": "algo"}


@pytest.fixture
def papi_client_settings() -> dict[str, Any]:
    """Settings of ``papi_client``; override it with a fixture that returns others.

    Returns:
        Keyword arguments of ``binance_papi.PapiClient``, without keys and URL.
    """
    return {}


@pytest.fixture
def _papi_asyncio(request: pytest.FixtureRequest) -> None:
    """Fail with a sentence where nobody would run the fixtures below."""
    runner = sys.modules.get("pytest_asyncio.plugin")
    if runner is None or not request.config.pluginmanager.is_registered(runner):
        pytest.fail(_MISSING, pytrace=False)


@async_fixture
async def papi_exchange(
    _papi_asyncio: None, papi_exchange_settings: dict[str, Any]
) -> AsyncIterator[Simulator]:
    """A running ``binance_papi.simulator.Simulator``, of its own for each test."""
    from binance_papi.simulator import Simulator  # noqa: PLC0415 - not at pytest's start

    async with Simulator(**papi_exchange_settings) as exchange:
        yield exchange


@async_fixture
async def papi_client(
    papi_exchange: Simulator, papi_client_settings: dict[str, Any]
) -> AsyncIterator[PapiClient]:
    """An open ``binance_papi.PapiClient`` on ``papi_exchange``."""
    from binance_papi import PapiClient  # noqa: PLC0415 - not at pytest's start

    exchange = papi_exchange
    settings: dict[str, Any] = {"base_url": exchange.base_url, **papi_client_settings}
    async with PapiClient(exchange.api_key, exchange.secret, **settings) as client:
        yield client
