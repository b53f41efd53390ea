from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from typing import Any

import pytest

from binance_papi.cli.simulate import read_fault, read_price
from binance_papi.simulator import Fault, FaultKind, nasty
from tests.cli.cli_stage import KEY, NAMES, SECRET, assert_clean, run, spawn


def started(*arguments: str, env: Mapping[str, str] = {}) -> tuple[subprocess.Popen[str], Any]:
    """A running simulator and its first line of JSON."""
    process = spawn("simulate", "--port", "0", "--json", *arguments, env=env)
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str]:
    """Stop it by a signal; it exits 0."""
    process.send_signal(number)
    out, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    return out, err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    """It makes keys, serves, and tells on both signals what it saw."""
    process, first = started("--orders", "3", "--symbol", "NEWUSDT")
    variables = (first["api_key"], first["secret"])
    env = dict(zip(NAMES[:2], variables, strict=True))
    result = run("open-orders", "NEWUSDT", "--base-url", first["base_url"], env=env)
    out, err = ended(process, number)
    assert result.exit_code == 0, result.output
    assert "3 open UM conditional orders of NEWUSDT" in result.stdout
    last = json.loads(out)
    assert last == {
        "event": "stopped",
        "requests": 1,
        "answers_429": 0,
        "answers_418": 0,
        "bans": 0,
        "peak": 1 / 6000,
        "open_orders": 3,
    }
    assert err == ""


def test_keys_of_the_environment_are_not_shown() -> None:
    """Keys of the environment are accepted and not repeated."""
    env = dict(zip(NAMES[:2], (KEY, SECRET), strict=True))
    process, first = started("--clock-skew", "0.1", "--latency-high", "0.01", env=env)
    assert first["keys"] == "environment"
    assert first["api_key"] is first["secret"] is None
    result = run("usage", "--base-url", first["base_url"], env=env)
    ended(process, signal.SIGTERM)
    assert result.exit_code == 0, result.output


def test_lines_to_paste() -> None:
    """For a person it prints what to paste into the client's shell, and a summary."""
    process = spawn("simulate", "--port", "0")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(7)]
    out, _ = ended(process, signal.SIGINT)
    assert [line.split("=")[0] for line in lines if "=" in line] == [
        "export BINANCE_PAPI_BASE_URL",
        "export BINANCE_PAPI_API_KEY",
        "export BINANCE_PAPI_API_SECRET",
    ]
    assert "0 requests" in out
    assert_clean("".join(lines) + out)


def test_orders_of_an_era() -> None:
    """The orders that are there from the start are of the family that the era serves."""
    process, first = started("--era", "algo", "--orders", "2", "--replica-lag", "0.1")
    out, _ = ended(process, signal.SIGTERM)
    assert (first["era"], first["open_orders"]) == ("algo", 2)
    assert json.loads(out)["open_orders"] == 2


def test_silent_connections_end_with_it() -> None:
    """Connections that wait for a reply that never comes leave no word behind."""
    process, first = started("--fault", "no_reply")
    port = int(first["base_url"].rpartition(":")[2])
    waiting = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    for connection in waiting:
        connection.sendall(b"GET /papi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n")
    waiting[0].sendall(b"GET /pm/ws/x HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(0.2)
    out, err = ended(process, signal.SIGTERM)
    for connection in waiting:
        connection.close()
    assert (json.loads(out)["requests"], err) == (3, "")


def test_a_port_that_is_taken() -> None:
    """A port that is taken is one line and exit 1."""
    process, first = started()
    port = first["base_url"].rpartition(":")[2]
    result = run("simulate", "--port", port)
    ended(process, signal.SIGTERM)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: can't listen there: ")


def test_prices_as_typed() -> None:
    """A price is a symbol, an equals sign and a number."""
    assert read_price("BTCUSDT=65000.5") == ("BTCUSDT", "65000.5")
    for wrong in ("BTCUSDT", "=1", "BTCUSDT=", "BTCUSDT=-1", "BTCUSDT=1e5"):
        with pytest.raises(ValueError, match="is not like"):
            read_price(wrong)


def test_faults_as_typed() -> None:
    """A fault is its kind, and a probability behind a colon."""
    assert read_fault("garbage") == Fault(FaultKind.GARBAGE)
    assert read_fault("drop_after:0.25") == Fault(FaultKind.DROP_AFTER, 0.25)
    assert read_fault("slow:1") == Fault(FaultKind.SLOW, delay=1.0)
    assert read_fault("drip") == Fault(FaultKind.DRIP, delay=1.0)
    assert read_fault("500_html:0.5") == nasty("500_html", probability=0.5)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--fault", "gremlin"],
        ["--fault", "slow:often"],
        ["--fault", "slow:7"],
        ["--fault", "reply"],
        ["--price", "65000"],
        ["--latency-low", "2", "--latency-high", "1"],
        ["--era", "stone"],
    ],
)
def test_settings_that_are_wrong(arguments: list[str]) -> None:
    """A setting that can't be right is a usage error, before anything listens."""
    assert run("simulate", *arguments).exit_code == 2
