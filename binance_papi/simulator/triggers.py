"""What prices do to orders that wait for them.

* A STOP is triggered by a price at or beyond its level in the direction of its side: BUY at or
  above, SELL at or below. A TAKE_PROFIT is triggered by the opposite.
* A trailing BUY is activated by a price at or below its activation price, then follows the lowest
  price, and is triggered by one that lies the callback rate above it. SELL is the mirror.
* A conditional order is TRIGGERED at once. An algo order is TRIGGERING for a while, in which it can
  not be canceled, then TRIGGERED, or REJECTED if the engine does not take its child.
* A child of type MARKET is filled at once, and one of type LIMIT if it would take at the price
  that is known; otherwise it rests in the book of plain orders.
* An order with ``closePosition`` closes what there is; with nothing to close it has EXPIRED.
  When the child is filled, canceled or expired, its parent is FINISHED.
"""

from __future__ import annotations

from decimal import Decimal
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

from binance_papi.simulator.orders import AlgoOrder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from binance_papi.simulator.book import Book
    from binance_papi.simulator.orders import By, TriggerOrder
    from binance_papi.simulator.plain import Plain

Then = Literal["fill", "rest", "reject"]
"""What becomes of the child of an order that triggers; only an algo order can be rejected."""

_PERCENT: Final = Decimal(100)


class Waiting(Protocol):
    """A family whose orders wait for a price."""

    book: Book[Any]
    plain: Plain


class _Due(NamedTuple):
    """An order on its way to the engine."""

    ms: int
    number: int
    family: Waiting
    order: AlgoOrder
    by: By
    then: Then | None


class Triggers:
    """The engine.

    Args:
        prices: Market price by symbol, as text.
        families: The families whose orders wait for a price.
        triggering: Seconds that an algo order is TRIGGERING, 0 or more.

    Raises:
        ValueError: If that time is negative.
    """

    def __init__(
        self,
        prices: dict[str, str],
        families: Iterable[Waiting],
        triggering: float,
    ) -> None:
        if triggering < 0:
            raise ValueError("triggering is 0 s or more")
        self.prices = prices
        self.triggering = triggering
        self._families = tuple(families)
        self._due: list[_Due] = []
        self._number = 0

    def set_price(self, symbol: str, price: str, now_ms: int) -> None:
        """Let a symbol trade at a price, and trigger what it triggers."""
        level = Decimal(price)
        self._follow(symbol, now_ms)  # orders that are new since the last price saw that one
        self.prices[symbol] = price
        for plain in dict.fromkeys(family.plain for family in self._families):
            plain.match(symbol, level, now_ms)
        for family in self._families:
            for order in family.book.open_orders(symbol):
                if order.is_waiting and self._is_reached(family, order, level, now_ms):
                    self.fire(family, order, now_ms, "trigger")

    def _follow(self, symbol: str, now_ms: int) -> None:
        last = self.prices.get(symbol)
        if last is None:
            return
        for family in self._families:
            for order in family.book.open_orders(symbol):
                if order.rate is not None and order.extreme is None:
                    self._is_reached(family, order, Decimal(last), now_ms)

    def _is_reached(
        self, family: Waiting, order: TriggerOrder, price: Decimal, now_ms: int
    ) -> bool:
        was_active = order.extreme is not None
        reached = _is_reached(order, price)
        if isinstance(order, AlgoOrder) and order.extreme is not None and not was_active:
            # The exchange tells of it: NEW a second time (change log of 2026-08-07).
            family.book.change(order, "NEW", now_ms, "trigger")
        return reached

    def fire(
        self,
        family: Waiting,
        order: TriggerOrder,
        now_ms: int,
        by: By,
        then: Then | None = None,
    ) -> None:
        """Trigger an order.

        Args:
            family: Its family.
            order: The order, which waits.
            now_ms: Exchange time, ms.
            by: Who triggers it.
            then: What becomes of its child; None goes by its type and the price.
        """
        if not isinstance(order, AlgoOrder):
            self._accept(family, order, now_ms, by, then)
            return
        family.book.change(order, "TRIGGERING", now_ms, by, trigger_time=now_ms)
        self._number += 1
        due = now_ms + int(self.triggering * 1000)
        heappush(self._due, _Due(due, self._number, family, order, by, then))
        if due == now_ms:
            self.settle(now_ms)

    def settle(self, now_ms: int) -> None:
        """Give the engine what has arrived there by now."""
        while self._due and self._due[0].ms <= now_ms:
            due = heappop(self._due)
            if due.then == "reject":
                due.family.book.change(
                    due.order, "REJECTED", due.ms, "engine", reason="Margin is insufficient."
                )
            else:
                self._accept(due.family, due.order, due.ms, due.by, due.then)

    @property
    def next_due(self) -> int | None:
        """Exchange time at which there is something to settle, ms; None: never."""
        return self._due[0].ms if self._due else None

    def _accept(
        self, family: Waiting, order: TriggerOrder, now_ms: int, by: By, then: Then | None
    ) -> None:
        size = family.plain.size_of(order)
        if not Decimal(size):
            family.book.change(order, "EXPIRED", now_ms, "engine")
            return
        child = family.plain.adopt(order, size, family.book, now_ms, by)
        family.book.change(
            order,
            "TRIGGERED",
            now_ms,
            "engine" if isinstance(order, AlgoOrder) else by,
            order_id=child.order_id,
            trigger_time=now_ms if order.trigger_time is None else order.trigger_time,
        )
        if then is None:
            family.plain.enter(child, now_ms, "fill")
        elif then == "fill":
            family.plain.fill(child, now_ms, "fill")


def _is_reached(order: TriggerOrder, price: Decimal) -> bool:
    buys = order.side == "BUY"
    level = Decimal(order.level)
    if order.rate is None:
        rises = buys is order.kind.startswith("STOP")
        return price >= level if rises else price <= level
    if order.extreme is None:
        # A level of 0 stands for the price at the placement, which nobody knew.
        if level and (price > level if buys else price < level):
            return False
        order.extreme = price
        return False
    order.extreme = min(order.extreme, price) if buys else max(order.extreme, price)
    callback = order.extreme * Decimal(order.rate) / _PERCENT
    return price >= order.extreme + callback if buys else price <= order.extreme - callback
