"""The wire log: what arrived at the exchange and what it answered."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import msgspec

from binance_papi.simulator.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_SIZE: Final = 2_000_000

_IDS: Final = (
    "strategyId",
    "algoId",
    "orderId",
    "newClientStrategyId",
    "clientAlgoId",
    "origClientOrderId",
    "newClientOrderId",
)


class WireRecord(msgspec.Struct, frozen=True, gc=False):
    """One request as the exchange saw it, without its signature.

    Args:
        method: HTTP method.
        path: Path without the query.
        params: Decoded parameters; empty where they could not be read.
        address: Source address.
        time: Exchange time of its arrival, Unix seconds.
        status: HTTP status of the answer; 0 where none left the exchange.
        code: The exchange's error code in the answer; 0 if there is none.
        fault: The fault that hit it, or None.
        serial: Its number in order of arrival, from 1; the ``by`` of what it changed.
    """

    method: str
    path: str
    params: dict[str, str]
    address: str
    time: float
    status: int
    code: int = 0
    fault: FaultKind | None = None
    serial: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The ids of an order that it names, the exchange's and the client's."""
        return tuple(self.params[name] for name in _IDS if name in self.params)


class WireLog:
    """The latest requests in order of arrival, the oldest forgotten first.

    Args:
        size: How many are kept, at least 1.
    """

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._size = size
        self._records: deque[WireRecord] = deque()
        self._by_name: dict[str, deque[WireRecord]] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[WireRecord]:
        return iter(self._records)

    def __getitem__(self, index: int) -> WireRecord:
        return self._records[index]

    def append(self, record: WireRecord) -> None:
        """Remember one more request."""
        self._records.append(record)
        for name in set(record.names):
            self._by_name.setdefault(name, deque()).append(record)
        if len(self._records) > self._size:
            self._forget(self._records.popleft())

    def _forget(self, record: WireRecord) -> None:
        for name in set(record.names):
            same = self._by_name[name]
            same.popleft()
            if not same:
                del self._by_name[name]

    def naming(self, name: int | str, prefix: str = "") -> tuple[WireRecord, ...]:
        """The requests that named an order, oldest first.

        Args:
            name: The exchange's id or the client's.
            prefix: How their paths begin.
        """
        named = self._by_name.get(str(name), ())
        return tuple(record for record in named if record.path.startswith(prefix))
