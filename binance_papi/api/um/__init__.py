"""USD-M futures of a Portfolio Margin account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from binance_papi.core.namespace import Namespace, branch

if TYPE_CHECKING:
    from binance_papi.api.um.account import Account
    from binance_papi.api.um.algo import Algo
    from binance_papi.api.um.conditional import Conditional
    from binance_papi.api.um.downloads import Downloads
    from binance_papi.api.um.history import History
    from binance_papi.api.um.orders import Orders
    from binance_papi.api.um.positions import Positions


class Um(Namespace):
    """``papi.um``: USD-M futures."""

    algo: branch[Algo] = branch("binance_papi.api.um.algo:Algo")
    conditional: branch[Conditional] = branch("binance_papi.api.um.conditional:Conditional")
    orders: branch[Orders] = branch("binance_papi.api.um.orders:Orders")
    account: branch[Account] = branch("binance_papi.api.um.account:Account")
    downloads: branch[Downloads] = branch("binance_papi.api.um.downloads:Downloads")
    history: branch[History] = branch("binance_papi.api.um.history:History")
    positions: branch[Positions] = branch("binance_papi.api.um.positions:Positions")
