"""Bodies and headers of replies: JSON of the exchange, HTML of what stands before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from binance_papi.simulator.values import Reply

if TYPE_CHECKING:
    from binance_papi.simulator.refusal import Refusal

JSON: Final = {"Content-Type": "application/json"}
HTML: Final = {"Content-Type": "text/html"}
GARBAGE: Final = b"\x00\xffupstream: \xc3\x28 not what you expect"

encode: Final = msgspec.json.Encoder().encode


def error(refusal: Refusal, headers: dict[str, str]) -> Reply:
    """The reply that a refusal becomes."""
    body = encode({"code": refusal.code, "msg": refusal.msg})
    return Reply(refusal.status, body, {**headers, **JSON}, refusal.code)


def page(status: int, title: str, headers: dict[str, str]) -> Reply:
    """A page of HTML in place of an answer."""
    text = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n"
        f"<body>\r\n<center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return Reply(status, text.encode(), {**headers, **HTML})
