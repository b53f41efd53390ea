"""Placements over many seeds: none is placed twice, and not one claim is wrong.

``SIMULATION_SEEDS`` and ``SIMULATION_START`` as for the bursts.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.simulation.placing import (
    MAYBE,
    NOT_PLACED,
    PLACED,
    Policy,
    closing,
    leaving,
    naive,
    place,
    resend,
    simulate,
)
from tests.simulation.profile import CLEAR, SITES, Profile

SEEDS = int(os.environ.get("SIMULATION_SEEDS", "200"))
START = int(os.environ.get("SIMULATION_START", "0"))
PORTION = 50

LOSSES = Profile(lost_requests=0.05, lost_replies=0.1, unknown=0.05, timeouts=0.05, lag=0.5)


@pytest.mark.parametrize("first", range(START, START + SEEDS, PORTION))
def test_nothing_is_placed_twice_and_no_claim_is_wrong(first: int) -> None:
    """All families, all faults; a failure names its seed."""
    kinds: Counter[str] = Counter()
    for seed in range(first, min(first + PORTION, START + SEEDS)):
        result = simulate(seed)
        assert result.violations == (), f"seed {seed}"
        kinds.update(said.kind for said in result.said)
    assert kinds[PLACED] > kinds[MAYBE] > 0
    assert kinds[NOT_PLACED] > 0


@pytest.mark.parametrize("policy", [leaving, closing])
def test_no_claim_is_wrong_on_the_way_out(policy: Policy) -> None:
    """Callers who are cancelled, and a client that closes."""
    for seed in range(START, START + 25):
        result = simulate(seed, policy)
        assert result.violations == (), f"seed {seed}"


@pytest.mark.parametrize("site", SITES)
def test_in_the_end_it_is_known(site: str) -> None:
    """One kind of fault at a time, and nobody who forgets: after asking on nothing is open."""
    open_at_the_deadline = 0
    for seed in range(2):
        day = Profile(lag=0.5, **{site: 0.1})  # type: ignore[arg-type]
        result = simulate(seed, count=20, profile=day)
        assert result.violations == ()
        open_at_the_deadline += sum(said.kind == MAYBE for said in result.said)
        assert [said for said in result.final if said.kind == MAYBE] == []
    assert open_at_the_deadline <= 8


def test_a_clear_day_costs_one_request_each() -> None:
    """Where nothing goes wrong nobody asks."""
    result = simulate(1, count=100, profile=CLEAR)
    assert result.violations == ()
    refused = sum(said.kind == NOT_PLACED for said in result.said)
    assert result.orders == 100 - refused
    assert result.wires == 100
    assert {said.kind for said in result.said} == {PLACED, NOT_PLACED}


def test_a_policy_that_sends_again_is_found_out() -> None:
    """The same id keeps the second order out only while the first is open."""
    rules = _rules(resend)
    assert rules["twice"] > 2
    assert rules["doubtful"] > 10


def test_a_policy_that_takes_silence_for_failure_is_found_out() -> None:
    """There is an order after all."""
    assert _rules(naive)["not-placed"] > 10


@pytest.mark.parametrize("policy", [resend, naive])
def test_wrong_policies_are_right_on_a_clear_day(policy: Policy) -> None:
    """The judge makes nothing up."""
    assert [simulate(seed, policy, profile=CLEAR).violations for seed in range(3)] == [()] * 3


def test_a_seed_repeats() -> None:
    """Made-up ids too."""
    for seed in (3, 5):
        assert simulate(seed, place, faults=0.2).digest == simulate(seed, faults=0.2).digest


def _rules(policy: Policy) -> Counter[str]:
    """The rules that a policy breaks on days with losses."""
    rules: Counter[str] = Counter()
    for seed in range(15):
        result = simulate(seed, policy, count=20, profile=LOSSES)
        rules.update(violation.rule for violation in result.violations)
    return rules
