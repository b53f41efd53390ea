"""Windows, 429 and 418: who may still ask."""

from __future__ import annotations

import pytest

from binance_papi.simulator import Fault, FaultKind, RateLimit, Request, Window
from binance_papi.simulator.bans import Bans
from binance_papi.simulator.limits import Limits
from tests.simulator.simulator_desk import (
    ALL_ORDERS,
    KEY,
    LIMITS,
    NOON,
    OPEN_ORDERS,
    ORDER,
    STOP_MARKET,
    Desk,
    read,
)

WEIGHT = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 5)
ORDERS = RateLimit("ORDERS", "SECOND", 10, 2)


def _banned_text(until: float) -> str:
    return (
        f"Way too much request weight used; IP banned until {int(until * 1000)}. "
        "Please use WebSocket Streams for live updates to avoid bans."
    )


def test_windows_are_aligned_to_the_clock() -> None:
    """A count lives from one full minute to the next, and begins again from zero."""
    desk = Desk(limits=[WEIGHT])
    seen: list[tuple[int, str]] = []
    for second in (0.0, 1.0, 59.999, 60.0, 119.0, 120.0):
        desk.now = NOON + second
        reply = desk.ping()
        seen.append((reply.status, reply.headers["X-MBX-USED-WEIGHT-1M"]))
    assert [(200, n) for n in ("1", "2", "3", "1", "2", "1")] == seen
    minute = int(NOON // 60)
    expected = tuple(
        Window(WEIGHT, "10.0.0.1", minute + n, used, 5) for n, used in enumerate((3, 2, 1))
    )
    assert expected == desk.venue.windows()
    assert desk.venue.peak() == 0.6
    assert expected[0].start == NOON


def test_nothing_used_yet() -> None:
    """A fresh exchange has no windows and a peak of zero."""
    assert (Desk().venue.windows(), Desk().venue.peak()) == ((), 0.0)


def test_over_the_weight_limit() -> None:
    """The request that passes the limit is refused with the real number and the wait."""
    desk = Desk(limits=[WEIGHT])
    desk.now = NOON + 12.3
    assert [desk.ping().status for _ in range(5)] == [200] * 5
    reply = desk.ping()
    assert reply.status == 429
    assert read(reply) == {
        "code": -1003,
        "msg": "Too much request weight used; current limit is 5 request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
    }
    assert reply.headers["Retry-After"] == "48"
    assert reply.headers["X-MBX-USED-WEIGHT-1M"] == "6"
    assert desk.venue.statuses[429] == 1
    desk.now = NOON + 60
    assert desk.ping().status == 200


def test_addresses_count_for_themselves() -> None:
    """The weight of one address is not the weight of another."""
    desk = Desk(limits=[WEIGHT])
    assert [desk.ping().status for _ in range(6)][5:] == [429]
    assert desk.ping("10.0.0.2").status == 200


def test_retry_after_may_be_absent() -> None:
    """The page of Portfolio Margin does not promise the header."""
    desk = Desk(limits=[WEIGHT], retry_after=False)
    assert "Retry-After" not in [desk.ping() for _ in range(6)][5].headers


def test_retry_after_is_at_least_a_second() -> None:
    """The wait is whole seconds, never zero."""
    desk = Desk(limits=[WEIGHT])
    desk.now = NOON + 59.9995
    assert [desk.ping() for _ in range(6)][5].headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", [OPEN_ORDERS, ALL_ORDERS])
def test_weight_without_symbol(path: str) -> None:
    """The two lists cost 1 with a symbol and 40 without."""
    desk = Desk()
    first = desk.send("GET", path, {"symbol": "BTCUSDT"}).headers["X-MBX-USED-WEIGHT-1M"]
    second = desk.send("GET", path).headers["X-MBX-USED-WEIGHT-1M"]
    assert (first, second) == ("1", "41")


def test_refused_requests_count() -> None:
    """What is refused for another reason counts too, and so does an unknown path."""
    desk = Desk()
    desk.venue.handle(Request("GET", LIMITS, address="10.0.0.1"), NOON)
    desk.venue.handle(Request("GET", "/papi/v1/nothing", address="10.0.0.1"), NOON)
    assert desk.ping().headers["X-MBX-USED-WEIGHT-1M"] == "3"


def test_orders_count_for_the_account() -> None:
    """Placements count per account, in their own window and with their own refusal."""
    desk = Desk(limits=[WEIGHT, ORDERS])
    desk.now = NOON + 4
    replies = [desk.send("POST", ORDER, STOP_MARKET, address=f"10.0.0.{n}") for n in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["X-MBX-ORDER-COUNT-10S"] for reply in replies] == ["1", "2", "3"]
    assert replies[2].headers["X-MBX-USED-WEIGHT-1M"] == "1"
    assert replies[2].headers["Retry-After"] == "6"
    assert read(replies[2]) == {
        "code": -1015,
        "msg": "Too many new orders; current limit is 2 orders per 10 SECOND.",
    }
    assert Window(ORDERS, KEY, int(NOON // 10), 3, 2) in desk.venue.windows()
    cancel = desk.cancel(next(iter(desk.venue.book)).strategy_id, address="10.0.0.9")
    assert cancel.status == 200
    assert "X-MBX-ORDER-COUNT-10S" not in cancel.headers


def test_order_limit_of_one_minute_is_worded_without_a_number() -> None:
    """A window of one interval is named by the interval alone."""
    desk = Desk(limits=[RateLimit("ORDERS", "MINUTE", 1, 1)])
    replies = [desk.send("POST", ORDER, STOP_MARKET) for _ in range(2)]
    text = "Too many new orders; current limit is 1 orders per MINUTE."
    assert text == read(replies[1])["msg"]


def test_order_limit_bans_only_those_who_keep_placing() -> None:
    """After -1015 other requests are welcome, further placements are not."""
    desk = Desk(limits=[RateLimit("ORDERS", "MINUTE", 1, 1)], patience=0)
    for _ in range(2):
        desk.send("POST", ORDER, STOP_MARKET)
    desk.now += 5
    assert desk.ping().status == 200
    assert desk.send("POST", ORDER, STOP_MARKET).status == 418
    assert desk.ping().status == 418


def test_requests_in_flight_are_forgiven() -> None:
    """What arrives within the allowance after a 429 is answered 429 and forgotten."""
    desk = Desk(limits=[WEIGHT], patience=0, in_flight=1.0)
    assert [desk.ping().status for _ in range(100)][5:] == [429] * 95
    desk.now += 1.0
    assert desk.ping().status == 429
    desk.now += 0.001
    reply = desk.ping()
    assert reply.status == 418
    assert {"code": -1003, "msg": _banned_text(desk.now + 120)} == read(reply)
    assert reply.headers["Retry-After"] == "120"
    assert "X-MBX-USED-WEIGHT-1M" in reply.headers


def test_patience() -> None:
    """So many may ignore a 429; the next one bans the address, and only that address."""
    desk = Desk(limits=[WEIGHT], patience=3)
    for _ in range(6):
        desk.ping()
    desk.now += 2
    assert [desk.ping().status for _ in range(5)] == [429, 429, 429, 418, 418]
    assert desk.ping("10.0.0.2").status == 200


def test_silence_ends_with_the_window() -> None:
    """A new window starts without a grudge."""
    desk = Desk(limits=[WEIGHT], patience=0)
    for _ in range(6):
        desk.ping()
    desk.now = NOON + 60
    assert desk.ping().status == 200
    assert desk.venue.ban_history == ()


def test_bans_grow_longer() -> None:
    """Each next ban of an address lasts twice as long, three days at most."""
    bans = Bans(patience=0, in_flight=0.0)
    lengths: list[float] = []
    now = 0.0
    for _ in range(14):
        bans.asked("REQUEST_WEIGHT", "a", now, now + 60)
        until = bans.ignored("REQUEST_WEIGHT", "a", "a", now + 1, now + 1)
        assert until is not None
        assert until == bans.until("a", until - 0.001)
        assert bans.until("a", until) is None
        lengths.append(until - now - 1)
        now = until
    assert [120.0 * 2**n for n in range(12)] + [259_200.0] * 2 == lengths


def test_a_feigned_429_asks_for_silence_too() -> None:
    """After an injected 429 the exchange expects silence for as long as it said."""
    desk = Desk(patience=0, in_flight=0.5)
    fault = Fault(FaultKind.HTTP_429, retry_after=7)
    assert desk.cancel(1, fault=fault).headers["Retry-After"] == "7"
    desk.now = NOON + 0.5
    assert desk.ping().status == 200
    desk.now = NOON + 6.9
    assert desk.ping().status == 418


@pytest.mark.parametrize("header", ["soon", "-1", None])
def test_a_feigned_429_without_a_usable_wait(header: str | None) -> None:
    """Nonsense in the header means silence to the end of the window."""
    desk = Desk(patience=0)
    fault = Fault(FaultKind.HTTP_429, retry_after=header)
    assert header == desk.cancel(1, fault=fault).headers.get("Retry-After")
    desk.now = NOON + 59
    assert desk.ping().status == 418


@pytest.mark.parametrize(
    ("fault", "banned"),
    [
        (None, True),
        (Fault(FaultKind.TRUNCATED), True),
        (Fault(FaultKind.DROP_AFTER), False),
        (Fault(FaultKind.NO_REPLY), False),
        (Fault(FaultKind.SLOW, delay=9.0), False),
        (Fault(FaultKind.SLOW, delay=9.0, executed=False), True),
    ],
)
def test_a_429_that_nobody_heard_is_not_ignored(fault: Fault | None, banned: bool) -> None:
    """Silence counts from when the client can know of it."""
    desk = Desk(limits=[WEIGHT], patience=0, in_flight=0.5)
    for _ in range(5):
        desk.ping()
    desk.cancel(1, fault=fault)
    desk.now += 1
    assert (418 if banned else 429) == desk.ping().status


def test_a_request_that_a_fault_delayed_is_forgiven() -> None:
    """Who was sent in time and arrives late is not to blame."""
    desk = Desk(limits=[WEIGHT], patience=0, in_flight=0.5)
    for _ in range(6):
        desk.ping()
    desk.now += 5
    late = Fault(FaultKind.SLOW, delay=4.8, executed=False)
    assert desk.cancel(1, fault=late).status == 429
    assert desk.cancel(1, fault=Fault(FaultKind.SLOW, delay=4.8)).status == 418


def test_several_rules_at_once() -> None:
    """Every rule of a type counts; the one that ends last names the wait."""
    limits = Limits([RateLimit("REQUEST_WEIGHT", "SECOND", 1, 1), WEIGHT])
    assert limits.count("REQUEST_WEIGHT", "a", 1, NOON) is None
    passed = limits.count("REQUEST_WEIGHT", "a", 1, NOON)
    assert passed is not None
    assert (passed.limit, passed.share) == (1, 2.0)
    passed = limits.count("REQUEST_WEIGHT", "a", 4, NOON)
    assert passed is not None
    assert passed.rule is WEIGHT
    assert limits.headers("REQUEST_WEIGHT", "a", NOON + 1) == {
        "X-MBX-USED-WEIGHT-1S": "0",
        "X-MBX-USED-WEIGHT-1M": "6",
    }


def test_history_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A box that runs for months forgets its oldest windows."""
    monkeypatch.setattr("binance_papi.simulator.limits._HISTORY", 3)
    limits = Limits([WEIGHT])
    for minute in range(10):
        limits.count("REQUEST_WEIGHT", "a", 1, minute * 60.0)
    assert [window.index for window in limits.windows()] == [7, 8, 9]
