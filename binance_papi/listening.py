"""What `PapiClient` offers to whoever listens: the stream, and what is open after a gap."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from binance_papi.wired import Wired

if TYPE_CHECKING:
    from binance_papi.reconcile import OpenOrders
    from binance_papi.user_stream import UserStream


class Listening(Wired):
    """The listening half of a client."""

    def user_stream(
        self,
        *,
        max_queue: int = 10_000,
        patience: float = 10.0,
        close_listen_key: bool = False,
    ) -> UserStream:
        """The account's user data stream: ``async with papi.user_stream() as events``.

        Iterating over it yields the exchange's events (`binance_papi.api.events`), and two of the
        stream's own: `Disconnected` when no connection is good any more, and `Gap` when one is
        again, or events were dropped, with the time of which events may be missing. The listenKey
        is kept alive and replaced, connections are renewed before the exchange cuts them, and
        duplicates from two of them are dropped. While it is open, its events are evidence for
        `burst` and `resolve` too.

        Args:
            max_queue: Events that wait to be read at most, at least 2. When so many wait, later
                ones are dropped until half of them are read, and a `Gap` tells of it in their
                place.
            patience: Seconds within which the first connection has to stand.
            close_listen_key: Whether the account's listenKey is closed at the end. There is one for
                the whole account: every other program's stream ends with it.

        Raises:
            UsageError: If the client is not open, or belongs to another loop or process.
            ValueError: If a setting can't be right.
        """
        self._wired()
        if max_queue < 2 or not 0 < patience < inf:  # noqa: PLR2004 - what a queue needs
            raise ValueError("max_queue is at least 2, patience above 0")
        from binance_papi.user_stream import UserStream  # noqa: PLC0415 - dear, and seldom needed

        return UserStream(
            self._wired,
            max_queue=max_queue,
            patience=patience,
            close_listen_key=close_listen_key,
        )

    async def reconcile_open(
        self,
        *,
        um: Sequence[str] | None = None,
        cm: Sequence[str] | None = None,
        margin: Sequence[str] = (),
    ) -> OpenOrders:
        """Ask for the open orders of every family at once, e.g. after a `Gap` of a stream.

        Weight: 1 for each family and symbol (margin: 5); 40 for each family without symbols. A
        family that the exchange has retired for another has none.

        Args:
            um: Symbols of USD-M futures; ``None``: all, ``()``: none.
            cm: Contracts of COIN-M futures; ``None``: all, ``()``: none.
            margin: Margin pairs; the exchange lists no others than those that are named.

        Returns:
            The orders, and the exchange time of which an event is newer.

        Raises:
            PapiError: As `send`, if one of the requests fails.
        """
        wiring = self._wired()
        from binance_papi.reconcile import reconcile_open  # noqa: PLC0415 - dear, seldom needed

        return await reconcile_open(wiring, um=um, cm=cm, margin=margin)
