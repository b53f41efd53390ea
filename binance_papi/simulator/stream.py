"""What a rehearsal does to the user data stream; ``Simulator.stream``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from binance_papi.simulator import events
from binance_papi.simulator.feed import Sent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from binance_papi.simulator.feed import Feed
    from binance_papi.simulator.sockets import Sockets


class Stream:
    """The hand on the user data stream.

    Args:
        feed: The stream.
        sockets: Its connections.
        now_ms: Exchange time, ms.
    """

    def __init__(self, feed: Feed, sockets: Sockets, now_ms: Callable[[], int]) -> None:
        self._feed = feed
        self._sockets = sockets
        self._now_ms = now_ms

    # ------------------------------------------------------------------ what is true

    @property
    def connections(self) -> int:
        """How many connections are open, whatever their listenKey."""
        return len(self._sockets.open)

    @property
    def listeners(self) -> int:
        """How many of them have the living listenKey, and hear events."""
        return sum(socket.key == self._feed.key for socket in self._sockets.open)

    @property
    def listen_key(self) -> str | None:
        """The living listenKey, or None."""
        return self._feed.key

    @property
    def sent(self) -> Sequence[Sent]:
        """Every event since there is a listenKey, oldest first, and how many heard it."""
        return self._feed.sent

    # ------------------------------------------------------------------ events

    def push(self, event: dict[str, Any]) -> None:
        """Send any event, as it stands, to everybody who has the living listenKey.

        The controls below count for it as for all others.
        """
        self._feed.publish(event, self._now_ms())

    def hold(self) -> None:
        """Keep events back from now on, until ``release``."""
        self._feed.holding = True

    def release(self, *, shuffle: bool = False) -> None:
        """Send what was held back and go on as usual.

        Args:
            shuffle: In a drawn order instead of its own.
        """
        self._feed.release(self._now_ms(), shuffle)

    @property
    def delay(self) -> float | tuple[float, float]:
        """Seconds that events are late, or (lowest, highest) of a draw per event.

        With a draw they overtake each other. Their times stay true.
        """
        return self._feed.delay

    @delay.setter
    def delay(self, seconds: float | tuple[float, float]) -> None:
        low, high = seconds if isinstance(seconds, tuple) else (seconds, seconds)
        if not 0 <= low <= high:
            raise ValueError("delay is 0 or more, and (lowest, highest) in that order")
        self._feed.delay = seconds

    @property
    def duplicate(self) -> float:
        """Probability, 0 to 1, that an event is sent twice."""
        return self._feed.duplicate

    @duplicate.setter
    def duplicate(self, probability: float) -> None:
        if not 0 <= probability <= 1:
            raise ValueError("duplicate is a probability, from 0 to 1")
        self._feed.duplicate = probability

    # ------------------------------------------------------------------ ends

    def drop(self, how: Literal["reset", "close"] = "reset") -> None:
        """End all connections of the stream.

        Args:
            how: ``"reset"``: without a word; ``"close"``: with a close frame.
        """
        if how == "reset":
            self._sockets.reset()
            return
        for socket in self._sockets.open:
            self._feed.disconnect(socket)
            socket.close()

    def refuse(self, times: int = 1) -> None:
        """Answer the next attempts to connect with 503.

        Args:
            times: How many, 0 or more.
        """
        self._sockets.refusals = times

    def silence(self) -> None:
        """Let the connections that are open stay open and say nothing: no event, ping or pong.

        What is sent meanwhile is lost. New connections are as usual.
        """
        for socket in self._sockets.open:
            socket.silent = True

    def expire_key(self) -> None:
        """End the listenKey as if its 60 minutes were over; its listeners are told."""
        self._feed.expire_key(self._now_ms())

    def forget_key(self) -> None:
        """End the listenKey without telling anybody; the next PUT is refused with -1125."""
        self._feed.key = None

    def shutdown(self, *, wrapped: bool = False) -> None:
        """Send the notice ``serverShutdown`` on every connection, which stays open.

        Args:
            wrapped: Inside of ``{"event": …}``, as it has been seen too.
        """
        now_ms = self._now_ms()
        notice = events.server_shutdown(now_ms, wrapped)
        self._feed.emit(notice, now_ms, self._sockets.open)

    @property
    def ping_every(self) -> float:
        """Seconds between two pings of the server, 180 at first."""
        return self._sockets.ping_every

    @ping_every.setter
    def ping_every(self, seconds: float) -> None:
        self._sockets.ping_every = seconds
