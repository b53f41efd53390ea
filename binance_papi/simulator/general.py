"""The endpoints that belong to no product: ping and the account's order limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from binance_papi.simulator.values import Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Moment
    from binance_papi.terms import RateLimit


class General:
    """The family: ``ping`` and ``rateLimit/order``.

    Args:
        rules: The rate limits of the box.
    """

    def __init__(self, rules: Iterable[RateLimit]) -> None:
        self._orders = [rule for rule in rules if rule.rate_limit_type == "ORDERS"]

    def routes(self) -> tuple[Route, ...]:
        """The table of the family."""
        return (
            Route("GET", "/papi/v1/ping", self.ping, signed=False, keyed=False),
            Route("GET", "/papi/v1/rateLimit/order", self.order_limits),
        )

    def ping(self, params: Params, moment: Moment) -> dict[str, Any]:  # noqa: ARG002 - a Handler
        """Test Connectivity."""
        return {}

    def order_limits(self, params: Params, moment: Moment) -> list[RateLimit]:  # noqa: ARG002
        """Query User Rate Limit: the limits, not what is used."""
        return self._orders
