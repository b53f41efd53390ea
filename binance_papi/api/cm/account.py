"""The CM account: assets and positions, and what trading costs.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23.
"""

from __future__ import annotations

from binance_papi.api.replies import CommissionRate, FuturesAccount
from binance_papi.core.endpoint import USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import Symbol
from binance_papi.core.namespace import Namespace, call


class GetAccountDetail(SignedRequest[FuturesAccount], frozen=True, kw_only=True):
    """Ask for assets and positions of the CM account.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/cm/account", USER_DATA, FuturesAccount, weight=5)


class GetUserCommissionRate(SignedRequest[CommissionRate], frozen=True, kw_only=True):
    """Ask what trading a symbol costs.

    Args:
        symbol: Contract.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/cm/commissionRate", USER_DATA, CommissionRate, weight=20)

    symbol: Symbol


class Account(Namespace):
    """``papi.cm.account``."""

    get_account_detail = call(GetAccountDetail)
    get_user_commission_rate = call(GetUserCommissionRate)
