from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from binance_papi import StrategyStatus
from binance_papi.simulator import Fault, FaultKind, Simulator
from tests.cli.cli_stage import FIRST, assert_clean, read, run, spawn, stage


def canceled(exchange: Simulator) -> int:
    """How many orders the exchange's book shows as CANCELED."""
    return sum(order.strategy_status is StrategyStatus.CANCELED for order in exchange.venue.book)


def test_all_canceled_is_exit_0() -> None:
    """Orders named by both kinds of ids are canceled, with a line for each."""
    with stage(orders=2) as exchange:
        own = exchange.place(client_id="mine")
        ids = ("--strategy-id", str(FIRST), "--strategy-id", str(FIRST + 1), "--client-id", "mine")
        result = run("cancel", "BTCUSDT", *ids, at=exchange)
        assert result.exit_code == 0, result.output
        assert canceled(exchange) == 3
    assert str(own) in result.stdout
    assert "3 canceled" in result.stdout


def test_ids_from_a_file_and_json(tmp_path: Path) -> None:
    """A file's numbers are strategy ids, its words client ids, each taken once."""
    file = tmp_path / "ids.txt"
    file.write_text(f"# stops\n{FIRST}\n\nmine\n{FIRST}\n")
    with stage(orders=1) as exchange:
        exchange.place(client_id="mine")
        result = run("cancel", "BTCUSDT", "--file", str(file), "--json", at=exchange)
        assert len(exchange.venue.wire) == 2
    assert result.exit_code == 0
    told = read(result)
    assert told["counts"]["canceled"] == 2
    assert [order["strategy_id"] for order in told["orders"]] == [FIRST, FIRST + 1]
    assert "more than once" in result.stderr


def test_ids_from_stdin() -> None:
    """With --file - the ids come from stdin."""
    with stage(orders=1) as exchange:
        result = run("cancel", "BTCUSDT", "--file", "-", at=exchange, stdin=f"{FIRST}\n")
        assert canceled(exchange) == 1
    assert result.exit_code == 0


def test_not_open_is_exit_4() -> None:
    """An order that is not open is told apart from those that were canceled."""
    with stage(orders=1) as exchange:
        ids = ("--strategy-id", str(FIRST), "--strategy-id", "77")
        result = run("cancel", "BTCUSDT", *ids, "--json", at=exchange)
    assert result.exit_code == 4
    told = read(result)
    assert [order["outcome"] for order in told["orders"]] == ["canceled", "not open"]
    assert told["orders"][1]["code"] == -2011


def test_unknown_is_exit_3() -> None:
    """A cancel whose reply is lost is unknown, not refused."""
    fault = Fault(FaultKind.GARBAGE, method="DELETE")
    with stage(orders=1, faults=[fault]) as exchange:
        result = run("cancel", "BTCUSDT", "--strategy-id", str(FIRST), at=exchange)
    assert result.exit_code == 3
    assert "1 unknown" in result.stdout


def test_a_retired_path_is_refused() -> None:
    """In the present era every cancel is refused, with what took the path's place."""
    with stage(era="algo") as exchange:
        result = run("cancel", "BTCUSDT", "--strategy-id", "5", at=exchange)
    assert result.exit_code == 4
    assert "DELETE /papi/v1/um/algo/order" in " ".join(result.stdout.split())


def test_nobody_there_is_not_sent() -> None:
    """Cancels that never left say so."""
    with stage() as exchange:
        base = exchange.base_url
    with stage() as exchange:
        result = run(
            "cancel", "BTCUSDT", "--strategy-id", "5", "--base-url", base, "--json", at=exchange
        )
    assert result.exit_code == 4
    assert read(result)["counts"]["not sent"] == 1


@pytest.mark.parametrize(
    "ids",
    [
        ["--strategy-id", "x7"],
        ["--strategy-id", "-1"],
        ["--strategy-id", "12345678901234567890"],
        ["--strategy-id", "9999999999999999999"],
        ["--strategy-id", "0" * 30 + "7"],
        ["--client-id", "a b"],
        ["--client-id", "x" * 33],
        ["--file", "/nowhere/at/all"],
        [],
    ],
)
def test_wrong_ids_send_nothing(ids: list[str]) -> None:
    """One id that can't be right stops everything before a request is made, with exit 1."""
    with stage(orders=1) as exchange:
        result = run("cancel", "BTCUSDT", "--strategy-id", str(FIRST), *ids, at=exchange)
        if not ids:
            result = run("cancel", "BTCUSDT", at=exchange)
        assert canceled(exchange) == (0 if ids else 1)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    """A wrong line of a file is named by its number."""
    file = tmp_path / "ids.txt"
    file.write_text("7\nno way\n")
    result = run("cancel", "BTCUSDT", "--file", str(file))
    assert result.exit_code == 1
    assert "line 2 'no way'" in result.stderr


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """A file that is no text is one line and exit 1."""
    file = tmp_path / "ids.bin"
    file.write_bytes(b"\xff\xfe\x00")
    result = run("cancel", "BTCUSDT", "--file", str(file))
    assert result.exit_code == 1
    assert "UTF-8" in result.stderr


@pytest.mark.parametrize("what", [["--strategy-id", "7"], ["--all"]])
def test_a_dry_run_needs_no_exchange(what: list[str]) -> None:
    """A dry run sends nothing: it works without keys and without an exchange."""
    result = run("cancel", "BTCUSDT", *what, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "nothing was sent" in result.stdout
    assert read(run("cancel", "BTCUSDT", *what, "--dry-run", "--json"))["dry_run"] is True


def test_all_needs_a_yes_in_a_pipe() -> None:
    """Where nobody can be asked, --all without --yes sends nothing."""
    with stage(orders=2) as exchange:
        result = run("cancel", "BTCUSDT", "--all", at=exchange)
        assert len(exchange.venue.wire) == 0
        assert result.exit_code == 1
        assert "--yes" in result.stderr


def test_all_with_yes() -> None:
    """With --yes every order of the pair is canceled, and the rest of the book is counted."""
    with stage(orders=3) as exchange:
        exchange.place(symbol="ETHUSDT")
        result = run("cancel", "BTCUSDT", "--all", "--yes", "--json", at=exchange)
        assert canceled(exchange) == 3
    assert result.exit_code == 0
    assert read(result)["still_open"] == 0


def test_all_goes_without_ids() -> None:
    """Ids beside --all are a contradiction."""
    assert run("cancel", "BTCUSDT", "--all", "--strategy-id", "7").exit_code == 2


def test_all_whose_reply_is_lost_is_unknown() -> None:
    """A cancel-all without an answer exits 3."""
    fault = Fault(FaultKind.GARBAGE, method="DELETE")
    with stage(orders=1, faults=[fault]) as exchange:
        result = run("cancel", "BTCUSDT", "--all", "--yes", at=exchange)
    assert result.exit_code == 3


def test_ctrl_c_in_a_burst() -> None:
    """Ctrl-C while cancels are under way exits 130 and says that their fate is open."""
    silence = Fault(FaultKind.NO_REPLY, method="DELETE")
    with stage(orders=1, faults=[silence]) as exchange:
        process = spawn("cancel", "BTCUSDT", "--strategy-id", str(FIRST), at=exchange)
        while not len(exchange.venue.wire):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=15)
    assert process.returncode == 130, err
    assert "may or may not have happened" in err
    assert "Traceback" not in err
    assert_clean(out + err)


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 0), ("n", 1, 2)])
def test_all_asks_at_a_terminal(answer: str, code: int, left: int) -> None:
    """At a terminal --all asks, and only a yes sends it."""
    ours, theirs = os.openpty()
    with stage(orders=2) as exchange:
        process = spawn("cancel", "BTCUSDT", "--all", at=exchange, stdin=theirs)
        os.write(ours, f"{answer}\n".encode())
        _, err = process.communicate(timeout=15)
        assert exchange.venue.book.open_count == left
    os.close(ours)
    os.close(theirs)
    assert process.returncode == code, err
    assert "Cancel ALL open conditional orders of BTCUSDT?" in err
