"""Safeguards, each taken out by one patch: what every one of them is for shows in what goes red.

A removal changes the library in a process of its own (see ``__main__``), never in this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import aiohttp

from binance_papi.core import case, classify, decode, placement, resolve, search
from binance_papi.core.admission import Admission
from binance_papi.core.answer import NotOpen, Refused
from binance_papi.core.backlog import Merge
from binance_papi.core.cancel import Cancel
from binance_papi.core.outcome import AlreadyGone
from binance_papi.core.placement import Birth
from binance_papi.core.resolve import Fate
from binance_papi.core.signing import ApiKey
from binance_papi.core.stream import Life
from binance_papi.core.usage import count
from binance_papi.core.weight import WeightTracker
from binance_papi.core.window import Window
from binance_papi.net import session_pool
from binance_papi.net.attempt import Attempt
from binance_papi.net.deadline import Deadline


def _put(owner: Any, name: str, value: Any) -> None:
    """Replace a part of the library, which has to be there."""
    getattr(owner, name)
    setattr(owner, name, value)


class Removal(NamedTuple):
    """One safeguard.

    Args:
        what: The safeguard, in words.
        remove: Takes it out of the library that is imported.
        tests: The tests of which at least one has to go red.
    """

    what: str
    remove: Callable[[], None]
    tests: tuple[str, ...]


def no_carry_in() -> None:
    """A new window begins with nothing, whatever is in flight."""
    _put(Window, "open_next", lambda self, _: setattr(self, "next_charged", 0))


def trust_the_last_header() -> None:
    """What the newest reply reports replaces what we know."""
    settle = WeightTracker.settle

    def believe(self: WeightTracker, ticket: Any, headers: Any, now: float) -> int:
        excess = settle(self, ticket, headers, now)
        for window in self.windows:
            used = count(headers, window.header)
            if used is not None:
                window.charged, window.foreign = used, 0
        return excess

    _put(WeightTracker, "settle", believe)


def refund_on_timeout() -> None:
    """A request that was not answered is taken for one that was never sent."""
    _put(WeightTracker, "lose", WeightTracker.refund)


def no_refund_on_cancel() -> None:
    """A caller who is cancelled while waiting keeps what was granted."""
    _put(Admission, "refund", lambda *_: None)


def ignore_429() -> None:
    """A 429 is not followed by silence."""
    _put(WeightTracker, "throttle", lambda *_: None)


def gone_from_2011() -> None:
    """The words "no such order" are taken for the answer, without a question."""
    heard = Fate.heard

    def hear(self: Fate, serial: int, answer: Any, now: float, jitter: float) -> None:
        heard(self, serial, answer, now, jitter)
        if isinstance(answer, NotOpen) and self.outcome is None:
            self._end(AlreadyGone, status="CANCELED")

    _put(Fate, "heard", hear)


def silence_means_failure() -> None:
    """A cancel that was not answered is taken for one that had no effect."""
    _put(Fate, "_doubt", lambda *_: None)


def no_horizon() -> None:
    """A query that says NEW is taken for proof that nothing sent so far will have an effect."""
    _put(case, "ENGINE", -1e6)
    _put(resolve, "ENGINE", -1e6)


def placed_again() -> None:
    """A placement that was not answered is sent again, with the same id."""

    def doubt(self: Birth, _: Any, __: str, when: float) -> None:
        self._place_at = when

    _put(Birth, "_begin_to_doubt", doubt)


def absent_at_once() -> None:
    """A few looks that find no order prove that there is none, however soon they follow."""
    _put(search, "ABSENT_FOR", 0.0)


def no_horizon_of_placements() -> None:
    """A look may prove absence while the placement can still be on its way."""
    _put(placement, "ENGINE", -1e6)
    _put(search, "ABSENT_FOR", 0.0)


def any_age_will_do() -> None:
    """An order that had the id before is taken for the one that was placed."""
    _put(Birth, "_is_older", lambda *_: False)


def any_id_will_do() -> None:
    """A reply that names another order is taken for ours."""
    _put(Cancel, "names", lambda *_: True)


def no_joining() -> None:
    """Two callers who cancel the same order send two cancels."""
    _put(Cancel, "order", lambda self: (self.endpoint.path, None, id(self), None))


def unlisted_is_refused() -> None:
    """An answer that nobody knows counts as "no effect"."""
    _put(classify, "_doubt", lambda _, fault: Refused(fault))


def second_send() -> None:
    """Aiohttp may send a DELETE again by itself."""

    async def pass_on(request: Any, handler: Any) -> Any:
        return await handler(request)

    _put(session_pool, "_send_once", pass_on)


def redirects() -> None:
    """Redirects are followed."""
    request = aiohttp.ClientSession._request

    def follow(self: Any, *args: Any, **kwargs: Any) -> Any:
        return request(self, *args, **{**kwargs, "allow_redirects": True})

    _put(aiohttp.ClientSession, "_request", follow)


def environment_proxies() -> None:
    """The environment's proxies are read."""
    _http_setting(trust_env=True)


def unpacking() -> None:
    """Compressed bodies are unpacked."""
    _http_setting(auto_decompress=True)


def no_cap() -> None:
    """A body may be as long as it likes."""
    _put(session_pool, "MAX_BODY", 1 << 40)


def no_stall_check() -> None:
    """A timer that rings late strikes at once."""
    _put(Deadline, "_ring", Deadline._strike)


def stale_signatures() -> None:
    """A signature that grew old while connecting is sent all the same."""
    _put(Attempt, "stale", False)


def secrets_in_repr() -> None:
    """A key shows itself."""
    _put(ApiKey, "__repr__", lambda self: self.reveal())


def duplicate_keys() -> None:
    """Of a key that comes twice, the last one counts."""
    _put(decode, "_has_duplicates", lambda *_: False)


def no_merging() -> None:
    """What comes on two connections comes twice."""
    _put(Merge, "is_new", lambda *_: True)


def any_frame_proves_the_key() -> None:
    """A ping on a connection shows that its listenKey is alive."""
    heard = Life.heard
    _put(Life, "heard", lambda self, number, now, **_: heard(self, number, now, event=True))


def no_hole() -> None:
    """A lost connection that is replaced at once has missed nothing."""
    opened = Life.opened

    def forget(self: Life, number: int, now: float, jitter: float) -> None:
        opened(self, number, now, jitter)

    _put(Life, "opened", forget)


def old_events_count() -> None:
    """An event that shows an order open is believed like a query."""

    def witness(self: Fate, seen: Any, event: Any) -> None:
        if self.outcome is None:
            self._see(seen, event, self.started, 0.5)

    _put(Fate, "witness", witness)


def _http_setting(**settings: Any) -> None:
    init = aiohttp.ClientSession.__init__

    def make(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **{**kwargs, **settings})

    _put(aiohttp.ClientSession, "__init__", make)


_WEIGHT: Final = (
    "tests/property/test_weight_machine.py",
    "tests/property/test_weight_conservation.py",
)
_FATE: Final = ("tests/core/test_resolve.py", "tests/simulation")
_STREAM: Final = ("tests/simulation/test_simulation_stream.py",)
_BIRTH: Final = ("tests/simulation/test_simulation_placing.py",)
_WIRE: Final = ("tests/net/test_session_pool.py",)

REMOVALS: Final = (
    Removal("carry-in at a window's boundary", no_carry_in, _WEIGHT),
    Removal("own count beside the header", trust_the_last_header, _WEIGHT),
    Removal("charge of unanswered requests", refund_on_timeout, _WEIGHT),
    Removal("refund to cancelled waiters", no_refund_on_cancel, ("tests/net/test_gate.py",)),
    Removal("silence after a 429", ignore_429, ("tests/core/test_weight.py",)),
    Removal("-2011 is a question", gone_from_2011, _FATE),
    Removal("no answer is no failure", silence_means_failure, _FATE),
    Removal("horizon of an attempt", no_horizon, _FATE),
    Removal("an order is placed once", placed_again, _BIRTH),
    Removal("absence takes time", absent_at_once, _BIRTH),
    Removal("horizon of a placement", no_horizon_of_placements, _BIRTH),
    Removal("age of an order", any_age_will_do, _BIRTH),
    Removal("id of a reply", any_id_will_do, ("tests/core", "tests/simulation")),
    Removal(
        "joining of duplicates",
        no_joining,
        ("tests/net/test_burst.py", "tests/net/test_pursuit.py"),
    ),
    Removal(
        "unlisted answers may have happened", unlisted_is_refused, ("tests/core/test_classify.py",)
    ),
    Removal("no second send", second_send, _WIRE),
    Removal("no redirects", redirects, _WIRE),
    Removal("no proxies of the environment", environment_proxies, _WIRE),
    Removal("no unpacking", unpacking, _WIRE),
    Removal("cap on bodies", no_cap, _WIRE),
    Removal("second look after a stall", no_stall_check, ("tests/net/test_deadline.py",)),
    Removal("fresh signatures", stale_signatures, _WIRE),
    Removal("merging of two connections", no_merging, _STREAM),
    Removal("proof that a listenKey is alive", any_frame_proves_the_key, _STREAM),
    Removal("holes in a stream are told", no_hole, _STREAM),
    Removal("old events prove nothing", old_events_count, ("tests/core/test_sight.py",)),
    Removal("redacted keys", secrets_in_repr, ("tests/core/test_signing.py",)),
    Removal("duplicate keys are unreadable", duplicate_keys, ("tests/core/test_decode.py",)),
)
"""Every safeguard, and where its absence has to show."""
