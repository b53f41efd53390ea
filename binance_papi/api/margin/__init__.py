"""Cross margin of a Portfolio Margin account: spot orders on borrowed money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from binance_papi.core.namespace import Namespace, branch

if TYPE_CHECKING:
    from binance_papi.api.margin.history import History
    from binance_papi.api.margin.loans import Loans
    from binance_papi.api.margin.oco import Oco
    from binance_papi.api.margin.orders import Orders


class Margin(Namespace):
    """``papi.margin``: cross margin."""

    history: branch[History] = branch("binance_papi.api.margin.history:History")
    loans: branch[Loans] = branch("binance_papi.api.margin.loans:Loans")
    oco: branch[Oco] = branch("binance_papi.api.margin.oco:Oco")
    orders: branch[Orders] = branch("binance_papi.api.margin.orders:Orders")
