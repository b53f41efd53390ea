"""Bringing a damaged or unlawful reply to the client: bytes written past the HTTP library."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiohttp import web

from binance_papi.simulator.values import Delivery

if TYPE_CHECKING:
    from binance_papi.simulator.values import Reply

_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER on with 0 s: closing sends RST
_LOOK_AGAIN: Final = 0.02  # s between two looks whether a client has left
_ARRIVE: Final = 0.02  # s that bytes get to arrive before a reset, which would overtake them
_FULL: Final = 262_144  # bytes that wait in the transport before the next are written
_DRAIN: Final = 0.001  # s between two looks whether they have left


def is_plain(reply: Reply) -> bool:
    """Whether the HTTP library can deliver a reply."""
    return reply.delivery is Delivery.WHOLE and not reply.odd_headers and reply.repeat == 1


async def deliver(message: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    """Deliver a reply that the HTTP library would not, and end the connection.

    Args:
        message: The request.
        reply: The reply, with its ``Date``.
    """
    transport = message.transport
    if reply.delivery is Delivery.SILENT:
        while message.transport is not None:  # noqa: ASYNC110 - aiohttp has no event for it
            await asyncio.sleep(_LOOK_AGAIN)
    elif isinstance(transport, asyncio.Transport):
        await _write(transport, reply)
    return web.Response()  # to a connection that is gone: aiohttp drops it


async def _write(transport: asyncio.Transport, reply: Reply) -> None:
    head = _head(reply)
    half = len(reply.body) // 2
    match reply.delivery:
        case Delivery.CUT_HEADERS:
            transport.write(head[: len(head) // 2])
        case Delivery.CUT | Delivery.CUT_BODY:
            transport.write(head + reply.body[:half])
        case Delivery.DRIP:
            await _drip(transport, head + reply.body, reply.pace)
        case Delivery.WHOLE:
            await _stream(transport, head, reply)
        case _:
            pass
    if reply.delivery in (Delivery.CUT_HEADERS, Delivery.CUT_BODY):
        await asyncio.sleep(_ARRIVE)
    if reply.delivery in (Delivery.CLOSED, Delivery.CUT_HEADERS, Delivery.CUT_BODY):
        reset(transport)
    else:
        transport.close()


def reset(transport: asyncio.Transport) -> None:
    """End a connection with RST."""
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


def _head(reply: Reply) -> bytes:
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Odd"
    named = {name.lower() for name, _ in reply.odd_headers} | {n.lower() for n in reply.headers}
    length: list[tuple[str, str]] = []
    if "content-length" not in named and "transfer-encoding" not in named:
        if reply.repeat == 1:
            length = [("Content-Length", str(len(reply.body)))]
        else:
            length = [("Transfer-Encoding", "chunked")]
    lines = [
        f"HTTP/1.1 {reply.status} {phrase}",
        *(
            f"{name}: {value}"
            for name, value in (
                *reply.headers.items(),
                *reply.odd_headers,
                *length,
                ("Connection", "close"),
            )
        ),
        "\r\n",
    ]
    return "\r\n".join(lines).encode("latin-1", "replace")


async def _drip(transport: asyncio.Transport, data: bytes, pace: float) -> None:
    for byte in data:
        if transport.is_closing():
            return
        transport.write(bytes((byte,)))
        await asyncio.sleep(pace)


async def _stream(transport: asyncio.Transport, head: bytes, reply: Reply) -> None:
    transport.write(head)
    chunked = b"transfer-encoding: chunked" in head.lower()
    chunk = b"%x\r\n%b\r\n" % (len(reply.body), reply.body) if chunked else reply.body
    sent = 0
    while reply.repeat is None or sent < reply.repeat:
        if transport.is_closing():
            return
        transport.write(chunk)
        sent += 1
        await _drained(transport)
    if chunked:
        transport.write(b"0\r\n\r\n")


async def _drained(transport: asyncio.Transport) -> None:
    # The transport tells its protocol, which is aiohttp's, when it can take more; so look.
    while transport.get_write_buffer_size() > _FULL and not transport.is_closing():  # noqa: ASYNC110
        await asyncio.sleep(_DRAIN)
