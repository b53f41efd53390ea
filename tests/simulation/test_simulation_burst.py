"""Bursts over many seeds: not one outcome may be wrong.

``SIMULATION_SEEDS=10000`` runs more of them, ``SIMULATION_START`` others (the nightly run does).
"""

from __future__ import annotations

import os

import pytest

from tests.simulation.campaign import Tally
from tests.simulation.claim import CANCELED, REJECTED, UNKNOWN
from tests.simulation.policies import Policy, burst, closing, leaving, twins
from tests.simulation.profile import CLEAR, SITES, STUDY, Profile
from tests.simulation.run import simulate
from tests.simulation.soak import soak

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "200"))
START = int(os.environ.get("SIMULATION_START", "0"))
PORTION = 20


@pytest.mark.parametrize("first", range(START, START + SEEDS, PORTION))
def test_no_outcome_is_wrong(first: int) -> None:
    """Mixed families and faults; a failure names its seed and how to replay it."""
    for seed in range(first, min(first + PORTION, START + SEEDS)):
        result = simulate(seed)
        replay = f"python -m tests.simulation --seeds 1 --start {seed} --trace"
        assert result.violations == (), replay


@pytest.mark.parametrize("policy", [twins, closing, leaving])
def test_no_outcome_is_wrong_on_the_way_out(policy: Policy) -> None:
    """Two bursts at once; a client that closes; a caller who leaves."""
    for seed in range(START, START + 30):
        result = simulate(seed, policy)
        name = policy.__name__
        replay = f"python -m tests.simulation --seeds 1 --start {seed} --policy {name} --trace"
        assert result.violations == (), replay


@pytest.mark.parametrize("site", SITES)
def test_one_kind_of_fault_leaves_nothing_unknown(site: str) -> None:
    """A fault that heals within the deadline costs some requests, and no certainty."""
    sums = Tally()
    for seed in range(10):
        day = Profile(lag=0.5, **{site: 0.05})  # type: ignore[arg-type]
        sums.add(simulate(seed, cancels=40, profile=day))
    assert sums.failed == []
    assert sums.kinds[UNKNOWN] == sums.kinds[REJECTED] == 0
    assert sums.wires / sums.cancels < 1.3


def test_a_clear_day_costs_one_request_each() -> None:
    """Where nothing goes wrong everything is cancelled, and nobody asks twice."""
    result = simulate(1, cancels=400, profile=CLEAR)
    assert result.violations == ()
    assert {claim.kind for claim in result.claims} == {CANCELED}
    assert result.wires == 400


def test_the_study_is_matched() -> None:
    """The fault mix of the study: none wrong, none unknown in the end, few requests."""
    sums = Tally()
    for seed in range(25):
        sums.add(simulate(seed, cancels=40, profile=STUDY))
    assert sums.failed == []
    assert sums.final[UNKNOWN] == 0
    assert sums.wires / sums.cancels < 1.8


def test_a_burst_repeats() -> None:
    """A failing seed can be replayed bit for bit."""
    for seed in (3, 5, 8):
        assert simulate(seed, burst, faults=0.2).digest == simulate(seed, faults=0.2).digest


def test_one_client_may_live_long() -> None:
    """Bursts after bursts: nothing wrong, nothing left."""
    found = soak(1, burst, 600, 0.1, batch=200)
    assert found.violations == []
    assert found.cancels == 600
