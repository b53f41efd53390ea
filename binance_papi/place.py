"""One order placed, or certainly not placed, or nobody can say yet; and never two.

Whoever awaits a placement only watches: the client itself places the order (see
`binance_papi.net.placing`), so that what is on the wire lives on when its caller does not.
"""

from __future__ import annotations

from math import inf
from typing import Any

from binance_papi.core.endpoint import Request
from binance_papi.core.outcome import MaybePlaced, NotPlaced, Placed, Placement
from binance_papi.core.place import Place, with_client_id
from binance_papi.errors import InvalidRequestError
from binance_papi.net.placing import Placings


async def place(placings: Placings, request: Request[Any], *, deadline: float) -> Placement:
    """Place one order; see `PapiClient.place`."""
    if not isinstance(request, Place):
        name = type(request).__name__
        raise InvalidRequestError(f"what is placed is one new order, not {name}")
    ends = _end_of(placings, deadline)
    unique = request.client_id() is None
    kept = placings.kept(request)
    if isinstance(kept, Placed):
        return _told(placings, kept)
    # An earlier call may have placed it: then that is found out first, and nothing is sent.
    since = kept.since or 0 if isinstance(kept, MaybePlaced) else None
    placing = placings.begin(with_client_id(request), ends, unique=unique, since=since)
    return await placing.watch(ends)


async def resolve(
    placings: Placings, what: Placement | Place[Any], *, deadline: float
) -> Placement:
    """Go on asking; see `PapiClient.resolve`."""
    if isinstance(what, Placed | NotPlaced):
        return what
    request = what if isinstance(what, Place) else what.request
    if request.client_id() is None:
        raise InvalidRequestError("without an id of your own nobody can ask for the order")
    ends = _end_of(placings, deadline)
    kept = placings.kept(request)
    if kept is not None and not isinstance(kept, MaybePlaced):
        return _told(placings, kept)
    known = what if isinstance(what, MaybePlaced) else kept
    since = known.since if isinstance(known, MaybePlaced) else None
    placing = placings.running(request)
    if placing is None:
        placing = placings.begin(request, ends, since=since or 0)
    else:
        placing.hurry(ends)
    return _told(placings, await placing.watch(ends))


def _told(placings: Placings, outcome: Placement) -> Placement:
    """Whoever waited for an order that was placed knows of it: the next request is a new one."""
    if isinstance(outcome, Placed):
        placings.forget(outcome.request)
    return outcome


def _end_of(placings: Placings, deadline: object) -> float:
    if not (isinstance(deadline, int | float) and 0 < deadline < inf):
        raise InvalidRequestError("deadline is above 0 seconds, and finite")
    return placings.pursuits.loop.time() + deadline
