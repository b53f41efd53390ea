"""From a command's coroutine to its exit code: no traceback for what a user can cause."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from enum import IntEnum
from typing import Any, NoReturn

import typer

from binance_papi import (
    InvalidRequestError,
    PapiClient,
    PapiError,
    UnknownOutcomeError,
    UsageError,
)
from binance_papi.cli.screen import say, tell


class Exit(IntEnum):
    """Exit codes; 2 is the command-line parser's own."""

    DONE = 0
    WRONG = 1
    """Wrong input or configuration; nothing was sent."""
    UNKNOWN = 3
    """Something may or may not have happened."""
    REFUSED = 4
    """The exchange refused it, or it never left: certainly no effect."""
    UNWELL = 5
    """``doctor`` found something."""
    INTERRUPTED = 130


def finish(work: Coroutine[Any, Any, Exit]) -> NoReturn:
    """Run a command to its end and leave with its exit code."""
    try:
        code = asyncio.run(work)
    except KeyboardInterrupt:
        say("interrupted")
        code = Exit.INTERRUPTED
    except PapiError as error:
        say(f"error: {error}", "red")
        code = _code_of(error)
    raise typer.Exit(code)


def _code_of(error: PapiError) -> Exit:
    if isinstance(error, UsageError | InvalidRequestError):
        return Exit.WRONG
    return Exit.UNKNOWN if isinstance(error, UnknownOutcomeError) else Exit.REFUSED


def client(base_url: str | None) -> PapiClient:
    """A client with keys from the environment.

    Args:
        base_url: Where the exchange is; ``None``: as the environment says.

    Raises:
        UsageError: If the environment or the URL can't be right; says which in one line.
    """
    try:
        return PapiClient.from_env(base_url=base_url, on_event=tell)
    except PapiError:
        raise
    except ValueError as error:
        problem = str(error)
    raise UsageError(problem)
