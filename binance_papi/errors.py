"""Every exception of this package.

::

    PapiError
    ├── InvalidRequestError (ValueError)  a request that can't be right
    ├── UsageError (RuntimeError)         closed client, other event loop, missing extra
    ├── WaitTooLongError                  the wait for weight is longer than allowed
    ├── UnsentError                       the request never left
    ├── IncompleteHistoryError            the rest of a history can't be read without a gap
    └── ReplyError                        the exchange, or silence in its place, told this
        ├── RejectedError                 certainly no effect: mend the request or the account
        │   ├── NotOpenError              -2011, -2013: not open, as far as this answer knows
        │   ├── AuthError                 -2014, -2015, -1022, HTTP 401
        │   ├── ClockError                -1021
        │   └── EndpointRetiredError      HTTP 404: the path is gone
        ├── ThrottledError                429, -1003, -1015: no effect, a limit was reached
        ├── BannedError                   418, or 403 of the firewall: no effect, banned
        ├── OverloadedError               503 "Service Unavailable.", -1008: no effect
        └── UnknownOutcomeError           may have happened

The first four kinds mean that nothing was sent, the fifth that only reads were. None of them
carries a key, a signature or a signed query; numbers are attributes.
"""

from __future__ import annotations

from typing import Any


class PapiError(Exception):
    """Base of every exception of this package."""

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message)
        self.__dict__.update(details)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(cls: type[PapiError], args: tuple[str, ...], details: dict[str, Any]) -> PapiError:
    """Make a pickled exception again, with its attributes."""
    return cls(*args, **details)


class InvalidRequestError(PapiError, ValueError):
    """The request can't be right, so nothing was sent."""


class UsageError(PapiError, RuntimeError):
    """The client can't be used like this: closed, not open, another event loop, after a fork."""


class WaitTooLongError(PapiError):
    """The request would have waited longer for weight than its caller allows; nothing was sent."""

    wait: float
    """Seconds the wait would have taken at least; infinite where it could never end."""

    request: Any = None


class UnsentError(PapiError):
    """The request never left: no address, no connection, no TLS."""

    request: Any = None
    reason: str = ""


class IncompleteHistoryError(PapiError):
    """The rest of a history can't be read without leaving something out.

    More rows lie in one millisecond than a page holds and there is no id to go on by, or rows come
    in another order than documented. What was given before is whole.
    """

    request: Any = None
    """The request whose reply could not be gone on from."""

    time: int | None = None
    """The millisecond that has too many rows; ``None``: it is about something else."""


class ReplyError(PapiError):
    """What the exchange answered, or the lack of an answer."""

    request: Any = None
    """The request this is about, as the caller made it."""

    code: int | None = None
    """The exchange's error code; ``None`` where the reply had none."""

    msg: str = ""
    """The exchange's text: at most 200 printable characters."""

    http_status: int | None = None
    """The HTTP status; ``None`` where no reply came."""


class RejectedError(ReplyError):
    """The exchange refused the request; it certainly had no effect."""


class NotOpenError(RejectedError):
    """The order is not open, as far as this one answer knows (-2011, -2013, -4000).

    It may have been cancelled, triggered, filled or expired before, or never have existed; nodes
    of the exchange have also been seen to forget a live order for a while. A question, not proof.
    """


class AuthError(RejectedError):
    """The key, the signature, the address or the permission is wrong."""


class ClockError(RejectedError):
    """The timestamp was outside the receive window, also after the clock was learned anew."""


class EndpointRetiredError(RejectedError):
    """The exchange no longer has this path (HTTP 404). It says nothing about any order."""

    replacement: str | None = None
    """What took its place, as ``"DELETE /papi/v1/um/algo/order"``; ``None``: unknown."""


class ThrottledError(ReplyError):
    """A rate limit was reached; the request had no effect."""

    retry_after: float
    """Seconds until the exchange takes requests again, as far as is known."""


class BannedError(ReplyError):
    """The address is banned; the request had no effect."""

    until: int
    """When the ban ends, in exchange time: Unix epoch milliseconds."""


class OverloadedError(ReplyError):
    """The exchange could not serve the request, and says that nothing was executed."""


class UnknownOutcomeError(ReplyError):
    """The request may have happened: find out by a query before acting on a guess."""

    reason: str = ""
    """What is missing, in a few words."""

    body: bytes = b""
    """The reply that could not be understood, at most 1 MiB; empty where there was none."""

    query: Any = None
    """The request to send to find out, e.g. a query by your own id of the order. ``None`` where
    there is none, as for a placement without an id of your own."""
