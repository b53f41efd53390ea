from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest
import trustme

from binance_papi import RateLimit
from binance_papi.cli import checks
from tests.cli.cli_stage import KEY, SECRET, read, run, stage


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pings follow at once."""
    monkeypatch.setattr(checks, "_BETWEEN_PINGS", 0.0)


def found(told: Any) -> dict[str, bool | None]:
    """The checks by name."""
    return {check["name"]: check["ok"] for check in told["checks"]}


def test_all_is_well() -> None:
    """Against a good exchange every check is well and the exit code 0."""
    with stage() as exchange:
        result = run("doctor", at=exchange)
    assert result.exit_code == 0, result.output
    assert "All is well." in result.stdout
    assert "since 2026-04-28" in result.stdout


def test_without_keys() -> None:
    """Without keys the rest is still looked at."""
    with stage() as exchange:
        result = run("doctor", "--json", env={"BINANCE_PAPI_BASE_URL": exchange.base_url})
    assert result.exit_code == 5
    checked = found(read(result))
    assert checked["keys"] is False
    assert checked["ping"] is True
    assert checked["key rights"] is None


def test_a_wrong_secret() -> None:
    """A signature that the exchange refuses is a finding with advice."""
    with stage() as exchange:
        wrong = {"BINANCE_PAPI_API_SECRET": "CanaryWrong"}
        result = run("doctor", at=exchange, env=wrong)
    assert result.exit_code == 5
    assert "-1022" in result.stdout
    assert "-> check key, secret" in result.stdout


def test_other_limits() -> None:
    """Limits that differ from the client's are a finding."""
    limits = [RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000), RateLimit("ORDERS", "MINUTE", 1, 300)]
    with stage(limits=limits) as exchange:
        result = run("doctor", "--json", at=exchange)
    assert result.exit_code == 5
    assert found(read(result))["limits"] is False


def test_a_clock_that_is_off() -> None:
    """A clock that is certainly more than a second off is a finding."""
    with stage(clock_skew=30.0) as exchange:
        result = run("doctor", "--json", at=exchange)
    assert result.exit_code == 5
    checked = found(read(result))
    assert checked["clock"] is False
    assert checked["key rights"] is True


def test_nobody_there() -> None:
    """Without a connection the exchange is not looked at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        result = run("doctor", "--json", "--base-url", base)
    assert result.exit_code == 5
    checked = found(read(result))
    assert checked["connection"] is False
    assert checked["exchange"] is None


def test_a_base_url_that_is_wrong() -> None:
    """A base URL that can't be right ends the checks."""
    result = run("doctor", "--json", "--base-url", "http://example.com")
    assert result.exit_code == 5
    assert found(read(result))["base URL"] is False


def test_a_certificate_that_nobody_vouches_for() -> None:
    """A certificate of an unknown authority is a finding; the key is never sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    env = {"BINANCE_PAPI_API_KEY": KEY, "BINANCE_PAPI_API_SECRET": SECRET}
    with stage(ssl=context) as exchange:
        result = run("doctor", "--json", "--base-url", exchange.base_url, env=env)
        assert len(exchange.venue.wire) == 0
    assert result.exit_code == 5
    connection = read(result)["checks"][-2]
    assert connection["name"] == "connection"
    assert connection["told"].startswith("TLS: ")
