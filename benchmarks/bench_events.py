"""What does an event of the user data stream cost, and do 100,000 of them leave memory flat?"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web
from bench import Report, Target, fail, finish, options, quiet_gc, spread

from binance_papi import Gap, PapiClient
from binance_papi.api.events import OrderTradeUpdate, UnknownEvent
from binance_papi.api.events.decode import decode

EXAMPLES: Final = Path(__file__).parents[1] / "tests" / "contract" / "events"
EVENTS: Final = 100_000
WARM: Final = 20_000
PAGE: Final = 4096
COMMON: Final = ("ORDER_TRADE_UPDATE", "ALGO_UPDATE", "ACCOUNT_UPDATE__funding")
"""Kinds that come in numbers."""


def wire(path: Path) -> bytes:
    """An example as the exchange writes it."""
    return json.dumps(json.loads(path.read_bytes()), separators=(",", ":")).encode()


def cost(raw: bytes, count: int) -> float:
    """CPU microseconds of one decode, whole and typed."""
    with quiet_gc():
        started = time.process_time()
        for _ in range(count):
            decode(raw)
        return (time.process_time() - started) / count * 1e6


def bare(raw: bytes, count: int) -> float:
    """The same to a dict, by msgspec: no types."""
    with quiet_gc():
        started = time.process_time()
        for _ in range(count):
            msgspec.json.decode(raw)
        return (time.process_time() - started) / count * 1e6


# ---------------------------------------------------------------------- the other side


def serve() -> None:
    """Be an exchange that has nothing but events, all at once."""
    plain = json.loads(wire(EXAMPLES / "ORDER_TRADE_UPDATE.json"))

    async def key(_: web.Request) -> web.Response:
        return web.json_response({"listenKey": "bench"})

    async def pour(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        for number in range(EVENTS):
            plain["o"]["i"] = 8_000_000_000 + number
            plain["o"]["c"] = f"mine-{number}"
            raw = json.dumps(plain, separators=(",", ":")).encode()
            await ws.send_frame(raw, WSMsgType.TEXT)
        await ws.receive()
        return ws

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/papi/v1/listenKey", key)
        app.router.add_get("/pm/ws/{key}", pour)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(main())


def resident() -> float:
    """MiB of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


async def drink(port: int) -> tuple[float, float, float]:
    """Read all events: CPU µs for one, events per second, MiB gained after the first fifth."""
    url = f"http://127.0.0.1:{port}"
    seen, settled = 0, 0.0
    async with PapiClient("k", "s", base_url=url) as papi, papi.user_stream() as stream:
        started, cpu = time.perf_counter(), time.process_time()
        async for event in stream:
            if isinstance(event, Gap):
                fail(f"events are missing: {event}")
            seen += isinstance(event, OrderTradeUpdate)
            if seen == WARM:
                settled = resident()
            if seen == EVENTS:
                break
        took, used = time.perf_counter() - started, time.process_time() - cpu
    return used / EVENTS * 1e6, EVENTS / took, resident() - settled


def flood() -> tuple[float, float, float]:
    """The exchange in a process of its own."""
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            return asyncio.run(drink(int(server.stdout.readline())))
        finally:
            server.kill()


def report(arguments: argparse.Namespace) -> Report:
    """Every documented kind, then many of one."""
    kinds = {path.stem: wire(path) for path in sorted(EXAMPLES.glob("*.json"))}
    if any(isinstance(decode(raw), UnknownEvent) for raw in kinds.values()):
        fail("an example is not decoded")
    ours: dict[str, list[float]] = {name: [] for name in kinds}
    plain: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(arguments.rounds):
        for name, raw in kinds.items():
            ours[name].append(cost(raw, arguments.count))
            plain[name].append(bare(raw, arguments.count))
    each, rate, gained = flood()
    rows: list[list[Any]] = [
        [name, str(len(kinds[name])), spread(ours[name]), spread(plain[name])] for name in kinds
    ]
    rows.append([f"{EVENTS:,} through a socket", "", f"{each:.1f}", ""])
    best = {name: min(values) for name, values in ours.items()}
    return Report(
        str(__doc__),
        ["event", "bytes", "CPU µs", "to a dict"],
        rows,
        [
            Target("µs to decode an event, mean of the kinds", mean(best.values()), 3.0),
            Target("µs to decode a common one", median(best[name] for name in COMMON), 3.0),
            Target("events a minute", 60 * rate, EVENTS, at_least=True),
            Target("MiB gained by the last 80,000 events", gained, 2.0),
        ],
        [
            f"{arguments.rounds} rounds by turns of {arguments.count} events; median (quartiles).",
            "The targets of decoding take the quickest round.",
            "Through a socket: aiohttp's WebSocket, decoding, evidence, queue and the reader.",
        ],
    )


def main() -> int:
    """Run it."""
    parser = options(__doc__, rounds=15)
    parser.add_argument("--count", type=int, default=2000, help="events per turn (%(default)s)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return 0
    return finish(report(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
