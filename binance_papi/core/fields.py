"""The fields of a request: what they may hold and how they are written on the wire."""

from __future__ import annotations

import re
import types
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeAlias, Union, cast, get_args, get_origin
from urllib.parse import quote

import msgspec

from binance_papi.errors import InvalidRequestError
from binance_papi.terms import MAX_ID

Id: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MAX_ID)]
"""An id of the exchange, or a time in epoch milliseconds: 63 bits."""

Symbol: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
"""A trading pair; since 2025-10-09 it may hold letters of any script."""

RecvWindow: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=60_000)]
"""Milliseconds."""

ClientId32: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[\.A-Z\:/a-z0-9_-]{1,32}$")]
"""Your own id of a UM order: 1 to 32 letters, digits, or any of ``. : / _ -``."""

ClientId36: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[\.A-Z\:/a-z0-9_-]{1,36}$")]
"""Your own id of a CM order or of an algo order: the same characters, up to 36."""

Number: TypeAlias = Decimal | int | str
"""An amount on its way out: a `Decimal`, an `int`, or a text that is a plain decimal."""

_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]*")

_MAX_PLACES: Final = 64
"""An amount with more places is a slip; written out in fixed point it could fill the memory."""


class Field:
    """One field of a request class.

    Args:
        name: Python name.
        wire: The exchange's name.
        mandatory: Whether ``None`` is refused.
        types: The types a value may have.
        meta: Bounds and patterns.
    """

    __slots__ = (
        "_ge",
        "_le",
        "_max_length",
        "_pattern",
        "goes_along",
        "high",
        "low",
        "mandatory",
        "most",
        "name",
        "number",
        "prefix",
        "types",
        "wire",
    )

    def __init__(
        self,
        name: str,
        wire: str,
        *,
        mandatory: bool,
        types: tuple[type, ...],
        meta: tuple[msgspec.Meta, ...] = (),
    ) -> None:
        self.name = name
        self.wire = wire
        self.prefix = f"{wire}="
        self.goes_along = name != "recv_window"
        """Whether it is encoded with the others; the receive window is stamped."""
        self.mandatory = mandatory
        self.types = types
        self.number = Decimal in types
        self._ge: float | None = None
        self._le: float | None = None
        self._max_length: int | None = None
        self._pattern: Callable[[str], object] | None = None
        for rule in meta:
            self._ge = rule.ge if rule.ge is not None else self._ge
            self._le = rule.le if rule.le is not None else self._le
            self._max_length = rule.max_length if rule.max_length is not None else self._max_length
            if rule.pattern is not None:
                # `$` alone would let a newline through at the end.
                self._pattern = re.compile(rule.pattern.removesuffix("$")).fullmatch
        # Bounds of what needs no closer look; without such, nothing lies between them.
        self.low, self.high, self.most = 1, 0, -1
        if types == (int,) and self._ge is not None and self._le is not None:
            self.low, self.high = int(self._ge), int(self._le)
        elif types == (str,) and self._max_length is not None and self._pattern is None:
            self.most = self._max_length

    def check(self, value: Any) -> None:
        """Check one value that is not ``None``.

        Raises:
            InvalidRequestError: If it can't be right.
        """
        if isinstance(value, bool) and bool not in self.types:
            raise InvalidRequestError(f"{self.wire} can't be a bool")
        if not isinstance(value, self.types):
            hint = "; pass a Decimal or a text, so that no digit is lost"
            advice = hint if self.number and isinstance(value, float) else ""
            raise InvalidRequestError(f"{self.wire} can't be a {type(value).__name__}{advice}")
        if self.number:
            _check_number(self.wire, cast("Decimal | int | str", value))
        elif isinstance(value, str):
            self._check_text(value)
        elif isinstance(value, int):  # pragma: no branch - nothing else is declared
            self._check_bounds(value)

    def _check_bounds(self, value: int) -> None:
        if self._ge is not None and value < self._ge:
            raise InvalidRequestError(f"{self.wire} is at least {self._ge}")
        if self._le is not None and value > self._le:
            raise InvalidRequestError(f"{self.wire} is at most {self._le}")

    def _check_text(self, value: str) -> None:
        if not value:
            raise InvalidRequestError(f"{self.wire} is empty")
        # Control characters, line breaks and lone surrogates are all unprintable.
        if not value.isprintable() or value != value.strip():
            raise InvalidRequestError(f"{self.wire} holds blanks or control characters")
        if self._max_length is not None and len(value) > self._max_length:
            raise InvalidRequestError(f"{self.wire} is longer than {self._max_length} characters")
        if self._pattern is not None and not self._pattern(value):
            raise InvalidRequestError(
                f"{self.wire} has other characters or another length than allowed"
            )


def _check_number(wire: str, value: Decimal | int | str) -> None:
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError):
        number = Decimal("NaN")
    if not number.is_finite() or (isinstance(value, str) and value != value.strip()):
        raise InvalidRequestError(f"{wire} is no plain decimal number")
    _, digits, exponent = number.as_tuple()
    if len(digits) > _MAX_PLACES or abs(int(exponent)) > _MAX_PLACES:
        raise InvalidRequestError(f"{wire} has more than {_MAX_PLACES} digits")


def text(value: Any) -> str:
    """One value as it stands in the query, percent-encoded.

    Decimals are written in fixed point: the exchange does not read exponents.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    plain = str.__str__(value)  # what was checked: `str` of somebody's enumeration is its name
    return plain if _UNRESERVED.fullmatch(plain) else quote(plain, safe="-._~")


def write(field: Field, value: Any) -> str:
    """One field as ``name=value``."""
    if field.number and isinstance(value, str):
        value = Decimal(value)
    return field.prefix + text(value)


def compile_fields(request: type[msgspec.Struct], mandatory: frozenset[str]) -> tuple[Field, ...]:
    """Read a request class's annotations once."""
    return tuple(
        Field(
            field.name, camel(field.name), mandatory=field.name in mandatory, types=kinds, meta=meta
        )
        for field in msgspec.structs.fields(request)
        for kinds, meta in [_flatten(field.type)]
    )


def camel(name: str) -> str:
    """``new_client_strategy_id`` → ``newClientStrategyId``: the exchange's name of a field."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _flatten(annotation: Any) -> tuple[tuple[type, ...], tuple[msgspec.Meta, ...]]:
    """The plain types and the constraints in an annotation."""
    if get_origin(annotation) is Annotated:
        inner, *extra = get_args(annotation)
        kinds, meta = _flatten(inner)
        return kinds, (*meta, *(rule for rule in extra if isinstance(rule, msgspec.Meta)))
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_flatten(part) for part in get_args(annotation) if part is not type(None)]
        return (
            tuple(kind for kinds, _ in parts for kind in kinds),
            tuple(rule for _, meta in parts for rule in meta),
        )
    return (annotation,), ()
