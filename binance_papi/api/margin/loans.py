"""Borrowing and repaying, and how much of either is possible.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23. None of these is safe to send twice.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

import msgspec

from binance_papi.api.replies import TransactionReply
from binance_papi.core.endpoint import MARGIN, TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import Number, Symbol
from binance_papi.core.namespace import Namespace, call
from binance_papi.terms import Text

Assets: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[^,]+(,[^,]+)*$")]
"""Assets, separated by commas without blanks."""


class MaxBorrowable(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How much may be borrowed."""

    amount: Decimal
    """What may be borrowed now."""
    borrow_limit: Decimal | None = None
    """What the account's level allows in all."""


class MaxWithdraw(msgspec.Struct, frozen=True, kw_only=True):
    """How much may be moved out."""

    amount: Decimal
    """What may be moved out now."""


class RepaidDebt(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A debt that was repaid with other assets."""

    asset: Text | None = None
    """Asset of the debt."""
    amount: Decimal | None = None
    """How much was repaid."""
    specify_repay_assets: list[Text] | None = None
    """Assets it was repaid with."""
    success: bool | None = None
    """Whether it was."""
    update_time: int | None = None
    """When, epoch milliseconds."""


class Borrow(SignedRequest[TransactionReply], frozen=True, kw_only=True):
    """Borrow an asset.

    Args:
        asset: What to borrow, e.g. ``"USDT"``.
        amount: How much.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/marginLoan", MARGIN, TransactionReply, weight=100)

    asset: Symbol
    amount: Number


class Repay(SignedRequest[TransactionReply], frozen=True, kw_only=True):
    """Repay an asset that was borrowed.

    Args:
        asset: What to repay.
        amount: How much.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/repayLoan", MARGIN, TransactionReply, weight=100)

    asset: Symbol
    amount: Number


class RepayDebt(SignedRequest[RepaidDebt], frozen=True, kw_only=True):
    """Repay a debt with whatever else the account holds, worth at most 50,000 USD a call.

    It takes half a minute's request weight.

    Args:
        asset: Asset of the debt.
        amount: How much; ``None``: the whole debt.
        specify_repay_assets: Assets to repay with, separated by commas, ``"USDT,BTC"``; ``None``:
            the exchange chooses.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/margin/repay-debt", TRADE, RepaidDebt, weight=3000)

    asset: Symbol
    amount: Number | None = None
    specify_repay_assets: Assets | None = None


class MaxBorrow(SignedRequest[MaxBorrowable], frozen=True, kw_only=True):
    """Ask how much of an asset may be borrowed.

    Args:
        asset: The asset.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/margin/maxBorrowable", USER_DATA, MaxBorrowable, weight=5)

    asset: Symbol


class QueryMaxWithdraw(SignedRequest[MaxWithdraw], frozen=True, kw_only=True):
    """Ask how much of an asset may be moved out.

    Args:
        asset: The asset.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/margin/maxWithdraw", USER_DATA, MaxWithdraw, weight=5)

    asset: Symbol


class Loans(Namespace):
    """``papi.margin.loans``."""

    borrow = call(Borrow)
    repay = call(Repay)
    repay_debt = call(RepayDebt)
    max_borrow = call(MaxBorrow)
    query_max_withdraw = call(QueryMaxWithdraw)
