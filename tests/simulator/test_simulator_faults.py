"""Faults in the model: which are drawn, what they execute, what they count, what they say."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.simulator import Delivery, Fault, FaultKind, RateLimit
from binance_papi.simulator.faults import PLANS, FaultBox
from binance_papi.simulator.wire import WireLog, WireRecord
from tests.simulator.simulator_desk import NOON, OPEN_ORDER, ORDER, Desk, read

K = FaultKind


@pytest.mark.parametrize(
    ("fault", "status", "code", "executed", "counted"),
    [
        (Fault(K.HTTP_503_UNKNOWN), 503, -1000, True, True),
        (Fault(K.HTTP_503_UNKNOWN, executed=False), 503, -1000, False, True),
        (Fault(K.HTTP_503_UNAVAILABLE), 503, -1000, False, False),
        (Fault(K.HTTP_503_THROTTLED), 503, -1008, False, False),
        (Fault(K.HTTP_503_INTERNAL), 503, -1001, False, False),
        (Fault(K.ERROR_1006), 500, -1006, True, True),
        (Fault(K.ERROR_1006, executed=False), 500, -1006, False, True),
        (Fault(K.ERROR_1007), 408, -1007, True, True),
        (Fault(K.ERROR_1007, executed=False), 408, -1007, False, True),
        (Fault(K.ERROR_1021), 400, -1021, False, True),
        (Fault(K.ERROR_2011), 400, -2011, False, True),
        (Fault(K.ERROR_2013), 400, -2013, False, True),
        (Fault(K.ERROR_4117), 400, -4117, False, True),
        (Fault(K.HTTP_429), 429, -1003, False, True),
    ],
)
def test_errors(fault: Fault, status: int, code: int, executed: bool, counted: bool) -> None:
    """Each fault answers its code, and the book and the count tell what it did."""
    desk = Desk()
    order = desk.venue.place(NOON)
    reply = desk.cancel(order, fault=fault)
    assert (status, code, Delivery.WHOLE) == (reply.status, read(reply)["code"], reply.delivery)
    assert executed is not desk.venue.book[order].is_open
    assert str(int(counted)) == reply.headers["X-MBX-USED-WEIGHT-1M"]
    record = desk.venue.wire[-1]
    assert (status, code, fault.kind) == (record.status, record.code, record.fault)


@pytest.mark.parametrize(
    ("kind", "msg"),
    [
        (K.HTTP_503_UNKNOWN, "Unknown error, please check your request or try again later."),
        (K.HTTP_503_UNAVAILABLE, "Service Unavailable."),
        (
            K.HTTP_503_THROTTLED,
            (
                "Request throttled by system-level protection. "
                "Reduce-only/close-position orders are exempt. Please try again."
            ),
        ),
        (
            K.HTTP_503_INTERNAL,
            "Internal error; unable to process your request. Please try again.",
        ),
        (
            K.ERROR_1006,
            "An unexpected response was received from the message bus. Execution status unknown.",
        ),
        (
            K.ERROR_1007,
            (
                "Timeout waiting for response from backend server. Send status unknown; "
                "execution status unknown."
            ),
        ),
        (K.ERROR_1021, "Timestamp for this request is outside of the recvWindow."),
        (K.ERROR_2011, "Unknown order sent."),
        (K.ERROR_2013, "Order does not exist."),
    ],
)
def test_texts(kind: FaultKind, msg: str) -> None:
    """The texts are the exchange's, word for word."""
    assert msg == read(Desk().cancel(1, fault=Fault(kind)))["msg"]


@pytest.mark.parametrize(
    ("fault", "delivery", "executed"),
    [
        (Fault(K.DROP_BEFORE), Delivery.CLOSED, False),
        (Fault(K.DROP_AFTER), Delivery.CLOSED, True),
        (Fault(K.NO_REPLY), Delivery.SILENT, True),
        (Fault(K.NO_REPLY, executed=False), Delivery.SILENT, False),
        (Fault(K.TRUNCATED), Delivery.CUT, True),
        (Fault(K.GARBAGE), Delivery.WHOLE, True),
        (Fault(K.SLOW, delay=2.0), Delivery.WHOLE, True),
        (Fault(K.SLOW, delay=2.0, executed=False), Delivery.WHOLE, True),
        (Fault(K.HTML_403), Delivery.WHOLE, False),
        (Fault(K.HTML_502), Delivery.WHOLE, False),
    ],
)
def test_deliveries(fault: Fault, delivery: Delivery, executed: bool) -> None:
    """Faults of the connection leave the book as they say, and no status where no byte leaves."""
    desk = Desk()
    order = desk.venue.place(NOON)
    reply = desk.cancel(order, fault=fault)
    assert delivery is reply.delivery
    assert executed is not desk.venue.book[order].is_open
    unanswered = delivery in (Delivery.CLOSED, Delivery.SILENT)
    assert unanswered is (desk.venue.wire[-1].status == 0)


@pytest.mark.parametrize(
    ("executed", "arrival", "held_back"), [(None, 0.0, 2.0), (True, 0.0, 2.0), (False, 2.0, 0.0)]
)
def test_slow(executed: bool | None, arrival: float, held_back: float) -> None:
    """A slow request is late in arriving or late in being answered."""
    fault = Fault(K.SLOW, delay=2.0, executed=executed)
    assert (arrival, held_back) == (fault.late_arrival, Desk().cancel(1, fault=fault).delay)


@pytest.mark.parametrize(("kind", "status"), [(K.HTML_403, 403), (K.HTML_502, 502)])
def test_html(kind: FaultKind, status: int) -> None:
    """Firewall and gateway answer HTML."""
    reply = Desk().cancel(1, fault=Fault(kind))
    assert (status, "text/html") == (reply.status, reply.headers["Content-Type"])
    assert b"<html>" in reply.body


def test_garbage_is_no_json() -> None:
    """A garbage reply has status 200 and can not be read."""
    desk = Desk()
    reply = desk.cancel(desk.venue.place(NOON), fault=Fault(K.GARBAGE))
    assert reply.status == 200
    with pytest.raises(ValueError, match="Expecting value"):
        read(reply)


@pytest.mark.parametrize("kind", list(K))
def test_limits_stand_before_faults(kind: FaultKind) -> None:
    """A banned address is told so whatever else goes wrong, if it is told anything."""
    desk = Desk(limits=[RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 1)], patience=0, in_flight=0)
    desk.ping()
    desk.ping()
    desk.now += 1
    desk.ping()
    delay = 1.0 if kind in (K.SLOW, K.DRIP) else 0.0
    fault = Fault(kind, delay=delay, status=200 if kind is K.REPLY else None)
    reply = desk.cancel(1, fault=fault)
    assert (reply.status, read(reply)["code"]) == (418, -1003)
    connection = {K.DROP_BEFORE, K.DROP_AFTER, K.NO_REPLY, K.TRUNCATED, K.DRIP}
    connection |= {K.RESET_UNREAD, K.RESET_HEADERS, K.RESET_BODY}
    assert (kind in connection) is (reply.delivery is not Delivery.WHOLE)


def test_draws_repeat_with_the_seed() -> None:
    """The same seed and order of requests give the same faults; another seed others."""

    def draws(seed: int) -> list[FaultKind | None]:
        box = FaultBox([Fault(K.DROP_AFTER, 0.3), Fault(K.GARBAGE, 0.5)], seed)
        hits = [box.draw("GET", "/") for _ in range(200)]
        return [None if fault is None else fault.kind for fault in hits]

    assert draws(7) == draws(7) != draws(8)
    share = draws(7).count(K.DROP_AFTER) / 200
    assert 0.2 < share < 0.4
    assert {K.DROP_AFTER, K.GARBAGE, None} == set(draws(7))


def test_faults_are_matched_in_order() -> None:
    """Method, path and number of times decide; the first that fits is taken."""
    box = FaultBox(
        [
            Fault(K.GARBAGE, times=2, method="DELETE"),
            Fault(K.HTML_502, path="/papi/v1/um"),
            Fault(K.HTML_403, times=0),
        ],
        seed=0,
    )
    kinds = [fault and fault.kind for fault in (box.draw("DELETE", ORDER) for _ in range(3))]
    assert kinds == [K.GARBAGE, K.GARBAGE, K.HTML_502]
    other = box.draw("GET", OPEN_ORDER)
    assert other is not None
    assert other.kind is K.HTML_502
    assert box.draw("GET", "/papi/v1/ping") is None
    box.clear()
    assert box.draw("GET", OPEN_ORDER) is None


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"kind": K.DROP_BEFORE, "executed": True}, "drop_before is always not executed"),
        ({"kind": K.DROP_AFTER, "executed": False}, "drop_after is always executed"),
        ({"kind": K.GARBAGE, "probability": 1.1}, "from 0 to 1"),
        ({"kind": K.SLOW}, "delay is more than 0"),
        ({"kind": K.GARBAGE, "delay": 1.0}, "delay is more than 0"),
        ({"kind": K.DRIP}, "delay is more than 0"),
        ({"kind": K.REPLY}, "and no other, says what is replied"),
        ({"kind": K.GARBAGE, "status": 200}, "and no other, says what is replied"),
        ({"kind": K.REPLY, "extra": "1", "executed": False}, "is executed can be altered"),
        ({"kind": K.REPLY, "body": b"{reply}", "executed": False}, "is executed can be altered"),
        ({"kind": K.SLOW, "delay": -1.0}, "delay is more than 0"),
    ],
)
def test_faults_that_make_no_sense(settings: dict[str, Any], text: str) -> None:
    """A fault that contradicts its kind is refused at once."""
    with pytest.raises(ValueError, match=text):
        Fault(**settings)


def test_every_kind_has_a_plan_and_a_text_name() -> None:
    """Kinds can be written as text, and each is planned."""
    assert set(K) == set(PLANS)
    assert K("http_503_unknown") is K.HTTP_503_UNKNOWN


def test_wire_log() -> None:
    """The log keeps requests in order without signatures, finds them by id, forgets the oldest."""
    desk = Desk(wire_size=3)
    for strategy_id in (1, 2, 1, 1):
        desk.cancel(strategy_id)
    desk.ping()
    assert [(record.method, record.params.get("strategyId")) for record in desk.venue.wire] == [
        ("DELETE", "1"),
        ("DELETE", "1"),
        ("GET", None),
    ]
    assert len(desk.venue.wire) == 3
    assert desk.venue.requests_for(2) == ()
    first, second = desk.venue.requests_for(1)
    expected = {"symbol": "BTCUSDT", "strategyId": "1", "timestamp": str(int(NOON * 1000))}
    assert expected == first.params == second.params
    assert (
        first.path,
        first.address,
        first.time,
        first.status,
        first.code,
    ) == (ORDER, "10.0.0.1", NOON, 400, -2011)


def test_wire_log_of_other_requests() -> None:
    """Requests without an id are forgotten like the others."""
    log = WireLog(1)
    for status in (200, 201):
        log.append(WireRecord("GET", "/", {}, "a", 0.0, status))
    assert [record.status for record in log] == [201]
