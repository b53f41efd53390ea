"""The Portfolio Margin account as a whole: equity, balances, collections, repayments, interest.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from binance_papi.api.replies import MessageReply, TransactionReply
from binance_papi.api.rules import UpTo100
from binance_papi.api.words import AccountStatus, FutureType, TransferSide
from binance_papi.core.endpoint import DAY_MS, TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import Id, Number, Symbol
from binance_papi.core.namespace import Namespace, call, every
from binance_papi.core.paging import Paging
from binance_papi.terms import Text

_MONTH: Final = 30 * DAY_MS
_QUARTER: Final = 92 * DAY_MS


class Account(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The account as a whole; amounts in USD."""

    uni_mmr: Decimal | None = msgspec.field(default=None, name="uniMMR")
    """Equity over maintenance margin: the lower, the nearer to liquidation."""
    account_equity: Decimal | None = None
    """Equity, collateral counted at its rates."""
    actual_equity: Decimal | None = None
    """Equity, collateral counted in full."""
    account_initial_margin: Decimal | None = None
    """Initial margin."""
    account_maint_margin: Decimal | None = None
    """Maintenance margin."""
    account_status: AccountStatus | None = None
    """NORMAL, MARGIN_CALL, SUPPLY_MARGIN, REDUCE_ONLY, ACTIVE_LIQUIDATION, FORCE_LIQUIDATION or
    BANKRUPTED; a later value keeps its text."""
    virtual_max_withdraw_amount: Decimal | None = None
    """Most that may be moved out."""
    total_available_balance: Decimal | None = None
    """What is available; ``None`` where the exchange leaves it empty."""
    total_margin_open_loss: Decimal | None = None
    """What open margin orders would lose at most; ``None`` where the exchange leaves it empty."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds."""


class Balance(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """What the account holds of one asset; amounts in that asset."""

    asset: Text
    """The asset."""
    total_wallet_balance: Decimal | None = None
    """In all wallets: cross margin, UM and CM."""
    cross_margin_asset: Decimal | None = None
    """In cross margin, borrowed included."""
    cross_margin_borrowed: Decimal | None = None
    """Borrowed."""
    cross_margin_free: Decimal | None = None
    """In cross margin, free."""
    cross_margin_interest: Decimal | None = None
    """Interest that is owed."""
    cross_margin_locked: Decimal | None = None
    """In cross margin, locked in orders."""
    um_wallet_balance: Decimal | None = None
    """In the UM wallet."""
    um_unrealized_pnl: Decimal | None = msgspec.field(default=None, name="umUnrealizedPNL")
    """Unrealised profit of UM positions."""
    cm_wallet_balance: Decimal | None = None
    """In the CM wallet."""
    cm_unrealized_pnl: Decimal | None = msgspec.field(default=None, name="cmUnrealizedPNL")
    """Unrealised profit of CM positions; ``None`` where the exchange leaves it empty."""
    negative_balance: Decimal | None = None
    """How far the balance is below zero."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds."""


class NegativeBalanceInterest(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One charge of interest on a negative balance."""

    asset: Text | None = None
    """The asset."""
    principal: Decimal | None = None
    """How far the balance was below zero."""
    interest: Decimal | None = None
    """What was charged."""
    interest_rate: Decimal | None = None
    """At which rate, as a share."""
    interest_accured_time: int
    """When, epoch milliseconds."""


class ExchangedBalance(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A negative balance of one asset that was exchanged."""

    asset: Text
    """The asset."""
    negative_balance: Decimal | None = None
    """How far it was below zero."""
    negative_max_threshold: Decimal | None = None
    """From how far on it is exchanged."""


class AutoExchange(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One time that negative balances were exchanged."""

    start_time: int
    """When it began, epoch milliseconds."""
    end_time: int | None = None
    """When it ended, epoch milliseconds."""
    details: list[ExchangedBalance] = []
    """What was exchanged."""


class AutoExchanges(msgspec.Struct, frozen=True, kw_only=True):
    """When negative balances were exchanged."""

    rows: list[AutoExchange]
    """Newest first."""
    total: int
    """How many."""


class AutoRepay(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Whether negative futures balances are repaid by themselves."""

    auto_repay: bool
    """True: they are."""


class AccountInformation(SignedRequest[Account], frozen=True, kw_only=True):
    """Ask how the account stands: equity, margins, uniMMR.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/account", USER_DATA, Account, weight=20)


class AccountBalance(SignedRequest[list[Balance]], frozen=True, kw_only=True):
    """Ask for balances, of one asset or of all; a list in either case.

    Args:
        asset: The asset; ``None``: all.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/balance",
        USER_DATA,
        list[Balance],
        weight=20,
        listed=True,  # of one asset the exchange sends the bare value
    )

    asset: Symbol | None = None


class FundCollectionByAsset(SignedRequest[MessageReply], frozen=True, kw_only=True):
    """Move an asset from the futures wallets to cross margin; not BNB.

    Args:
        asset: The asset.
        amount: How much, since 2026-10-15; needs ``future_type``. ``None``: all.
        future_type: From which wallet: UM or CM (OPTION for SPAN accounts); needs ``amount``.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST",
        "/papi/v1/asset-collection",
        TRADE,
        MessageReply,
        weight=30,
        together=(("amount", "future_type"),),
    )

    asset: Symbol
    amount: Number | None = None
    future_type: FutureType | str | None = None


class FundAutoCollection(SignedRequest[MessageReply], frozen=True, kw_only=True):
    """Move all assets but BNB from the futures wallets to cross margin; 500 times an hour at most.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/auto-collection", TRADE, MessageReply, weight=750)


class BNBTransfer(SignedRequest[TransactionReply], frozen=True, kw_only=True):
    """Move BNB into or out of the UM wallet; 10 times in ten minutes at most.

    Args:
        amount: How much BNB.
        transfer_side: TO_UM or FROM_UM.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/bnb-transfer", TRADE, TransactionReply, weight=750)

    amount: Number
    transfer_side: TransferSide | str


class RepayFuturesNegativeBalance(SignedRequest[MessageReply], frozen=True, kw_only=True):
    """Repay negative balances of the futures wallets from cross margin.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST", "/papi/v1/repay-futures-negative-balance", USER_DATA, MessageReply, weight=750
    )


class GetAutoRepayFuturesStatus(SignedRequest[AutoRepay], frozen=True, kw_only=True):
    """Ask whether negative futures balances are repaid by themselves.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/repay-futures-switch", USER_DATA, AutoRepay, weight=30)


class ChangeAutoRepayFuturesStatus(SignedRequest[MessageReply], frozen=True, kw_only=True):
    """Let negative futures balances be repaid by themselves, or not; 20 times a day at most.

    Args:
        auto_repay: True: they are; false: not.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/repay-futures-switch", TRADE, MessageReply, weight=750)

    auto_repay: bool


class QueryNegativeBalanceInterestHistory(
    SignedRequest[list[NegativeBalanceInterest]], frozen=True, kw_only=True
):
    """Ask what interest was charged on negative balances, newest first.

    Args:
        asset: The asset; ``None``: all.
        start_time: Epoch milliseconds, inclusive; ``None``: the last 7 days.
        end_time: Epoch milliseconds, inclusive; less than 30 days after ``start_time``.
        size: 1 to 100; ``None``: 10.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/portfolio/interest-history",
        USER_DATA,
        list[NegativeBalanceInterest],
        weight=50,
        span=_MONTH,
        paging=Paging(time="interest_accured_time", most=100, limit="size"),
    )

    asset: Symbol | None = None
    start_time: Id | None = None
    end_time: Id | None = None
    size: UpTo100 | None = None


class QueryUserNegativeBalanceAutoExchangeRecord(
    SignedRequest[AutoExchanges], frozen=True, kw_only=True
):
    """Ask when negative balances were exchanged by themselves, newest first.

    Args:
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; at most three months after ``start_time``.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET",
        "/papi/v1/portfolio/negative-balance-exchange-record",
        USER_DATA,
        AutoExchanges,
        weight=100,
        span=_QUARTER,
        paging=Paging(time="start_time", most=None),
    )

    start_time: Id
    end_time: Id


class Portfolio(Namespace):
    """``papi.portfolio``."""

    account_information = call(AccountInformation)
    account_balance = call(AccountBalance)
    fund_collection_by_asset = call(FundCollectionByAsset)
    fund_auto_collection = call(FundAutoCollection)
    bnb_transfer = call(BNBTransfer)
    repay_futures_negative_balance = call(RepayFuturesNegativeBalance)
    get_auto_repay_futures_status = call(GetAutoRepayFuturesStatus)
    change_auto_repay_futures_status = call(ChangeAutoRepayFuturesStatus)
    query_negative_balance_interest_history = call(QueryNegativeBalanceInterestHistory)
    query_negative_balance_interest_history_iter = every(
        QueryNegativeBalanceInterestHistory, NegativeBalanceInterest
    )
    query_user_negative_balance_auto_exchange_record = call(
        QueryUserNegativeBalanceAutoExchangeRecord
    )
    query_user_negative_balance_auto_exchange_record_iter = every(
        QueryUserNegativeBalanceAutoExchangeRecord, AutoExchange
    )
