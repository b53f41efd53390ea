"""One request between its question for admission and its answer, as something to wait for.

A flight is a future. For the thousands of one burst that is the difference between one object each
and four: a coroutine, the task that runs it, the future it waits for, and what it knows.
"""

from __future__ import annotations

import asyncio
import warnings
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self

from binance_papi.core.answer import Answer, Done, Reply, Unanswered, Unsent
from binance_papi.core.draft import draft
from binance_papi.core.endpoint import Lane, Request, lane_of
from binance_papi.core.route import Grant
from binance_papi.errors import PapiError, WaitTooLongError
from binance_papi.net.carrier import Connection

_Future: Any = asyncio.Future


class Field(Protocol):
    """Where flights start and land: the line."""

    loop: asyncio.AbstractEventLoop
    """The client's loop."""
    recv_window: int
    """Of a call that does not say so itself, in milliseconds."""
    max_wait: float | None
    """Of a call: seconds it may wait for weight; ``None``: as long as it takes."""

    def patience(self) -> float:
        """Of a call: seconds from its first byte to its whole reply."""
        ...

    fresh: deque[Flight]
    """Those that begin."""
    beginning: bool
    """Whether they will be asked for soon."""

    def begin(self) -> None:
        """Ask for the admission of those that begin, on the next turn of the loop."""
        ...

    def launch(self, flight: Flight) -> None:
        """Sign an admitted request, or see to a connection first."""
        ...

    def note(self, flight: Flight, heard: Reply | Unanswered) -> None:
        """Something came back; it is taken soon."""
        ...

    def land(self, flight: Flight, heard: Reply | Unsent | Unanswered, now: float) -> Answer[Any]:
        """Settle what came back, and tell what it means."""
        ...

    def desert(self, flight: Flight) -> None:
        """Nobody waits for it any more, wherever it is."""
        ...

    def lose(self, flight: Flight) -> None:
        """It was broken off while a task carried it."""
        ...

    def persist(self, call: Call, answer: Answer[Any] | BaseException) -> None:
        """What came is no success: send it again where that is safe, or tell its caller."""
        ...


class Flight(asyncio.Future[Any]):
    """One request on its way, once; its result is what came of it.

    It begins when somebody waits for it. Whoever cancels it withdraws the request, or drops the
    connection it is on.

    Args:
        line: Where it flies.
        request: The request.
        lane: Where it waits.
        patience: Tells, once it is admitted, the seconds from its first byte to its whole reply.
        recv_window: Milliseconds for which it is valid, unless it says so itself.
        max_wait: Seconds it may wait for weight; ``None``: as long as it takes.
        on_written: Called right before its first byte is written; ``None``: nobody cares.

    Attributes:
        endpoint: Where it goes.
        query: Its fields, encoded; ``None``: that is still to be done.
        weight: Its request weight.
        orders: Its order count.
        give_up: Monotonic time after which it would rather fail than wait for weight.
        grant: Its grant, once it has one.
        dead: Whether it gave up waiting.
        begun: Whether somebody waits for it.
        asked: Whether it asked for admission.
        trips: What the breaker had shut when it asked.
        sent: Monotonic time when it asked, and then when it was signed.
        connection: What it is on.
        helper: The task that is at work for it, where one is needed.
    """

    # What it is given when it asks for admission; before that nobody looks.
    query: str | None
    weight: int
    orders: int
    trips: int
    sent: float
    give_up: float
    grant: Grant | None
    dead: bool
    connection: Connection | None

    __slots__ = (
        "_request",
        "asked",
        "begun",
        "connection",
        "dead",
        "endpoint",
        "give_up",
        "grant",
        "helper",
        "lane",
        "line",
        "max_wait",
        "on_written",
        "orders",
        "patience",
        "query",
        "recv_window",
        "sent",
        "trips",
        "weight",
    )

    def __init__(  # noqa: PLR0917 - by name it would cost more, for every request
        self,
        line: Field,
        request: Request[Any],
        lane: Lane,
        patience: Callable[[], float],
        recv_window: int,
        max_wait: float | None,
        on_written: Callable[[], None] | None,
    ) -> None:
        _Future.__init__(self, loop=line.loop)
        self.begun = self.asked = False
        self.helper: asyncio.Task[Any] | None = None
        self.line = line
        self.endpoint = request.endpoint
        self._request: Request[Any] | dict[str, Any] = request
        self.query = None
        self.lane = lane
        self.patience = patience
        self.recv_window: int = getattr(request, "recv_window", None) or recv_window
        self.max_wait = max_wait
        self.on_written = on_written

    def prepare(self) -> None:
        """Its turn to ask for admission has come."""

    @property
    def request(self) -> Request[Any]:
        """The request."""
        assert not isinstance(self._request, dict)
        return self._request

    # ------------------------------------------------------------------ whoever waits

    def add_done_callback(
        self, fn: Callable[[Self], object], /, *, context: Context | None = None
    ) -> None:
        """Somebody waits for it, so that it begins."""
        if context is None:  # said aloud, it would stand for the context in which it ends
            _Future.add_done_callback(self, fn)
        else:
            _Future.add_done_callback(self, fn, context=context)
        if not self.begun:
            self.begun = True
            line = self.line
            line.fresh.append(self)
            if not line.beginning:
                line.begin()

    def cancel(self, msg: Any = None) -> bool:
        """Nobody waits for it any more."""
        if self.helper is not None:
            return self.helper.cancel(msg)  # it is cancelled once its helper has cleared up
        if not _Future.cancel(self, msg):
            return False
        if self.asked:
            self.line.desert(self)
        return True

    def __reduce_ex__(self, _: Any, /) -> NoReturn:
        raise TypeError(f"{self!r} can't be copied or pickled")

    def __repr__(self) -> str:
        endpoint = self.endpoint
        return f"<{type(self).__name__} {endpoint.method} {endpoint.path} {self._state.lower()}>"

    # ------------------------------------------------------------------ the gate's side

    def wake(self, problem: PapiError | None = None) -> None:
        """Its turn has come: off it goes, unless its caller was cancelled at the same moment."""
        if self.done():
            return
        if problem is None and self.grant is None:
            text = "no room for as long as this call may wait"
            problem = WaitTooLongError(text, wait=self.give_up - self.sent)
        if problem is not None:
            self.arrive(problem)
        else:
            self.line.launch(self)

    # ------------------------------------------------------------------ the connection's side

    def written(self) -> None:
        """Its first byte is about to be written."""
        assert self.grant is not None
        self.grant.written = True
        if self.on_written is not None:
            self.on_written()

    def hear(self, heard: Reply | Unanswered) -> None:
        """What came back, or that nothing will."""
        self.line.note(self, heard)

    def take(self, heard: Reply | Unanswered, now: float) -> None:
        """Settle what came back, and be done, or have it sent again."""
        try:
            answer = self.line.land(self, heard, now)
            self.grant = self.connection = None  # so early, its memory is the next one's: 0.4 µs
            if not self.done():
                self.arrive(answer)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, not to the connection
            if not self.done():
                self.fail(error)

    # ------------------------------------------------------------------ the end

    def arrive(self, answer: Answer[Any] | BaseException) -> None:
        """It is known what came of it, or why it can't go."""
        if isinstance(answer, BaseException):
            self.fail(answer)
        else:
            _Future.set_result(self, answer)

    def fail(self, error: BaseException) -> None:
        """Whoever waits is told what went wrong."""
        if isinstance(error, PapiError):
            # It says what is the matter; its frames would lead back here, and keep both.
            error.__traceback__ = None
        elif isinstance(error, StopIteration):
            error = RuntimeError("something raised a StopIteration")  # no future takes one
        _Future.set_exception(self, error)

    def assisted(self, task: asyncio.Task[Any]) -> None:
        """The task that carried it ended."""
        self.helper = None
        if task.cancelled():
            self.line.lose(self)
            self.give_way(task)
        else:
            self.arrive(task.exception() or task.result())

    def give_way(self, task: asyncio.Task[Any]) -> None:
        """Be cancelled as its helper was: some libraries know their own cancels by the message."""
        try:
            task.result()
        except asyncio.CancelledError as error:
            _Future.cancel(self, *error.args)


class Call(Flight):
    """What a method of the client gives: wait for it, gather it, or make a task of it.

    Its result is the typed reply. It does what a coroutine does (nothing, until somebody waits for
    it; then the request is sent), but it needs no task: `asyncio.gather` takes it as it is.
    """

    _kind: type[Request[Any]]

    __slots__ = ("_kind",)

    if TYPE_CHECKING:

        def __init__(self, *, loop: asyncio.AbstractEventLoop) -> None: ...
    else:
        __init__ = _Future.__init__  # without a step of Python: 0.1 µs less for each

    @classmethod
    def of(
        cls, line: Field, kind: type[Request[Any]], what: Request[Any] | dict[str, Any], /
    ) -> Self:
        """Make one of a request, or of its class and its fields."""
        endpoint = kind.endpoint
        self = cls(loop=line.loop)
        self.begun = self.asked = False
        self.helper = None
        self.line, self.endpoint = line, endpoint
        self._kind = kind
        self._request = what
        return self

    @property
    def request(self) -> Request[Any]:
        """The request; of fields it is made when somebody asks for it.

        Raises:
            InvalidRequestError: If a field can't be right.
            TypeError: If there is no such field.
        """
        made = self._request
        if isinstance(made, dict):
            self._request = made = self._kind(**made)
        return made

    def prepare(self) -> None:
        """Its turn has come: check its fields; raises what `request` does."""
        line, what, lane = self.line, self._request, self.endpoint.lane
        # Most are plain fields, and nobody ever looks at their requests.
        self.query = draft(self._kind, what) if isinstance(what, dict) else None
        if self.query is None:
            request = self.request
            self.recv_window = getattr(request, "recv_window", None) or line.recv_window
            self.lane = lane_of(request) if lane is Lane.ORDER else lane
        else:
            self.recv_window = line.recv_window
            self.lane = lane
        self.patience, self.max_wait, self.on_written = line.patience, line.max_wait, None

    def arrive(self, answer: Answer[Any] | BaseException) -> None:
        """It is known what came of it, or why it can't go."""
        if type(answer) is Done:
            _Future.set_result(self, answer.reply)
        else:
            try:
                self.line.persist(self, answer)
            except Exception as error:  # noqa: BLE001 - a request class of a user's may raise
                if not self.done():
                    self.fail(error)

    def persisted(self, task: asyncio.Task[Any]) -> None:
        """The task that sent it again ended, with the reply or the reason why there is none."""
        self.helper = None
        if task.cancelled():
            self.give_way(task)
        elif (error := task.exception()) is not None:
            self.fail(error)
        else:
            _Future.set_result(self, task.result())

    def set_result(self, _: Any, /) -> NoReturn:
        """What comes of it is the line's to say, as a task's result is its coroutine's."""
        raise RuntimeError(f"{self!r} can't be given a result")

    def set_exception(self, _: Any, /) -> NoReturn:
        """The same."""
        raise RuntimeError(f"{self!r} can't be given an exception")

    # ------------------------------------------------------------------ as a coroutine

    @property
    def __name__(self) -> str:
        """How a task that was made of it is shown."""
        endpoint = self.endpoint
        return f"{endpoint.method} {endpoint.path}"

    def send(self, value: Any, /) -> Any:
        """One step, for the task that was made of it."""
        # An iterator for each step: one that is kept leads back here, and two tasks can't share it.
        return self.__await__().send(value)

    def throw(self, *problem: Any) -> Any:
        """The task that was made of it was told to stop."""
        if not self.begun:
            self.close()
        try:
            return self.__await__().throw(*problem)
        finally:
            del problem, self  # the traceback holds this frame, which must not hold it in turn

    def close(self) -> None:
        """Nobody will wait for it."""
        if self.begun:
            self.cancel()
        elif not self.done():
            self.begun = True
            self.fail(RuntimeError(f"{self.__name__} was closed, so it was not sent"))
            self.exception()  # who closed it need not be told, unless it is awaited nevertheless

    def __del__(self) -> None:
        if not self.begun and not self.done():
            text = f"{self.__name__} was never awaited, so it was not sent"
            warnings.warn(text, RuntimeWarning, stacklevel=2, source=self)
        _Future.__del__(self)
