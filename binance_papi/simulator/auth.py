"""Who is asking: key, signature over the raw bytes, and age of the request."""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final, Protocol

from binance_papi.simulator import refusal
from binance_papi.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Request

DEFAULT_RECV_WINDOW: Final = 5_000
MAX_RECV_WINDOW: Final = 60_000
MAX_AHEAD: Final = 1_000
"""A timestamp this many ms ahead of the exchange is refused (General Info, Timing security)."""

_KEY_FORMAT: Final = re.compile(r"[A-Za-z0-9_-]{1,128}\Z")


class Verifier(Protocol):
    """Whether a signature fits a payload."""

    def __call__(self, payload: bytes, signature: str) -> bool:
        """Tell."""
        ...


class Keyring:
    """The API keys of the one account that the box holds.

    Args:
        api_key: The HMAC key's name.
        secret: The HMAC key's secret.
        public_keys: PEM public keys (Ed25519 or RSA) by the name of their API key.

    Raises:
        ImportError: If ``public_keys`` are given and ``cryptography`` is not there.
        ValueError: If a public key is neither Ed25519 nor RSA.
    """

    def __init__(
        self, api_key: str, secret: str, public_keys: Mapping[str, bytes] | None = None
    ) -> None:
        self._verifiers: dict[str, Verifier] = {api_key: _hmac_verifier(secret)}
        for name, pem in (public_keys or {}).items():
            self._verifiers[name] = _public_key_verifier(pem)

    def check(self, request: Request, params: Params, now_ms: int) -> None:
        """Let a signed request pass, or refuse it.

        Args:
            request: The request with its raw bytes.
            params: Its parameters.
            now_ms: Exchange time, ms.

        Raises:
            Refusal: 401 with -2014 or -2015 for the key, -1102 for a missing or malformed
                timestamp or signature, -1022 for a signature that does not fit, -1131 for a
                window above 60000 ms, -1021 for a timestamp outside the window.
        """
        verify = self.check_key(request)
        timestamp = params.integer("timestamp")
        if timestamp is None:
            raise refusal.missing("timestamp")
        if not verify(payload(request.query, request.body), params.need("signature")):
            raise Refusal(-1022, "Signature for this request is not valid.")
        check_age(timestamp, params.integer("recvWindow"), now_ms)

    def check_key(self, request: Request) -> Verifier:
        """Let a request with a key pass, or refuse it.

        Returns:
            What tells whether its signature fits.

        Raises:
            Refusal: 401 with -2014 or -2015.
        """
        if not request.api_key or _KEY_FORMAT.match(request.api_key) is None:
            raise Refusal(-2014, "API-key format invalid.", 401)
        verify = self._verifiers.get(request.api_key)
        if verify is None:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        return verify


def payload(query: bytes, body: bytes) -> bytes:
    """The text that was signed: query then body, nothing between, a last ``signature`` cut off.

    The signature has to stand last in its part; anywhere else it is part of the text and can
    not fit.
    """
    return _unsigned(query) + _unsigned(body)


def _unsigned(raw: bytes) -> bytes:
    head, _, last = raw.rpartition(b"&")
    return head if last.startswith(b"signature=") else raw


def check_age(timestamp: int, recv_window: int | None, now_ms: int) -> None:
    """Accept iff ``timestamp < now + 1000`` and ``now - timestamp <= recvWindow``.

    Raises:
        Refusal: -1131 or one of the two texts of -1021.
    """
    window = DEFAULT_RECV_WINDOW if recv_window is None else recv_window
    if window > MAX_RECV_WINDOW:
        raise Refusal(-1131, f"recvWindow must be less than {MAX_RECV_WINDOW}.")
    if timestamp >= now_ms + MAX_AHEAD:
        raise Refusal(
            -1021,
            f"Timestamp for this request was {MAX_AHEAD}ms ahead of the server's time.",
        )
    if now_ms - timestamp > window:
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")


def _hmac_verifier(secret: str) -> Verifier:
    key = secret.encode()

    def verify(payload: bytes, signature: str) -> bool:
        # The hexadecimal signature is not case-sensitive (General Info, HMAC keys).
        expected = hmac.digest(key, payload, "sha256").hex()
        return hmac.compare_digest(expected.encode(), signature.lower().encode())

    return verify


def _public_key_verifier(pem: bytes) -> Verifier:
    try:
        # Here, not above: `cryptography` is an extra, and HMAC keys do without it.
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
            Ed25519PublicKey,
        )
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
            load_pem_public_key,
        )
    except ImportError as error:
        raise ImportError("Ed25519 and RSA keys need: pip install 'binance-papi[keys]'") from error

    key = load_pem_public_key(pem)

    def check(signature: bytes, payload: bytes) -> None:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, payload)
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, payload, PKCS1v15(), SHA256())

    def verify(payload: bytes, signature: str) -> bool:
        try:
            check(b64decode(signature, validate=True), payload)
        except (InvalidSignature, ValueError):
            return False
        return True

    if not isinstance(key, Ed25519PublicKey | RSAPublicKey):
        raise ValueError("a public key is Ed25519 or RSA")  # noqa: TRY004 - the text is wrong
    return verify
