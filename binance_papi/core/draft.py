"""The short way from a call's fields to its query: check and encode, without making the request.

It is for fields that can each be judged by itself, which are those of nearly every cancel and every
question. Whatever else comes is made into a request, and looked at there.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from binance_papi.core.endpoint import Lane, Plan, Request, fields_of

_ORDERS: Final = 64
"""Sets of fields, each in some order, that are remembered of a request class at most."""


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
    plans = kind._plans_here  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    try:
        plan = plans[names]
    except KeyError:
        plan = _plan(kind, names)
        if len(plans) < _ORDERS:
            plans[names] = plan
    if plan is None:
        return None
    query = ""
    for name, prefix, low, high, most in plan:
        value = what[name]
        is_a: object = type(value)  # pyright: ignore[reportUnknownVariableType]
        if is_a is int:
            if not low <= value <= high:
                return None
        elif (
            is_a is not str
            or len(value) > most
            or not (value.isalnum() or value.isidentifier())  # as "BTCUSD_PERP" is
            or not value.isascii()
        ):
            return None
        query = f"{query}{prefix}{value}"
    return query


def _plan(kind: type[Request[Any]], names: tuple[str, ...]) -> Plan | None:
    """What to look at in the fields of these names, in the order in which they are declared.

    ``None`` where one of them is unknown or goes another way, or where they are not all there is to
    look at.
    """
    if not (_is_plain(kind) and _is_complete(kind, names) and _is_silent(kind, names)):
        return None
    fields = [field for field in fields_of(kind) if field.goes_along and field.name in names]
    if len(fields) < len(names):
        return None
    return tuple(
        (
            field.name,
            f"&{field.prefix}" if number else field.prefix,
            field.low,
            field.high,
            field.most,
        )
        for number, field in enumerate(fields)
    )


def _is_plain(kind: type[Request[Any]]) -> bool:
    """Whether its fields mean nothing together that they don't mean alone."""
    checked = (
        kind.check is not Request.check  # pyright: ignore[reportUnknownMemberType]
        or kind.__post_init__ is not Request.__post_init__  # pyright: ignore[reportUnknownMemberType]
    )
    return not (checked or kind.endpoint.compared or kind.endpoint.lane is Lane.ORDER)


def _is_complete(kind: type[Request[Any]], names: tuple[str, ...]) -> bool:
    """Whether all is said that has to be."""
    return all(field.name in names for field in fields_of(kind) if field.mandatory) and all(
        any(name in names for name in group) for group in kind.endpoint.either
    )


def _is_silent(kind: type[Request[Any]], names: tuple[str, ...]) -> bool:
    """Whether it says nothing by itself beside what it was told."""
    declared = {field.name: field.default for field in msgspec.structs.fields(kind)}
    # A receive window that is no field of it would be one nobody sees here.
    seen = "recv_window" in declared or not hasattr(kind, "recv_window")
    return seen and all(default is None for name, default in declared.items() if name not in names)
