"""Events of the user data stream: one struct per kind, fields named after their documented meaning.

Source: the pages "Event: …" of Portfolio Margin's user data streams, texts of 2026-10. Ids are
``int``, amounts `decimal.Decimal`, times ``int`` epoch milliseconds, enumerations open, and an
empty text is ``None``. A kind that is not documented is an `UnknownEvent`, with all of its text.
"""

from __future__ import annotations

from typing import TypeAlias

from binance_papi.api.events.account import (
    AccountConfigUpdate,
    AccountUpdate,
    BalanceUpdate,
    LiabilityChange,
    OpenOrderLoss,
    OutboundAccountPosition,
    RiskLevelChange,
)
from binance_papi.api.events.margin import ExecutionReport
from binance_papi.api.events.orders import (
    AlgoUpdate,
    ConditionalOrderTradeUpdate,
    OrderTradeUpdate,
)
from binance_papi.api.events.stream import ListenKeyExpired, ServerShutdown, UnknownEvent

Documented: TypeAlias = (
    OrderTradeUpdate
    | AlgoUpdate
    | ConditionalOrderTradeUpdate
    | ExecutionReport
    | AccountUpdate
    | AccountConfigUpdate
    | BalanceUpdate
    | OutboundAccountPosition
    | LiabilityChange
    | OpenOrderLoss
    | RiskLevelChange
    | ListenKeyExpired
    | ServerShutdown
)
"""Every kind that is documented."""

ExchangeEvent: TypeAlias = Documented | UnknownEvent
"""Whatever the exchange may send."""

__all__ = [
    "AccountConfigUpdate",
    "AccountUpdate",
    "AlgoUpdate",
    "BalanceUpdate",
    "ConditionalOrderTradeUpdate",
    "Documented",
    "ExchangeEvent",
    "ExecutionReport",
    "LiabilityChange",
    "ListenKeyExpired",
    "OpenOrderLoss",
    "OrderTradeUpdate",
    "OutboundAccountPosition",
    "RiskLevelChange",
    "ServerShutdown",
    "UnknownEvent",
]
