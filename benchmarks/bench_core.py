"""What does each hop of the core cost for one cancel, in µs and in HMACs?"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from timeit import Timer
from typing import Final

from bench import Report, Target, fail, finish, options, ratios, spread, turns
from loopback import cancel_reply
from multidict import CIMultiDict, CIMultiDictProxy

from binance_papi import RateLimit, Signer
from binance_papi.api.um.conditional import CancelOrder
from binance_papi.core.admission import Admission
from binance_papi.core.answer import Done, Reply
from binance_papi.core.classify import classify
from binance_papi.core.endpoint import Lane
from binance_papi.core.offset import ClockOffset
from binance_papi.core.route import Route
from binance_papi.core.weight import WeightTracker
from binance_papi.core.wire import Stamper, encode, sign
from binance_papi.net.clock import Clock

SECRET: Final = "s" * 64
PLENTY: Final = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 10**9)
CALLS: Final = 5000
"""Calls per round of each hop."""

UNIT: Final = "(the unit: one hmac.new(…).hexdigest())"
TRACKER: Final = "tracker: admit and settle"

Hop = Callable[[], object]


def before_sending() -> dict[str, Hop]:
    """From the arguments to the signed query, and the unit."""
    request = CancelOrder(symbol="BTCUSDT", strategy_id=123445)
    query = encode(request)
    stamper, moments = Stamper(ClockOffset(time.time(), 0.0)), itertools.count()
    stamped = stamper.stamp(query, 5000, 0.0)
    signer = Signer.hmac(SECRET)
    secret, payload = SECRET.encode(), stamped.encode()
    return {
        UNIT: lambda: hmac.new(secret, payload, hashlib.sha256).hexdigest(),
        "make the request": lambda: CancelOrder(symbol="BTCUSDT", strategy_id=123445),
        "encode": lambda: encode(request),
        # As in a burst: some forty in each millisecond.
        "stamp": lambda: stamper.stamp(query, 5000, next(moments) / 40_000),
        "sign (HMAC)": lambda: sign(request.endpoint.path, stamped, signer),
    }


def bookkeeping(clock: Clock, reply: Reply) -> dict[str, Hop]:
    """The weight of the request, alone and behind the waiting room."""
    now = clock.now()

    def tracker() -> WeightTracker:
        return WeightTracker((PLENTY,), clock.offset, now, probe=False)

    alone = tracker()
    admission = Admission([Route(tracker(), 64)], WeightTracker((), clock.offset, now))

    def admit_and_settle() -> None:
        ticket = alone.admit(1, Lane.CANCEL, now)
        assert ticket is not None
        alone.settle(ticket, reply.headers, now)

    def ask_and_settle() -> None:
        grant = admission.ask(1, 0, Lane.CANCEL, now)
        assert grant is not None
        admission.settle(grant, reply.headers, now)

    return {TRACKER: admit_and_settle, "whole admission: ask and settle": ask_and_settle}


def after_sending(clock: Clock, reply: Reply) -> dict[str, Hop]:
    """From the reply's bytes to what they teach."""
    stamped, now = int(time.time() * 1000), clock.now()
    return {
        "classify (decode the documented reply)": lambda: classify(reply, CancelOrder.endpoint),
        "clock: learn from a reply": lambda: clock.learn(reply.headers, stamped, now, now),
    }


def hops(loop: asyncio.AbstractEventLoop) -> dict[str, Hop]:
    """All of them, the unit first."""
    # Headers as aiohttp hands them over.
    headers: CIMultiDict[str] = CIMultiDict(
        {
            "Content-Type": "application/json",
            "Date": formatdate(time.time(), usegmt=True),
            "X-MBX-USED-WEIGHT-1M": "1",
        }
    )
    shown: CIMultiDictProxy[str] = CIMultiDictProxy(headers)
    reply = Reply(200, shown, cancel_reply(int(time.time() * 1000)))
    answer = classify(reply, CancelOrder.endpoint)
    if not isinstance(answer, Done):
        fail(f"the documented reply is read as {answer}")
    clock = Clock(loop)
    return before_sending() | bookkeeping(clock, reply) | after_sending(clock, reply)


def report(rounds: int) -> Report:
    """Time every hop in every round."""
    with asyncio.Runner() as runner:
        work = hops(runner.get_loop())
    timers = {name: Timer(hop, timer=time.process_time) for name, hop in work.items()}
    times: dict[str, list[float]] = {name: [] for name in timers}
    for name in turns(tuple(timers), rounds + 1):
        times[name].append(1e6 * timers[name].timeit(CALLS) / CALLS)
    for values in times.values():
        del values[0]  # the first round warms up
    rows = [
        [name, spread(values), spread(ratios(values, times[UNIT]))]
        for name, values in times.items()
    ]
    ours = [values for name, values in times.items() if name not in (UNIT, TRACKER)]
    total = [sum(values) for values in zip(*ours, strict=True)]
    rows.append(["**all of it**", spread(total), spread(ratios(total, times[UNIT]))])
    return Report(
        str(__doc__),
        ["hop", "CPU µs", "in HMACs"],
        rows,
        # The quickest round, as timeit advises: what is above it is the machine's doing.
        [Target("µs of the tracker's admit and settle, quickest round", min(times[TRACKER]), 2.0)],
        [f"{rounds} rounds by turns of {CALLS} calls each; median (quartiles)."],
    )


def main() -> int:
    """Run it."""
    arguments = options(__doc__, rounds=25).parse_args()
    return finish(report(arguments.rounds), arguments)


if __name__ == "__main__":
    sys.exit(main())
