"""What a stream tells of itself: that events may be missing, and that none comes."""

from __future__ import annotations

from typing import Final

import msgspec

MARGIN: Final = 2000
"""Milliseconds that an event may take to arrive: a gap begins so much before the last sign."""

_MOST: Final = 60_000


def margin(arrived: int, made: int | None) -> int:
    """The same, where the last event took longer: others may have been on their way behind it.

    It takes long where the exchange is slow, or was read late.

    Args:
        arrived: Exchange time in ms at which the last event was read, at the latest.
        made: Exchange time in ms of the event; ``None``: nobody said.

    Returns:
        Milliseconds, a minute more at most.
    """
    return MARGIN if made is None else MARGIN + min(max(arrived - made, 0), _MOST)


class Gap(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Events may be missing: ask by REST what became of orders and positions since.

    It stands where the missing events would stand, after the last one before and before the first
    one after.

    Args:
        since_ms: Exchange time in ms from which events may be missing.
        until_ms: Exchange time in ms until which they may be.
        reason: Why, in a few words.
        dropped: How many were received and dropped because nobody read them; 0: none.
    """

    since_ms: int
    until_ms: int
    reason: str
    dropped: int = 0


class Disconnected(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No connection is good any more; a `Gap` follows when one is again.

    Args:
        since_ms: Exchange time in ms from which events may be missing.
        reason: Why, in a few words.
    """

    since_ms: int
    reason: str
