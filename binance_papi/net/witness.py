"""The witness: what the user data stream told about orders, and who is told of it.

Events reach it the moment they arrive, before anybody reads the stream, so that a slow reader
holds up no burst. It remembers the ends of orders that nobody is cancelling yet, and the outcomes
of those that somebody was; both as many as `KEPT`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from binance_papi.core.cancel import CANCELED, Cancel, Sighting
from binance_papi.core.events import Contradicted, Event
from binance_papi.core.evidence import Key, OrderEvent, corrected, is_end, keys_of
from binance_papi.core.outcome import AlreadyGone, Canceled, Outcome
from binance_papi.core.resolve import Fate
from binance_papi.net.placing import Placings
from binance_papi.net.pursuits import Pursuits

KEPT: Final = 20_000
"""Ends of orders, and outcomes, that are remembered."""


class Witness:
    """What the stream told.

    Args:
        pursuits: Who cancels.
        placings: Who places.
        tell: Called with every contradiction.
    """

    def __init__(
        self, pursuits: Pursuits, placings: Placings, tell: Callable[[Event], None]
    ) -> None:
        self._pursuits = pursuits
        self._placings = placings
        self._tell = tell
        # By the exchange's ids only: the user's own may be used again.
        self._ends: OrderedDict[Key, tuple[Sighting, Any]] = OrderedDict()
        self._outcomes: OrderedDict[Key, Canceled | AlreadyGone] = OrderedDict()

    def hear(self, event: OrderEvent) -> None:
        """An event about an order arrived."""
        seen = event.sighting()
        for path, symbol in event.addresses():
            placing = self._placings.of((path, seen.client_id))
            if placing is not None:
                placing.see(event)
            for key in keys_of(path, symbol, seen):
                pursuit = self._pursuits.of(key)
                if pursuit is not None:
                    pursuit.witness(seen, event)
                else:
                    self._compare(key, seen, event)
            if seen.id is not None and is_end(seen):
                _keep(self._ends, (path, symbol, seen.id, None), (seen, event))

    def recall(self, fate: Fate) -> None:
        """Tell it of the end of its order, if an event did before."""
        path, symbol, number, _ = fate.request.order()
        known = self._ends.get((path, symbol, number, None))
        if known is not None:
            fate.witness(*known)

    def ended(self, outcome: Outcome) -> None:
        """An outcome is there."""
        if isinstance(outcome, Canceled | AlreadyGone):
            _keep(self._outcomes, outcome.request.order(), outcome)

    def reply(self, request: Cancel[Any], reply: Any) -> None:
        """A cancel was answered after its outcome was there."""
        seen = request.sight(reply)
        if request.names(seen):
            self._compare(request.order(), seen, reply)

    def _compare(self, key: Key, seen: Sighting, told: Any) -> None:
        """Something is told of an order whose outcome is there."""
        outcome = self._outcomes.get(key)
        if outcome is None:
            return
        _, _, number, _ = key
        if number is None and not _is_same(outcome, seen):
            return  # the user's own id may be another order's, before and after
        counts = corrected(outcome, seen, told)
        if counts is None:
            return
        self._outcomes[key] = counts
        self._pursuits.keep(counts)
        self._tell(Contradicted(key, _status(outcome), str(seen.status), _status(counts)))


def _is_same(outcome: Canceled | AlreadyGone, seen: Sighting) -> bool:
    """Whether the very order of an outcome is seen, and later than it was then."""
    if outcome.order is None:
        return False
    known = outcome.order.sighting()
    if None in (known.id, known.updated, seen.updated) or seen.id != known.id:
        return False
    return bool(seen.updated > known.updated)


def _status(outcome: Canceled | AlreadyGone) -> str:
    return CANCELED if isinstance(outcome, Canceled) else outcome.status


def _keep(where: OrderedDict[Key, Any], key: Key, what: Any) -> None:
    where[key] = what
    if len(where) > KEPT:
        where.popitem(last=False)
