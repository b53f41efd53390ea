"""COIN-M futures of a Portfolio Margin account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from binance_papi.core.namespace import Namespace, branch

if TYPE_CHECKING:
    from binance_papi.api.cm.account import Account
    from binance_papi.api.cm.conditional import Conditional
    from binance_papi.api.cm.history import History
    from binance_papi.api.cm.orders import Orders
    from binance_papi.api.cm.positions import Positions


class Cm(Namespace):
    """``papi.cm``: COIN-M futures."""

    conditional: branch[Conditional] = branch("binance_papi.api.cm.conditional:Conditional")
    orders: branch[Orders] = branch("binance_papi.api.cm.orders:Orders")
    account: branch[Account] = branch("binance_papi.api.cm.account:Account")
    history: branch[History] = branch("binance_papi.api.cm.history:History")
    positions: branch[Positions] = branch("binance_papi.api.cm.positions:Positions")
