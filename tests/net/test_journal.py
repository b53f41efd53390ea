"""The journal: what was on the wire survives the process."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from binance_papi import PapiClient
from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.um import algo, conditional
from binance_papi.burst import recover
from binance_papi.core.outcome import Canceled, Rejected, Unknown
from binance_papi.errors import UnsentError, UsageError
from binance_papi.net.journal import Journal, Pending
from binance_papi.simulator import Fault, FaultKind, Simulator
from tests.net.burst_desk import LOST, Desk, cancel, cancels, play
from tests.stage import Virtual

ONE = cancel(1)
TWO = algo.CancelOrder(client_algo_id="a-b_c", recv_window=900)
THREE = cm_conditional.CancelOrder(symbol="BTCUSD_PERP", strategy_id=2**63 - 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "journal"


def reopened(path: Path) -> tuple[Pending, ...]:
    """What a new process finds."""
    journal = Journal(path)
    journal.close()
    return journal.pending


def test_what_did_not_end_is_pending(path: Path) -> None:
    """Of any family, as the same value, oldest first, with the time of the first attempt."""
    journal = Journal(path)
    assert journal.pending == ()
    journal.sent(ONE, 5)
    journal.sent(TWO, 6)
    journal.sent(ONE, 7)
    journal.sent(THREE, 8)
    journal.close()
    expected = (Pending(ONE, 5), Pending(TWO, 6), Pending(THREE, 8))
    assert reopened(path) == expected
    assert reopened(path) == expected


@pytest.mark.parametrize("sends", [1, 2])
def test_one_end_ends_all_attempts(path: Path, sends: int) -> None:
    """However often it was sent."""
    journal = Journal(path)
    for number in range(sends):
        journal.sent(ONE, number)
    journal.sent(TWO, 9)
    journal.ended(ONE, Canceled(ONE))
    journal.close()
    assert reopened(path) == (Pending(TWO, 9),)


def test_an_unknown_outcome_is_no_end(path: Path) -> None:
    """It stays open for the next process; sent again after an end, it is open again."""
    journal = Journal(path)
    journal.sent(ONE, 1)
    journal.ended(ONE, Unknown(ONE, "silence"))
    journal.sent(TWO, 2)
    journal.ended(TWO, Canceled(TWO))
    journal.sent(TWO, 3)
    journal.close()
    assert reopened(path) == (Pending(ONE, 1), Pending(TWO, 3))


def test_what_was_never_sent_is_not_noted(path: Path) -> None:
    """Neither its end."""
    journal = Journal(path)
    journal.ended(ONE, Rejected(ONE, UnsentError("", reason="")))
    journal.close()
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    "tail", [b'{"do":"sent","path":"/papi/v1/um/alg', b"\xff\xfe\n", b"[]\n", b"{}\n", b"\n"]
)
def test_a_line_that_was_cut_off_hides_no_other(path: Path, tail: bytes) -> None:
    """What stood before it counts, and what comes after it too."""
    journal = Journal(path)
    journal.sent(ONE, 1)
    journal.close()
    with path.open("ab") as file:
        file.write(tail)
    journal = Journal(path)
    assert journal.pending == (Pending(ONE, 1),)
    journal.sent(TWO, 2)
    journal.close()
    assert reopened(path) == (Pending(ONE, 1), Pending(TWO, 2))


def test_a_path_that_nobody_knows_is_passed_over(path: Path) -> None:
    """A later version may know more families."""
    path.write_bytes(b'{"do":"sent","path":"/papi/v9/x","query":"a=1","at":1}\n')
    assert reopened(path) == ()


def test_only_its_owner_may_read_it(path: Path) -> None:
    """Whatever the file that was there before allowed."""
    path.write_bytes(b"")
    path.chmod(0o666)
    Journal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["journal", "journal.lock"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """At once, not at the first cancel."""
    with pytest.raises(OSError, match="No such file"):
        Journal(tmp_path / "none" / "journal")


def test_a_disk_that_is_full_loses_no_outcome(
    virtual: Virtual, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The end can't be noted; whoever waits hears of it all the same."""
    journal = Journal(path)

    async def main(desk: Desk) -> None:
        desk.book.place(1)
        running = desk.start(desk.burst([ONE]))
        while not desk.book.log:
            await asyncio.sleep(0)

        def full(*_: Any) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            report = await running
        assert isinstance(report.outcomes[0], Canceled)

    play(virtual, main, journal=journal)
    assert "No space left" in caplog.text
    assert reopened(path)[0].request == ONE


def test_what_was_recovered_is_struck_out(virtual: Virtual, path: Path) -> None:
    """Even where queries alone told it; what stays unknown stays in the file."""
    journal = Journal(path)
    journal.sent(cancel(1), 1_800_000_000_000)
    journal.sent(cancel(2), 1_800_000_000_000)
    journal.sent(cancel(3), 1_800_000_000_000)
    journal.close()
    journal = Journal(path)

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.end(1, "CANCELED")
        report = await recover(desk.pursuits, journal.pending, deadline=2.0)
        assert [type(one) for one in report.outcomes] == [Canceled, Canceled, Unknown]
        assert [one.attempts - one.queries for one in report.outcomes[:2]] == [0, 1]

    play(virtual, main, journal=journal)
    assert [one.request for one in reopened(path)] == [cancel(3)]


def test_a_burst_writes_before_it_sends(virtual: Virtual, path: Path) -> None:
    """At the moment of the first byte the line is in the file; neither key nor signature is."""
    journal = Journal(path)
    texts: list[str] = []

    async def main(desk: Desk) -> None:
        desk.book.place(1, 2)
        desk.book.mishaps = [LOST, LOST]
        running = desk.start(desk.burst(cancels(2)))
        while len(desk.book.log) < 2:
            await asyncio.sleep(0)
        texts.append(path.read_text())  # noqa: ASYNC240 - in virtual time nobody waits
        await running

    play(virtual, main, journal=journal)
    assert texts[0].count('"sent"') == 2
    assert not {"signature", "timestamp"} & set(texts[0].split('"'))
    assert "signature" not in texts[0] + path.read_text()
    assert path.read_text().count('"ended"') == 2
    assert reopened(path) == ()


_VICTIM = """
import asyncio, sys
from binance_papi import PapiClient
from binance_papi.api.um import conditional

async def main(key, secret, url, journal, *ids):
    async with PapiClient(key, secret, base_url=url, journal=journal) as papi:
        requests = [conditional.CancelOrder(symbol="BTCUSDT", strategy_id=int(i)) for i in ids]
        async for outcome in papi.burst_iter(requests, deadline=30.0):
            print(outcome.request.strategy_id, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.asyncio
async def test_a_killed_process_leaves_nothing_in_the_dark(path: Path) -> None:
    """SIGKILL between write and reply: a new process finds out what became of each cancel."""
    faults = [
        Fault(FaultKind.NO_REPLY, executed=True, method="DELETE", times=2),
        Fault(FaultKind.NO_REPLY, executed=False, method="DELETE", times=2),
    ]
    async with Simulator(faults=faults) as exchange:
        ids = exchange.seed_orders(4)
        arguments = (exchange.api_key, exchange.secret, exchange.base_url, str(path))
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _VICTIM, *arguments, *map(str, ids), stdout=subprocess.PIPE
        )
        while not all(exchange.venue.requests_for(one) for one in ids):
            await asyncio.sleep(0.01)
        victim.send_signal(signal.SIGKILL)
        printed, _ = await victim.communicate()
        landed = [int(one) for one in printed.split()]
        assert len(landed) < 4
        text = await asyncio.to_thread(path.read_text)
        assert exchange.secret not in text
        assert exchange.api_key not in text
        async with PapiClient(
            exchange.api_key, exchange.secret, base_url=exchange.base_url, journal=path
        ) as papi:
            report = await papi.recover(deadline=5.0)
        found = [one.request.order()[2] or 0 for one in report.outcomes]
        assert sorted([*landed, *found]) == ids
        assert report.by_kind["Canceled"] == len(found)
    assert reopened(path) == ()


@pytest.mark.asyncio
async def test_without_a_journal_nothing_is_recovered(papi: PapiClient) -> None:
    """An empty report."""
    assert (await papi.recover()).outcomes == ()


def test_what_is_parsed_is_what_was_sent(path: Path) -> None:
    """Every field of a cancel survives."""
    request = conditional.CancelOrder(
        symbol="BTCUSDT", strategy_id=1, new_client_strategy_id="x/y:z", recv_window=1
    )
    journal = Journal(path)
    journal.sent(request, 1)
    journal.close()
    assert reopened(path) == (Pending(request, 1),)


def test_a_full_disk_holds_no_cancel_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What can't be noted is said in the log; the cancel goes out."""
    journal = Journal(tmp_path / "journal")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal._file)
    os.close(full)
    journal.sent(cancel(), 1)
    journal.close()
    assert "can't be written" in caplog.text


def test_a_line_that_names_no_order_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in the log, and the others are read."""
    path = tmp_path / "journal"
    good = '{"do":"sent","path":"/papi/v1/um/conditional/order","query":"%s","at":1}'
    path.write_text(
        "\n".join([good % "symbol=BTCUSDT&strategyId=x", good % "symbol=BTCUSDT&strategyId=2"])
    )
    journal = Journal(path)
    journal.close()
    assert [one.request.order()[2] for one in journal.pending] == [2]
    assert "can't be read" in caplog.text


def test_a_line_cut_off_by_a_full_disk_swallows_no_other(tmp_path: Path) -> None:
    """What follows begins on a line of its own."""
    journal = Journal(tmp_path / "journal")
    first, second = cancels(2)
    journal.sent(first, 1)
    os.write(journal._file, b'{"do":"sent","pa')
    journal._torn = True
    journal.sent(second, 2)
    journal.close()
    left = Journal(tmp_path / "journal")
    left.close()
    assert [one.request for one in left.pending] == [first, second]


def test_a_journal_belongs_to_one_client(tmp_path: Path) -> None:
    """A second one is refused, until the first is closed."""
    journal = Journal(tmp_path / "journal")
    with pytest.raises(UsageError, match="in use"):
        Journal(tmp_path / "journal")
    journal.close()
    Journal(tmp_path / "journal").close()
