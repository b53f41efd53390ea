"""What all events have in common."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Address: TypeAlias = tuple[str, str | None]
"""Path of a cancel and the symbol that it needs; ``None`` where it takes none."""


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="e"):
    """Base of every event of the exchange; ``e``, its kind, tells which struct it is."""

    event_time: int | None = msgspec.field(name="E", default=None)
    """When the exchange made the event, epoch milliseconds; kinds are in order by it."""
