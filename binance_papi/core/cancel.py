"""What a cancel of one order is, whatever its family: the order it names, and how to ask about it.

A family of the exchange's documentation fills this in once, beside its declarations; the cancel
state machine (`binance_papi.core.resolve`) knows no family.
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from binance_papi.core.endpoint import Request, SignedRequest

R = TypeVar("R")

OPEN = frozenset({"NEW", "PARTIALLY_FILLED"})
"""Statuses of an order that may still be cancelled."""

TRIGGERING = "TRIGGERING"
"""Status of an order whose child is on its way to the engine."""

CANCELED = "CANCELED"
"""Status of an order that was cancelled, by whomever."""

GONE = frozenset({"TRIGGERED", "FINISHED", "EXPIRED", "REJECTED", "FILLED", "EXPIRED_IN_MATCH"})
"""Statuses of an order that ended, or became another one, without being cancelled."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one reply says of one order.

    Args:
        status: The exchange's word; ``None`` where the reply had none.
        id: The exchange's id of the order; ``None`` where the reply had none.
        client_id: The user's id of the order; ``None`` where the reply had none.
        symbol: Trading pair; ``None`` where the reply had none.
        child: Id of the plain order that it became; ``None`` before it triggered.
        updated: When the order changed last, exchange time in ms; ``None`` where nobody said.
        placed: When it was placed, exchange time in ms; ``None`` where nobody said.
    """

    status: str | None = None
    id: int | None = None
    client_id: str | None = None
    symbol: str | None = None
    child: int | None = None
    updated: int | None = None
    placed: int | None = None


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """The three requests with which all open orders of a symbol are cancelled, and it is proven.

    Args:
        open_orders: Asks for the open orders of the symbol.
        cancel_all: Cancels all of them.
        history: Asks for the orders of the symbol, ended ones too.
    """

    open_orders: Request[Any]
    cancel_all: Request[Any]
    history: Request[Any]


class Cancel(SignedRequest[R], Generic[R], frozen=True, kw_only=True):
    """Base of the requests that cancel one order.

    Sending it twice is safe: ids are never reused, and an order that ended stays ended.
    """

    ids: ClassVar[tuple[str, str]]
    """Names of the fields that hold the exchange's id and the user's id."""

    def order(self) -> tuple[str, str | None, int | None, str | None]:
        """The order it names: path, symbol, the exchange's id, the user's id.

        Two cancels with the same answer name the same order.
        """
        number, text = self.ids
        symbol = getattr(self, "symbol", None)
        return self.endpoint.path, symbol, getattr(self, number), getattr(self, text)

    def names(self, seen: Sighting) -> bool:
        """Whether a sighting may be of the order it names: no id in it contradicts."""
        _, _, number, text = self.order()
        return not (
            (number is not None and seen.id is not None and seen.id != number)
            or (text is not None and seen.client_id is not None and seen.client_id != text)
        )

    def sight(self, reply: R) -> Sighting:
        """What its own reply says.

        Args:
            reply: The typed reply of this request.
        """
        raise NotImplementedError

    def questions(self) -> tuple[Request[Any], ...]:
        """The requests that tell the order's state, the first one first.

        Where one says that there is no such order, the next is asked. Their replies have a method
        ``sighting()``.
        """
        raise NotImplementedError

    def question(self) -> Request[Any]:
        """The first of its questions."""
        return self.questions()[0]

    def sweep(self) -> Sweep | None:
        """How all open orders of its symbol are cancelled; ``None`` where that can't be done."""
        return None

    def child(self, seen: Sighting) -> Cancel[Any] | None:  # noqa: ARG002 - families look at it
        """The cancel of the plain order that a triggered one became.

        Args:
            seen: A sighting that tells the child's id.

        Returns:
            ``None`` where the sighting does not tell enough.
        """
        return None
