"""What a client is told when it is made, checked before anything is opened."""

from __future__ import annotations

import ipaddress
import ssl as tls
from importlib.util import find_spec
from math import inf
from typing import Final
from urllib.parse import urlsplit

import msgspec

from binance_papi.errors import UsageError
from binance_papi.terms import RateLimit

MAX_RECV_WINDOW: Final = 60_000
"""The longest receive window the exchange takes, in milliseconds."""

LIVE_HOST: Final = "papi.binance.com"
"""Host of the live exchange."""

LIVE_STREAM: Final = "wss://fstream.binance.com/pm"
"""Where the live exchange has its user data streams."""

TRANSPORTS: Final = ("auto", "aiohttp", "lean")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a client; what each means stands at `PapiClient`.

    Raises:
        ValueError: If one can't be right.
    """

    base_url: str
    limits: tuple[RateLimit, ...]
    recv_window: int
    connections: int
    max_wait: float | None
    source_addresses: tuple[str | None, ...]
    proxy: str | None
    transport: str
    ssl: tls.SSLContext | None
    timeout: float
    stream_url: str | None = None

    def __repr__(self) -> str:
        return "<Settings>"  # a proxy's URL may hold a password

    def __post_init__(self) -> None:
        _check_numbers(self)
        if not 1 <= self.recv_window <= MAX_RECV_WINDOW:
            raise ValueError(f"recv_window is 1 to {MAX_RECV_WINDOW} milliseconds")
        if self.connections < 1 or not 0 < self.timeout < inf:
            raise ValueError("connections is at least 1, timeout above 0")
        if self.max_wait is not None and not self.max_wait >= 0:
            raise ValueError("max_wait is not negative")
        addresses = self.source_addresses
        if not addresses or len(set(addresses)) != len(addresses):
            raise ValueError("source_addresses holds at least one address, and each once")
        if self.transport not in TRANSPORTS:
            raise ValueError(f"transport {self.transport!r} is none of {', '.join(TRANSPORTS)}")
        if self.transport == "lean" and self.proxy is not None:
            raise ValueError("the lean transport knows no proxy; use aiohttp")
        if self.transport == "lean" and not _has_parser():
            raise UsageError("the lean transport needs the extra `speed`: binance-papi[speed]")
        _check_base(self.base_url, "base_url", "http")
        _check_base(self.stream_base, "stream_url", "ws")
        if self.ssl is not None:
            _check_context(self.ssl)

    @property
    def carrier(self) -> str:
        """``"lean"`` or ``"aiohttp"``: what ``"auto"`` stands for here."""
        if self.transport != "auto":
            return self.transport
        return "lean" if self.proxy is None and _has_parser() else "aiohttp"

    @property
    def stream_base(self) -> str:
        """Where user data streams are: on the live exchange, a host of their own."""
        if self.stream_url is not None:
            return self.stream_url.rstrip("/")
        url = urlsplit(self.base_url)
        if url.hostname == LIVE_HOST:
            return LIVE_STREAM
        scheme = "wss" if url.scheme == "https" else "ws"
        return f"{scheme}://{url.netloc}{url.path.rstrip('/')}/pm"


def _has_parser() -> bool:
    """Whether the extra ``speed`` is installed."""
    return find_spec("httptools") is not None


def _check_numbers(settings: Settings) -> None:
    for name in ("recv_window", "connections"):
        if type(getattr(settings, name)) is not int:
            raise ValueError(f"{name} is a whole number")
    if not all(type(limit) is RateLimit for limit in settings.limits):
        raise ValueError("limits are RateLimit values")


def _check_context(context: tls.SSLContext) -> None:
    if context.verify_mode is not tls.CERT_REQUIRED or not context.check_hostname:
        raise ValueError("the SSLContext does not verify the exchange's certificate and name")
    if context.minimum_version < tls.TLSVersion.TLSv1_2:
        raise ValueError("the SSLContext allows TLS below 1.2")


def _check_base(base: str, name: str, plain: str) -> None:
    """Check a URL; ``plain`` is its scheme without TLS."""
    if not base.isprintable() or " " in base:
        raise ValueError(f"{name} holds blanks or control characters")
    url = urlsplit(base)
    if url.scheme not in (plain, f"{plain}s") or not url.hostname:
        raise ValueError(f"{name} is no {plain}(s) URL")
    if "@" in url.netloc or url.query or url.fragment:
        raise ValueError(f"{name} holds more than scheme, host, port and path")
    if url.scheme == plain and not _is_loopback(url.hostname):
        raise ValueError(f"{name} is {plain}: the key would travel in the open; use {plain}s")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
