"""One lean connection, fed by hand: what it makes of bytes, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from binance_papi.core.answer import Reply, Unanswered
from binance_papi.core.decode import MAX_BODY
from tests.net.lean_host import Host, pieces
from tests.stage import http

OK = http(200, b'{"strategyId":1}', "X-MBX-USED-WEIGHT-1M: 7")
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-MBX-USED-WEIGHT-1M: 7\r\n\r\n"
    b'8\r\n{"strate\r\n8\r\ngyId":1}\r\n0\r\nX-Late: 1\r\n\r\n'
)
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"


class Stand(Host):
    """The same on a transport that notes its end."""

    def __init__(self) -> None:
        super().__init__()
        self.dropped = False
        self.connection.connection_made(self)  # type: ignore[arg-type]

    def write(self, _: bytes) -> None:
        """Into the void."""

    def abort(self) -> None:
        """It was dropped."""
        self.dropped = True

    def read(self, data: bytes, cuts: list[int]) -> None:
        """Feed some bytes in pieces."""
        for piece in pieces(data, cuts):
            self.connection.data_received(piece)

    def only(self) -> Reply:
        """The one reply that was heard."""
        (reply,) = self.heard
        assert isinstance(reply, Reply)
        return reply


@given(
    st.lists(st.sampled_from([OK, CHUNKED, INTERIM + OK, INTERIM * 3 + CHUNKED]), min_size=1),
    st.lists(st.integers(0, 1000)),
)
def test_however_bytes_are_cut_each_request_has_its_reply(
    replies: list[bytes], cuts: list[int]
) -> None:
    """One after the other on one connection; headers and bodies are those of each."""
    stand = Stand()
    for number, data in enumerate(replies, start=1):
        stand.heard.clear()
        stand.ask()
        stand.read(data, cuts)
        reply = stand.only()
        assert (reply.status, reply.body) == (200, b'{"strategyId":1}')
        assert reply.headers.get("x-mbx-used-weight-1m") == b"7"
        assert reply.headers.get("link") is None
        assert reply.headers.get("x-late") is None
        assert (stand.free, stand.dropped) == (number, False)


@pytest.mark.parametrize("blanks", ["", " ", "\t", " \t \t"])
def test_blanks_around_a_header_are_none_of_it(blanks: str) -> None:
    """As RFC 9110 has it (5.5)."""
    stand = Stand()
    stand.ask()
    stand.read(http(200, b"{}", f"Retry-After:{blanks}300{blanks}", f"X-Empty:{blanks}"), [])
    headers = stand.only().headers
    assert headers.get("retry-after") == b"300"
    assert headers.get("x-empty") == b""


@pytest.mark.parametrize("end", range(1, len(OK)))
@pytest.mark.parametrize("first", [OK, CHUNKED])
def test_whatever_follows_a_reply_belongs_to_nobody(first: bytes, end: int) -> None:
    """Be it the beginning of another one: the connection is dropped, not used again."""
    stand = Stand()
    stand.ask()
    stand.connection.data_received(first + OK[:end])
    assert stand.only().headers.get("x-mbx-used-weight-1m") == b"7"
    assert (stand.free, stand.dropped) == (0, True)


@pytest.mark.parametrize(("status", "wait"), [(200, None), (429, b"300")])
def test_after_too_many_interim_replies_the_first_real_one_counts(
    status: int, wait: bytes | None
) -> None:
    """If it asks for silence. What follows is nobody's, and its headers are none of it."""
    stand = Stand()
    stand.ask()
    first = http(status, b"", "Retry-After: 300")
    second = http(429, b"", "Retry-After: 2", "X-MBX-USED-WEIGHT-1M: 5")
    stand.connection.data_received(INTERIM * 9 + first + second)
    heard = stand.heard[0]
    assert len(stand.heard) == 1
    assert stand.dropped
    if wait is None:
        assert isinstance(heard, Unanswered)
    else:
        assert isinstance(heard, Reply)
        assert (heard.status, heard.headers.get("retry-after")) == (429, wait)
        assert heard.headers.get("x-mbx-used-weight-1m") is None


def test_bytes_that_come_before_the_next_request_drop_it() -> None:
    """A reply to nobody."""
    stand = Stand()
    stand.ask()
    stand.connection.data_received(OK)
    stand.connection.data_received(OK[:1])
    assert stand.dropped


@given(st.integers(50_000, 2_000_000), st.booleans())
def test_one_byte_too_many_is_enough(piece: int, sized: bool) -> None:
    """Without waiting for the end; what was read tells that it is too long."""
    stand = Stand()
    stand.ask()
    head = f"Content-Length: {2 * MAX_BODY}" if sized else "Connection: close"
    stand.connection.data_received(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
    fed = 0
    while not stand.heard:
        stand.connection.data_received(b"x" * piece)
        fed += piece
        assert fed <= MAX_BODY + piece
    assert len(stand.only().body) == MAX_BODY + 1
    assert stand.dropped


@pytest.mark.parametrize("end", range(len(CHUNKED)))
def test_half_a_reply_is_none(end: int) -> None:
    """The peer hangs up: nobody knows, also if most of it was there."""
    stand = Stand()
    stand.ask()
    stand.read(CHUNKED[:end], [])
    stand.connection.connection_lost(None)
    (heard,) = stand.heard
    assert isinstance(heard, Unanswered)


def test_only_so_many_interim_replies() -> None:
    """A server that never comes to the point is left."""
    stand = Stand()
    stand.ask()
    stand.connection.data_received(INTERIM * 9)
    (heard,) = stand.heard
    assert isinstance(heard, Unanswered)
    assert stand.dropped


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    """Whether it is whole, its JSON tells."""
    stand = Stand()
    stand.ask()
    stand.read(b"HTTP/1.1 200 OK\r\n\r\n[1", [])
    stand.connection.connection_lost(None)
    assert stand.only().body == b"[1"


def test_the_listener_of_a_dropped_connection_hears_nothing() -> None:
    """Whoever drops it knows why."""
    stand = Stand()
    stand.ask()
    stand.connection.abort()
    stand.connection.data_received(OK)
    stand.connection.connection_lost(ConnectionResetError())
    assert stand.heard == []
