"""What one attempt told: exactly one of eight answers, as values.

An *answer* is about one request on the wire. What a caller may conclude from all answers together
is another matter, and another word.
"""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeVar

import msgspec

from binance_papi.core.codes import Meaning
from binance_papi.core.usage import Headers

R_co = TypeVar("R_co", covariant=True)


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What came over the wire.

    Args:
        status: HTTP status.
        headers: Response headers; asked for by lower-case names.
        body: The whole body, as sent.
    """

    status: int
    headers: Headers
    body: bytes


class Fault(msgspec.Struct, frozen=True):
    """An error as the exchange words it.

    Args:
        http_status: HTTP status; ``None`` where no reply came.
        code: The exchange's code; ``None`` where the reply had none.
        msg: Its text, at most 200 printable characters.
    """

    http_status: int | None = None
    code: int | None = None
    msg: str = ""


class Done(msgspec.Struct, Generic[R_co], frozen=True, gc=False):
    """It worked; ``reply`` is the typed reply."""

    reply: R_co


class NotOpen(msgspec.Struct, frozen=True):
    """The exchange says that no such order is open."""

    fault: Fault


class Refused(msgspec.Struct, frozen=True):
    """No effect, and sending it again as it is would be refused again.

    ``meaning`` is REFUSED, AUTH or CLOCK; ``retired`` tells that the path is gone.
    """

    fault: Fault
    meaning: Meaning = Meaning.REFUSED
    retired: bool = False


class Throttled(msgspec.Struct, frozen=True):
    """No effect: a limit was reached.

    ``meaning`` is WEIGHT (the address) or ORDERS (the account); ``retry_after`` is in seconds,
    ``None`` where the exchange did not say (or said nonsense).
    """

    fault: Fault
    meaning: Meaning
    retry_after: float | None = None


class Banned(msgspec.Struct, frozen=True):
    """No effect: the address is banned.

    ``until_ms`` is exchange time in epoch milliseconds, ``retry_after`` seconds from now; either is
    ``None`` where the reply did not say. ``firewall`` tells a 403 from a 418.
    """

    fault: Fault
    until_ms: int | None = None
    retry_after: float | None = None
    firewall: bool = False


class Overloaded(msgspec.Struct, frozen=True):
    """No effect: the exchange could not serve it at this moment."""

    fault: Fault


class Unsent(msgspec.Struct, frozen=True):
    """The request never left.

    ``held`` tells that it was held back on purpose: the exchange asked for silence while its
    connection was being made.
    """

    reason: str
    held: bool = False


class Unanswered(msgspec.Struct, frozen=True):
    """The request left, and what came back (if anything) does not tell whether it was executed."""

    reason: str
    fault: Fault = Fault()
    body: bytes = b""


Answer: TypeAlias = (
    Done[R_co] | NotOpen | Refused | Throttled | Banned | Overloaded | Unsent | Unanswered
)
