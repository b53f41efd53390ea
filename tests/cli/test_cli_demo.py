from __future__ import annotations

import signal
from typing import Any

import pytest

from binance_papi.cli import rehearsal
from binance_papi.cli.rehearsal import MOST_PLACED
from binance_papi.simulator import Fault, FaultKind, Simulator
from tests.cli.cli_stage import assert_clean, read, run, spawn

FAST = ("--latency", "0", "2")


def test_the_demo_ends_well() -> None:
    """Every order ends CANCELED, in the exchange's book as well, and the table says so."""
    result = run("demo", "--orders", "30", *FAST)
    assert result.exit_code == 0, result.output
    assert "loopback" in result.stdout
    assert "Every order ended CANCELED, in the exchange's own book as well." in result.stdout
    assert result.stderr == ""


def test_the_demo_for_programs() -> None:
    """With --json there is one line, and both counts of the limits agree."""
    told = read(run("demo", "--orders", "12", "--seed", "7", "--json", *FAST))
    assert told["ok"] is True
    assert told["seed"] == 7
    assert told["outcomes"]["canceled"] == told["canceled_in_book"] == 12
    assert told["requests"] == 12 + 12 + 1
    assert told["answers_429"] == told["answers_418"] == told["bans"] == 0
    assert {limit["name"]: limit["counted"] for limit in told["limits"]} == {
        "REQUEST_WEIGHT": 25,
        "ORDERS": 12,
    }


def test_a_great_demo_puts_orders_in_the_book() -> None:
    """Beyond what the order limit takes in one go, orders are in the book before."""
    told = read(run("demo", "--orders", str(MOST_PLACED + 20), "--json", *FAST))
    assert told["placed"] == MOST_PLACED
    assert told["canceled_in_book"] == told["orders"] == MOST_PLACED + 20


def test_latencies_in_the_wrong_order() -> None:
    """Latencies that can't be right are a usage error."""
    assert run("demo", "--latency", "9", "3").exit_code == 2


def test_a_demo_that_goes_wrong_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange that forgets an order makes the demo exit 4, with both counts."""
    fault = Fault(FaultKind.ERROR_2011, times=1, method="DELETE")

    def forgetful(**settings: Any) -> Simulator:
        return Simulator(faults=[fault], **settings)

    monkeypatch.setattr(rehearsal, "Simulator", forgetful)
    result = run("demo", "--orders", "5", *FAST)
    assert result.exit_code == 4
    assert "4 of 5 cancels succeeded, 4 orders are CANCELED" in result.stdout


def test_ctrl_c_ends_the_demo() -> None:
    """Ctrl-C in the middle exits 130 without a traceback."""
    process = spawn("demo", "--latency", "8000", "9000")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Rehearsal")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=15)
    assert process.returncode == 130
    assert err == "interrupted\n"
    assert_clean(out)
