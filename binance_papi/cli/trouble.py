"""What the demo lets go wrong: a mixture of faults, and orders that end by themselves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from binance_papi.cli.families import Kind
from binance_papi.simulator import Fault, FaultKind, Simulator

SHARE: Final = 0.2
"""Share of the requests that a fault hits."""

_ENDED: Final = 0.06
"""Share of the orders that end by themselves, in the beginning or meanwhile."""

_BEFORE: Final = ("trigger", "expire", "cancel")
_SLOW: Final = 0.7


class Trouble(NamedTuple):
    """One kind of fault, and what it means in plain words."""

    kind: FaultKind
    words: str
    executed: bool | None = None
    method: str | None = None
    delay: float = 0.0

    def fault(self, probability: float) -> Fault:
        """The fault itself."""
        return Fault(
            self.kind,
            probability,
            executed=self.executed,
            method=self.method,
            delay=self.delay,
        )


TROUBLES: Final = (
    Trouble(FaultKind.DROP_BEFORE, "reset, nothing done"),
    Trouble(FaultKind.DROP_AFTER, "reset, but it was done"),
    Trouble(FaultKind.NO_REPLY, "never answered"),
    Trouble(FaultKind.SLOW, "answered late", delay=_SLOW),
    Trouble(FaultKind.TRUNCATED, "reply cut in half"),
    Trouble(FaultKind.GARBAGE, "reply can't be read"),
    Trouble(FaultKind.HTTP_503_UNKNOWN, "503 Unknown error, done", executed=True),
    Trouble(FaultKind.HTTP_503_UNKNOWN, "503 Unknown error, not done", executed=False),
    Trouble(FaultKind.HTTP_503_UNAVAILABLE, "503 Service Unavailable"),
    Trouble(FaultKind.HTTP_503_THROTTLED, "503 -1008, throttled"),
    Trouble(FaultKind.ERROR_1007, "-1007, time-out inside"),
    Trouble(FaultKind.HTML_502, "502 with a web page"),
    Trouble(FaultKind.ERROR_2011, "-2011, though it is open", method="DELETE"),
)
"""The mixture; each kind is equally likely."""

WORDS: Final = {
    FaultKind.HTTP_503_UNKNOWN: "503 Unknown error",
    **{one.kind: one.words for one in reversed(TROUBLES) if one.executed is None},
}
"""What each kind means, by kind."""


def mixture(share: float = SHARE) -> Iterator[Fault]:
    """Faults that together hit this share of the requests.

    The exchange draws one after the other, so each is given its part of what the others leave.
    """
    part = share / len(TROUBLES)
    for number, one in enumerate(TROUBLES):
        yield one.fault(part / (1 - number * part))


class Fortune:
    """Lets some orders end by themselves.

    Args:
        exchange: The exchange.
        kind: Family of the orders.
        ids: The orders.
        seed: Seed of the choice.
    """

    def __init__(self, exchange: Simulator, kind: Kind, ids: Sequence[int], seed: int) -> None:
        self._exchange = exchange
        self._kind = kind
        chosen = random.Random(seed).sample(ids, max(2, round(_ENDED * len(ids))) % (len(ids) + 1))  # noqa: S311 - a rehearsal that repeats, no secret
        half = (len(chosen) + 1) // 2
        self._before, self._meanwhile = chosen[:half], chosen[half:]

    def before(self) -> None:
        """Some end before the burst: triggered, expired, cancelled by somebody else."""
        for number, order_id in enumerate(self._before):
            self._end(order_id, _BEFORE[number % len(_BEFORE)])

    async def meanwhile(self) -> None:
        """Some trigger in the middle of it, if they are open still."""
        for order_id in self._meanwhile:
            await asyncio.sleep(0.003)
            if self._exchange.order(order_id, self._kind.name).is_waiting:
                self._end(order_id, "trigger")

    def _end(self, order_id: int, how: str) -> None:
        if how == "trigger":
            self._exchange.trigger(order_id, "fill", self._kind.name)
        else:
            getattr(self._exchange, how)(order_id, self._kind.name)
