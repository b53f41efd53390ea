"""The outcomes of a rehearsal against the exchange's own book and its log of requests."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from binance_papi import AlreadyGone, Canceled, Outcome, Rejected, Unknown
from binance_papi.cli.families import Kind
from binance_papi.cli.fate import evidence, kind_of, why
from binance_papi.cli.trouble import WORDS
from binance_papi.simulator import FaultKind, WireRecord


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What the outcomes of a burst rest on: how many of each."""

    canceled: dict[str, int]
    """By their evidence."""
    already_gone: dict[str, int]
    """By status."""
    rejected: dict[str, int]
    """By reason."""
    unknown: dict[str, int]
    """By reason."""


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of fault in a burst."""

    kind: str
    words: str
    requests: int
    """How many requests it hit."""
    orders: int
    """How many orders these were about."""
    ended: dict[str, int]
    """The outcomes of these orders."""


def story(outcomes: Iterable[Outcome]) -> Story:
    """Sum up what outcomes rest on."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        match outcome:
            case Canceled(by="other"):
                reason = "somebody else cancelled it meanwhile"
            case Canceled():
                reason = evidence(outcome)
            case AlreadyGone():
                reason = outcome.status
            case Rejected():
                reason = why(outcome.error)
            case Unknown():
                reason = outcome.reason
        counts[kind_of(outcome)][reason] += 1
    return Story(
        canceled=dict(counts["Canceled"].most_common()),
        already_gone=dict(counts["AlreadyGone"].most_common()),
        rejected=dict(counts["Rejected"].most_common()),
        unknown=dict(counts["Unknown"].most_common()),
    )


def met(records: Iterable[WireRecord], outcomes: Sequence[Outcome], kind: Kind) -> list[Met]:
    """Which faults the requests met, the most frequent first, and how their orders ended."""
    ended = {str(outcome.request.order()[2]): kind_of(outcome) for outcome in outcomes}
    requests: Counter[FaultKind] = Counter()
    orders: defaultdict[FaultKind, set[str]] = defaultdict(set)
    for record in records:
        if record.fault is not None:
            requests[record.fault] += 1
            orders[record.fault].add(record.params.get(kind.number, ""))
    return [
        Met(
            kind=fault.value,
            words=WORDS.get(fault) or str(fault.value),
            requests=number,
            orders=len(orders[fault]),
            ended=dict(Counter(ended.get(one, "") for one in orders[fault])),
        )
        for fault, number in requests.most_common()
    ]


def judge(outcomes: Sequence[Outcome], orders: Sequence[Any]) -> list[str]:
    """The outcomes that the book contradicts, one line each.

    Args:
        outcomes: What was claimed.
        orders: What is true, in the same order.
    """
    return [
        f"order {order.id}: {kind_of(outcome)} was claimed, but it is {order.status_now}"
        for outcome, order in zip(outcomes, orders, strict=True)
        if not _is_true(outcome, order)
    ]


def _is_true(outcome: Outcome, order: Any) -> bool:
    statuses = [change.status for change in order.history]
    ours = order.status_now == "CANCELED" and isinstance(order.history[-1].by, int)
    match outcome:
        case Canceled():
            return bool(order.status_now == "CANCELED")
        case AlreadyGone():
            return outcome.status in statuses and not ours
        case Rejected():
            return not ours
        case Unknown():
            return True  # it claims nothing
