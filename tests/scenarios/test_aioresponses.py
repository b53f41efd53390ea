"""A thin layer on aioresponses, for those whose own tests mock aiohttp."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from aioresponses import aioresponses

from binance_papi import NotOpenError, PapiClient
from tests.stage import MockedResponse

URL = re.compile(r"^https://papi\.binance\.com/papi/v1/um/conditional/order\?.*signature=")


@pytest.mark.asyncio
async def test_a_cancel_through_a_mocked_session() -> None:
    """Aioresponses answers for the exchange, through a response class that aiohttp 3.14 needs."""
    with aioresponses() as mocked:
        mocked.delete(
            URL,
            payload={"strategyId": 4611875134427365377, "origQty": "11", "code": "x"},
            response_class=MockedResponse,
        )
        async with PapiClient("k", "s") as papi:
            order = await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=1)
    assert (order.strategy_id, order.orig_qty) == (4611875134427365377, Decimal(11))
    assert order.strategy_status is None


@pytest.mark.asyncio
async def test_a_refusal_through_a_mocked_session() -> None:
    """An error body lands in its exception."""
    with aioresponses() as mocked:
        mocked.delete(
            URL,
            status=400,
            payload={"code": -2011, "msg": "Unknown order sent."},
            response_class=MockedResponse,
        )
        async with PapiClient("k", "s") as papi:
            with pytest.raises(NotOpenError):
                await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=1)


@pytest.mark.asyncio
async def test_aioresponses_alone_fails_on_this_aiohttp() -> None:
    """A canary: once this passes without our response class, the class can go."""
    with aioresponses() as mocked:
        mocked.delete(URL, payload={})
        async with PapiClient("k", "s") as papi:
            with pytest.raises(TypeError, match="stream_writer"):
                await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=1)
