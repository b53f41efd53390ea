"""The secret: the only room that knows it.

HMAC-SHA256 with a shared secret, RSA (PKCS#1 v1.5, SHA-256) or Ed25519 with a private key. The
secret lives in a closure, so that no attribute, repr, copy or pickle can show it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final, NoReturn, final
from urllib.parse import quote

from binance_papi.errors import UsageError

_BLOCK: Final = 64
"""Bytes that SHA-256 takes at a time."""


@final
class Signer:
    """Signs what is sent. Make one with `Signer.hmac` or `Signer.from_pem`.

    What signs elsewhere (a hardware module, say) is handed to ``Signer(kind, sign)``. It shows
    nothing of its secret and can't be copied or pickled.

    Attributes:
        sign: Takes a payload, ``bytes``; gives its signature, ready to stand in a query
            (percent-encoded).
    """

    __slots__ = ("_kind", "sign")

    def __init__(self, kind: str, sign: Callable[[bytes], str]) -> None:
        self._kind = kind
        self.sign = sign

    @classmethod
    def hmac(cls, secret: str) -> Signer:
        """Sign with the secret that belongs to an HMAC key.

        Args:
            secret: The secret, as the exchange showed it.

        Raises:
            ValueError: If it is empty or has characters no secret has.
        """
        usable = _is_text(secret) and secret.isascii() and secret.strip() == secret != ""
        sign = _hmac_signature(secret.encode()) if usable else None
        del secret  # a traceback that shows this frame must not show it
        if sign is None:
            raise ValueError("the secret is empty, or holds blanks or characters no secret has")
        return cls("HMAC-SHA256", sign)

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | str | None = None) -> Signer:
        """Sign with a private key; the key itself tells whether it is Ed25519 or RSA.

        Args:
            pem: The private key in PEM form (PKCS#8 or traditional).
            password: For an encrypted key; ``None`` for a plain one.

        Raises:
            ValueError: If it is no such key, or the password does not fit.
            UsageError: If the extra ``keys`` is not installed.
        """
        key, problem = _load_pem(pem, password)
        del pem, password
        if isinstance(problem, UsageError):
            raise problem
        if problem is not None or key is None:
            raise ValueError(str(problem))
        return cls(*key)

    @property
    def kind(self) -> str:
        """``"HMAC-SHA256"``, ``"RSA"`` or ``"Ed25519"``."""
        return self._kind

    def __repr__(self) -> str:
        return f"<Signer {self._kind}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Signer holds a secret, so it can't be copied or pickled")

    __copy__ = __reduce__

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


class ApiKey:
    """The API key; shows nothing of itself unless asked by `reveal`."""

    __slots__ = ("_reveal",)

    _what = "API key"

    def __init__(self, key: str) -> None:
        usable = _is_text(key) and key.isascii() and key.isprintable() and " " not in key
        reveal = _keep(key) if usable and key else None
        del key  # a traceback that shows this frame must not show a key that is merely mistyped
        if reveal is None:
            raise ValueError(f"the {self._what} is empty, or holds blanks or characters no key has")
        self._reveal = reveal

    def reveal(self) -> str:
        """The key itself, for the header that carries it."""
        return self._reveal()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"the {self._what} can't be copied or pickled")

    __copy__ = __reduce__

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()


class ListenKey(ApiKey):
    """The key of a user data stream: whoever has it can listen, so it shows nothing of itself.

    Two are equal if they are the same key. `reveal` gives the text.
    """

    __slots__ = ()

    _what = "listenKey"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ListenKey):
            return NotImplemented
        return hmac.compare_digest(self.reveal(), other.reveal())

    def __hash__(self) -> int:
        return hash(self.reveal())


def _is_text(value: object) -> bool:
    """Bytes have no `encode`: the error about that would come from a frame that shows them."""
    return isinstance(value, str)


def _keep(text: str) -> Callable[[], str]:
    return lambda: text


def _hmac_signature(key: bytes) -> Callable[[bytes], str]:
    """HMAC-SHA256 as it is defined (RFC 2104): a hash of a hash, each begun with the key.

    Both beginnings are hashed once. The standard library's objects do the same in Python, at twice
    the cost; the tests compare with them.
    """
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def sign(payload: bytes) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(payload)
        second.update(first.digest())
        return second.hexdigest()

    return sign


def _base64_signature(raw: Callable[[bytes], bytes]) -> Callable[[bytes], str]:
    def sign(payload: bytes) -> str:
        return quote(base64.b64encode(raw(payload)).decode("ascii"), safe="")

    return sign


_Loaded = tuple[str, Callable[[bytes], str]]


def _load_pem(pem: bytes, password: bytes | str | None) -> tuple[_Loaded | None, Exception | None]:
    """Load a key, with every failure as a value: an exception raised here would show the key."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import (  # noqa: PLC0415
            ed25519,
            padding,
            rsa,
        )
    except ImportError:
        return None, UsageError("RSA and Ed25519 keys need: pip install 'binance-papi[keys]'")
    try:
        secret = password.encode() if isinstance(password, str) else password
        key: Any = serialization.load_pem_private_key(pem, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None, ValueError("no private key in PEM form, or the password does not fit it")
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return ("Ed25519", _base64_signature(key.sign)), None
    if isinstance(key, rsa.RSAPrivateKey):
        scheme, digest = padding.PKCS1v15(), hashes.SHA256()
        return ("RSA", _base64_signature(lambda payload: key.sign(payload, scheme, digest))), None
    return None, ValueError("the key is neither Ed25519 nor RSA")
