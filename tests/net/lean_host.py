"""One lean connection's session and listener in one, for tests that feed it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from binance_papi.core.answer import Reply, Unanswered
from binance_papi.net.connection import HttpConnection


class Host:
    """It notes what is heard, and what becomes of the connection."""

    def __init__(self) -> None:
        self.around: Any = ({"GET": ("GET ", "\r\n\r\n")}, {})
        self.rings_at = -1.0
        self.now = lambda: 0.0
        self.heard: list[Reply | Unanswered] = []
        self.free = self.gone = 0
        self.connection = HttpConnection(self)

    def arm(self, when: float) -> None:
        """No timer."""

    def idle(self, _: HttpConnection) -> None:
        """It is free."""
        self.free += 1

    def lost(self, _: HttpConnection) -> None:
        """It is gone."""
        self.gone += 1

    def written(self) -> None:
        """As a listener: nobody cares."""

    def hear(self, heard: Reply | Unanswered) -> None:
        """As a listener: note it."""
        self.heard.append(heard)

    def ask(self) -> None:
        """Write a request."""
        self.connection.carry("GET", "/", False, 1.0, self)


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    """Some bytes, cut at these places."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for low, high in pairwise(edges):
        if high > low:
            yield data[low:high]
