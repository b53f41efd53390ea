"""Other people's clients on trial; runs in their own venv, where nothing of ours is installed.

Each is set up as its documentation says, with 64 connections where its default is another number
and its own limiter off where it has one.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

from player import CONNECTIONS, play, start

KEY: Final = "k" * 64
SECRET: Final = "s" * 64
TIMEOUT: Final = 60


def _verify(replies: list[Any], status: Callable[[Any], Any]) -> None:
    if not all(status(reply) == "CANCELED" for reply in replies):
        raise SystemExit(f"a cancel was not answered as it should be: {replies[0]!r}")


def _connector(context: ssl.SSLContext) -> Any:
    return import_module("aiohttp").TCPConnector(limit=CONNECTIONS, ssl=context)


async def with_ccxt(url: str, context: ssl.SSLContext) -> None:
    """The implicit method for the endpoint; replies are dicts."""
    session = import_module("aiohttp").ClientSession(connector=_connector(context))
    settings = {"apiKey": KEY, "secret": SECRET, "enableRateLimit": False, "session": session}
    client = import_module("ccxt.async_support").binance(settings)
    client.urls["api"]["papi"] = f"{url}/papi/v1"
    cancel = client.papiDeleteUmConditionalOrder

    async def burst(count: int) -> None:
        wanted = ({"symbol": "BTCUSDT", "strategyId": number} for number in range(count))
        _verify(await asyncio.gather(*map(cancel, wanted)), lambda reply: reply["strategyStatus"])

    async with session:
        await play(f"ccxt {version('ccxt')}", burst)
        await client.close()


async def with_python_binance(url: str, context: ssl.SSLContext) -> None:
    """The async client; replies are dicts."""
    make = import_module("binance").AsyncClient
    client = make(KEY, SECRET, session_params={"connector": _connector(context)})
    client.PAPI_URL = f"{url}/papi"
    cancel = client.papi_cancel_um_conditional_order

    async def burst(count: int) -> None:
        wanted = (cancel(symbol="BTCUSDT", strategyId=number) for number in range(count))
        _verify(await asyncio.gather(*wanted), lambda reply: reply["strategyStatus"])

    await play(f"python-binance {version('python-binance')}", burst)
    await client.close_connection()


async def with_typed_binance(url: str, context: ssl.SSLContext) -> None:
    """Typed, over httpx, which takes its certificates from the environment.

    Its validation is off: with it, it refuses the documented reply (``"priceMatch":"NONE"``).
    """
    del context
    limits = import_module("httpx").Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=20
    )
    http = import_module("typed_core.http").HttpClient(limits, timeout=TIMEOUT)
    root = import_module("typed_binance").Binance.new(
        api_key=KEY,
        secret_key=SECRET,
        validate=False,
        http=http,
        urls={"portfolio_margin": {"http": url}},
    )
    cancel = root.portfolio_margin.http.trading.cancel_um_conditional_order

    async def burst(count: int) -> None:
        wanted = (cancel(symbol="BTCUSDT", strategy_id=number) for number in range(count))
        _verify(await asyncio.gather(*wanted), lambda reply: reply["strategyStatus"])

    async with http:
        await play(f"typed-binance {version('typed-binance')}, not validating", burst)


OFFICIAL: Final = "binance-sdk-derivatives-trading-portfolio-margin"


async def with_official(url: str, context: ssl.SSLContext) -> None:
    """The official SDK: it blocks, so it gets a thread for each connection.

    Its environment says whom to trust: given a context, it would connect anew for each request. It
    cancels conditional orders of CM only; the reply has the same fields.
    """
    del context
    settings = import_module("binance_common.configuration").ConfigurationRestAPI(
        api_key=KEY, api_secret=SECRET, base_path=url, timeout=1000 * TIMEOUT
    )
    package = import_module(OFFICIAL.replace("-", "_"))
    rest = package.DerivativesTradingPortfolioMargin(config_rest_api=settings).rest_api
    adapter = import_module("requests.adapters").HTTPAdapter(pool_maxsize=CONNECTIONS)
    rest._session.mount("https://", adapter)  # noqa: SLF001 - its pool is for ten threads
    loop = asyncio.get_running_loop()

    def cancel(number: int) -> Any:
        return rest.cancel_cm_conditional_order(symbol="BTCUSD_PERP", strategy_id=number).data()

    with ThreadPoolExecutor(CONNECTIONS) as pool:

        async def burst(count: int) -> None:
            wanted = (loop.run_in_executor(pool, cancel, number) for number in range(count))
            _verify(await asyncio.gather(*wanted), lambda reply: reply.strategy_status)

        await play(f"official SDK {version(OFFICIAL)}, {CONNECTIONS} threads", burst)


async def with_official_models(body: str, context: ssl.SSLContext) -> None:
    """Not the client, only what it does to the body of a reply; once, it does so twice."""
    del context
    models = import_module(f"{OFFICIAL.replace('-', '_')}.rest_api.models")
    loads = import_module("json").loads
    decode = models.CancelCmConditionalOrderResponse.from_dict
    raw = body.encode()

    async def burst(count: int) -> None:
        for _ in range(count):
            reply = decode(loads(raw.decode()))
        _verify([reply], lambda reply: reply.strategy_status)

    pydantic = version("pydantic")
    await play(f"official SDK {version(OFFICIAL)} (pydantic {pydantic})", burst)


CLIENTS: Final[dict[str, Callable[[str, ssl.SSLContext], Coroutine[Any, Any, None]]]] = {
    "ccxt": with_ccxt,
    "python-binance": with_python_binance,
    "typed-binance": with_typed_binance,
    OFFICIAL: with_official,
    "official-models": with_official_models,
}


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("loop", choices=("asyncio", "uvloop"))
    parser.add_argument("url")
    parser.add_argument("--ca", help="whom to trust, PEM")
    arguments = parser.parse_args()
    context = ssl.create_default_context(cafile=arguments.ca)
    start(arguments.loop, lambda: CLIENTS[arguments.client](arguments.url, context))


if __name__ == "__main__":
    _main()
