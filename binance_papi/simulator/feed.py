"""The user data stream without sockets: one listenKey, its listeners, and what they are told.

* There is one listenKey at a time, for the whole account. ``POST`` gives it, the same one while it
  lives; it lives 60 minutes after the last ``POST`` or ``PUT``.
* An event goes to every listener that has the living key when it is sent. Nobody hears it later:
  there is no replay.
* When the key ends, by time or by hand, its listeners are told ``listenKeyExpired`` and nothing
  more. After a ``DELETE`` they are told nothing at all. They stay connected either way.
* A connection ends after 24 hours.
"""

from __future__ import annotations

import random
import secrets
from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from binance_papi.simulator import events, refusal
from binance_papi.simulator.answers import encode
from binance_papi.simulator.events import Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Handler, Moment

KEY_LIFE: Final = 3_600_000
"""ms that a listenKey lives after a POST or PUT."""
CONNECTION_LIFE: Final = 86_400_000
"""ms that a connection lives."""
_PATH: Final = "/papi/v1/listenKey"
_LOG: Final = 1_000_000  # events that are remembered


class Listener(Protocol):
    """Who hears events."""

    key: str
    """The listenKey that it came with, known or not."""
    opened: int
    """Exchange time at which it came, ms."""

    def send(self, data: bytes) -> None:
        """Hear one message."""
        ...

    def close(self) -> None:
        """Hear that the exchange ends the connection."""
        ...


class Sent(msgspec.Struct):
    """One event that left the model.

    Args:
        time: Exchange time at which it was sent, ms.
        event: The event.
        heard: How many listeners it was given to; a copy counts again.
    """

    time: int
    event: Event
    heard: int = 0


class Feed:
    """Who listens, and what they hear.

    Args:
        seed: Seed of what is drawn.
    """

    def __init__(self, seed: int = 0) -> None:
        self.key: str | None = None
        self.key_until = 0
        self.sent: deque[Sent] = deque(maxlen=_LOG)
        self.delay: float | tuple[float, float] = 0.0
        self.duplicate = 0.0
        self.holding = False
        self._held: list[Event] = []
        self._due: list[tuple[int, int, Event]] = []
        self._number = 0
        self._listeners: list[Listener] = []
        # Another stream than that of the faults, which begins with the same seed.
        self._random = random.Random(f"feed {seed}")  # noqa: S311 - no secret

    # ------------------------------------------------------------------ the key

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Who answers the three requests about the key."""
        return {
            ("POST", _PATH): self._post,
            ("PUT", _PATH): self._put,
            ("DELETE", _PATH): self._delete,
        }

    def _post(self, params: Params, moment: Moment) -> dict[str, str]:  # noqa: ARG002 - a Handler
        if self.key is None:
            self.key = secrets.token_hex(32)
        self.key_until = moment.now + KEY_LIFE
        return {"listenKey": self.key}

    def _put(self, params: Params, moment: Moment) -> dict[str, str]:  # noqa: ARG002 - a Handler
        if self.key is None:
            raise refusal.bad_listen_key()
        self.key_until = moment.now + KEY_LIFE
        return {}

    def _delete(self, params: Params, moment: Moment) -> dict[str, str]:  # noqa: ARG002 - a Handler
        self.key = None
        return {}

    def expire_key(self, now_ms: int) -> None:
        """End the key as if its time had come."""
        if self.key is not None:
            self.emit(events.listen_key_expired(now_ms), now_ms)
            self.key = None

    # ------------------------------------------------------------------ listeners

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Everybody who is connected, whatever his key."""
        return tuple(self._listeners)

    def connect(self, listener: Listener) -> None:
        """Let somebody listen."""
        self._listeners.append(listener)

    def disconnect(self, listener: Listener) -> None:
        """Forget somebody."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    # ------------------------------------------------------------------ events

    def publish(self, event: Event, now_ms: int) -> None:
        """Send an event, now or as the controls say."""
        if self.holding:
            self._held.append(event)
            return
        copies = 2 if self.duplicate and self._random.random() < self.duplicate else 1
        for _ in range(copies):
            wait = self._draw()
            if wait <= 0:
                self.emit(event, now_ms)
                continue
            self._number += 1
            heappush(self._due, (now_ms + wait, self._number, event))

    def release(self, now_ms: int, shuffle: bool) -> None:
        """Send what was held back, and hold nothing back any more."""
        held, self._held, self.holding = self._held, [], False
        if shuffle:
            self._random.shuffle(held)
        for event in held:
            self.publish(event, now_ms)

    def emit(self, event: Any, now_ms: int, to: Iterable[Listener] | None = None) -> None:
        """Send an event at once, whatever the controls say.

        Args:
            event: The event.
            now_ms: Exchange time, ms.
            to: Who hears it; None: who has the living key.
        """
        if to is None:
            to = [one for one in self._listeners if one.key == self.key]
        data, record = encode(event), Sent(now_ms, event)
        for listener in to:
            listener.send(data)
            record.heard += 1
        self.sent.append(record)

    def _draw(self) -> int:
        low, high = self.delay if isinstance(self.delay, tuple) else (self.delay, self.delay)
        return int((low if low == high else self._random.uniform(low, high)) * 1000)

    def settle(self, now_ms: int) -> None:
        """Do what was due by now."""
        while self._due and self._due[0][0] <= now_ms:
            due_ms, _, event = heappop(self._due)
            self.emit(event, due_ms)
        if self.key is not None and self.key_until <= now_ms:
            self.expire_key(self.key_until)
        for listener in self.listeners:
            if now_ms - listener.opened >= CONNECTION_LIFE:
                self.disconnect(listener)
                listener.close()
