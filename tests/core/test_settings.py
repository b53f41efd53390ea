"""Settings: what is refused before anything is opened."""

from __future__ import annotations

import ssl
from importlib.util import find_spec
from typing import Any

import pytest

from binance_papi.core import settings
from binance_papi.core.settings import Settings
from binance_papi.errors import UsageError
from binance_papi.terms import RateLimit

GOOD: dict[str, Any] = {
    "base_url": "https://papi.binance.com",
    "limits": (RateLimit("ORDERS", "MINUTE", 1, 1200),),
    "recv_window": 5000,
    "connections": 64,
    "max_wait": None,
    "source_addresses": (None,),
    "proxy": None,
    "transport": "auto",
    "ssl": None,
    "timeout": 10.0,
}


@pytest.mark.parametrize(
    "base_url",
    [
        "http://papi.binance.com",
        "http://10.0.0.1:8080",
        "ftp://127.0.0.1",
        "papi.binance.com",
        "https://",
        "https://user:pass@papi.binance.com",
        "https://papi.binance.com/?x=1",
        "https://papi.binance.com/#x",
    ],
)
def test_refuses_a_base_url_that_would_show_the_key(base_url: str) -> None:
    """Plain http goes to loopback only, and a base URL is no more than that."""
    with pytest.raises(ValueError, match="base_url"):
        Settings(**GOOD | {"base_url": base_url})


@pytest.mark.parametrize("host", ["127.0.0.1:80", "127.9.9.9", "[::1]:81", "localhost:1"])
def test_takes_plain_http_on_loopback(host: str) -> None:
    """Loopback may be plain."""
    assert Settings(**GOOD | {"base_url": f"http://{host}"}).base_url == f"http://{host}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recv_window", 0),
        ("recv_window", 1.5),
        ("connections", True),
        ("limits", (1,)),
        ("timeout", float("nan")),
        ("base_url", "https://a b"),
        ("base_url", "https://a.b\r\nX"),
        ("recv_window", 60_001),
        ("connections", 0),
        ("timeout", 0),
        ("max_wait", -0.1),
        ("source_addresses", ()),
        ("source_addresses", ("127.0.0.1", "127.0.0.1")),
        ("transport", "carrier pigeon"),
    ],
)
def test_refuses_what_can_not_be_right(name: str, value: object) -> None:
    """Each refusal names its setting."""
    with pytest.raises(ValueError, match=name):
        Settings(**GOOD | {name: value})


@pytest.mark.parametrize(("name", "value"), [("recv_window", 60_000), ("max_wait", 0)])
def test_takes_the_bounds(name: str, value: object) -> None:
    """The bounds themselves are allowed."""
    assert getattr(Settings(**GOOD | {name: value}), name) == value


def test_refuses_a_context_that_does_not_verify() -> None:
    """Verification can't be turned off, nor may TLS be older than 1.2."""
    off = ssl.create_default_context()
    off.check_hostname = False
    with pytest.raises(ValueError, match="verify"):
        Settings(**GOOD | {"ssl": off})
    off.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="verify"):
        Settings(**GOOD | {"ssl": off})
    old = ssl.create_default_context()
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.raises(ValueError, match=r"1\.2"):
        Settings(**GOOD | {"ssl": old})
    assert Settings(**GOOD | {"ssl": ssl.create_default_context()}).ssl is not None


def test_shows_no_proxy_password() -> None:
    """Settings print nothing of themselves."""
    assert repr(Settings(**GOOD | {"proxy": "http://user:canary@127.0.0.1"})) == "<Settings>"


@pytest.mark.parametrize(
    ("transport", "proxy", "parser", "carrier"),
    [
        ("auto", None, True, "lean"),
        ("auto", None, False, "aiohttp"),
        ("auto", "http://127.0.0.1:1", True, "aiohttp"),
        ("aiohttp", None, True, "aiohttp"),
        ("lean", None, True, "lean"),
    ],
)
def test_what_auto_stands_for(
    monkeypatch: pytest.MonkeyPatch,
    transport: str,
    proxy: str | None,
    *,
    parser: bool,
    carrier: str,
) -> None:
    """Lean where its extra is installed and no proxy is set."""
    monkeypatch.setattr(settings, "_has_parser", lambda: parser)
    told = Settings(**GOOD | {"transport": transport, "proxy": proxy})
    assert told.carrier == carrier


def test_the_lean_transport_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, and its extra by name."""
    with pytest.raises(ValueError, match="no proxy"):
        Settings(**GOOD | {"transport": "lean", "proxy": "http://127.0.0.1:1"})
    monkeypatch.setattr(settings, "_has_parser", lambda: False)
    with pytest.raises(UsageError, match=r"binance-papi\[speed\]"):
        Settings(**GOOD | {"transport": "lean"})


def test_the_parser_is_looked_for() -> None:
    """By the name of its package."""
    assert settings._has_parser() is (find_spec("httptools") is not None)


@pytest.mark.parametrize(
    ("base_url", "stream_url", "expected"),
    [
        ("https://papi.binance.com", None, "wss://fstream.binance.com/pm"),
        ("https://papi.binance.com/", None, "wss://fstream.binance.com/pm"),
        ("https://example.org:8443/x/", None, "wss://example.org:8443/x/pm"),
        ("http://127.0.0.1:80", None, "ws://127.0.0.1:80/pm"),
        ("https://papi.binance.com", "wss://example.org/pm/", "wss://example.org/pm"),
        ("https://papi.binance.com", "ws://[::1]:81", "ws://[::1]:81"),
    ],
)
def test_where_streams_are(base_url: str, stream_url: str | None, expected: str) -> None:
    """On the live exchange a host of their own; elsewhere beside the base URL, if nobody says."""
    settings = Settings(**GOOD | {"base_url": base_url, "stream_url": stream_url})
    assert settings.stream_base == expected


@pytest.mark.parametrize(
    "stream_url",
    ["ws://fstream.binance.com/pm", "https://x.org", "wss://", "wss://a:b@x.org", "wss://x.org?y"],
)
def test_refuses_a_stream_url_that_would_show_the_key(stream_url: str) -> None:
    """The listenKey stands in it: plain ws goes to loopback only."""
    with pytest.raises(ValueError, match="stream_url"):
        Settings(**GOOD | {"stream_url": stream_url})
