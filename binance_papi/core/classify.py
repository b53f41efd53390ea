"""What a reply tells: status, code and text to exactly one answer.

The order of the rules is the order of trust: what the status alone settles comes first, then the
documented texts of a 503, then the code. Anything else may have happened.

Sources: General Info, "HTTP Return Codes" and "HTTP 503"; Error Codes.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from binance_papi.core.answer import (
    Answer,
    Banned,
    Done,
    Fault,
    NotOpen,
    Overloaded,
    Refused,
    Reply,
    Throttled,
    Unanswered,
)
from binance_papi.core.codes import Meaning, meaning_of
from binance_papi.core.decode import BadReply, decode
from binance_papi.core.endpoint import Endpoint, Security
from binance_papi.core.usage import retry_after

_MAX_MSG: Final = 200
_BAN_END: Final = re.compile(r"until (\d{10,14})\b")

_SIGNATURE: Final = re.compile(r"(signature=)[^&\s\"'<>]*")

# Exactly these words are documented as "failed, nothing executed"; all other 503s may have
# happened.
_NOTHING_EXECUTED: Final = "Service Unavailable."

# Told twice, nobody knows which of the two counts.
_DECISIVE: Final = (b'"code"', b'"msg"')

_REDIRECTS: Final = range(300, 400)
_CLIENT_ERRORS: Final = range(400, 500)


class _Problem(msgspec.Struct, frozen=True):
    """The body of an error reply."""

    code: int | None = None
    msg: str | None = None


def classify(reply: Reply, endpoint: Endpoint[Any]) -> Answer[Any]:
    """Tell what a reply to a request of ``endpoint`` means. Total: it never raises.

    Args:
        reply: What came over the wire.
        endpoint: The declaration of the request.

    Returns:
        Any answer but `Unsent`.
    """
    if 200 <= reply.status < 300:
        try:
            return Done(endpoint.decode(reply.body))
        except BadReply as problem:
            reason = f"the reply can't be read: {problem}"
        if endpoint.security is Security.USER_STREAM:
            # It was to bring a secret, and may hold it, readable or not.
            return Unanswered(reason, Fault(reply.status))
        return Unanswered(reason, _fault(reply), reply.body)
    fault = _fault(reply)
    return _by_status(reply, fault) or _by_code(reply, fault) or _doubt(reply, fault)


def _fault(reply: Reply) -> Fault:
    """The error in a body, as far as there is one."""
    try:
        problem = decode(_Problem, reply.body, once=_DECISIVE)
    except BadReply:
        plain = reply.body[: 2 * _MAX_MSG].decode("utf-8", "replace")
        # A page of HTML says nothing to a trader; a plain line does.
        return Fault(reply.status, None, "" if plain.lstrip().startswith("<") else _clean(plain))
    return Fault(reply.status, problem.code, _clean(problem.msg or ""))


def _clean(text: str) -> str:
    plain = "".join(char for char in text if char.isprintable())
    # A page that repeats the request must not carry its signature into logs.
    return _SIGNATURE.sub(r"\1", plain)[:_MAX_MSG]


def _by_status(reply: Reply, fault: Fault) -> Answer[Any] | None:
    """Statuses that mean one thing whatever the body says."""
    status, code = reply.status, fault.code
    if status == 418 or (code == -1003 and _BAN_END.search(fault.msg)):
        return _banned(reply, fault, firewall=False)
    if status == 429:
        meaning = Meaning.ORDERS if code == -1015 else Meaning.WEIGHT
        return Throttled(fault, meaning, retry_after(reply.headers))
    if status == 403 and meaning_of(code) is None:
        return _banned(reply, fault, firewall=True)
    if status == 401:
        return Refused(fault, Meaning.AUTH)
    if status == 404:
        return Refused(fault, retired=True)
    if status in _REDIRECTS or status == 451:
        return Refused(fault)
    if status == 503 and fault.msg == _NOTHING_EXECUTED:
        return Overloaded(fault)
    return None


def _by_code(reply: Reply, fault: Fault) -> Answer[Any] | None:
    """What the code says, whatever the status."""
    meaning = meaning_of(fault.code)
    match meaning:
        case None | Meaning.MAYBE:
            return None
        case Meaning.NOT_OPEN:
            answer: Answer[Any] = NotOpen(fault)
        case Meaning.WEIGHT | Meaning.ORDERS:
            answer = Throttled(fault, meaning, retry_after(reply.headers))
        case Meaning.OVERLOADED:
            answer = Overloaded(fault)
        case Meaning.REFUSED | Meaning.AUTH | Meaning.CLOCK:  # pragma: no branch - exhaustive
            answer = Refused(fault, meaning)
    # A refusal is documented as a 4xx. With a 5xx it is the exchange that failed, perhaps half-way.
    if reply.status in _CLIENT_ERRORS or meaning in (Meaning.OVERLOADED, Meaning.WEIGHT):
        return answer
    return None


def _doubt(reply: Reply, fault: Fault) -> Unanswered:
    return Unanswered("the exchange does not say whether it was executed", fault, reply.body)


def _banned(reply: Reply, fault: Fault, *, firewall: bool) -> Banned:
    end = _BAN_END.search(fault.msg)
    until = int(end.group(1)) if end else None
    return Banned(fault, until, retry_after(reply.headers), firewall)
