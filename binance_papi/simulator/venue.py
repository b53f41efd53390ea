"""The model of the exchange: a request and the time go in, a reply comes out.

No socket, no clock, no waiting. A request walks ban -> weight -> route -> parameters -> key,
signature and time -> order count -> the endpoint; the first that objects answers.
"""

from __future__ import annotations

import secrets
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from binance_papi.simulator import params as parameters
from binance_papi.simulator.auth import Keyring
from binance_papi.simulator.bans import Ban, Bans
from binance_papi.simulator.book import DEFAULT_FIRST_ID, Book
from binance_papi.simulator.faults import PLANS, Fault, FaultBox, FaultKind
from binance_papi.simulator.general import General
from binance_papi.simulator.limits import Limits, Window, end
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.um_conditional import PREFIX, UmConditional
from binance_papi.simulator.values import Delivery, Reply, Request, Route
from binance_papi.simulator.wire import DEFAULT_SIZE, WireLog, WireRecord
from binance_papi.terms import RateLimit, StrategyStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Era = Literal["conditional", "algo"]
"""``conditional``: ``um/conditional/*`` works; ``algo``: it answers 404, as since 2026-04-28."""

DEFAULT_LIMITS: Final = (
    RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000),
    RateLimit("ORDERS", "MINUTE", 1, 1200),
)
DEFAULT_SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "测试USDT")

_RETIRED: Final[dict[Era, tuple[str, ...]]] = {"conditional": (), "algo": (PREFIX,)}
_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html"}
_GARBAGE: Final = b"\x00\xffupstream: \xc3\x28 not what you expect"
_encode: Final = msgspec.json.Encoder().encode


class Venue:
    """One exchange with one account.

    Args:
        era: Which family of conditional orders works.
        limits: The rate limits.
        api_key: The HMAC key's name, which is the account's name too; None: generated.
        secret: The HMAC key's secret; None: generated.
        public_keys: PEM public keys (Ed25519, RSA) by the name of their API key.
        faults: What goes wrong.
        seed: Seed of the faults.
        symbols: Symbols that trade.
        first_id: Strategy id of the first order.
        max_open_orders: Placements beyond this many open orders are refused.
        hedge_mode: Position mode of the account; None takes either.
        retry_after: Whether 429 and 418 carry ``Retry-After``.
        patience: How many requests may ignore a 429 before their address is banned.
        in_flight: Seconds after the first 429 in which further requests are forgiven.
        wire_size: How many requests the wire log keeps.

    Raises:
        ImportError: If ``public_keys`` are given and ``cryptography`` is not there.
        ValueError: If the era is unknown.
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
        symbols: Collection[str] = DEFAULT_SYMBOLS,
        first_id: int = DEFAULT_FIRST_ID,
        max_open_orders: int = 200,
        hedge_mode: bool | None = None,
        retry_after: bool = True,
        patience: int = 10,
        in_flight: float = 1.0,
        wire_size: int = DEFAULT_SIZE,
    ) -> None:
        if era not in _RETIRED:
            raise ValueError(f"era {era!r} is none of {', '.join(_RETIRED)}")
        self.era: Final = era
        self.api_key = api_key or secrets.token_hex(32)
        self.secret = secret or secrets.token_hex(32)
        self.retry_after = retry_after
        self.limits = Limits(limits)
        self.bans = Bans(patience=patience, in_flight=in_flight)
        self.faults = FaultBox(faults, seed)
        self.wire = WireLog(wire_size)
        self.statuses: Counter[int] = Counter()
        """How many answers of each HTTP status left the exchange; 0: no answer."""
        self.um_conditional = UmConditional(
            symbols=symbols,
            first_id=first_id,
            max_open_orders=max_open_orders,
            hedge_mode=hedge_mode,
        )
        self._keyring = Keyring(self.api_key, self.secret, public_keys)
        families = (General(self.limits.rules), self.um_conditional)
        self._routes: dict[tuple[str, str], Route] = {
            (route.method, route.path): route
            for family in families
            for route in family.routes()
            if not route.path.startswith(_RETIRED[era])
        }

    # ------------------------------------------------------------------ what is true

    @property
    def book(self) -> Book:
        """The conditional orders."""
        return self.um_conditional.book

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

    def requests_for(self, strategy_id: int) -> tuple[WireRecord, ...]:
        """The requests that named a strategy id, oldest first."""
        return self.wire.naming(strategy_id)

    # ------------------------------------------------------------------ what happens by itself

    def place(self, now: float, **fields: Any) -> int:
        """Put an order in the book without a request; see ``Simulator.place``."""
        order: dict[str, Any] = {
            "symbol": "BTCUSDT",
            "side": "BUY",
            "strategy_type": "STOP_MARKET",
            "orig_qty": "0.01",
            "stop_price": "99999",
        }
        order.update(fields)
        return self.um_conditional.place(_ms(now), **order).strategy_id

    def close(self, strategy_id: int, status: StrategyStatus, now: float) -> None:
        """Trigger, expire or cancel an open order without a request.

        Raises:
            KeyError: If there is no such order.
            ValueError: If it is not open.
        """
        self.book.close(self.book[strategy_id], status, _ms(now))

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
        flaw: Refusal | None = None
        fields: dict[str, str] = {}
        try:
            fields = parameters.parse(request.query, request.body)
        except Refusal as refusal:
            flaw = refusal
        try:
            if fault is None:
                reply = self._answer(request, fields, flaw, now)
            else:
                reply = self._go_wrong(fault, request, fields, flaw, now)
        except _Stop as stop:
            reply = stop.reply
        fields.pop("signature", None)
        status = reply.status if reply.delivery in (Delivery.WHOLE, Delivery.CUT) else 0
        self.statuses[status] += 1
        self.wire.append(
            WireRecord(
                request.method,
                request.path,
                fields,
                request.address,
                now,
                status,
                reply.code,
                fault.kind if fault is not None else None,
            )
        )
        return reply

    def _answer(
        self, request: Request, fields: dict[str, str], flaw: Refusal | None, now: float
    ) -> Reply:
        route = self._routes.get((request.method, request.path))
        headers = self._admit(request, 1 if route is None else route.cost(fields), now)
        if route is None:
            return Reply(404, _page("404 Not Found"), {**headers, **_HTML})
        try:
            if flaw is not None:
                raise flaw
            now_ms = _ms(now)
            params = parameters.Params(fields)
            if route.signed:
                self._keyring.check(request, params, now_ms)
            if route.orders:
                self._count_orders(request, route.orders, headers, now)
            body = route.handler(params, now_ms)
        except Refusal as refusal:
            return _error(refusal, headers)
        return Reply(200, _encode(body), headers)

    def _admit(self, request: Request, weight: int, now: float) -> dict[str, str]:
        """Count the weight and give the usage headers; stop banned addresses and those over it."""
        address = request.address
        banned = self.bans.until(address, now)
        if banned is not None:
            raise self._banned(address, banned, now)
        passed = self.limits.count("REQUEST_WEIGHT", address, weight, now)
        banned = self.bans.ignored("REQUEST_WEIGHT", address, address, now)
        if banned is not None:
            raise self._banned(address, banned, now)
        if passed is not None:
            raise self._too_much_weight(address, passed.rule, end(passed), now)
        return {**_JSON, **self.limits.headers("REQUEST_WEIGHT", address, now)}

    def _count_orders(
        self, request: Request, orders: int, headers: dict[str, str], now: float
    ) -> None:
        passed = self.limits.count("ORDERS", self.api_key, orders, now)
        headers.update(self.limits.headers("ORDERS", self.api_key, now))
        banned = self.bans.ignored("ORDERS", self.api_key, request.address, now)
        if banned is not None:
            raise self._banned(request.address, banned, now)
        if passed is not None:
            until = end(passed)
            self.bans.asked("ORDERS", self.api_key, now, until)
            rule = passed.rule
            span = (
                rule.interval if rule.interval_num == 1 else f"{rule.interval_num} {rule.interval}"
            )
            text = f"Too many new orders; current limit is {rule.limit} orders per {span}."
            refusal = Refusal(-1015, text, 429)
            raise _Stop(_error(refusal, {**headers, **self._retry_after(until - now)}))

    def _too_much_weight(
        self,
        address: str,
        rule: RateLimit,
        until: float,
        now: float,
        retry_after: dict[str, str] | None = None,
    ) -> _Stop:
        self.bans.asked("REQUEST_WEIGHT", address, now, until)
        if retry_after is None:
            retry_after = self._retry_after(until - now)
        refusal = Refusal(
            -1003,
            f"Too much request weight used; current limit is {rule.limit} request weight per "
            f"{rule.interval_num} {rule.interval}. Please use WebSocket Streams for live updates "
            "to avoid polling the API.",
            429,
        )
        usage = self.limits.headers("REQUEST_WEIGHT", address, now)
        return _Stop(_error(refusal, {**_JSON, **usage, **retry_after}))

    def _banned(self, address: str, until: float, now: float) -> _Stop:
        refusal = Refusal(
            -1003,
            f"Way too much request weight used; IP banned until {_ms(until)}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            418,
        )
        usage = self.limits.headers("REQUEST_WEIGHT", address, now)
        headers = {**_JSON, **usage, **self._retry_after(until - now)}
        return _Stop(_error(refusal, headers))

    def _retry_after(self, seconds: float) -> dict[str, str]:
        return {"Retry-After": str(max(1, ceil(seconds)))} if self.retry_after else {}

    # ------------------------------------------------------------------ faults

    def _go_wrong(
        self,
        fault: Fault,
        request: Request,
        fields: dict[str, str],
        flaw: Refusal | None,
        now: float,
    ) -> Reply:
        plan = PLANS[fault.kind]
        try:
            if fault.executes:
                reply = self._answer(request, fields, flaw, now)
                headers = reply.headers
            else:
                reply, headers = None, self._front(request, fields, counted=plan.counted, now=now)
        except _Stop as stop:
            # Over a limit in earnest: a broken connection breaks that answer too, others yield.
            stop.reply = _deliver(fault, stop.reply)
            raise
        if fault.kind is FaultKind.HTTP_429:
            raise self._feign_429(fault, request.address, now)
        if plan.answer is not None:
            status, code, msg = plan.answer
            return _error(Refusal(code, msg, status), {**headers, **_JSON})
        if plan.html is not None:
            return Reply(plan.html[0], _page(plan.html[1]), {**headers, **_HTML})
        if fault.kind is FaultKind.GARBAGE:
            return Reply(200, _GARBAGE, headers)
        return _deliver(fault, reply or Reply(0, b"", headers))

    def _front(
        self, request: Request, fields: dict[str, str], *, counted: bool, now: float
    ) -> dict[str, str]:
        """What happens to a request that the engine never sees."""
        if counted:
            route = self._routes.get((request.method, request.path))
            return self._admit(request, 1 if route is None else route.cost(fields), now)
        banned = self.bans.until(request.address, now)
        if banned is not None:
            raise self._banned(request.address, banned, now)
        return {**_JSON, **self.limits.headers("REQUEST_WEIGHT", request.address, now)}

    def _feign_429(self, fault: Fault, address: str, now: float) -> _Stop:
        rules = [rule for rule in self.limits.rules if rule.rate_limit_type == "REQUEST_WEIGHT"]
        rule = rules[0] if rules else DEFAULT_LIMITS[0]
        asked = fault.retry_after
        until = now + asked if isinstance(asked, int) else (now // rule.seconds + 1) * rule.seconds
        header = {} if asked is None else {"Retry-After": str(asked)}
        return self._too_much_weight(address, rule, until, now, header)


class _Stop(Exception):  # noqa: N818 - it is an answer, on the shortest way out
    """The request ends here with a 429 or 418."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


_DELIVERIES: Final = {
    FaultKind.DROP_BEFORE: Delivery.CLOSED,
    FaultKind.DROP_AFTER: Delivery.CLOSED,
    FaultKind.NO_REPLY: Delivery.SILENT,
    FaultKind.TRUNCATED: Delivery.CUT,
}


def _deliver(fault: Fault, reply: Reply) -> Reply:
    """The same reply on its way through a fault of the connection, or through none."""
    delivery = _DELIVERIES.get(fault.kind, Delivery.WHOLE)
    held_back = fault.delay - fault.late_arrival
    return msgspec.structs.replace(reply, delivery=delivery, delay=held_back)


def _error(refusal: Refusal, headers: dict[str, str]) -> Reply:
    body = _encode({"code": refusal.code, "msg": refusal.msg})
    return Reply(refusal.status, body, headers, refusal.code)


def _page(title: str) -> bytes:
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    ).encode()


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
