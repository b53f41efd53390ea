"""From ids as typed or filed to cancels: every id is right before anything is sent."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from binance_papi import InvalidRequestError, UsageError
from binance_papi.api.um.conditional import CancelOrder
from binance_papi.cli.screen import plain, say
from binance_papi.terms import MAX_ID

_MOST_DIGITS: Final = len(str(MAX_ID))


def read_requests(
    symbol: str, strategy_ids: Iterable[str], client_ids: Iterable[str], file: str | None
) -> list[CancelOrder]:
    """The cancels for these ids, each once, in the order they were given.

    Args:
        symbol: Trading pair.
        strategy_ids: Ids of the exchange, as texts.
        client_ids: The user's own ids.
        file: Path of a file with one id per line, ``-`` for stdin; ``None``: no file.

    Raises:
        UsageError: If there is no id, one can't be right, or the file can't be read.
    """
    requests = [
        *(_by_strategy_id(symbol, text, "--strategy-id") for text in strategy_ids),
        *(_by_client_id(symbol, text, "--client-id") for text in client_ids),
        *(() if file is None else _from_file(symbol, file)),
    ]
    if not requests:
        raise UsageError("no order to cancel: give --strategy-id, --client-id, --file or --all")
    once = list(dict.fromkeys(requests))
    if len(once) < len(requests):
        say(f"{len(requests) - len(once)} ids were given more than once; each is canceled once")
    return once


def _by_strategy_id(symbol: str, text: str, where: str) -> CancelOrder:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise UsageError(
            f"{where} {plain(text)!r} is no strategy id: that is a number of 1 to 19 digits"
        )
    return _checked(symbol, where, text, strategy_id=int(text))


def _by_client_id(symbol: str, text: str, where: str) -> CancelOrder:
    return _checked(symbol, where, text, client_id=text)


def _checked(
    symbol: str,
    where: str,
    text: str,
    *,
    strategy_id: int | None = None,
    client_id: str | None = None,
) -> CancelOrder:
    try:
        return CancelOrder(symbol=symbol, strategy_id=strategy_id, new_client_strategy_id=client_id)
    except InvalidRequestError as error:
        raise UsageError(f"{where} {plain(text)!r}: {error}") from None


def _from_file(symbol: str, file: str) -> list[CancelOrder]:
    requests: list[CancelOrder] = []
    for number, line in enumerate(_text(file).splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        where = f"{'stdin' if file == '-' else plain(file)}, line {number}"
        by = _by_strategy_id if text.isascii() and text.isdigit() else _by_client_id
        requests.append(by(symbol, text, where))
    return requests


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except OSError as error:
        problem = error.strerror
    except UnicodeDecodeError:
        problem = "it is no UTF-8 text"
    raise UsageError(f"--file {plain(file)}: {problem}")
