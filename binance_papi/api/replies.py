"""Replies that pages of several products share: the same shape, declared once."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec

from binance_papi.api.words import IncomeType
from binance_papi.terms import PositionSide, PriceMatch, Text

NoneText: TypeAlias = Literal["None"]
"""How some pages print an absent value in their examples: as a text. It is read, and kept."""


class CodeReply(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked is done: a code and a word."""

    code: Annotated[int, msgspec.Meta(ge=0)]
    """Always 200; the exchange writes it as a number or as a text."""
    msg: Text | None = None
    """What was done, in words."""


class MessageReply(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked is done: a word."""

    msg: Text
    """``"success"``."""


class TransactionReply(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A transfer, loan or repayment that was booked."""

    tran_id: int
    """The exchange's id of the transaction."""


class PositionMode(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How positions are held."""

    dual_side_position: bool
    """True: hedge mode, with LONG and SHORT positions of their own; false: one-way mode."""


class CommissionRate(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What trading a symbol costs, as a share of the value (0.0002 is 0.02 %)."""

    symbol: Text
    """Trading pair or contract."""
    maker_commission_rate: Decimal | None = None
    """For orders that rest in the book."""
    taker_commission_rate: Decimal | None = None
    """For orders that trade at once."""


class AdlQuantiles(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    """Places in the queue of automatic deleveraging, 0 (last) to 4 (first), by position side."""

    long: int | None = None
    """Of the LONG position, or of a BOTH position that is long."""
    short: int | None = None
    """Of the SHORT position, or of a BOTH position that is short."""
    both: int | None = None
    """Of the position in one-way mode."""
    hedge: int | None = None
    """A sign of hedge mode, not a place; not documented for UM since 2025-12."""


class PositionAdl(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How near a position is to automatic deleveraging."""

    symbol: Text
    """Trading pair or contract."""
    adl_quantile: AdlQuantiles
    """Its places in the queue; refreshed about every 30 seconds."""


class Income(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One booking of futures income."""

    income: Decimal
    """How much, in ``asset``; negative: paid."""
    income_type: IncomeType
    """What for: TRANSFER, REALIZED_PNL, FUNDING_FEE, COMMISSION …; a later kind keeps its text."""
    asset: Text | None = None
    """Asset of the amount."""
    symbol: Text | None = None
    """Trading pair or contract; ``None`` where it is about none."""
    info: Text | None = None
    """More about it, in the exchange's words."""
    time: int
    """When it was booked, epoch milliseconds."""
    tran_id: int | None = None
    """Id of the transaction, unique for one kind of income (written as a number or as a text)."""
    trade_id: int | None = None
    """Id of the trade; ``None`` where there was none."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One value, before and after."""

    before: Decimal | None = None
    """What it was."""
    after: Decimal | None = None
    """What it became."""


class Changes(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a modification did."""

    price: Change | None = None
    """Limit price."""
    orig_qty: Change | None = None
    """Quantity asked for."""
    count: int | None = None
    """The how-manieth modification of the order it was."""
    modify_id: int | None = None
    """Your own id of the modification; since 2026-07."""


class Amendment(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One modification of an order."""

    amendment_id: int
    """The exchange's id of the modification."""
    order_id: int
    """The exchange's id of the order."""
    client_order_id: Text | None = None
    """Your own id of the order."""
    symbol: Text | None = None
    """Trading pair or contract."""
    pair: Text | None = None
    """What the contract is on."""
    time: int
    """When it was modified, epoch milliseconds."""
    amendment: Changes
    """What changed."""
    price_match: PriceMatch | None = None
    """How the price follows the book; UM only."""


class FuturesAsset(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What a futures account holds of one asset; amounts in that asset."""

    asset: Text
    """The asset."""
    cross_wallet_balance: Decimal | None = None
    """Wallet balance."""
    cross_un_pnl: Decimal | None = None
    """Unrealised profit of its positions."""
    maint_margin: Decimal | None = None
    """Maintenance margin."""
    initial_margin: Decimal | None = None
    """Initial margin of positions and open orders, at the present mark price."""
    position_initial_margin: Decimal | None = None
    """Initial margin of positions."""
    open_order_initial_margin: Decimal | None = None
    """Initial margin of open orders."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds; 0: never."""


class FuturesPosition(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A position as an account's detail shows it; each product fills in some of the fields."""

    symbol: Text
    """Trading pair or contract."""
    position_side: PositionSide | None = None
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    position_amt: Decimal | None = None
    """How much is held; negative: short."""
    entry_price: Decimal | None = None
    """Average price it was opened at; not in version 2."""
    unrealized_profit: Decimal | None = None
    """Unrealised profit."""
    initial_margin: Decimal | None = None
    """Initial margin of the position and of open orders."""
    maint_margin: Decimal | None = None
    """Maintenance margin."""
    position_initial_margin: Decimal | None = None
    """Initial margin of the position; not in version 2."""
    open_order_initial_margin: Decimal | None = None
    """Initial margin of open orders; not in version 2."""
    leverage: int | None = None
    """Leverage; not in version 2."""
    max_notional: Decimal | None = None
    """Greatest value a position may have at this leverage; UM, not in version 2."""
    bid_notional: Decimal | None = None
    """Value of open buy orders; UM, not in version 2."""
    ask_notional: Decimal | None = None
    """Value of open sell orders; UM, not in version 2."""
    max_qty: Decimal | None = None
    """Greatest position at this leverage, in contracts; CM."""
    notional: Decimal | None = None
    """Value of the position; version 2 of UM."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds; 0: never."""


class FuturesAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A futures account in detail."""

    assets: list[FuturesAsset]
    """One entry for each asset."""
    positions: list[FuturesPosition]
    """One entry for each position; version 2 has been seen to leave out empty ones."""
