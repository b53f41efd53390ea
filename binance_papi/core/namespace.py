"""``papi.um.conditional.cancel_order``: a declaration becomes a method in one line."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from importlib import import_module
from types import GenericAlias
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NoReturn,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    cast,
    overload,
)

import msgspec

from binance_papi.core.endpoint import Request, fields_of
from binance_papi.core.paging import Paging
from binance_papi.errors import PapiError

if TYPE_CHECKING:
    from binance_papi.core.walk import Walk

P = ParamSpec("P")
R = TypeVar("R")
Row = TypeVar("Row")
N = TypeVar("N", bound="Namespace")


class Send(Protocol):
    """Whatever carries a request to the exchange and brings its reply."""

    def __call__(self, request: Request[R], /) -> Coroutine[Any, Any, R]:
        """Send one request."""
        ...


class Start(Protocol):
    """The same, perhaps before there is a request."""

    def __call__(
        self, kind: type[Request[Any]], what: Request[Any] | dict[str, Any], /
    ) -> Coroutine[Any, Any, Any]:
        """Send a request of a class, made of its fields when somebody waits for the reply."""
        ...


class Namespace:
    """One page family of the exchange's documentation, as attributes of the client.

    Args:
        send: What carries the requests.
        start: What makes and carries them; ``None``: they are made at once.
    """

    def __init__(self, send: Send, start: Start | None = None) -> None:
        self.sender = send
        self.starter = start


class call(Generic[P, R]):  # noqa: N801 - used like a keyword
    """A method that makes a request of a class and sends it.

    The method has the fields of the class as its arguments, the reply as its result, and the
    class's
    docstring; type checkers and editors see all three.

    Args:
        request: The request class.
    """

    def __init__(self, request: Callable[P, Request[R]]) -> None:
        self.request = request
        self.__doc__ = request.__doc__
        self._name = ""

    def __set_name__(self, owner: type[Namespace], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, space: None, owner: type[Namespace]) -> Self: ...

    @overload
    def __get__(
        self, space: Namespace, owner: type[Namespace]
    ) -> Callable[P, Coroutine[Any, Any, R]]: ...

    def __get__(
        self, space: Namespace | None, owner: type[Namespace]
    ) -> Self | Callable[P, Coroutine[Any, Any, R]]:
        if space is None:
            return self
        send, start, request = space.sender, space.starter, self.request
        kind = cast("type[Request[Any]]", request)

        def method(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R]:
            # No coroutine of its own: that would be a frame more for every request.
            if start is not None and not args:
                return start(kind, kwargs)
            try:
                return send(request(*args, **kwargs))
            except (PapiError, TypeError) as error:
                return _refuse(error)

        method.__name__ = self._name
        method.__qualname__ = f"{owner.__qualname__}.{self._name}"
        method.__doc__ = request.__doc__
        method.__signature__ = _signature(request)  # type: ignore[attr-defined]
        # The next access finds the method itself.
        space.__dict__[self._name] = method
        return method


async def _refuse(error: Exception) -> NoReturn:
    """Raise it where the call is awaited, like everything else that goes wrong with it."""
    raise error


class every(Generic[P, Row]):  # noqa: N801 - used like a keyword
    """A method that goes through all rows of a history, page by page.

    The method has the fields of the request class as its arguments and gives its rows one by one,
    oldest first: ``async for row in papi.um.history.account_trades_iter(...)``. ``start_time`` and
    ``end_time`` are mandatory and may lie as far apart as you like. Each page is one request, sent
    when the rows before it were taken.

    Args:
        request: The request class; its endpoint declares how rows lie on pages.
        row: What a row is.
    """

    def __init__(self, request: Callable[P, Request[Any]], row: type[Row]) -> None:
        self.request = request
        self.row = row
        self.__doc__ = _told(request)
        self._name = ""

    def __set_name__(self, owner: type[Namespace], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, space: None, owner: type[Namespace]) -> Self: ...

    @overload
    def __get__(
        self, space: Namespace, owner: type[Namespace]
    ) -> Callable[P, AsyncGenerator[Row, None]]: ...

    def __get__(
        self, space: Namespace | None, owner: type[Namespace]
    ) -> Self | Callable[P, AsyncGenerator[Row, None]]:
        if space is None:
            return self
        # Imported when it is first used: most programs walk through nothing.
        walk = import_module("binance_papi.core.walk").Walk
        send, request = space.sender, cast("type[Request[Any]]", self.request)

        def method(*_: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Row, None]:
            # Made here, so that what can't be right is an error of the call, not of the first row.
            return _rows(send, walk(request, kwargs))

        method.__name__ = self._name
        method.__qualname__ = f"{owner.__qualname__}.{self._name}"
        method.__doc__ = self.__doc__
        method.__signature__ = _walk_signature(request, self.row)  # type: ignore[attr-defined]
        space.__dict__[self._name] = method
        return method


async def _rows(send: Send, walk: Walk[Row]) -> AsyncGenerator[Row, None]:
    while (request := walk.ask()) is not None:
        for row in walk.take(await send(request)):
            yield row


def _told(request: Any) -> str:
    """The docstring of a method that goes through all pages."""
    head, _, fields = inspect.cleandoc(request.__doc__).partition("Args:")
    return (
        f"{head.partition('.')[0]}: all rows from ``start_time`` to ``end_time``, page by page.\n\n"
        "Rows come oldest first, none twice. Both times are mandatory and may lie as far apart as\n"
        "you like: windows are cut to the documented span. Each page is one request.\n\n"
        f"Args:{fields}"
    )


def _walk_signature(request: type[Request[Any]], row: type[Any]) -> inspect.Signature:
    """The fields of the request, without those that the walk fills in."""
    paging = cast("Paging", request.endpoint.paging)
    usual = _signature(request)
    return inspect.Signature(
        sorted(
            (
                parameter.replace(default=inspect.Parameter.empty)
                if name in ("start_time", "end_time")
                else parameter
                for name, parameter in usual.parameters.items()
                if name not in (paging.from_id, paging.page)
            ),
            key=lambda parameter: parameter.default is not inspect.Parameter.empty,
        ),
        return_annotation=GenericAlias(AsyncGenerator, (row, None)),
    )


def _signature(request: Any) -> inspect.Signature:
    """What people and editors at run time see: the fields of the request, by keyword."""
    hints = {name: hint for base in reversed(request.__mro__) for name, hint in _hints(base)}
    fields = fields_of(request)
    ordered = [field for field in fields if field.mandatory]
    ordered += [field for field in fields if not field.mandatory]
    usual = {field.name: field.default for field in msgspec.structs.fields(request)}
    return inspect.Signature(
        [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.mandatory else usual[field.name],
                annotation=hints[field.name],
            )
            for field in ordered
        ],
        return_annotation=request.endpoint.returns,
    )


def _hints(kind: type) -> Iterable[tuple[str, Any]]:
    annotations: dict[str, Any] = vars(kind).get("__annotations__", {})
    return annotations.items()


class branch(Generic[N]):  # noqa: N801 - used like a keyword
    """A namespace inside another.

    Args:
        kind: The inner namespace's class, or where it is, as ``"package.module:Class"``: then it is
            imported when it is first used. Declarations take milliseconds to make.
    """

    def __init__(self, kind: type[N] | str) -> None:
        self._kind = kind
        self.__doc__ = f"``{kind}``." if isinstance(kind, str) else kind.__doc__
        self._name = ""

    @property
    def kind(self) -> type[N]:
        """The inner namespace's class."""
        if isinstance(self._kind, str):
            module, _, name = self._kind.partition(":")
            self._kind = cast("type[N]", getattr(import_module(module), name))
            self.__doc__ = self._kind.__doc__
        return self._kind

    def __set_name__(self, owner: type[Namespace], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, space: None, owner: type[Namespace]) -> Self: ...

    @overload
    def __get__(self, space: Namespace, owner: type[Namespace]) -> N: ...

    def __get__(self, space: Namespace | None, owner: type[Namespace]) -> Self | N:
        if space is None:
            return self
        inner = self.kind(space.sender, space.starter)
        space.__dict__[self._name] = inner
        return inner
