"""What goes into the model and what comes out of it: plain values, no socket."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.refusal import Refusal

Handler = Callable[["Params", "Moment"], Any]
"""What an endpoint does: (parameters, when) -> something that becomes JSON."""


class Moment(msgspec.Struct, frozen=True, gc=False):
    """When a request is handled, and what it can see.

    Args:
        now: Exchange time, ms.
        seen: Time whose state the answering node knows, ms; ``now`` unless a query meets a node
            that lags behind.
        by: Serial number of the request.
    """

    now: int
    seen: int
    by: int


class Request(msgspec.Struct, frozen=True, gc=False):
    """One HTTP request as it lay on the wire.

    Args:
        method: ``GET``, ``POST``, ``PUT`` or ``DELETE``.
        path: Path without the query, as sent.
        query: Raw bytes after the question mark.
        body: Raw bytes of the body.
        api_key: Value of ``X-MBX-APIKEY``, or None without that header.
        address: Source address that request weight is counted for.
    """

    method: str
    path: str
    query: bytes = b""
    body: bytes = b""
    api_key: str | None = None
    address: str = "127.0.0.1"


class Call(NamedTuple):
    """A request, read as far as it can be."""

    request: Request
    fields: dict[str, str]
    flaw: Refusal | None


class Visit(msgspec.Struct, frozen=True, gc=False):
    """One request at the exchange, with the times that fairness asks for.

    Args:
        address: Source address.
        now: Exchange time of its arrival, Unix seconds.
        sent: When it would have arrived if no fault had delayed it.
        heard: When its client hears the answer; infinity if a fault keeps it away.
    """

    address: str
    now: float
    sent: float
    heard: float


class Delivery(Enum):
    """What becomes of a reply on its way to the client."""

    WHOLE = "whole"
    CUT = "cut"  # half of the body, then the connection closes
    CLOSED = "closed"  # no byte: the connection is reset
    CUT_HEADERS = "cut_headers"  # half of the headers, then the connection is reset
    CUT_BODY = "cut_body"  # half of the body, then the connection is reset
    DRIP = "drip"  # byte by byte
    SILENT = "silent"  # no byte: the connection stays open until the client leaves


class Reply(msgspec.Struct, frozen=True):
    """One HTTP reply, and how it is delivered.

    Args:
        status: HTTP status; 0 where no byte of a reply leaves the exchange.
        body: Raw bytes.
        headers: All headers except ``Date``.
        code: The exchange's error code in the body; 0 if there is none.
        delivery: Whole, or damaged by a fault.
        delay: Seconds that the reply is held back.
        odd_headers: Headers that stand twice or hold what no header may hold.
        repeat: How often the body is sent; None: without end.
        pace: Seconds between two bytes that drip.
    """

    status: int
    body: bytes
    headers: dict[str, str]
    code: int = 0
    delivery: Delivery = Delivery.WHOLE
    delay: float = 0.0
    odd_headers: tuple[tuple[str, str], ...] = ()
    repeat: int | None = 1
    pace: float = 0.0


class Route(msgspec.Struct, frozen=True):
    """One endpoint: what it costs beside what it does.

    Args:
        method: HTTP method.
        path: Whole path.
        handler: What it does.
        weight: Request weight.
        all_symbols: Request weight without ``symbol``, where that differs.
        orders: How many orders one call counts.
        signed: Whether key, signature and timestamp are checked.
        keyed: Whether the key is checked where nothing is signed.
    """

    method: str
    path: str
    handler: Handler
    weight: int = 1
    all_symbols: int | None = None
    orders: int = 0
    signed: bool = True
    keyed: bool = True

    def cost(self, params: dict[str, str]) -> int:
        """Request weight of a call with these parameters."""
        if self.all_symbols is None or "symbol" in params:
            return self.weight
        return self.all_symbols
