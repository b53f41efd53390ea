"""The exchange's words for accounts, margin, histories and events: more open enumerations.

Apart from `binance_papi.terms`, since whoever only trades futures need not wait for them.
"""

from __future__ import annotations

from binance_papi.terms import OpenEnum


class AutoCloseType(OpenEnum):
    """``autoCloseType`` of a forced order."""

    LIQUIDATION = "LIQUIDATION"
    ADL = "ADL"


class IncomeType(OpenEnum):
    """``incomeType`` of a booking; CM knows fewer kinds than UM."""

    TRANSFER = "TRANSFER"
    WELCOME_BONUS = "WELCOME_BONUS"
    REALIZED_PNL = "REALIZED_PNL"
    FUNDING_FEE = "FUNDING_FEE"
    COMMISSION = "COMMISSION"
    INSURANCE_CLEAR = "INSURANCE_CLEAR"
    REFERRAL_KICKBACK = "REFERRAL_KICKBACK"
    COMMISSION_REBATE = "COMMISSION_REBATE"
    API_REBATE = "API_REBATE"
    CONTEST_REWARD = "CONTEST_REWARD"
    CROSS_COLLATERAL_TRANSFER = "CROSS_COLLATERAL_TRANSFER"
    OPTIONS_PREMIUM_FEE = "OPTIONS_PREMIUM_FEE"
    OPTIONS_SETTLE_PROFIT = "OPTIONS_SETTLE_PROFIT"
    INTERNAL_TRANSFER = "INTERNAL_TRANSFER"
    DELIVERED_SETTELMENT = "DELIVERED_SETTELMENT"
    COIN_SWAP_DEPOSIT = "COIN_SWAP_DEPOSIT"
    COIN_SWAP_WITHDRAW = "COIN_SWAP_WITHDRAW"
    POSITION_LIMIT_INCREASE_FEE = "POSITION_LIMIT_INCREASE_FEE"


class DownloadStatus(OpenEnum):
    """``status`` of a file that is made for download."""

    PROCESSING = "processing"
    COMPLETED = "completed"


class MarginOrderType(OpenEnum):
    """``type`` of a margin order."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP_LOSS = "STOP_LOSS"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT = "TAKE_PROFIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"
    LIMIT_MAKER = "LIMIT_MAKER"


class MarginOrderRespType(OpenEnum):
    """``newOrderRespType`` of a margin order: FULL tells the fills too."""

    ACK = "ACK"
    RESULT = "RESULT"
    FULL = "FULL"


class SideEffectType(OpenEnum):
    """``sideEffectType``: what a margin order borrows or repays on its way."""

    NO_SIDE_EFFECT = "NO_SIDE_EFFECT"
    MARGIN_BUY = "MARGIN_BUY"
    AUTO_REPAY = "AUTO_REPAY"
    AUTO_BORROW_REPAY = "AUTO_BORROW_REPAY"


class ContingencyType(OpenEnum):
    """``contingencyType`` of an order list."""

    OCO = "OCO"


class ListStatusType(OpenEnum):
    """``listStatusType`` of an order list: what was reported last."""

    RESPONSE = "RESPONSE"
    EXEC_STARTED = "EXEC_STARTED"
    ALL_DONE = "ALL_DONE"


class ListOrderStatus(OpenEnum):
    """``listOrderStatus`` of an order list: how it stands."""

    EXECUTING = "EXECUTING"
    ALL_DONE = "ALL_DONE"
    REJECT = "REJECT"


class LoanStatus(OpenEnum):
    """``status`` of a loan or a repayment."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"


class TransferSide(OpenEnum):
    """``transferSide`` of a BNB transfer."""

    TO_UM = "TO_UM"
    FROM_UM = "FROM_UM"


class FutureType(OpenEnum):
    """``futureType``: which wallet is collected from; OPTION is for SPAN accounts."""

    UM = "UM"
    CM = "CM"
    OPTION = "OPTION"


class AccountStatus(OpenEnum):
    """``accountStatus`` of a Portfolio Margin account, from sound to bankrupt."""

    NORMAL = "NORMAL"
    MARGIN_CALL = "MARGIN_CALL"
    SUPPLY_MARGIN = "SUPPLY_MARGIN"
    REDUCE_ONLY = "REDUCE_ONLY"
    ACTIVE_LIQUIDATION = "ACTIVE_LIQUIDATION"
    FORCE_LIQUIDATION = "FORCE_LIQUIDATION"
    BANKRUPTED = "BANKRUPTED"


class BusinessUnit(OpenEnum):
    """``fs`` of an event: USD-M or COIN-M futures."""

    UM = "UM"
    CM = "CM"


class ExecutionType(OpenEnum):
    """``x`` of an order event: what happened to the order."""

    NEW = "NEW"
    CANCELED = "CANCELED"
    CALCULATED = "CALCULATED"
    EXPIRED = "EXPIRED"
    TRADE = "TRADE"
    AMENDMENT = "AMENDMENT"
    REJECTED = "REJECTED"
    REPLACED = "REPLACED"
    TRADE_PREVENTION = "TRADE_PREVENTION"


class AccountUpdateReason(OpenEnum):
    """``m`` of an ACCOUNT_UPDATE: why balances or positions changed."""

    DEPOSIT = "DEPOSIT"
    WITHDRAW = "WITHDRAW"
    ORDER = "ORDER"
    FUNDING_FEE = "FUNDING_FEE"
    WITHDRAW_REJECT = "WITHDRAW_REJECT"
    ADJUSTMENT = "ADJUSTMENT"
    INSURANCE_CLEAR = "INSURANCE_CLEAR"
    ADMIN_DEPOSIT = "ADMIN_DEPOSIT"
    ADMIN_WITHDRAW = "ADMIN_WITHDRAW"
    MARGIN_TRANSFER = "MARGIN_TRANSFER"
    MARGIN_TYPE_CHANGE = "MARGIN_TYPE_CHANGE"
    ASSET_TRANSFER = "ASSET_TRANSFER"
    OPTIONS_PREMIUM_FEE = "OPTIONS_PREMIUM_FEE"
    OPTIONS_SETTLE_PROFIT = "OPTIONS_SETTLE_PROFIT"
    AUTO_EXCHANGE = "AUTO_EXCHANGE"
    COIN_SWAP_DEPOSIT = "COIN_SWAP_DEPOSIT"
    COIN_SWAP_WITHDRAW = "COIN_SWAP_WITHDRAW"


class RiskLevel(OpenEnum):
    """``s`` of a riskLevelChange."""

    MARGIN_CALL = "MARGIN_CALL"
    REDUCE_ONLY = "REDUCE_ONLY"
    FORCE_LIQUIDATION = "FORCE_LIQUIDATION"
