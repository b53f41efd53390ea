"""What the benchmarks share: runs in turn, medians and spread, targets, tables, the machine."""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from statistics import median, quantiles
from typing import NoReturn, TypeVar

import msgspec

T = TypeVar("T")


class Target(msgspec.Struct, frozen=True):
    """A number that is to be kept.

    Args:
        name: What it is.
        value: What was measured.
        bound: What it may be at most; at least where ``at_least``.
        at_least: Which of the two.
    """

    name: str
    value: float
    bound: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether it is kept."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        sign = "at least" if self.at_least else "at most"
        verdict = "met" if self.met else "MISSED"
        return f"{verdict}: {self.name} is {self.value:.4g}, wanted {sign} {self.bound:g}"


class Report(msgspec.Struct, frozen=True):
    """The answer of one benchmark.

    Args:
        question: What was asked.
        columns: Heads of the table.
        rows: Its cells.
        targets: What was to be kept.
        notes: What a reader has to know.
    """

    question: str
    columns: list[str]
    rows: list[list[str]]
    targets: list[Target] = []
    notes: list[str] = []

    def __str__(self) -> str:
        """As Markdown."""
        table = [self.columns, *self.rows]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        table.insert(1, ["-" * width for width in widths])
        lines = [
            "| " + " | ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) + " |"
            for row in table
        ]
        lines += [f"\n{note}" for note in self.notes]
        if self.targets:
            lines += ["", *(f"- {target}" for target in self.targets)]
        return f"{self.question}\n\n" + "\n".join(lines)


def options(question: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """The arguments that every benchmark takes."""
    parser = argparse.ArgumentParser(description=question)
    parser.add_argument("--rounds", type=int, default=rounds, help="at least 1 (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    return parser


def finish(report: Report, arguments: argparse.Namespace) -> int:
    """Print the report; returns the exit code."""
    if arguments.json:
        print(msgspec.json.encode(report).decode())
    else:
        print(f"{report}\n\n{machine()}")
    missed = not all(target.met for target in report.targets)
    return int(arguments.check and missed)


def turns(sides: Sequence[T], rounds: int) -> Iterator[T]:
    """All sides in each round, forwards and backwards by turns, so that drift hits them alike."""
    for number in range(rounds):
        yield from reversed(sides) if number % 2 else sides


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median and quartiles."""
    if len(values) < 3:
        return f"{median(values):.{digits}f}"
    low, middle, high = quantiles(values, n=4, method="inclusive")
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


@contextmanager
def apart() -> Iterator[Callable[[], None]]:
    """Give a server a core of its own, where there are two: who shares one waits for the other.

    Yields:
        What to call once the server was started: from then on we keep off its core.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
    if len(cores) < 2:
        yield lambda: None
        return
    last = {max(cores)}
    os.sched_setaffinity(0, last)
    try:
        yield lambda: os.sched_setaffinity(0, cores - last)
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def quiet_gc() -> Iterator[None]:
    """Keep the garbage collector out of what is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def machine() -> str:
    """On what it was measured, with which versions, when."""
    parts = [
        f"{os.cpu_count()} cores",
        f"{platform.python_implementation()} {platform.python_version()}",
        platform.system(),
    ]
    for name in ("aiohttp", "msgspec", "uvloop", "ccxt"):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            parts.append(f"no {name}")
    return f"Measured on {', '.join(parts)}; {datetime.now(UTC).date()}."


def fail(message: str) -> NoReturn:
    """Stop: what was measured would mean nothing."""
    sys.exit(f"the benchmark itself failed: {message}")
