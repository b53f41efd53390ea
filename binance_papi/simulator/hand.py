"""The hand of fate: what happens to orders and prices as if from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from binance_papi.simulator.faults import Fault
    from binance_papi.simulator.floor import FamilyName
    from binance_papi.simulator.triggers import Then
    from binance_papi.simulator.venue import Venue


class Hand:
    """What a rehearsal does to the exchange behind the back of its client."""

    venue: Venue
    """The model, which tells what is true."""

    def now(self) -> float:
        """Exchange time, Unix seconds."""
        raise NotImplementedError

    def place(self, family: FamilyName = "um_conditional", **fields: Any) -> int:
        """Put an order in a book without a request; limits and rules are not asked.

        Args:
            family: ``"um_conditional"``, ``"um_algo"``, ``"cm_conditional"``, or plain ``"um"`` or
                ``"cm"``.
            **fields: Fields of ``Order``, ``AlgoOrder`` or ``PlainOrder`` that differ from a BUY
                STOP_MARKET of 0.01 BTCUSDT (BTCUSD_PERP) at 99999, or of a plain BUY LIMIT of
                0.01 at 1, e.g. ``symbol="ETHUSDT"``; ``client_id`` for the client's own id.

        Returns:
            The id that the exchange gives it.
        """
        return self.venue.place(self.now(), family, **fields)

    def seed_orders(
        self,
        n: int,
        symbol: str | None = None,
        family: FamilyName = "um_conditional",
        **fields: Any,
    ) -> list[int]:
        """Put n orders of a symbol in a book, also more than ``max_open_orders``.

        Args:
            n: How many, 0 or more.
            symbol: Their symbol; None: BTCUSDT or BTCUSD_PERP.
            family: As in ``place``.
            **fields: As in ``place``.

        Returns:
            Their ids, oldest first.
        """
        if symbol is not None:
            fields["symbol"] = symbol
        now = self.now()
        return [self.venue.place(now, family, **fields) for _ in range(n)]

    def order(self, order_id: int, family: FamilyName | None = None) -> Any:
        """The order of an id as it is now: ``Order``, ``AlgoOrder`` or ``PlainOrder``.

        Args:
            order_id: Strategy id, algo id or plain order id.
            family: Needed only where ids of several families overlap.

        Raises:
            KeyError: If there is none.
        """
        self.settle()
        return self.venue.order(order_id, family)

    def settle(self) -> None:
        """Do what is due by now; every request does it first, so only who looks needs it."""
        self.venue.settle(self.now())

    def set_price(self, symbol: str, price: str) -> None:
        """Let a symbol trade at a price, which triggers the orders that wait for it.

        LIMIT orders that it reaches are filled at their own price. It stands for the last price and
        the mark price alike. Of what it triggers, a MARKET child is filled at once, and a LIMIT
        child too if it would take at this price; otherwise it rests.
        """
        self.venue.set_price(symbol, price, self.now())

    def trigger(
        self, order_id: int, then: Then | None = None, family: FamilyName | None = None
    ) -> None:
        """Trigger an open order by hand.

        A conditional order is TRIGGERED at once; an algo order is TRIGGERING first.

        Args:
            order_id: Strategy id or algo id.
            then: What becomes of its child: ``"fill"``, ``"rest"`` or, for algo orders,
                ``"reject"``. None: the child of a conditional order rests until ``fill``, the
                MARKET child of an algo order is filled at once.
            family: Needed only where ids of several families overlap.

        Raises:
            KeyError: If there is no such order.
            ValueError: If it is not open, or can't be rejected.
        """
        self.venue.trigger(order_id, self.now(), then, family)

    def fill(
        self,
        order_id: int,
        family: FamilyName | None = None,
        *,
        quantity: str | None = None,
        price: str | None = None,
    ) -> None:
        """Fill a plain order that rests, in whole or in part; in whole it finishes its parent.

        Args:
            order_id: Its id.
            family: Needed only where ids of several families overlap.
            quantity: How much; None: all that is left.
            price: At which price; None: its own, or the market's for a MARKET order.

        Raises:
            KeyError: If there is no such order.
            ValueError: If it is not open, or less is left.
        """
        self.venue.fill(order_id, self.now(), family, quantity=quantity, price=price)

    def expire(self, order_id: int, family: FamilyName | None = None) -> None:
        """Let the system expire an open order; raises as ``trigger`` does."""
        self.venue.close(order_id, "EXPIRED", self.now(), family)

    def cancel(self, order_id: int, family: FamilyName | None = None) -> None:
        """Cancel an open order as if from elsewhere (web page, other program); see ``trigger``."""
        self.venue.close(order_id, "CANCELED", self.now(), family)

    def forget(self, order_id: int, seconds: float, family: FamilyName | None = None) -> None:
        """Let every request about one order be answered as if it were unknown, for a while.

        Lists show it all the same.

        Raises:
            KeyError: If there is no such order.
        """
        self.venue.forget(order_id, seconds, self.now(), family)

    def inject(self, fault: Fault) -> None:
        """Add a fault behind those in force."""
        self.venue.faults.add(fault)

    def clear_faults(self) -> None:
        """Take all faults away."""
        self.venue.faults.clear()
