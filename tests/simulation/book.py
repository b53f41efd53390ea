"""The truth: every order, and everything that ever happened to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Final, NamedTuple

OPEN: Final = frozenset({"NEW", "PARTIALLY_FILLED"})
"""Statuses in which an order can be cancelled."""

UNDER_WAY: Final = "TRIGGERING"
"""Neither open nor ended."""

Key = tuple[str, int]
"""A family and an id: ids of two families are strangers."""


class Change(NamedTuple):
    """One step in an order's life.

    Attributes:
        at: Virtual seconds.
        status: What it became.
        cause: ``"placed"``, ``"market"``, ``"other"`` (somebody else cancelled it), or the number
            of the request of ours that cancelled it, as ``"#17"``.
    """

    at: float
    status: str
    cause: str


@dataclass(slots=True)
class Order:
    """One order.

    Attributes:
        family: Whose id space and words it uses.
        id: The exchange's id.
        symbol: Trading pair.
        changes: Its life, oldest first.
        child: Id of the plain order that it became.
        told: When the stream told the client of its end.
        forgotten: From when until when the nodes act as if it did not exist, while it is open.
        own: Its owner's id of it; ``None``: ``x-`` and the exchange's id.
    """

    family: str
    id: int
    symbol: str
    changes: list[Change]
    child: int | None = None
    forgotten: tuple[float, float] = field(default=(0.0, 0.0))
    told: float = inf
    own: str | None = None

    @property
    def key(self) -> Key:
        """Which order it is."""
        return self.family, self.id

    @property
    def last(self) -> Change:
        """Its latest change."""
        return self.changes[-1]

    @property
    def name(self) -> str:
        """Its owner's id of it."""
        return f"x-{self.id}" if self.own is None else self.own

    def seen(self, at: float) -> Change | None:
        """Its state as it was then; ``None`` before it was placed."""
        for change in reversed(self.changes):
            if change.at <= at:
                return change
        return None

    def missing(self, at: float) -> bool:
        """Whether the nodes forget it at that time."""
        return self.forgotten[0] <= at < self.forgotten[1]


class Book:
    """All orders of the account."""

    def __init__(self) -> None:
        self._orders: dict[Key, Order] = {}

    def add(self, order: Order) -> Order:
        """Place an order."""
        assert order.key not in self._orders
        self._orders[order.key] = order
        return order

    def get(self, family: str, number: int) -> Order | None:
        """One order, if there is such a one."""
        return self._orders.get((family, number))

    def named(self, family: str, name: str) -> list[Order]:
        """The orders of a family with that id of their owner's, oldest first."""
        return [one for one in self.of(family, None) if one.name == name]

    def of(self, family: str, symbol: str | None) -> Iterator[Order]:
        """The orders of a family, of one symbol or all, in the order of their placing."""
        for order in self._orders.values():
            if order.family == family and symbol in (None, order.symbol):
                yield order

    def clear(self) -> None:
        """Forget all orders, when nobody will ask for them any more."""
        self._orders.clear()

    @staticmethod
    def change(order: Order, at: float, status: str, cause: str) -> None:
        """Write down what happens to an order."""
        assert at >= order.last.at
        order.changes.append(Change(at, status, cause))
