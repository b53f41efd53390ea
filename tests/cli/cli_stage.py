"""A simulated exchange in a thread, and two ways to run the command against it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from typer.testing import CliRunner, Result

from binance_papi.cli.app import app
from binance_papi.simulator import Simulator

KEY = "CanaryKey" + "k" * 55
SECRET = "CanarySecret" + "s" * 52
FIRST = 4611875134427365377
NAMES = (
    "BINANCE_PAPI_API_KEY",
    "BINANCE_PAPI_API_SECRET",
    "BINANCE_PAPI_PRIVATE_KEY",
    "BINANCE_PAPI_PRIVATE_KEY_PASSWORD",
    "BINANCE_PAPI_BASE_URL",
)


@contextmanager
def stage(orders: int = 0, **settings: Any) -> Generator[Simulator]:
    """An open exchange with canary keys, on a loop of its own in another thread."""
    exchange = Simulator(api_key=KEY, secret=SECRET, **settings)
    exchange.seed_orders(orders)
    ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()

    async def serve() -> None:
        async with exchange:
            ready.set()
            await stop.wait()

    def work() -> None:
        loop.run_until_complete(serve())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert ready.wait(10)
        yield exchange
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


def environment(exchange: Simulator | None) -> dict[str, str]:
    """The variables that lead the command to an exchange."""
    if exchange is None:
        return {}
    return {
        "BINANCE_PAPI_API_KEY": KEY,
        "BINANCE_PAPI_API_SECRET": SECRET,
        "BINANCE_PAPI_BASE_URL": exchange.base_url,
    }


def run(
    *arguments: str, at: Simulator | None = None, stdin: str = "", env: Mapping[str, str] = {}
) -> Result:
    """Run the command in this process; no output may hold a canary."""
    variables: dict[str, str | None] = {**dict.fromkeys(NAMES), **environment(at), **env}
    result = CliRunner().invoke(app, list(arguments), env=variables, input=stdin)
    assert_clean(result.output)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def spawn(
    *arguments: str,
    at: Simulator | None = None,
    env: Mapping[str, str] = {},
    stdin: int = subprocess.DEVNULL,
) -> subprocess.Popen[str]:
    """Start the command as a process of its own, with pipes."""
    inherited = {name: value for name, value in os.environ.items() if name not in NAMES}
    return subprocess.Popen(
        [sys.executable, "-m", "binance_papi.cli", *arguments],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, **environment(at), **env},
    )


def assert_clean(output: str) -> None:
    """No canary, and nothing that could command a terminal."""
    assert "Canary" not in output
    assert all(mark.isprintable() or mark == "\n" for mark in output)


def read(result: Result) -> Any:
    """The one line of JSON on stdout."""
    assert result.stdout.count("\n") == 1
    return json.loads(result.stdout)
