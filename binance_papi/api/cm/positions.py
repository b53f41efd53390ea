"""CM positions: what is held, how near to deleveraging, at which leverage, in which mode.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from binance_papi.api.replies import CodeReply, PositionAdl, PositionMode
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import Symbol
from binance_papi.core.namespace import Namespace, call
from binance_papi.terms import PositionSide, Text


class Position(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A position."""

    symbol: Text
    """Contract."""
    position_side: PositionSide | None = None
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    position_amt: Decimal
    """How much is held, in contracts; negative: short."""
    entry_price: Decimal | None = None
    """Average price it was opened at."""
    mark_price: Decimal | None = None
    """Mark price."""
    un_realized_profit: Decimal | None = None
    """Unrealised profit, in the margin asset."""
    liquidation_price: Decimal | None = None
    """Where it would be liquidated; 0: nowhere."""
    leverage: int | None = None
    """Leverage."""
    max_qty: Decimal | None = None
    """Greatest position at this leverage, in contracts."""
    notional_value: Decimal | None = None
    """Value of the position, in the margin asset."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds; 0: never."""


class InitialLeverage(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The leverage of a symbol, as it was set."""

    symbol: Text
    """Contract."""
    leverage: int
    """Leverage."""
    max_qty: Decimal | None = None
    """Greatest position at this leverage, in contracts."""


class Bracket(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One step of the margin rules: what holds for positions of some size."""

    bracket: int
    """Number of the step, from 1."""
    initial_leverage: int | None = None
    """Greatest leverage of the step."""
    qty_cap: Decimal | None = None
    """Greatest position of the step."""
    qty_floor: Decimal | None = None
    """Least position of the step."""
    maint_margin_ratio: Decimal | None = None
    """Share of the value that is maintenance margin."""
    cum: Decimal | None = None
    """What the exchange deducts to make the steps join."""


class Brackets(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The margin rules of a symbol."""

    symbol: Text
    """Contract."""
    brackets: list[Bracket]
    """The steps."""


class QueryPositionInformation(SignedRequest[list[Position]], frozen=True, kw_only=True):
    """Ask for positions, all of them or those of a margin asset or a pair.

    In one-way mode there are only BOTH positions; in hedge mode BOTH, LONG and SHORT.

    Args:
        margin_asset: Only positions with this margin asset, e.g. ``"BTC"``.
        pair: Only positions in contracts on this pair, e.g. ``"BTCUSD"``.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/cm/positionRisk", USER_DATA, list[Position], weight=1)

    margin_asset: Symbol | None = None
    pair: Symbol | None = None


class PositionADLQuantileEstimation(SignedRequest[list[PositionAdl]], frozen=True, kw_only=True):
    """Ask how near positions are to automatic deleveraging.

    Args:
        symbol: Contract; ``None``: all.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/cm/adlQuantile", USER_DATA, list[PositionAdl], weight=5, listed=True
    )

    symbol: Symbol | None = None


class ChangeInitialLeverage(SignedRequest[InitialLeverage], frozen=True, kw_only=True):
    """Set the leverage of a symbol.

    Args:
        symbol: Contract.
        leverage: At least 1; at most the ``initial_leverage`` of the symbol's first bracket.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/cm/leverage", TRADE, InitialLeverage, weight=1)

    symbol: Symbol
    leverage: Annotated[int, msgspec.Meta(ge=1)]


class NotionalAndLeverageBrackets(SignedRequest[list[Brackets]], frozen=True, kw_only=True):
    """Ask for the margin rules, of one symbol or of all.

    Args:
        symbol: Contract; ``None``: all.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/cm/leverageBracket", USER_DATA, list[Brackets], weight=1, listed=True
    )

    symbol: Symbol | None = None


class GetCurrentPositionMode(SignedRequest[PositionMode], frozen=True, kw_only=True):
    """Ask whether positions are held in hedge mode; it holds for every symbol.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/cm/positionSide/dual", USER_DATA, PositionMode, weight=30)


class ChangePositionMode(SignedRequest[CodeReply], frozen=True, kw_only=True):
    """Switch hedge mode on or off, for every symbol.

    It has to be the mode of UM since 2026-04-14; a change away from it is refused.

    Args:
        dual_side_position: True: hedge mode; false: one-way mode.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/cm/positionSide/dual", TRADE, CodeReply, weight=1)

    dual_side_position: bool


class Positions(Namespace):
    """``papi.cm.positions``."""

    query_position_information = call(QueryPositionInformation)
    position_adl_quantile_estimation = call(PositionADLQuantileEstimation)
    change_initial_leverage = call(ChangeInitialLeverage)
    notional_and_leverage_brackets = call(NotionalAndLeverageBrackets)
    get_current_position_mode = call(GetCurrentPositionMode)
    change_position_mode = call(ChangePositionMode)
