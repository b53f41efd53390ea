"""What a request is: one class per documented endpoint, and the declaration it carries.

A request is a value: comparable, hashable, printable, safe to queue and to send twice. Its class
carries an `Endpoint`, which says where it goes, what it costs and what comes back.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Any, ClassVar, Final, Generic, TypeAlias, TypeVar, cast, get_args

import msgspec

from binance_papi.core.decode import BadReply, decode
from binance_papi.core.fields import Field, RecvWindow, camel, compile_fields
from binance_papi.core.paging import Paging
from binance_papi.errors import InvalidRequestError

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Security(Enum):
    """What a call needs, in the exchange's words."""

    NONE = "NONE"
    USER_STREAM = "USER_STREAM"
    USER_DATA = "USER_DATA"
    TRADE = "TRADE"
    MARGIN = "MARGIN"
    """On the pages of borrowing and repaying; signed like TRADE."""

    @property
    def keyed(self) -> bool:
        """Whether the API key travels with it."""
        return self is not Security.NONE

    @property
    def signed(self) -> bool:
        """Whether it is stamped and signed."""
        return self in (Security.USER_DATA, Security.TRADE, Security.MARGIN)


DAY_MS: Final = 86_400_000
"""A day in milliseconds."""

NONE: Final = Security.NONE
USER_STREAM: Final = Security.USER_STREAM
USER_DATA: Final = Security.USER_DATA
TRADE: Final = Security.TRADE
MARGIN: Final = Security.MARGIN


class Lane(IntEnum):
    """Who goes first when weight is short; first come, first served inside a lane."""

    CANCEL = 0
    """Cancels: they may use the whole limit."""
    RESOLVE = 1
    """Questions about cancels whose fate is open: likewise."""
    REDUCE = 2
    """Orders that only reduce or close a position."""
    ORDER = 3
    """Other orders. A lane of their own, so that a spent order count does not hold up reads."""
    READ = 4
    """Everything else."""


class Endpoint(Generic[R_co]):
    """The declaration of one endpoint.

    Args:
        method: ``"GET"``, ``"POST"``, ``"PUT"`` or ``"DELETE"``.
        path: As documented, ``"/papi/v1/..."``.
        security: What the call needs.
        returns: The reply's type.
        weight: Request weight; with a symbol, where it depends on one.
        all_symbols: Request weight without a symbol; ``None`` where it does not depend on one.
        orders: What the call counts against the account's order limit.
        either: Groups of fields of which at least one must be given.
        apart: Groups of fields of which at most one may be given.
        together: Groups of fields that are given all or not at all.
        span: What ``end_time - start_time`` must stay below, in ms; ``None``: no bound is
            documented.
        listed: Whether the reply comes as a value or as a list of one: both are read as ``returns``
            says.
        paging: How its rows are gone through; ``None`` where it is no history.
        stamped: Field of the reply that holds exchange time in ms written while serving this very
            request; ``None`` where the reply has none.
        once: Reply keys that a decision hangs on; twice in one reply, it counts as unreadable.
        replaced_by: For a retired endpoint, what took its place, as ``"DELETE /papi/v1/…"``.
    """

    __slots__ = (
        "all_symbols",
        "apart",
        "compared",
        "either",
        "keyed",
        "lane",
        "listed",
        "method",
        "once",
        "orders",
        "paging",
        "path",
        "replaced_by",
        "returns",
        "ruled",
        "security",
        "signed",
        "span",
        "stamped",
        "together",
        "weight",
    )

    def __init__(
        self,
        method: str,
        path: str,
        security: Security,
        returns: type[R_co],
        *,
        weight: int,
        all_symbols: int | None = None,
        orders: int = 0,
        either: tuple[tuple[str, ...], ...] = (),
        apart: tuple[tuple[str, ...], ...] = (),
        together: tuple[tuple[str, ...], ...] = (),
        span: int | None = None,
        listed: bool = False,
        paging: Paging | None = None,
        stamped: str | None = None,
        once: tuple[str, ...] = (),
        replaced_by: str | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.security = security
        self.returns = returns
        self.weight = weight
        self.all_symbols = all_symbols
        self.orders = orders
        self.either = either
        self.apart = apart
        self.together = together
        self.span = span
        self.compared = bool(apart or together or span or paging)
        self.ruled = bool(either) or self.compared
        self.listed = listed
        self.paging = paging
        self.stamped = stamped
        self.once = tuple(f'"{key}"'.encode() for key in once)
        self.replaced_by = replaced_by
        self.keyed = security.keyed
        self.signed = security.signed
        self.lane = Lane.ORDER if orders else Lane.READ
        if security is Security.TRADE and method == "DELETE":
            self.lane = Lane.CANCEL

    def __repr__(self) -> str:
        return f"<Endpoint {self.method} {self.path}>"

    def decode(self, body: bytes) -> R_co:
        """Decode a reply of this endpoint.

        Args:
            body: The bytes of a successful reply.

        Returns:
            The typed reply.

        Raises:
            BadReply: If the bytes are no such reply.
        """
        if self.listed:
            return self._decode_either(body)
        reply: R_co = decode(self.returns, body, self.once)
        return reply

    def _decode_either(self, body: bytes) -> R_co:
        """A list is wanted and one value came, or the other way round."""
        returns: Any = self.returns
        kinds = get_args(returns)
        either: Any = kinds[0] | returns if kinds else returns | list[returns]
        reply: Any = decode(either, body, self.once)
        if kinds:
            return cast("R_co", reply if isinstance(reply, list) else [reply])
        if not isinstance(reply, list):
            return cast("R_co", reply)
        rows = cast("list[R_co]", reply)
        if len(rows) != 1:
            raise BadReply(f"{len(rows)} values instead of one")
        return rows[0]


_values: Final = msgspec.structs.astuple


Plan: TypeAlias = tuple[tuple[str, str, int, int, int], ...]
"""How fields are drafted (see `binance_papi.core.draft`): each one's name, what stands before its
value on the wire, the bounds of a number, and how long a text may be."""


class _RequestMeta(msgspec.StructMeta):
    """Lets a missing mandatory field reach our own check instead of a TypeError.

    Type checkers still see the field as mandatory; at run time its default is ``None``, which the
    check then names in the exchange's words.
    """

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **config: Any
    ) -> Any:
        mandatory = [
            field
            for field, kind in namespace.get("__annotations__", {}).items()
            if field not in namespace and not str(kind).startswith("ClassVar")
        ]
        namespace.update(dict.fromkeys(mandatory))
        namespace["_mandatory_here"] = frozenset(mandatory)
        namespace["_fields_here"] = None
        namespace["_plans_here"] = {}
        return super().__new__(mcs, name, bases, namespace, **config)


class Request(
    msgspec.Struct, Generic[R], metaclass=_RequestMeta, frozen=True, kw_only=True, gc=False
):
    """Base of every request.

    A subclass declares its fields with the exchange's names in snake case, and ``endpoint``.

    Raises:
        InvalidRequestError: On making one with a value that can't be right.
    """

    endpoint: ClassVar[Endpoint[Any]]
    _mandatory_here: ClassVar[frozenset[str]]
    _fields_here: ClassVar[tuple[Field, ...] | None]
    _plans_here: ClassVar[dict[tuple[str, ...], Plan | None]]

    def __post_init__(self) -> None:
        for field, value in zip(self._fields_here or fields_of(type(self)), _values(self)):  # noqa: B905
            # Nearly every value of a cancel passes here, without a call of its own.
            kind: object = type(value)  # pyright: ignore[reportUnknownVariableType]
            if kind is int:
                if not field.low <= value <= field.high:
                    field.check(value)
            elif value is None:
                if field.mandatory:
                    raise InvalidRequestError(f"{field.wire} is mandatory")
            elif (
                kind is not str
                or not (value.isalnum() and value.isascii())
                or len(value) > field.most
            ):
                field.check(value)
        if self.endpoint.ruled:
            _check_rules(self)
        if type(self).check is not Request.check:  # pyright: ignore[reportUnknownMemberType]
            self.check()

    def check(self) -> None:
        """Check what fields mean together; the default finds nothing wrong.

        Raises:
            InvalidRequestError: If they don't go together.
        """

    def question(self) -> Request[Any] | None:
        """The request that tells what became of this one where its answer is missing.

        Returns:
            ``None`` where there is no such request.
        """
        return None

    @classmethod
    def decode(cls, body: bytes) -> R:
        """Decode a reply to this request; see `Endpoint.decode`."""
        return cast("R", cls.endpoint.decode(body))


class SignedRequest(Request[R], Generic[R], frozen=True, kw_only=True):
    """Base of every request that is stamped and signed.

    Args:
        recv_window: Milliseconds for which the request is valid, 1 to 60000; ``None``: the
            client's.
    """

    recv_window: RecvWindow | None = None


def _check_rules(request: Request[Any]) -> None:
    """What the declaration says of fields together."""
    endpoint = request.endpoint
    for group in endpoint.either:
        for name in group:
            if getattr(request, name) is not None:
                break
        else:
            names = " or ".join(camel(name) for name in group)
            raise InvalidRequestError(f"one of {names} is mandatory")
    if endpoint.compared:
        _compare(request)


def _compare(request: Request[Any]) -> None:
    """What the declaration says of fields together, beyond ``either``."""
    endpoint = request.endpoint
    for group in endpoint.apart:
        if sum(getattr(request, name) is not None for name in group) > 1:
            raise InvalidRequestError(f"{_names(group)} exclude each other")
    for group in endpoint.together:
        if len({getattr(request, name) is None for name in group}) > 1:
            raise InvalidRequestError(f"{_names(group)} go together")
    start, end = getattr(request, "start_time", None), getattr(request, "end_time", None)
    if start is None or end is None:
        return
    if start > end:
        raise InvalidRequestError("startTime is after endTime")
    if endpoint.span is not None and end - start >= endpoint.span:
        raise InvalidRequestError(f"endTime is less than {_span(endpoint.span)} after startTime")


def _names(group: tuple[str, ...]) -> str:
    return " and ".join(camel(name) for name in group)


def _span(milliseconds: int) -> str:
    days = milliseconds // DAY_MS
    return "24 hours" if days == 1 else f"{days} days"


def fields_of(request: type[Request[Any]]) -> tuple[Field, ...]:
    """The fields of a request class, in the order of their declaration, compiled once."""
    fields = request._fields_here  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    if fields is None:
        mandatory = frozenset[str]().union(
            *(vars(base).get("_mandatory_here", ()) for base in request.__mro__)
        )
        fields = compile_fields(request, mandatory)
        request._fields_here = fields  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return fields


def weight_of(request: Request[Any]) -> int:
    """The request weight of this very request."""
    endpoint = request.endpoint
    if endpoint.all_symbols is not None and getattr(request, "symbol", None) is None:
        return endpoint.all_symbols
    return endpoint.weight


def lane_of(request: Request[Any]) -> Lane:
    """The lane this very request waits in: an order that only reduces goes before others."""
    lane = request.endpoint.lane
    if lane is Lane.ORDER and (
        getattr(request, "reduce_only", None) or getattr(request, "close_position", None)
    ):
        return Lane.REDUCE
    return lane
