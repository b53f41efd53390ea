"""What became of cancels: run them as a burst, and make rows and an exit code of the outcomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any, Final

import msgspec

from binance_papi import (
    AlreadyGone,
    BurstReport,
    Canceled,
    EndpointRetiredError,
    Latency,
    Outcome,
    PapiClient,
    PapiError,
    Rejected,
    ReplyError,
    Unknown,
    UnknownOutcomeError,
    UnsentError,
)
from binance_papi.cli.run import Exit
from binance_papi.core.cancel import Cancel

STYLES: Final = {"Canceled": "green", "AlreadyGone": "yellow", "Rejected": "red"}
"""How an outcome is shown, by its name; `Unknown` is what is left."""
UNKNOWN_STYLE: Final = "bold red"


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """One cancel and its outcome, as a row."""

    symbol: str | None
    """Trading pair; ``None`` where the cancel names none."""
    id: int | None
    """The exchange's id of the order, as it was given."""
    client_id: str | None
    """The user's own id of the order, as it was given."""
    outcome: str
    """``Canceled``, ``AlreadyGone``, ``Rejected`` or ``Unknown``."""
    status: str | None
    """The exchange's word for how the order ended; ``None`` where it is not known."""
    why: str | None
    """What rests on what, or what is missing, in one line."""
    code: int | None
    """The exchange's error code, if there is one."""
    order_id: int | None
    """Id of the plain order that a triggered one became."""
    child: str | None
    """Outcome of the cancel of that plain order; ``None`` unless it was asked for."""
    requests: int
    """Requests on the wire for it, queries included."""
    queries: int
    """How many of them were queries."""


class Results:
    """The outcomes of one burst as they land, those of the same order together.

    Args:
        requests: The cancels, each of another order.
    """

    def __init__(self, requests: Sequence[Cancel[Any]]) -> None:
        self.requests = requests
        self.outcomes: dict[Any, Outcome] = {}
        self._times: list[float] = []
        self._elapsed = 0.0

    async def collect(self, papi: PapiClient, step: Callable[[], None], **settings: Any) -> None:
        """Cancel everything.

        Args:
            papi: An open client.
            step: Called for each outcome.
            **settings: Those of `PapiClient.burst`.
        """
        now = asyncio.get_running_loop().time
        began = now()
        landing: Any = papi.burst_iter(self.requests, **settings)
        try:
            async with aclosing(landing):
                async for outcome in landing:
                    self.outcomes[outcome.request.order()] = outcome
                    self._times.append(now() - began)
                    step()
        finally:
            self._elapsed = now() - began

    def report(self) -> BurstReport:
        """The outcomes in the order of the requests, without those that are missing."""
        outcomes = tuple(
            self.outcomes[one.order()] for one in self.requests if one.order() in self.outcomes
        )
        sent = sum(one.attempts for outcome in outcomes for one in chain(outcome))
        return BurstReport(
            outcomes, elapsed=self._elapsed, latency=Latency.of(self._times), requests=sent
        )


def chain(outcome: Outcome) -> list[Outcome]:
    """An outcome, and that of the plain order that the order became."""
    child = outcome.child if isinstance(outcome, AlreadyGone) else None
    return [outcome] if child is None else [outcome, *chain(child)]


def kind_of(outcome: Outcome) -> str:
    """The name of an outcome."""
    return type(outcome).__name__


def fate_of(outcome: Outcome) -> Fate:
    """One row."""
    _, symbol, number, text = outcome.request.order()
    child = outcome.child if isinstance(outcome, AlreadyGone) else None
    status, why = _told(outcome)
    return Fate(
        symbol=symbol,
        id=number,
        client_id=text,
        outcome=kind_of(outcome),
        status=status,
        why=why,
        code=getattr(outcome.error, "code", None) if isinstance(outcome, Rejected) else None,
        order_id=outcome.order_id if isinstance(outcome, AlreadyGone) else None,
        child=None if child is None else kind_of(child),
        requests=sum(one.attempts for one in chain(outcome)),
        queries=sum(one.queries for one in chain(outcome)),
    )


def evidence(outcome: Canceled) -> str:
    """What a `Canceled` rests on."""
    if outcome.queries:
        return "unclear answer, then a query"
    return "reply to a repeated cancel" if outcome.attempts > 1 else "reply to the cancel"


def _told(outcome: Outcome) -> tuple[str | None, str | None]:
    match outcome:
        case Canceled():
            whose = "" if outcome.by == "us" else "; somebody else cancelled it meanwhile"
            return "CANCELED", evidence(outcome) + whose
        case AlreadyGone():
            return outcome.status, _of_gone(outcome)
        case Rejected():
            return None, why(outcome.error)
        case Unknown():
            return None, outcome.reason


def _of_gone(outcome: AlreadyGone) -> str:
    if outcome.status == "CANCELED":
        return "somebody else had cancelled it before"
    if outcome.order_id is None:
        return "ended before"
    became = f"became plain order {outcome.order_id}"
    if outcome.child is None:
        return became
    status, reason = _told(outcome.child)
    return f"{became}: {kind_of(outcome.child)}, {status or reason}"


def why(error: PapiError) -> str:
    """The reason alone: which request it was, the table says."""
    if isinstance(error, EndpointRetiredError):
        place = f"; {error.replacement} took its place" if error.replacement else ""
        return f"HTTP {error.http_status}: the exchange no longer has this path{place}"
    if isinstance(error, UnknownOutcomeError | UnsentError) and error.reason:
        return error.reason
    if isinstance(error, ReplyError) and error.code is not None and error.msg:
        return f"{error.code} {error.msg}"
    return str(error)


def exit_code(outcomes: Sequence[Outcome]) -> Exit:
    """3 where one is unknown, otherwise 4 where one was rejected, otherwise 0; children count."""
    kinds = {kind_of(one) for outcome in outcomes for one in chain(outcome)}
    if "Unknown" in kinds:
        return Exit.UNKNOWN
    return Exit.REFUSED if "Rejected" in kinds else Exit.DONE
