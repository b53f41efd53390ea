"""The judge: what was claimed against what happened.

A claim is judged when everything has settled: no request is under way and none can take effect any
more. Every rule stands alone, so that a test can break it alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tests.simulation.book import Book, Key, Order
from tests.simulation.claim import ALREADY_GONE, CANCELED, REJECTED, UNKNOWN, Claim
from tests.simulation.network import Wire

MOST_CANCELS: Final = 4
"""Cancels of one order on the wire of which each may have had an effect."""

_LATER: Final[Mapping[str, frozenset[str]]] = {
    "TRIGGERED": frozenset({"TRIGGERED", "FINISHED"}),
}
"""States that an order may have gone on to, after it was in this one."""


class Violation(NamedTuple):
    """A rule that was broken.

    Attributes:
        rule: Its name.
        key: The order; ``None`` where it is about none.
        text: What was claimed and what happened.
    """

    rule: str
    key: Key | None
    text: str


@dataclass(slots=True)
class History:
    """All there is to judge a run by.

    Attributes:
        asked: The orders to cancel, in the order of asking.
        claims: What the client says, in its order.
        book: The truth.
        wires: Every request.
        used: Our request weight by window.
        limit: The limit of a window.
        statuses: Replies by HTTP status.
        leftovers: What the client had not finished after it closed.
        late: Seconds by which the client came later than promised.
        final: What the client says after it went on asking about what was unknown.
    """

    asked: Sequence[Key]
    claims: Sequence[Claim]
    book: Book
    wires: Iterable[Wire]
    used: Mapping[int, int] = field(default_factory=dict)
    limit: int = 6000
    statuses: Mapping[int, int] = field(default_factory=dict)
    leftovers: Sequence[str] = ()
    late: float = 0.0
    final: Sequence[Claim] = ()


def judge(history: History) -> list[Violation]:
    """Find everything that is wrong."""
    wires: dict[Key, list[Wire]] = {}
    for wire in history.wires:
        if wire.key is not None:
            wires.setdefault(wire.key, []).append(wire)
    found = list(_each_once(history))
    for claim in (*history.claims, *history.final):
        order = history.book.get(*claim.key)
        assert order is not None
        found += _claim(claim, order, wires.get(claim.key, []))
    for key, sent in wires.items():
        found += _cancels(key, sent)
    found += _whole(history)
    return found


def _each_once(history: History) -> Iterator[Violation]:
    """Every order has exactly one outcome, in the order of asking."""
    claimed = [claim.key for claim in history.claims]
    if claimed != list(history.asked):
        missing = Counter(history.asked) - Counter(claimed)
        extra = Counter(claimed) - Counter(history.asked)
        text = f"missing {sorted(missing)}, too many {sorted(extra)}, or in another order"
        yield Violation("one-outcome", None, text)


def _claim(claim: Claim, order: Order, wires: Sequence[Wire]) -> Iterator[Violation]:
    rules = {
        CANCELED: _canceled,
        ALREADY_GONE: _already_gone,
        REJECTED: _rejected,
        UNKNOWN: _unknown,
    }
    for rule, text in rules[claim.kind](claim, order, wires):
        life = " → ".join(f"{status}({cause}) {at:.3f}" for at, status, cause in order.changes)
        yield Violation(rule, claim.key, f"{text}: claimed {claim[1:]}, but {life}")
    if claim.attempts >= 0:
        # Those of one order that name no id (lists) are not known to be for it.
        least = sum(wire.written <= wire.settled for wire in wires if wire.action == "cancel")
        if claim.attempts < least and claim.kind != UNKNOWN:
            text = f"{claim.attempts} attempts claimed, {least} cancels alone were written"
            yield Violation("attempts", claim.key, text)


Found = Iterator[tuple[str, str]]


def _ours(order: Order) -> bool:
    """Whether one of our requests cancelled it."""
    return order.last.status == "CANCELED" and order.last.cause.startswith("#")


def _canceled(claim: Claim, order: Order, wires: Sequence[Wire]) -> Found:
    """It is cancelled, and by whom it says.

    Where a request of ours got no answer and somebody else was quicker by a hair, nobody outside
    can tell who it was: "us" then means "perhaps us".
    """
    last = order.last
    if last.status != "CANCELED":
        yield "canceled", "not cancelled"
    elif claim.by == "us" and not _ours(order):
        if not any(wire.written <= last.at and may_have_done(wire) for wire in wires):
            yield "canceled-by", "somebody else cancelled it"
    elif claim.by == "other" and _ours(order):
        yield "canceled-by", "we cancelled it"


def _already_gone(claim: Claim, order: Order, _: Sequence[Wire]) -> Found:
    """It ended that way or went on from there, and not by us."""
    last = order.last.status
    if _ours(order):
        yield "gone", "we cancelled it"
    elif claim.status is None:
        if last in ("NEW", "PARTIALLY_FILLED", "TRIGGERING"):
            yield "gone", "not gone"
    elif last not in _LATER.get(claim.status, {claim.status}):
        yield "gone", "something else happened"
    if claim.child is not None and claim.child != order.child:
        yield "gone-child", f"the plain order is {order.child}"


def _rejected(_: Claim, order: Order, __: Sequence[Wire]) -> Found:
    """Nothing of ours had an effect."""
    if _ours(order):
        yield "rejected", "we cancelled it"


def _unknown(_: Claim, __: Order, wires: Sequence[Wire]) -> Found:
    """Something unclear was heard, or nothing where something may have happened."""
    if all(wire.clear or wire.written > wire.settled for wire in wires):
        yield "unknown", "nothing was unclear"


def _cancels(key: Key, wires: Sequence[Wire]) -> Iterator[Violation]:
    """Few cancels that may have had an effect."""
    count = sum(may_have_done(wire) for wire in wires)
    if count > MOST_CANCELS:
        yield Violation("cancels", key, f"{count} cancels that may have had an effect")


def may_have_done(wire: Wire) -> bool:
    """Whether a cancel may have had an effect, as far as the client can know."""
    written = wire.action == "cancel" and wire.written <= wire.settled
    # A whole reply with 400 says that this very request did nothing, even where it proves no more.
    return written and not wire.clear and wire.told != 400


def _whole(history: History) -> Iterator[Violation]:
    """Rules about the run as a whole."""
    if bans := history.statuses.get(418, 0):
        yield Violation("bans", None, f"{bans} replies with status 418")
    for window, used in sorted(history.used.items()):
        if used > history.limit:
            yield Violation("window", None, f"{used} of {history.limit} used in {window}")
    for leftover in history.leftovers:
        yield Violation("leftover", None, leftover)
    if history.late > 0:
        yield Violation("late", None, f"{history.late:.3f} s after the deadline")
