"""The face of the exchange: real sockets, headers, broken connections, and no residue."""

from __future__ import annotations

import asyncio
import gc
import ssl
import time
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest
import trustme
from yarl import URL

from binance_papi.simulator import Fault, FaultKind, RateLimit, Simulator
from binance_papi.terms import StrategyStatus
from tests.simulator.simulator_desk import (
    HISTORY,
    LIMITS,
    NOON,
    OPEN_ORDERS,
    ORDER,
    PING,
    STOP_MARKET,
    TRAILING,
    Answer,
    call,
    signed,
)

K = FaultKind
BROKEN = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, aiohttp.ClientPayloadError)


async def _cancel(session: aiohttp.ClientSession, exchange: Simulator, strategy_id: int) -> Answer:
    params = {"symbol": "BTCUSDT", "strategyId": strategy_id}
    return await call(session, exchange, "DELETE", ORDER, params)


@pytest.mark.asyncio
async def test_life_of_an_order() -> None:
    """An order is placed, listed, canceled and found in the history, over one connection."""
    async with Simulator(clock=lambda: NOON) as exchange, aiohttp.ClientSession() as session:
        placed = await call(session, exchange, "POST", ORDER, TRAILING)
        assert (placed.status, placed.headers["Content-Type"]) == (200, "application/json")
        strategy_id = placed.json["strategyId"]
        listed = await call(session, exchange, "GET", OPEN_ORDERS)
        assert [strategy_id] == [order["strategyId"] for order in listed.json]
        assert (await _cancel(session, exchange, strategy_id)).json["strategyStatus"] == "CANCELED"
        assert (await _cancel(session, exchange, strategy_id)).json["code"] == -2011
        past = await call(
            session, exchange, "GET", HISTORY, {"symbol": "BTCUSDT", "strategyId": strategy_id}
        )
        assert past.json["strategyStatus"] == "CANCELED"
        assert past.headers["X-MBX-USED-WEIGHT-1M"] == "44"
        assert placed.headers["X-MBX-ORDER-COUNT-1M"] == "1"
        assert len(exchange.venue.requests_for(strategy_id)) == 3
        assert {"127.0.0.1"} == {record.address for record in exchange.venue.wire}


@pytest.mark.asyncio
async def test_errors_keep_the_connection() -> None:
    """Refusals of all kinds leave the connection open for the next request."""
    limits = [RateLimit("REQUEST_WEIGHT", "DAY", 1, 4)]
    async with Simulator(limits=limits) as exchange:
        host, port = exchange.base_url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        statuses: list[int] = []
        for path in ("/papi/v1/nothing", LIMITS, ORDER, PING, PING):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            statuses.append(int(head.split()[1]))
        writer.close()
        await writer.wait_closed()
    assert statuses == [404, 401, 404, 200, 429]


@pytest.mark.asyncio
async def test_parameters_in_the_body() -> None:
    """A placement may send its parameters as a form."""
    async with Simulator() as exchange, aiohttp.ClientSession() as session:
        body = signed(exchange.secret, exchange.now(), STOP_MARKET)
        headers = {
            "x-mbx-apikey": exchange.api_key,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with session.post(exchange.base_url + ORDER, data=body, headers=headers) as response:
            assert response.status == 200


@pytest.mark.parametrize("skew", [-3600.0, 0.0, 7200.5])
@pytest.mark.asyncio
async def test_clock_skew(skew: float) -> None:
    """Date, times of orders, windows and timestamps all go by the exchange's clock."""
    async with Simulator(clock_skew=skew) as exchange, aiohttp.ClientSession() as session:
        placed = await call(session, exchange, "POST", ORDER, STOP_MARKET)
        date = parsedate_to_datetime(placed.headers["Date"]).timestamp()
        assert -1.5 < date - (time.time() + skew) < 0.5
        assert abs(placed.json["updateTime"] / 1000 - (time.time() + skew)) < 0.5
        assert abs(exchange.venue.windows()[0].start - (time.time() + skew)) < 61
        exchange.clock_skew = skew + 60
        late = await call(
            session, exchange, "GET", LIMITS, {"timestamp": int((time.time() + skew) * 1000)}
        )
        assert late.json["code"] == -1021


@pytest.mark.asyncio
async def test_clock_of_ones_own() -> None:
    """With a clock of one's own the exchange lives in that time."""
    async with Simulator(clock=lambda: NOON) as exchange, aiohttp.ClientSession() as session:
        reply = await call(session, exchange, "POST", ORDER, STOP_MARKET)
    assert reply.json["bookTime"] == int(NOON * 1000)
    assert reply.headers.getall("Date") == ["Tue, 14 Nov 2023 22:14:00 GMT"]


@pytest.mark.parametrize(
    ("fault", "executed"),
    [
        (Fault(K.DROP_BEFORE, times=1), False),
        (Fault(K.DROP_AFTER, times=1), True),
        (Fault(K.TRUNCATED, times=1), True),
    ],
)
@pytest.mark.asyncio
async def test_broken_connections(fault: Fault, executed: bool) -> None:
    """The client sees a broken connection; the book tells what happened before it broke."""
    async with Simulator(faults=[fault]) as exchange, aiohttp.ClientSession() as session:
        order = exchange.place()
        # A POST has no silent second send in aiohttp, unlike a DELETE; so break a placement here.
        with pytest.raises(BROKEN):
            await call(session, exchange, "POST", ORDER, STOP_MARKET)
        assert executed is (len(exchange.venue.book) == 2)
        assert (await _cancel(session, exchange, order)).status == 200


@pytest.mark.asyncio
async def test_a_drop_is_a_reset() -> None:
    """A dropped connection ends with RST, not with an orderly close."""
    async with Simulator(faults=[Fault(K.DROP_BEFORE)]) as exchange:
        url = URL(exchange.base_url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"GET {PING} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


@pytest.mark.asyncio
async def test_a_truncated_reply_is_half() -> None:
    """Headers promise the whole body, half of it comes."""
    async with Simulator(faults=[Fault(K.TRUNCATED)]) as exchange:
        url = URL(exchange.base_url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(f"GET {PING} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert b"content-length: 2" in head.lower()
    assert body == b"{"


@pytest.mark.parametrize("executed", [True, False])
@pytest.mark.asyncio
async def test_no_reply(executed: bool) -> None:
    """The exchange stays silent until the client leaves, and then serves the next one."""
    fault = Fault(K.NO_REPLY, times=1, executed=executed)
    async with Simulator(faults=[fault]) as exchange, aiohttp.ClientSession() as session:
        order = exchange.place()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_cancel(session, exchange, order), 0.1)
        assert executed is not exchange.venue.book[order].is_open
        assert (await _cancel(session, exchange, order)).status == (400 if executed else 200)


@pytest.mark.asyncio
async def test_slow_reply_and_late_arrival() -> None:
    """A late reply is executed at once; a late request goes by the clock of its arrival."""
    async with Simulator() as exchange, aiohttp.ClientSession() as session:
        first, second = exchange.seed_orders(2)
        exchange.inject(Fault(K.SLOW, delay=0.2, times=1))
        task = asyncio.create_task(_cancel(session, exchange, first))
        await asyncio.sleep(0.1)
        assert not exchange.venue.book[first].is_open
        assert not task.done()
        assert (await task).status == 200
        exchange.inject(Fault(K.SLOW, delay=0.2, times=1, executed=False))
        task = asyncio.create_task(_cancel(session, exchange, second))
        await asyncio.sleep(0.1)
        assert exchange.venue.book[second].is_open
        assert (await task).status == 200


@pytest.mark.asyncio
async def test_a_request_that_was_left_behind_still_arrives() -> None:
    """A client that gives up does not call its request back."""
    async with Simulator(latency=0.2) as exchange, aiohttp.ClientSession() as session:
        order = exchange.place()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_cancel(session, exchange, order), 0.05)
        assert exchange.venue.book[order].is_open
        async with asyncio.timeout(5):
            while exchange.venue.book[order].is_open:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize(("latency", "low", "high"), [(0.1, 0.1, 0.2), ((0.02, 0.06), 0.02, 0.15)])
@pytest.mark.asyncio
async def test_latency(latency: Any, low: float, high: float) -> None:
    """A request takes as long as the latency says."""
    async with Simulator(latency=latency) as exchange, aiohttp.ClientSession() as session:
        began = time.perf_counter()
        await call(session, exchange, "GET", PING)
        assert low <= time.perf_counter() - began < high


@pytest.mark.asyncio
async def test_faults_by_html_and_status() -> None:
    """Injected faults hit in order, and end when they are cleared."""
    async with Simulator() as exchange, aiohttp.ClientSession() as session:
        for kind in (K.HTML_403, K.HTML_502, K.HTTP_503_UNKNOWN, K.GARBAGE, K.HTTP_429):
            exchange.inject(Fault(kind, times=1))
        exchange.inject(Fault(K.HTTP_503_THROTTLED))
        replies = [await call(session, exchange, "GET", LIMITS) for _ in range(7)]
        assert [reply.status for reply in replies] == [403, 502, 503, 200, 429, 503, 503]
        assert replies[0].headers["Content-Type"] == "text/html"
        assert all(len(reply.headers.getall("Date")) == 1 for reply in replies)
        exchange.clear_faults()
        assert (await call(session, exchange, "GET", LIMITS)).status == 200


@pytest.mark.asyncio
async def test_same_seed_same_faults() -> None:
    """Two exchanges with one seed treat the same requests alike."""

    async def statuses(seed: int) -> list[int]:
        faults = [Fault(K.HTTP_503_UNAVAILABLE, 0.4), Fault(K.HTML_403, 0.2)]
        async with Simulator(faults=faults, seed=seed) as exchange, aiohttp.ClientSession() as s:
            return [(await call(s, exchange, "GET", PING)).status for _ in range(40)]

    first, again, other = await statuses(1), await statuses(1), await statuses(2)
    assert first == again != other
    assert {200, 403, 503} == set(first)


@pytest.mark.asyncio
async def test_hand_of_fate() -> None:
    """Orders can be seeded, triggered, expired and canceled from elsewhere."""
    async with Simulator(max_open_orders=1) as exchange:
        ids = exchange.seed_orders(300, symbol="ETHUSDT")
        assert len(set(ids)) == 300
        exchange.trigger(ids[0])
        exchange.expire(ids[1])
        exchange.cancel(ids[2])
        order = exchange.place(side="SELL", client_id="mine", stop_price="1")
        book = exchange.venue.book
        assert [book[strategy_id].strategy_status for strategy_id in ids[:4]] == [
            StrategyStatus.TRIGGERED,
            StrategyStatus.EXPIRED,
            StrategyStatus.CANCELED,
            StrategyStatus.NEW,
        ]
        assert (book[order].side, book[order].new_client_strategy_id) == ("SELL", "mine")
        assert isinstance(book[ids[0]].order_id, int)


@pytest.mark.asyncio
async def test_https() -> None:
    """With a certificate the exchange speaks https, and breaks connections there too."""
    authority = trustme.CA()
    mine, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(mine)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    faults = [Fault(kind, times=1, method="POST") for kind in (K.DROP_AFTER, K.TRUNCATED)]
    async with (
        Simulator(ssl=theirs, faults=faults) as exchange,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=mine)) as session,
    ):
        assert exchange.base_url.startswith("https://127.0.0.1:")
        for _ in range(2):
            with pytest.raises(BROKEN):
                await call(session, exchange, "POST", ORDER, STOP_MARKET)
        assert len(exchange.venue.book) == 2
        assert (await call(session, exchange, "GET", LIMITS)).status == 200


@pytest.mark.asyncio
async def test_leaving_is_prompt_and_leaves_nothing() -> None:
    """Hanging and slow requests end with the exchange; no task and no port stays behind."""
    before = asyncio.all_tasks()
    faults = [Fault(K.NO_REPLY, times=5), Fault(K.SLOW, delay=30.0)]
    async with aiohttp.ClientSession() as session:
        async with Simulator(faults=faults) as exchange:
            url = URL(exchange.base_url)
            tasks = [asyncio.create_task(call(session, exchange, "GET", PING)) for _ in range(10)]
            await asyncio.sleep(0.4)
            began = time.perf_counter()
        assert time.perf_counter() - began < 0.5
        assert asyncio.all_tasks() <= before | set(tasks)
        assert all(
            isinstance(ending, BROKEN)
            for ending in await asyncio.gather(*tasks, return_exceptions=True)
        )
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(url.host, url.port)
    gc.collect()


@pytest.mark.asyncio
async def test_leaving_with_idle_connections() -> None:
    """Idle keep-alive connections do not hold the exchange open."""
    async with aiohttp.ClientSession() as session:
        async with Simulator() as exchange:
            await asyncio.gather(*(call(session, exchange, "GET", PING) for _ in range(20)))
            began = time.perf_counter()
        assert time.perf_counter() - began < 0.5
        assert {asyncio.current_task()} == asyncio.all_tasks()


@pytest.mark.asyncio
async def test_open_and_closed() -> None:
    """An exchange is open once at a time, and may be opened again with its book."""
    exchange = Simulator(api_key="k", secret="s")
    with pytest.raises(RuntimeError, match="not open"):
        _ = exchange.base_url
    async with exchange:
        order = exchange.place()
        with pytest.raises(RuntimeError, match="open already"):
            await exchange.__aenter__()
        taken = URL(exchange.base_url).port
        assert taken is not None
        with pytest.raises(OSError, match="address already in use"):
            await Simulator(port=taken).__aenter__()
    await exchange.__aexit__(None, None, None)
    async with exchange, aiohttp.ClientSession() as session:
        assert (exchange.api_key, exchange.secret) == ("k", "s")
        assert (await _cancel(session, exchange, order)).status == 200


def test_bad_latency() -> None:
    """A latency that can not be is refused at once."""
    for latency in (-1.0, (0.2, 0.1)):
        with pytest.raises(ValueError, match="latency"):
            Simulator(latency=latency)


def test_generated_keys_differ() -> None:
    """Every exchange has a key and a secret of its own."""
    assert len({Simulator().api_key, Simulator().secret, Simulator().secret}) == 3
