"""How long to pause before the next attempt, and before the next query about one.

Jitter is a number drawn evenly from [0, 1), so that many callers don't come back at once. All
results are seconds.
"""

from __future__ import annotations

from typing import Final

_RETRY: Final = 0.05
_MOST: Final = 1.0
_OVERLOAD: Final = 0.2
_OVERLOAD_MOST: Final = 2.0
_ASK_AGAIN: Final = (0.15, 0.4, 1.0, 2.0, 4.0)
_ASK_LATE: Final = (2.0, 5.0, 10.0)


def backoff(tries: int, jitter: float) -> float:
    """Before the next attempt, after so many that got no answer or never left."""
    return min(_MOST, _RETRY * 2.0 ** min(tries, 10)) * jitter


def relief(refusals: int, jitter: float) -> float:
    """Before the next attempt, after so many that the exchange was too busy for.

    Its advice is 200, 400, 800 ms.
    """
    return min(_OVERLOAD_MOST, _OVERLOAD * 2.0 ** min(refusals, 10)) * (0.5 + jitter / 2)


def doubled(first: float, failures: int, jitter: float) -> float:
    """Before a query is made again that was not answered, for the how manieth time in a row."""
    return min(_MOST, first * 2.0 ** min(failures, 10)) * (0.5 + jitter / 2)


def ask_pause(rounds: int, jitter: float, *, late: bool) -> float:
    """Before the next query, after so many that left things open.

    Args:
        rounds: How many.
        jitter: See above.
        late: Whether nobody waits any more.
    """
    pauses = _ASK_LATE if late else _ASK_AGAIN
    return pauses[min(rounds, len(pauses) - 1)] * (0.75 + jitter / 2)
