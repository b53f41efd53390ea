"""The trading floor: all books, the prices, and what happens without any request."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

from binance_papi.simulator import events
from binance_papi.simulator.amend import Amendments
from binance_papi.simulator.book import DEFAULT_FIRST_ID, Book
from binance_papi.simulator.cm_conditional import CmConditional
from binance_papi.simulator.cm_orders import CmOrders
from binance_papi.simulator.family import Account, Family
from binance_papi.simulator.feed import Feed
from binance_papi.simulator.holdings import Holdings
from binance_papi.simulator.ledger import Ledger
from binance_papi.simulator.orders import AlgoOrder, Entry, Order, PlainOrder
from binance_papi.simulator.replicas import Replicas
from binance_papi.simulator.triggers import Then, Triggers
from binance_papi.simulator.um_algo import AlgoCancelReply, UmAlgo
from binance_papi.simulator.um_conditional import UmConditional
from binance_papi.simulator.um_orders import UmOrders

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from binance_papi.simulator.values import Handler
    from binance_papi.terms import StrategyStatus

FamilyName = Literal["um_conditional", "um_algo", "cm_conditional", "um", "cm"]
"""A family of orders: conditional and algo ones, and the plain ones of ``um`` and ``cm``."""

DEFAULT_SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "测试USDT")
DEFAULT_CM_SYMBOLS: Final = ("BTCUSD_PERP", "ETHUSD_PERP", "BNBUSD_PERP", "BTCUSD_200925")

# Spaces of ids that do not overlap, all above 2**53 like the one of conditional orders.
_CM_STRATEGIES_BEHIND: Final = 10**17
DEFAULT_FIRST_ALGO_ID: Final = 9_400_001_785_373_649
DEFAULT_FIRST_ORDER_ID: Final = 8_389_765_591_238_574_131
_CM_ORDERS_BEHIND: Final = 10**17

_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "conditional": {"strategy_type": "STOP_MARKET", "orig_qty": "0.01", "stop_price": "99999"},
    "algo": {"order_type": "STOP_MARKET", "quantity": "0.01", "trigger_price": "99999"},
    "plain": {"type": "LIMIT", "orig_qty": "0.01", "price": "1"},
}


class Floor:
    """Five families of orders and one market.

    Args:
        symbols: USD-M symbols that trade.
        cm_symbols: COIN-M symbols that trade.
        prices: Market price by symbol, as text; no price: placements are not checked by it.
        first_id: Strategy id of the first UM conditional order.
        first_algo_id: Id of the first algo order.
        first_order_id: Id of the first plain UM order.
        max_open_orders: Placements beyond this many open orders of a family with triggers are
            refused.
        hedge_mode: Position mode of the account; None takes either.
        triggering: Seconds that an algo order is TRIGGERING.
        algo_cancel_reply: What a cancel of an algo order answers.
        replicas: What the nodes that answer do not know.
        feed: The user data stream.
        balances: What lies in the margin wallet, by asset; None: 100000 USDT and 1 BTC.

    Raises:
        ValueError: If a value can't be right.
    """

    def __init__(
        self,
        *,
        replicas: Replicas,
        feed: Feed,
        symbols: Collection[str] = DEFAULT_SYMBOLS,
        cm_symbols: Collection[str] = DEFAULT_CM_SYMBOLS,
        prices: Mapping[str, str] | None = None,
        first_id: int = DEFAULT_FIRST_ID,
        first_algo_id: int = DEFAULT_FIRST_ALGO_ID,
        first_order_id: int = DEFAULT_FIRST_ORDER_ID,
        max_open_orders: int = 200,
        hedge_mode: bool | None = None,
        triggering: float = 0.1,
        algo_cancel_reply: AlgoCancelReply = "complete",
        balances: Mapping[str, str] | None = None,
    ) -> None:
        self.replicas = replicas
        self.feed = feed
        self.ledger = Ledger(balances)
        account = Account(
            ledger=self.ledger,
            feed=feed,
            prices=dict(prices or {}),
            replicas=replicas,
            hedge_mode=hedge_mode,
            max_open_orders=max_open_orders,
        )
        self.um = UmOrders(account, symbols, first_order_id)
        self.cm = CmOrders(account, cm_symbols, first_order_id + _CM_ORDERS_BEHIND)
        self.um_conditional = UmConditional(account, symbols, first_id, self.um)
        self.cm_conditional = CmConditional(
            account, cm_symbols, first_id + _CM_STRATEGIES_BEHIND, self.cm
        )
        self.um_algo = UmAlgo(account, symbols, first_algo_id, self.um, algo_cancel_reply)
        self.families: Final[dict[FamilyName, Family[Any]]] = {
            "um_conditional": self.um_conditional,
            "um_algo": self.um_algo,
            "cm_conditional": self.cm_conditional,
            "um": self.um,
            "cm": self.cm,
        }
        self.triggers = Triggers(
            account.prices, (self.um_conditional, self.um_algo, self.cm_conditional), triggering
        )

        for name, home in self.families.items():
            home.book.watch = partial(self._tell, "CM" if name.startswith("cm") else "UM")

        self._account = account

    def _tell(self, business: str, order: Entry) -> None:
        if self.feed.key is None:
            return  # nobody can hear it; an event costs time
        child = None
        if isinstance(order, AlgoOrder) and order.order_id is not None:
            child = self.um.book[order.order_id]
        self._account.tell(events.of_order(order, business, child))

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Who answers in place of the catalogue's samples."""
        table = self.feed.handlers()
        table |= Holdings(self._account, {"UM": self.um, "CM": self.cm}).handlers()
        for home in (self.um, self.cm):
            table |= Amendments(home).handlers()
        return table

    # ------------------------------------------------------------------ what is true

    @property
    def book(self) -> Book[Order]:
        """The UM conditional orders."""
        return self.um_conditional.book

    @property
    def algo_book(self) -> Book[AlgoOrder]:
        """The UM algo orders."""
        return self.um_algo.book

    @property
    def cm_book(self) -> Book[Order]:
        """The CM conditional orders."""
        return self.cm_conditional.book

    @property
    def um_book(self) -> Book[PlainOrder]:
        """The plain UM orders, children included."""
        return self.um.book

    @property
    def cm_plain_book(self) -> Book[PlainOrder]:
        """The plain CM orders, children included."""
        return self.cm.book

    @property
    def open_count(self) -> int:
        """How many orders of all families are open."""
        return sum(home.book.open_count for home in self.families.values())

    def order(self, order_id: int, family: FamilyName | None = None) -> Any:
        """The order of an id, as the books have it.

        Args:
            order_id: Strategy id, algo id or plain order id.
            family: Its family; None: the first that has that id, which is the only one unless
                ids were made to overlap.

        Raises:
            KeyError: If there is none.
        """
        return self._home(order_id, family).book[order_id]

    def _home(self, order_id: int, family: FamilyName | None = None) -> Any:
        for name, home in self.families.items():
            if family in (None, name) and order_id in home.book:
                return home
        raise KeyError(order_id)

    # ------------------------------------------------------------------ what happens by itself

    def place(self, now: float, family: FamilyName = "um_conditional", **fields: Any) -> int:
        """Put an order in a book without a request; see ``Simulator.place``."""
        home = self.families[family]
        kind = family.partition("_")[2] or "plain"
        symbol = "BTCUSD_PERP" if family.startswith("cm") else "BTCUSDT"
        order = {"symbol": symbol, "side": "BUY", **_DEFAULTS[kind], **fields}
        self.settle(now)
        placed: Entry = home.place(milliseconds(now), "hand", **order)
        return placed.id

    def fill(
        self,
        order_id: int,
        now: float,
        family: FamilyName | None = None,
        *,
        quantity: str | None = None,
        price: str | None = None,
    ) -> None:
        """Fill a plain order that rests; see ``Simulator.fill``."""
        self.settle(now)
        home = self._home(order_id, family)
        order = home.book[order_id]
        if not isinstance(order, PlainOrder) or not order.is_open:
            raise ValueError(f"order {order_id} is {order.status_now}, not resting")
        home.fill(order, milliseconds(now), "hand", quantity=quantity, price=price)

    def close(
        self,
        order_id: int,
        status: StrategyStatus | str,
        now: float,
        family: FamilyName | None = None,
    ) -> None:
        """Trigger, expire or cancel an open order without a request.

        Raises:
            KeyError: If there is no such order.
            ValueError: If it is not open.
        """
        self.settle(now)
        home = self._home(order_id, family)
        order = home.book[order_id]
        if not order.is_open:
            raise ValueError(f"order {order_id} is {order.status_now}, not NEW")
        if status == "TRIGGERED":
            self.triggers.fire(home, order, milliseconds(now), "hand", "rest")
        elif isinstance(order, PlainOrder):
            home.end(order, str(status), milliseconds(now), "hand")
        else:
            home.book.change(order, str(status), milliseconds(now), "hand")

    def trigger(
        self,
        order_id: int,
        now: float,
        then: Then | None = None,
        family: FamilyName | None = None,
    ) -> None:
        """Trigger an order by hand; see ``Simulator.trigger``."""
        self.settle(now)
        home = self._home(order_id, family)
        order = home.book[order_id]
        if isinstance(order, PlainOrder) or not order.is_waiting:
            raise ValueError(f"order {order_id} is {order.status_now}, not waiting for a trigger")
        if not isinstance(order, AlgoOrder):
            if then == "reject":
                raise ValueError("only an algo order can be rejected")
            then = then or "rest"
        self.triggers.fire(home, order, milliseconds(now), "hand", then)

    def set_price(self, symbol: str, price: str, now: float) -> None:
        """Let a symbol trade at a price; see ``Simulator.set_price``."""
        self.settle(now)
        self.triggers.set_price(symbol, price, milliseconds(now))

    def forget(
        self, order_id: int, seconds: float, now: float, family: FamilyName | None = None
    ) -> None:
        """Let an order be unknown for a while; see ``Simulator.forget``."""
        self.replicas.forget(self.order(order_id, family), milliseconds(now + seconds))

    def settle(self, now: float) -> None:
        """Do what was due by now: orders expire, and triggered ones reach the engine.

        Every request and every call above does it first.
        """
        now_ms = milliseconds(now)
        self.triggers.settle(now_ms)
        for home in self.families.values():
            for order in home.book.expire(now_ms):
                home.expired(order)
        self.feed.settle(now_ms)


def milliseconds(seconds: float) -> int:
    """Unix seconds as the whole milliseconds of the exchange."""
    return int(seconds * 1000)
