"""The listenKey requests: typed, and their secret stays one."""

from __future__ import annotations

import copy
import pickle

import pytest

from binance_papi import PapiClient, ReplyError, UnknownOutcomeError
from binance_papi.api.user_stream import StartUserDataStream, UserDataStream
from binance_papi.core.decode import BadReply
from binance_papi.core.signing import ListenKey
from tests.stage import Peer, http

KEY = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"


def test_the_key_shows_nothing_of_itself() -> None:
    """Not in a repr, not in a copy; only who asks for it gets it."""
    started = StartUserDataStream.decode(f'{{"listenKey":"{KEY}"}}'.encode())
    assert started == UserDataStream(listen_key=ListenKey(KEY))
    assert hash(started) == hash(UserDataStream(listen_key=ListenKey(KEY)))
    assert started != UserDataStream(listen_key=ListenKey("other"))
    assert started.listen_key != KEY
    assert started.listen_key.reveal() == KEY
    assert KEY not in f"{started} {started.listen_key!r} {started.listen_key!s}"
    for leak in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="listenKey can't be copied"):
            leak(started.listen_key)


@pytest.mark.parametrize(
    "body",
    [
        b'{"listenKey":""}',
        b'{"listenKey":7}',
        b"{}",
        b"[]",
        f'{{"listenKey":"{KEY} {KEY}"}}'.encode(),
        f'{{"listenKey":"{KEY}","listenKey":"{KEY}"}}'.encode(),
        f'{{"listenKey":"{KEY}"'.encode(),
        f'"{KEY}"'.encode(),
    ],
)
def test_a_reply_without_a_key_is_no_reply(body: bytes) -> None:
    """And the error shows nothing of it either."""
    with pytest.raises(BadReply) as caught:
        StartUserDataStream.decode(body)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.asyncio
@pytest.mark.parametrize("transport", ["aiohttp", "lean"])
async def test_the_requests_on_the_wire(peer: Peer, transport: str) -> None:
    """The key header alone: no timestamp, no signature; the three methods."""

    async def script(_: Peer, head: bytes, writer: object) -> None:
        body = f'{{"listenKey":"{KEY}"}}'.encode() if head.startswith(b"POST") else b"{}"
        writer.write(http(200, body))  # type: ignore[attr-defined]

    peer.script = script
    async with PapiClient("k", "s", base_url=peer.base_url, transport=transport) as papi:
        started = await papi.listen_key.start_user_data_stream()
        await papi.listen_key.keepalive_user_data_stream()
        await papi.listen_key.close_user_data_stream()
    assert started.listen_key.reveal() == KEY
    lines = [head.split(b"\r\n")[0] for head in peer.heads]
    assert lines == [
        method + b" /papi/v1/listenKey HTTP/1.1" for method in (b"POST", b"PUT", b"DELETE")
    ]
    assert all(b"x-mbx-apikey: k" in head.lower() for head in peer.heads)


@pytest.mark.asyncio
async def test_an_unreadable_reply_is_not_shown(peer: Peer) -> None:
    """Where it may hold the key, the error does not carry the body."""

    async def script(_: Peer, __: bytes, writer: object) -> None:
        writer.write(http(200, f"{KEY} {{".encode()))  # type: ignore[attr-defined]

    peer.script = script
    async with PapiClient("k", "s", base_url=peer.base_url) as papi:
        with pytest.raises(UnknownOutcomeError) as caught:
            await papi.listen_key.start_user_data_stream()
    assert KEY not in str(vars(caught.value)) + str(caught.value)
    assert caught.value.body == b""


@pytest.mark.asyncio
async def test_no_key_alive(peer: Peer) -> None:
    """-1125 is a refusal with its code."""

    async def script(_: Peer, __: bytes, writer: object) -> None:
        body = b'{"code":-1125,"msg":"This listenKey does not exist."}'
        writer.write(http(400, body))  # type: ignore[attr-defined]

    peer.script = script
    async with PapiClient("k", "s", base_url=peer.base_url) as papi:
        with pytest.raises(ReplyError) as caught:
            await papi.listen_key.keepalive_user_data_stream()
    assert caught.value.code == -1125
