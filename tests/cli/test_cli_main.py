from __future__ import annotations

import sys

import pytest

from binance_papi import __version__, cli
from tests.cli.cli_stage import KEY, SECRET, run, spawn, stage


@pytest.mark.parametrize("name", ["typer", "rich"])
def test_without_the_extra_one_line_says_which(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where typer or rich is missing the command names the extra and exits 2."""
    monkeypatch.setitem(sys.modules, name, None)
    assert cli.main() == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "binance-papi needs: pip install 'binance-papi[cli]'\n"


def test_the_version() -> None:
    """The version goes to stdout."""
    assert run("--version").stdout == f"binance-papi {__version__}\n"


def test_help_tells_the_exit_codes() -> None:
    """Help of the command and of cancel documents the exit codes."""
    assert "130 interrupted" in " ".join(run("--help").stdout.split())
    assert "4 some were certainly not canceled" in " ".join(run("cancel", "--help").stdout.split())


@pytest.mark.parametrize("command", ["usage", "open-orders"])
def test_missing_keys_are_one_line(command: str) -> None:
    """Without keys in the environment a command says so in one line and exits 1."""
    result = run(command)
    assert result.exit_code == 1
    assert result.stderr == "error: BINANCE_PAPI_API_KEY is not set\n"
    assert result.stdout == ""


def test_a_pem_in_place_of_its_path_is_not_shown() -> None:
    """Whatever stands where the key file's path should be stays out of the message."""
    env = {"BINANCE_PAPI_API_KEY": KEY, "BINANCE_PAPI_PRIVATE_KEY": SECRET * 50}
    result = run("usage", env=env)
    assert result.exit_code == 1
    assert "not the path of a readable file" in result.stderr
    assert result.stderr.count("\n") == 1


def test_keys_are_no_arguments() -> None:
    """An option for a key does not exist, and its value is not repeated."""
    result = run("usage", f"--api-key={KEY}")
    assert result.exit_code == 2


def test_http_is_for_loopback() -> None:
    """A base URL that would show the key to the network is refused before anything is sent."""
    result = run(
        "usage",
        "--base-url",
        "http://example.com",
        env={"BINANCE_PAPI_API_KEY": KEY, "BINANCE_PAPI_API_SECRET": SECRET},
    )
    assert result.exit_code == 1
    assert "https" in result.stderr


def test_nobody_there() -> None:
    """A connection that does not come about is one line and exit 4."""
    with stage() as exchange:
        base = exchange.base_url
    result = run(
        "usage",
        "--base-url",
        base,
        env={"BINANCE_PAPI_API_KEY": KEY, "BINANCE_PAPI_API_SECRET": SECRET},
    )
    assert result.exit_code == 4
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


def test_an_ascii_pipe_is_no_crash() -> None:
    """Where stdout can't carry Unicode the output is ASCII."""
    with stage(orders=1) as exchange:
        process = spawn("open-orders", at=exchange, env={"PYTHONIOENCODING": "ascii"})
        out, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    assert out.isascii()
    assert "BTCUSDT" in out
