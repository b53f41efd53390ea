"""The UM account: assets and positions, its settings, what trading costs, and who watches it.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from binance_papi.api.replies import CodeReply, CommissionRate, FuturesAccount
from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import Symbol
from binance_papi.core.namespace import Namespace, call
from binance_papi.terms import Text


class AccountConfiguration(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The settings of a UM account."""

    fee_tier: int | None = None
    """Tier of its commissions."""
    can_trade: bool | None = None
    """Whether it may trade."""
    can_deposit: bool | None = None
    """Whether assets may be moved in."""
    can_withdraw: bool | None = None
    """Whether assets may be moved out."""
    dual_side_position: bool | None = None
    """True: hedge mode; false: one-way mode."""
    multi_assets_margin: bool | None = None
    """Whether several assets are margin together."""
    trade_group_id: int | None = None
    """Id of its trade group; -1: none."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds."""


class SymbolConfiguration(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The settings of one symbol in a UM account."""

    symbol: Text
    """Trading pair."""
    margin_type: Text | None = None
    """``"CROSSED"``."""
    is_auto_add_margin: bool | None = None
    """Whether margin is added by itself; the exchange writes it as a text."""
    leverage: int | None = None
    """Leverage."""
    max_notional_value: Decimal | None = None
    """Greatest value a position may have at this leverage."""


class Indicator(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One rule that the exchange measures trading by."""

    indicator: Text
    """``"UFR"`` (unfilled ratio), ``"IFER"`` (expired IOC and FOK), ``"GCR"`` (cancel ratio),
    ``"DR"`` (dust ratio) or ``"TMV"`` (too many violations)."""
    value: Decimal | None = None
    """What was measured."""
    trigger_value: Decimal | None = None
    """What it must not reach."""
    is_locked: bool | None = None
    """Whether trading is restricted by it now."""
    planned_recover_time: int | None = None
    """When the restriction ends, epoch milliseconds."""


class TradingStatus(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """How trading stands against the exchange's quantitative rules."""

    indicators: dict[str, list[Indicator]]
    """The rules that were broken, by symbol; ``"ACCOUNT"``: those of the whole account."""
    update_time: int | None = None
    """When they were measured, epoch milliseconds."""


class FeeBurn(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Whether commissions are paid in BNB."""

    fee_burn: bool
    """True: in BNB, at a discount."""


class GetAccountDetail(SignedRequest[FuturesAccount], frozen=True, kw_only=True):
    """Ask for assets and positions of the UM account; version 2 answers with less.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/um/account", USER_DATA, FuturesAccount, weight=5)


class GetAccountDetailV2(SignedRequest[FuturesAccount], frozen=True, kw_only=True):
    """Ask for assets and positions of the UM account, without margins of orders and leverage.

    It has been seen to leave out positions and assets that are empty.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v2/um/account", USER_DATA, FuturesAccount, weight=5)


class FuturesAccountConfiguration(SignedRequest[AccountConfiguration], frozen=True, kw_only=True):
    """Ask for the settings of the UM account.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/um/accountConfig", USER_DATA, AccountConfiguration, weight=5
    )


class FuturesSymbolConfiguration(
    SignedRequest[list[SymbolConfiguration]], frozen=True, kw_only=True
):
    """Ask for the settings of one symbol or of all.

    Args:
        symbol: Trading pair; ``None``: all.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/um/symbolConfig", USER_DATA, list[SymbolConfiguration], weight=5
    )

    symbol: Symbol | None = None


class GetUserCommissionRate(SignedRequest[CommissionRate], frozen=True, kw_only=True):
    """Ask what trading a symbol costs.

    Args:
        symbol: Trading pair.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/um/commissionRate", USER_DATA, CommissionRate, weight=20)

    symbol: Symbol


class TradingQuantitativeRulesIndicators(SignedRequest[TradingStatus], frozen=True, kw_only=True):
    """Ask how trading stands against the exchange's quantitative rules.

    Args:
        symbol: Trading pair; ``None``: all, at 10 times the weight.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/um/apiTradingStatus", USER_DATA, TradingStatus, weight=1, all_symbols=10
    )

    symbol: Symbol | None = None


class GetFuturesBNBBurnStatus(SignedRequest[FeeBurn], frozen=True, kw_only=True):
    """Ask whether commissions are paid in BNB.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/um/feeBurn", USER_DATA, FeeBurn, weight=30)


class ToggleBNBBurnOnFuturesTrade(SignedRequest[CodeReply], frozen=True, kw_only=True):
    """Pay commissions in BNB, or stop doing so; for every symbol.

    Args:
        fee_burn: True: in BNB, at a discount.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/um/feeBurn", TRADE, CodeReply, weight=1)

    fee_burn: bool


class FuturesTradFiPerpsContract(SignedRequest[CodeReply], frozen=True, kw_only=True):
    """Sign the agreement that trading perpetual contracts on stocks needs (since 2026-04-08).

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/um/stock/contract", USER_DATA, CodeReply, weight=5)


class Account(Namespace):
    """``papi.um.account``."""

    get_account_detail = call(GetAccountDetail)
    get_account_detail_v2 = call(GetAccountDetailV2)
    futures_account_configuration = call(FuturesAccountConfiguration)
    futures_symbol_configuration = call(FuturesSymbolConfiguration)
    get_user_commission_rate = call(GetUserCommissionRate)
    trading_quantitative_rules_indicators = call(TradingQuantitativeRulesIndicators)
    get_futures_bnb_burn_status = call(GetFuturesBNBBurnStatus)
    toggle_bnb_burn_on_futures_trade = call(ToggleBNBBurnOnFuturesTrade)
    futures_tradfi_perps_contract = call(FuturesTradFiPerpsContract)
