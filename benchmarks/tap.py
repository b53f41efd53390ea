"""When requests cross loopback, by the kernel's own clock.

No server is asked, and none has to take notes: the kernel keeps the first bytes of every packet to
one port, with the time it passed, until somebody looks. Linux only, and only for those who may look
at packets (root, or CAP_NET_RAW).
"""

from __future__ import annotations

import ctypes
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from loopback import Arrivals

# Not in Python's socket module; the same numbers on all that has Linux and two cores to measure on.
_ATTACH_FILTER: Final = 26
_RECEIVE_BUFFER: Final = 33
_TIMES: Final = 35

_IPV4: Final = 0x0800
_ROOM: Final = 64 << 20
_KEPT: Final = 128
_APPLICATION_DATA: Final = 0x17
"""First byte of a TLS record that carries a request; handshakes and farewells begin otherwise."""


def possible() -> bool:
    """Whether we may look at packets here."""
    try:
        _socket(0).close()
    except (OSError, AttributeError):
        return False
    return True


@contextmanager
def tap(port: int) -> Iterator[Callable[[], Arrivals]]:
    """Look at what is sent to a port of loopback.

    Args:
        port: Where requests go, one TLS record each.

    Yields:
        What tells how many passed since it was asked last, and when the last one did.
    """
    with _socket(port) as one:
        yield lambda: _read(one)


def _socket(port: int) -> socket.socket:
    """A socket that is given every TCP packet to the port, and no other."""
    one = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    try:
        # As (code, jump if true, jump if not, operand), from the IP header on: protocol TCP, then
        # the destination port behind a header of variable length.
        program = (
            (0x30, 0, 0, 9),  # load the byte at 9
            (0x15, 0, 4, socket.IPPROTO_TCP),  # equal, or out
            (0xB1, 0, 0, 0),  # index = length of the IP header
            (0x48, 0, 0, 2),  # load two bytes at index + 2
            (0x15, 0, 1, port),  # equal, or out
            (0x06, 0, 0, _KEPT),  # keep so much of it
            (0x06, 0, 0, 0),  # out: keep nothing
        )
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
        filtered = struct.pack("HP", len(program), ctypes.addressof(code))
        one.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, filtered)
        one.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER, _ROOM)
        one.setsockopt(socket.SOL_SOCKET, _TIMES, 1)
        one.bind(("lo", _IPV4))
        one.setblocking(False)
    except BaseException:
        one.close()
        raise
    return one


def _read(one: socket.socket) -> Arrivals:
    seen = Arrivals()
    ahead = time.time() - time.monotonic()
    while True:
        try:
            packet, extras, _, _ = one.recvmsg(_KEPT, 256)
        except BlockingIOError:
            return seen
        begins = 4 * (packet[0] & 15)  # of the TCP header
        begins += 4 * (packet[begins + 12] >> 4)  # of what it carries
        if packet[begins : begins + 1] == bytes([_APPLICATION_DATA]):
            seconds, nanoseconds = struct.unpack("qq", extras[0][2])
            seen.count += 1
            seen.last = seconds + nanoseconds / 1e9 - ahead
