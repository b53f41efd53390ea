"""The orders of a run and their fates."""

from __future__ import annotations

from random import Random
from typing import Final

from tests.simulation.book import OPEN, Book, Change, Order
from tests.simulation.dialect import CM_CONDITIONAL, UM_ALGO, UM_PLAIN, plain_of
from tests.simulation.profile import Profile
from tests.simulation.virtual_loop import VirtualLoop

_FIRST: Final = 4_611_875_134_427_365_377
"""Above 2**53, so that who reads ids as floats is found out."""

_CHILD: Final = 12_132_343_435


def symbol_of(family: str, index: int) -> str:
    """Some symbol of the family's market."""
    coin = ("BTC", "ETH", "BNB")[index % 3]
    return f"{coin}USD_PERP" if family == CM_CONDITIONAL else f"{coin}USDT"


class Scenario:
    """Places orders and lets their fates come over them.

    Args:
        book: Where they are written.
        profile: What is likely.
        dice: Where chance comes from.
        loop: Virtual time.
    """

    def __init__(self, book: Book, profile: Profile, dice: Random, loop: VirtualLoop) -> None:
        self._book = book
        self._profile = profile
        self._dice = dice
        self._later, self._now = loop.happen, loop.time
        self._numbers = 0

    def place(self, count: int, now: float) -> list[Order]:
        """Place orders and decide their fates.

        The same number is used once in every family: ids of two families are strangers.

        Args:
            count: How many.
            now: Virtual time when their cancelling begins.
        """
        families = self._profile.families
        orders = []
        for index in range(self._numbers, self._numbers + count):
            family = families[index % len(families)]
            number = _FIRST + index // len(families)
            placed = Change(now - self._dice.uniform(1, 3600), "NEW", "placed")
            order = Order(family, number, symbol_of(family, index), [placed], _CHILD + index)
            orders.append(self._book.add(order))
            self._decide(order, now)
        self._numbers += count
        return orders

    def _decide(self, order: Order, now: float) -> None:
        dice, profile = self._dice, self._profile
        fate, when, how, lapse, forgets, spell = (dice.random() for _ in range(6))
        if fate < profile.gone:
            self._end_before(order, now, when, how)
        elif fate < profile.gone + profile.races:
            self._race(order, now - 0.2 + 2.5 * when, how, lapse)
        elif fate < profile.gone + profile.races + profile.rivals:
            self._later(now + 2.0 * when, lambda: self._become(order, "CANCELED", "other"))
        if forgets < profile.forgetful:
            start = now - 0.5 + lapse
            order.forgotten = (start, start + 0.5 + 24.5 * spell)

    def _end_before(self, order: Order, now: float, when: float, how: float) -> None:
        """It ended before anybody asked."""
        at = order.last.at + when * (now - 0.001 - order.last.at)
        if order.family == UM_PLAIN:
            endings = ("CANCELED", "FILLED", "EXPIRED", "FILLED")
        else:
            endings = ("CANCELED", "TRIGGERED", "EXPIRED", "FINISHED")
        status = endings[int(how * len(endings))]
        if status == "FINISHED":
            self._become(order, "TRIGGERED", "market", at)
            at += 0.0005
        self._become(order, status, "other" if status == "CANCELED" else "market", at)

    def _race(self, order: Order, at: float, how: float, lapse: float) -> None:
        """The market comes to it while it is being cancelled."""
        if order.family == UM_PLAIN:
            if how < 0.3:
                self._later(at, lambda: self._become(order, "PARTIALLY_FILLED", "market"))
                at += 0.1
            self._later(at, lambda: self._become(order, "FILLED", "market"))
            return
        self._later(at, lambda: self._trigger(order, at + 0.05 + 0.25 * lapse, how))

    def _trigger(self, order: Order, done: float, how: float) -> None:
        if not self._become(order, "TRIGGERING", "market"):
            return
        refused = "REJECTED" if order.family == UM_ALGO else "EXPIRED"
        ending = refused if how > 0.95 else "TRIGGERED"
        self._later(done, lambda: self._become(order, ending, "market"))
        if ending == "TRIGGERED" and how < 0.4:
            self._later(done + 10 * how, lambda: self._become(order, "FINISHED", "market"))

    def _become(self, order: Order, status: str, cause: str, at: float | None = None) -> bool:
        """Change an order, if nothing else came first."""
        before = {"TRIGGERED": {"TRIGGERING", "NEW"}, "FINISHED": {"TRIGGERED"}}.get(status)
        if status in ("REJECTED", "EXPIRED"):
            before = {"TRIGGERING", *OPEN}
        if order.last.status not in (before or OPEN):
            return False
        moment = self._now() if at is None else at
        Book.change(order, moment, status, cause)
        self._child(order, status, moment)
        return True

    def _child(self, order: Order, status: str, at: float) -> None:
        """A triggered order goes on as a plain one."""
        assert order.child is not None
        family = plain_of(order.family)
        if status == "TRIGGERED":
            child = Order(family, order.child, order.symbol, [Change(at, "NEW", "placed")])
            self._book.add(child)
        elif status == "FINISHED":
            child_order = self._book.get(family, order.child)
            assert child_order is not None
            if child_order.last.status in OPEN:
                Book.change(child_order, at, "FILLED", "market")
