"""Each rule of the judge finds a made-up breach of it, and passes what is right."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from tests.simulation.book import Book, Change, Key, Order
from tests.simulation.checker import History, Violation, judge
from tests.simulation.claim import ALREADY_GONE, CANCELED, REJECTED, UNKNOWN, Claim
from tests.simulation.network import Wire

KEY = ("um/algo", 7)


def life(*changes: tuple[str, str]) -> Book:
    """A book with one order that went through these, a second each."""
    book = Book()
    steps = [Change(100.0 + at, status, cause) for at, (status, cause) in enumerate(changes)]
    book.add(Order(*KEY, "BTCUSDT", [Change(0.0, "NEW", "placed"), *steps], child=9))
    return book


OURS = life(("CANCELED", "#1"))
RIVAL = life(("CANCELED", "other"))
OPEN = life()
TRIGGERED = life(("TRIGGERING", "market"), ("TRIGGERED", "market"))
FINISHED = life(("TRIGGERED", "market"), ("FINISHED", "market"))


def wire(number: int = 1, **facts: object) -> Wire:
    """A cancel on the wire: written at 99, answered with 200 a second later, unless said."""
    usual = Wire(number, "cancel", KEY, written=99.0, settled=100.0, heard="200", told=200)
    return replace(usual, **facts)  # type: ignore[arg-type]


SILENT = wire(heard="silence", told=0)
UNSENT = wire(heard="unsent", written=inf, clear=True)


def look(at: float) -> Wire:
    """A query that showed the order open."""
    return wire(action="one", written=at - 0.1, settled=at, open=True)


MANY = [replace(SILENT, written=at, settled=at + 1) for at in (71.0, 72.0, 73.0, 74.0, 99.0)]


def history(book: Book, claim: Claim, *wires: Wire) -> History:
    """A run in which one order was asked for."""
    return History(asked=[KEY], claims=[claim], book=book, wires=wires)


def rules(history: History) -> list[str]:
    """The rules that are broken."""
    return [violation.rule for violation in judge(history)]


def canceled(by: str = "us", attempts: int = -1) -> Claim:
    """The claim that it is cancelled."""
    return Claim(KEY, CANCELED, by=by, attempts=attempts)


def gone(status: str | None, child: int | None = None) -> Claim:
    """The claim that it had ended."""
    return Claim(KEY, ALREADY_GONE, status=status, child=child)


@pytest.mark.parametrize(
    ("book", "claim", "wires"),
    [
        (OURS, canceled(), [wire()]),
        (OURS, canceled(attempts=1), [wire()]),
        (RIVAL, canceled("other"), [wire(told=400)]),
        (RIVAL, canceled(), [SILENT]),
        (RIVAL, canceled(), [replace(SILENT, written=101.5, settled=102.5)]),
        (RIVAL, gone("CANCELED"), [wire(told=400)]),
        (TRIGGERED, gone("TRIGGERED", 9), [wire(told=400)]),
        (FINISHED, gone("TRIGGERED"), [wire(told=400)]),
        (FINISHED, gone("FINISHED"), [wire(told=400)]),
        (FINISHED, gone(None), [wire(told=400)]),
        (OPEN, Claim(KEY, REJECTED), [UNSENT]),
        (TRIGGERED, Claim(KEY, REJECTED), [UNSENT]),
        (OPEN, Claim(KEY, UNKNOWN), [SILENT]),
        (OPEN, Claim(KEY, UNKNOWN, shared=True), [UNSENT]),
        (OURS, Claim(KEY, REJECTED)._replace(until=98.0), [wire()]),
        (OPEN, Claim(KEY, UNKNOWN), [wire(told=400)]),
        (OPEN, Claim(KEY, UNKNOWN), [UNSENT, wire(2, action="one", told=400)]),
        (OPEN, Claim(KEY, UNKNOWN), [replace(SILENT, number=n) for n in range(4)]),
        (OPEN, Claim(KEY, UNKNOWN), [wire(number, told=400) for number in range(9)]),
        (OURS, canceled(), [*MANY[:4], look(85.0), *MANY[4:]]),
        (OURS, gone("CANCELED")._replace(since=99.5), [wire()]),
        (OURS, Claim(KEY, REJECTED)._replace(since=99.5), [wire(), UNSENT]),
        (OURS, canceled(attempts=0)._replace(since=99.5), [wire()]),
        (OURS, canceled(attempts=0)._replace(until=98.0), [wire()]),
    ],
)
def test_what_is_right_passes(book: Book, claim: Claim, wires: list[Wire]) -> None:
    """No rule is broken."""
    assert rules(history(book, claim, *wires)) == []


@pytest.mark.parametrize(
    ("book", "claim", "wires", "rule"),
    [
        (OPEN, canceled(), [wire()], "canceled"),
        (TRIGGERED, canceled(), [wire()], "canceled"),
        (RIVAL, canceled(), [wire(told=400)], "canceled-by"),
        (RIVAL, canceled(), [], "canceled-by"),
        (RIVAL, canceled(), [replace(SILENT, written=103.0, settled=104.5)], "canceled-by"),
        (OURS, canceled("other"), [wire()], "canceled-by"),
        (OURS, gone("CANCELED"), [SILENT], "gone"),
        (OURS, gone(None), [SILENT], "gone"),
        (OPEN, gone(None), [wire(told=400)], "gone"),
        (OPEN, gone("EXPIRED"), [wire(told=400)], "gone"),
        (TRIGGERED, gone("FINISHED"), [wire(told=400)], "gone"),
        (TRIGGERED, gone("TRIGGERING"), [wire(told=400)], "gone"),
        (RIVAL, gone("TRIGGERED"), [wire(told=400)], "gone"),
        (TRIGGERED, gone("TRIGGERED", 8), [wire(told=400)], "gone-child"),
        (OURS, Claim(KEY, REJECTED), [SILENT], "rejected"),
        (OPEN, Claim(KEY, UNKNOWN), [], "unknown"),
        (OPEN, Claim(KEY, UNKNOWN), [UNSENT], "unknown"),
        (OPEN, Claim(KEY, UNKNOWN), [wire(told=429, clear=True)], "unknown"),
        (OURS, canceled(attempts=0), [wire()], "attempts"),
        (OURS, canceled(), [replace(SILENT, number=number) for number in range(5)], "cancels"),
        (OURS, canceled(), [*MANY[:4], look(80.0), *MANY[4:]], "cancels"),
    ],
)
def test_a_wrong_claim_is_found(book: Book, claim: Claim, wires: list[Wire], rule: str) -> None:
    """Exactly the rule that it breaks."""
    assert rules(history(book, claim, *wires)) == [rule]


def test_a_final_claim_is_judged_too() -> None:
    """What was said after asking on."""
    run = replace(history(OPEN, Claim(KEY, UNKNOWN), SILENT), final=[canceled()])
    assert rules(run) == ["canceled"]


@pytest.mark.parametrize(
    ("claim", "closed", "right"),
    [
        (Claim(KEY, UNKNOWN), [KEY], True),
        (Claim(KEY, UNKNOWN), [], True),
        (Claim(KEY, UNKNOWN), [KEY, KEY], False),
        (canceled(), [], True),
        (canceled(), [KEY], False),
        (canceled(), [("um", 1)], True),
    ],
)
def test_closing_lists_what_is_unknown(claim: Claim, closed: list[Key], right: bool) -> None:
    """Each once, and nothing whose outcome is known; what nobody was told may be there."""
    run = replace(history(OURS, claim, SILENT), closed=closed)
    assert rules(run) == ([] if right else ["close"])


@pytest.mark.parametrize("claims", [[], [canceled(), canceled()]])
def test_every_order_has_one_outcome(claims: list[Claim]) -> None:
    """None is missing, none has two."""
    run = replace(history(OURS, canceled(), wire()), claims=claims)
    assert rules(run) == ["one-outcome"]


def test_outcomes_keep_the_order_of_asking() -> None:
    """They come in the order of the requests."""
    book = life(("CANCELED", "#1"))
    other = ("um", 8)
    book.add(Order(*other, "BTCUSDT", [Change(0.0, "NEW", "placed")]))
    claims = [Claim(other, REJECTED), canceled()]
    run = History(asked=[KEY, other], claims=claims, book=book, wires=[wire()])
    assert rules(run) == ["one-outcome"]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"statuses": {200: 5, 418: 1}}, "bans"),
        ({"used": {5: 100, 6: 101}, "limit": 100}, "window"),
        ({"leftovers": ["timer Gate._ring"]}, "leftover"),
        ({"late": 0.5}, "late"),
    ],
)
def test_a_breach_of_the_whole_is_found(facts: dict[str, object], rule: str) -> None:
    """Bans, windows that overran, residue, lateness."""
    run = replace(history(OURS, canceled(), wire()), **facts)  # type: ignore[arg-type]
    assert rules(run) == [rule]


def test_a_violation_tells_the_orders_life() -> None:
    """Who reads it sees what was claimed and what happened."""
    [found] = judge(history(RIVAL, canceled(), wire(told=400)))
    assert isinstance(found, Violation)
    assert found.key == KEY
    assert "CANCELED(other) 100.000" in found.text
