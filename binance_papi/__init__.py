"""binance_papi: an async SDK for Binance Portfolio Margin.

>>> from binance_papi import PapiClient
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from binance_papi.client import LIMITS, LIVE, PapiClient
    from binance_papi.core.endpoint import Request
    from binance_papi.core.events import (
        AlignmentLost,
        ClockJumped,
        Contradicted,
        Event,
        Frozen,
        WeightRaised,
    )
    from binance_papi.core.gap import Disconnected, Gap
    from binance_papi.core.outcome import (
        AlreadyGone,
        BurstReport,
        Canceled,
        CloseReport,
        Latency,
        MaybePlaced,
        NotPlaced,
        Outcome,
        Placed,
        Placement,
        Rejected,
        Unknown,
    )
    from binance_papi.core.place import with_client_id
    from binance_papi.core.signing import Signer
    from binance_papi.core.usage import Usage
    from binance_papi.errors import (
        AuthError,
        BannedError,
        ClockError,
        EndpointRetiredError,
        IncompleteHistoryError,
        InvalidRequestError,
        NotOpenError,
        OverloadedError,
        PapiError,
        RejectedError,
        ReplyError,
        ThrottledError,
        UnknownOutcomeError,
        UnsentError,
        UsageError,
        WaitTooLongError,
    )
    from binance_papi.terms import (
        OrderStatus,
        OrderType,
        PositionSide,
        PriceMatch,
        RateLimit,
        SelfTradePreventionMode,
        Side,
        StrategyStatus,
        StrategyType,
        TimeInForce,
        WorkingType,
    )

__version__ = "0.1.0"

__all__ = [
    "LIMITS",
    "LIVE",
    "AlignmentLost",
    "AlreadyGone",
    "AuthError",
    "BannedError",
    "BurstReport",
    "Canceled",
    "ClockError",
    "ClockJumped",
    "CloseReport",
    "Contradicted",
    "Disconnected",
    "EndpointRetiredError",
    "Event",
    "Frozen",
    "Gap",
    "IncompleteHistoryError",
    "InvalidRequestError",
    "Latency",
    "MaybePlaced",
    "NotOpenError",
    "NotPlaced",
    "OrderStatus",
    "OrderType",
    "Outcome",
    "OverloadedError",
    "PapiClient",
    "PapiError",
    "Placed",
    "Placement",
    "PositionSide",
    "PriceMatch",
    "RateLimit",
    "Rejected",
    "RejectedError",
    "ReplyError",
    "Request",
    "SelfTradePreventionMode",
    "Side",
    "Signer",
    "StrategyStatus",
    "StrategyType",
    "ThrottledError",
    "TimeInForce",
    "Unknown",
    "UnknownOutcomeError",
    "UnsentError",
    "Usage",
    "UsageError",
    "WaitTooLongError",
    "WeightRaised",
    "WorkingType",
    "__version__",
    "with_client_id",
]

_HOMES: Final = (
    "binance_papi.client",
    "binance_papi.core.endpoint",
    "binance_papi.core.events",
    "binance_papi.core.gap",
    "binance_papi.core.outcome",
    "binance_papi.core.place",
    "binance_papi.core.signing",
    "binance_papi.core.usage",
    "binance_papi.errors",
    "binance_papi.terms",
)
"""Where these names live."""

_ROOMS: Final = ("api", "client", "core", "errors", "net", "terms")
"""What users also reach from here, as ``binance_papi.errors``."""


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: pytest imports its plugins, ours too, at every start."""
    if name in __all__:
        for home in _HOMES:
            module = vars(import_module(home))
            if name in module:
                globals()[name] = module[name]
                return module[name]
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")  # which leaves it here, for the next time
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})
