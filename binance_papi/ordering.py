"""What `PapiClient` offers for orders: cancel many, place one, and find out what became of each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from typing import TYPE_CHECKING, Any, overload

from binance_papi.core.cancel import Cancel
from binance_papi.core.outcome import (
    BurstReport,
    MaybePlaced,
    NotPlaced,
    Outcome,
    Placed,
    Placement,
)
from binance_papi.core.place import Place
from binance_papi.wired import Wired

if TYPE_CHECKING:
    from binance_papi.burst import Verify


class Ordering(Wired):
    """The ordering half of a client."""

    async def burst(
        self,
        requests: Iterable[Cancel[Any]],
        *,
        deadline: float,
        verify: Verify = "ambiguous",
        follow_trigger: bool = False,
        sweep: bool = False,
    ) -> BurstReport:
        """Cancel many orders, and find out what became of each.

        Unclear answers are followed by further cancels and by queries until the outcome is certain
        or the deadline is over; an outcome that is unknown then is pursued for another minute, see
        `resolve`. Cancels of the same order are one cancel. If the caller is cancelled, what is
        not on the wire is withdrawn, and the rest lives on.

        Args:
            requests: Cancels of one order each, of any family, mixed as you like.
            deadline: Seconds until every outcome is there.
            verify: ``"ambiguous"``: queries are made where an answer leaves something open.
                ``"always"``: a success reply is confirmed by a query too.
            follow_trigger: Whether, of an order that has triggered, the plain order that it became
                is cancelled too; its outcome is the ``child`` of `AlreadyGone`.
            sweep: Whether one cancel-all replaces the single cancels of a symbol, where these
                cover all of its open orders. An order placed meanwhile is cancelled too.

        Returns:
            One outcome for each request, in their order.

        Raises:
            InvalidRequestError: If one of ``requests`` is no cancel of one order; nothing is sent.
            UsageError: If the client is not open, or belongs to another loop or process.
        """
        pursuits = self._wired().pursuits
        from binance_papi.burst import burst  # noqa: PLC0415 - dear, and there since open()

        return await burst(
            pursuits,
            requests,
            deadline=deadline,
            verify=verify,
            follow_trigger=follow_trigger,
            sweep=sweep,
        )

    def burst_iter(
        self,
        requests: Iterable[Cancel[Any]],
        *,
        deadline: float,
        verify: Verify = "ambiguous",
        follow_trigger: bool = False,
        sweep: bool = False,
    ) -> AsyncGenerator[Outcome, None]:
        """The same as `burst`, but the outcomes come as they land.

        Leaving the loop early counts as the caller being cancelled; use `contextlib.aclosing` to
        have that happen at once.

        Raises:
            InvalidRequestError: If one of ``requests`` is no cancel of one order; nothing is sent.
            UsageError: If the client is not open, or belongs to another loop or process.
        """
        pursuits = self._wired().pursuits
        from binance_papi.burst import Burst  # noqa: PLC0415 - dear, and there since open()

        one = Burst(
            pursuits,
            requests,
            deadline=deadline,
            verify=verify,
            follow_trigger=follow_trigger,
        )
        return one.run(sweep=sweep)

    async def place(self, request: Place[Any], /, *, deadline: float) -> Placement:
        """Place one order, and find out whether it was placed; never place two.

        The request is sent with an id of your own, made up (``bpapi-…``) where it has none. It is
        sent again only where the attempt before certainly had no effect. Where that is not certain
        queries by the id follow, until the outcome is certain or the deadline is over; it is then
        asked for another minute, see `resolve`, but nothing further is sent to place the order. If
        the caller is cancelled, what is not on the wire is withdrawn, and the rest lives on.
        Placing a request again whose outcome is not known yet, with the same id, only asks; if it
        was placed after its caller stopped waiting, that outcome is returned.

        Args:
            request: A placement of any family, e.g. ``um.algo.NewOrder``.
            deadline: Seconds within which the order may be placed, and the outcome is there.

        Returns:
            `Placed`, `NotPlaced` or `MaybePlaced`.

        Raises:
            InvalidRequestError: If ``request`` places no order, or another one with the same id is
                being placed or may have been; nothing is sent.
            UsageError: If the client is not open, or belongs to another loop or process.
        """
        placings = self._wired().placings
        from binance_papi.place import place  # noqa: PLC0415 - dear, and there since open()

        return await place(placings, request, deadline=deadline)

    @overload
    async def resolve(self, what: Outcome | Cancel[Any], *, deadline: float = 10.0) -> Outcome: ...

    @overload
    async def resolve(
        self, what: Placement | Place[Any], *, deadline: float = 10.0
    ) -> Placement: ...

    async def resolve(
        self, what: Outcome | Cancel[Any] | Placement | Place[Any], *, deadline: float = 10.0
    ) -> Outcome | Placement:
        """Find out what became of a request whose outcome is unknown, or was not waited for.

        Queries are made. Where an order that was to be cancelled is still open, it is cancelled
        again; an order that was to be placed is not placed again.

        Args:
            what: An `Unknown` of a burst, a `MaybePlaced`, or one of these of `CloseReport` of an
                earlier client; or a cancel or a placement whose caller was cancelled, or which an
                earlier process sent: any order with its id is then taken for the one it placed. Any
                other outcome is returned as it is.
            deadline: Seconds until an answer is there.

        Returns:
            The outcome; again `Unknown` or `MaybePlaced` if it is not certain within the deadline.

        Raises:
            InvalidRequestError: If ``what`` is a placement without an id of your own.
            UsageError: If the client is not open, or belongs to another loop or process.
        """
        wiring = self._wired()
        if isinstance(what, Placed | NotPlaced | MaybePlaced | Place):
            from binance_papi import place  # noqa: PLC0415 - dear, and there since open()

            return await place.resolve(wiring.placings, what, deadline=deadline)
        from binance_papi.burst import resolve  # noqa: PLC0415 - dear, and there since open()

        return await resolve(wiring.pursuits, what, deadline=deadline)

    async def recover(self, *, deadline: float = 10.0) -> BurstReport:
        """Find out what became of the cancels that an earlier process left in the journal.

        Args:
            deadline: Seconds until every outcome is there.

        Returns:
            One outcome for each of them, oldest first; none without a journal.

        Raises:
            UsageError: If the client is not open, or belongs to another loop or process.
        """
        pursuits = self._wired().pursuits
        pending = pursuits.journal.pending if pursuits.journal is not None else ()
        from binance_papi.burst import recover  # noqa: PLC0415 - dear, and there since open()

        return await recover(pursuits, pending, deadline=deadline)
