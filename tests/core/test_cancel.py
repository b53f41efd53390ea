"""What a cancel of one order is, whatever its family."""

from __future__ import annotations

import pytest

from binance_papi.api.um import algo, conditional
from binance_papi.core.cancel import CANCELED, GONE, OPEN, TRIGGERING, Cancel, Sighting

BY_ID = conditional.CancelOrder(symbol="BTCUSDT", strategy_id=7)
BY_TEXT = conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id="mine")
BY_BOTH = conditional.CancelOrder(symbol="BTCUSDT", strategy_id=7, new_client_strategy_id="mine")


@pytest.mark.parametrize(
    ("cancel", "seen", "expected"),
    [
        (BY_ID, Sighting(), True),
        (BY_ID, Sighting(id=7), True),
        (BY_ID, Sighting(id=8), False),
        (BY_ID, Sighting(id=7, client_id="any"), True),
        (BY_TEXT, Sighting(id=8, client_id="mine"), True),
        (BY_TEXT, Sighting(client_id="yours"), False),
        (BY_BOTH, Sighting(id=7, client_id="mine"), True),
        (BY_BOTH, Sighting(id=7, client_id="yours"), False),
        (BY_BOTH, Sighting(id=8, client_id="mine"), False),
    ],
)
def test_a_sighting_names_the_order_unless_an_id_contradicts(
    cancel: conditional.CancelOrder, seen: Sighting, expected: bool
) -> None:
    """What a reply leaves out contradicts nothing."""
    assert cancel.names(seen) is expected


def test_the_same_order_is_the_same_key() -> None:
    """The receive window does not matter; family, symbol and ids do."""
    other = conditional.CancelOrder(symbol="BTCUSDT", strategy_id=7, recv_window=9)
    assert other.order() == BY_ID.order()
    keys = {
        one.order()
        for one in (
            BY_ID,
            BY_TEXT,
            BY_BOTH,
            conditional.CancelOrder(symbol="ETHUSDT", strategy_id=7),
            algo.CancelOrder(algo_id=7),
        )
    }
    assert len(keys) == 5
    assert algo.CancelOrder(algo_id=7).order() == ("/papi/v1/um/algo/order", None, 7, None)


def test_no_status_means_two_things() -> None:
    """Open, ended, cancelled and triggering exclude each other."""
    words = [*OPEN, *GONE, CANCELED, TRIGGERING]
    assert len(words) == len(set(words))


def test_a_family_that_says_nothing_has_neither_sweep_nor_child() -> None:
    """And has to say what its reply shows, and what to ask."""
    assert (Cancel.sweep(BY_ID), Cancel.child(BY_ID, Sighting(child=1))) == (None, None)
    with pytest.raises(NotImplementedError):
        Cancel.sight(BY_ID, conditional.ConditionalOrder(strategy_id=7))
    with pytest.raises(NotImplementedError):
        Cancel.questions(BY_ID)
