"""Take out every safeguard in turn and see whether a test notices.

``python -m tests.controls`` prints a table and exits 1 if the absence of one goes unnoticed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.controls.removals import REMOVALS, Removal

ROOT = Path(__file__).parents[2]


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def try_without(removal: Removal) -> tuple[bool, str, float]:
    """Run tests without a safeguard.

    Returns:
        Whether a test failed, which one, and how many seconds that took.
    """
    begun = time.perf_counter()
    name = removal.remove.__name__
    present = [test for test in removal.tests if (ROOT / test.partition("::")[0]).exists()]
    if not present:
        raise SystemExit(f"{name}: none of its tests is there")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "--tb=no", "-p"]
    # In one process: where several stop at the first failure, pytest calls that an interruption.
    command += ["tests.controls.plugin", "-p", "no:randomly", "-n", "0", *present]
    run = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env={**os.environ, "BINANCE_PAPI_WITHOUT": name, "HYPOTHESIS_PROFILE": "controls"},
        capture_output=True,
        text=True,
    )
    if run.returncode not in (0, 1):
        raise SystemExit(f"{name}: pytest itself failed\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    red = [line.split()[1] for line in run.stdout.splitlines() if line.startswith("FAILED")]
    return run.returncode == 1, red[0] if red else "", time.perf_counter() - begun


def main() -> int:
    """Run them all, a few at a time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these (all of them)")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (%(default)s)")
    arguments = parser.parse_args()
    chosen = [
        one for one in REMOVALS if not arguments.names or one.remove.__name__ in arguments.names
    ]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(try_without, chosen))
    say(f"{'without':<36} {'noticed':<8} {'s':>6}  first test that went red")
    for removal, (noticed, red, took) in zip(chosen, results, strict=True):
        word = "yes" if noticed else "NO"
        say(f"{removal.what:<36} {word:<8} {took:6.1f}  {red}")
    return 0 if all(noticed for noticed, _, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
