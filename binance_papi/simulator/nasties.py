"""A catalogue of nasty replies: everything that a client should survive, by name.

``NASTIES`` maps each name to a ``Fault`` that is built when it is asked for, so that going over the
names costs nothing; ``nasty`` gives one with changes, e.g. for cancels only and once::

    exchange.inject(nasty("200_bom", method="DELETE", times=1))
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import Any, Final

import msgspec

from binance_papi.simulator.answers import HTML
from binance_papi.simulator.faults import PLANS, Fault, FaultKind

_MANY: Final = 100_000
_MEGABYTE: Final = 1 << 20
_ELSEWHERE: Final = "http://127.0.0.2:9/elsewhere"
_DONE: Final = b'{"complete":true}'
_IDS: Final = ("strategyId", "algoId", "orderId")
_STATUSES: Final = ("strategyStatus", "algoStatus", "status")
_PAGE: Final = b"<html><head><title>Sorry</title></head><body><h1>Sorry</h1></body></html>"


def reply(
    status: int | None = None,
    body: bytes | None = None,
    *headers: tuple[str, str],
    executed: bool | None = None,
    **settings: Any,
) -> Fault:
    """A fault of kind ``reply``, which executes the request unless told otherwise.

    Args:
        status: HTTP status; None: the true one.
        body: Body; None: the true one.
        *headers: Headers.
        executed: Whether the exchange does what it was asked.
        **settings: All else of ``Fault``.
    """
    return Fault(
        FaultKind.REPLY,
        status=status,
        body=body,
        headers=headers,
        executed=executed,
        **settings,
    )


def error(status: int, code: int, msg: str, *, executed: bool = False) -> Fault:
    """The exchange's JSON error with any status, not executed unless told otherwise."""
    return reply(status, msgspec.json.encode({"code": code, "msg": msg}), executed=executed)


def page(status: int, body: bytes = _PAGE, *, executed: bool = False) -> Fault:
    """A page of HTML, or any other body, from something that stands before the exchange."""
    return reply(status, body, *HTML.items(), executed=executed)


def redirect(status: int, location: str = _ELSEWHERE) -> Fault:
    """A redirect that also wants to set a cookie; nothing is executed."""
    headers = (("Location", location), ("Set-Cookie", "session=stolen; Path=/"))
    return reply(status, b"", *headers, executed=False)


def altered(names: tuple[str, ...], value: str | None) -> Fault:
    """The true reply with other values, as raw JSON text; None takes the fields away."""
    return reply(fields=dict.fromkeys(names, value))


def _planned(kind: FaultKind, status: int) -> Fault:
    """The error of a kind with another HTTP status."""
    answer = PLANS[kind].answer
    assert answer is not None
    return error(status, answer[1], answer[2], executed=True)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(wbits=31)
    zeros = bytes(_MEGABYTE)
    return b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()


def _packed(encoding: str, body: bytes) -> Fault:
    return reply(200, body, ("Content-Encoding", encoding))


def _brotli(content: bytes) -> bytes:
    """A brotli stream of one uncompressed block (RFC 7932, section 9.2)."""
    header = (len(content) - 1) << 4 | 1 << 20
    return header.to_bytes(3, "little") + content + b"\x03"


def _zstd(content: bytes) -> bytes:
    """A zstd frame of one raw block (RFC 8878, section 3.1.1)."""
    block = (len(content) << 3 | 1).to_bytes(3, "little")
    return b"\x28\xb5\x2f\xfd\x20" + bytes((len(content),)) + block + content


def _weight(*values: str) -> Fault:
    return reply(None, None, *(("X-MBX-USED-WEIGHT-1M", value) for value in values))


_UNKNOWN: Final = "An unknown error occurred while processing the request."
_BROKEN: Final = "Internal error; unable to process your request. Please try again."
_CLOSING: Final = "This service is no longer available."
_BUSY: Final = "Too many requests; please use the websocket for live updates."
_AHEAD: Final = "Timestamp for this request was 1000ms ahead of the server's time."
_LATE: Final = "The ME RecvWindow exceeds the recvWindow of the request."
_NO_KEY: Final = "Invalid API-key, IP, or permissions for action."
_SWITCHED: Final = (
    "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead."
)
_K: Final = FaultKind

_BUILDERS: Final[dict[str, Callable[[], Fault]]] = {
    # the connection
    "reset_unread": lambda: Fault(_K.RESET_UNREAD),
    "reset_before": lambda: Fault(_K.DROP_BEFORE),
    "reset_after": lambda: Fault(_K.DROP_AFTER),
    "reset_headers": lambda: Fault(_K.RESET_HEADERS),
    "reset_body": lambda: Fault(_K.RESET_BODY),
    "closed_body": lambda: Fault(_K.TRUNCATED),
    "silent": lambda: Fault(_K.NO_REPLY),
    "drip": lambda: Fault(_K.DRIP, delay=1.0),
    "late_200": lambda: Fault(_K.SLOW, delay=30.0),
    # 5xx
    "503_unknown": lambda: Fault(_K.HTTP_503_UNKNOWN),
    "503_unavailable": lambda: Fault(_K.HTTP_503_UNAVAILABLE),
    "503_throttled": lambda: Fault(_K.HTTP_503_THROTTLED),
    "503_internal": lambda: Fault(_K.HTTP_503_INTERNAL),
    "503_other_text": partial(error, 503, -1000, "Try tomorrow.", executed=True),
    "503_no_json": partial(page, 503, b"upstream connect error", executed=True),
    "503_empty": partial(page, 503, b"", executed=True),
    "503_html": partial(page, 503, executed=True),
    "500_empty": partial(page, 500, b"", executed=True),
    "500_html": partial(page, 500, executed=True),
    "502_html": partial(page, 502, executed=True),
    "504_html": partial(page, 504, executed=True),
    **{
        f"{status}_1000": partial(error, status, -1000, _UNKNOWN, executed=True)
        for status in (400, 408, 500)
    },
    **{
        f"{status}_1001": partial(error, status, -1001, _BROKEN, executed=True)
        for status in (400, 408, 500)
    },
    **{f"{status}_1006": partial(_planned, _K.ERROR_1006, status) for status in (400, 408, 500)},
    **{f"{status}_1007": partial(_planned, _K.ERROR_1007, status) for status in (400, 408, 500)},
    **{f"{status}_1016": partial(error, status, -1016, _CLOSING) for status in (400, 408, 500)},
    # 200 with a body that is none
    "200_html": partial(page, 200, executed=True),
    "200_empty": partial(reply, 200, b""),
    "200_half": partial(reply, 200, b'{"strategyId":4611875134427'),
    "200_garbage": lambda: Fault(_K.GARBAGE),
    "200_bad_utf8": partial(reply, 200, b'{"symbol":"\xff\xfe","complete":true}'),
    "200_bom": partial(reply, None, b"\xef\xbb\xbf{reply}"),
    "200_as_html": partial(reply, None, None, ("Content-Type", "text/html")),
    "200_as_nothing": partial(reply, None, None, ("Content-Type", "x")),
    "200_and_more": partial(reply, None, b"{reply}{reply}"),
    "complete_but_open": partial(reply, 200, _DONE, executed=False),
    # floods
    "body_100_mb": lambda: reply(200, b" " * _MEGABYTE, repeat=100),
    "body_100_mb_announced": lambda: reply(
        200, b" " * _MEGABYTE, ("Content-Length", str(100 * _MEGABYTE)), repeat=100
    ),
    "body_endless": lambda: reply(200, b" " * 65_536, repeat=None),
    "gzip_bomb": lambda: _packed("gzip", _bomb()),
    "gzip_members": lambda: _packed("gzip", gzip.compress(b"", mtime=0) * 60_000),
    "gzip_broken": lambda: _packed("gzip", b"\x1f\x8b\x08\x00not really"),
    "brotli_unasked": lambda: _packed("br", _brotli(_DONE)),
    "zstd_unasked": lambda: _packed("zstd", _zstd(_DONE)),
    # headers
    "headers_100000": lambda: reply(None, None, *((f"X-{n}", "1") for n in range(_MANY))),
    "header_1_mb": lambda: reply(None, None, ("X-Long", "a" * _MEGABYTE)),
    "header_control": partial(reply, None, None, ("X-Odd", "a\x01\x0b\x7f\x9fb")),
    "header_nul": partial(reply, None, None, ("X-Odd", "a\x00b")),
    "weight_twice": partial(_weight, "1", "5999"),
    "weight_negative": partial(_weight, "-5"),
    "weight_huge": partial(_weight, str(10**30)),
    "weight_text": partial(_weight, "many"),
    # fields
    "code_twice": partial(reply, extra='"code":200,"code":-2011'),
    "id_twice": partial(reply, extra=",".join(f'"{name}":1,"{name}":2' for name in _IDS)),
    "status_new_word": partial(altered, _STATUSES, '"NEW_INSURANCE"'),
    "status_triggering": partial(altered, _STATUSES, '"TRIGGERING"'),
    "status_missing": partial(altered, _STATUSES, None),
    "status_null": partial(altered, _STATUSES, "null"),
    "status_number": partial(altered, _STATUSES, "7"),
    "field_extra": partial(reply, extra='"surprise":{"a":[1,2,{"b":null}]}'),
    "id_missing": partial(altered, _IDS, None),
    "id_null": partial(altered, _IDS, "null"),
    "id_text": partial(altered, _IDS, '"{}"'),
    "id_other": partial(altered, _IDS, "1"),
    "id_2_63": partial(altered, _IDS, str(2**63)),
    "id_2_64": partial(altered, _IDS, str(2**64)),
    "id_5000_digits": partial(altered, _IDS, "9" * 5000),
    "id_1e3": partial(altered, _IDS, "1e3"),
    "id_nan": partial(altered, _IDS, "NaN"),
    "nested": lambda: reply(extra=f'"deep":{"[" * _MANY}{"]" * _MANY}'),
    # limits and bans
    "429": lambda: Fault(_K.HTTP_429),
    "429_7_s": lambda: Fault(_K.HTTP_429, retry_after=7),
    "429_no_header": lambda: Fault(_K.HTTP_429, retry_after=None),
    "429_garbage": lambda: Fault(_K.HTTP_429, retry_after="soon"),
    "429_zero": lambda: Fault(_K.HTTP_429, retry_after="0"),
    "429_negative": lambda: Fault(_K.HTTP_429, retry_after="-7"),
    "429_date": lambda: Fault(_K.HTTP_429, retry_after="{date}"),
    "429_1015": partial(error, 429, -1015, "Too many new orders; current limit is 1200 orders."),
    "400_1003": partial(error, 400, -1003, _BUSY),
    "418": lambda: Fault(_K.HTTP_418, retry_after=120),
    "418_no_header": lambda: Fault(_K.HTTP_418, retry_after=None),
    "418_3_days": lambda: Fault(_K.HTTP_418, retry_after=259_200),
    "403_html": lambda: Fault(_K.HTML_403),
    # refusals
    "1021_behind": lambda: Fault(_K.ERROR_1021),
    "1021_ahead": partial(error, 400, -1021, _AHEAD),
    "5028": partial(error, 400, -5028, _LATE),
    "2011": lambda: Fault(_K.ERROR_2011),
    "2013": lambda: Fault(_K.ERROR_2013),
    "4117": lambda: Fault(_K.ERROR_4117),
    "4120": partial(error, 400, -4120, _SWITCHED),
    "2014": partial(error, 401, -2014, "API-key format invalid."),
    "2015": partial(error, 401, -2015, _NO_KEY),
    "1022": partial(error, 400, -1022, "Signature for this request is not valid."),
    "401_html": partial(page, 401),
    "404_html": partial(page, 404),
    "404_empty": partial(page, 404, b""),
    **{f"{status}": partial(redirect, status) for status in (301, 302, 307, 308)},
    "307_same_host": partial(redirect, 307, "/papi/v1/ping"),
}


class _Catalogue(Mapping[str, Fault]):
    """The faults by name, each built when it is asked for."""

    def __getitem__(self, name: str) -> Fault:
        return _BUILDERS[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(_BUILDERS)

    def __len__(self) -> int:
        return len(_BUILDERS)


NASTIES: Final[Mapping[str, Fault]] = _Catalogue()
"""Every nasty by name."""


def nasty(name: str, **changes: Any) -> Fault:
    """One nasty with changes.

    Args:
        name: Its name in the catalogue.
        **changes: Fields of ``Fault``: ``method``, ``path``, ``probability``, ``times``,
            ``executed`` where its kind leaves that open, and others.

    Raises:
        KeyError: If nothing has that name.
        ValueError: If a change does not fit its kind.
    """
    # Not `replace`, which does not check what it makes.
    fields = {**msgspec.structs.asdict(NASTIES[name]), **changes}
    return Fault(**fields)
