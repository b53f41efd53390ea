"""A request as text on the wire: encode, then stamp, then sign the very bytes that are sent.

Everything travels in the query, also for POST, PUT and DELETE (General Info, "Endpoint Security":
the query string is read for all of them).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from binance_papi.core.endpoint import Request, fields_of
from binance_papi.core.fields import write
from binance_papi.core.signing import Signer

_values: Final = msgspec.structs.astuple


def encode(request: Request[Any]) -> str:
    """The query of a request, percent-encoded: without receive window, timestamp and signature.

    Args:
        request: Any request; its values were checked when it was made.

    Returns:
        ``"symbol=BTCUSDT&strategyId=1"``, or an empty text.
    """
    parts: list[str] = []
    for field, value in zip(fields_of(type(request)), _values(request)):  # noqa: B905
        if value is None or not field.goes_along:
            continue
        # Most are whole numbers or plain words; asked here, it halves the cost of encoding.
        kind: object = type(value)  # pyright: ignore[reportUnknownVariableType]
        if kind is int or (
            kind is str and not field.number and value.isalnum() and value.isascii()
        ):
            parts.append(f"{field.prefix}{value}")
        else:
            parts.append(write(field, value))
    return "&".join(parts)


def stamp(query: str, recv_window: int, timestamp: int) -> str:
    """Add receive window and timestamp, both in milliseconds."""
    if not query:
        return f"recvWindow={recv_window}&timestamp={timestamp}"
    return f"{query}&recvWindow={recv_window}&timestamp={timestamp}"


def sign(path: str, stamped: str, signer: Signer) -> str:
    """Path and query as they are sent: with the signature of exactly the query before it."""
    return f"{path}?{stamped}&signature={signer.sign(stamped.encode('ascii'))}"
