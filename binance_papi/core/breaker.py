"""What is refused so surely that it need not be sent: a wrong key, a path that is gone.

A burst with a wrong key would knock a thousand times, and the exchange bans who keeps knocking.
After `AUTH_REFUSALS` refusals in a row of the key (for the same kind of call), and after one
"no such path", further requests get the same answer without being sent, for `REST` seconds. Then
one goes out again, and its answer decides anew.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from binance_papi.core.answer import Answer, Done, NotOpen, Refused
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Endpoint, Security

K = TypeVar("K")

AUTH_REFUSALS: Final = 3
"""Refusals of a key in a row until it is believed."""

REST: Final = 60.0
"""Seconds for which nothing is sent that was refused so surely."""


class Breaker:
    """Remembers such refusals."""

    __slots__ = ("_keys", "_paths", "_refusals", "trips", "wary")

    def __init__(self) -> None:
        self.trips = 0
        """How often it shut something: who waited meanwhile has to ask again."""
        self._paths: dict[tuple[str, str], tuple[float, Refused]] = {}
        self._keys: dict[Security, tuple[float, Refused]] = {}
        self._refusals: dict[Security, int] = {}
        self.wary = False
        """Whether anything was ever refused; if not, there is nothing to ask, nor to forget."""

    def answer(self, endpoint: Endpoint[Any], now: float) -> Refused | None:
        """What a request would certainly be answered.

        Args:
            endpoint: The declaration of the request.
            now: Monotonic seconds.

        Returns:
            The refusal; ``None``: send it.
        """
        if not self._paths and not self._keys:
            return None
        path = endpoint.method, endpoint.path
        return _held(self._paths, path, now) or _held(self._keys, endpoint.security, now)

    def hear(self, endpoint: Endpoint[Any], answer: Answer[Any], now: float) -> None:
        """Learn from what the exchange answered to a request that was sent."""
        security = endpoint.security
        if isinstance(answer, Done | NotOpen):  # it took the key, and knows the path
            if self._refusals:
                self._refusals.pop(security, None)
                self._keys.pop(security, None)
            if self._paths:
                self._paths.pop((endpoint.method, endpoint.path), None)
        elif isinstance(answer, Refused):
            self.wary = True
            if answer.retired:
                self.trips += 1
                self._paths[endpoint.method, endpoint.path] = (now + REST, answer)
            elif answer.meaning is Meaning.AUTH:
                count = self._refusals[security] = self._refusals.get(security, 0) + 1
                if count >= AUTH_REFUSALS:
                    self.trips += 1
                    self._keys[security] = (now + REST, answer)


def _held(shut: dict[K, tuple[float, Refused]], name: K, now: float) -> Refused | None:
    held = shut.get(name)
    if held is None:
        return None
    until, refusal = held
    if now < until:
        return refusal
    # One goes through; until its answer, the others are refused as before.
    shut[name] = (now + REST, refusal)
    return None
