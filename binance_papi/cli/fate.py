"""What became of one cancel, as a value that a table, JSON and an exit code are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum

import msgspec

from binance_papi import (
    EndpointRetiredError,
    NotOpenError,
    PapiClient,
    PapiError,
    RejectedError,
    ReplyError,
    StrategyStatus,
    UnknownOutcomeError,
    UnsentError,
)
from binance_papi.api.um.conditional import CancelOrder, ConditionalOrder
from binance_papi.cli.run import Exit


class Outcome(Enum):
    """What a cancel may claim."""

    CANCELED = "canceled"
    """The exchange answered with the order, and it is CANCELED."""
    NOT_OPEN = "not open"
    """The exchange knows no such open order: it ended before, or never was."""
    REFUSED = "refused"
    """The exchange said no; this cancel changed nothing."""
    NOT_SENT = "not sent"
    """It never left, or the exchange took nothing; this cancel changed nothing."""
    UNKNOWN = "unknown"
    """It may or may not have happened: look before acting."""


STYLES = {
    Outcome.CANCELED: "green",
    Outcome.NOT_OPEN: "yellow",
    Outcome.REFUSED: "red",
    Outcome.NOT_SENT: "red",
    Outcome.UNKNOWN: "bold red",
}


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """One cancel and its outcome."""

    strategy_id: int | None
    """The exchange's id of the order, as asked for or as answered."""
    client_id: str | None
    """The user's own id of the order, likewise."""
    outcome: Outcome
    detail: str | None
    """Why, in one line; ``None`` where the outcome says it all."""
    code: int | None
    """The exchange's error code, if it gave one."""
    seconds: float
    """From the call to the outcome, its turn included."""


async def cancel_one(papi: PapiClient, request: CancelOrder) -> Fate:
    """Cancel one order; every answer of the exchange is a fate, none an exception."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    strategy_id, client_id = request.strategy_id, request.new_client_strategy_id
    code: int | None = None
    detail: str | None
    try:
        order = await papi.send(request)
    except PapiError as error:
        outcome, detail = _of_error(error)
        code = getattr(error, "code", None)
    else:
        outcome, detail = _of_reply(order)
        strategy_id = order.strategy_id
        client_id = order.new_client_strategy_id or client_id
    return Fate(
        strategy_id=strategy_id,
        client_id=client_id,
        outcome=outcome,
        detail=detail,
        code=code,
        seconds=loop.time() - began,
    )


async def cancel_all(
    papi: PapiClient, requests: Sequence[CancelOrder], step: Callable[[], None]
) -> list[Fate]:
    """Cancel many at once; the client keeps the limits.

    Args:
        papi: An open client.
        requests: The cancels.
        step: Called when one is settled.

    Returns:
        Their fates, in the order of the requests.
    """

    async def one(request: CancelOrder) -> Fate:
        fate = await cancel_one(papi, request)
        step()
        return fate

    return await asyncio.gather(*(one(request) for request in requests))


def _of_reply(order: ConditionalOrder) -> tuple[Outcome, str | None]:
    if order.strategy_status == StrategyStatus.CANCELED:
        return Outcome.CANCELED, None
    return Outcome.UNKNOWN, f"the exchange answered with status {order.strategy_status}"


def _of_error(error: PapiError) -> tuple[Outcome, str]:
    if isinstance(error, NotOpenError):
        return Outcome.NOT_OPEN, _why(error)
    if isinstance(error, UnknownOutcomeError):
        return Outcome.UNKNOWN, _why(error)
    if isinstance(error, RejectedError):
        return Outcome.REFUSED, _why(error)
    return Outcome.NOT_SENT, _why(error)


def _why(error: PapiError) -> str:
    """The reason alone: which request it was, the table says."""
    if isinstance(error, EndpointRetiredError):
        place = f"; {error.replacement} took its place" if error.replacement else ""
        return f"HTTP {error.http_status}: the exchange no longer has this path{place}"
    if isinstance(error, UnknownOutcomeError | UnsentError) and error.reason:
        return error.reason
    if isinstance(error, ReplyError) and error.code is not None and error.msg:
        return f"{error.code} {error.msg}"
    return str(error)


def count(fates: Sequence[Fate]) -> dict[str, int]:
    """How many ended which way, every outcome named."""
    return {kind.value: sum(fate.outcome is kind for fate in fates) for kind in Outcome}


def exit_code(fates: Sequence[Fate]) -> Exit:
    """0 where all were canceled, 3 where one is unknown, otherwise 4."""
    kinds = {fate.outcome for fate in fates}
    if Outcome.UNKNOWN in kinds:
        return Exit.UNKNOWN
    return Exit.DONE if kinds <= {Outcome.CANCELED} else Exit.REFUSED
