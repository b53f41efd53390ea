"""What the limits went through, as values: one frozen record per event, for logs and metrics."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from binance_papi.terms import RateLimit


class Frozen(msgspec.Struct, frozen=True, tag=True):
    """Nothing is sent for ``seconds``; ``status`` is 429, 418 or 403."""

    status: int
    seconds: float
    source_address: str | None = None


class WeightRaised(msgspec.Struct, frozen=True, tag=True):
    """An endpoint costs more than it is declared to; from now on it is charged ``weight``."""

    method: str
    path: str
    declared: int
    weight: int


class AlignmentLost(msgspec.Struct, frozen=True, tag=True):
    """A window restarted where no boundary was near: from now on two windows are summed."""

    limit: RateLimit


class ClockJumped(msgspec.Struct, frozen=True, tag=True):
    """A clock was off by more than allowed for; it is learned anew."""

    error: float


class Contradicted(msgspec.Struct, frozen=True, tag=True):
    """Two ends of one order were told; ``counts`` is the newer one, by the exchange's own time.

    ``PapiClient.resolve`` tells the outcome that counts. ``order`` names the order as its cancel
    does: path, symbol, the exchange's id, the user's id.
    """

    order: tuple[str, str | None, int | None, str | None]
    said: str
    told: str
    counts: str


Event: TypeAlias = Frozen | WeightRaised | AlignmentLost | ClockJumped | Contradicted
