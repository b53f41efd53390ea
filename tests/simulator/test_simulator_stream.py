"""The user data stream: its key, its events, and what a rehearsal can do to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from binance_papi.simulator import Request, Simulator
from tests.simulator.simulator_desk import KEY, NOON, STOP_MARKET, TRAILING, Desk, call, read
from tests.simulator.test_simulator_families import ALGO_ORDER, LIMIT, V1

LISTEN_KEY = V1 + "listenKey"
HOUR = 3600.0
Ws = aiohttp.ClientWebSocketResponse[Any]


class Ear:
    """A listener that writes down what it hears."""

    def __init__(self, key: str, opened: float = NOON) -> None:
        self.key = key
        self.opened = int(opened * 1000)
        self.heard: list[Any] = []
        self.closed = False

    def send(self, data: bytes) -> None:
        """Hear one message."""
        self.heard.append(json.loads(data))

    def close(self) -> None:
        """Hear the end."""
        self.closed = True


def _ask(desk: Desk, method: str, key: str | None = KEY) -> Any:
    reply = desk.venue.handle(Request(method, LISTEN_KEY, api_key=key), desk.now)
    return reply.status, read(reply)


def _listen(desk: Desk) -> Ear:
    ear = Ear(_ask(desk, "POST")[1]["listenKey"], desk.now)
    desk.venue.feed.connect(ear)
    return ear


def _told(ear: Ear) -> list[tuple[str, str]]:
    """Event and status of each order event."""
    told = []
    for event in ear.heard:
        for name, status in (("so", "os"), ("ao", "X"), ("o", "X")):
            if name in event:
                told.append((event["e"], event[name][status]))
    return told


# ---------------------------------------------------------------------- the key


def test_the_same_key_while_one_lives() -> None:
    """POST gives the living key again, PUT prolongs it, and 60 minutes later it is another."""
    desk = Desk()
    first = _ask(desk, "POST")[1]["listenKey"]
    desk.now += 0.9 * HOUR
    assert (200, {"listenKey": first}) == _ask(desk, "POST")
    desk.now += 0.9 * HOUR
    assert _ask(desk, "PUT") == (200, {})
    desk.now += 0.9 * HOUR
    assert (200, {"listenKey": first}) == _ask(desk, "POST")
    desk.now += HOUR
    assert _ask(desk, "POST")[1]["listenKey"] != first


def test_without_a_key() -> None:
    """PUT without a living key is -1125; DELETE ends a key and is content without one."""
    desk = Desk()
    unknown = (400, {"code": -1125, "msg": "This listenKey does not exist."})
    assert unknown == _ask(desk, "PUT")
    _ask(desk, "POST")
    assert _ask(desk, "DELETE") == (200, {})
    assert unknown == _ask(desk, "PUT")
    assert _ask(desk, "DELETE") == (200, {})
    assert desk.venue.windows()[0].used == 5


@pytest.mark.parametrize(("key", "code"), [(None, -2014), ("x" * 64, -2015)])
def test_the_key_of_the_account_is_asked(key: str | None, code: int) -> None:
    """The header with the API key is enough, and needed."""
    status, body = _ask(Desk(), "POST", key)
    assert (401, code) == (status, body["code"])


def test_expiry_is_told_once() -> None:
    """Its listeners hear that a key has ended, at its time, and nothing any more."""
    desk = Desk()
    ear = _listen(desk)
    desk.now += HOUR + 5
    desk.venue.settle(desk.now)
    desk.venue.place(desk.now, "um")
    _ask(desk, "POST")
    desk.venue.place(desk.now, "um")
    assert [{"e": "listenKeyExpired", "E": int((NOON + HOUR) * 1000)}] == ear.heard


def test_after_24_hours() -> None:
    """A connection ends after a day, whatever its key."""
    desk = Desk()
    ear, stranger = _listen(desk), Ear("nobody's")
    desk.venue.feed.connect(stranger)
    for _ in range(48):
        desk.now += HOUR / 2
        assert not ear.closed
        _ask(desk, "PUT")
    assert (ear.closed, stranger.closed) == (True, True)
    assert desk.venue.feed.listeners == ()


# ---------------------------------------------------------------------- events


@pytest.mark.parametrize(
    ("family", "place", "business", "wrapper"),
    [
        ("um/conditional/", STOP_MARKET, "UM", "so"),
        ("cm/conditional/", {**STOP_MARKET, "symbol": "BTCUSD_PERP"}, "CM", "so"),
        ("um/", LIMIT, "UM", "o"),
        ("cm/", {**LIMIT, "symbol": "BTCUSD_PERP"}, "CM", "o"),
    ],
)
def test_placed_and_canceled(
    family: str, place: dict[str, Any], business: str, wrapper: str
) -> None:
    """A placement and a cancel are told with the business unit, the order's id and its status."""
    desk = Desk(era="both")
    ear = _listen(desk)
    placed = read(desk.send("POST", f"{V1}{family}order", place))
    name = "strategyId" if wrapper == "so" else "orderId"
    desk.now += 1
    query = {"symbol": placed["symbol"], name: placed[name]}
    desk.send("DELETE", f"{V1}{family}order", query)
    at = int(NOON * 1000)
    assert [(business, at, at), (business, at + 1000, at + 1000)] == [
        (event["fs"], event["E"], event["T"]) for event in ear.heard
    ]
    assert [status for _, status in _told(ear)] == ["NEW", "CANCELED"]
    ids = {event[wrapper]["si" if wrapper == "so" else "i"] for event in ear.heard}
    assert {placed[name]} == ids
    if wrapper == "o":
        assert [event["o"]["x"] for event in ear.heard] == ["NEW", "CANCELED"]


def test_a_conditional_order_that_triggers() -> None:
    """Its child, its trigger, the child's fill and its own end are told."""
    desk = Desk()
    ear = _listen(desk)
    order = desk.venue.place(desk.now, side="SELL", stop_price="100")
    desk.venue.set_price("BTCUSDT", "99", desk.now)
    child = desk.venue.order(order).order_id
    assert _told(ear) == [
        ("CONDITIONAL_ORDER_TRADE_UPDATE", "NEW"),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("CONDITIONAL_ORDER_TRADE_UPDATE", "TRIGGERED"),
        ("ORDER_TRADE_UPDATE", "FILLED"),
        ("CONDITIONAL_ORDER_TRADE_UPDATE", "FINISHED"),
    ]
    assert "i" not in ear.heard[0]["so"]
    assert child == ear.heard[2]["so"]["i"]
    made = ear.heard[1]["o"]
    assert (child, "C_STOP_MARKET", order, "100") == (
        made["i"],
        made["st"],
        made["si"],
        made["sp"],
    )


def test_an_algo_order_that_triggers() -> None:
    """An algo order is told as TRIGGERING first; its child's id is text, its fill is in ap, aq."""
    desk = Desk(era="algo")
    ear = _listen(desk)
    order = desk.venue.place(desk.now, "um_algo", side="SELL", trigger_price="100")
    desk.venue.set_price("BTCUSDT", "99", desk.now)
    desk.now += 1
    desk.venue.settle(desk.now)
    child = desk.venue.order(order).actual_order_id
    algo = [event["ao"] for event in ear.heard if event["e"] == "ALGO_UPDATE"]
    assert [event["X"] for event in algo] == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
    assert ["", "", child, child] == [event["ai"] for event in algo]
    assert [event["act"] for event in algo] == ["0", "0", "MARKET", "MARKET"]
    assert (algo[3]["ap"], algo[3]["aq"]) == ("99", "0.01")


def test_an_algo_order_that_is_rejected() -> None:
    """The reason of a rejection is told."""
    desk = Desk(era="algo")
    ear = _listen(desk)
    order = desk.venue.place(desk.now, "um_algo")
    desk.venue.trigger(order, desk.now, "reject")
    desk.venue.settle(desk.now + 1)
    last = ear.heard[-1]["ao"]
    assert (last["X"], last["rm"]) == ("REJECTED", "Margin is insufficient.")


def test_a_trailing_algo_order_is_new_twice() -> None:
    """Its activation is told: NEW again, with ia."""
    desk = Desk(era="algo")
    ear = _listen(desk)
    trailing = {
        **TRAILING,
        "type": "TRAILING_STOP_MARKET",
        "algoType": "CONDITIONAL",
        "activatePrice": "9020",
    }
    for name in ("strategyType", "activationPrice", "stopPrice", "newClientStrategyId"):
        del trailing[name]
    assert desk.send("POST", ALGO_ORDER, trailing).status == 200
    for price in ("9030", "9020", "9010"):
        desk.venue.set_price("BTCUSDT", price, desk.now)
    told = [(event["ao"]["X"], event["ao"]["ia"]) for event in ear.heard]
    assert told == [("NEW", False), ("NEW", True)]


def test_expiry_of_an_order() -> None:
    """An order whose date has come is told as EXPIRED at that date."""
    desk = Desk()
    ear = _listen(desk)
    till = int((NOON + 700) * 1000)
    desk.venue.place(desk.now, "um", good_till_date=till)
    desk.venue.settle(NOON + 701)
    last = ear.heard[-1]
    assert ("EXPIRED", "EXPIRED", till) == (last["o"]["x"], last["o"]["X"], last["E"])


def test_nobody_hears_what_was_before() -> None:
    """There is no replay: who comes later hears what happens later."""
    desk = Desk()
    first = _listen(desk)
    desk.venue.place(desk.now, "um")
    second = _listen(desk)
    desk.venue.place(desk.now, "um")
    assert (len(first.heard), len(second.heard)) == (2, 1)
    assert [record.heard for record in desk.venue.feed.sent] == [1, 2]


# ---------------------------------------------------------------------- over sockets


@pytest_asyncio.fixture(name="exchange")
async def _exchange() -> AsyncIterator[Simulator]:
    async with Simulator(era="both") as exchange:
        yield exchange


@pytest_asyncio.fixture(name="session")
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def _key(session: aiohttp.ClientSession, exchange: Simulator) -> str:
    headers = {"X-MBX-APIKEY": exchange.api_key}
    async with session.post(exchange.base_url + LISTEN_KEY, headers=headers) as response:
        key: str = (await response.json())["listenKey"]
        return key


async def _open(
    session: aiohttp.ClientSession, exchange: Simulator, key: str | None = None, **settings: Any
) -> Ws:
    key = await _key(session, exchange) if key is None else key
    ws: Ws = await session.ws_connect(f"{exchange.base_url}/pm/ws/{key}", **settings)
    return ws


async def _ids(ws: Ws, n: int) -> list[int]:
    return [(await ws.receive_json(timeout=5))["o"]["i"] for _ in range(n)]


@pytest.mark.asyncio
async def test_events_arrive(exchange: Simulator, session: aiohttp.ClientSession) -> None:
    """What a request does is heard on every connection that has the key."""
    one, two = await _open(session, exchange), await _open(session, exchange)
    placed = await call(session, exchange, "POST", V1 + "um/order", LIMIT)
    order = placed.json["orderId"]
    assert [[order], [order]] == [await _ids(one, 1), await _ids(two, 1)]
    assert (exchange.stream.connections, exchange.stream.listeners) == (2, 2)
    await one.close()
    exchange.place("um")
    assert [exchange.stream.sent[-1].event["o"]["i"]] == await _ids(two, 1)
    await two.close()


@pytest.mark.asyncio
async def test_an_unknown_key_is_silent(
    exchange: Simulator, session: aiohttp.ClientSession
) -> None:
    """With an unknown key the socket opens, answers pings and hears no event."""
    await _key(session, exchange)
    ws = await _open(session, exchange, "unknown", autoping=False)
    exchange.place("um")
    await ws.ping(b"there?")
    answer = await ws.receive(timeout=5)
    assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"there?")
    assert [
        (exchange.stream.connections, exchange.stream.listeners),
        exchange.stream.sent[-1].heard,
    ] == [(1, 0), 0]
    await ws.close()


@pytest.mark.asyncio
async def test_hold_and_release(exchange: Simulator, session: aiohttp.ClientSession) -> None:
    """Events that are held back come with the release, in order or in none."""
    ws = await _open(session, exchange)
    exchange.stream.hold()
    first = exchange.seed_orders(20, family="um")
    exchange.stream.release()
    assert first == await _ids(ws, 20)
    exchange.stream.hold()
    second = exchange.seed_orders(20, family="um")
    exchange.stream.release(shuffle=True)
    heard = await _ids(ws, 20)
    assert heard != second
    assert second == sorted(heard)
    await ws.close()


@pytest.mark.asyncio
async def test_late_and_twice(exchange: Simulator, session: aiohttp.ClientSession) -> None:
    """Events may be late, overtake each other, and come twice."""
    ws = await _open(session, exchange)
    exchange.stream.delay = (0.0, 0.2)
    exchange.stream.duplicate = 1.0
    ids = exchange.seed_orders(10, family="um")
    heard = await _ids(ws, 20)
    assert sorted(ids * 2) == sorted(heard)
    assert heard != sorted(heard)
    with pytest.raises(ValueError, match="delay"):
        exchange.stream.delay = (2.0, 1.0)
    with pytest.raises(ValueError, match="probability"):
        exchange.stream.duplicate = 2.0
    await ws.close()


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("how", "kinds"),
    [
        ("reset", {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}),
        ("close", {aiohttp.WSMsgType.CLOSE}),
    ],
)
async def test_drop(
    exchange: Simulator, session: aiohttp.ClientSession, how: Any, kinds: set[Any]
) -> None:
    """All connections end, with or without a word; the key lives on."""
    ws = await _open(session, exchange, autoclose=False)
    key = exchange.stream.listen_key
    exchange.stream.drop(how)
    exchange.place("um")
    assert (await ws.receive(timeout=5)).type in kinds
    await ws.close()
    again = await _open(session, exchange, key)
    exchange.place("um")
    assert len(await _ids(again, 1)) == 1
    assert [record.heard for record in exchange.stream.sent] == [0, 1]
    await again.close()


@pytest.mark.asyncio
async def test_refuse(exchange: Simulator, session: aiohttp.ClientSession) -> None:
    """The next attempts to connect are refused, as many as asked."""
    exchange.stream.refuse(2)
    for _ in range(2):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            await _open(session, exchange)
    await (await _open(session, exchange)).close()
    async with session.get(f"{exchange.base_url}/pm/ws/x") as response:
        assert response.status == 400


@pytest.mark.asyncio
async def test_silence(exchange: Simulator, session: aiohttp.ClientSession) -> None:
    """A silent connection stays open and says nothing, not even a pong; new ones speak."""
    ws = await _open(session, exchange, autoping=False)
    exchange.stream.silence()
    exchange.place("um")
    await ws.ping()
    fresh = await _open(session, exchange)
    exchange.place("um")
    assert len(await _ids(fresh, 1)) == 1
    with pytest.raises(TimeoutError):
        await ws.receive(timeout=0.1)
    assert not ws.closed
    await ws.close()
    await fresh.close()


@pytest.mark.asyncio
async def test_pings(exchange: Simulator, session: aiohttp.ClientSession) -> None:
    """The server pings by itself."""
    exchange.stream.ping_every = 0.05
    ws = await _open(session, exchange, autoping=False)
    for _ in range(2):
        message = await ws.receive(timeout=5)
        assert aiohttp.WSMsgType.PING is message.type
        await ws.pong()
    assert exchange.stream.ping_every == 0.05
    await ws.close()


@pytest.mark.asyncio
async def test_a_client_that_answers_no_ping_is_dropped(session: aiohttp.ClientSession) -> None:
    """Ten minutes without a pong end a connection, a day ends each."""
    now = [NOON]
    async with Simulator(clock=lambda: now[0]) as exchange:
        mute = await _open(session, exchange, autoping=False, autoclose=False)
        now[0] += 500
        assert aiohttp.WSMsgType.PING is (await mute.receive(timeout=5)).type
        now[0] += 101
        ends = {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        assert (await mute.receive(timeout=5)).type in ends
        await mute.close()


@pytest.mark.asyncio
async def test_keys_end_and_servers_go_down(
    exchange: Simulator, session: aiohttp.ClientSession
) -> None:
    """The notices, and any event that a test thinks of."""
    ws = await _open(session, exchange)
    exchange.stream.push({"e": "uniMMRDrop", "x": 1})
    exchange.stream.shutdown()
    exchange.stream.shutdown(wrapped=True)
    exchange.stream.expire_key()
    exchange.stream.expire_key()
    exchange.place("um")
    heard = [await ws.receive_json(timeout=5) for _ in range(4)]
    assert heard[0] == {"e": "uniMMRDrop", "x": 1}
    assert [
        heard[1]["e"],
        heard[2]["event"]["e"],
        heard[3]["e"],
    ] == ["serverShutdown", "serverShutdown", "listenKeyExpired"]
    with pytest.raises(TimeoutError):
        await ws.receive(timeout=0.1)
    await ws.close()
    await _key(session, exchange)
    exchange.stream.forget_key()
    assert exchange.stream.listen_key is None
    headers = {"X-MBX-APIKEY": exchange.api_key}
    async with session.put(exchange.base_url + LISTEN_KEY, headers=headers) as response:
        assert (await response.json())["code"] == -1125


@pytest.mark.asyncio
async def test_the_end_of_the_exchange_ends_its_streams(session: aiohttp.ClientSession) -> None:
    """Nothing is left when the exchange closes under open connections."""
    async with Simulator() as exchange:
        ws = await _open(session, exchange, autoclose=False)
        await _open(session, exchange, "unknown")
    message = await ws.receive(timeout=5)
    assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    ours = [task for task in asyncio.all_tasks() if "simulator" in repr(task.get_coro())]
    assert ours == []
