"""USD-M futures of a Portfolio Margin account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from binance_papi.core.namespace import Namespace, branch

if TYPE_CHECKING:
    from binance_papi.api.um.algo import Algo
    from binance_papi.api.um.conditional import Conditional
    from binance_papi.api.um.orders import Orders


class Um(Namespace):
    """``papi.um``: USD-M futures."""

    algo: branch[Algo] = branch("binance_papi.api.um.algo:Algo")
    conditional: branch[Conditional] = branch("binance_papi.api.um.conditional:Conditional")
    orders: branch[Orders] = branch("binance_papi.api.um.orders:Orders")
