"""What a client says of one cancel, in words that every policy can speak."""

from __future__ import annotations

from math import inf
from typing import Final, NamedTuple

from tests.simulation.book import Key

CANCELED: Final = "Canceled"
ALREADY_GONE: Final = "AlreadyGone"
REJECTED: Final = "Rejected"
UNKNOWN: Final = "Unknown"


class Claim(NamedTuple):
    """One outcome.

    Attributes:
        key: The order.
        kind: ``Canceled``, ``AlreadyGone``, ``Rejected`` or ``Unknown``.
        by: Who cancelled it, for ``Canceled``.
        status: What it became, for ``AlreadyGone``; ``None``: the client does not say.
        child: Id of the plain order it became; ``None``: the client does not say.
        attempts: Requests on the wire for it; -1: the client does not say.
        reason: The client's words, for people.
        since: Virtual time when the call began that claims it.
        until: Virtual time from which on requests are another call's.
        shared: Whether another call was after the same order at the same time.
    """

    key: Key
    kind: str
    by: str | None = None
    status: str | None = None
    child: int | None = None
    attempts: int = -1
    reason: str = ""
    since: float = -inf
    until: float = inf
    shared: bool = False
