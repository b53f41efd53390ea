"""The venue: a judge of its own, which shares nothing with the client or with the other exchange.

Its time is virtual time plus `BEGINNING`. It counts in fixed windows of exchange time, refuses what
comes late, answers as documented, fails as documented, and writes the truth into its book.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from math import ceil
from random import Random
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from tests.simulation.book import OPEN, UNDER_WAY, Book, Change, Order
from tests.simulation.dialect import ID_FIELD, ROUTES, Route, canceled, own_id, write
from tests.simulation.profile import Profile
from tests.simulation.virtual_loop import VirtualLoop

BEGINNING: Final = 1_790_000_000 // 60 * 60 - 1000
"""Exchange time at virtual time 0: a full minute at virtual time 1000, where loops begin."""

WINDOW: Final = 60
BAN: Final = 120
_FIRST: Final = 5_000_000_000_000_000_000
"""Id of the first order that a request places, above all others."""

ENGINE: Final = 9.0
"""Seconds for which a request that was let through may still take effect."""

UNKNOWN_ERROR: Final = "Unknown error, please check your request or try again later."
UNAVAILABLE: Final = "Service Unavailable."


class Call(NamedTuple):
    """A request as it arrives.

    Attributes:
        number: The how manieth on the wire.
        method: HTTP method.
        path: Path.
        query: Query, as sent.
        written: Virtual time when the client wrote it.
    """

    number: int
    method: str
    path: str
    query: str
    written: float


class Answered(NamedTuple):
    """A reply as it leaves.

    Attributes:
        status: HTTP status.
        headers: By lower-case names.
        body: The body.
        clear: Whether it says for certain that nothing was executed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    clear: bool = False


class _Refusal(Exception):  # noqa: N818 - control flow inside this module
    """An error to answer with."""

    def __init__(self, status: int, code: int, msg: str, *, clear: bool = False) -> None:
        super().__init__(msg)
        self.status, self.code, self.clear = status, code, clear
        self.msg = msg


class Venue:
    """One account at one exchange, seen from one address.

    Args:
        book: The truth.
        profile: What goes wrong.
        dice: Where chance comes from.
        secret: The account's HMAC secret.
        loop: Virtual time.
    """

    def __init__(
        self,
        book: Book,
        profile: Profile,
        dice: Random,
        secret: str,
        loop: VirtualLoop,
    ) -> None:
        self.book = book
        self.used: Counter[int] = Counter()
        """What we used, by window."""
        self.replies: Counter[int] = Counter()
        """Replies by HTTP status."""
        self.silent_until = 0.0
        """Virtual time until which the client knows that it has to be silent."""
        self.heard_at = 0.0
        self.placed = 0
        """Orders that were placed by requests."""
        self.on_placed: Callable[[Order], object] = lambda _: None
        """Called with every one of them."""
        self.banned_until = 0.0
        self._profile = profile
        self._dice = dice
        self._secret = secret.encode()
        self._now, self._later = loop.time, loop.happen

    # ------------------------------------------------------------------ time

    def exchange_time(self) -> float:
        """What its clock reads, Unix seconds."""
        return BEGINNING + self._now()

    @staticmethod
    def stamp(at: float) -> int:
        """Exchange milliseconds of a virtual time."""
        return int((BEGINNING + at) * 1000)

    # ------------------------------------------------------------------ serving

    def serve(self, call: Call) -> Answered:
        """Serve a request that arrives now."""
        try:
            body, clear, status = self._walk(call), False, 200
        except _Refusal as refusal:
            status, clear = refusal.status, refusal.clear
            body = json.dumps({"code": refusal.code, "msg": refusal.msg}).encode()
            if refusal.status == 502:
                body = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
        self.replies[status] += 1
        return Answered(status, self._headers(status), body, clear)

    def _walk(self, call: Call) -> bytes:
        """Everything a request goes through, in order."""
        self._check_ban(call)
        # Chance is drawn whatever happens, so that one fault less shifts nothing else.
        fault, detail, lag = self._dice.random(), self._dice.random(), self._dice.random()
        faults = self._faults(fault)
        if faults == "unavailable":
            raise _Refusal(503, -1, UNAVAILABLE, clear=True)
        if faults == "protected":
            text = "Request throttled by system-level protection. Reduce-only orders are exempt."
            raise _Refusal(503, -1008, text, clear=True)
        route = ROUTES.get((call.method, call.path))
        if route is None:
            raise _Refusal(404, -5000, "Path not found", clear=True)
        params = dict(parse_qsl(call.query))
        self._count(route, params)
        if route.action == "ping":
            return b"{}"
        self._check_signature(call.query)
        self._check_time(params)
        if faults in ("unknown", "timeouts", "gateways"):
            self._fail(faults, detail, lambda: self._act(route, params, call, lag))
        return json.dumps(self._act(route, params, call, lag)).encode()

    def _faults(self, drawn: float) -> str:
        """Which fault this request meets; empty: none."""
        for site in ("unavailable", "protected", "unknown", "timeouts", "gateways"):
            drawn -= getattr(self._profile, site)
            if drawn < 0:
                return site
        return ""

    def _fail(self, kind: str, detail: float, act: Callable[[], object]) -> None:
        """Fail without telling whether it is executed: now, later, or never."""

        def quietly() -> None:
            with contextlib.suppress(_Refusal):
                act()

        if detail < 0.4:
            quietly()
        elif detail < 0.6 and kind != "gateways":
            # Let through, and stuck on the way to the engine; mostly briefly.
            part = (detail - 0.4) / 0.2
            self._later(self._now() + ENGINE * part**3, quietly)
        match kind:
            case "unknown":
                raise _Refusal(503, -1, UNKNOWN_ERROR)
            case "timeouts":
                text = "Timeout waiting for response from backend server. Status unknown."
                raise _Refusal(408, -1007, text)
            case _:
                raise _Refusal(502, 0, "")

    # ------------------------------------------------------------------ limits

    def _window(self) -> int:
        return int(self.exchange_time() // WINDOW)

    def _count(self, route: Route, params: Mapping[str, str]) -> None:
        weight = route.weight if "symbol" in params else route.unaddressed
        self.used[self._window()] += weight
        if self._counted() > self._profile.limit:
            raise _Refusal(429, -1003, "Too many requests.", clear=True)

    def _counted(self) -> int:
        """What is counted in this window: ours, and somebody else's, who comes evenly."""
        elapsed = self.exchange_time() % WINDOW / WINDOW
        foreign = int(elapsed * self._profile.foreign * self._profile.limit)
        return self.used[self._window()] + foreign

    def _check_ban(self, call: Call) -> None:
        """Who was told to be silent and goes on is banned."""
        now = self._now()
        if self.heard_at < call.written < self.silent_until and now >= self.banned_until:
            self.banned_until = now + BAN
        if now < self.banned_until:
            until = self.stamp(self.banned_until)
            text = f"Way too many requests; IP banned until {until}."
            raise _Refusal(418, -1003, text, clear=True)

    def heard(self, reply: Answered) -> None:
        """The client now knows of a reply; if it was a 429, it has to be silent.

        For as long as the reply said; where it did not say, until the present window ends.
        """
        if reply.status == 429 and self._now() >= self.silent_until:
            left = WINDOW - self.exchange_time() % WINDOW
            self.heard_at = self._now()
            self.silent_until = self._now() + float(reply.headers.get("retry-after", left))

    def _headers(self, status: int) -> dict[str, str]:
        date = datetime.fromtimestamp(int(self.exchange_time()), UTC)
        headers = {
            "date": date.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            "content-type": "application/json",
            "x-mbx-used-weight-1m": str(self._counted()),
        }
        if status in (429, 418) and not self._profile.nag:
            left = self.banned_until - self._now()
            if status == 429:
                left = WINDOW - self.exchange_time() % WINDOW
            headers["retry-after"] = str(ceil(left))
        return headers

    # ------------------------------------------------------------------ at the door

    def _check_signature(self, query: str) -> None:
        signed, _, signature = query.rpartition("&signature=")
        right = hmac.new(self._secret, signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(right, signature):
            raise _Refusal(400, -1022, "Signature for this request is not valid.", clear=True)

    def _check_time(self, params: Mapping[str, str]) -> None:
        here, there = int(self.exchange_time() * 1000), int(params["timestamp"])
        if there >= here + 1000:
            text = "Timestamp for this request was 1000ms ahead of the server's time."
            raise _Refusal(400, -1021, text, clear=True)
        if here - there > int(params.get("recvWindow", 5000)):
            text = "Timestamp for this request is outside of the recvWindow."
            raise _Refusal(400, -1021, text, clear=True)

    # ------------------------------------------------------------------ the desk

    def _act(self, route: Route, params: Mapping[str, str], call: Call, lag: float) -> Any:
        at = self._now() - lag * self._profile.lag
        symbol = params.get("symbol")
        match route.action:
            case "cancel":
                return self._cancel(self._find(route, params, -2011), call)
            case "place":
                return self._place(route, params, call)
            case "cancel_all":
                for order in self.book.of(route.family, symbol):
                    if order.last.status in OPEN:
                        Book.change(order, self._now(), "CANCELED", f"#{call.number}")
                return {"code": 200, "msg": "The operation of cancel all open order is done."}
            case "open_many":
                return self._list(route.family, symbol, at, ended=False)
            case "all_many":
                return self._list(route.family, symbol, at, ended=True)
            case _:
                order = self._find(route, params, -2013)
                return self._tell(order, route.action, at)

    def _find(self, route: Route, params: Mapping[str, str], code: int) -> Order:
        """The order that is meant, as far as the nodes know of it."""
        number = params.get(ID_FIELD[route.family])
        if number is not None:
            order = self.book.get(route.family, int(number))
        else:
            named = self.book.named(route.family, own_id(params) or "")
            order = named[-1] if named else None
        if order is None or params.get("symbol", order.symbol) != order.symbol:
            raise _unknown(code)
        if order.last.status in OPEN and order.missing(self._now()):
            raise _unknown(code)
        return order

    def _place(self, route: Route, params: Mapping[str, str], call: Call) -> dict[str, Any]:
        own = own_id(params)
        if own is not None and any(
            one.last.status in OPEN for one in self.book.named(route.family, own)
        ):
            raise _Refusal(400, -4116, "ClientOrderId is duplicated.", clear=True)
        self.placed += 1
        now = self._now()
        order = Order(
            route.family,
            _FIRST + self.placed,
            params["symbol"],
            [Change(now, "NEW", f"#{call.number}")],
            child=self.placed,
            own=own,
        )
        placed = write(self.book.add(order), order.last, self.stamp)
        self.on_placed(order)
        return placed

    def _cancel(self, order: Order, call: Call) -> dict[str, Any]:
        status = order.last.status
        if status == UNDER_WAY and order.family == "um/algo":
            raise _Refusal(400, -4117, "Stop order is in triggering process.")
        if status not in OPEN:
            raise _unknown(-2011)
        Book.change(order, self._now(), "CANCELED", f"#{call.number}")
        return canceled(order, self.stamp)

    def _tell(self, order: Order, action: str, at: float) -> dict[str, Any]:
        """One order, as a replica knows it that is a little behind."""
        state = _known(order, at)
        if state is None:
            raise _unknown(-2013)
        if action == "open_one" and state.status not in OPEN:
            raise _unknown(-2013)
        if action == "past_one" and state.status in OPEN:
            raise _unknown(-2013)
        return write(order, state, self.stamp)

    def _list(
        self, family: str, symbol: str | None, at: float, *, ended: bool
    ) -> list[dict[str, Any]]:
        lines = []
        for order in self.book.of(family, symbol):
            state = _known(order, at)
            if state is None or (order.last.status in OPEN and order.missing(self._now())):
                continue
            if ended or state.status in OPEN:
                lines.append(write(order, state, self.stamp))
        return lines


def _known(order: Order, at: float) -> Change | None:
    """What a replica shows; conditional families have no word for an order that is triggering."""
    state = order.seen(at)
    if state is not None and state.status == UNDER_WAY and order.family != "um/algo":
        return None
    return state


def _unknown(code: int) -> _Refusal:
    """-2011 and -2013: true of this node, at this moment, and no more than that."""
    text = "Unknown order sent." if code == -2011 else "Order does not exist."
    return _Refusal(400, code, text)
