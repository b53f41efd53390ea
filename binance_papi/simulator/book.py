"""A book: the orders of one family with their true status and all that they went through."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from binance_papi.simulator.orders import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from binance_papi.simulator.orders import By

DEFAULT_FIRST_ID: Final = 4611875134427365377
"""Above 2**53, so that a client that reads ids as floats is found out."""

OrderT = TypeVar("OrderT", bound=Entry)


class Book(Generic[OrderT]):
    """All orders by id; the open ones by symbol and client id too.

    Args:
        first_id: Id of the first order; each next one is 1 higher.
    """

    def __init__(self, first_id: int = DEFAULT_FIRST_ID) -> None:
        self.orders: dict[int, OrderT] = {}
        self._next_id = first_id
        self._open: dict[str, dict[int, OrderT]] = {}
        self._open_count = 0
        self._by_client_id: dict[str, OrderT] = {}
        self._good_till: list[tuple[int, int]] = []
        self.watch: Callable[[OrderT], None] = lambda _: None
        """Told of every order that is new or has changed."""

    def __getitem__(self, order_id: int) -> OrderT:
        return self.orders[order_id]

    def __contains__(self, order_id: int) -> bool:
        return order_id in self.orders

    def __iter__(self) -> Iterator[OrderT]:
        return iter(self.orders.values())

    def __len__(self) -> int:
        return len(self.orders)

    @property
    def open_count(self) -> int:
        """How many orders are open, over all symbols."""
        return self._open_count

    def next_id(self) -> int:
        """Take the next id."""
        order_id = self._next_id
        self._next_id += 1
        return order_id

    def add(self, order: OrderT, by: By) -> None:
        """Put an open order in."""
        order.history = []
        order.note(by)
        self.orders[order.id] = order
        self._open.setdefault(order.symbol, {})[order.id] = order
        self._open_count += 1
        self._by_client_id[order.client_id] = order
        if order.good_till_date:
            heappush(self._good_till, (order.good_till_date, order.id))
        self.watch(order)

    def change(self, order: OrderT, status: str, now_ms: int, by: By, **fields: Any) -> None:
        """Give an order another status.

        Args:
            order: An order of this book.
            status: The status.
            now_ms: Exchange time, ms.
            by: Who does it.
            **fields: What else changes.
        """
        was_open = order.is_open
        order.change(status, now_ms, by, **fields)
        if was_open and not order.is_open:
            del self._open[order.symbol][order.id]
            self._open_count -= 1
        self.watch(order)

    def open_orders(self, symbol: str | None = None) -> Iterable[OrderT]:
        """The open orders of one symbol or of all, oldest first."""
        if symbol is not None:
            return tuple(self._open.get(symbol, {}).values())
        return tuple(order for orders in self._open.values() for order in orders.values())

    def client_id_is_open(self, client_id: str) -> bool:
        """Whether an open order has this client id."""
        order = self._by_client_id.get(client_id)
        return order is not None and order.is_open

    def find(
        self, symbol: str | None, order_id: int | None, client_id: str | None
    ) -> OrderT | None:
        """The order of these ids, open or not; by client id the latest that had it.

        Which id wins when both are sent is not documented everywhere; here the exchange's does.
        A symbol, where one is given, has to fit.
        """
        if order_id is not None:
            order = self.orders.get(order_id)
        else:
            order = self._by_client_id.get(client_id or "")
        return order if order is not None and symbol in (None, order.symbol) else None

    def expire(self, now_ms: int) -> list[OrderT]:
        """Expire the open orders whose ``goodTillDate`` has come, and tell which they were."""
        expired: list[OrderT] = []
        while self._good_till and self._good_till[0][0] <= now_ms:
            _, order_id = heappop(self._good_till)
            order = self.orders[order_id]
            if order.is_open and order.status_now != "TRIGGERING":
                extra = {"execution": "EXPIRED"} if hasattr(order, "execution") else {}
                self.change(order, "EXPIRED", order.good_till_date, "expiry", **extra)
                expired.append(order)
        return expired
