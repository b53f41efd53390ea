"""TLS under the lean transport, by hand: how a connection ends."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from binance_papi.core.answer import Reply, Unanswered
from binance_papi.net.tls import TlsProtocol
from tests.net.tls_stage import (
    CUTS,
    HOST,
    REQUEST,
    ROOM,
    VERSIONS,
    Desk,
    Inside,
    Link,
    Trust,
    client_context,
    server_context,
)
from tests.stage import http


@VERSIONS
@given(cuts=CUTS, replied=st.booleans())
def test_it_says_that_it_will_say_no_more(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    cuts: list[int],
    replied: bool,
) -> None:
    """What came before counts; the connection is closed, and was of no use from then on."""
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    said = link.says(http(), b"x") if replied else b""
    link.feed(said + link.bye(), cuts)
    assert b"".join(inside.heard) == (http() + b"x" if replied else b"")
    assert link.wire.closed == 1
    assert link.tls.is_closing()
    link.tls.connection_lost(None)
    assert (inside.lost, inside.ends) == ([None], [])


def test_nobody_writes_on_a_connection_that_was_ended(trust: Trust) -> None:
    """Whoever hears a reply with which it ended finds it closing, not ready."""
    inside = Inside()
    link = Link(trust, inside).stand()
    link.feed(link.says(http()) + link.bye())
    assert (inside.heard, inside.closing) == ([http()], [True])

    inside = Inside()
    link = Link(trust, inside).stand()
    link.feed(link.says(http()) + bytes(30))
    assert (inside.heard, inside.closing, len(inside.ends)) == ([http()], [True], 1)
    assert link.wire.aborted


@pytest.mark.parametrize("how", ["close_notify", "close_notify later", "hung up"])
def test_a_body_without_length_needs_a_true_end(trust: Trust, how: str) -> None:
    """Anybody on the way can hang up; only the other side can say that this was all of it."""
    desk = Desk()
    link = Link(trust, desk.connection).stand()
    desk.ask()
    said = link.says(b'HTTP/1.1 200 OK\r\n\r\n{"a":1}')
    if how == "close_notify":
        link.feed(said + link.bye())
    else:
        link.feed(said)
        if how == "close_notify later":
            link.feed(link.bye())
    assert desk.heard == []
    link.tls.connection_lost(None)
    (heard,) = desk.heard
    assert isinstance(heard, Unanswered if how == "hung up" else Reply)


@VERSIONS
@given(end=st.integers(0, 1 << 20), cuts=CUTS, problem=st.sampled_from([None, OSError()]))
def test_half_a_record_is_none(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    end: int,
    cuts: list[int],
    problem: Exception | None,
) -> None:
    """However much of it was there; and it is said that it broke off."""
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    said = link.says(http())
    link.feed(said[: end % len(said)], cuts)
    link.tls.connection_lost(problem)
    assert (inside.heard, inside.ends, len(inside.lost)) == ([], [], 1)
    assert isinstance(inside.lost[0], OSError)
    assert link.tls.is_closing()


@VERSIONS
@given(
    place=st.integers(0, 1 << 20),
    bit=st.integers(0, 7),
    around=st.tuples(st.booleans(), st.booleans()),
)
def test_a_record_that_was_changed(
    trusts: dict[ssl.TLSVersion | None, Trust],
    version: ssl.TLSVersion,
    place: int,
    bit: int,
    around: tuple[bool, bool],
) -> None:
    """One bit, anywhere: what came before counts, it does not, and nothing does any more."""
    inside = Inside()
    link = Link(trusts[version], inside).stand()
    good, said, more = (link.says(text) for text in (b"good", http(), b"more"))
    changed = bytearray(said)
    changed[place % len(changed)] ^= 1 << bit
    before, after = around
    # The length it claims may be that of more than there is: then it waits for the rest.
    link.feed((good if before else b"") + bytes(changed) + (more if after else b""))
    assert inside.heard == ([b"good"] if before else [])
    if inside.ends:
        assert link.wire.aborted
        assert len(inside.ends) == 1
    else:
        assert place % len(changed) in (3, 4)
    link.tls.connection_lost(None)
    assert len(inside.ends) <= 1


@pytest.mark.parametrize("how", ["replayed", "swapped", "plain"])
def test_records_in_a_wrong_order(trust: Trust, how: str) -> None:
    """A reply that was there already, one before its time, and one that anybody could write."""
    inside = Inside()
    link = Link(trust, inside).stand()
    first, second = link.says(b"first"), link.says(b"second")
    plain = b"\x17\x03\x03\x00\x13" + http()[:19]
    link.feed({"replayed": first + first, "swapped": second, "plain": plain}[how])
    assert inside.heard == ([b"first"] if how == "replayed" else [])
    assert (len(inside.ends), link.wire.aborted > 0) == (1, True)
    assert "decrypted" in inside.ends[0]


def test_a_changed_record_is_heard_of_once(trust: Trust) -> None:
    """By the listener of a lean connection, which drops the connection itself."""
    desk = Desk()
    link = Link(trust, desk.connection).stand()
    desk.ask()
    said = link.says(http())
    link.feed(said[:-1] + bytes([said[-1] ^ 1]))
    link.tls.connection_lost(None)
    (heard,) = desk.heard
    assert isinstance(heard, Unanswered)
    assert "decrypted" in heard.reason
    assert link.wire.aborted
    assert desk.gone == 1


def test_written_on_one_that_was_dropped(trust: Trust) -> None:
    """Nothing happens, as on any transport."""
    inside = Inside()
    link = Link(trust, inside).stand()
    inside.transport.abort()
    link.wire.fresh()
    inside.transport.write(REQUEST)
    assert link.wire.fresh() == b""
    link.tls.connection_lost(None)
    assert len(inside.lost) == 1


def test_written_where_tls_is_broken(trust: Trust) -> None:
    """After a record that was changed."""
    inside = Inside()
    link = Link(trust, inside).stand()
    link.feed(bytes(30))
    link.wire.fresh()
    inside.transport.write(REQUEST)
    assert link.wire.fresh() == b""
    assert link.wire.aborted


def test_written_before_it_stands(trust: Trust, loop: asyncio.AbstractEventLoop) -> None:
    """Neither in plain nor at all."""
    unconnected = TlsProtocol(trust.client, HOST, Inside(), loop, memoryview(bytearray(ROOM)))
    with pytest.raises(ConnectionError):
        unconnected._send(b"")
    unconnected.abort()
    link = Link(trust, Inside())
    link.wire.fresh()
    link.tls.write(REQUEST)
    assert b"canary" not in link.wire.sent
    assert link.wire.aborted


@pytest.mark.parametrize("problem", [ssl.SSLWantReadError(), ssl.SSLError("renegotiating")])
def test_what_cant_be_encrypted_now(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop, problem: ssl.SSLError
) -> None:
    """A server that renegotiates: nothing goes out, and the listener hears that it is gone."""

    class Busy(ssl.SSLObject):
        def write(self, _: Any) -> int:
            raise problem

    trust = Trust(server_context(authority.issue_cert(HOST)), client_context(authority), loop)
    trust.client.sslobject_class = Busy
    desk = Desk()
    link = Link(trust, desk.connection).stand()
    link.wire.fresh()
    desk.ask()
    assert link.wire.fresh() == b""
    assert link.wire.aborted
    assert desk.heard == []
    link.tls.connection_lost(None)
    assert [type(one) for one in desk.heard] == [Unanswered]
