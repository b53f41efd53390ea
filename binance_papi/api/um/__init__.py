"""USD-M futures of a Portfolio Margin account."""

from binance_papi.api.um.conditional import Conditional
from binance_papi.core.namespace import Namespace, branch


class Um(Namespace):
    """``papi.um``: USD-M futures."""

    conditional = branch(Conditional)
