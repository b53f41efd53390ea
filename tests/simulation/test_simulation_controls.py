"""Policies that are known to be wrong: a judge that finds nothing in them finds nothing at all."""

from __future__ import annotations

import time

import pytest

from tests.simulation.campaign import Tally
from tests.simulation.policies import Policy, naive, retry
from tests.simulation.profile import CLEAR, STUDY, Profile
from tests.simulation.run import simulate


def tally(policy: Policy, profile: Profile, seeds: int = 75) -> Tally:
    """Some runs of 40 cancels each, added up."""
    sums = Tally()
    for seed in range(seeds):
        sums.add(simulate(seed, policy, cancels=40, profile=profile))
    return sums


@pytest.mark.parametrize("policy", [naive, retry])
def test_nothing_is_wrong_where_nothing_goes_wrong(policy: Policy) -> None:
    """Even a wrong policy is right on a clear day: the judge makes nothing up."""
    sums = tally(policy, CLEAR, seeds=5)
    assert sums.failed == []
    assert sums.kinds == {"Canceled": sums.cancels}


def test_the_naive_policy_is_found_out() -> None:
    """An exception is no failure, and -2011 is no end: about 5 % are wrong."""
    sums = tally(naive, STUDY)
    assert 0.03 < sums.wrong / sums.cancels < 0.08
    assert sums.rules["rejected"] > 0
    assert sums.rules["gone"] > 0


def test_the_retrying_policy_is_found_out() -> None:
    """-2011 after a retry is no proof of our cancel: some per cent are wrong."""
    sums = tally(retry, STUDY)
    assert 0.005 < sums.wrong / sums.cancels < 0.05
    assert sums.rules["canceled"] > 0


def test_a_thousand_cancels_take_no_time() -> None:
    """Virtual time is cheap: about a tenth of a second of real time."""
    began = time.perf_counter()
    result = simulate(1, naive, cancels=1000, profile=CLEAR)
    assert time.perf_counter() - began < 2.0
    assert result.violations == ()
    assert result.wires == 1000
