"""The catalogue of nasty replies, in the model and on the wire."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from yarl import URL

from binance_papi.simulator import NASTIES, Delivery, Fault, FaultKind, Simulator, nasty
from tests.simulator.simulator_desk import NOON, OPEN_ORDERS, ORDER, Desk, call, read, signed

K = FaultKind
CONNECTION = {"reset_unread", "reset_before", "reset_after", "reset_headers", "reset_body"}
NEVER_WHOLE = {*CONNECTION, "silent", "drip", "late_200", "body_endless"}


def _hit(name: str, **settings: Any) -> tuple[Desk, int, Any]:
    desk = Desk(**settings)
    order = desk.venue.place(NOON)
    return desk, order, desk.cancel(order, fault=NASTIES[name])


@pytest.mark.parametrize("name", NASTIES)
def test_every_nasty_does_what_it_says(name: str) -> None:
    """The book tells whether it was executed; the wire log has its status and code."""
    desk, order, reply = _hit(name)
    assert NASTIES[name].executes is not desk.venue.book[order].is_open
    record = desk.venue.wire[-1]
    assert (record.fault, record.code) == (NASTIES[name].kind, reply.code)
    if name[:3].isdigit() and not name[3:4].isdigit():
        assert int(name[:3]) == reply.status
    code = name.rpartition("_")[2]
    if code.isdigit() and len(code) == 4:
        assert read(reply)["code"] == -int(code)


def test_altered_fields() -> None:
    """Fields change in raw text wherever they stand, in lists too; the others stay true."""
    desk, order, reply = _hit("id_text")
    assert read(reply)["strategyId"] == str(order)
    assert read(reply)["symbol"] == "BTCUSDT"
    assert b'"strategyStatus":"NEW_INSURANCE"' in _hit("status_new_word")[2].body
    assert "strategyId" not in read(_hit("id_missing")[2])
    assert _hit("code_twice")[2].body.endswith(b',"code":200,"code":-2011}')
    assert b'"strategyId":NaN' in _hit("id_nan")[2].body
    desk.venue.place(NOON)
    rows = read(desk.send("GET", OPEN_ORDERS, fault=NASTIES["id_2_64"]))
    assert [row["strategyId"] for row in rows] == [2**64]
    assert desk.send("GET", "/papi/v1/nothing", fault=NASTIES["id_null"]).status == 404


def test_bodies() -> None:
    """The true reply may stand inside another body."""
    assert _hit("200_bom")[2].body.startswith(b"\xef\xbb\xbf{")
    assert _hit("200_as_html")[2].headers["Content-Type"] == "text/html"
    assert json.loads(_hit("200_as_html")[2].body)
    assert len(gzip.decompress(_hit("gzip_bomb")[2].body)) == 200 << 20
    desk, order, reply = _hit("complete_but_open")
    assert (read(reply), desk.venue.book[order].is_open) == ({"complete": True}, True)


@pytest.mark.parametrize(
    ("name", "wait"),
    [
        ("429_7_s", "7"),
        ("429_no_header", None),
        ("429_garbage", "soon"),
        ("429_zero", "0"),
        ("429_negative", "-7"),
        ("429_date", "Tue, 14 Nov 2023 22:15:00 GMT"),
        ("418", "120"),
        ("418_no_header", None),
        ("418_3_days", "259200"),
    ],
)
def test_feigned_limits(name: str, wait: str | None) -> None:
    """A feigned 429 or 418 carries any header; a ban is in force, and nobody's fault."""
    desk, order, reply = _hit(name)
    assert wait == reply.headers.get("Retry-After")
    assert desk.venue.ban_history == ()
    desk.now += 119
    assert (418 if name.startswith("418") else 200) == desk.cancel(order).status
    if name.startswith("418"):
        assert b"banned until 17" in reply.body


def test_not_counted() -> None:
    """A reply that was not executed counts unless told otherwise."""
    for counted in (True, False):
        desk = Desk()
        fault = Fault(K.REPLY, status=599, body=b"", executed=False, counted=counted)
        desk.cancel(1, fault=fault)
        assert desk.ping().headers["X-MBX-USED-WEIGHT-1M"] == str(1 + counted)


def test_nasties_with_changes() -> None:
    """A nasty may be narrowed down, and executed or not where its kind leaves that open."""
    fault = nasty("500_html", method="DELETE", times=1, executed=False)
    assert (fault.method, fault.times, fault.executes, fault.status) == ("DELETE", 1, False, 500)
    with pytest.raises(ValueError, match="always not executed"):
        nasty("2011", executed=True)
    with pytest.raises(KeyError):
        nasty("kindness")
    assert len(set(NASTIES)) == len(NASTIES) > 90


def test_bytes_that_drip_or_break_without_execution() -> None:
    """What was not executed has no true reply; an empty success drips or breaks in its place."""
    for kind in (K.RESET_HEADERS, K.RESET_BODY, K.DRIP):
        fault = Fault(kind, executed=False, delay=1.0 if kind is K.DRIP else 0.0)
        reply = Desk().cancel(1, fault=fault)
        assert (reply.status, reply.body) == (200, b"{}")
        assert reply.delivery in (Delivery.CUT_HEADERS, Delivery.CUT_BODY, Delivery.DRIP)


async def _raw(exchange: Simulator, order: int, most: int = 1 << 22) -> bytes:
    """What arrives for a cancel, up to a number of bytes; b"" after a reset."""
    url = URL(exchange.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    query = signed(exchange.secret, exchange.now(), {"symbol": "BTCUSDT", "strategyId": order})
    head = f"DELETE {ORDER}?{query} HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: {exchange.api_key}"
    writer.write(f"{head}\r\nConnection: close\r\n\r\n".encode())
    got = b""
    try:
        while len(got) < most and (piece := await asyncio.wait_for(reader.read(1 << 18), 0.5)):
            got += piece
    except (ConnectionResetError, TimeoutError):
        pass
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return got


@pytest.mark.asyncio
async def test_every_nasty_on_the_wire() -> None:
    """Whatever was sent to one client, the exchange goes on serving the next one."""
    async with Simulator() as exchange, aiohttp.ClientSession() as session:
        for name in NASTIES:
            if name in NEVER_WHOLE or name == "gzip_bomb" or name.startswith("418"):
                continue
            (order,) = exchange.seed_orders(1)
            exchange.inject(nasty(name, method="DELETE", times=1))
            got = await _raw(exchange, order)
            assert got.startswith(b"HTTP/1.1 "), name
            exchange.clear_faults()
            assert (await call(session, exchange, "GET", "/papi/v1/ping")).status in (200, 429)
            exchange.venue.bans._silences.clear()
        assert exchange.venue.statuses[0] == 0


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("reset_unread", b""),
        ("reset_before", b""),
        ("reset_after", b""),
        ("reset_headers", b"HTTP/1.1 200 OK\r\n"),
        ("reset_body", b'\r\n\r\n{"newClient'),
        ("drip", b"HTTP/1."),
    ],
)
@pytest.mark.asyncio
async def test_broken_connections_on_the_wire(name: str, seen: bytes) -> None:
    """Resets come where they should, a slow reply byte by byte."""
    async with Simulator() as exchange:
        (order,) = exchange.seed_orders(1)
        fault = nasty(name, delay=0.05) if name == "drip" else NASTIES[name]
        exchange.inject(fault)
        got = await _raw(exchange, order, most=7)
        assert seen in got
        assert bool(seen) is bool(got)
        if name == "reset_headers":
            assert b"\r\n\r\n" not in got
        assert fault.executes is not exchange.order(order).is_open


@pytest.mark.asyncio
async def test_an_endless_body_ends_with_its_client() -> None:
    """The flood stops when nobody reads, and when the client leaves."""
    async with Simulator() as exchange:
        (order,) = exchange.seed_orders(1)
        exchange.inject(NASTIES["body_endless"])
        got = await _raw(exchange, order, most=1 << 21)
        assert b"chunked" in got[:400]
        began = time.perf_counter()
    assert time.perf_counter() - began < 0.5


@pytest.mark.asyncio
async def test_a_reset_does_not_wait_for_the_body() -> None:
    """The connection is reset though the body that was announced never comes."""
    async with Simulator(faults=[NASTIES["reset_unread"]]) as exchange:
        url = URL(exchange.base_url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"POST {ORDER} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.asyncio
async def test_odd_headers_arrive_as_they_are() -> None:
    """A header may come twice, be long, or hold what no header may hold."""
    async with Simulator() as exchange:
        for name, seen in (
            ("weight_twice", [b"X-MBX-USED-WEIGHT-1M: 1\r\nX-MBX-USED-WEIGHT-1M: 5999\r\n"]),
            ("weight_huge", [b"X-MBX-USED-WEIGHT-1M: 1" + b"0" * 30 + b"\r\n"]),
            ("header_control", [b"X-Odd: a\x01\x0b\x7f\x9fb\r\n"]),
            ("headers_100000", [b"X-0: 1\r\n", b"X-99999: 1\r\n"]),
        ):
            (order,) = exchange.seed_orders(1)
            exchange.inject(nasty(name, times=1))
            got = await _raw(exchange, order)
            assert all(piece in got for piece in seen), name
            assert got.count(b"Date: ") == 1
            if name.startswith("weight"):
                assert got.count(b"X-MBX-USED-WEIGHT-1M") == len(NASTIES[name].headers)
