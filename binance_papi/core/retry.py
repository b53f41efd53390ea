"""Whether an attempt may be followed by another, and after how long.

Only what certainly had no effect is sent again; a read has no effect anyway. Every further attempt
is admitted, stamped and signed anew. Nothing here waits.
"""

from __future__ import annotations

from typing import Any, Final

from binance_papi.core.answer import Answer, Overloaded, Refused, Throttled, Unanswered, Unsent
from binance_papi.core.codes import Meaning

MAX_RESENDS: Final = 3
"""At most four requests on the wire for one call."""

_MAX_CLOCK_RESENDS: Final = 2
_OVERLOAD_PAUSE: Final = 0.2
_UNSENT_PAUSE: Final = 0.05


def pause_before_resend(
    answer: Answer[Any], resends: int, *, read_only: bool, jitter: float
) -> float | None:
    """How long to wait before sending again.

    Args:
        answer: What the last attempt told.
        resends: How often this call was sent again already.
        read_only: Whether the request changes nothing on the exchange (a GET).
        jitter: A number drawn evenly from [0, 1), so that many callers don't come back at once.

    Returns:
        Seconds, 0 for at once; ``None``: don't.
    """
    match answer:
        case Unsent(held=True):
            # It costs nobody anything, and the gate stays shut for as long as the exchange asked.
            return 0.0
        case _ if resends >= MAX_RESENDS:
            return None
        case Unsent():
            # The first time at once: another connection is likely to work.
            return float(_UNSENT_PAUSE * (2**resends - 1) * (0.5 + jitter / 2))
        case Throttled():
            # The gate stays shut for as long as the exchange asked.
            return 0.0
        case Overloaded():
            # The exchange's advice: 200, 400, 800 ms.
            return float(_OVERLOAD_PAUSE * 2**resends * (0.5 + jitter / 2))
        case Refused(meaning=Meaning.CLOCK) if resends < _MAX_CLOCK_RESENDS:
            return 0.0
        case Unanswered() if read_only:
            return float(_UNSENT_PAUSE * 2**resends * (0.5 + jitter / 2))
        case _:
            return None
