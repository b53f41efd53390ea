"""What can go wrong between a client and the exchange, drawn from a seeded generator.

A fault stands *behind* the rate limits: the request is counted (except where the exchange
documents that it is not), and one that is over the limit or banned is answered so, not with the
fault's own words. The kinds are explained at ``FaultKind``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class FaultKind(Enum):
    """The kinds of faults; a text of the list makes one: ``FaultKind("slow")``."""

    DROP_BEFORE = "drop_before"
    """Not executed; the connection is reset without a reply."""
    DROP_AFTER = "drop_after"
    """Executed; the connection is reset without a reply."""
    NO_REPLY = "no_reply"
    """Executed or not; the connection stays open and silent until the client leaves."""
    TRUNCATED = "truncated"
    """Executed; half of the reply's body, then the connection closes."""
    HTTP_503_UNKNOWN = "http_503_unknown"
    """Executed or not; 503 "Unknown error": the outcome is unknown."""
    HTTP_503_UNAVAILABLE = "http_503_unavailable"
    """Not executed, not counted; 503 "Service Unavailable."."""
    HTTP_503_THROTTLED = "http_503_throttled"
    """Not executed, not counted; 503 with -1008."""
    HTTP_503_INTERNAL = "http_503_internal"
    """Not executed, not counted; 503 "Internal error"."""
    ERROR_1006 = "error_1006"
    """Executed or not; 500 with -1006: the outcome is unknown."""
    ERROR_1007 = "error_1007"
    """Executed or not; 408 with -1007: the outcome is unknown."""
    ERROR_1021 = "error_1021"
    """Not executed; 400 with -1021: outside of the recvWindow."""
    ERROR_2011 = "error_2011"
    """Not executed; -2011 as from a node that does not know an open order."""
    ERROR_2013 = "error_2013"
    """Not executed; -2013 as from a node that does not know an open order."""
    ERROR_4117 = "error_4117"
    """Not executed; -4117: the order is triggering right now."""
    HTTP_429 = "http_429"
    """Not executed; 429 with -1003, as if others at the same address had used the weight."""
    HTML_403 = "html_403"
    """Not executed, not counted; 403 with HTML from the firewall."""
    HTML_502 = "html_502"
    """Not executed, not counted; 502 with HTML from a gateway."""
    GARBAGE = "garbage"
    """Executed; 200 with a body that is no JSON."""
    HTTP_418 = "http_418"
    """Not executed; 418 with -1003: the address is banned for ``retry_after`` seconds, or 120."""
    RESET_UNREAD = "reset_unread"
    """Not executed; the connection is reset before the request's body is read."""
    RESET_HEADERS = "reset_headers"
    """Executed or not; the connection is reset in the middle of the reply's headers."""
    RESET_BODY = "reset_body"
    """Executed or not; the connection is reset in the middle of the reply's body."""
    DRIP = "drip"
    """Executed or not; the reply comes byte by byte, ``delay`` seconds apart."""
    REPLY = "reply"
    """Executed or not; whatever ``status``, ``body``, ``headers``, ``fields``, ``extra`` and
    ``repeat`` say; what they leave open stays true."""
    SLOW = "slow"
    """``delay`` seconds more: executed at once and answered late, or (``executed=False``) late
    to arrive at the exchange and then treated as usual."""


class Plan(NamedTuple):
    """What a kind of fault does.

    Args:
        executed: Whether the request is executed; None leaves it to the fault.
        counted: Whether it counts towards the limits.
        answer: (status, code, text) of a JSON error, or None.
        html: (status, title) of an HTML answer, or None.
    """

    executed: bool | None
    counted: bool = True
    answer: tuple[int, int, str] | None = None
    html: tuple[int, str] | None = None


PLANS: Final[dict[FaultKind, Plan]] = {
    FaultKind.DROP_BEFORE: Plan(executed=False),
    FaultKind.DROP_AFTER: Plan(executed=True),
    FaultKind.NO_REPLY: Plan(executed=None),
    FaultKind.TRUNCATED: Plan(executed=True),
    FaultKind.HTTP_503_UNKNOWN: Plan(
        executed=None,
        answer=(503, -1000, "Unknown error, please check your request or try again later."),
    ),
    FaultKind.HTTP_503_UNAVAILABLE: Plan(
        executed=False, counted=False, answer=(503, -1000, "Service Unavailable.")
    ),
    FaultKind.HTTP_503_THROTTLED: Plan(
        executed=False,
        counted=False,
        answer=(
            503,
            -1008,
            (
                "Request throttled by system-level protection. "
                "Reduce-only/close-position orders are exempt. Please try again."
            ),
        ),
    ),
    FaultKind.HTTP_503_INTERNAL: Plan(
        executed=False,
        counted=False,
        answer=(503, -1001, "Internal error; unable to process your request. Please try again."),
    ),
    FaultKind.ERROR_1006: Plan(
        executed=None,
        answer=(
            500,
            -1006,
            "An unexpected response was received from the message bus. Execution status unknown.",
        ),
    ),
    FaultKind.ERROR_1007: Plan(
        executed=None,
        answer=(
            408,
            -1007,
            (
                "Timeout waiting for response from backend server. "
                "Send status unknown; execution status unknown."
            ),
        ),
    ),
    FaultKind.ERROR_1021: Plan(
        executed=False,
        answer=(400, -1021, "Timestamp for this request is outside of the recvWindow."),
    ),
    FaultKind.ERROR_2011: Plan(executed=False, answer=(400, -2011, "Unknown order sent.")),
    FaultKind.ERROR_2013: Plan(executed=False, answer=(400, -2013, "Order does not exist.")),
    FaultKind.ERROR_4117: Plan(
        executed=False, answer=(400, -4117, "Stop order is in triggering process")
    ),
    FaultKind.HTTP_429: Plan(executed=False),
    FaultKind.HTTP_418: Plan(executed=False),
    FaultKind.RESET_UNREAD: Plan(executed=False),
    FaultKind.RESET_HEADERS: Plan(executed=None),
    FaultKind.RESET_BODY: Plan(executed=None),
    FaultKind.DRIP: Plan(executed=None),
    FaultKind.REPLY: Plan(executed=None),
    FaultKind.HTML_403: Plan(executed=False, counted=False, html=(403, "Forbidden")),
    FaultKind.HTML_502: Plan(executed=False, counted=False, html=(502, "Bad Gateway")),
    FaultKind.GARBAGE: Plan(executed=True),
    FaultKind.SLOW: Plan(executed=None),
}


_TIMED: Final = (FaultKind.SLOW, FaultKind.DRIP)


class Fault(msgspec.Struct, frozen=True):
    """One kind of fault and the requests it hits.

    Args:
        kind: What goes wrong.
        probability: Share of the matching requests that it hits, 0 to 1.
        times: How many requests it hits at most; None: no end.
        path: Only requests whose path begins so; None: all.
        method: Only this HTTP method; None: all.
        executed: Whether the exchange does what it was asked before it goes wrong, for the kinds
            that may be either; None: it does.
        delay: Seconds that a ``slow`` request takes longer, or between two bytes of a ``drip``;
            more than 0 for these kinds, 0 for the others.
        retry_after: ``Retry-After`` of an ``http_429`` or ``http_418``, also as nonsense; None: no
            header. A whole number of seconds is also how long the exchange expects silence; in a
            text, ``{date}`` stands for the end of it as an HTTP date.
        status: HTTP status of a ``reply``; None: the true one, or 200.
        body: Body of a ``reply``, in which ``{reply}`` stands for the true one; None: the true
            one, or nothing.
        headers: Headers of a ``reply``: each name replaces the true header of that name; the same
            name may come twice, a value may hold any bytes (as latin-1).
        fields: Fields of the true JSON to change wherever they stand, as raw JSON text, in which
            ``{}`` stands for the true value; None takes the field away.
        extra: Raw JSON text put in as the last fields of the true JSON, e.g. ``"code":1``.
        repeat: How often the body of a ``reply`` is sent, chunked if not once; None: without end.
        counted: Whether a ``reply`` that is not executed counts towards the limits.

    Raises:
        ValueError: If a value does not fit the kind.
    """

    kind: FaultKind
    probability: float = 1.0
    times: int | None = None
    path: str | None = None
    method: str | None = None
    executed: bool | None = None
    delay: float = 0.0
    retry_after: int | str | None = 1
    status: int | None = None
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    fields: Mapping[str, str | None] = {}
    extra: str = ""
    repeat: int | None = 1
    counted: bool = True

    def __post_init__(self) -> None:
        self._check_reply()
        fixed = PLANS[self.kind].executed
        if fixed is not None and self.executed not in (None, fixed):
            raise ValueError(f"{self.kind.value} is always {'' if fixed else 'not '}executed")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability is from 0 to 1")
        if (self.delay > 0) is not (self.kind in _TIMED) or self.delay < 0:
            raise ValueError("delay is more than 0 for slow and drip, and 0 for all other kinds")

    def _check_reply(self) -> None:
        said = (self.status, self.body, self.headers, self.fields, self.extra, self.repeat)
        if (said == (None, None, (), {}, "", 1)) is (self.kind is FaultKind.REPLY):
            raise ValueError("a fault of kind reply, and no other, says what is replied")
        alters = self.fields or self.extra or b"{reply}" in (self.body or b"")
        if alters and self.executed is False:
            raise ValueError("only the reply to a request that is executed can be altered")

    @property
    def executes(self) -> bool:
        """Whether a request that it hits is executed."""
        fixed = PLANS[self.kind].executed
        if fixed is not None:
            return fixed
        return self.executed is not False or self.kind is FaultKind.SLOW

    @property
    def counts(self) -> bool:
        """Whether a request that it hits counts towards the limits."""
        return PLANS[self.kind].counted and self.counted

    @property
    def late_arrival(self) -> float:
        """Seconds that a request needs longer to arrive."""
        return self.delay if self.executed is False and self.kind is FaultKind.SLOW else 0.0

    @property
    def late_answer(self) -> float:
        """Seconds that its reply is held back."""
        return self.delay - self.late_arrival if self.kind is FaultKind.SLOW else 0.0

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one of those that it may hit."""
        return self.method in (None, method) and path.startswith(self.path or "")


class FaultBox:
    """The faults in force; the first that matches and is drawn hits the request.

    Args:
        faults: The faults, in order.
        seed: Seed of the generator: the same seed and order of requests give the same faults.
    """

    def __init__(self, faults: Iterable[Fault], seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a rehearsal that repeats, no secret
        self._faults: list[tuple[Fault, list[int]]] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Put one more fault at the end."""
        self._faults.append((fault, [] if fault.times is None else [fault.times]))

    def clear(self) -> None:
        """Take all faults away."""
        self._faults.clear()

    def draw(self, method: str, path: str) -> Fault | None:
        """The fault that hits the next request, or None."""
        for fault, left in self._faults:
            if not fault.matches(method, path) or left == [0]:
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if left:
                left[0] -= 1
            return fault
        return None
