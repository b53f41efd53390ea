"""COIN-M futures of a Portfolio Margin account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from binance_papi.core.namespace import Namespace, branch

if TYPE_CHECKING:
    from binance_papi.api.cm.conditional import Conditional
    from binance_papi.api.cm.orders import Orders


class Cm(Namespace):
    """``papi.cm``: COIN-M futures."""

    conditional: branch[Conditional] = branch("binance_papi.api.cm.conditional:Conditional")
    orders: branch[Orders] = branch("binance_papi.api.cm.orders:Orders")
