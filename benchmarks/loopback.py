"""The cheapest exchange there can be: every request gets the documented answer to a cancel.

It is a process of its own, so that its work is not counted as the client's, and speaks http and
https (certificate made on the spot) on loopback ports of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Final, cast

import aiohttp
import msgspec
import trustme

ARRIVALS: Final = "/arrivals"
"""Asked for this, the server tells what arrived since it was asked last."""

_REPLY: Final = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: application/json\r\n"
    b"Date: %s\r\n"
    b"X-MBX-USED-WEIGHT-1M: %d\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_ID: Final = re.compile(rb"strategyId=(\d+)")

# The sample of the page "Cancel UM Conditional Order".
_BODY: Final = (
    b'{"newClientStrategyId":"myOrder1","strategyId":%d,"strategyStatus":"CANCELED",'
    b'"strategyType":"TRAILING_STOP_MARKET","origQty":"11","price":"0","reduceOnly":false,'
    b'"side":"BUY","positionSide":"SHORT","stopPrice":"9300","symbol":"BTCUSDT",'
    b'"timeInForce":"GTC","activatePrice":"9020","priceRate":"0.3","bookTime":1566818724710,'
    b'"updateTime":%d,"workingType":"CONTRACT_PRICE","priceProtect":false,'
    b'"selfTradePreventionMode":"NONE","goodTillDate":0,"priceMatch":"NONE"}'
)


def cancel_reply(now_ms: int, strategy_id: int = 123445) -> bytes:
    """The documented reply to a cancel that happened now, epoch milliseconds."""
    return _BODY % (strategy_id, now_ms)


class Arrivals(msgspec.Struct):
    """What the server saw.

    Args:
        count: How many requests.
        last: When the last one came, on the monotonic clock that all processes share.
    """

    count: int = 0
    last: float = 0.0


class Loopback(msgspec.Struct, frozen=True):
    """Where the server answers.

    Args:
        http: Base URL.
        https: Base URL.
        certificate: Whom to trust, PEM.
    """

    http: str
    https: str
    certificate: str

    def context(self) -> ssl.SSLContext:
        """A TLS context that trusts the server."""
        context = ssl.create_default_context(cadata=self.certificate)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    async def arrivals(self) -> Arrivals:
        """What arrived since the last call."""
        async with aiohttp.request("GET", self.http + ARRIVALS) as response:
            return msgspec.json.decode(await response.read(), type=Arrivals)


@contextmanager
def loopback(latency: float = 0.0) -> Iterator[Loopback]:
    """Run the server.

    Args:
        latency: Seconds until it answers a request.
    """
    command = [sys.executable, str(Path(__file__)), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield msgspec.json.decode(process.stdout.readline(), type=Loopback)
        finally:
            process.terminate()


# ---------------------------------------------------------------------- the other process


class _Exchange:
    """What all connections share."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.arrivals = Arrivals()
        self._second = -1
        self._date = b""
        self._minute = -1
        self._used = 0

    def answer(self, head: bytes) -> bytes:
        if head.startswith(b"GET /arrivals"):
            told, self.arrivals = self.arrivals, Arrivals()
            return self._reply(msgspec.json.encode(told), time.time())
        self.arrivals.count += 1
        self.arrivals.last = time.monotonic()
        now = time.time()
        found = _ID.search(head)
        strategy_id = int(found[1]) if found is not None else 123445
        return self._reply(cancel_reply(int(now * 1000), strategy_id), now)

    def _reply(self, body: bytes, now: float) -> bytes:
        second = int(now)
        if second != self._second:
            self._second, self._date = second, formatdate(second, usegmt=True).encode()
            if second // 60 != self._minute:
                self._minute, self._used = second // 60, 0
        self._used += 1
        return _REPLY % (self._date, self._used, len(body), body)


class _Connection(asyncio.Protocol):
    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            self._write(self._exchange.answer(head))

    def _write(self, reply: bytes) -> None:
        assert self._transport is not None
        if self._exchange.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._exchange.latency, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def _serve(latency: float) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    loop = asyncio.get_running_loop()
    make = partial(_Connection, _Exchange(latency))
    plain = await loop.create_server(make, "127.0.0.1", 0, backlog=2048)
    secure = await loop.create_server(make, "127.0.0.1", 0, backlog=2048, ssl=context)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    where = Loopback(
        f"http://127.0.0.1:{ports[0]}",
        f"https://127.0.0.1:{ports[1]}",
        authority.cert_pem.bytes().decode(),
    )
    print(msgspec.json.encode(where).decode(), flush=True)
    # Gone with whoever asked for it, even if that one was killed.
    await loop.run_in_executor(None, sys.stdin.read)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    latency = parser.parse_args().latency
    try:
        import uvloop  # noqa: PLC0415 - an extra
    except ImportError:
        asyncio.run(_serve(latency))
    else:
        uvloop.run(_serve(latency))


if __name__ == "__main__":
    _main()
