"""What is refused so surely that it is not sent."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi.api.um import algo, conditional, orders
from binance_papi.core.answer import Answer, Done, Fault, NotOpen, Refused, Unanswered
from binance_papi.core.breaker import AUTH_REFUSALS, REST, Breaker
from binance_papi.core.codes import Meaning

CANCEL = conditional.CancelOrder.endpoint
OTHER = algo.CancelOrder.endpoint
QUERY = orders.QueryOrder.endpoint
WRONG_KEY = Refused(Fault(401, -2015), Meaning.AUTH)
RETIRED = Refused(Fault(404), retired=True)
GOOD: list[Answer[Any]] = [Done(None), NotOpen(Fault(400, -2011))]


def heard(*answers: Answer[Any], endpoint: Any = CANCEL) -> Breaker:
    """A breaker that heard these at 0."""
    breaker = Breaker()
    for answer in answers:
        breaker.hear(endpoint, answer, 0.0)
    return breaker


def test_a_path_that_is_gone_is_not_asked_again() -> None:
    """One 404 is enough; other paths go on."""
    breaker = heard(RETIRED)
    assert breaker.answer(CANCEL, 1.0) is RETIRED
    assert breaker.answer(OTHER, 1.0) is None


def test_a_key_is_believed_wrong_after_three_refusals() -> None:
    """For the kind of call that was refused, on every path."""
    assert heard(*[WRONG_KEY] * (AUTH_REFUSALS - 1)).answer(CANCEL, 1.0) is None
    breaker = heard(*[WRONG_KEY] * AUTH_REFUSALS)
    assert breaker.answer(OTHER, 1.0) is WRONG_KEY
    assert breaker.answer(QUERY, 1.0) is None


@pytest.mark.parametrize("good", GOOD)
def test_only_refusals_in_a_row_count(good: Answer[Any]) -> None:
    """Whatever took the key in between."""
    breaker = heard(*[WRONG_KEY, WRONG_KEY, good] * 3)
    assert breaker.answer(CANCEL, 1.0) is None


@pytest.mark.parametrize(
    "answer", [Refused(Fault(400, -1102)), Unanswered("silence"), Refused(Fault(), Meaning.CLOCK)]
)
def test_nothing_else_shuts_anything(answer: Answer[Any]) -> None:
    """However often."""
    assert heard(*[answer] * 9).answer(CANCEL, 1.0) is None


@pytest.mark.parametrize("refusals", [[RETIRED], [WRONG_KEY] * AUTH_REFUSALS])
@pytest.mark.parametrize("good", GOOD)
def test_after_a_rest_one_goes_out_and_decides(refusals: list[Refused], good: Answer[Any]) -> None:
    """Refused again, the others rest on; taken, all of them go."""
    breaker = heard(*refusals)
    assert breaker.answer(CANCEL, REST - 0.1) is refusals[0]
    assert breaker.answer(CANCEL, REST) is None
    assert breaker.answer(CANCEL, REST) is refusals[0]
    breaker.hear(CANCEL, refusals[0], REST + 1)
    assert breaker.answer(CANCEL, 2 * REST + 0.5) is refusals[0]
    assert breaker.answer(CANCEL, 2 * REST + 1) is None
    breaker.hear(CANCEL, good, 2 * REST + 2)
    assert breaker.answer(CANCEL, 2 * REST + 2) is None
