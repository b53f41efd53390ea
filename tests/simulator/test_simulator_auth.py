"""Who may ask: keys, signatures over raw bytes, timestamps."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from binance_papi.simulator.auth import payload
from tests.simulator.simulator_desk import (
    KEY,
    NOON,
    ORDER,
    SECRET,
    STOP_MARKET,
    Desk,
    hmac_hex,
    read,
    signed,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

MS = int(NOON * 1000)


@pytest.mark.parametrize(
    ("query", "body", "signature"),
    [
        (
            (
                "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
                "&recvWindow=5000&timestamp=1499827319559"
            ),
            "",
            "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71",
        ),
        (
            "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC",
            "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559",
            "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77",
        ),
        (
            (
                "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT"
                "&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
            ),
            "",
            "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3",
        ),
    ],
    ids=["query", "query then body without ampersand", "percent-encoded"],
)
def test_published_signatures_are_accepted(query: str, body: str, signature: str) -> None:
    """The vectors that the exchange publishes are valid over the raw bytes, in either case."""
    path = ORDER if body else "/papi/v1/rateLimit/order"
    for word in (signature, signature.upper()):
        desk = Desk()
        desk.now = 1499827319.559
        if body:
            reply = desk.raw(query, f"{body}&signature={word}", path=path)
            assert read(reply)["code"] == -1121  # signed well, and LTCBTC does not trade here
        else:
            assert desk.raw(f"{query}&signature={word}", path=path).status == 200


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        (b"a=1&signature=x", b"", b"a=1"),
        (b"signature=x", b"", b""),
        (b"a=1", b"b=2&signature=x", b"a=1b=2"),
        (b"a=1&signature=x", b"b=2", b"a=1b=2"),
        (b"signature=x&a=1", b"", b"signature=x&a=1"),
        (b"", b"", b""),
    ],
)
def test_payload(query: bytes, body: bytes, expected: bytes) -> None:
    """The signed text is query and body without a last signature."""
    assert expected == payload(query, body)


def _query(**fields: object) -> str:
    return "&".join(f"{name}={value}" for name, value in fields.items())


@pytest.mark.parametrize(
    ("query", "key", "status", "code", "msg"),
    [
        (signed(SECRET, NOON, {}), None, 401, -2014, "API-key format invalid."),
        (signed(SECRET, NOON, {}), "", 401, -2014, "API-key format invalid."),
        (signed(SECRET, NOON, {}), "no key!", 401, -2014, "API-key format invalid."),
        (
            signed(SECRET, NOON, {}),
            "x" * 64,
            401,
            -2015,
            "Invalid API-key, IP, or permissions for action.",
        ),
        (
            "",
            KEY,
            400,
            -1102,
            "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
        ),
        (
            "timestamp=noon&signature=00",
            KEY,
            400,
            -1102,
            "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.",
        ),
        (
            f"timestamp={MS}",
            KEY,
            400,
            -1102,
            "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.",
        ),
        (
            f"timestamp={MS}&signature=00",
            KEY,
            400,
            -1022,
            "Signature for this request is not valid.",
        ),
        (
            f"timestamp={MS}&signature=é",
            KEY,
            400,
            -1022,
            "Signature for this request is not valid.",
        ),
        (
            signed(SECRET, NOON, {"recvWindow": 60001}),
            KEY,
            400,
            -1131,
            "recvWindow must be less than 60000.",
        ),
        (
            signed(SECRET, NOON, {"recvWindow": "long"}),
            KEY,
            400,
            -1102,
            "Mandatory parameter 'recvWindow' was not sent, was empty/null, or malformed.",
        ),
        (
            signed(SECRET, NOON, {"a": 1}) + "&a=2",
            KEY,
            400,
            -1101,
            "Duplicate values for a parameter detected.",
        ),
        (signed(SECRET, NOON, {"a": ""}), KEY, 400, -1105, "Parameter 'a' was empty."),
    ],
)
def test_refusals(query: str, key: str | None, status: int, code: int, msg: str) -> None:
    """Each flaw has its status, its code and its text."""
    reply = Desk().raw(query, key=key)
    assert (status, {"code": code, "msg": msg}) == (reply.status, read(reply))


def test_bytes_that_are_no_text() -> None:
    """Bytes that are no UTF-8 are illegal characters."""
    assert read(Desk().raw("symbol=%FF"))["code"] == -1100


AHEAD = "Timestamp for this request was 1000ms ahead of the server's time."
OUTSIDE = "Timestamp for this request is outside of the recvWindow."


@pytest.mark.parametrize(
    ("offset", "window", "msg"),
    [
        (0, None, None),
        (999, None, None),
        (1000, None, AHEAD),
        (-5000, None, None),
        (-5001, None, OUTSIDE),
        (-100, 100, None),
        (-101, 100, OUTSIDE),
        (-60000, 60000, None),
        (-60001, 60000, OUTSIDE),
    ],
)
def test_age(offset: int, window: int | None, msg: str | None) -> None:
    """A timestamp is accepted iff it is less than 1000 ms ahead and inside the window."""
    fields = {"timestamp": MS + offset} | ({} if window is None else {"recvWindow": window})
    reply = Desk().raw(signed(SECRET, NOON, fields))
    assert (None if msg is None else {"code": -1021, "msg": msg}) == (
        None if reply.status == 200 else read(reply)
    )


def test_signature_is_over_what_was_sent() -> None:
    """The same text in another encoding does not fit its signature."""
    good = "symbol=%E6%B5%8B%E8%AF%95USDT&timestamp=" + str(MS)
    bad = "symbol=%e6%b5%8b%e8%af%95USDT&timestamp=" + str(MS)
    signature = hmac_hex(SECRET, good)
    assert Desk().raw(f"{good}&signature={signature}").status == 200
    assert read(Desk().raw(f"{bad}&signature={signature}"))["code"] == -1022


def test_query_counts_where_body_says_the_same_name() -> None:
    """A name in both query and body is no repetition; the query's value counts."""
    body = "&".join(f"{name}={value}" for name, value in STOP_MARKET.items())
    query = f"symbol=ETHUSDT&timestamp={MS}"
    desk = Desk()
    reply = desk.raw(query, f"{body}&signature={hmac_hex(SECRET, query + body)}", path=ORDER)
    assert read(reply)["symbol"] == "ETHUSDT"


def _pem(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_public_keys() -> None:
    """Ed25519 and RSA keys open the same account, each with its own signature."""
    ed = ed25519.Ed25519PrivateKey.generate()
    rs = rsa.generate_private_key(65537, 2048)
    desk = Desk(public_keys={"ed": _pem(ed.public_key()), "rsa": _pem(rs.public_key())})
    text = f"timestamp={MS}"
    by_ed = quote(b64encode(ed.sign(text.encode())), safe="")
    by_rsa = quote(b64encode(rs.sign(text.encode(), padding.PKCS1v15(), SHA256())), safe="")
    table = [("ed", by_ed, 200), ("rsa", by_rsa, 200), ("ed", by_rsa, 400), ("rsa", by_ed, 400)]
    for key, signature, status in [*table, ("ed", "AAAA", 400), ("ed", "%21", 400)]:
        assert status == desk.raw(f"{text}&signature={signature}", key=key).status


def test_other_kinds_of_public_keys_are_refused() -> None:
    """A key that the exchange does not know is an error at once."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(ValueError, match="Ed25519 or RSA"):
        Desk(public_keys={"ec": _pem(key)})


def test_ping_needs_no_key() -> None:
    """Ping asks for nothing."""
    reply = Desk().raw("", path="/papi/v1/ping", key=None)
    assert (reply.status, read(reply)) == (200, {})
