from __future__ import annotations

import signal
from typing import Any

import pytest

from binance_papi import AlreadyGone, Canceled, Outcome, Unknown
from binance_papi.api.um.conditional import CancelOrder
from binance_papi.cli import rehearsal
from binance_papi.cli.judge import judge
from binance_papi.cli.rehearsal import MOST_PLACED
from binance_papi.cli.trouble import mixture
from binance_papi.simulator import Fault, FaultKind, Simulator
from tests.cli.cli_stage import assert_clean, read, run, spawn

FAST = ("--latency", "0", "2")


def test_the_demo_ends_well() -> None:
    """Every order ends CANCELED, in the exchange's book as well, and the table says so."""
    result = run("demo", "--orders", "30", *FAST)
    assert result.exit_code == 0, result.output
    assert "loopback" in result.stdout
    assert "Every order is gone, and all 30 outcomes agree with the book." in result.stdout
    assert "The exchange's own book: 30 CANCELED; 0 open." in result.stdout
    assert result.stderr == ""


def test_the_demo_for_programs() -> None:
    """With --json there is one line, and both counts of the limits agree."""
    told = read(run("demo", "--orders", "12", "--seed", "7", "--json", *FAST))
    assert told["ok"] is True
    assert told["seed"] == 7
    assert told["outcomes"]["Canceled"] == told["book"]["CANCELED"] == 12
    assert told["requests"] == 12 + 12 + 1
    assert told["burst_requests"] == told["burst_weight"] == 12
    assert told["told"]["canceled"] == {"reply to the cancel": 12}
    assert told["answers_429"] == told["answers_418"] == told["bans"] == 0
    assert {limit["name"]: limit["counted"] for limit in told["limits"]} == {
        "REQUEST_WEIGHT": 25,
        "ORDERS": 12,
    }


def test_a_great_demo_puts_orders_in_the_book() -> None:
    """Beyond what the order limit takes in one go, orders are in the book before."""
    told = read(run("demo", "--orders", str(MOST_PLACED + 20), "--json", *FAST))
    assert told["placed"] == MOST_PLACED
    assert told["book"]["CANCELED"] == told["orders"] == MOST_PLACED + 20


def test_latencies_in_the_wrong_order() -> None:
    """Latencies that can't be right are a usage error."""
    assert run("demo", "--latency", "9", "3").exit_code == 2


def test_the_other_family() -> None:
    """The demo of algo orders runs on the exchange as it is since 2026-04-28."""
    result = run("demo", "--family", "algo", "--orders", "20", *FAST)
    assert result.exit_code == 0, result.output
    assert "20 algo orders" in result.stdout
    assert "404" not in result.stdout


@pytest.mark.parametrize("family", ["conditional", "algo"])
def test_faults_leave_no_order_and_no_doubt(family: str) -> None:
    """With every kind of fault all orders are gone, and no outcome is wrong."""
    told = read(run("demo", "--faults", "--family", family, "--orders", "60", "--json", *FAST))
    assert told["ok"] is True
    assert told["wrong"] == []
    assert told["still_open"] == 0
    assert told["outcomes"]["AlreadyGone"] >= 2
    assert sum(told["told"]["canceled"].values()) == told["outcomes"]["Canceled"]
    assert sum(one["requests"] for one in told["met"]) > 0
    assert told["burst_requests"] > 60


def test_faults_are_explained() -> None:
    """The demo with faults says what goes wrong, what was met, and how the orders ended."""
    result = run("demo", "--faults", "--orders", "60", *FAST)
    assert result.exit_code == 0, result.output
    assert "20% of all requests go wrong" in result.stdout
    assert "What went wrong" in result.stdout
    assert "FINISHED: triggered, filled" in result.stdout


def test_the_mixture_hits_the_share_that_it_says() -> None:
    """The faults together hit one request in five, each kind as often as the others."""
    left, each = 1.0, []
    for fault in mixture(0.2):
        each.append(left * fault.probability)
        left *= 1 - fault.probability
    assert 1 - left == pytest.approx(0.2)
    assert each == pytest.approx([0.2 / len(each)] * len(each))


def test_a_demo_that_goes_wrong_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange that refuses cancels makes the demo exit 4, with the counts."""
    fault = Fault(FaultKind.HTTP_503_UNAVAILABLE, method="DELETE")

    def sick(**settings: Any) -> Simulator:
        return Simulator(faults=[fault], **settings)

    monkeypatch.setattr(rehearsal, "Simulator", sick)
    monkeypatch.setattr(rehearsal, "_DEADLINE", 0.5)
    result = run("demo", "--orders", "5", *FAST)
    assert result.exit_code == 4
    # (A cancel that is on its way at the deadline is unknown.)
    assert "5 orders open in the book, 0 outcomes" in result.stdout


def test_the_judge_finds_a_wrong_outcome() -> None:
    """An outcome that the book contradicts is named."""
    exchange = Simulator()
    (number,) = exchange.seed_orders(1)
    order = exchange.order(number)
    request = CancelOrder(symbol="BTCUSDT", strategy_id=number)
    told: list[Outcome] = [
        Canceled(request),
        AlreadyGone(request, "EXPIRED"),
        Unknown(request, "?"),
    ]
    assert len(judge(told, [order] * 3)) == 2
    exchange.cancel(number)
    assert judge([Canceled(request), AlreadyGone(request, "CANCELED")], [order] * 2) == []


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
