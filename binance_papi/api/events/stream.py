"""Events about the stream itself, and what no documentation knows."""

from __future__ import annotations

from typing import Any

import msgspec

from binance_papi.api.events.base import Event
from binance_papi.core.signing import ListenKey
from binance_papi.terms import Text


class ListenKeyExpired(Event, frozen=True, kw_only=True, gc=False, tag="listenKeyExpired"):
    """The listenKey ended: nothing more comes on this connection. The stream gets a new one."""

    listen_key: ListenKey | None = msgspec.field(name="listenKey", default=None)
    """The key that ended; it may be missing."""


class ServerShutdown(Event, frozen=True, kw_only=True, gc=False, tag="serverShutdown"):
    """The server is about to close this connection. The stream opens another one at once."""


class UnknownEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message that is none of the documented kinds, or has not the shape of its kind."""

    kind: Text | None = None
    """Its ``e``; ``None`` where it has none."""
    raw: bytes
    """The whole message as it came."""
    problem: Text = ""
    """Why it could not be read."""

    def __repr__(self) -> str:
        return f"<UnknownEvent {self.kind!r} of {len(self.raw)} bytes: {self.problem}>"

    def plain(self) -> Any:
        """The message as plain Python values.

        Raises:
            ValueError: If it is no JSON.
        """
        try:
            return msgspec.json.decode(self.raw)
        except (msgspec.DecodeError, RecursionError):
            problem = "the message is no JSON"
        raise ValueError(problem)
