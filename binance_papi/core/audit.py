"""Does an endpoint cost what it is declared to cost? The exchange has changed weights overnight."""

from __future__ import annotations

from typing import Any, Final

from binance_papi.core.endpoint import Endpoint
from binance_papi.core.events import WeightRaised

_WITNESSES: Final = 3


class WeightAudit:
    """Watches requests that had their address for themselves.

    More weight used than is known of is either somebody else's or this endpoint's. Seen three
    times in
    a row for one endpoint, it is held to be the endpoint's: from then on it is charged the least of
    the three on top of its declared weight.

    Attributes:
        extra: What endpoints cost beyond their declaration, as far as is known; mostly empty.
    """

    __slots__ = ("_excess", "extra")

    def __init__(self) -> None:
        self.extra: dict[Endpoint[Any], int] = {}
        self._excess: dict[Endpoint[Any], list[int]] = {}

    def hear(self, endpoint: Endpoint[Any], excess: int, charged: int) -> WeightRaised | None:
        """Take note of one request that was alone.

        Args:
            endpoint: What was asked for.
            excess: Weight used beyond what is known of; 0 clears the suspicion.
            charged: What the request was charged.

        Returns:
            What was decided, if something was.
        """
        if excess <= 0:
            self._excess.pop(endpoint, None)
            return None
        seen = self._excess.setdefault(endpoint, [])
        seen.append(excess)
        if len(seen) < _WITNESSES:
            return None
        least = min(self._excess.pop(endpoint))
        self.extra[endpoint] = self.extra.get(endpoint, 0) + least
        return WeightRaised(endpoint.method, endpoint.path, charged, charged + least)
