"""What the exchange's error codes mean for the request that met them.

One table, from the pages "Error Code" of Portfolio Margin and of USD-M futures. Where two pages, or
a page and observation, disagree, doubt wins: a code that might go with an executed request is
``MAYBE``. A code that is not listed here is ``MAYBE`` too.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Meaning(Enum):
    """What a code tells about the request."""

    REFUSED = "refused"
    """No effect; the request or the account has to change."""
    AUTH = "auth"
    """No effect; key, signature, address or permission."""
    CLOCK = "clock"
    """No effect; the timestamp was outside the window. Learn the clock and send again."""
    NOT_OPEN = "not open"
    """This node has no such open order."""
    WEIGHT = "weight"
    """No effect; the address has used up its request weight."""
    ORDERS = "orders"
    """No effect; the account has used up its order count."""
    OVERLOADED = "overloaded"
    """No effect; back off and send again."""
    MAYBE = "maybe"
    """May have happened."""


_ROWS: Final[tuple[tuple[Meaning, tuple[int, ...]], ...]] = (
    # -4117: the order is triggering at this moment, so its fate is open.
    # -1001 and -1016 read like refusals, but have been seen around executed requests.
    (Meaning.MAYBE, (-1000, -1001, -1006, -1007, -1010, -1016, -2012, -4117)),
    (Meaning.NOT_OPEN, (-2011, -2013, -4000, -20124)),
    (Meaning.AUTH, (-1002, -1022, -2014, -2015, -2017)),
    (Meaning.CLOCK, (-1021, -5028)),
    (Meaning.WEIGHT, (-1003,)),
    (Meaning.ORDERS, (-1015,)),
    # -1004 is SERVER_BUSY on one page and DUPLICATE_IP on another; -5041 "too many queued
    # requests".
    (Meaning.OVERLOADED, (-1004, -1008, -5041)),
    # Addresses, message and parameter checks.
    (Meaning.REFUSED, (-1005, -1011, -1013, -1014, -1020, -1023, -1099)),
    (Meaning.REFUSED, (*range(-1106, -1099), *range(-1121, -1107))),
    (Meaning.REFUSED, (-1125, -1126, -1127, -1128, -1130, -1131, -1134, -1136)),
    # Account, funds and position.
    (Meaning.REFUSED, (-2010, -2016, *range(-2028, -2017))),
    # Order fields, filters and modes.
    (
        Meaning.REFUSED,
        (*range(-4007, -4000), -4013, -4014, -4015, -4020, -4023, -4028, -4031, -4032),
    ),
    (
        Meaning.REFUSED,
        (-4045, -4059, -4060, -4061, -4062, -4067, -4068, -4082, -4083, -4087, -4088),
    ),
    (Meaning.REFUSED, (-4104, -4109, -4116, -4118, -4120, -4131, -4135, -4137, -4138, -4139)),
    (Meaning.REFUSED, (-4140, -4141, -4142, -4144, -4164, -4165, -4183, -4184, -4192)),
    (Meaning.REFUSED, (-4210, -4211, -4400, -4401, -4402, -4403, -4408, -4531)),
    (Meaning.REFUSED, (-5021, -5022, *range(-5027, -5023), -5029, *range(-5040, -5036))),
    (Meaning.REFUSED, (-20121, -20130, -20132, -51113)),
)


def _table(rows: tuple[tuple[Meaning, tuple[int, ...]], ...]) -> dict[int, Meaning]:
    table: dict[int, Meaning] = {}
    for meaning, codes in rows:
        for code in codes:
            if code in table:
                raise AssertionError(f"error code {code} is listed twice")
            table[code] = meaning
    return table


MEANING: Final[dict[int, Meaning]] = _table(_ROWS)
"""Meaning of every documented code."""


def meaning_of(code: int | None) -> Meaning | None:
    """What ``code`` means.

    Args:
        code: The exchange's error code; ``None`` where the reply had none.

    Returns:
        Its meaning, or ``None`` for a code that is not documented and for no code at all.
    """
    return None if code is None else MEANING.get(code)


_IN_USE: Final = frozenset({-4116, -20132})
_REJECTED: Final = -2010
_DUPLICATE: Final = "Duplicate order"


def says_in_use(code: int | None, msg: str) -> bool:
    """Whether a refused placement is told that an open order has its client id.

    Margin orders have no code of their own for that; the text is the one of the spot page.

    Args:
        code: The exchange's error code.
        msg: The exchange's text.
    """
    return code in _IN_USE or (code == _REJECTED and msg.startswith(_DUPLICATE))
