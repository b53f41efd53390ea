"""How long does importing the client take beyond importing aiohttp and msgspec?"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Final

import msgspec
from bench import Report, Target, finish, options, ratios, spread

PROBE: Final = """
import sys, time
started = time.process_time()
import aiohttp, msgspec
between, modules = time.process_time(), len(sys.modules)
from binance_papi import PapiClient
ended = time.process_time()
print([1000 * (between - started), 1000 * (ended - between), len(sys.modules) - modules])
"""
"""What a fresh interpreter runs."""


def probe(bytecode: str) -> tuple[float, float, int]:
    """A fresh interpreter: ms for what is needed, ms for ours, modules of ours.

    Its bytecode lives in a folder of ours: containers like to forbid writing it
    (``PYTHONDONTWRITEBYTECODE``), and then one would measure the compiler.
    """
    places = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode}
    places.pop("PYTHONDONTWRITEBYTECODE", None)
    run = subprocess.run(
        [sys.executable, "-c", PROBE], check=True, stdout=subprocess.PIPE, env=places
    )
    return msgspec.json.decode(run.stdout, type=tuple[float, float, int])


def report(rounds: int) -> Report:
    """One process after the other; the first one writes the bytecode."""
    with tempfile.TemporaryDirectory() as bytecode:
        probe(bytecode)
        if not any(Path(bytecode).rglob("client.*.pyc")):
            raise RuntimeError("the first process wrote no bytecode")
        needed, ours, modules = zip(*(probe(bytecode) for _ in range(rounds)), strict=True)
    return Report(
        str(__doc__),
        ["import", "CPU ms", "of what is needed"],
        [
            ["aiohttp and msgspec", spread(needed, 1), ""],
            [
                f"then binance_papi ({modules[0]} modules)",
                spread(ours, 1),
                spread(ratios(ours, needed)),
            ],
        ],
        [Target("ms to import the client", median(ours), 25.0)],
        [f"{rounds} fresh processes with bytecode in place; median (quartiles)."],
    )


def main() -> int:
    """Run it."""
    arguments = options(__doc__, rounds=21).parse_args()
    return finish(report(arguments.rounds), arguments)


if __name__ == "__main__":
    sys.exit(main())
