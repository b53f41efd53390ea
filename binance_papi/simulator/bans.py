"""From 429 to 418: who is banned for not listening.

The documentation says only that 418 follows when a client keeps sending after 429, for 2 minutes
to 3 days (General Info, IP limits). The exact rule of this box:

* A 429 asks for silence from the moment it is sent until its ``Retry-After`` is over.
  A 429 for weight asks the whole address; a 429 for orders asks for no more placements.
  One that a fault keeps from its client asks for nothing.
* Requests that arrive within ``in_flight`` seconds of the first 429 were under way and are
  forgiven: they are answered 429 and count for nothing here. So are those that a fault delayed
  and that would have arrived in that time.
* Each later one *ignores* the 429. The one that makes them more than ``patience`` is answered
  418 and bans its address; with ``patience=0`` that is the very first.
* A ban lasts 2 minutes, the next one of the same address twice as long, up to 3 days.
  Requests during a ban are answered 418 and do not lengthen it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

FIRST_BAN: Final = 120.0
LONGEST_BAN: Final = 259_200.0


class Ban(NamedTuple):
    """One ban of one address, in Unix seconds of the exchange."""

    address: str
    since: float
    until: float


class _Silence(msgspec.Struct):
    """What was asked for with a 429."""

    since: float
    until: float
    ignored: int = 0


class Bans:
    """Silences asked for and bans in force.

    Args:
        patience: How many requests may ignore a 429 before the address is banned, at least 0.
        in_flight: Seconds after the first 429 in which requests are forgiven, at least 0.
    """

    def __init__(self, *, patience: int, in_flight: float) -> None:
        self.patience = patience
        self.in_flight = in_flight
        self.history: list[Ban] = []
        self._silences: dict[tuple[str, str], _Silence] = {}
        self._until: dict[str, float] = {}
        self._times: dict[str, int] = {}

    def until(self, address: str, now: float) -> float | None:
        """When the ban of an address ends, or None if it is not banned."""
        until = self._until.get(address)
        return until if until is not None and now < until else None

    def asked(self, kind: str, holder: str, heard: float, until: float) -> None:
        """A 429 was sent: remember since when and until when silence is asked for.

        Args:
            kind: ``REQUEST_WEIGHT`` or ``ORDERS``.
            holder: Address or account that is asked.
            heard: When the 429 is heard, Unix seconds; infinity: never.
            until: When the silence ends, Unix seconds.
        """
        silence = self._silences.get((kind, holder))
        if silence is None:
            self._silences[kind, holder] = _Silence(heard, until)
        else:
            silence.since = min(silence.since, heard)
            silence.until = max(silence.until, until)

    def ignored(
        self, kind: str, holder: str, address: str, now: float, sent: float
    ) -> float | None:
        """A request arrived: ban its address if it was one too many.

        Args:
            kind: ``REQUEST_WEIGHT`` or ``ORDERS``.
            holder: Address or account whose silence is looked at.
            address: Whom to ban.
            now: Exchange time, Unix seconds.
            sent: When the request would have arrived without a fault's delay, Unix seconds.

        Returns:
            When the new ban ends, or None if there is none.
        """
        silence = self._silences.get((kind, holder))
        if silence is None:
            return None
        if now >= silence.until:
            del self._silences[kind, holder]
            return None
        if sent <= silence.since + self.in_flight:
            return None
        silence.ignored += 1
        if silence.ignored <= self.patience:
            return None
        del self._silences[kind, holder]
        return self._ban(address, now)

    def feign(self, address: str, until: float) -> None:
        """Ban an address for what it did not do; that is not in the history."""
        self._until[address] = until

    def _ban(self, address: str, now: float) -> float:
        times = self._times.get(address, 0)
        self._times[address] = times + 1
        until = now + min(FIRST_BAN * float(2 ** min(times, 16)), LONGEST_BAN)
        self._until[address] = until
        self.history.append(Ban(address, now, until))
        return until
