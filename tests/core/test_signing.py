"""Signatures fit the published vectors, and nothing ever shows the secret."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from binance_papi.core.signing import ApiKey, ListenKey, Signer
from binance_papi.errors import UsageError

HERE = Path(__file__).parent
VECTORS: list[dict[str, str]] = json.loads((HERE / "signing_vectors.json").read_text())
ED25519 = (HERE / "ed25519_test_key.pem").read_bytes()
RSA = (HERE / "rsa_test_key.pem").read_bytes()
CANARY = "CanarySecret0123456789"


def locked(pem: bytes, password: bytes) -> bytes:
    """The same key, encrypted."""
    key = serialization.load_pem_private_key(pem, None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_published_vectors(vector: dict[str, str]) -> None:
    """HMAC signatures are those that the exchange publishes (or that its samples give)."""
    signer = Signer.hmac(vector["secret"])
    assert vector["signature"] == signer.sign(vector["payload"].encode())
    assert vector["signature"] == signer.sign(vector["payload"].encode())
    assert signer.kind == "HMAC-SHA256"


def test_ed25519() -> None:
    """An Ed25519 signature verifies, and is percent-encoded base64."""
    signer = Signer.from_pem(ED25519)
    key = serialization.load_pem_private_key(ED25519, None)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    signature = signer.sign(b"a=1")
    key.public_key().verify(base64.b64decode(unquote(signature)), b"a=1")
    assert signer.kind == "Ed25519"
    assert not set(signature) & set("+/=")


def test_rsa() -> None:
    """An RSA signature verifies: PKCS#1 v1.5 with SHA-256."""
    signer = Signer.from_pem(RSA)
    key = serialization.load_pem_private_key(RSA, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = base64.b64decode(unquote(signer.sign(b"a=1")), validate=True)
    key.public_key().verify(signature, b"a=1", padding.PKCS1v15(), hashes.SHA256())
    assert signer.kind == "RSA"


@pytest.mark.parametrize("password", [b"open", "open"])
def test_locked_key(password: bytes | str) -> None:
    """An encrypted key opens with its password, text or bytes."""
    opened = Signer.from_pem(locked(ED25519, b"open"), password)
    assert Signer.from_pem(ED25519).sign(b"x") == opened.sign(b"x")


def other_key() -> bytes:
    """A key of a kind that the exchange does not take."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


UNFIT = "no private key in PEM form, or the password does not fit it"
BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "no pem": (lambda: Signer.from_pem(CANARY.encode()), UNFIT),
    "empty pem": (lambda: Signer.from_pem(b""), UNFIT),
    "pem as text": (lambda: Signer.from_pem(CANARY), UNFIT),  # type: ignore[arg-type]
    "needless password": (lambda: Signer.from_pem(ED25519, CANARY), UNFIT),
    "missing password": (lambda: Signer.from_pem(locked(ED25519, b"open")), UNFIT),
    "wrong password": (lambda: Signer.from_pem(locked(ED25519, b"open"), CANARY), UNFIT),
    "broken password": (lambda: Signer.from_pem(ED25519, CANARY + "\udcff"), UNFIT),
    "other kind": (lambda: Signer.from_pem(other_key()), "the key is neither Ed25519 nor RSA"),
    "empty secret": (lambda: Signer.hmac(""), "the secret is empty"),
    "blank": (lambda: Signer.hmac(CANARY + " "), "the secret is empty, or holds blanks"),
    "letters": (lambda: Signer.hmac(CANARY + "é"), "the secret is empty, or holds blanks"),
    "bytes": (lambda: Signer.hmac(CANARY.encode()), "the secret is"),  # type: ignore[arg-type]
    "empty key": (lambda: ApiKey(""), "the API key is empty"),
    "line break": (lambda: ApiKey(CANARY + "\r\n"), "the API key is empty, or holds blanks"),
    "key with blank": (lambda: ApiKey(CANARY + " x"), "the API key is empty, or holds blanks"),
    "key in bytes": (lambda: ApiKey(CANARY.encode()), "the API key is"),  # type: ignore[arg-type]
}


def shown(error: BaseException) -> str:
    """All that the most talkative traceback shows of our own frames, and the error itself."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in told.stack if "binance_papi" in Path(frame.filename).parts]
    assert frames
    assert told.__cause__ is None
    assert told.__context__ is None
    return "\n".join([str(error), repr(error), *(str(frame.locals) for frame in frames)])


@pytest.mark.parametrize("name", BAD)
def test_mistakes_show_nothing(name: str) -> None:
    """A secret that is merely mistyped is not shown either, even with the locals of each frame."""
    make, problem = BAD[name]
    with pytest.raises(ValueError, match=problem) as caught:
        make()
    assert CANARY[:8] not in shown(caught.value)
    assert "PRIVATE KEY" not in shown(caught.value)


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `cryptography` the error says what to install."""
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(UsageError, match=r"pip install 'binance-papi\[keys\]'") as caught:
        Signer.from_pem(CANARY.encode(), CANARY)
    assert CANARY[:8] not in shown(caught.value)


HOLDERS: list[Any] = [
    Signer.hmac(CANARY),
    Signer.from_pem(ED25519),
    Signer.from_pem(RSA),
    ApiKey(CANARY),
    ListenKey(CANARY),
]


@pytest.mark.parametrize("holder", HOLDERS, ids=repr)
@pytest.mark.parametrize("show", [repr, str, format, dir, "{!r:>40}".format, "%s".__mod__])
def test_views_show_nothing(holder: Any, show: Callable[[Any], object]) -> None:
    """No way of printing a holder prints what it holds."""
    text = str(show(holder))
    assert CANARY[:8] not in text
    assert "PRIVATE" not in text


@pytest.mark.parametrize("holder", HOLDERS, ids=repr)
@pytest.mark.parametrize(
    "duplicate",
    [
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        *(lambda x, p=p: pickle.dumps(x, p) for p in range(6)),
    ],
)
def test_copies_are_refused(holder: Any, duplicate: Callable[[Any], object]) -> None:
    """A secret stays where it is."""
    with pytest.raises(TypeError, match="can't be copied or pickled") as caught:
        duplicate(holder)
    assert CANARY[:8] not in shown(caught.value)


@pytest.mark.parametrize("holder", HOLDERS, ids=repr)
def test_attributes_show_nothing(holder: Any) -> None:
    """There is no dictionary to look into, and no slot holds the secret itself."""
    with pytest.raises(TypeError):
        vars(holder)
    slots = {name: getattr(holder, name) for name in type(holder).__slots__}
    assert CANARY[:8] not in str(slots)
    with pytest.raises(AttributeError):
        holder.secret = 1


def test_key_is_revealed_when_asked() -> None:
    """The header needs it."""
    assert ApiKey(CANARY).reveal() == CANARY


def test_listen_keys_compare_by_their_text() -> None:
    """Two are the same key, or not; neither is an API key or a text."""
    assert ListenKey(CANARY) == ListenKey(CANARY)
    assert hash(ListenKey(CANARY)) == hash(ListenKey(CANARY))
    assert ListenKey(CANARY) != ListenKey("other")
    assert ListenKey(CANARY) != ApiKey(CANARY)
    with pytest.raises(ValueError, match="the listenKey is empty"):
        ListenKey("")
