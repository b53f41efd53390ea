"""A request as text on the wire: encode, then stamp, then sign the very bytes that are sent.

Everything travels in the query, also for POST, PUT and DELETE (General Info, "Endpoint Security":
the query string is read for all of them).
"""

from __future__ import annotations

from typing import Any

import msgspec

from binance_papi.core.endpoint import Request, fields_of
from binance_papi.core.fields import write
from binance_papi.core.signing import Signer


def encode(request: Request[Any]) -> str:
    """The query of a request, percent-encoded: without receive window, timestamp and signature.

    Args:
        request: Any request; its values were checked when it was made.

    Returns:
        ``"symbol=BTCUSDT&strategyId=1"``, or an empty text.
    """
    fields = fields_of(type(request))
    return "&".join(
        [
            write(field, value)
            for field, value in zip(fields, msgspec.structs.astuple(request), strict=True)
            if value is not None and field.goes_along
        ]
    )


def stamp(query: str, recv_window: int, timestamp: int) -> str:
    """Add receive window and timestamp, both in milliseconds."""
    head = f"{query}&" if query else ""
    return f"{head}recvWindow={recv_window}&timestamp={timestamp}"


def sign(stamped: str, signer: Signer) -> str:
    """Add the signature of exactly the text before it."""
    return f"{stamped}&signature={signer.sign(stamped.encode('ascii'))}"
