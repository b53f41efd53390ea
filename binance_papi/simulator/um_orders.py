"""The plain orders of ``/papi/v1/um``."""

from __future__ import annotations

from binance_papi.simulator.plain import Plain


class UmOrders(Plain):
    """Plain orders of USD-M."""

    name = "um"
    prefix = "/papi/v1/um/"
    is_um = True
    business = "UM"
    all_weight = (5, None)
