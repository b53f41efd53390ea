"""Connections that are lost are replaced in the background, on a scripted peer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from binance_papi.core.answer import Reply, Unanswered
from binance_papi.core.offset import ClockOffset
from binance_papi.core.signing import ApiKey
from binance_papi.core.weight import WeightTracker
from binance_papi.net.lean import LeanSession
from tests.stage import Peer, http, reset


@pytest_asyncio.fixture
async def session(peer: Peer) -> AsyncIterator[LeanSession]:
    """A session on the peer; its context is not used without TLS."""
    now = asyncio.get_running_loop().time()
    tracker = WeightTracker([], ClockOffset(0, now), now)
    session = LeanSession(peer.base_url, ApiKey("key"), None, tracker)  # type: ignore[arg-type]
    yield session
    await session.aclose()
    assert len(asyncio.all_tasks()) == 1 + peer.serving


async def ask(session: LeanSession) -> object:
    """One request."""
    return await session.send("GET", "/x", keyed=False, patience=2.0)


async def closing(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
    """A reply that is the connection's last."""
    writer.write(http(200, b"{}", "Connection: close"))
    writer.close()


async def resetting(_: Peer, __: bytes, writer: asyncio.StreamWriter) -> None:
    """No reply."""
    reset(writer)


@pytest.mark.asyncio
async def test_a_connection_that_was_of_use_is_replaced(peer: Peer, session: LeanSession) -> None:
    """The next request finds one that stands."""
    peer.script = closing
    assert isinstance(await ask(session), Reply)
    await asyncio.sleep(0.1)
    assert peer.connections == 2
    assert session.ready() is not None


@pytest.mark.asyncio
async def test_all_that_were_reset_are_replaced(peer: Peer, session: LeanSession) -> None:
    """However many there were, and no more than that."""
    peer.script = resetting
    await session.warm_up(20)
    heard = await asyncio.gather(*(ask(session) for _ in range(20)))
    assert all(isinstance(one, Unanswered) for one in heard)
    await asyncio.sleep(0.2)
    assert peer.connections == 40
    standing = 0
    while session.ready() is not None:
        standing += 1
    assert standing == 20


@pytest.mark.asyncio
async def test_one_that_was_never_used_is_not(peer: Peer, session: LeanSession) -> None:
    """A peer that hangs up at once is not called again and again."""
    await session.warm_up(3)
    peer.hang_up()
    await asyncio.sleep(0.1)
    assert peer.connections == 3
    assert session.ready() is None


@pytest.mark.asyncio
async def test_where_it_fails_nobody_insists(peer: Peer, session: LeanSession) -> None:
    """Whoever needs a connection tries again, and is told why there is none."""
    peer.script = closing
    await session.warm_up(2)
    await asyncio.gather(ask(session), peer.stop())
    await asyncio.sleep(0.1)
    assert not isinstance(await ask(session), Reply)


@pytest.mark.asyncio
async def test_in_silence_nothing_is_opened(peer: Peer, session: LeanSession) -> None:
    """What was asked for is silence."""
    peer.script = closing
    await session.warm_up(1)
    session.tracker.ban(60.0, 418, asyncio.get_running_loop().time())
    connection = session.ready()
    assert connection is not None
    connection.used = True
    peer.hang_up()
    await asyncio.sleep(0.1)
    assert peer.connections == 1


@pytest.mark.asyncio
async def test_closing_ends_what_is_being_opened(peer: Peer, session: LeanSession) -> None:
    """No task is left; the fixture looks."""
    peer.script = closing
    await session.warm_up(4)
    await asyncio.gather(*(ask(session) for _ in range(4)))
