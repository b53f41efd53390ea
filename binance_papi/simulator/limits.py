"""Counting what is used in fixed windows of the exchange's clock.

Vocabulary: a *rule* is one rate limit; a *holder* is who it is counted for, the source address
for REQUEST_WEIGHT and the account for ORDERS; a *window* is one whole interval of the exchange's
clock. Everything that arrives in a window counts there, refused requests too; when the next window
begins the count starts from zero (General Info, Limits).

The count is one dictionary from (rule, holder, window index) to the number used, on purpose: it is
the judge of clients whose own ledgers are cleverer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from binance_papi.terms import RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterable

_HISTORY: Final = 100_000  # windows remembered, so that a box may run for months


class Window(msgspec.Struct, frozen=True):
    """What one holder used of one rule in one window.

    Args:
        rule: The rate limit.
        holder: Source address (REQUEST_WEIGHT) or account (ORDERS).
        index: Number of the window since 1970: start / length.
        used: What was used, refused requests included.
        limit: What may be used.
    """

    rule: RateLimit
    holder: str
    index: int
    used: int
    limit: int

    @property
    def start(self) -> int:
        """When the window began, in Unix seconds of the exchange."""
        return self.index * self.rule.seconds

    @property
    def share(self) -> float:
        """Used divided by the limit; above 1.0 the limit was passed."""
        return self.used / self.limit


class Limits:
    """All rules with all their windows.

    Args:
        rules: The rules; every one of a type applies at the same time.
    """

    def __init__(self, rules: Iterable[RateLimit]) -> None:
        self.rules: Final = tuple(rules)
        self._by_type: dict[str, list[tuple[int, RateLimit, str]]] = {}
        for number, rule in enumerate(self.rules):
            kind = rule.rate_limit_type
            word = "USED-WEIGHT" if kind == "REQUEST_WEIGHT" else "ORDER-COUNT"
            header = f"X-MBX-{word}-{rule.interval_num}{rule.interval[0]}"
            self._by_type.setdefault(kind, []).append((number, rule, header))
        self._used: dict[tuple[int, str, int], int] = {}

    def count(self, kind: str, holder: str, cost: int, now: float) -> Window | None:
        """Count a request and tell which limit it passed, if one.

        Args:
            kind: ``REQUEST_WEIGHT`` or ``ORDERS``.
            holder: Address or account.
            cost: Weight or number of orders.
            now: Exchange time, Unix seconds.

        Returns:
            The window that is used beyond its limit and ends last, or None.
        """
        passed: Window | None = None
        for number, rule, _ in self._by_type.get(kind, ()):
            index = int(now // rule.seconds)
            key = (number, holder, index)
            used = self._used.get(key, 0) + cost
            self._used[key] = used
            if used > rule.limit:
                window = Window(rule, holder, index, used, rule.limit)
                if passed is None or end(window) > end(passed):
                    passed = window
        while len(self._used) > _HISTORY:
            del self._used[next(iter(self._used))]
        return passed

    def headers(self, kind: str, holder: str, now: float) -> dict[str, str]:
        """The usage headers of a type, e.g. ``X-MBX-USED-WEIGHT-1M``."""
        used = self._used
        return {
            header: str(used.get((number, holder, int(now // rule.seconds)), 0))
            for number, rule, header in self._by_type.get(kind, ())
        }

    def windows(self) -> tuple[Window, ...]:
        """Every window that something was counted in, in the order they were opened."""
        rules = self.rules
        return tuple(
            Window(rules[number], holder, index, used, rules[number].limit)
            for (number, holder, index), used in self._used.items()
        )


def end(window: Window) -> float:
    """When a window ends, in Unix seconds of the exchange."""
    return float((window.index + 1) * window.rule.seconds)
