"""Somebody in the waiting room, for tests that look at the room alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from binance_papi.core.endpoint import Lane
from binance_papi.core.route import Grant
from binance_papi.errors import PapiError


@dataclass(eq=False)
class Waiting:
    """One request in the waiting room, whose owner does nothing when it is woken."""

    weight: int
    orders: int
    lane: Lane
    give_up: float = inf
    grant: Grant | None = None
    dead: bool = False

    def wake(self, problem: PapiError | None = None) -> None:
        """Its turn has come."""
