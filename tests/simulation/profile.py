"""What a run is like: how often what goes wrong. Parts are of 1, times in seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from tests.simulation.dialect import FAMILIES


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of day.

    Attributes:
        latency: Median of one way through the network.
        sigma: How far latencies scatter (lognormal).
        lost_requests: Messages that never arrive.
        lost_replies: Replies that never arrive.
        stalls: Requests that take up to 4 s to arrive.
        resets: Connections that end while the reply is awaited.
        refused: Connections that do not come about.
        cold: Requests that have to connect first.
        unknown: 503 "Unknown error", executed now, later or never.
        unavailable: 503 "Service Unavailable.": not executed.
        protected: -1008: not executed.
        timeouts: -1007: executed now, later or never.
        gateways: 502 with a page of HTML, executed or not.
        garbled: Replies whose body is cut or mangled.
        lag: How old at most is what a query tells.
        gone: Orders that ended before.
        races: Orders that trigger (plain ones: fill) during the burst.
        rivals: Orders that somebody else cancels during the burst.
        forgetful: Orders that the nodes forget for a while.
        twice: Orders that are asked for a second time in the same burst.
        limit: Request weight per minute.
        foreign: Part of it that somebody else uses from the same address, evenly.
        nag: Whether a 429 tells no ``Retry-After``.
        skew: How far the client's wall clock is ahead of the venue's.
        phase: Where in the minute the run begins, part of it.
        recv_window: Milliseconds.
        timeout: How long the client waits for a reply.
        connections: The client's requests in flight.
        families: Whose orders there are.
    """

    latency: float = 0.04
    sigma: float = 0.5
    lost_requests: float = 0.0
    lost_replies: float = 0.0
    stalls: float = 0.0
    resets: float = 0.0
    refused: float = 0.0
    cold: float = 0.0
    unknown: float = 0.0
    unavailable: float = 0.0
    protected: float = 0.0
    timeouts: float = 0.0
    gateways: float = 0.0
    garbled: float = 0.0
    lag: float = 0.0
    gone: float = 0.0
    races: float = 0.0
    rivals: float = 0.0
    forgetful: float = 0.0
    twice: float = 0.0
    limit: int = 6000
    foreign: float = 0.0
    nag: bool = False
    skew: float = 0.0
    phase: float = 0.25
    recv_window: int = 2000
    timeout: float = 1.0
    connections: int = 64
    families: tuple[str, ...] = FAMILIES


CLEAR: Final = Profile()
"""Nothing goes wrong."""

STUDY: Final = Profile(
    lost_requests=0.02,
    lost_replies=0.02,
    stalls=0.01,
    unknown=0.03,
    lag=0.5,
    gone=0.05,
    races=0.15,
    forgetful=0.02,
)
"""The first cell of the study on which the rules of a cancel rest."""


def of_level(faults: float) -> Profile:
    """Everything goes wrong now and then.

    Args:
        faults: Part of the messages that meet one fault or another.
    """
    return Profile(
        lost_requests=0.2 * faults,
        lost_replies=0.2 * faults,
        stalls=0.1 * faults,
        resets=0.1 * faults,
        refused=0.1 * faults,
        cold=0.1,
        unknown=0.1 * faults,
        unavailable=0.05 * faults,
        protected=0.05 * faults,
        timeouts=0.04 * faults,
        gateways=0.03 * faults,
        garbled=0.03 * faults,
        lag=0.5,
        gone=0.1,
        races=0.15,
        rivals=0.03,
        forgetful=0.4 * faults,
    )


SITES: Final = (
    "lost_requests", "lost_replies", "stalls", "resets", "refused", "unknown", "unavailable",
    "protected", "timeouts", "gateways", "garbled",
)  # fmt: skip
"""Where a message may meet a fault that is over by the next one."""

LEVELS: Final = (0.0, 0.02, 0.05, 0.05, 0.1, 0.2, 0.4)


def drawn(dice: Random, faults: float | None = None) -> Profile:
    """A day as the seed will have it.

    A site of faults is armed or not as a whole (half of them are), so that some runs see much of
    one fault and nothing of another.

    Args:
        dice: Where chance comes from.
        faults: The level; ``None``: one of `LEVELS`.
    """
    level = dice.choice(LEVELS) if faults is None else faults
    profile = of_level(level)
    # The draw comes first, so that a run draws equally often whatever is armed.
    armed = {
        site: 2.0 * getattr(profile, site) * (dice.random() < 0.5) for site in (*SITES, "forgetful")
    }
    return replace(
        profile,
        latency=dice.choice((0.005, 0.02, 0.04, 0.1)),
        sigma=dice.choice((0.3, 0.5, 1.0)),
        twice=dice.choice((0.0, 0.0, 0.2)),
        limit=dice.choice((6000, 6000, 6000, 200, 60)),
        foreign=dice.choice((0.0,) * 8 + (0.3, 0.8)),
        nag=dice.random() < 0.3,
        skew=dice.choice((0.0, dice.uniform(-0.9, 0.9), dice.uniform(-0.9, 0.9), 4.0, -4.0)),
        phase=dice.random(),
        connections=dice.choice((64, 64, 8, 1)),
        **armed,
    )
