"""The clock: what a reply teaches about the exchange's time."""

from __future__ import annotations

import asyncio
from email.utils import formatdate

from binance_papi.core.offset import Change
from binance_papi.net.clock import Clock
from tests.stage import Virtual


def test_learns_from_the_date_header_and_from_milliseconds(virtual: Virtual) -> None:
    """A Date bounds the clock to about a second, a field in milliseconds to the round trip."""

    async def main() -> tuple[bool, bool]:
        loop = asyncio.get_running_loop()
        clock = Clock(loop)
        true = 1_800_000_000.25  # the exchange's time when the loop's clock reads `base`
        base = loop.time()

        def exchange() -> float:
            return true + loop.time() - base

        sent = clock.now()
        await asyncio.sleep(0.04)
        date = {"date": formatdate(int(exchange()), usegmt=True)}
        assert clock.learn(date, None, sent, clock.now()) is Change.JUMPED  # the wall clock is off
        coarse = abs(clock.timestamp() / 1000 - exchange()) < 1.0
        sent = clock.now()
        await asyncio.sleep(0.02)
        stamp = int(exchange() * 1000)
        await asyncio.sleep(0.02)
        clock.learn({}, stamp, sent, clock.now())
        fine = abs(clock.timestamp() / 1000 - exchange()) < 0.05
        return coarse, fine

    assert virtual(main()) == (True, True)


def test_garbage_teaches_nothing(virtual: Virtual) -> None:
    """A Date that is none, and a time of 0, leave the clock alone."""

    async def main() -> Change:
        clock = Clock(asyncio.get_running_loop())
        return clock.learn({"date": "yesterday"}, 0, clock.now(), clock.now())

    assert virtual(main()) is Change.NONE
