"""What a person sees: tables and lines, progress on a terminal only, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from binance_papi import AlignmentLost, ClockJumped, Contradicted, Event, Frozen, WeightRaised

_PIPE_WIDTH: Final = 160
_COPIED: Final = ("Id",)
"""Columns that are never folded."""


def console(*, stderr: bool = False) -> Console:
    """The terminal or the pipe behind stdout or stderr; texts are shown as they are."""
    stream = sys.stderr if stderr else sys.stdout
    fixed = None if stream.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False, width=fixed)


def plain(value: object) -> str:
    """A value from outside as text that can't command a terminal; ``None`` is a dash."""
    if value is None:
        return "-"
    return "".join(mark if mark.isprintable() else "?" for mark in str(value))


def say(text: str, style: str = "") -> None:
    """One line for a person, on stderr."""
    _line(console(stderr=True), text, style)


def show(text: str = "", style: str = "") -> None:
    """One line of the result, on stdout."""
    _line(console(), text, style)
    sys.stdout.flush()  # whoever reads through a pipe may wait for this line


def _line(where: Console, text: str, style: str) -> None:
    # A terminal gets whole words per line; a pipe gets one line whatever its length.
    where.print(Text(plain(text), style), soft_wrap=not where.file.isatty())


def show_json(value: Any) -> None:
    """One line of JSON on stdout, in ASCII, so that every pipe can carry it."""
    print(json.dumps(msgspec.to_builtins(value)), flush=True)


def grid(*headings: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table.

    Args:
        *headings: One per column.
        right: Headings of the columns that hold numbers.
    """
    table = Table(
        box=box.SIMPLE_HEAD,
        show_header=any(headings),
        pad_edge=False,
        collapse_padding=True,
    )
    for heading in headings:
        table.add_column(
            heading,
            justify="right" if heading in right else "left",
            overflow="fold",
            no_wrap=heading in _COPIED,
        )
    return table


def mark(ok: bool | None) -> str:
    """A tick, a cross, or for ``None`` a dot; words where the output is not Unicode."""
    if (sys.stdout.encoding or "").lower().startswith("utf"):
        return {True: "✓", False: "✗", None: "·"}[ok]
    return {True: "ok", False: "FAIL", None: "-"}[ok]


@contextmanager
def progress(text: str, total: int) -> Generator[Callable[[], None]]:
    """A bar on stderr while something long runs; nothing where stderr is no terminal.

    Yields:
        What to call for each step that is done.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(text, total=total)
        yield lambda: bar.advance(task)


def tell(event: Event) -> None:
    """Say on stderr what the limits went through.

    Not that the clock was learned anew: for a program this short that is how it begins, and
    ``doctor`` tells how far off the clock is. No stream is opened here that could contradict.
    """
    if not isinstance(event, ClockJumped | Contradicted):
        say(_sentence(event), "yellow")


def _sentence(event: Frozen | AlignmentLost | WeightRaised) -> str:
    match event:
        case Frozen():
            return (
                f"the exchange answered {event.status}: "
                f"nothing is sent for {event.seconds:.1f} s, then it goes on"
            )
        case AlignmentLost():
            return "the exchange's windows do not start where expected; two are summed from now on"
        case WeightRaised():
            return (
                f"{event.method} {event.path} costs {event.weight}, not {event.declared}; "
                "it is charged so from now on"
            )
