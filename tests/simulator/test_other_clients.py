"""Clients that others wrote work against the exchange in a box without knowing it."""

from __future__ import annotations

import asyncio
from typing import Any

import ccxt.async_support as ccxt
import pytest
from binance import AsyncClient
from binance.exceptions import BinanceAPIException

from binance_papi.simulator import Simulator
from binance_papi.terms import StrategyStatus


def _ccxt(exchange: Simulator) -> Any:
    client = ccxt.binance(
        {
            "apiKey": exchange.api_key,
            "secret": exchange.secret,
            "options": {"portfolioMargin": True},
        }
    )
    client.urls["api"]["papi"] = f"{exchange.base_url}/papi/v1"
    return client


def _python_binance(exchange: Simulator) -> Any:
    client = AsyncClient(exchange.api_key, exchange.secret)
    client.PAPI_URL = f"{exchange.base_url}/papi"
    return client


@pytest.mark.asyncio
async def test_ccxt_cancels_a_conditional_order() -> None:
    """A cancel by id of ccxt is signed, done and read; a second one is an unknown order."""
    async with Simulator() as exchange:
        order = exchange.place(symbol="ETHUSDT")
        client = _ccxt(exchange)
        try:
            params = {"symbol": "ETHUSDT", "strategyId": order}
            reply = await client.papiDeleteUmConditionalOrder(params)
            with pytest.raises(ccxt.OrderNotFound, match="-2011"):
                await client.papiDeleteUmConditionalOrder(params)
        finally:
            await client.close()
        assert (str(reply["strategyId"]), reply["strategyStatus"]) == (str(order), "CANCELED")
        assert StrategyStatus.CANCELED is exchange.venue.book[order].strategy_status
        assert [record.status for record in exchange.venue.requests_for(order)] == [200, 400]


@pytest.mark.asyncio
async def test_ccxt_places_and_lists() -> None:
    """Placements and lists of ccxt are understood too, symbols in Chinese letters included."""
    async with Simulator() as exchange:
        client = _ccxt(exchange)
        try:
            placed = await client.papiPostUmConditionalOrder(
                {
                    "symbol": "测试USDT",
                    "side": "SELL",
                    "strategyType": "STOP_MARKET",
                    "quantity": "1",
                    "stopPrice": "9300",
                    "reduceOnly": "true",
                }
            )
            listed = await client.papiGetUmConditionalOpenOrders({"symbol": "测试USDT"})
            limits = await client.papiGetRateLimitOrder()
        finally:
            await client.close()
        assert [placed["strategyId"]] == [order["strategyId"] for order in listed]
        assert str(limits[0]["limit"]) == "1200"


@pytest.mark.asyncio
async def test_python_binance_cancels_a_conditional_order() -> None:
    """A cancel by id of python-binance is signed, done and read; errors carry their code."""
    async with Simulator() as exchange:
        order = exchange.place()
        client = _python_binance(exchange)
        try:
            reply = await client.papi_cancel_um_conditional_order(
                symbol="BTCUSDT", strategyId=order
            )
            with pytest.raises(BinanceAPIException) as unknown:
                await client.papi_cancel_um_conditional_order(symbol="BTCUSDT", strategyId=order)
        finally:
            await client.close_connection()
            await asyncio.sleep(0)
        assert (reply["strategyId"], reply["strategyStatus"]) == (order, "CANCELED")
        assert unknown.value.code == -2011
        assert StrategyStatus.CANCELED is exchange.venue.book[order].strategy_status


@pytest.mark.asyncio
async def test_python_binance_places_and_lists() -> None:
    """Form bodies and Python booleans of python-binance are understood too."""
    async with Simulator() as exchange:
        client = _python_binance(exchange)
        try:
            placed = await client.papi_create_um_conditional_order(
                symbol="BTCUSDT",
                side="SELL",
                strategyType="STOP_MARKET",
                quantity="0.01",
                stopPrice="9300",
                reduceOnly=True,
            )
            listed = await client.papi_get_um_conditional_open_orders(symbol="BTCUSDT")
        finally:
            await client.close_connection()
            await asyncio.sleep(0)
        assert placed["reduceOnly"] is True
        assert [placed["strategyId"]] == [order["strategyId"] for order in listed]


@pytest.mark.asyncio
async def test_other_clients_meet_the_retired_family() -> None:
    """In today's era the old path is gone for everybody."""
    async with Simulator(era="algo") as exchange:
        client = _python_binance(exchange)
        try:
            with pytest.raises(BinanceAPIException) as gone:
                await client.papi_cancel_um_conditional_order(symbol="BTCUSDT", strategyId=1)
        finally:
            await client.close_connection()
            await asyncio.sleep(0)
        assert gone.value.status_code == 404


@pytest.mark.asyncio
async def test_ccxt_in_today_s_era() -> None:
    """Algo, COIN-M conditional and plain orders of ccxt are placed, listed and canceled."""
    async with Simulator(era="algo") as exchange:
        client = _ccxt(exchange)
        try:
            placed = await client.papiPostUmAlgoOrder(
                {
                    "algoType": "CONDITIONAL",
                    "symbol": "BTCUSDT",
                    "side": "SELL",
                    "type": "STOP_MARKET",
                    "quantity": "1",
                    "triggerPrice": "9300",
                }
            )
            listed = await client.papiGetUmAlgoOpenAlgoOrders({"symbol": "BTCUSDT"})
            algo = {"algoId": placed["algoId"]}
            canceled = await client.papiDeleteUmAlgoOrder(algo)
            with pytest.raises(ccxt.OrderNotFound, match="-2011"):
                await client.papiDeleteUmAlgoOrder(algo)
            coin = {"symbol": "BTCUSD_PERP", "strategyId": exchange.place("cm_conditional")}
            await client.papiDeleteCmConditionalOrder(coin)
            plain = {"symbol": "BTCUSDT", "orderId": exchange.place("um")}
            await client.papiDeleteUmOrder(plain)
            past = await client.papiGetUmOrder(plain)
        finally:
            await client.close()
        assert [placed["algoId"]] == [order["algoId"] for order in listed]
        assert canceled["complete"] is True
        assert past["status"] == "CANCELED"
        assert exchange.venue.open_count == 0


@pytest.mark.asyncio
async def test_python_binance_in_today_s_era() -> None:
    """COIN-M conditional and plain orders of python-binance are canceled; it has no algo orders."""
    async with Simulator(era="algo") as exchange:
        client = _python_binance(exchange)
        try:
            coin = exchange.place("cm_conditional")
            await client.papi_cancel_cm_conditional_order(symbol="BTCUSD_PERP", strategyId=coin)
            placed = await client.papi_create_um_order(
                symbol="BTCUSDT",
                side="BUY",
                type="LIMIT",
                quantity="1",
                price="9000",
                timeInForce="GTC",
            )
            canceled = await client.papi_cancel_um_order(
                symbol="BTCUSDT", orderId=placed["orderId"]
            )
        finally:
            await client.close_connection()
            await asyncio.sleep(0)
        assert (placed["status"], canceled["status"]) == ("NEW", "CANCELED")
        assert exchange.venue.open_count == 0
