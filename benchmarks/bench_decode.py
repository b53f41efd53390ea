"""What does it cost to decode the documented reply, beside the official client's models?"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from statistics import median
from typing import Final

import msgspec
from bench import Report, Target, finish, options, ratios, spread, turns
from loopback import cancel_reply
from peer import OFFICIAL
from peers import HERE, playing, venv

from binance_papi.api.um.conditional import ConditionalOrder
from binance_papi.core.decode import decode

BODY: Final = cancel_reply(1_700_000_000_000)


def ours(count: int) -> float:
    """As the client does it, with all of its checks: CPU seconds for one."""
    gc.collect()
    started = time.process_time()
    for _ in range(count):
        decode(ConditionalOrder, BODY)
    return (time.process_time() - started) / count


def bare(count: int) -> float:
    """To a dict, by msgspec: no types, no checks."""
    gc.collect()
    started = time.process_time()
    for _ in range(count):
        msgspec.json.decode(BODY)
    return (time.process_time() - started) / count


def report(arguments: argparse.Namespace) -> Report:
    """By turns, the official models in a process of their own."""
    sides = {"binance_papi": ours, "msgspec, to a dict": bare}
    notes = [
        f"{arguments.rounds} rounds by turns of {arguments.count} replies; median (quartiles)."
    ]
    with venv(arguments.peers_venv, ([OFFICIAL],)) as python:
        command = [python, str(HERE / "peer.py"), "official-models", "asyncio", BODY.decode()]
        with playing(command) as player:
            if player.hello.missing:
                notes.append(f"Not run: {OFFICIAL} ({player.hello.missing}).")
            else:
                sides[player.hello.name] = player.turn
            times: dict[str, list[float]] = {name: [] for name in sides}
            for name in turns(tuple(sides), arguments.rounds):
                times[name].append(sides[name](arguments.count))
    mine = times["binance_papi"]
    relative = {name: ratios(values, mine) for name, values in times.items()}
    official = relative.get(player.hello.name)
    return Report(
        str(__doc__),
        ["decoder", "CPU µs", "/ ours"],
        [
            [name, spread([1e6 * value for value in values], 1), spread(relative[name])]
            for name, values in times.items()
        ],
        [] if official is None else [Target("official SDK / ours", median(official), 1.0, True)],
        notes,
    )


def main() -> int:
    """Run it."""
    parser = options(__doc__, rounds=15)
    parser.add_argument("--count", type=int, default=5000, help="replies per turn (%(default)s)")
    parser.add_argument("--peers-venv", help="a venv with the SDK; else one is made by pip")
    arguments = parser.parse_args()
    return finish(report(arguments), arguments)


if __name__ == "__main__":
    sys.exit(main())
