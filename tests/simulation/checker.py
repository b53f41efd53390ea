"""The judge: what was claimed against what happened.

A claim is judged when everything has settled: no request is under way and none can take effect any
more. Every rule stands alone, so that a test can break it alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final, NamedTuple

from tests.simulation.book import Book, Key, Order
from tests.simulation.claim import ALREADY_GONE, CANCELED, REJECTED, UNKNOWN, Claim
from tests.simulation.network import Wire

MOST_CANCELS: Final = 4
"""Cancels of one order and one call on the wire of which each may have had an effect."""

ENGINE: Final = 10.0
"""Seconds after which a request can't have an effect any more that had none before."""

BLUR: Final = 2.5
"""Seconds by which the exchange's clock is uncertain to a client that knows only ``Date``.

The interval is 2 s wide at first, and a clock that was just set adds a little.
"""

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
        calls: Bursts that asked for all of them.
        closed: The orders that closing lists as unknown; ``None``: it lists nothing.
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
    calls: int = 1
    closed: Sequence[Key] | None = None


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
    calls = Counter(claim.key for claim in history.final)
    if history.calls > 1:
        calls.update(dict.fromkeys(wires, history.calls - 1))
    for key, sent in wires.items():
        found += _cancels(key, sent, 1 + calls[key])
    found += _close(history)
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
    least = sum(
        wire.action == "cancel" and claim.since <= wire.written <= min(wire.settled, claim.until)
        for wire in wires
    )
    # What is unknown is still pursued: there may be more by now.
    if 0 <= claim.attempts < least and claim.kind != UNKNOWN:
        text = f"{claim.attempts} attempts claimed, {least} cancels alone were written"
        yield Violation("attempts", claim.key, text)


Found = Iterator[tuple[str, str]]


def _ours(order: Order) -> bool:
    """Whether one of our requests cancelled it."""
    return order.last.status == "CANCELED" and order.last.cause.startswith("#")


def _of_this_call(claim: Claim, order: Order, wires: Sequence[Wire]) -> bool:
    """Whether a request of the very call that claims it cancelled it."""
    others = {f"#{wire.number}" for wire in wires if not claim.since <= wire.written <= claim.until}
    return _ours(order) and order.last.cause not in others


def _canceled(claim: Claim, order: Order, wires: Sequence[Wire]) -> Found:
    """It is cancelled, and by whom it says.

    Where a request of ours got no answer and somebody else was quicker by a hair (by less than the
    clocks are known), nobody outside can tell who it was: "us" then means "perhaps us".
    """
    last = order.last
    if last.status != "CANCELED":
        yield "canceled", "not cancelled"
    elif claim.by == "us" and not _ours(order):
        # What was still on its way when the query that decided was answered, or an event told it,
        # may have done it.
        decided = max((wire.settled for wire in wires if _decides(wire)), default=inf)
        decided = min(decided, order.told)
        if not any(
            wire.written <= last.at + BLUR
            and (may_have_done(wire) or (wire.action == "cancel" and wire.settled > decided))
            for wire in wires
        ):
            yield "canceled-by", "somebody else cancelled it"
    elif claim.by == "other" and _ours(order):
        yield "canceled-by", "we cancelled it"


def _already_gone(claim: Claim, order: Order, wires: Sequence[Wire]) -> Found:
    """It ended that way or went on from there, and not by this call."""
    last = order.last.status
    if _of_this_call(claim, order, wires):
        yield "gone", "we cancelled it"
    elif claim.status is None:
        if last in ("NEW", "PARTIALLY_FILLED", "TRIGGERING"):
            yield "gone", "not gone"
    elif last not in _LATER.get(claim.status, {claim.status}):
        yield "gone", "something else happened"
    if claim.child is not None and claim.child != order.child:
        yield "gone-child", f"the plain order is {order.child}"


def _rejected(claim: Claim, order: Order, wires: Sequence[Wire]) -> Found:
    """Nothing of this call had an effect."""
    if _of_this_call(claim, order, wires):
        yield "rejected", "we cancelled it"


def _unknown(claim: Claim, _: Order, wires: Sequence[Wire]) -> Found:
    """Something unclear was heard, or nothing where something may have happened."""
    if not claim.shared and all(wire.clear or wire.written > wire.settled for wire in wires):
        yield "unknown", "nothing was unclear"


def _cancels(key: Key, wires: Sequence[Wire], calls: int) -> Iterator[Violation]:
    """Few cancels that may have had an effect, or may have it yet.

    A look that shows the order open ends the doubt about those that can't come any more.
    """
    looks = [wire.settled for wire in wires if wire.open]
    done = [wire.written for wire in wires if may_have_done(wire)]
    for moment in done:
        over = [look for look in looks if look <= moment]
        dead = max(over, default=-inf) - ENGINE
        count = sum(dead < written <= moment for written in done)
        if count > MOST_CANCELS * calls:
            yield Violation("cancels", key, f"{count} cancels that may have had an effect")
            return


def _decides(wire: Wire) -> bool:
    """Whether it is a query whose reply was read."""
    return wire.action != "cancel" and wire.told == 200


def may_have_done(wire: Wire) -> bool:
    """Whether a cancel may have had an effect, as far as the client can know."""
    written = wire.action == "cancel" and wire.written <= wire.settled
    # A whole reply with 400 says that this very request did nothing, even where it proves no more.
    return written and not wire.clear and wire.told != 400


def _close(history: History) -> Iterator[Violation]:
    """Closing lists what is unknown, each once, and nothing else.

    What was unknown to a caller may have become known since, so it need not be listed.
    """
    if history.closed is None:
        return
    latest = {claim.key: claim.kind for claim in (*history.claims, *history.final)}
    unknown = {key for key, kind in latest.items() if kind == UNKNOWN}
    listed = Counter(history.closed)
    for key, times in listed.items():
        if times > 1:
            yield Violation("close", key, f"listed {times} times")
        elif key in latest and key not in unknown:
            yield Violation("close", key, "listed, though its outcome is known")


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
