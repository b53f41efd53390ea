"""The conditional orders of the account, with their true status."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

import msgspec

from binance_papi.terms import StrategyStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEFAULT_FIRST_ID: Final = 4611875134427365377
"""Above 2**53, so that a client that reads ids as floats is found out."""

_FIRST_CHILD_ID: Final = 12132343435


class Order(msgspec.Struct, kw_only=True):
    """One conditional order; every number that the exchange sends as text is text here too."""

    strategy_id: int
    new_client_strategy_id: str
    symbol: str
    side: str
    strategy_type: str
    orig_qty: str
    book_time: int
    """Exchange time of the placement, ms."""
    update_time: int
    """Exchange time of the last change, ms."""
    strategy_status: StrategyStatus = StrategyStatus.NEW
    price: str = "0"
    stop_price: str = "0"
    reduce_only: bool = False
    position_side: str = "BOTH"
    time_in_force: str = "GTC"
    activate_price: str | None = None
    """Trailing orders only."""
    price_rate: str | None = None
    """Callback rate in percent; trailing orders only."""
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    self_trade_prevention_mode: str = "NONE"
    good_till_date: int = 0
    """When the order expires, ms; 0: it does not."""
    price_match: str = "NONE"
    order_id: int | None = None
    """Id of the child order; None before the trigger."""
    trigger_time: int | None = None
    """Exchange time of the trigger, ms; None before it."""

    @property
    def is_open(self) -> bool:
        """Whether the order waits for its trigger."""
        return self.strategy_status is StrategyStatus.NEW

    @property
    def child_type(self) -> str:
        """``type`` of the child order."""
        return "LIMIT" if self.strategy_type in ("STOP", "TAKE_PROFIT") else "MARKET"


class Book:
    """All orders by id; the open ones by symbol and client id too.

    Args:
        first_id: Strategy id of the first order; each next one is 1 higher.
    """

    def __init__(self, first_id: int = DEFAULT_FIRST_ID) -> None:
        self.orders: dict[int, Order] = {}
        self._next_id = first_id
        self._next_child_id = _FIRST_CHILD_ID
        self._open: dict[str, dict[int, Order]] = {}
        self._open_count = 0
        self._by_client_id: dict[str, Order] = {}
        self._good_till: list[tuple[int, int]] = []

    def __getitem__(self, strategy_id: int) -> Order:
        return self.orders[strategy_id]

    def __contains__(self, strategy_id: int) -> bool:
        return strategy_id in self.orders

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders.values())

    def __len__(self) -> int:
        return len(self.orders)

    @property
    def open_count(self) -> int:
        """How many orders are open, over all symbols."""
        return self._open_count

    def next_id(self) -> int:
        """Take the next strategy id."""
        strategy_id = self._next_id
        self._next_id += 1
        return strategy_id

    def add(self, order: Order) -> None:
        """Put an open order in."""
        self.orders[order.strategy_id] = order
        self._open.setdefault(order.symbol, {})[order.strategy_id] = order
        self._open_count += 1
        self._by_client_id[order.new_client_strategy_id] = order
        if order.good_till_date:
            heappush(self._good_till, (order.good_till_date, order.strategy_id))

    def close(self, order: Order, status: StrategyStatus, now_ms: int) -> None:
        """End the waiting of an open order: CANCELED, EXPIRED or TRIGGERED.

        Raises:
            ValueError: If the order is not open.
        """
        if not order.is_open:
            raise ValueError(f"order {order.strategy_id} is {order.strategy_status}, not NEW")
        order.strategy_status = status
        order.update_time = now_ms
        if status is StrategyStatus.TRIGGERED:
            order.order_id = self._next_child_id
            order.trigger_time = now_ms
            self._next_child_id += 1
        del self._open[order.symbol][order.strategy_id]
        self._open_count -= 1

    def open_orders(self, symbol: str | None = None) -> Iterable[Order]:
        """The open orders of one symbol or of all, oldest first."""
        if symbol is not None:
            return tuple(self._open.get(symbol, {}).values())
        return tuple(order for orders in self._open.values() for order in orders.values())

    def client_id_is_open(self, client_id: str) -> bool:
        """Whether an open order has this client id."""
        order = self._by_client_id.get(client_id)
        return order is not None and order.is_open

    def find(self, symbol: str, strategy_id: int | None, client_id: str | None) -> Order | None:
        """The order of these ids, open or not; by client id the latest that had it.

        Which id wins when both are sent is not documented; here the strategy id does.
        """
        if strategy_id is not None:
            order = self.orders.get(strategy_id)
        else:
            order = self._by_client_id.get(client_id or "")
        return order if order is not None and order.symbol == symbol else None

    def expire(self, now_ms: int) -> None:
        """Expire the open orders whose ``goodTillDate`` has come."""
        while self._good_till and self._good_till[0][0] <= now_ms:
            _, strategy_id = heappop(self._good_till)
            order = self.orders[strategy_id]
            if order.is_open:
                self.close(order, StrategyStatus.EXPIRED, order.good_till_date)
