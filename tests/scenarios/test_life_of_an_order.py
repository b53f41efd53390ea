"""The life of a conditional order, through every request of the family."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from binance_papi import (
    AuthError,
    EndpointRetiredError,
    NotOpenError,
    PapiClient,
    RejectedError,
    Request,
    Signer,
)
from binance_papi.api import general
from binance_papi.api.um import conditional
from binance_papi.simulator import Simulator


@pytest.mark.asyncio
async def test_an_order_is_placed_asked_for_and_cancelled(papi: PapiClient) -> None:
    """Placed, found by both ids, listed, cancelled, found in history, no longer open."""
    um = papi.um.conditional
    placed = await um.new_order(
        symbol="BTCUSDT",
        side="SELL",
        strategy_type="TRAILING_STOP_MARKET",
        quantity=Decimal("0.40"),
        callback_rate="0.3",
        activation_price=90_200,
        new_client_strategy_id="mine-1",
    )
    assert placed.strategy_id > 2**53
    assert (placed.strategy_status, placed.price_rate) == ("NEW", Decimal("0.3"))
    by_id = await um.query_current_open_order(symbol="BTCUSDT", strategy_id=placed.strategy_id)
    mine = await um.query_current_open_order(symbol="BTCUSDT", new_client_strategy_id="mine-1")
    assert by_id == mine
    assert by_id.orig_qty == Decimal("0.40")
    (listed,) = await um.query_all_current_open_orders()
    assert listed.strategy_id == placed.strategy_id
    done = await um.cancel_order(symbol="BTCUSDT", new_client_strategy_id="mine-1")
    assert (done.strategy_id, done.strategy_status) == (placed.strategy_id, "CANCELED")
    past = await um.query_order_history(symbol="BTCUSDT", strategy_id=placed.strategy_id)
    assert past.strategy_status == "CANCELED"
    with pytest.raises(NotOpenError) as caught:
        await um.cancel_order(symbol="BTCUSDT", strategy_id=placed.strategy_id)
    assert (caught.value.code, caught.value.http_status) == (-2011, 400)
    with pytest.raises(NotOpenError) as unknown:
        await um.query_current_open_order(symbol="BTCUSDT", strategy_id=placed.strategy_id)
    assert unknown.value.code == -2013


@pytest.mark.asyncio
async def test_a_triggered_order_names_its_child(exchange: Simulator, papi: PapiClient) -> None:
    """After the trigger the history tells the plain order's id; the cancel finds nothing open."""
    (one,) = exchange.seed_orders(1)
    exchange.trigger(one)
    with pytest.raises(NotOpenError):
        await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=one)
    (past,) = await papi.um.conditional.query_all_orders(symbol="BTCUSDT", limit=1)
    assert (past.strategy_id, past.strategy_status) == (one, "TRIGGERED")
    assert past.order_id is not None
    assert past.trigger_time is not None


@pytest.mark.asyncio
async def test_cancel_all_of_a_symbol(exchange: Simulator, papi: PapiClient) -> None:
    """Cancel-all answers a code (a text on the wire, a number here) and names no order."""
    exchange.seed_orders(5)
    exchange.seed_orders(2, symbol="ETHUSDT")
    reply = await papi.um.conditional.cancel_all_open_orders(symbol="BTCUSDT")
    assert reply.code == 200
    left = await papi.um.conditional.query_all_current_open_orders()
    assert [order.symbol for order in left] == ["ETHUSDT", "ETHUSDT"]


@pytest.mark.asyncio
async def test_asking_for_all_symbols_costs_forty(papi: PapiClient) -> None:
    """With a symbol the open orders cost 1, without one 40, here and at the exchange."""
    await papi.general.test_connectivity()
    for request, cost in [
        (conditional.QueryAllCurrentOpenOrders(symbol="BTCUSDT"), 1),
        (conditional.QueryAllCurrentOpenOrders(), 40),
        (conditional.QueryAllOrders(symbol="BTCUSDT"), 1),
        (conditional.QueryAllOrders(), 40),
    ]:
        before = papi.usage()[0]
        await papi.send(request)
        after = papi.usage()[0]
        if after.resets_in < before.resets_in:
            assert after.used - before.used == cost
        assert after.foreign == 0


@pytest.mark.asyncio
async def test_limits_are_asked_for(papi: PapiClient) -> None:
    """The account's order limits come as the exchange words them."""
    assert await papi.general.query_user_rate_limit() == [
        general.OrderRateLimit(
            rate_limit_type="ORDERS", interval="MINUTE", interval_num=1, limit=1200
        )
    ]


@pytest.mark.asyncio
async def test_a_symbol_in_another_script_is_signed_as_it_is_sent(papi: PapiClient) -> None:
    """Non-ASCII symbols are percent-encoded before signing."""
    orders = await papi.um.conditional.query_all_current_open_orders(symbol="测试USDT")
    assert orders == []
    with pytest.raises(RejectedError) as caught:
        await papi.um.conditional.cancel_order(symbol="NOPEUSDT", strategy_id=1)
    assert caught.value.code == -1121


@pytest.mark.asyncio
async def test_a_wrong_key_and_a_wrong_secret(exchange: Simulator) -> None:
    """Both are AuthError, after one request each."""
    for key, secret in ((exchange.api_key, "wrong"), ("wrong", exchange.secret)):
        async with PapiClient(key, secret, base_url=exchange.base_url) as papi:
            with pytest.raises(AuthError):
                await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=1)
    assert len(exchange.venue.wire) == 2


@pytest.mark.asyncio
async def test_the_live_exchange_has_retired_the_family() -> None:
    """In the era of today all seven answer 404, and the error names the replacement."""
    async with Simulator(era="algo") as exchange:
        (one,) = exchange.seed_orders(1)
        requests: list[Request[Any]] = [
            conditional.CancelOrder(symbol="BTCUSDT", strategy_id=one),
            conditional.CancelAllOpenOrders(symbol="BTCUSDT"),
            conditional.NewOrder(
                symbol="BTCUSDT",
                side="BUY",
                strategy_type="STOP_MARKET",
                quantity=1,
                stop_price=99_999,
            ),
            conditional.QueryCurrentOpenOrder(symbol="BTCUSDT", strategy_id=one),
            conditional.QueryAllCurrentOpenOrders(),
            conditional.QueryAllOrders(),
            conditional.QueryOrderHistory(symbol="BTCUSDT", strategy_id=one),
        ]
        async with PapiClient(
            exchange.api_key, exchange.secret, base_url=exchange.base_url
        ) as papi:
            for request in requests:
                with pytest.raises(EndpointRetiredError) as caught:
                    await papi.send(request)
                assert caught.value.replacement is not None
                assert caught.value.replacement.startswith(
                    f"{request.endpoint.method} /papi/v1/um/algo/"
                )
                assert caught.value.replacement in str(caught.value)
                assert caught.value.http_status == 404
        assert len(exchange.venue.wire) == 7


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
async def test_private_keys_sign(kind: Any) -> None:
    """An Ed25519 and an (encrypted) RSA key cancel an order; the key itself tells its kind."""
    private = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == "ed25519"
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"pass"),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signer = Signer.from_pem(pem, "pass")
    assert signer.kind.lower() == kind
    async with Simulator(public_keys={"mykey": public}) as exchange:
        (one,) = exchange.seed_orders(1)
        async with PapiClient("mykey", signer, base_url=exchange.base_url) as papi:
            order = await papi.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=one)
    assert order.strategy_status == "CANCELED"


@pytest.mark.asyncio
async def test_warm_up_learns_clock_and_weight_for_one_ping_an_address() -> None:
    """Warm-up costs weight 1 per address; afterwards the clock is known to about a second."""
    async with Simulator(clock_skew=12.0) as exchange:
        async with PapiClient(
            exchange.api_key,
            exchange.secret,
            base_url=exchange.base_url,
            source_addresses=("127.0.0.1", "127.0.0.3"),
            connections=8,
            on_event=lambda _: None,
        ) as papi:
            await papi.warm_up()
            low, high = papi.clock_offset
        assert high - low < 1.2
        assert sorted(record.address for record in exchange.venue.wire) == [
            "127.0.0.1",
            "127.0.0.3",
        ]
    assert abs((low + high) / 2 - (time.time() + 12 - time.monotonic())) < 1
