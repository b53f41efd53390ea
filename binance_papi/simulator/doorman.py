"""Who is let in: counts weight and orders, and turns away with 429 and 418."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

from binance_papi.simulator import answers, refusal
from binance_papi.simulator.limits import end

if TYPE_CHECKING:
    from binance_papi.simulator.bans import Bans
    from binance_papi.simulator.limits import Limits
    from binance_papi.simulator.values import Reply, Visit
    from binance_papi.terms import RateLimit

_WEIGHT: Final = "REQUEST_WEIGHT"
_ORDERS: Final = "ORDERS"


class TurnedAway(Exception):  # noqa: N818 - it is an answer, on the shortest way out
    """The request ends here with a 429 or 418."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class Doorman:
    """Stands before everything else.

    Args:
        limits: What is counted.
        bans: Who ignored what.
        account: Whom orders are counted for.
        retry_after: Whether 429 and 418 carry ``Retry-After``.
    """

    def __init__(self, limits: Limits, bans: Bans, *, account: str, retry_after: bool) -> None:
        self.limits = limits
        self.bans = bans
        self.account = account
        self.retry_after = retry_after

    def look(self, visit: Visit) -> dict[str, str]:
        """Let everybody pass who is not banned, and count nothing.

        Returns:
            The usage headers of the address.

        Raises:
            TurnedAway: With 418.
        """
        self._check_ban(visit)
        return self.limits.headers(_WEIGHT, visit.address, visit.now)

    def admit(self, visit: Visit, weight: int) -> dict[str, str]:
        """Count the weight of a request.

        Returns:
            The usage headers of the address.

        Raises:
            TurnedAway: With 429 or 418.
        """
        self._check_ban(visit)
        passed = self.limits.count(_WEIGHT, visit.address, weight, visit.now)
        self._check_silence(visit, _WEIGHT, visit.address)
        if passed is not None:
            raise self.too_much_weight(visit, passed.rule, end(passed))
        return self.limits.headers(_WEIGHT, visit.address, visit.now)

    def count_orders(self, visit: Visit, orders: int, headers: dict[str, str]) -> None:
        """Count the orders of a placement, and add to its headers.

        Raises:
            TurnedAway: With 429 or 418.
        """
        passed = self.limits.count(_ORDERS, self.account, orders, visit.now)
        headers.update(self.limits.headers(_ORDERS, self.account, visit.now))
        self._check_silence(visit, _ORDERS, self.account)
        if passed is not None:
            until = end(passed)
            self.bans.asked(_ORDERS, self.account, visit.heard, until)
            headers = {**headers, **self._wait(until - visit.now)}
            raise TurnedAway(answers.error(refusal.too_many_orders(passed.rule), headers))

    def too_much_weight(
        self, visit: Visit, rule: RateLimit, until: float, wait: dict[str, str] | None = None
    ) -> TurnedAway:
        """The 429 that asks an address for silence.

        Args:
            visit: The request that it answers.
            rule: The rule that it names.
            until: When the silence ends, Unix seconds.
            wait: The header that tells it; None: the truth.
        """
        self.bans.asked(_WEIGHT, visit.address, visit.heard, until)
        usage = self.limits.headers(_WEIGHT, visit.address, visit.now)
        headers = {**usage, **(self._wait(until - visit.now) if wait is None else wait)}
        return TurnedAway(answers.error(refusal.too_much_weight(rule), headers))

    def _check_ban(self, visit: Visit) -> None:
        banned = self.bans.until(visit.address, visit.now)
        if banned is not None:
            raise self.banned(visit, banned)

    def _check_silence(self, visit: Visit, kind: str, holder: str) -> None:
        banned = self.bans.ignored(kind, holder, visit.address, visit.now, visit.sent)
        if banned is not None:
            raise self.banned(visit, banned)

    def banned(self, visit: Visit, until: float, wait: dict[str, str] | None = None) -> TurnedAway:
        """The 418 that tells an address how long it is banned.

        Args:
            visit: The request that it answers.
            until: When the ban ends, Unix seconds.
            wait: The header that tells it; None: the truth.
        """
        usage = self.limits.headers(_WEIGHT, visit.address, visit.now)
        headers = {**usage, **(self._wait(until - visit.now) if wait is None else wait)}
        return TurnedAway(answers.error(refusal.banned(int(until * 1000)), headers))

    def _wait(self, seconds: float) -> dict[str, str]:
        return {"Retry-After": str(max(1, ceil(seconds)))} if self.retry_after else {}
