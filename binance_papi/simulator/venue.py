"""The model of the exchange: a request and the time go in, a reply comes out.

No socket, no clock, no waiting. A request walks ban -> weight -> route -> parameters -> key,
signature and time -> order count -> the endpoint; the first that objects answers.
"""

from __future__ import annotations

import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal

from binance_papi.simulator import answers, mishaps
from binance_papi.simulator import params as parameters
from binance_papi.simulator.auth import Keyring
from binance_papi.simulator.bans import Ban, Bans
from binance_papi.simulator.catalogue import Catalogue
from binance_papi.simulator.doorman import Doorman, TurnedAway
from binance_papi.simulator.family import Family
from binance_papi.simulator.faults import Fault, FaultBox
from binance_papi.simulator.feed import Feed
from binance_papi.simulator.floor import FamilyName, Floor, milliseconds
from binance_papi.simulator.general import General
from binance_papi.simulator.limits import Limits, Window
from binance_papi.simulator.mishaps import Mishaps
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.replicas import Replicas
from binance_papi.simulator.um_algo import UmAlgo
from binance_papi.simulator.um_conditional import UmConditional
from binance_papi.simulator.values import Call, Moment, Reply, Request, Route, Visit
from binance_papi.simulator.wire import DEFAULT_SIZE, WireLog, WireRecord
from binance_papi.terms import RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Era = Literal["conditional", "algo", "both"]
"""``conditional``: as before 2026-04-28, ``um/conditional/*`` works and ``um/algo/*`` answers 404.
``algo``: as since then, the other way round. ``both``: as never on one day, both work."""

DEFAULT_LIMITS: Final = (
    RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000),
    RateLimit("ORDERS", "MINUTE", 1, 1200),
)
_ABSENT: Final[dict[Era, tuple[str, ...]]] = {
    "conditional": (UmAlgo.prefix,),
    "algo": (UmConditional.prefix,),
    "both": (),
}


class Venue(Floor):
    """One exchange with one account.

    Args:
        era: Which family of UM orders with a trigger works.
        limits: The rate limits.
        api_key: The HMAC key's name, which is the account's name too; None: generated.
        secret: The HMAC key's secret; None: generated.
        public_keys: PEM public keys (Ed25519, RSA) by the name of their API key.
        faults: What goes wrong.
        seed: Seed of the faults.
        retry_after: Whether 429 and 418 carry ``Retry-After``.
        patience: How many requests may ignore a 429 before their address is banned.
        in_flight: Seconds after the first 429 in which further requests are forgiven.
        wire_size: How many requests the wire log keeps.
        forgetful: Probability that a request about an open order meets a node that forgot it.
        forgets_for: Shortest and longest time that it stays forgotten, seconds.
        replica_lag: Seconds that queries look back, or (lowest, highest).
        **floor: Settings of ``Floor``: symbols, prices, first ids and how orders live.

    Raises:
        ImportError: If ``public_keys`` are given and ``cryptography`` is not there.
        ValueError: If a value can't be right.
    """

    def __init__(
        self,
        *,
        era: Era = "conditional",
        limits: Iterable[RateLimit] = DEFAULT_LIMITS,
        api_key: str | None = None,
        secret: str | None = None,
        public_keys: Mapping[str, bytes] | None = None,
        faults: Iterable[Fault] = (),
        seed: int = 0,
        retry_after: bool = True,
        patience: int = 10,
        in_flight: float = 1.0,
        wire_size: int = DEFAULT_SIZE,
        forgetful: float = 0.0,
        forgets_for: tuple[float, float] = (0.5, 25.0),
        replica_lag: float | tuple[float, float] = 0.0,
        **floor: Any,
    ) -> None:
        if era not in _ABSENT:
            raise ValueError(f"era {era!r} is none of {', '.join(_ABSENT)}")
        replicas = Replicas(
            forgetful=forgetful, forgets_for=forgets_for, lag=replica_lag, seed=seed
        )
        super().__init__(replicas=replicas, feed=Feed(seed), **floor)
        self.era: Final = era
        self.api_key = api_key or secrets.token_hex(32)
        self.secret = secret or secrets.token_hex(32)
        self.limits = Limits(limits)
        self.bans = Bans(patience=patience, in_flight=in_flight)
        self.doorman = Doorman(
            self.limits, self.bans, account=self.api_key, retry_after=retry_after
        )
        self.faults = FaultBox(faults, seed)
        self.wire = WireLog(wire_size)
        self.statuses: Counter[int] = Counter()
        """How many answers of each HTTP status left the exchange; 0: no answer."""
        self._mishaps = Mishaps(self.doorman, self._answer, self._cost)
        self._serial = 0
        self._keyring = Keyring(self.api_key, self.secret, public_keys)
        tables: tuple[General | Catalogue | Family[Any], ...]
        tables = (
            General(self.limits.rules),
            Catalogue(self.um.symbols, self.cm.symbols, self.handlers()),
            *self.families.values(),
        )
        self._routes: dict[tuple[str, str], Route] = {
            (route.method, route.path): route
            for table in tables
            for route in table.routes()
            if not route.path.startswith(_ABSENT[era])
        }

    # ------------------------------------------------------------------ what is true

    def windows(self) -> tuple[Window, ...]:
        """Every window that was counted: rule, holder, index, used, limit."""
        return self.limits.windows()

    def peak(self) -> float:
        """Highest used/limit over all windows; above 1.0 a limit was passed. 0.0 at first."""
        return max((window.share for window in self.limits.windows()), default=0.0)

    @property
    def ban_history(self) -> tuple[Ban, ...]:
        """All bans so far, also those that are over."""
        return tuple(self.bans.history)

    def requests_for(
        self, order_id: int | str, family: FamilyName | None = None
    ) -> tuple[WireRecord, ...]:
        """The requests that named an order, oldest first.

        Args:
            order_id: Strategy id, algo id or plain order id; a text is the client's id.
            family: Only the requests of one family, where ids of several overlap.
        """
        return self.wire.naming(order_id, "" if family is None else self.families[family].prefix)

    # ------------------------------------------------------------------ requests

    def draw(self, method: str, path: str) -> Fault | None:
        """The fault that hits the next request, or None; pass it to ``handle``."""
        return self.faults.draw(method, path)

    def handle(self, request: Request, now: float, fault: Fault | None = None) -> Reply:
        """Do what a request asks.

        Args:
            request: The request as it arrived.
            now: Exchange time of its arrival, Unix seconds.
            fault: What goes wrong with it, from ``draw``; None: nothing.

        Returns:
            The reply and how it is to be delivered.
        """
        self.settle(now)
        self._serial += 1
        call = _read(request)
        visit = mishaps.visit(request.address, now, fault)
        try:
            if fault is None:
                reply = self._answer(call, visit)
            else:
                reply = self._mishaps.reply(fault, call, visit)
        except TurnedAway as end:
            # A broken connection breaks this answer too; all other faults stand behind the limits.
            reply = end.reply if fault is None else mishaps.deliver(fault, end.reply)
        call.fields.pop("signature", None)
        status = 0 if reply.delivery in mishaps.UNANSWERED else reply.status
        self.statuses[status] += 1
        self.wire.append(
            WireRecord(
                request.method,
                request.path,
                call.fields,
                request.address,
                now,
                status,
                reply.code,
                fault.kind if fault is not None else None,
                self._serial,
            )
        )
        return reply

    def _cost(self, call: Call) -> int:
        route = self._routes.get((call.request.method, call.request.path))
        return 1 if route is None else route.cost(call.fields)

    def _answer(self, call: Call, visit: Visit) -> Reply:
        """Do what is asked, if no limit and no rule objects."""
        request = call.request
        route = self._routes.get((request.method, request.path))
        usage = self.doorman.admit(visit, self._cost(call))
        if route is None:
            return answers.page(404, "Not Found", usage)
        headers = {**answers.JSON, **usage}
        try:
            if call.flaw is not None:
                raise call.flaw
            now_ms = milliseconds(visit.now)
            params = parameters.Params(call.fields)
            if route.signed:
                self._keyring.check(request, params, now_ms)
            elif route.keyed:
                self._keyring.check_key(request)
            if route.orders:
                self.doorman.count_orders(visit, route.orders, headers)
            lag = self.replicas.look_back() if route.method == "GET" else 0
            body = route.handler(params, Moment(now_ms, now_ms - lag, self._serial))
        except Refusal as refusal:
            return answers.error(refusal, headers)
        return Reply(200, answers.encode(body), headers)


def _read(request: Request) -> Call:
    try:
        return Call(request, parameters.parse(request.query, request.body), None)
    except Refusal as flaw:
        return Call(request, {}, flaw)
