"""At the front door an answer that is no success becomes an exception."""

from __future__ import annotations

from typing import Any

from binance_papi.core.answer import (
    Answer,
    Banned,
    Done,
    Fault,
    NotOpen,
    Overloaded,
    Refused,
    Throttled,
    Unanswered,
    Unsent,
)
from binance_papi.core.codes import Meaning
from binance_papi.core.endpoint import Request
from binance_papi.errors import (
    AuthError,
    BannedError,
    ClockError,
    EndpointRetiredError,
    NotOpenError,
    OverloadedError,
    PapiError,
    RejectedError,
    ThrottledError,
    UnknownOutcomeError,
    UnsentError,
    WaitTooLongError,
)

_REFUSED: dict[Meaning, type[RejectedError]] = {
    Meaning.AUTH: AuthError,
    Meaning.CLOCK: ClockError,
}


def exception_for(
    answer: Answer[Any], request: Request[Any], *, silence: float, exchange_ms: int
) -> PapiError:
    """The exception that says what ``answer`` says.

    Args:
        answer: Any answer but `Done`.
        request: What it answers.
        silence: Seconds for which nothing may be sent, for a refusal that does not say.
        exchange_ms: Exchange time now, epoch milliseconds.
    """
    match answer:
        case NotOpen():
            return _make(NotOpenError, request, answer.fault)
        case Refused():
            return _refusal(answer, request)
        case Throttled():
            after = answer.retry_after if answer.retry_after is not None else silence
            return _make(ThrottledError, request, answer.fault, retry_after=after)
        case Banned():
            until = max(answer.until_ms or 0, exchange_ms + int(silence * 1000))
            return _make(BannedError, request, answer.fault, until=until)
        case Overloaded():
            return _make(OverloadedError, request, answer.fault)
        case Unsent():
            text = f"{_name(request)}: it never left: {answer.reason}"
            return UnsentError(text, request=request, reason=answer.reason)
        case Unanswered():
            return _make(
                UnknownOutcomeError,
                request,
                answer.fault,
                f"it may have happened: {answer.reason}",
                reason=answer.reason,
                body=answer.body,
                query=request.question(),
            )
        case Done():  # pragma: no branch - exhaustive
            raise AssertionError("a success is no exception")


def _refusal(answer: Refused, request: Request[Any]) -> PapiError:
    if not answer.retired:
        return _make(_REFUSED.get(answer.meaning, RejectedError), request, answer.fault)
    replacement = request.endpoint.replaced_by
    remark = "the exchange has no such path"
    return _make(
        EndpointRetiredError,
        request,
        answer.fault,
        f"{remark}; use {replacement}" if replacement else remark,
        replacement=replacement,
    )


def _make(
    kind: type[PapiError], request: Request[Any], fault: Fault, remark: str = "", **numbers: Any
) -> PapiError:
    told = " ".join(
        part
        for part in (
            f"HTTP {fault.http_status}" if fault.http_status is not None else "",
            f"code {fault.code}" if fault.code is not None else "",
            fault.msg,
        )
        if part
    )
    text = ": ".join(part for part in (_name(request), remark, told) if part)
    return kind(
        text,
        request=request,
        code=fault.code,
        msg=fault.msg,
        http_status=fault.http_status,
        **numbers,
    )


def _name(request: Request[Any]) -> str:
    """What was asked, without its values."""
    return f"{request.endpoint.method} {request.endpoint.path}"


def never_sent(waited: float, **details: Any) -> WaitTooLongError:
    """The exception that says that a request waited in vain for ``waited`` seconds."""
    text = f"it could not be sent within {waited:.3f} s, as long as its caller waited"
    return WaitTooLongError(text, wait=waited, **details)
