"""One request between its question for admission and its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

from binance_papi.core.admission import Waiter
from binance_papi.core.answer import Answer, Reply, Unanswered, Unsent
from binance_papi.core.endpoint import Request
from binance_papi.core.route import Grant
from binance_papi.errors import PapiError, WaitTooLongError
from binance_papi.net.carrier import Connection


class Field(Protocol):
    """Where flights start and land: the line."""

    def launch(self, flight: Flight) -> None:
        """Write an admitted request, or say that no connection stands ready."""
        ...

    def land(self, flight: Flight, heard: Reply | Unsent | Unanswered) -> Answer[Any]:
        """Settle what came back, and tell what it means."""
        ...


class Flight(Waiter, kw_only=True, eq=False):
    """One request between its question for admission and its answer.

    Attributes:
        line: Where it flies.
        request: The request.
        patience: Tells, once it is admitted, the seconds from its first byte to its whole reply.
        recv_window: Milliseconds for which it is valid.
        on_written: Called right before its first byte is written; ``None``: nobody cares.
        trips: What the breaker had shut when it asked.
        landing: Its answer; ``None``: it is admitted, and no connection stands ready; an exception
            if it can't go at all.
        sent: Monotonic time when it was admitted.
        connection: What it is on.
    """

    line: Field
    request: Request[Any]
    patience: Callable[[], float]
    recv_window: int
    on_written: Callable[[], None] | None
    trips: int
    landing: asyncio.Future[Answer[Any] | Exception | None]
    sent: float = 0.0
    connection: Connection | None = None

    def wake(self, problem: PapiError | None = None) -> None:
        """Its turn has come: off it goes, unless its caller was cancelled at the same moment."""
        if self.landing.done():
            return
        if problem is None and self.grant is None:
            text = "no room for as long as this call may wait"
            problem = WaitTooLongError(text, wait=self.give_up - self.sent)
        if problem is not None:
            self.landing.set_result(problem)
        else:
            self.line.launch(self)

    def hear(self, heard: Reply | Unanswered) -> None:
        """What came back, or that nothing will."""
        self.connection = None
        try:
            answer: Answer[Any] | Exception = self.line.land(self, heard)
        except Exception as error:  # noqa: BLE001 - it belongs to the caller, not to the connection
            answer = error
        if not self.landing.done():
            self.landing.set_result(answer)

    def written(self) -> None:
        """Its first byte is about to be written."""
        assert self.grant is not None
        self.grant.written = True
        if self.on_written is not None:
            self.on_written()


def cancelled(grant: Grant) -> Unsent | Unanswered:
    """What is known of a request whose caller was cancelled."""
    reason = "the call was cancelled"
    return Unanswered(reason) if grant.written else Unsent(reason, held=True)
