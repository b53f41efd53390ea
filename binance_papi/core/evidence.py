"""The stream as evidence: which cancels an event is about, and what it says of an outcome.

An event that names an end is proof, whatever replies say, and in whatever order both come. Ends
absorb: the first one heard ends the pursuit. Where another end is heard later, the two contradict
each other; the newer one counts by the exchange's own time, and it is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from binance_papi.core.cancel import CANCELED, GONE, Cancel, Sighting
from binance_papi.core.outcome import AlreadyGone, Canceled, Outcome
from binance_papi.core.resolve import Fate

Key = tuple[str, str | None, int | None, str | None]
"""An order, as `Cancel.order` names it."""


class OrderEvent(Protocol):
    """An event about one order."""

    def addresses(self) -> tuple[tuple[str, str | None], ...]:
        """Paths of the cancels it may be about, each with the symbol that it needs."""
        ...

    def sighting(self) -> Sighting:
        """What it says of the order's state."""
        ...


class Testimony(Protocol):
    """Whoever knows what the user data stream told; see `binance_papi.net.witness`."""

    def recall(self, fate: Fate) -> None:
        """Tell it of the end of its order, if an event did before."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """An outcome is there."""
        ...

    def reply(self, request: Cancel[Any], reply: Any) -> None:
        """A cancel was answered after its outcome was there."""
        ...


def keys_of(path: str, symbol: str | None, seen: Sighting) -> Iterator[Key]:
    """The ways in which a cancel may name the order that was seen."""
    if seen.id is not None:
        yield path, symbol, seen.id, None
        if seen.client_id is not None:
            yield path, symbol, seen.id, seen.client_id
    if seen.client_id is not None:
        yield path, symbol, None, seen.client_id


def is_end(seen: Sighting) -> bool:
    """Whether the order is no longer open, and will never be again."""
    return seen.status == CANCELED or seen.status in GONE


def corrected(
    outcome: Canceled | AlreadyGone, seen: Sighting, witness: Any
) -> Canceled | AlreadyGone | None:
    """What counts where an outcome is known and something else is seen.

    Args:
        outcome: What was said.
        seen: What is seen now.
        witness: The event or reply that says so.

    Returns:
        The newer of the two, flagged inconsistent; ``None``: they don't contradict each other.
    """
    said = CANCELED if isinstance(outcome, Canceled) else outcome.status
    if not is_end(seen) or seen.status == said or (said != CANCELED and seen.status in GONE):
        return None  # e.g. TRIGGERED went on to FINISHED
    known = outcome.order.sighting().updated if outcome.order is not None else None
    if known is not None and (seen.updated is None or seen.updated < known):
        return msgspec.structs.replace(outcome, inconsistent=True)
    request, attempts, queries = outcome.request, outcome.attempts, outcome.queries
    if seen.status == CANCELED:
        by = "us" if attempts > queries else "other"
        return Canceled(request, by, witness, attempts, queries, inconsistent=True)
    return AlreadyGone(
        request,
        str(seen.status),
        order_id=seen.child,
        order=witness,
        attempts=attempts,
        queries=queries,
        inconsistent=True,
    )
