"""What the environment says: the keys, and where the exchange is."""

from __future__ import annotations

import os
from pathlib import Path

from binance_papi.core.signing import Signer
from binance_papi.errors import UsageError


def api_key() -> str:
    """The API key.

    Raises:
        UsageError: If the variable is missing.
    """
    if "BINANCE_PAPI_API_KEY" not in os.environ:
        raise UsageError("BINANCE_PAPI_API_KEY is not set")
    return os.environ["BINANCE_PAPI_API_KEY"]


def base_url(usual: str) -> str:
    """Where the exchange is; ``usual`` where nothing is said."""
    return os.environ.get("BINANCE_PAPI_BASE_URL", usual)


def signer() -> Signer:
    """What signs, made of the HMAC secret or of a PEM file.

    Raises:
        UsageError: If the variable is missing, or is not the path of a readable file.
        ValueError: If its value can't be right.
    """
    path = os.environ.get("BINANCE_PAPI_PRIVATE_KEY")
    if path is None:
        if "BINANCE_PAPI_API_SECRET" not in os.environ:
            raise UsageError("neither BINANCE_PAPI_API_SECRET nor BINANCE_PAPI_PRIVATE_KEY is set")
        return Signer.hmac(os.environ["BINANCE_PAPI_API_SECRET"])
    try:
        pem = Path(path).read_bytes()
    except (OSError, ValueError):
        pem = b""
    if not pem:
        # Neither the value nor the chain: it may be the key itself, pasted where its path belongs.
        del path
        raise UsageError("BINANCE_PAPI_PRIVATE_KEY is not the path of a readable file")
    return Signer.from_pem(pem, os.environ.get("BINANCE_PAPI_PRIVATE_KEY_PASSWORD"))
