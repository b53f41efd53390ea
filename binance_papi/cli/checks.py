"""The checks of ``doctor``: each is a value, and the next ones know what the earlier found."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import ssl as tls
import time
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from typing import Final

import msgspec
from yarl import URL

from binance_papi import (
    LIMITS,
    LIVE,
    AuthError,
    BannedError,
    ClockError,
    EndpointRetiredError,
    PapiClient,
    PapiError,
    RateLimit,
    RejectedError,
    ThrottledError,
    UsageError,
    __version__,
)
from binance_papi.cli.run import client

_PINGS: Final = 6
_BETWEEN_PINGS: Final = 0.17
"""Seconds: together the pings cross a second's boundary, where the ``Date`` header tells most."""

_PATIENCE: Final = 5.0
_WALL_CLOCK_OFF: Final = 1.0
_EXTRAS: Final = {
    "keys": ("cryptography",),
    "speed": ("httptools", "uvloop"),
    "cli": ("typer", "rich"),
    "shared": ("valkey",),
}
_ADVICE_KEYS: Final = (
    "set BINANCE_PAPI_API_KEY, and BINANCE_PAPI_API_SECRET or BINANCE_PAPI_PRIVATE_KEY (a PEM file)"
)
_ADVICE_TLS: Final = (
    "the certificate must be right; SSL_CERT_FILE names other roots if you need them"
)
_ADVICE_CLOCK: Final = (
    "set this machine's clock (NTP); this client signs with the exchange's time, others may not"
)


class Check(msgspec.Struct, frozen=True):
    """One finding.

    Args:
        name: What was looked at.
        ok: Whether it is well; ``None``: nothing to judge, or not looked at.
        told: What was found.
        advice: What to do; empty where nothing is to be done.
    """

    name: str
    ok: bool | None
    told: str
    advice: str = ""


async def examine(base_url: str | None) -> list[Check]:
    """Look at everything, from this machine outward.

    Args:
        base_url: Where the exchange is; ``None``: as the environment says.
    """
    keys = _keys()
    checks = [_versions(), _extras(), keys]
    url = base_url or os.environ.get("BINANCE_PAPI_BASE_URL") or LIVE
    try:
        # Without usable keys pings still work; what is made up here never signs anything.
        papi = client(base_url) if keys.ok else PapiClient("none", "none", base_url=url)
    except (UsageError, ValueError) as error:
        return [*checks, Check("base URL", False, str(error), "https, or http on loopback")]
    live = " (the live exchange)" if url.rstrip("/") == LIVE else ""
    checks.append(Check("base URL", True, url + live))
    checks += await _network(URL(url))
    if checks[-1].ok is False:
        return [*checks, Check("exchange", None, "not looked at: there is no connection")]
    async with papi:
        return [*checks, *await _exchange(papi, keyed=keys.ok is True)]


# ------------------------------------------------------------------ this machine


def _versions() -> Check:
    parts = [f"python {platform.python_version()}", f"binance_papi {__version__}"]
    parts += [f"{name} {version(name)}" for name in ("aiohttp", "msgspec")]
    return Check("versions", True, ", ".join(parts))


def _extras() -> Check:
    there = [extra for extra, names in _EXTRAS.items() if all(map(find_spec, names))]
    missing = [extra for extra in _EXTRAS if extra not in there]
    told = f"installed: {', '.join(there) or 'none'}"
    return Check("extras", None, told + (f"; not installed: {', '.join(missing)}" * bool(missing)))


def _keys() -> Check:
    try:
        client(LIVE)  # only made, never opened; with a URL that is right it is the keys that fail
    except UsageError as error:
        return Check("keys", False, str(error), _ADVICE_KEYS)
    kind = "private key" if "BINANCE_PAPI_PRIVATE_KEY" in os.environ else "HMAC secret"
    return Check("keys", True, f"API key and {kind} are in the environment and can be used")


# ------------------------------------------------------------------ the way there


async def _network(url: URL) -> list[Check]:
    """Name, then connection: the last one is not ok if there is no way."""
    host, port = url.host or "", url.port or 443
    loop = asyncio.get_running_loop()
    try:
        found = await asyncio.wait_for(
            loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), _PATIENCE
        )
    except (OSError, TimeoutError) as error:
        return [Check("DNS", False, f"{host}: {_reason(error)}", "see to DNS and the network")]
    addresses = len({address[4][0] for address in found})
    return [Check("DNS", True, f"addresses of {host}: {addresses}"), await _connect(url)]


async def _connect(url: URL) -> Check:
    context = None
    if url.scheme == "https":
        context = tls.create_default_context()
        context.minimum_version = tls.TLSVersion.TLSv1_2
    began = time.monotonic()
    try:
        _, writer = await asyncio.wait_for(
            asyncio.open_connection(url.host, url.port, ssl=context), _PATIENCE
        )
    except tls.SSLError as error:
        return Check("connection", False, f"TLS: {_reason(error)}", _ADVICE_TLS)
    except (OSError, TimeoutError) as error:
        advice = "is the exchange, or the simulator, there; does a firewall stand between"
        return Check("connection", False, _reason(error), advice)
    took = time.monotonic() - began
    session: tls.SSLObject | None = writer.get_extra_info("ssl_object")
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    how = "plain http on loopback" if session is None else f"{session.version()}, verified"
    return Check("connection", True, f"{how}, in {took * 1000:.0f} ms")


def _reason(error: OSError) -> str:
    """Why, without what the system's text may drag along."""
    if isinstance(error, tls.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, tls.SSLError):
        return (error.reason or "handshake failed").lower().replace("_", " ")
    if isinstance(error, TimeoutError):
        return f"no answer within {_PATIENCE:g} s"
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


# ------------------------------------------------------------------ the exchange


async def _exchange(papi: PapiClient, *, keyed: bool) -> list[Check]:
    checks = [_transport(papi)]
    try:
        for _ in range(_PINGS):
            await papi.general.test_connectivity()
            await asyncio.sleep(_BETWEEN_PINGS)
    except PapiError as error:
        return [*checks, Check("ping", False, str(error), _advice(error))]
    checks += [Check("ping", True, f"{_PINGS} answered"), _clock(papi)]
    if not keyed:
        told = "not looked at: they need keys"
        return [*checks, Check("key rights", None, told), Check("limits", None, told)]
    try:
        rules = await papi.general.query_user_rate_limit()
    except PapiError as error:
        return [*checks, Check("key rights", False, str(error), _advice(error))]
    told = "a signed read was accepted; whether the key may trade shows only an order"
    checks.append(Check("key rights", True, told))
    return [
        *checks,
        _limits([(rule.interval_num, rule.interval, rule.limit) for rule in rules]),
    ]


def _transport(papi: PapiClient) -> Check:
    if papi.transport == "lean":
        return Check("transport", True, "lean: the extra `speed` is installed")
    if find_spec("httptools") is not None:
        return Check("transport", True, f"{papi.transport}: it was asked for, or a proxy is set")
    return Check("transport", True, f"{papi.transport}: the extra `speed` is not installed")


def _clock(papi: PapiClient) -> Check:
    """How far the exchange's clock is ahead of this machine's wall clock."""
    low, high = papi.clock_offset
    apart = asyncio.get_running_loop().time() - time.time()
    low, high = low + apart, high + apart
    told = f"the exchange is {low:+.2f} to {high:+.2f} s ahead of this machine, as far as is known"
    if low > _WALL_CLOCK_OFF or high < -_WALL_CLOCK_OFF:
        return Check("clock", False, told, _ADVICE_CLOCK)
    return Check("clock", True, told)


def _limits(reported: list[tuple[int, str, int]]) -> Check:
    """Whether the client keeps the order limits that the exchange reports."""
    kept = [_words(r.interval_num, r.interval, r.limit) for r in LIMITS if _is_orders(r)]
    told = [_words(*rule) for rule in reported]
    if set(told) <= set(kept):
        return Check("limits", True, f"orders: {', '.join(told)}, as the client keeps them")
    found = f"the exchange reports {', '.join(told)}; the client keeps {', '.join(kept)}"
    return Check("limits", False, found, "pass limits= to PapiClient as the exchange reports them")


def _is_orders(rule: RateLimit) -> bool:
    return rule.rate_limit_type == "ORDERS"


def _words(number: int, interval: str, limit: int) -> str:
    return f"{limit} per {number} {interval.lower()}"


_ADVICES: Final[tuple[tuple[type[PapiError], str], ...]] = (
    (AuthError, "check key, secret, the key's IP list and its Portfolio Margin permission"),
    (ClockError, "set this machine's clock (NTP), then try again"),
    (EndpointRetiredError, "this base URL is no Portfolio Margin API"),
    (BannedError, "send nothing from this address until the ban is over"),
    (ThrottledError, "others at this address use the weight; wait for the next minute"),
    (RejectedError, "look the code up in the exchange's documentation"),
)


def _advice(error: PapiError) -> str:
    for kind, advice in _ADVICES:
        if isinstance(error, kind):
            return advice
    return "try again; if it stays so, look at the network"
