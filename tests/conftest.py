"""Fixtures: a client on a simulated exchange, a scripted peer, virtual time."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import trustme

from binance_papi import PapiClient
from binance_papi.simulator import Simulator
from tests.stage import MockedResponse, Peer, Virtual

# Tables are as wide as in a pipe, however wide the screen of whoever runs the tests.
os.environ.pop("COLUMNS", None)


@pytest_asyncio.fixture
async def exchange() -> AsyncIterator[Simulator]:
    """A simulated exchange of the era in which ``um/conditional/*`` works."""
    async with Simulator() as exchange:
        yield exchange


@pytest_asyncio.fixture
async def papi(exchange: Simulator) -> AsyncIterator[PapiClient]:
    """A client on that exchange."""
    async with PapiClient(exchange.api_key, exchange.secret, base_url=exchange.base_url) as papi:
        yield papi


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """A scripted peer on loopback."""
    peer = Peer()
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
def virtual() -> Iterator[Virtual]:
    """Runs a coroutine in virtual time: ``virtual(coroutine)``."""
    virtual = Virtual()
    yield virtual
    virtual.loop.close()


@pytest.fixture
def response_class() -> type[MockedResponse]:
    """What to pass to aioresponses, which by itself fails on aiohttp 3.14."""
    return MockedResponse


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()
