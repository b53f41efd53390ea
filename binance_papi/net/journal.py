"""What was on the wire, on disk: after a crash a new process can find out what became of it.

One JSON object per line, appended right before a request is written and when its outcome is
known. Appending survives the death of the process; a crash of the whole machine may lose the last
moments, since nothing waits for the disk. Keys and signatures are never written.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from binance_papi.core.cancel import Cancel
from binance_papi.core.endpoint import fields_of
from binance_papi.core.outcome import Outcome, Unknown
from binance_papi.core.wire import encode
from binance_papi.errors import UsageError

_MODE: Final = 0o600

_log = logging.getLogger("binance_papi")


class _Line(msgspec.Struct, omit_defaults=True):
    """One line of the file.

    Attributes:
        do: ``"sent"`` or ``"ended"``.
        path: Path of the cancel.
        query: Its parameters, percent-encoded, without signature and timestamp.
        at: Exchange time in ms from which it may have taken effect.
        window: Milliseconds for which it is valid, if the request says so itself.
        outcome: Name of the outcome.
    """

    do: str
    path: str
    query: str
    at: int = 0
    window: int | None = None
    outcome: str = ""


class Pending(msgspec.Struct, frozen=True):
    """A cancel that was on the wire when a process ended.

    Args:
        request: The cancel.
        since: Exchange time in ms from which it may have taken effect.
    """

    request: Cancel[Any]
    since: int


class Journal:
    """Appends to a file, and knows what an earlier process left open in it.

    Args:
        path: The file; made where it is missing, readable for its owner only.

    Raises:
        OSError: If it can't be opened.
        UsageError: If another client has it open.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._lock = _lock(self._path.with_name(self._path.name + ".lock"))
        self.pending = tuple(_left_open(self._path))
        self._open = {_key(pending.request) for pending in self.pending}
        self._torn = False
        self._file = self._begin()

    def _begin(self) -> int:
        """Keep what is open, drop the rest; a crash in here loses nothing."""
        fresh = self._path.with_name(self._path.name + ".new")
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, _MODE)
        for pending in self.pending:
            os.write(file, _encode("sent", pending.request, at=pending.since))
        os.fsync(file)
        fresh.replace(self._path)
        return file

    def sent(self, request: Cancel[Any], at: int) -> None:
        """A cancel is about to be written; it goes out even where this can't be noted."""
        self._open.add(_key(request))
        self._write(_encode("sent", request, at=at))

    def ended(self, request: Cancel[Any], outcome: Outcome) -> None:
        """Its outcome is known, unless it is `Unknown`; nothing is noted that was never sent."""
        key = _key(request)
        if isinstance(outcome, Unknown) or key not in self._open:
            return
        self._open.discard(key)
        self._write(_encode("ended", request, outcome=type(outcome).__name__))

    def _write(self, line: bytes) -> None:
        """Append a line. A full disk must neither hold a cancel up nor hide an outcome."""
        if self._torn:
            line = b"\n" + line  # what was cut off must not swallow this one
        try:
            written = os.write(self._file, line)
        except OSError as error:
            _log.error("the journal can't be written: %s", os.strerror(error.errno or 0))
            return
        self._torn = written < len(line)
        if self._torn:
            _log.error("the journal can't be written: the disk is full")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
        os.close(self._lock)


def _lock(path: Path) -> int:
    """Two clients in one journal would lose each other's lines."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT, _MODE)
    try:
        import fcntl  # noqa: PLC0415 - not on every system
    except ImportError:  # pragma: no cover - Windows
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
    else:
        return file
    raise UsageError("the journal is in use by another client; give each one its own")


def _key(request: Cancel[Any]) -> tuple[str, str]:
    return request.endpoint.path, encode(request)


def _encode(do: str, request: Cancel[Any], **more: Any) -> bytes:
    line = _Line(do, *_key(request), window=request.recv_window, **more)
    return msgspec.json.encode(line) + b"\n"


def _left_open(path: Path) -> Iterator[Pending]:
    """The cancels that were sent and did not end, each once, oldest first."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    open_ones: dict[tuple[str, str], _Line] = {}
    for text in lines:
        try:
            line = msgspec.json.decode(text, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # cut off by the crash: that request was not written yet
        if line.do == "sent":
            open_ones.setdefault((line.path, line.query), line)
        else:
            open_ones.pop((line.path, line.query), None)
    kinds = {kind.endpoint.path: kind for kind in _kinds(Cancel)}
    for line in open_ones.values():
        kind = kinds.get(line.path)
        request = None if kind is None else _parse(kind, line)
        if request is None:
            _log.error("a line of the journal can't be read; it is for %.100s", line.path)
        else:
            yield Pending(request, line.at)


def _kinds(base: type[Cancel[Any]]) -> Iterator[type[Cancel[Any]]]:
    for kind in base.__subclasses__():
        if hasattr(kind, "endpoint"):
            yield kind
        yield from _kinds(kind)


def _parse(kind: type[Cancel[Any]], line: _Line) -> Cancel[Any] | None:
    sent = dict(parse_qsl(line.query))
    values: dict[str, Any] = {
        field.name: sent[field.wire] for field in fields_of(kind) if field.wire in sent
    }
    values["recv_window"] = line.window
    try:
        request: Cancel[Any] = msgspec.convert(values, kind, strict=False)
    except (msgspec.ValidationError, ValueError):
        return None
    return request
