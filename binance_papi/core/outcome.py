"""What a burst says of each cancel, and what is said of a placement, as values.

A cancel has exactly one of four outcomes, a placement one of three.

The difference between them is what is *known*. `Canceled` and `AlreadyGone` rest on positive
evidence, `Rejected` on certainty that nothing of ours had or will have an effect. Whatever is
less is `Unknown`, and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import ceil
from typing import Any, TypeAlias

import msgspec

from binance_papi.core.cancel import Cancel
from binance_papi.core.place import Place
from binance_papi.errors import PapiError


class Canceled(msgspec.Struct, frozen=True, gc=False):
    """The order is cancelled.

    Args:
        request: The cancel that was asked for.
        by: ``"us"``: one of our requests did it (or, of several, may have). ``"other"``: somebody
            else did, while this call was under way and before a request of ours could.
        order: The typed reply that proves it: of the cancel, or of the query.
        attempts: Requests on the wire for it, queries included.
        queries: How many of them were queries.
        inconsistent: Whether something else was also said of it, e.g. that it is open still; the
            newest word counts.
    """

    request: Cancel[Any]
    by: str = "us"
    order: Any = None
    attempts: int = 0
    queries: int = 0
    inconsistent: bool = False


class AlreadyGone(msgspec.Struct, frozen=True, gc=False):
    """The order was no longer open, and no request of this call cancelled it.

    Args:
        request: The cancel that was asked for.
        status: The exchange's word: TRIGGERED, FINISHED, EXPIRED, REJECTED, FILLED, or CANCELED
            where somebody else had cancelled it before.
        order_id: Id of the plain order that a triggered one became; ``None`` where there is none,
            or the exchange does not say.
        child: What became of the cancel of that plain order; ``None`` unless it was asked for.
        order: The typed reply that proves it.
        attempts: Requests on the wire for it, queries included.
        queries: How many of them were queries.
        inconsistent: Whether something else was also said of it; the newest word counts.
    """

    request: Cancel[Any]
    status: str
    order_id: int | None = None
    child: Outcome | None = None
    order: Any = None
    attempts: int = 0
    queries: int = 0
    inconsistent: bool = False


class Rejected(msgspec.Struct, frozen=True):
    """This call certainly changed nothing, and will change nothing.

    The order may well be open.

    Args:
        request: The cancel that was asked for.
        error: Why, as the exception that a single call would have raised.
        attempts: Requests on the wire for it, queries included.
        queries: How many of them were queries.
    """

    request: Cancel[Any]
    error: PapiError
    attempts: int = 0
    queries: int = 0


class Unknown(msgspec.Struct, frozen=True, gc=False):
    """Nobody can say yet. `PapiClient.resolve` goes on asking.

    Args:
        request: The cancel that was asked for.
        reason: What is missing, in a few words.
        attempts: Requests on the wire for it, queries included.
        queries: How many of them were queries.
        since: Exchange time in ms from which a request of ours may have taken effect; ``None``
            where none can have.
    """

    request: Cancel[Any]
    reason: str
    attempts: int = 0
    queries: int = 0
    since: int | None = None


Outcome: TypeAlias = Canceled | AlreadyGone | Rejected | Unknown


class Placed(msgspec.Struct, frozen=True):
    """The order was placed, once. It may have been filled, or have ended, since.

    Args:
        request: The placement, with the id of your own that it was sent with.
        order: The typed reply that proves it: of the placement, or of the query.
        by: ``"reply"``: the placement's own reply says so. ``"query"``: that reply is missing, and
            a query found the order. ``"event"``: an event of the user data stream showed it.
        attempts: Requests on the wire for it, queries included.
        queries: How many of them were queries.
    """

    request: Place[Any]
    order: Any
    by: str = "reply"
    attempts: int = 0
    queries: int = 0

    @property
    def order_id(self) -> int | None:
        """The exchange's id of the order."""
        found: int | None = self.order.sighting().id
        return found

    def cancel(self) -> Cancel[Any]:
        """The request that cancels it, by the exchange's id."""
        return self.request.cancel(self.order_id)


class NotPlaced(msgspec.Struct, frozen=True):
    """This call certainly placed nothing, and none of its requests will.

    With code -4116 an order has the id already: perhaps yours, from an earlier call or an earlier
    process. `PapiClient.resolve` of the request shows it.

    Args:
        request: The placement, with the id of your own that it was, or would have been, sent with.
        error: Why, as the exception that a single call would have raised.
        attempts: Requests on the wire for it, queries included.
        queries: How many of them were queries.
    """

    request: Place[Any]
    error: PapiError
    attempts: int = 0
    queries: int = 0


class MaybePlaced(msgspec.Struct, frozen=True):
    """Nobody can say yet whether the order was placed. `PapiClient.resolve` goes on asking.

    Nothing further is sent to place it: there is at most one order.

    Args:
        request: The placement, with the id of your own that it was sent with.
        reason: What is missing, in a few words.
        attempts: Requests on the wire for it, queries included.
        queries: How many of them were queries.
        since: Exchange time in ms from which the order may have been placed.
    """

    request: Place[Any]
    reason: str
    attempts: int = 0
    queries: int = 0
    since: int | None = None


Placement: TypeAlias = Placed | NotPlaced | MaybePlaced


class Latency(msgspec.Struct, frozen=True):
    """How long outcomes took from the call on, in seconds; all 0 where there were none.

    Args:
        p50: Half of them were quicker.
        p90: Nine of ten.
        p99: Ninety-nine of a hundred.
        max: The slowest.
    """

    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0
    max: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Latency:
        """Sum up; the percentiles are values that occurred (nearest rank)."""
        ordered = sorted(seconds)
        if not ordered:
            return cls()
        ranks = (max(0, ceil(part * len(ordered)) - 1) for part in (0.5, 0.9, 0.99, 1.0))
        return cls(*(ordered[rank] for rank in ranks))


class BurstReport(msgspec.Struct, frozen=True):
    """What became of every cancel of a burst.

    Args:
        outcomes: One for each request, in the order of the requests.
        elapsed: Seconds from the call to the report.
        latency: How long the outcomes took.
        requests: Requests on the wire, queries included; cancels of the same order count once.
        weight: Request weight that these used.
    """

    outcomes: tuple[Outcome, ...]
    elapsed: float = 0.0
    latency: Latency = Latency()
    requests: int = 0
    weight: int = 0

    @property
    def by_kind(self) -> dict[str, int]:
        """How many there are of each kind, by the name of its class; all four are there."""
        counts = Counter(type(outcome).__name__ for outcome in self.outcomes)
        return {
            kind.__name__: counts[kind.__name__]
            for kind in (Canceled, AlreadyGone, Rejected, Unknown)
        }

    @property
    def unresolved(self) -> tuple[Unknown, ...]:
        """The outcomes that nobody can say yet, those of children included."""
        return unresolved(self.outcomes)


class CloseReport(msgspec.Struct, frozen=True):
    """What was open when a client closed.

    Args:
        unresolved: Cancels whose outcome nobody can say, each once.
        placements: Placements of which nobody can say whether there is an order, each once.
    """

    unresolved: tuple[Unknown, ...] = ()
    placements: tuple[MaybePlaced, ...] = ()


def unresolved(outcomes: Iterable[Outcome]) -> tuple[Unknown, ...]:
    """Those among ``outcomes``, and among their children, that nobody can say yet."""
    found: list[Unknown] = []
    for outcome in outcomes:
        last: Outcome | None = outcome
        while isinstance(last, AlreadyGone):
            last = last.child
        if isinstance(last, Unknown):
            found.append(last)
    return tuple(found)
