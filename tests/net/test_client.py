"""The client: settings, life, and what it refuses before anything is sent."""

from __future__ import annotations

import ast
import asyncio
import copy
import gc
import inspect
import os
import pickle
import ssl
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import trustme

import binance_papi
from binance_papi import InvalidRequestError, PapiClient, PapiError, RateLimit, Signer, UsageError
from binance_papi.api.um import conditional
from binance_papi.simulator import Simulator
from tests.stage import Peer, http

CANARY = "canarySECRETcanary"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "fields",
    [
        {"strategy_id": 1},
        {"symbol": "", "strategy_id": 1},
        {"symbol": None, "strategy_id": 1},
        {"symbol": 7, "strategy_id": 1},
        {"symbol": "BTCUSDT"},
        {"symbol": "BTC\r\nUSDT", "strategy_id": 1},
        {"symbol": "BTC\x00", "strategy_id": 1},
        {"symbol": " BTCUSDT", "strategy_id": 1},
        {"symbol": "B" * 10_000, "strategy_id": 1},
        {"symbol": "BTCUSDT", "new_client_strategy_id": ""},
        {"symbol": "BTCUSDT", "new_client_strategy_id": "x" * 33},
        {"symbol": "BTCUSDT", "new_client_strategy_id": "a&b=c"},
        {"symbol": "BTCUSDT", "new_client_strategy_id": "a\n"},
        {"symbol": "BTCUSDT", "strategy_id": 2**63},
        {"symbol": "BTCUSDT", "strategy_id": -1},
        {"symbol": "BTCUSDT", "strategy_id": True},
        {"symbol": "BTCUSDT", "strategy_id": 1.0},
        {"symbol": "BTCUSDT", "strategy_id": "1"},
        {"symbol": "BTCUSDT", "strategy_id": 1, "recv_window": 0},
        {"symbol": "BTCUSDT", "strategy_id": 1, "recv_window": 60_001},
    ],
)
async def test_bad_input_fails_before_any_byte(peer: Peer, fields: dict[str, Any]) -> None:
    """A request that can't be right is a ValueError, and the exchange never hears of it."""
    async with PapiClient("k", "s", base_url=peer.base_url) as papi:
        with pytest.raises(ValueError, match=r"\w") as caught:
            await papi.um.conditional.cancel_order(**fields)
    assert (InvalidRequestError, PapiError) == type(caught.value).__mro__[:2]
    assert (peer.connections, peer.heads) == (0, [])
    with pytest.raises(InvalidRequestError):
        conditional.CancelOrder(**fields)


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "http://papi.binance.com"},
        {"recv_window": 0},
        {"recv_window": 60_001},
        {"connections": 0},
        {"max_wait": -1},
        {"timeout": 0},
        {"source_addresses": ()},
        {"source_addresses": (None, None)},
        {"transport": "carrier pigeon"},
        {"api_key": ""},
        {"api_key": "two words"},
        {"api_key": "key\r\nX-Evil: 1"},
        {"secret": ""},
        {"secret": "with\nbreak "},
    ],
)
def test_bad_settings_are_refused_and_show_no_secret(settings: dict[str, Any]) -> None:
    """A setting that can't be right is a ValueError, whose traceback shows no secret."""
    settings = {"api_key": CANARY, "secret": CANARY, **settings}
    keys = settings.pop("api_key"), settings.pop("secret")

    def make() -> PapiClient:
        return PapiClient(*keys, **settings)

    with pytest.raises(ValueError, match=r"\w") as caught:
        make()
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    shown = [
        line
        for frame in frames.stack
        if "binance_papi" in frame.filename and "tests" not in frame.filename
        for line in map(str, (frame.locals or {}).values())
    ]
    assert shown
    assert not [line for line in shown if CANARY in line]
    assert CANARY not in str(caught.value)


@pytest.mark.asyncio
async def test_a_client_is_used_only_while_open(exchange: Simulator) -> None:
    """Not open, closed, opened twice: a clear error each."""
    papi = PapiClient(exchange.api_key, exchange.secret, base_url=exchange.base_url)
    with pytest.raises(UsageError, match="not open"):
        await papi.general.test_connectivity()
    with pytest.raises(UsageError, match="not open"):
        papi.usage()
    async with papi:
        await papi.general.test_connectivity()
        with pytest.raises(UsageError, match="once"):
            await papi.open()
    await papi.aclose()
    with pytest.raises(UsageError, match="closed"):
        await papi.general.test_connectivity()
    with pytest.raises(UsageError):
        await papi.open()


@pytest.mark.asyncio
async def test_another_loop_is_refused(papi: PapiClient) -> None:
    """A client belongs to the loop that opened it."""

    def elsewhere() -> Exception | None:
        async def ask() -> None:
            await papi.general.test_connectivity()

        try:
            asyncio.run(ask())
        except UsageError as error:
            return error
        return None

    error = await asyncio.to_thread(elsewhere)
    assert "loop" in str(error)


@pytest.mark.asyncio
async def test_a_call_counts_where_it_is_awaited(papi: PapiClient) -> None:
    """Another thread may make it and hand it to the client's loop."""
    loop = asyncio.get_running_loop()

    def elsewhere() -> object:
        call = papi.general.test_connectivity()
        return asyncio.run_coroutine_threadsafe(call, loop).result(5)

    assert repr(await asyncio.to_thread(elsewhere)) == "Pong()"


def test_a_call_may_be_made_before_its_loop_runs() -> None:
    """As in a program that starts its loop for each call."""
    loop = asyncio.new_event_loop()
    exchange = Simulator()
    loop.run_until_complete(exchange.__aenter__())
    papi = PapiClient(exchange.api_key, exchange.secret, base_url=exchange.base_url)
    loop.run_until_complete(papi.open())
    pong = loop.run_until_complete(papi.general.test_connectivity())
    loop.run_until_complete(papi.aclose())
    loop.run_until_complete(exchange.__aexit__(None, None, None))
    loop.close()
    assert repr(pong) == "Pong()"


def told_to_a_child(papi: PapiClient) -> str:
    """What a forked process hears when it uses its parent's client."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads
        child = os.fork()
    if child == 0:
        told = "it was sent"
        try:
            papi.general.test_connectivity().send(None)
        except UsageError as error:
            told = str(error)
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading) as pipe:
        return pipe.read()


@pytest.mark.asyncio
async def test_another_process_is_refused(papi: PapiClient) -> None:
    """After a fork the child may not use the parent's sockets; the parent goes on."""
    assert "another process" in told_to_a_child(papi)
    await papi.general.test_connectivity()


@pytest.mark.asyncio
async def test_closing_ends_what_is_on_the_wire_and_turns_away_who_waits(peer: Peer) -> None:
    """Calls in flight end as unknown, calls that wait as never sent, and nothing is left."""

    async def silence(*_: Any) -> None:
        await asyncio.sleep(30)

    peer.script = silence
    before = asyncio.all_tasks()
    papi = PapiClient("k", "s", base_url=peer.base_url, connections=2)
    await papi.open()
    cancel = papi.um.conditional.cancel_order
    calls = [asyncio.create_task(cancel(symbol="X", strategy_id=i)) for i in range(5)]
    while len(peer.heads) < 2:
        await asyncio.sleep(0.02)  # the second goes after the first has been alone for a second
    await papi.aclose()
    results = await asyncio.gather(*calls, return_exceptions=True)
    kinds = sorted(type(result).__name__ for result in results)
    assert kinds == ["UnknownOutcomeError"] * 2 + ["UsageError"] * 3
    assert not [t for t in asyncio.all_tasks() - before if "Peer" not in repr(t)]


@pytest.mark.asyncio
async def test_closing_while_opening_leaves_nothing_open(exchange: Simulator) -> None:
    """A client closed before it was open says so, and its sessions are closed."""
    papi = PapiClient(exchange.api_key, exchange.secret, base_url=exchange.base_url)
    opening = asyncio.create_task(papi.open())
    await asyncio.sleep(0)
    await papi.aclose()
    with pytest.raises(UsageError, match="closed"):
        await opening
    gc.collect()  # an unclosed session would warn


@pytest.mark.asyncio
async def test_silence_reaches_those_that_are_still_connecting(authority: trustme.CA) -> None:
    """A 429 to the second request of a cold burst: who was still connecting is not written."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    peer = Peer()
    times: list[float] = []

    async def script(peer: Peer, _: bytes, writer: asyncio.StreamWriter) -> None:
        times.append(asyncio.get_running_loop().time())
        if len(peer.heads) == 2:
            body = b'{"code":-1003,"msg":"Too much"}'
            writer.write(http(429, body, "Retry-After: 1"))
        else:
            writer.write(http(200, b'{"strategyId":1}'))

    peer.script = script
    await peer.start(ssl=context)
    base_url = f"https://localhost:{peer.port}"
    async with PapiClient("k", "s", base_url=base_url, ssl=trust, on_event=print) as papi:
        cancel = papi.um.conditional.cancel_order
        await asyncio.gather(*(cancel(symbol="X", strategy_id=1) for _ in range(60)))
    await peer.stop()
    assert len(times) == 61
    # What was written before the refusal could be heard is all there is before its time is over.
    early = [one for one in times[2:] if one < times[1] + 0.9]
    assert len(early) < 40
    assert max(early, default=0.0) < times[1] + 0.2


@pytest.mark.asyncio
async def test_a_dead_source_address_does_not_take_the_burst_with_it(
    exchange: Simulator,
) -> None:
    """Requests go to the address that works, and come from it."""
    async with PapiClient(
        exchange.api_key,
        exchange.secret,
        base_url=exchange.base_url,
        source_addresses=("127.0.0.1", "203.0.113.9"),
    ) as papi:
        await papi.warm_up(2)
        ids = exchange.seed_orders(100)
        cancel = papi.um.conditional.cancel_order
        await asyncio.gather(*(cancel(symbol="BTCUSDT", strategy_id=one) for one in ids))


@pytest.mark.asyncio
async def test_a_hook_that_fails_decides_nothing(exchange: Simulator) -> None:
    """An exception in `on_event` is logged; the request has its own outcome."""

    def hook(_: object) -> None:
        raise RuntimeError("broken hook")

    exchange.clock_skew = 100.0
    async with PapiClient(
        exchange.api_key, exchange.secret, base_url=exchange.base_url, on_event=hook
    ) as papi:
        await papi.general.test_connectivity()


def test_methods_show_their_arguments() -> None:
    """`help` and editors see the fields of the request, mandatory ones without a default."""
    papi = PapiClient("k", "s")
    signature = inspect.signature(papi.um.conditional.cancel_order)
    assert next(iter(signature.parameters)) == "symbol"
    assert signature.parameters["symbol"].default is inspect.Parameter.empty
    assert signature.parameters["strategy_id"].default is None
    assert signature.return_annotation is conditional.ConditionalOrder


@pytest.mark.asyncio
async def test_a_forgotten_client_warns_without_secrets() -> None:
    """A client that was never closed says so when it is collected."""

    async def forget() -> None:
        papi = PapiClient(CANARY, CANARY, base_url="http://127.0.0.1:1")
        await papi.open()
        assert CANARY not in repr(papi)
        # Its sessions are closed by hand, so that only our own warning is left.
        assert papi._wiring is not None
        await papi._wiring.pool.aclose()

    async def forget_and_collect() -> None:
        await forget()
        gc.collect()

    with pytest.warns(ResourceWarning, match="was not closed") as caught:
        await forget_and_collect()
    assert not [one for one in caught if CANARY in str(one.message)]


def test_keys_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`from_env` takes key and secret, or a PEM file, and says what is missing."""
    for name in list(os.environ):
        if name.startswith("BINANCE_PAPI_"):
            monkeypatch.delenv(name)
    with pytest.raises(UsageError, match="BINANCE_PAPI_API_KEY"):
        PapiClient.from_env()
    monkeypatch.setenv("BINANCE_PAPI_API_KEY", "k")
    with pytest.raises(UsageError, match="BINANCE_PAPI_API_SECRET"):
        PapiClient.from_env()
    monkeypatch.setenv("BINANCE_PAPI_API_SECRET", "s")
    monkeypatch.setenv("BINANCE_PAPI_BASE_URL", "http://127.0.0.1:5")
    assert repr(PapiClient.from_env()) == "<PapiClient http://127.0.0.1:5 not open>"
    assert "binance.com" in repr(PapiClient.from_env(base_url="https://papi.binance.com"))
    key = tmp_path / "key.pem"
    key.write_bytes(b"no key at all")
    monkeypatch.setenv("BINANCE_PAPI_PRIVATE_KEY", str(key))
    with pytest.raises(ValueError, match="PEM"):
        PapiClient.from_env()


def test_nothing_secret_can_be_copied_out() -> None:
    """Signers can't be copied or pickled, and show only their kind."""
    signer = Signer.hmac(CANARY)
    assert repr(signer) == "<Signer HMAC-SHA256>"
    for smuggle in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            smuggle(signer)


@pytest.mark.asyncio
async def test_usage_shows_every_limit(exchange: Simulator) -> None:
    """Usage lists each address's weight and the account's orders."""
    limits = (
        RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000),
        RateLimit("REQUEST_WEIGHT", "SECOND", 10, 2000),
        RateLimit("ORDERS", "MINUTE", 1, 1200),
    )
    async with PapiClient(
        exchange.api_key,
        exchange.secret,
        base_url=exchange.base_url,
        limits=limits,
        source_addresses=("127.0.0.1", "127.0.0.2"),
    ) as papi:
        await papi.general.test_connectivity()
        usage = papi.usage()
    assert [(one.limit, one.source_address) for one in usage] == [
        (limits[0], "127.0.0.1"),
        (limits[1], "127.0.0.1"),
        (limits[0], "127.0.0.2"),
        (limits[1], "127.0.0.2"),
        (limits[2], None),
    ]
    assert sum(one.used for one in usage) == 2
    assert all(0 < one.resets_in <= one.limit.seconds + 1 for one in usage)


def test_the_front_door_leads_home() -> None:
    """What users import from the top is what the type checkers see there, name by name."""
    assert binance_papi.__file__ is not None
    tree = ast.parse(Path(binance_papi.__file__).read_text())
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module
        for node in checked.body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    assert set(binance_papi.__all__) == {*seen, "__version__"}
    assert set(binance_papi.__all__) <= set(dir(binance_papi))
    for name, home in seen.items():
        vars(binance_papi).pop(name, None)  # as if nobody had asked for it
        assert getattr(binance_papi, name) is getattr(import_module(home), name)
    for room in ("api", "client", "core", "errors", "net", "terms"):
        vars(binance_papi).pop(room, None)
        assert getattr(binance_papi, room) is import_module(f"binance_papi.{room}")
        assert room in dir(binance_papi)
    with pytest.raises(AttributeError, match="no attribute 'PapyClient'"):
        getattr(binance_papi, "Papy" + "Client")
