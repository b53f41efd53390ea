"""What a placement of one order is, whatever its family: your own id of it, and how to ask by it.

A family of the exchange's documentation fills this in once, beside its declarations; the placement
state machine (`binance_papi.core.placement`) knows no family.
"""

from __future__ import annotations

from base64 import b32encode
from os import urandom
from typing import Any, ClassVar, Final, Generic, TypeVar

import msgspec

from binance_papi.core.cancel import Cancel
from binance_papi.core.endpoint import Request, SignedRequest

R = TypeVar("R")
P = TypeVar("P", bound="Place[Any]")

PREFIX: Final = "bpapi-"
"""How every id begins that this package makes up."""

_RANDOM: Final = 16


class Place(SignedRequest[R], Generic[R], frozen=True, kw_only=True):
    """Base of the requests that place one order.

    Sending it twice may place two orders: your own id keeps the second one out only while the
    first is open.
    """

    own_id: ClassVar[str]
    """Name of the field that holds your own id of the order."""

    canceled_by: ClassVar[type[Cancel[Any]]]
    """The class of the cancels of such orders."""

    def client_id(self) -> str | None:
        """Your own id of the order; ``None``: it has none yet."""
        own: str | None = getattr(self, self.own_id)
        return own

    def key(self) -> tuple[str, str | None]:
        """Path and your own id: two placements with the same key are after the same order."""
        return self.endpoint.path, self.client_id()

    def cancel(self, order_id: int | None = None) -> Cancel[Any]:
        """The cancel of the order that it places.

        Args:
            order_id: The exchange's id of it; ``None``: it is named by your own id.

        Raises:
            InvalidRequestError: If neither id is there.
        """
        kind = self.canceled_by
        number, text = kind.ids
        names: dict[str, Any] = {number: order_id}
        if order_id is None:
            names[text] = self.client_id()
        if "symbol" in kind.__struct_fields__:
            names["symbol"] = getattr(self, "symbol", None)
        return kind(**names)

    def question(self) -> Request[Any] | None:
        """The query by your own id; ``None`` where it has none."""
        return None if self.client_id() is None else self.cancel().questions()[0]

    def questions(self) -> tuple[Request[Any], ...]:
        """The queries by your own id, the first one first; see `Cancel.questions`."""
        return self.cancel().questions()

    def lists(self) -> tuple[Request[Any], ...]:
        """The lists that show the order too, open or ended; none where there are none."""
        sweep = self.cancel().sweep()
        return () if sweep is None else (sweep.open_orders, sweep.history)


def with_client_id(request: P) -> P:
    """The same placement with an id of your own, made up where it has none.

    `PapiClient.place` does so by itself. Do it before where you may have to ask for the outcome
    without having seen it, since your task was cancelled or the process died.

    Args:
        request: A placement of one order.

    Returns:
        One with an id of 32 characters that nobody had before, ``bpapi-`` and 26 letters and
        digits. Every family takes it.
    """
    if request.client_id() is not None:
        return request
    made_up = PREFIX + b32encode(urandom(_RANDOM)).decode().rstrip("=").lower()
    return msgspec.structs.replace(request, **{request.own_id: made_up})
