"""Reading parameters: raw query and body to names and texts, then to checked values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_plus

from binance_papi.simulator import refusal
from binance_papi.terms import MAX_ID

if TYPE_CHECKING:
    from collections.abc import Collection

_CLIENT_ID_CHARS: Final = re.compile(r"[\.A-Z\:/a-z0-9_-]+\Z")
_INTEGER: Final = re.compile(r"[0-9]{1,19}\Z")
# Plain fixed point only: an exponent form such as 1E-8 is refused by the exchange.
_DECIMAL: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?\Z")


def parse(query: bytes, body: bytes = b"") -> dict[str, str]:
    """Names and values of a request; where query and body hold the same name, the query counts.

    Raises:
        Refusal: -1100 for bytes that are no UTF-8, -1101 for a repeated name, -1105 for an
            empty value.
    """
    params = _fields(query)
    if body:
        params = {**_fields(body), **params}
    return params


def _fields(raw: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for piece in raw.split(b"&") if raw else ():
        try:
            text = piece.decode()
            name, _, value = text.partition("=")
            if "%" in text or "+" in text:
                name = unquote_plus(name, errors="strict")
                value = unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            raise refusal.illegal("parameters", "UTF-8") from None
        if not name:
            continue
        if name in fields:
            raise refusal.repeated()
        if not value or value.isspace():
            raise refusal.empty(name)
        fields[name] = value
    return fields


class Params:
    """Typed reading of one request's parameters.

    Args:
        fields: Names and decoded texts.
    """

    __slots__ = ("fields",)

    def __init__(self, fields: dict[str, str]) -> None:
        self.fields = fields

    def __contains__(self, name: str) -> bool:
        return name in self.fields

    def text(self, name: str) -> str | None:
        """The text as sent, or None."""
        return self.fields.get(name)

    def need(self, name: str) -> str:
        """The text of a mandatory parameter.

        Raises:
            Refusal: -1102 if it is not there.
        """
        value = self.fields.get(name)
        if value is None:
            raise refusal.missing(name)
        return value

    def integer(self, name: str) -> int | None:
        """A whole number from 0 to 2**63 - 1, or None.

        Raises:
            Refusal: -1102 if it is something else.
        """
        value = self.fields.get(name)
        if value is None:
            return None
        if _INTEGER.match(value) is None or (number := int(value)) > MAX_ID:
            raise refusal.missing(name)
        return number

    def decimal(self, name: str) -> str | None:
        """A plain fixed-point number, as the text that was sent, or None.

        Raises:
            Refusal: -1102 if it is something else.
        """
        value = self.fields.get(name)
        if value is not None and _DECIMAL.match(value) is None:
            raise refusal.missing(name)
        return value

    def need_decimal(self, name: str) -> str:
        """A mandatory plain fixed-point number, as the text that was sent.

        Raises:
            Refusal: -1102 if it is not there or something else.
        """
        self.need(name)
        return self.decimal(name) or ""

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        """One of the known words of an enumeration.

        Args:
            name: The parameter.
            allowed: The known words.
            default: What stands for a parameter that is not there; None makes it mandatory.

        Raises:
            Refusal: -1102 if it is mandatory and not there, -1130 for an unknown word.
        """
        value = self.need(name) if default is None else self.fields.get(name, default)
        if value not in allowed:
            raise refusal.invalid(name)
        return value

    def flag(self, name: str) -> bool:
        """``true`` or ``false`` in any case; False if it is not there.

        Raises:
            Refusal: -1130 for another text.
        """
        value = self.fields.get(name, "false").lower()
        if value not in ("true", "false"):
            raise refusal.invalid(name)
        return value == "true"

    def client_id(self, name: str, length: int = 32) -> str | None:
        """An id that the client chose, or None.

        Args:
            name: The parameter.
            length: How many characters it may have.

        Raises:
            Refusal: -1100 for characters outside the pattern, -4015 for too many of them.
        """
        value = self.fields.get(name)
        if value is None:
            return None
        if _CLIENT_ID_CHARS.match(value) is None:
            raise refusal.illegal(name, rf"^[\.A-Z\:/a-z0-9_-]{{1,{length}}}$")
        if len(value) > length:
            raise refusal.Refusal(-4015, "Client order id is not valid.")
        return value
