"""A request as text on the wire: encode, then stamp, then sign the very bytes that are sent.

Everything travels in the query, also for POST, PUT and DELETE (General Info, "Endpoint Security":
the query string is read for all of them).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from binance_papi.core.endpoint import Lane, Request, fields_of
from binance_papi.core.fields import Field, write
from binance_papi.core.signing import Signer

_values: Final = msgspec.structs.astuple

_ORDERS: Final = 64
"""Sets of fields, each in some order, that are remembered of a request class at most."""


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


def draft(kind: type[Request[Any]], what: dict[str, Any]) -> str | None:
    """Check and encode the fields of a request without making it, at a third of the cost.

    Args:
        kind: The class of the request.
        what: Its fields.

    Returns:
        What `encode` says of the request; ``None`` where there is more to look at than plain words
        and whole numbers, so that the request has to be made, and may turn out to be wrong.
    """
    names = tuple(what)
    drafts = kind._drafts_here  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    try:
        fields = drafts[names]
    except KeyError:
        fields = _plain_fields(kind, names)
        if len(drafts) < _ORDERS:
            drafts[names] = fields
    if fields is None:
        return None
    parts: list[str] = []
    for field in fields:
        value = what[field.name]
        is_a: object = type(value)  # pyright: ignore[reportUnknownVariableType]
        if is_a is int:
            if not field.low <= value <= field.high:
                return None
        elif (
            is_a is not str
            or len(value) > field.most
            or not (value.isalnum() or value.isidentifier())  # as "BTCUSD_PERP" is
            or not value.isascii()
        ):
            return None
        parts.append(f"{field.prefix}{value}")
    return "&".join(parts)


def _plain_fields(kind: type[Request[Any]], names: tuple[str, ...]) -> tuple[Field, ...] | None:
    """The fields of these names, as they are declared, if each of them can be judged by itself.

    ``None`` where something is missing or unknown, stands for itself though nobody said it, or
    means something only beside others.
    """
    endpoint, fields = kind.endpoint, fields_of(kind)
    declared = msgspec.structs.fields(kind)
    silent = all(field.default is None for field in declared if field.name not in names)
    # Else it is valid for a time that is no field of it.
    silent = silent and (
        not hasattr(kind, "recv_window") or any(field.name == "recv_window" for field in declared)
    )
    known = {field.name for field in fields if field.goes_along}
    by_itself = not endpoint.compared and endpoint.lane is not Lane.ORDER
    complete = all(field.name in names for field in fields if field.mandatory) and all(
        any(name in names for name in group) for group in endpoint.either
    )
    checked = (
        kind.check is not Request.check  # pyright: ignore[reportUnknownMemberType]
        or kind.__post_init__ is not Request.__post_init__  # pyright: ignore[reportUnknownMemberType]
    )
    if checked or not (silent and by_itself and complete and known.issuperset(names)):
        return None
    return tuple(field for field in fields if field.name in names)


def stamp(query: str, recv_window: int, timestamp: int) -> str:
    """Add receive window and timestamp, both in milliseconds."""
    if not query:
        return f"recvWindow={recv_window}&timestamp={timestamp}"
    return f"{query}&recvWindow={recv_window}&timestamp={timestamp}"


def sign(path: str, stamped: str, signer: Signer) -> str:
    """Path and query as they are sent: with the signature of exactly the query before it."""
    return f"{path}?{stamped}&signature={signer.sign(stamped.encode('ascii'))}"
