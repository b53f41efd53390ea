"""What the families of orders share: finding orders, and what a query may see of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic

from binance_papi.simulator import refusal
from binance_papi.simulator.book import Book, OrderT
from binance_papi.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from binance_papi.simulator.events import Event
    from binance_papi.simulator.feed import Feed
    from binance_papi.simulator.ledger import Ledger
    from binance_papi.simulator.orders import By
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.replicas import Replicas
    from binance_papi.simulator.values import Moment, Route

DAY_MS: Final = 86_400_000
_WEEK_MS: Final = 7 * DAY_MS
"""Longest span of a list."""


class Account:
    """The settings and the state that all families look at.

    Args:
        prices: Market price by symbol, as text; changes with the market.
        replicas: What the nodes that answer do not know.
        hedge_mode: Position mode of the account; None takes either.
        max_open_orders: Placements beyond this many open orders that wait for a price are refused.
        ledger: Positions, trades and wallets.
        feed: The user data stream.
    """

    def __init__(
        self,
        *,
        prices: dict[str, str],
        replicas: Replicas,
        hedge_mode: bool | None,
        max_open_orders: int,
        ledger: Ledger,
        feed: Feed,
    ) -> None:
        self.prices = prices
        self.replicas = replicas
        self.hedge_mode = hedge_mode
        self.max_open_orders = max_open_orders
        self.ledger = ledger
        self._feed = feed

    def tell(self, event: Event) -> None:
        """Send an event to who can hear it."""
        if self._feed.key is not None:
            self._feed.publish(event, event["E"])


class Family(Generic[OrderT]):
    """One family of endpoints with its book.

    Args:
        account: What all families look at.
        symbols: Symbols that trade; read on every request, so it may change meanwhile.
        first_id: Id of the first order.
    """

    name: ClassVar[str]
    prefix: ClassVar[str]
    id_name: ClassVar[str]
    """Parameter of the exchange's id."""
    client_id_name: ClassVar[str]
    """Parameter of the client's id."""
    client_id_length: ClassVar[int] = 32
    days_kept: ClassVar[int]
    """Days after its placement on which an order that ended idle is forgotten."""
    default_rows: ClassVar[int] = 500
    most_rows: ClassVar[int] = 1000

    def __init__(self, account: Account, symbols: Collection[str], first_id: int) -> None:
        self.account = account
        self.symbols = symbols
        self.book: Book[OrderT] = Book(first_id)

    def symbol(self, params: Params) -> str:
        """The mandatory symbol.

        Raises:
            Refusal: -1102 if it is not there, -1121 if it does not trade.
        """
        symbol = params.need("symbol")
        if symbol not in self.symbols:
            raise refusal.bad_symbol()
        return symbol

    def one(self, params: Params, moment: Moment, symbol: str | None) -> OrderT | None:
        """The order that a request names, as the node that answers knows it, or None.

        Raises:
            Refusal: -1102 if it names none.
        """
        order_id = params.integer(self.id_name)
        client_id = params.client_id(self.client_id_name, self.client_id_length)
        if order_id is None and client_id is None:
            raise refusal.either_or(self.id_name, self.client_id_name)
        order = self.book.find(symbol, order_id, client_id)
        if order is None or self.account.replicas.denies(order, moment.now):
            return None
        return order if moment.seen == moment.now else order.as_of(moment.seen)

    def open_ones(self, symbol: str | None, moment: Moment) -> Iterator[OrderT]:
        """The open orders that a query sees, oldest first."""
        if moment.seen == moment.now:
            yield from self.book.open_orders(symbol)
            return
        for order in self.book:
            seen = order.as_of(moment.seen) if symbol in (None, order.symbol) else None
            if seen is not None and seen.is_open:
                yield seen

    def many(self, params: Params, moment: Moment, symbol: str | None) -> list[OrderT]:
        """The orders that a list shows, oldest first.

        With an id the first rows from that id on, without it the latest ones.
        """
        first_id = params.integer(self.id_name)
        start, end = _span(params, moment.now)
        limit = params.integer("limit")
        rows = self.default_rows if limit is None else limit
        if not 1 <= rows <= self.most_rows:
            raise refusal.invalid("limit")
        found: list[OrderT] = []
        for order in self.book:
            if symbol not in (None, order.symbol) or not start <= order.created <= end:
                continue
            seen = order if moment.seen == moment.now else order.as_of(moment.seen)
            if seen is None or self.is_forgotten(seen, moment.now):
                continue
            if first_id is None or seen.id >= first_id:
                found.append(seen)
        return found[-rows:] if first_id is None else found[:rows]

    def is_forgotten(self, order: OrderT, now_ms: int) -> bool:
        """Whether it ended idle and was placed too long ago."""
        return order.is_idle and now_ms - order.created > self.days_kept * DAY_MS

    def claim_client_id(self, params: Params, name: str) -> str | None:
        """The client id of a placement.

        Raises:
            Refusal: -4116 if an open order has it.
        """
        client_id = params.client_id(name, self.client_id_length)
        if client_id is not None and self.book.client_id_is_open(client_id):
            raise Refusal(-4116, "ClientOrderId is duplicated.")
        return client_id

    def routes(self) -> tuple[Route, ...]:
        """The table of the family."""
        raise NotImplementedError

    def place(self, now_ms: int, by: By, *, client_id: str | None = None, **fields: Any) -> OrderT:
        """Put an order in the book without asking any rule."""
        raise NotImplementedError

    def expired(self, order: OrderT) -> None:
        """An order has expired by itself."""


def _span(params: Params, now_ms: int) -> tuple[int, int]:
    start, end = params.integer("startTime"), params.integer("endTime")
    if end is None:
        end = now_ms if start is None else min(start + _WEEK_MS, now_ms)
    if start is None:
        start = end - _WEEK_MS
    if start > end:
        raise Refusal(-1023, "Start time is greater than end time.")
    if end - start > _WEEK_MS:
        raise Refusal(-4165, "Invalid time interval.")
    return start, end
