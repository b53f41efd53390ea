"""The waiting room's door: who is woken, and one timer, around `binance_papi.core.admission`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from binance_papi.core.admission import Admission, Waiter
from binance_papi.errors import BannedError, UsageError, WaitTooLongError
from binance_papi.net.clock import Clock
from binance_papi.net.timer import Timer


def _nothing() -> None:
    """Nobody has to be told."""


class Gate:
    """Lets requests onto the wire, in their order.

    Args:
        admission: Who goes next.
        clock: What time it is.
        loop: The loop whose timer is used.
    """

    __slots__ = ("_clock", "_closed", "_draining", "_idle", "_loop", "_timer", "admission", "woken")

    def __init__(self, admission: Admission, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self.admission = admission
        self._clock = clock
        self._loop = loop
        self._timer: Timer | None = None
        self._idle: asyncio.Future[None] | None = None
        self._closed = False
        self._draining = False
        self.woken: Callable[[], None] = _nothing
        """Called when all who may go were woken."""

    def enter(self, waiter: Waiter, max_wait: float | None, now: float) -> bool:
        """Let a request go on the wire, or wait for its turn.

        Args:
            waiter: The request.
            max_wait: Seconds it may wait for weight; ``None``: as long as it takes.
            now: Monotonic seconds; of many that ask at once, when the first did.

        Returns:
            Whether it has its grant already, which must be settled exactly once. If not, it is
            woken once: with a grant, without one when its time is over, or with a problem if the
            client is closed or banned.

        Raises:
            WaitTooLongError: If it would have to wait longer, or could never go.
            BannedError: If every address is banned.
            UsageError: If the client was closed.
        """
        if self._closed:
            raise UsageError("the client is closed")
        admission = self.admission
        waiter.grant = admission.ask(waiter.weight, waiter.orders, waiter.lane, now)
        if waiter.grant is not None:
            return True
        if waiter.orders or max_wait is not None or not admission.calm(waiter.weight, now):
            now = self._clock.now()  # since it was read, others may have been signed, at length
            self._refuse_hopeless(waiter, max_wait, now)
        waiter.give_up = inf if max_wait is None else now + max_wait
        if admission.enqueue(waiter):
            self.drain()
        return False

    def leave(self, waiter: Waiter) -> None:
        """A waiter was cancelled before its request was sent."""
        if waiter.grant is not None:
            self.admission.refund(waiter.grant, self._clock.now())
        elif not self._closed:
            self.admission.abandon(waiter)
            if not self.admission.waiting():
                self._arm(None)
        # Not now: many are cancelled one after the other, and the next may be one of them.
        self.drain_soon()

    def _refuse_hopeless(self, waiter: Waiter, max_wait: float | None, now: float) -> None:
        """Fail at once where waiting can't help."""
        weight, orders, lane = waiter.weight, waiter.orders, waiter.lane
        banned = self._banned(now)
        if banned is not None:
            raise banned
        if self.admission.hopeless(weight, orders):
            raise WaitTooLongError("the request costs more than a whole limit", wait=inf)
        if max_wait is not None:
            wait = self.admission.wait(weight, orders, lane, now)
            if wait > max_wait:
                text = f"it would wait {wait:.3f} s for weight, allowed are {max_wait} s"
                raise WaitTooLongError(text, wait=wait)

    def _banned(self, now: float) -> BannedError | None:
        until = self.admission.banned_until(now)
        if until is None:
            return None
        ends = int(self._clock.offset.reads(until) * 1000)
        return BannedError(f"the address is banned for {until - now:.0f} s more", until=ends)

    def drain(self) -> None:
        """Wake all who may go now, and see to it that the next look comes in time.

        Call it after anything that may have made room.
        """
        now = self._clock.now()
        woken = self.admission.drain(now)
        if woken:
            for waiter in woken:
                waiter.wake()
            self.woken()
        wake = self.admission.next_wake()
        if self._timer is not None or wake is not None:
            self._arm(wake)
        if self._idle is not None and not self._idle.done() and not self._busy():
            self._idle.set_result(None)

    def drain_soon(self) -> None:
        """The same on the next turn of the loop, once for all that happens on this one.

        Many replies are read on one turn; what they make room for is then written in one go, which
        is cheaper than reading and writing by turns.
        """
        if not self._draining:
            self._draining = True
            self._loop.call_soon(self.release)

    def hold(self) -> None:
        """Let nobody go before `release`: many replies are settled now."""
        self._draining = True

    def release(self) -> None:
        """Wake all who may go."""
        self._draining = False
        self.drain()

    def _busy(self) -> bool:
        return any(route.busy for route in self.admission.routes)

    def turn_away(self) -> None:
        """Fail everybody who waits, if every address is banned."""
        banned = self._banned(self._clock.now())
        if banned is None:
            return
        for waiter in self.admission.clear():
            # One exception each: a shared one would collect everybody's traceback.
            waiter.wake(BannedError(str(banned), until=banned.until))

    def _arm(self, wake: float | None) -> None:
        """Keep exactly one timer while somebody waits for a time, none otherwise (I6)."""
        if self._timer is not None:
            if wake is not None and self._timer.when == wake:
                return
            self._timer.cancel()
            self._timer = None
        if wake is not None and wake != inf:
            self._timer = Timer(self._loop, wake, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self.drain()

    def silence(self) -> float:
        """Seconds until any address may send again; 0 if one may now."""
        now = self._clock.now()
        return min(route.tracker.silence(now) for route in self.admission.routes)

    def close(self) -> None:
        """Turn everybody away and let nobody in."""
        self._closed = True
        for waiter in self.admission.clear():
            waiter.wake(UsageError("the client was closed; it was never sent"))
        self._arm(None)

    async def idle(self, patience: float) -> bool:
        """Wait until nothing is on the wire.

        Args:
            patience: Seconds to wait at most.

        Returns:
            Whether nothing is.
        """
        if self._busy():
            self._idle = self._loop.create_future()
            await asyncio.wait({self._idle}, timeout=patience)
        return not self._busy()
