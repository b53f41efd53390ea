"""Events about balances, positions, loans and risk."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import field

from binance_papi.api.events.base import Event
from binance_papi.api.words import AccountUpdateReason, BusinessUnit, RiskLevel
from binance_papi.terms import PositionSide, Text


class Balance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A futures balance that changed."""

    asset: Text = field(name="a")
    """Asset."""
    wallet_balance: Decimal | None = field(name="wb", default=None)
    """Wallet balance."""
    cross_wallet_balance: Decimal | None = field(name="cw", default=None)
    """Cross wallet balance."""
    balance_change: Decimal | None = field(name="bc", default=None)
    """Change of the balance, except profit, loss and commission."""


class Position(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A position that changed."""

    symbol: Text = field(name="s")
    """Trading pair or contract."""
    position_amount: Decimal | None = field(name="pa", default=None)
    """Position amount; negative: short."""
    entry_price: Decimal | None = field(name="ep", default=None)
    """Entry price."""
    accumulated_realized: Decimal | None = field(name="cr", default=None)
    """Profit realized so far, before fees."""
    unrealized_profit: Decimal | None = field(name="up", default=None)
    """Profit not realized yet."""
    position_side: PositionSide | None = field(name="ps", default=None)
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    breakeven_price: Decimal | None = field(name="bep", default=None)
    """Break-even price."""


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What changed; only balances and positions that did are listed."""

    reason: AccountUpdateReason | None = field(name="m", default=None)
    """Why it changed."""
    balances: tuple[Balance, ...] = field(name="B", default=())
    """Balances that changed."""
    positions: tuple[Position, ...] = field(name="P", default=())
    """Positions that changed."""
    symbol: Text | None = field(name="S", default=None)
    """With the reason FUNDING_FEE: whose funding; since 2026-08."""


class AccountUpdate(Event, frozen=True, kw_only=True, gc=False, tag="ACCOUNT_UPDATE"):
    """Balances or positions of futures changed."""

    business_unit: BusinessUnit | None = field(name="fs", default=None)
    """UM or CM."""
    transaction_time: int | None = field(name="T", default=None)
    """When it happened, epoch milliseconds."""
    account_alias: Text | None = field(name="i", default=None)
    """Account alias; CM only."""
    account: AccountChange = field(name="a")
    """What changed."""


class AccountConfig(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A setting that changed."""

    symbol: Text = field(name="s")
    """Trading pair or contract."""
    leverage: int | None = field(name="l", default=None)
    """Leverage."""


class AccountConfigUpdate(Event, frozen=True, kw_only=True, gc=False, tag="ACCOUNT_CONFIG_UPDATE"):
    """The leverage of a pair changed."""

    business_unit: BusinessUnit | None = field(name="fs", default=None)
    """UM or CM."""
    transaction_time: int | None = field(name="T", default=None)
    """When it happened, epoch milliseconds."""
    account_config: AccountConfig = field(name="ac")
    """The setting."""


class BalanceUpdate(Event, frozen=True, kw_only=True, gc=False, tag="balanceUpdate"):
    """Money came into the cross margin account, or left it, without a trade."""

    asset: Text = field(name="a")
    """Asset."""
    balance_delta: Decimal | None = field(name="d", default=None)
    """By how much."""
    event_update_id: int | None = field(name="U", default=None)
    """Update id of the event."""
    clear_time: int | None = field(name="T", default=None)
    """When it cleared, epoch milliseconds."""


class MarginBalance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A cross margin balance."""

    asset: Text = field(name="a")
    """Asset."""
    free: Decimal | None = field(name="f", default=None)
    """Free."""
    locked: Decimal | None = field(name="l", default=None)
    """Locked."""


class OutboundAccountPosition(
    Event, frozen=True, kw_only=True, gc=False, tag="outboundAccountPosition"
):
    """Balances of the cross margin account that may have changed."""

    last_update_time: int | None = field(name="u", default=None)
    """When the account changed last, epoch milliseconds."""
    update_id: int | None = field(name="U", default=None)
    """Update id of the account."""
    balances: tuple[MarginBalance, ...] = field(name="B", default=())
    """The balances."""


class LiabilityChange(Event, frozen=True, kw_only=True, gc=False, tag="liabilityChange"):
    """A margin loan changed."""

    asset: Text = field(name="a")
    """Asset."""
    type: Text | None = field(name="t", default=None)
    """What happened, e.g. BORROW."""
    transaction_id: int | None = field(name="T", default=None)
    """Id of the transaction (not a time)."""
    principal: Decimal | None = field(name="p", default=None)
    """Principal."""
    interest: Decimal | None = field(name="i", default=None)
    """Interest."""
    total_liability: Decimal | None = field(name="l", default=None)
    """Total liability."""


class OrderLoss(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the open orders of an asset may lose."""

    asset: Text = field(name="a")
    """Asset."""
    amount: Decimal | None = field(name="o", default=None)
    """Amount; a loss is negative."""


class OpenOrderLoss(Event, frozen=True, kw_only=True, gc=False, tag="openOrderLoss"):
    """What open margin orders may lose changed."""

    losses: tuple[OrderLoss, ...] = field(name="O", default=())
    """By asset."""


class RiskLevelChange(Event, frozen=True, kw_only=True, gc=False, tag="riskLevelChange"):
    """The account came near its liquidation, or went away from it."""

    uni_mmr: Decimal | None = field(name="u", default=None)
    """uniMMR level."""
    status: RiskLevel | None = field(name="s", default=None)
    """MARGIN_CALL, REDUCE_ONLY or FORCE_LIQUIDATION."""
    account_equity: Decimal | None = field(name="eq", default=None)
    """Account equity, USD."""
    actual_equity: Decimal | None = field(name="ae", default=None)
    """Account equity without collateral rates, USD."""
    maintenance_margin: Decimal | None = field(name="m", default=None)
    """Total maintenance margin, USD."""
