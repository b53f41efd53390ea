"""The life of a user data stream, as values: what to do next, and where events may be missing.

What is known of it (pages "User Data Streams" of Portfolio Margin and USD-M futures, 2026-10):

* There is one listenKey per account. It lives for 60 minutes; PUT lets it live on, POST too, and
  tells which one it is. Somebody else may close it, and then another one is the account's.
* A connection is cut after 24 hours at the latest. The server pings it every 3 minutes (documented
  for USD-M). One whose key is dead, or never was, stays open and silent.
* Events have no sequence number and are not repeated: what was not received has to be asked for.

So: POST comes before every connection, and again when no event came for `DOUBT` seconds, since it
alone tells whether a silent connection listens to the account's key. A new connection is open
before an old one is closed. One that shows no sign of life is pinged, and left if it does not
answer. While no connection stands that is known to be good there is a hole, which is told when it
is over.

Nothing here waits, sends or knows a clock; ``now`` is monotonic seconds, ``jitter`` a number drawn
evenly from [0, 1).
"""

from __future__ import annotations

from enum import Enum
from math import inf
from typing import Final, NamedTuple

KEEP_ALIVE: Final = 1800.0
"""Seconds between two extensions of the key's life."""

DOUBT: Final = 600.0
"""Seconds without an event after which POST has to tell whether the key is still the account's."""

QUIET: Final = 60.0
"""Seconds without any frame after which a connection is pinged."""

ANSWER: Final = 15.0
"""Seconds within which something has to come then."""

OVERLAP: Final = 2.0
"""Seconds for which an old connection is read beside its successor."""

LIFE: Final = 23 * 3600.0
"""Seconds after which a connection gets a successor, at the earliest."""

_LIFE_SPREAD: Final = 1800.0
_KEEP_RETRY: Final = 60.0
_BACKOFF: Final = 0.5
_BACKOFF_MOST: Final = 30.0
_STABLE: Final = 60.0


class Step(Enum):
    """What is to be done now."""

    START = "start"
    """POST: get the account's key."""
    KEEP_ALIVE = "keep alive"
    """PUT: extend the key's life."""
    CONNECT = "connect"
    PING = "ping"
    CLOSE = "close"
    WAIT = "wait"


class Do(NamedTuple):
    """One thing to do.

    Attributes:
        step: What.
        number: Which connection it is about; 0: none.
    """

    step: Step
    number: int = 0


class Hole(NamedTuple):
    """When events may be missing.

    Attributes:
        since: Monotonic time.
        until: Monotonic time; infinite while it lasts.
        reason: Why.
    """

    since: float
    until: float
    reason: str


class _Socket:
    """A connection."""

    __slots__ = (
        "close_at",
        "event_at",
        "good",
        "heard_at",
        "key",
        "opened_at",
        "pinged_at",
        "succeed_at",
    )

    def __init__(self, key: int) -> None:
        self.key = key
        self.good = False
        self.opened_at = self.heard_at = self.event_at = -inf
        self.pinged_at = self.succeed_at = self.close_at = inf

    @property
    def opened(self) -> bool:
        return self.opened_at > -inf

    def ping_at(self) -> float:
        """When it is to be pinged, if nothing comes."""
        return self.heard_at + QUIET if self.opened and self.pinged_at == inf else inf

    def lost_at(self) -> float:
        """When it is taken for dead, if nothing comes."""
        return self.pinged_at + ANSWER


class Life:
    """A stream's life from its first connection on.

    Args:
        now: Monotonic seconds.
    """

    __slots__ = (
        "_check_at",
        "_connect_at",
        "_fails",
        "_fresh",
        "_keep_at",
        "_keeping",
        "_key",
        "_last_event_at",
        "_proven_at",
        "_serial",
        "_sockets",
        "_starting",
        "hole",
        "ready",
    )

    def __init__(self, now: float) -> None:
        self.hole: Hole | None = None
        """The hole that lasts; ``None``: there is none."""
        self.ready = False
        """Whether a connection was ever there."""
        self._sockets: dict[int, _Socket] = {}
        self._serial = 0
        # The key, by a number that changes with it; when POST last told it, and when the last event
        # came on a connection that was lost; whether POST has just told it.
        self._key = 0
        self._proven_at = self._last_event_at = -inf
        self._fresh = self._starting = self._keeping = False
        # When the next of each is due; infinite: not for the time being.
        self._connect_at = now
        self._keep_at = self._check_at = inf
        self._fails = 0

    # ------------------------------------------------------------------ what to do

    def next(self, now: float) -> Do:
        """What is due; ask again after each step but `Step.WAIT`."""
        for number, socket in self._sockets.items():
            if socket.close_at <= now:
                del self._sockets[number]
                return Do(Step.CLOSE, number)
            if socket.lost_at() <= now:
                self._lose(number, socket.heard_at, "the connection was silent")
                self._connect_soon(now)
                return Do(Step.CLOSE, number)
            if socket.ping_at() <= now:
                socket.pinged_at = now
                return Do(Step.PING, number)
            if socket.succeed_at <= now:
                socket.succeed_at = inf
                self._connect_soon(now)
        return self._next_request(now)

    def _next_request(self, now: float) -> Do:
        if self._connect_at <= now and self._fresh:
            self._connect_at, self._fresh = inf, False
            self._serial += 1
            self._sockets[self._serial] = _Socket(self._key)
            return Do(Step.CONNECT, self._serial)
        if not self._starting and min(self._connect_at, self._check()) <= now:
            self._starting = True
            return Do(Step.START)
        if not self._keeping and not self._starting and self._keep_at <= now:
            self._keeping = True
            return Do(Step.KEEP_ALIVE)
        return Do(Step.WAIT)

    def wake(self) -> float:
        """When something will be due if nothing happens; infinite: never."""
        times = [self._connect_at, self._check()] if not self._starting else []
        if not self._keeping and not self._starting:
            times.append(self._keep_at)
        for socket in self._sockets.values():
            times += (socket.close_at, socket.lost_at(), socket.ping_at(), socket.succeed_at)
        return min(times, default=inf)

    def _check(self) -> float:
        """When POST has to tell whether the key is still the one that is listened to."""
        events = [socket.event_at for socket in self._sockets.values() if socket.good]
        return max(self._check_at, max(events) + DOUBT) if events else inf

    @property
    def overlapping(self) -> bool:
        """Whether the same event may come on two connections."""
        return len(self._sockets) > 1

    def _connect_soon(self, when: float) -> None:
        """Another connection is wanted, unless one is on its way."""
        if all(socket.opened for socket in self._sockets.values()):
            self._connect_at = min(self._connect_at, when)

    def _backoff(self, jitter: float) -> float:
        return jitter * min(_BACKOFF_MOST, _BACKOFF * 2.0 ** min(self._fails, 10))

    # ------------------------------------------------------------------ the key

    def started(self, now: float, *, same: bool) -> None:
        """POST told the account's key.

        Args:
            now: Monotonic seconds.
            same: Whether it is the one that was the account's before.
        """
        self._starting = False
        if not same:
            self._key_ended("the account has another listenKey", now)
        self._proven_at = now
        self._keep_at, self._check_at = now + KEEP_ALIVE, now + DOUBT
        self._fresh = self._connect_at < inf

    def start_failed(self, now: float, jitter: float) -> None:
        """POST told nothing; arguments as above."""
        self._starting = False
        self._fails += 1
        pause = self._backoff(jitter)
        if self._connect_at < inf:
            self._connect_at = now + pause
        self._check_at = now + max(_KEEP_RETRY, pause)

    def kept(self, now: float) -> None:
        """PUT extended the key's life."""
        self._keeping = False
        self._keep_at = now + KEEP_ALIVE

    def keep_failed(self, now: float, jitter: float, *, gone: bool) -> None:
        """PUT did not work.

        Args:
            now: Monotonic seconds.
            jitter: A number drawn evenly from [0, 1).
            gone: Whether the exchange says that there is no key.
        """
        self._keeping = False
        self._keep_at = now + _KEEP_RETRY * (0.5 + jitter / 2)
        if gone:
            self._key_ended("the listenKey was gone", now)

    def _key_ended(self, reason: str, now: float) -> None:
        """Nothing more comes on connections of the key that was the account's.

        It was alive when POST told it, and when its last event came.
        """
        self._key += 1
        self._fresh = False
        good = {number: socket for number, socket in self._sockets.items() if socket.good}
        since = max((socket.event_at for socket in good.values()), default=-inf)
        for number in good:
            self._distrust(number, max(self._proven_at, since), reason)
        if self.hole is not None:
            # Before its connection was lost, its key may have been.
            proven = max(self._proven_at, self._last_event_at)
            self.hole = self.hole._replace(since=min(self.hole.since, proven))
        self._connect_soon(now)

    # ------------------------------------------------------------------ connections

    def opened(self, number: int, now: float, jitter: float) -> Hole | None:
        """A connection stands.

        Args:
            number: Which one.
            now: Monotonic seconds.
            jitter: A number drawn evenly from [0, 1).

        Returns:
            The hole that this ends; ``None``: there was none.
        """
        socket = self._sockets[number]
        socket.opened_at = socket.heard_at = socket.event_at = now
        if socket.key != self._key:
            # The key ended while it was being connected.
            socket.close_at = now
            self._connect_soon(now)
            return None
        socket.succeed_at = now + LIFE + jitter * _LIFE_SPREAD
        for other in self._sockets.values():
            if other is not socket:
                other.close_at = min(other.close_at, now + OVERLAP)
                other.succeed_at = inf
        socket.good = self.ready = True
        hole, self.hole = self.hole, None
        return None if hole is None else hole._replace(until=now)

    def connect_failed(self, number: int, now: float, jitter: float) -> None:
        """A connection did not come about; arguments as above."""
        self._sockets.pop(number, None)
        self._fails += 1
        self._connect_soon(now + self._backoff(jitter))

    def heard(self, number: int, now: float, *, event: bool) -> None:
        """Something came.

        Args:
            number: On which connection.
            now: Monotonic seconds.
            event: Whether it is an event, and not merely a sign of life.
        """
        socket = self._sockets.get(number)
        if socket is not None:
            socket.heard_at, socket.pinged_at = now, inf
            if event:
                socket.event_at = now

    def expired(self, number: int, now: float, jitter: float) -> None:
        """The exchange tells on a connection that its key ended; arguments as for `opened`."""
        socket = self._sockets.get(number)
        if socket is not None and socket.key == self._key:
            socket.event_at = now
            self._key_ended("the listenKey expired", self._renewal(socket, now, jitter))

    def shutdown(self, number: int, now: float, jitter: float) -> None:
        """The exchange tells that it is about to cut a connection; arguments as for `opened`."""
        socket = self._sockets.get(number)
        if socket is not None and socket.close_at == inf:
            self._connect_soon(self._renewal(socket, now, jitter))

    def _renewal(self, socket: _Socket, now: float, jitter: float) -> float:
        """When to replace a connection that is to end: at once, unless it has just begun."""
        if now - socket.opened_at >= _STABLE:
            return now
        self._fails += 1
        return now + self._backoff(jitter)

    def closed(self, number: int, now: float, jitter: float, reason: str) -> None:
        """A connection ended, and not by us.

        Args:
            number: Which one.
            now: Monotonic seconds.
            jitter: A number drawn evenly from [0, 1).
            reason: Why, in a few words.
        """
        socket = self._sockets.get(number)
        if socket is None:
            return
        succeeded = socket.close_at < inf
        self._lose(number, socket.heard_at, reason)
        if succeeded:
            return
        self._fails = self._fails + 1 if now - socket.opened_at < _STABLE else 0
        self._connect_soon(now + self._backoff(jitter))

    def _lose(self, number: int, since: float, reason: str) -> None:
        if self._sockets[number].good:
            self._distrust(number, since, reason)
        del self._sockets[number]

    def _distrust(self, number: int, since: float, reason: str) -> None:
        """Nothing more comes on a connection; a hole begins if it was the only good one."""
        lost = self._sockets[number]
        lost.good = False
        self._last_event_at = max(self._last_event_at, lost.event_at)
        good = [socket for socket in self._sockets.values() if socket.good]
        if not good:
            self.hole = Hole(since, inf, reason)
        elif all(socket.close_at < inf for socket in good):
            # It was the successor that was lost: nothing but the old one is left.
            for socket in good:
                socket.close_at = inf
