from __future__ import annotations

import pytest

from binance_papi.simulator import FamilyName
from tests.cli.cli_stage import FIRST, assert_clean, read, run, spawn, stage


def test_open_orders_of_one_pair() -> None:
    """The open orders of a pair are listed, at weight 1."""
    with stage(orders=2) as exchange:
        exchange.place(symbol="ETHUSDT")
        result = run("open-orders", "BTCUSDT", at=exchange)
    assert result.exit_code == 0
    assert str(FIRST + 1) in result.stdout
    assert "2 open UM conditional orders of BTCUSDT; request weight 1\n" in result.stdout
    assert "ETHUSDT" not in result.stdout


def test_open_orders_of_all_pairs() -> None:
    """Without a pair all orders are listed, at weight 40, and the output says so."""
    with stage(orders=1) as exchange:
        told = read(run("open-orders", "--json", at=exchange))
        assert [window.used for window in exchange.venue.windows()] == [40]
    assert told["weight"] == 40
    assert told["orders"][0]["strategyId"] == FIRST


def test_no_open_orders() -> None:
    """An empty book is no table."""
    with stage() as exchange:
        result = run("open-orders", at=exchange)
    assert result.stdout == "0 open UM conditional orders of all trading pairs; request weight 40\n"


@pytest.mark.parametrize(
    ("family", "name", "symbol"),
    [
        ("algo", "um_algo", "BTCUSDT"),
        ("um", "um", "BTCUSDT"),
        ("cm", "cm", "BTCUSD_PERP"),
        ("cm-conditional", "cm_conditional", "BTCUSD_PERP"),
    ],
)
def test_open_orders_of_every_family(family: str, name: FamilyName, symbol: str) -> None:
    """Every family has its list, with the same columns."""
    with stage(era="algo") as exchange:
        order_id = exchange.place(name, client_id="mine")
        result = run("open-orders", symbol, "--family", family, at=exchange)
    assert result.exit_code == 0, result.output
    (row,) = [line.split() for line in result.stdout.splitlines() if str(order_id) in line]
    assert {symbol, "BUY", "0.01", "mine"} <= set(row)
    assert "-" not in row[4:6]


def test_a_refusal_is_one_line() -> None:
    """An error of the exchange is one line on stderr, without a traceback."""
    with stage(era="algo") as exchange:
        result = run("open-orders", at=exchange)
    assert result.exit_code == 4
    assert result.stderr.startswith("error: ")
    assert "um/algo" in result.stderr


def test_text_of_the_exchange_can_not_command_the_terminal() -> None:
    """Control characters in a reply are shown as question marks."""
    with stage() as exchange:
        exchange.place(client_id="\x1b[31mred\x1b]0;title\x07")
        result = run("open-orders", "BTCUSDT", at=exchange)
    assert "?[31mred?]0;title?" in result.stdout


def test_usage() -> None:
    """One ping is sent, and every limit has its row."""
    with stage() as exchange:
        result = run("usage", at=exchange)
        assert len(exchange.venue.wire) == 1
    assert result.exit_code == 0
    assert "REQUEST_WEIGHT 1m" in result.stdout
    assert "ORDERS 1m" in result.stdout


def test_usage_for_programs() -> None:
    """The use of others at the address is in the JSON."""
    with stage() as exchange:
        run("open-orders", at=exchange)
        told = read(run("usage", "--json", at=exchange))
    weight = told["limits"][0]
    assert weight["limit"]["limit"] == 6000
    assert weight["used"] in (1, 41)  # a minute may have begun in between


def test_a_real_pipe_has_no_control_characters() -> None:
    """A process of its own writes plain text into a pipe."""
    with stage(orders=1) as exchange:
        process = spawn("usage", at=exchange, env={"TERM": "xterm-256color"})
        out, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    assert err == ""
    assert_clean(out)
