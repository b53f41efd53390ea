"""A key and a secret that must never be seen again, and the search for them."""

from __future__ import annotations

import base64
import logging
import pickle
import traceback
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

KEY: Final = "Zk7qWv3XnQvWys81vp7hB1dx8PpD5KHXe3PYiGkPAuNaRL63xYKwzEInncIIA3AN"
SECRET: Final = "xJ4wT9bQxN9K3KSU9Mi4roNL89sM995YTBXaK7JQEVT0mlAmrtVETW0TesULeetL"

_HEAD: Final = 8
_MOST: Final = 200


def needles(signatures: Iterable[str]) -> dict[str, str]:
    """What to search for, each with a name that may be printed."""
    found: dict[str, str] = {}
    for name, secret in (("key", KEY), ("secret", SECRET)):
        found[secret[:_HEAD]] = f"the first characters of the {name}"
        found |= _forms(name, secret)
    listed = list(signatures)
    for number, signature in enumerate((*listed[:_MOST], *listed[_MOST:][-_MOST:])):
        found |= _forms(f"signature {number}", signature)
    return found


def _forms(name: str, text: str) -> dict[str, str]:
    raw = text.encode()
    forms = {
        text: f"{name}, raw",
        quote(text, safe=""): f"{name}, URL-encoded",
        raw.hex(): f"{name}, hex",
        raw.hex().upper(): f"{name}, HEX",
    }
    for shift in range(3):  # wherever it stands in what was encoded
        coded = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4].decode()
        forms[coded] = f"{name}, base64"
    return forms


def leaks(texts: Iterable[tuple[str, str]], signatures: Iterable[str]) -> list[str]:
    """Where something that must not be seen is seen.

    Args:
        texts: Where a text comes from, and the text.
        signatures: Every signature that was made.
    """
    wanted = needles(signatures)
    return [
        f"{name} in {where}"
        for where, text in texts
        for needle, name in wanted.items()
        if needle in text
    ]


def shown(what: object) -> Iterator[tuple[str, str]]:
    """Every way in which a value of the client's may be shown or stored."""
    kind = type(what).__name__
    yield f"repr of {kind}", repr(what)
    yield f"str of {kind}", str(what)
    try:
        stored = pickle.dumps(what)
    except Exception as problem:  # noqa: BLE001 - some things can't be pickled
        yield f"refusal to pickle {kind}", f"{problem!r}"
    else:
        yield f"pickle of {kind}", stored.decode("latin-1")
    if isinstance(what, BaseException):
        yield from _told(what)


def _told(error: BaseException) -> Iterator[tuple[str, str]]:
    """An exception, all that led to it, and what stood in their frames."""
    seen: set[int] = set()
    queue = [error]
    while queue:
        one = queue.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        full = traceback.TracebackException.from_exception(one, capture_locals=True)
        yield f"traceback of {type(one).__name__}", "".join(full.format())
        yield f"attributes of {type(one).__name__}", repr(vars(one))
        queue += [next_ for next_ in (one.__cause__, one.__context__) if next_ is not None]
        if isinstance(one, BaseExceptionGroup):
            queue += one.exceptions


class Ear(logging.Handler):
    """Hears every log record of every logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[tuple[str, str]] = []
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what a record says, at once: its arguments may change."""
        if record.name == "aiohttp.server":
            return  # it is the exchange's: of course it knows what it was sent
        self.records.append(record)
        where = f"log of {record.name}"
        self.texts.append((where, f"{record.getMessage()} {record.args!r} {record.msg!r}"))
        if record.exc_info and record.exc_info[1] is not None:
            self.texts += shown(record.exc_info[1])
