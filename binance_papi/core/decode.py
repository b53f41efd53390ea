"""Reply bytes to typed values, and nothing else out of hostile bytes than `BadReply`.

One decoder per reply type, built once. The exchange is not trusted: depth is bounded before the
parser runs, a duplicated key makes a reply unreadable where a decision hangs on it, and everything
the parser may raise becomes one exception.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

MAX_BODY: Final = 1 << 20
"""A reply is read up to this many bytes (1 MiB)."""

_LIST: Final = ord("[")
_BACKSLASH: Final = ord("\\")
_ONCE: Final = 2
"""Parts of a text around something that stands in it once."""

MAX_DEPTH: Final = 32
"""Deeper nesting is refused; documented replies need four levels."""

_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
# In valid JSON a colon followed by two quotes is always a key with an empty text as its value:
# inside
# a text the quote would be escaped.
EMPTY: Final = re.compile(rb':[ \t\r\n]*""')
"""An empty text, which stands for an absent value."""

UNREADABLE: Final = (msgspec.DecodeError, ValueError, RecursionError, MemoryError)
"""All that the parser raises on hostile bytes."""


class BadReply(ValueError):  # noqa: N818 - named for what came, like an answer
    """The bytes are no such reply. Carries a short reason, never the bytes."""


_decoders: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


def decoder(returns: Any) -> msgspec.json.Decoder[Any]:
    """The one decoder of a reply type.

    Lax, because the exchange has sent texts where integers are documented.
    """
    try:
        return _decoders[returns]  # half the cost of `functools.cache`
    except KeyError:
        made = _decoders[returns] = msgspec.json.Decoder(returns, strict=False)
        return made


def decode(returns: Any, body: bytes, once: tuple[bytes, ...] = ()) -> Any:
    """Decode a reply.

    Args:
        returns: The reply's type.
        body: The bytes, at most `MAX_BODY`.
        once: Keys (quoted, as they stand in JSON) that a decision hangs on: met twice, the reply is
            unreadable, since nobody can tell which of the two counts.

    Returns:
        A value of that type. An empty text stands for an absent value and becomes ``None``.

    Raises:
        BadReply: For anything else.
    """
    if len(body) > MAX_BODY:
        raise BadReply("longer than 1 MiB")
    # For a single byte, a number in bytes is quicker than `find`, and bytes in bytes are slowest.
    if (_LIST in body or body.rfind(b"{") > 0) and too_deep(body):
        raise BadReply("nested too deeply")
    if once and _doubtful(body, once) and _has_duplicates(body):
        raise BadReply("a key stands twice")
    try:
        return decoder(returns).decode(body)
    except UNREADABLE as error:
        # Outside the except block, so that neither __cause__ nor __context__ holds the bytes.
        problem = _problem(error)
    if body.find(b'""') >= 0:
        # No type of ours takes an empty text, so that nothing was let through as one.
        try:
            return decoder(returns).decode(EMPTY.sub(b":null", body))
        except UNREADABLE as error:
            problem = _problem(error)
    raise BadReply(problem)


def _doubtful(body: bytes, once: tuple[bytes, ...]) -> bool:
    """Whether one of these keys may stand twice; a backslash may spell it in disguise."""
    if _BACKSLASH in body:
        return True
    for key in once:  # noqa: SIM110 - quicker than a generator
        # Of all ways to look for a second one this is the quickest: it seeks backwards, and once.
        if len(body.rsplit(key, 2)) > _ONCE:
            return True
    return False


def _problem(error: Exception) -> str:
    """Why something can't be decoded, in words of ours."""
    if isinstance(error, msgspec.ValidationError):
        return f"not the documented shape: {error}"
    if isinstance(error, RecursionError | MemoryError):
        return "too large or too deep"
    return "not JSON"


def too_deep(body: bytes) -> bool:
    """Whether brackets nest deeper than `MAX_DEPTH`, by peeling pairs at C speed."""
    rest = body.translate(None, _NO_BRACKETS)
    if len(rest) <= MAX_DEPTH:
        return False
    for _ in range(MAX_DEPTH):
        rest = rest.replace(b"{}", b"").replace(b"[]", b"")
        if not rest:
            return False
    # Brackets inside texts don't nest; look again without texts.
    bare = _STRINGS.sub(b"", body).translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        bare = bare.replace(b"{}", b"").replace(b"[]", b"")
    return bool(bare)


def _has_duplicates(body: bytes) -> bool:
    """Whether any object of the reply has a key twice (or the reply can't be read at all)."""
    found = False

    def look(pairs: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or len({key for key, _ in pairs}) != len(pairs)

    try:
        json.loads(body, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return True
    return found
