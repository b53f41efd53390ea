"""The exchange's words: its enumerations, its rate-limit rules and our units.

Enumerations are *open*: a value that the exchange starts to use tomorrow decodes today, keeps its
text and compares equal to it (FACTS: enumerations grow without notice).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

import msgspec

MAX_ID: Final = 2**63 - 1
"""Ids of the exchange are signed 64-bit integers."""


Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]
"""A text of a reply. An empty one stands for an absent value, and is none."""


class OpenEnum(StrEnum):
    """A text enumeration that keeps values it does not know, unless they are empty."""

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        if not isinstance(value, str) or not value:
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __reduce_ex__(self, protocol: object) -> tuple[type[OpenEnum], tuple[str]]:
        return type(self), (self.value,)

    # An unknown value is a new object each time it is met, so equality and hash go by the text.
    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) if isinstance(other, str) else NotImplemented

    def __hash__(self) -> int:
        return str.__hash__(self)

    @property
    def known(self) -> bool:
        """Whether this value stood in the documentation when this version was written."""
        return self._value_ in type(self)._value2member_map_


class Side(OpenEnum):
    """``side``: which way the order trades."""

    BUY = "BUY"
    SELL = "SELL"


class PositionSide(OpenEnum):
    """``positionSide``: BOTH in one-way mode, LONG or SHORT in hedge mode."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"


class StrategyType(OpenEnum):
    """``strategyType`` of a conditional order; ``type`` and ``orderType`` of an algo order."""

    STOP = "STOP"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"


class StrategyStatus(OpenEnum):
    """``strategyStatus`` of a conditional order."""

    NEW = "NEW"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"


class AlgoType(OpenEnum):
    """``algoType`` of an algo order; there is only one."""

    CONDITIONAL = "CONDITIONAL"


class AlgoStatus(OpenEnum):
    """``algoStatus``: TRIGGERING, the plain order is on its way; TRIGGERED, it was accepted."""

    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


class OrderStatus(OpenEnum):
    """``status`` of a plain order."""

    NEW = "NEW"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    EXPIRED_IN_MATCH = "EXPIRED_IN_MATCH"


class OrderType(OpenEnum):
    """``type`` of a plain UM or CM order."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"


class NewOrderRespType(OpenEnum):
    """``newOrderRespType``: whether a placement answers at once or with its result."""

    ACK = "ACK"
    RESULT = "RESULT"


class TimeInForce(OpenEnum):
    """``timeInForce``; GTD is known to UM only."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTX = "GTX"
    GTD = "GTD"


class WorkingType(OpenEnum):
    """``workingType``: which price feeds the trigger."""

    MARK_PRICE = "MARK_PRICE"
    CONTRACT_PRICE = "CONTRACT_PRICE"


class PriceMatch(OpenEnum):
    """``priceMatch``; OPPONENT_10 and OPPONENT_20 were suspended on 2025-10-23."""

    NONE = "NONE"
    OPPONENT = "OPPONENT"
    OPPONENT_5 = "OPPONENT_5"
    OPPONENT_10 = "OPPONENT_10"
    OPPONENT_20 = "OPPONENT_20"
    QUEUE = "QUEUE"
    QUEUE_5 = "QUEUE_5"
    QUEUE_10 = "QUEUE_10"
    QUEUE_20 = "QUEUE_20"


class SelfTradePreventionMode(OpenEnum):
    """``selfTradePreventionMode``."""

    NONE = "NONE"
    EXPIRE_TAKER = "EXPIRE_TAKER"
    EXPIRE_MAKER = "EXPIRE_MAKER"
    EXPIRE_BOTH = "EXPIRE_BOTH"


class RateLimitType(OpenEnum):
    """``rateLimitType``: REQUEST_WEIGHT counts per address, ORDERS per account."""

    REQUEST_WEIGHT = "REQUEST_WEIGHT"
    ORDERS = "ORDERS"


_INTERVAL_SECONDS: Final = {"SECOND": 1, "MINUTE": 60, "DAY": 86_400}


class RateLimit(msgspec.Struct, frozen=True, rename="camel"):
    """One rate-limit rule, in the exchange's own words.

    Args:
        rate_limit_type: ``"REQUEST_WEIGHT"`` (per source address) or ``"ORDERS"`` (per account).
        interval: ``"SECOND"``, ``"MINUTE"`` or ``"DAY"``.
        interval_num: How many intervals one window lasts, at least 1.
        limit: What may be used in one window, at least 1.

    Raises:
        ValueError: If a value is none of those.
    """

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int

    def __post_init__(self) -> None:
        if self.rate_limit_type not in ("REQUEST_WEIGHT", "ORDERS"):
            raise ValueError(f"rate_limit_type {self.rate_limit_type!r} is unknown")
        if self.interval not in _INTERVAL_SECONDS:
            raise ValueError(f"interval {self.interval!r} is none of SECOND, MINUTE, DAY")
        if self.interval_num < 1 or self.limit < 1:
            raise ValueError("interval_num and limit are at least 1")

    @property
    def seconds(self) -> int:
        """Length of one window, in seconds."""
        return _INTERVAL_SECONDS[self.interval] * self.interval_num

    @property
    def suffix(self) -> str:
        """How the exchange's headers name the window: ``1m``, ``10s``, ``1d`` (lower case)."""
        return f"{self.interval_num}{self.interval[0].lower()}"
