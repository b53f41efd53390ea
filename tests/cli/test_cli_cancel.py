from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from binance_papi import StrategyStatus
from binance_papi.simulator import FamilyName, Fault, FaultKind, Simulator
from tests.cli.cli_stage import FIRST, assert_clean, read, run, spawn, stage


def canceled(exchange: Simulator) -> int:
    """How many orders the exchange's book shows as CANCELED."""
    return sum(order.strategy_status is StrategyStatus.CANCELED for order in exchange.venue.book)


def test_all_canceled_is_exit_0() -> None:
    """Orders named by both kinds of ids are canceled, with a line for each."""
    with stage(orders=2) as exchange:
        exchange.place(client_id="mine")
        ids = ("--strategy-id", str(FIRST), "--strategy-id", str(FIRST + 1), "--client-id", "mine")
        result = run("cancel", "BTCUSDT", *ids, at=exchange)
        assert result.exit_code == 0, result.output
        assert canceled(exchange) == 3
    assert "mine" in result.stdout
    assert "3 Canceled" in result.stdout


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
    assert told["counts"] == {"Canceled": 2, "AlreadyGone": 0, "Rejected": 0, "Unknown": 0}
    assert [order["id"] for order in told["orders"]] == [FIRST, None]
    assert [order["client_id"] for order in told["orders"]] == [None, "mine"]
    assert told["requests"] == 2
    assert "more than once" in result.stderr


def test_ids_from_stdin() -> None:
    """With --file - the ids come from stdin."""
    with stage(orders=1) as exchange:
        result = run("cancel", "BTCUSDT", "--file", "-", at=exchange, stdin=f"{FIRST}\n")
        assert canceled(exchange) == 1
    assert result.exit_code == 0


def test_gone_before_is_exit_0() -> None:
    """Orders that had ended count as gone, with their status."""
    with stage(orders=3) as exchange:
        exchange.expire(FIRST)
        exchange.cancel(FIRST + 1)
        ids = [word for n in range(3) for word in ("--id", str(FIRST + n))]
        told = read(run("cancel", "BTCUSDT", *ids, "--json", at=exchange))
    assert told["counts"]["AlreadyGone"] == 2
    assert [order["status"] for order in told["orders"]] == ["EXPIRED", "CANCELED", "CANCELED"]
    assert [order["outcome"] for order in told["orders"]][2] == "Canceled"
    assert told["orders"][0]["queries"] > 0


def test_never_there_is_unknown() -> None:
    """An id that the exchange never gave is not taken for an order that is gone: exit 3."""
    with stage() as exchange:
        result = run("cancel", "BTCUSDT", "--id", "77", "--deadline", "1", at=exchange)
    assert result.exit_code == 3
    assert "1 Unknown" in result.stdout
    assert "finds no such order" in " ".join(result.stdout.split())
    assert "Run the same command again" in result.stderr


@pytest.mark.parametrize("kind", [FaultKind.GARBAGE, FaultKind.DROP_AFTER])
def test_a_lost_reply_is_resolved(kind: FaultKind) -> None:
    """A cancel whose reply is lost is looked up, and the table says so."""
    fault = Fault(kind, times=1, method="DELETE")
    with stage(orders=1, faults=[fault]) as exchange:
        result = run("cancel", "BTCUSDT", "--id", str(FIRST), at=exchange)
        assert canceled(exchange) == 1
    assert result.exit_code == 0
    assert "then a query" in result.stdout


def test_unknown_is_exit_3() -> None:
    """Where no reply can be read until the deadline, the outcome is unknown."""
    with stage(orders=1, faults=[Fault(FaultKind.GARBAGE)]) as exchange:
        result = run(
            "cancel", "BTCUSDT", "--strategy-id", str(FIRST), "--deadline", "0.5", at=exchange
        )
    assert result.exit_code == 3
    assert "1 Unknown" in result.stdout


def test_verify_always_asks_about_each() -> None:
    """With --verify always a query confirms every reply."""
    with stage(orders=2) as exchange:
        ids = ["--id", str(FIRST), "--id", str(FIRST + 1)]
        told = read(run("cancel", "BTCUSDT", *ids, "--verify", "always", "--json", at=exchange))
        assert len(exchange.venue.wire) == 4
    assert [order["queries"] for order in told["orders"]] == [1, 1]


@pytest.mark.parametrize("follow", [False, True])
def test_a_triggered_order(follow: bool) -> None:
    """What a triggered order became is named; with --follow-trigger it is cancelled too."""
    with stage(orders=1) as exchange:
        exchange.trigger(FIRST, "rest")
        child = exchange.order(FIRST).order_id
        more = ["--follow-trigger"] if follow else []
        result = run("cancel", "BTCUSDT", "--id", str(FIRST), *more, at=exchange)
        assert exchange.order(child).is_open is not follow
    assert result.exit_code == 0, result.output
    assert f"became plain order {child}" in " ".join(result.stdout.split())
    assert ("--follow-trigger cancels them" in result.stderr) is not follow


@pytest.mark.parametrize(
    ("family", "name", "symbol"),
    [
        ("algo", "um_algo", None),
        ("um", "um", "BTCUSDT"),
        ("cm", "cm", "BTCUSD_PERP"),
        ("cm-conditional", "cm_conditional", "BTCUSD_PERP"),
    ],
)
def test_every_family(family: str, name: FamilyName, symbol: str | None) -> None:
    """Orders of every family are cancelled by id; an algo order needs no trading pair."""
    pair = [] if symbol is None else [symbol]
    with stage(era="algo") as exchange:
        order_id = exchange.place(name)
        exchange.place(name, client_id="mine")
        ids = ["--id", str(order_id), "--client-id", "mine"]
        result = run("cancel", *pair, "--family", family, *ids, at=exchange)
        assert [order.status_now for order in exchange.venue.families[name].book] == [
            "CANCELED",
            "CANCELED",
        ]
    assert result.exit_code == 0, result.output


def test_a_strategy_id_is_of_no_other_family() -> None:
    """--strategy-id beside a family that has other ids is a contradiction."""
    result = run("cancel", "--family", "algo", "--strategy-id", "7", "--dry-run")
    assert result.exit_code == 2


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
            *("cancel", "BTCUSDT", "--id", "5", "--base-url", base, "--deadline", "0.5", "--json"),
            at=exchange,
        )
    assert result.exit_code == 4
    assert read(result)["counts"]["Rejected"] == 1


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


FILES = {
    "one per line": "{0}\n{1}\nmine\n",
    "two columns": "BTCUSDT,{0}\nBTCUSDT , {1}\nETHUSDT,mine\n",
    "a header": "symbol,id\nBTCUSDT,{0}\nBTCUSDT,{1}\nETHUSDT,mine\n",
    "the exchange's names": "\ufeffside,strategyId,newClientStrategyId,symbol\n"
    "BUY,{0},,BTCUSDT\nBUY,{1},ignored,BTCUSDT\nBUY,,mine,ETHUSDT\n",
    "quoted": '"symbol","client_id","id"\n"BTCUSDT","","{0}"\nBTCUSDT,,{1}\nETHUSDT,mine,\n',
}


@pytest.mark.parametrize("shape", FILES)
def test_shapes_of_files(shape: str, tmp_path: Path) -> None:
    """A file may hold ids alone, pairs and ids, or say what its columns are."""
    file = tmp_path / "ids.csv"
    file.write_text(FILES[shape].format(FIRST, FIRST + 1), encoding="utf-8")
    pair = ["BTCUSDT"] if shape == "one per line" else []
    with stage(orders=2) as exchange:
        exchange.place(symbol="BTCUSDT" if pair else "ETHUSDT", client_id="mine")
        result = run("cancel", *pair, "--file", str(file), at=exchange)
        assert canceled(exchange) == 3, result.output
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("7\n4.61188E+18\n", "line 2 '4.61188E+18': a number that lost digits"),
        ("7\n4611875134427365377.0\n", "line 2 '4611875134427365377.0': a number that lost"),
        ("ETHUSDT,7\n", "line 1: ETHUSDT is not BTCUSDT"),
        ("BTCUSDT,7,9\n", "line 1 'BTCUSDT,7,9': 2 columns were expected, not 3"),
        ("id,symbol\n7\n", "line 2 '7': 2 columns were expected, not 1"),
        ("id,symbol\n,BTCUSDT\n", "line 2 ',BTCUSDT': there is no id"),
        ("symbol,algoId\nBTCUSDT,7\n", "line 1: a column algoId is not of UM conditional orders"),
        ("strategyId\nx7\n", "line 2 'x7' is no strategyId"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_is_sent(text: str, told: str, tmp_path: Path) -> None:
    """Whatever can't be right in a file is named with its line, before anything is sent."""
    file = tmp_path / "ids.csv"
    file.write_text(text)
    with stage() as exchange:
        result = run("cancel", "BTCUSDT", "--file", str(file), at=exchange)
        assert len(exchange.venue.wire) == 0
    assert result.exit_code == 1
    assert told in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_id_without_its_pair(tmp_path: Path) -> None:
    """Where a family needs a trading pair and none is named, nothing is sent."""
    file = tmp_path / "ids.txt"
    file.write_text("7\n")
    result = run("cancel", "--file", str(file))
    assert result.exit_code == 1
    assert "line 1 '7': of which trading pair?" in result.stderr
    assert run("cancel", "--family", "algo", "--file", str(file), "--dry-run").exit_code == 0


def test_a_dry_run_shows_what_would_be_sent() -> None:
    """A dry run shows method, path and parameters, without key and signature."""
    result = run("cancel", "BTCUSDT", "--id", "7", "--dry-run")
    assert result.stdout.startswith(
        "DELETE /papi/v1/um/conditional/order?symbol=BTCUSDT&strategyId=7\n"
    )


@pytest.mark.parametrize("what", [["--strategy-id", "7"], ["--all"]])
def test_a_dry_run_needs_no_exchange(what: list[str]) -> None:
    """A dry run sends nothing: it works without keys and without an exchange."""
    result = run("cancel", "BTCUSDT", *what, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "nothing was sent" in result.stdout
    assert read(run("cancel", "BTCUSDT", *what, "--dry-run", "--json"))["dry_run"] is True


def test_all_needs_a_yes_in_a_pipe() -> None:
    """Where nobody can be asked, --all without --yes cancels nothing."""
    with stage(orders=2) as exchange:
        result = run("cancel", "BTCUSDT", "--all", at=exchange)
        assert canceled(exchange) == 0
        assert result.exit_code == 1
        assert "--yes" in result.stderr


def test_all_with_yes() -> None:
    """With --yes every order of the pair is canceled by one cancel-all, each with its outcome."""
    with stage(orders=3) as exchange:
        exchange.place(symbol="ETHUSDT")
        result = run("cancel", "BTCUSDT", "--all", "--yes", "--json", at=exchange)
        assert canceled(exchange) == 3
        assert [one.path.rpartition("/")[2] for one in exchange.venue.wire].count(
            "allOpenOrders"
        ) == 1
    assert result.exit_code == 0
    assert read(result)["still_open"] == 0
    assert read(result)["counts"]["Canceled"] == 3


@pytest.mark.parametrize("family", ["conditional", "algo"])
def test_all_of_all_pairs(family: str) -> None:
    """Without a pair the open orders of all pairs are cancelled."""
    name: FamilyName = "um_algo" if family == "algo" else "um_conditional"
    with stage(era=family) as exchange:
        exchange.seed_orders(2, family=name)
        exchange.place(name, symbol="ETHUSDT")
        result = run("cancel", "--all", "--yes", "--family", family, at=exchange)
        assert exchange.venue.families[name].book.open_count == 0
    assert result.exit_code == 0, result.output
    assert "0 open afterwards." in result.stdout


def test_all_of_nothing() -> None:
    """Where nothing is open, nothing is asked and nothing is cancelled."""
    with stage() as exchange:
        result = run("cancel", "BTCUSDT", "--all", at=exchange)
    assert result.exit_code == 0, result.output


def test_all_goes_without_ids() -> None:
    """Ids beside --all are a contradiction."""
    assert run("cancel", "BTCUSDT", "--all", "--strategy-id", "7").exit_code == 2


def test_all_whose_reply_is_lost_is_resolved() -> None:
    """A cancel-all whose answer can't be read is proven by the list of orders."""
    fault = Fault(FaultKind.GARBAGE, method="DELETE")
    with stage(orders=3, faults=[fault]) as exchange:
        result = run("cancel", "BTCUSDT", "--all", "--yes", at=exchange)
    assert result.exit_code == 0, result.output


def test_ctrl_c_in_a_burst() -> None:
    """Ctrl-C while cancels are under way exits 130 and says that their fate is open."""
    silence = Fault(FaultKind.NO_REPLY, method="DELETE")
    with stage(orders=1, faults=[silence]) as exchange:
        process = spawn("cancel", "BTCUSDT", "--id", str(FIRST), at=exchange)
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
    assert "Cancel ALL 2 open UM conditional orders of BTCUSDT?" in err


def test_more_than_a_minute_takes(tmp_path: Path) -> None:
    """A burst that can't be over before its deadline is announced as such."""
    file = tmp_path / "ids.txt"
    file.write_text("".join(f"{number}\n" for number in range(6001)))
    with stage() as exchange:
        base = exchange.base_url
    with stage() as exchange:
        more = ("--base-url", base, "--deadline", "0.2")
        # JSON: to draw a table of 6,001 rows takes seconds, and is not what this is about.
        result = run("cancel", "BTCUSDT", "--file", str(file), "--json", *more, at=exchange)
    assert result.exit_code == 4
    assert "Give a greater --deadline." in " ".join(result.stderr.split())
