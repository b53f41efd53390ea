"""From ids as typed or filed to cancels: every id is right before anything is sent."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from binance_papi import InvalidRequestError, UsageError
from binance_papi.cli.families import KINDS, Kind
from binance_papi.cli.screen import plain, say
from binance_papi.core.cancel import Cancel
from binance_papi.terms import MAX_ID

_MOST_DIGITS: Final = len(str(MAX_ID))
_SPOILED: Final = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
"""What a spreadsheet makes of a long number."""


def read_requests(
    kind: Kind,
    symbol: str | None,
    numbers: Iterable[str],
    texts: Iterable[str],
    file: str | None,
) -> list[Cancel[Any]]:
    """The cancels for these ids, each order once, in the order they were given.

    Args:
        kind: Family of the orders.
        symbol: Trading pair; ``None``: the file names one for each id, or none is needed.
        numbers: Ids of the exchange, as texts.
        texts: The user's own ids.
        file: Path of a file with ids, ``-`` for stdin; ``None``: no file.

    Raises:
        UsageError: If there is no id, one can't be right, or the file can't be read.
    """
    reader = _Reader(kind, symbol)
    requests = [
        *(reader.by_number("--id", text) for text in numbers),
        *(reader.by_text("--client-id", text) for text in texts),
        *(() if file is None else reader.rows(file)),
    ]
    if not requests:
        raise UsageError("no order to cancel: give --id, --client-id, --file or --all")
    orders: dict[Any, Cancel[Any]] = {}
    for request in requests:
        orders.setdefault(request.order(), request)
    once = list(orders.values())
    if len(once) < len(requests):
        say(f"{len(requests) - len(once)} ids were given more than once; each is canceled once")
    return once


class _Reader:
    """Makes cancels of one family.

    Args:
        kind: The family.
        symbol: Trading pair, if the command line names one.
    """

    def __init__(self, kind: Kind, symbol: str | None) -> None:
        self._kind = kind
        self._symbol = symbol

    def by_number(self, where: str, text: str, symbol: str | None = None) -> Cancel[Any]:
        """A cancel by the exchange's id."""
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise UsageError(
                f"{where} {plain(text)!r} is no {self._kind.number}: "
                "that is a number of 1 to 19 digits"
            )
        return self._cancel(where, text, symbol, number=int(text))

    def by_text(self, where: str, text: str, symbol: str | None = None) -> Cancel[Any]:
        """A cancel by the user's id."""
        return self._cancel(where, text, symbol, text=text)

    def by_either(self, where: str, text: str, symbol: str | None = None) -> Cancel[Any]:
        """A cancel by what is the exchange's id if it is a number, else the user's."""
        if text.isascii() and text.isdigit():
            return self.by_number(where, text, symbol)
        if _SPOILED.fullmatch(text):
            raise UsageError(
                f"{where} {plain(text)!r}: a number that lost digits, as spreadsheets do it"
            )
        return self.by_text(where, text, symbol)

    def _cancel(
        self,
        where: str,
        shown: str,
        symbol: str | None,
        *,
        number: int | None = None,
        text: str | None = None,
    ) -> Cancel[Any]:
        if symbol and self._symbol and symbol != self._symbol:
            raise UsageError(f"{where}: {plain(symbol)} is not {plain(self._symbol)}")
        pair = symbol or self._symbol
        if self._kind.symbol and not pair:
            raise UsageError(f"{where} {plain(shown)!r}: of which trading pair? Name its SYMBOL")
        try:
            return self._kind.cancel(pair, number, text)
        except InvalidRequestError as error:
            raise UsageError(f"{where} {plain(shown)!r}: {error}") from None

    # ------------------------------------------------------------------ files

    def rows(self, file: str) -> Iterator[Cancel[Any]]:
        """The cancels that a file asks for."""
        columns: list[str] | None = None
        first = True
        for number, line in enumerate(_text(file).splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            where = f"{'stdin' if file == '-' else plain(file)}, line {number}"
            cells = [cell.strip().strip('"').strip() for cell in line.split(",")]
            if first:
                columns = self._header(where, cells)
            if not first or columns is None:
                yield self._row(where, line, cells, columns)
            first = False

    def _header(self, where: str, cells: list[str]) -> list[str] | None:
        """What the columns hold, if this line says so: ``symbol``, ``id``, ``number``, ``text``."""
        kind = self._kind
        ours = {"symbol": "symbol", "id": "id", "clientid": "text"}
        ours |= {_squeezed(kind.number): "number", _squeezed(kind.text): "text"}
        others = {_squeezed(n) for one in KINDS.values() for n in (one.number, one.text)}
        others -= ours.keys()
        names = [_squeezed(cell) for cell in cells]
        for cell, name in zip(cells, names, strict=True):
            if name in others:
                raise UsageError(f"{where}: a column {plain(cell)} is not of {kind.words}")
        if not any(ours.get(name, "symbol") != "symbol" for name in names):
            return None
        return [ours.get(name, "") for name in names]

    def _row(
        self, where: str, line: str, cells: list[str], columns: list[str] | None
    ) -> Cancel[Any]:
        if columns is None:
            columns = ["symbol", "id"] if len(cells) > 1 else ["id"]
        if len(cells) != len(columns):
            raise UsageError(
                f"{where} {plain(line.strip())!r}: {len(columns)} columns were expected, "
                f"not {len(cells)}"
            )
        row = {name: cell for name, cell in zip(columns, cells, strict=True) if name and cell}
        symbol = row.get("symbol")
        if "number" in row:
            return self.by_number(where, row["number"], symbol)
        if "id" in row:
            return self.by_either(where, row["id"], symbol)
        if "text" in row:
            return self.by_text(where, row["text"], symbol)
        raise UsageError(f"{where} {plain(line.strip())!r}: there is no id")


def _squeezed(name: str) -> str:
    """``strategyId`` and ``strategy_id`` are the same column."""
    return name.lower().replace("_", "").replace(" ", "")


def _text(file: str) -> str:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except OSError as error:
        problem = error.strerror
    except UnicodeDecodeError:
        problem = "it is no UTF-8 text"
    else:
        return text.removeprefix("\ufeff")  # spreadsheets begin a file with this mark
    raise UsageError(f"--file {plain(file)}: {problem}")
