from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.policies import retry
from tests.simulation.run import simulate

ROOT = Path(__file__).parents[2]

CODE = """
from tests.simulation.policies import POLICIES
from tests.simulation.run import simulate
for seed in (3, 5, 8):
    print(simulate(seed, POLICIES["{policy}"], faults=0.2).digest)
"""


def digests(policy: str, hash_seed: str) -> list[str]:
    """What three seeds are boiled down to, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(policy=policy)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split()


def test_a_seed_repeats_in_one_process() -> None:
    """Twice the same, whatever the global chance was before; another seed differs."""
    random.seed(1)
    first = simulate(11, retry, faults=0.2, keep=True)
    random.seed(2)
    again = simulate(11, retry, faults=0.2, keep=True)
    assert first.lines == again.lines
    assert first == again
    assert simulate(12, retry, faults=0.2).digest != first.digest


def test_a_run_leaves_global_chance_alone() -> None:
    """Who seeded it before goes on from there."""
    random.seed(7)
    expected = random.Random(7).random()
    simulate(11, retry)
    assert random.random() == expected


@pytest.mark.parametrize("policy", ["retry", "burst", "closing", "leaving"])
def test_a_seed_repeats_in_another_process(policy: str) -> None:
    """Whatever hashes and addresses are there."""
    assert digests(policy, "1") == digests(policy, "2")
