"""What a fault makes of a request: done or not, counted or not, and answered as it will have it."""

from __future__ import annotations

from email.utils import formatdate
from math import inf
from typing import TYPE_CHECKING, Any, Final

import msgspec

from binance_papi.simulator import answers
from binance_papi.simulator.faults import PLANS, Fault, FaultKind
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.values import Call, Delivery, Reply, Visit
from binance_papi.terms import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable

    from binance_papi.simulator.doorman import Doorman, TurnedAway

UNANSWERED: Final = (Delivery.CLOSED, Delivery.SILENT, Delivery.CUT_HEADERS)
"""Deliveries that let no status reach the client."""

_DELIVERIES: Final = {
    FaultKind.DROP_BEFORE: Delivery.CLOSED,
    FaultKind.DROP_AFTER: Delivery.CLOSED,
    FaultKind.RESET_UNREAD: Delivery.CLOSED,
    FaultKind.RESET_HEADERS: Delivery.CUT_HEADERS,
    FaultKind.RESET_BODY: Delivery.CUT_BODY,
    FaultKind.NO_REPLY: Delivery.SILENT,
    FaultKind.TRUNCATED: Delivery.CUT,
    FaultKind.DRIP: Delivery.DRIP,
}
_USUAL: Final = RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000)
_USUAL_BAN: Final = 120
_LONGEST_VALUE: Final = 4096  # characters of a header that the server writes as usual
_LARGEST_READ: Final = 65_536  # bytes of a body that are searched for a code


class _Coded(msgspec.Struct):
    code: int = 0


_things = msgspec.json.Decoder(dict[str, Any] | list[dict[str, Any]])
_coded = msgspec.json.Decoder(_Coded)


class Mishaps:
    """The hand that lets things go wrong.

    Args:
        doorman: Who lets requests in.
        answer: Does what a request asks.
        cost: Tells a request's weight.
    """

    def __init__(
        self,
        doorman: Doorman,
        answer: Callable[[Call, Visit], Reply],
        cost: Callable[[Call], int],
    ) -> None:
        self._doorman = doorman
        self._answer = answer
        self._cost = cost

    def reply(self, fault: Fault, call: Call, visit: Visit) -> Reply:
        """Do what is asked or not, and answer as the fault will have it.

        Raises:
            TurnedAway: With a true 429 or 418, or with one that the fault feigns.
        """
        plan = PLANS[fault.kind]
        if fault.executes:
            reply = self._answer(call, visit)
        elif fault.counts:
            reply = Reply(0, b"", self._doorman.admit(visit, self._cost(call)))
        else:
            reply = Reply(0, b"", self._doorman.look(visit))
        if fault.kind in (FaultKind.HTTP_429, FaultKind.HTTP_418):
            raise self._feign(fault, visit)
        if plan.answer is not None:
            status, code, msg = plan.answer
            return answers.error(Refusal(code, msg, status), reply.headers)
        if plan.html is not None:
            return answers.page(*plan.html, reply.headers)
        if fault.kind is FaultKind.GARBAGE:
            return Reply(200, answers.GARBAGE, reply.headers)
        if fault.kind is FaultKind.REPLY:
            return _invent(fault, reply)
        return deliver(fault, reply)

    def _feign(self, fault: Fault, visit: Visit) -> TurnedAway:
        """The 429 or 418 that others at the same address have earned."""
        rules = self._doorman.limits.rules
        rule = next((one for one in rules if one.rate_limit_type == "REQUEST_WEIGHT"), _USUAL)
        asked = fault.retry_after
        banned = fault.kind is FaultKind.HTTP_418
        if isinstance(asked, int):
            until = visit.now + asked
        elif banned:
            until = visit.now + _USUAL_BAN
        else:
            until = (visit.now // rule.seconds + 1) * rule.seconds
        date = formatdate(until, usegmt=True)
        wait = {} if asked is None else {"Retry-After": str(asked).replace("{date}", date)}
        if banned:
            self._doorman.bans.feign(visit.address, until)
            return self._doorman.banned(visit, until, wait)
        return self._doorman.too_much_weight(visit, rule, until, wait)


def visit(address: str, now: float, fault: Fault | None) -> Visit:
    """A request at the exchange, with the times at which a fault lets it arrive and be answered."""
    if fault is None:
        return Visit(address, now, now, now)
    answered = _DELIVERIES.get(fault.kind) in (None, Delivery.CUT, Delivery.CUT_BODY)
    heard = now + fault.late_answer if answered else inf
    return Visit(address, now, now - fault.late_arrival, heard)


def deliver(fault: Fault, reply: Reply) -> Reply:
    """The same reply on its way through a fault of the connection, or through none."""
    delivery = _DELIVERIES.get(fault.kind, Delivery.WHOLE)
    if not reply.status and delivery in (Delivery.CUT_HEADERS, Delivery.CUT_BODY, Delivery.DRIP):
        # It was not executed, so there is no true reply to break.
        reply = Reply(200, b"{}", {**reply.headers, **answers.JSON})
    return msgspec.structs.replace(
        reply,
        delivery=delivery,
        delay=fault.late_answer,
        pace=fault.delay if delivery is Delivery.DRIP else 0.0,
    )


def _invent(fault: Fault, true: Reply) -> Reply:
    body = true.body
    if fault.fields or fault.extra:
        body = _altered(body, fault)
    if fault.body is not None:
        body = fault.body.replace(b"{reply}", body)
    headers, odd = _merged({**answers.JSON, **true.headers}, fault.headers)
    return Reply(
        status=fault.status or true.status or 200,
        body=body,
        headers=headers,
        code=_code(body),
        odd_headers=odd,
        repeat=fault.repeat,
    )


def _merged(
    true: dict[str, str], said: tuple[tuple[str, str], ...]
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """The headers that can be written as usual, and those that can not."""
    names = [name.lower() for name, _ in said]
    headers = {name: value for name, value in true.items() if name.lower() not in names}
    twice = len(set(names)) < len(names)
    if twice or any(not v.isprintable() or len(v) > _LONGEST_VALUE for _, v in said):
        return headers, said
    return {**headers, **dict(said)}, ()


def _altered(body: bytes, fault: Fault) -> bytes:
    """The true JSON with fields changed in raw text."""
    try:
        things: dict[str, Any] | list[dict[str, Any]] = _things.decode(body)
    except msgspec.DecodeError:
        return body  # a page: there are no fields
    if isinstance(things, list):
        return b"[" + b",".join(_altered_one(thing, fault) for thing in things) + b"]"
    return _altered_one(things, fault)


def _altered_one(thing: dict[str, Any], fault: Fault) -> bytes:
    pieces: list[str] = []
    for name, value in thing.items():
        raw = answers.encode(value).decode()
        said = fault.fields.get(name, "{}")
        if said is not None:
            pieces.append(f"{answers.encode(name).decode()}:{said.replace('{}', raw)}")
    if fault.extra:
        pieces.append(fault.extra)
    return ("{" + ",".join(pieces) + "}").encode()


def _code(body: bytes) -> int:
    """The exchange's error code in a body; 0 if none can be read."""
    if len(body) > _LARGEST_READ:
        return 0
    try:
        return _coded.decode(body).code
    except (ValueError, RecursionError):
        return 0
