"""A message of the stream to a typed event: one parse for what is documented, nothing ever lost."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from binance_papi.api.events import Documented, ExchangeEvent, UnknownEvent
from binance_papi.api.events.base import Event
from binance_papi.api.events.orders import AlgoOrderUpdate, AlgoUpdate
from binance_papi.api.words import BusinessUnit
from binance_papi.core.decode import EMPTY, UNREADABLE, too_deep
from binance_papi.core.signing import ListenKey

T = TypeVar("T")

_QUOTE: Final = ord('"')
_SHORT: Final = len('{"e":')

_LONG: Final = 8192
"""A shorter message can't nest so deeply that it does harm."""


class _Kind(msgspec.Struct):
    """Which event a message is, or where it stands inside."""

    e: str | None = None
    event: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()


class _UsdmAlgoUpdate(Event, frozen=True, kw_only=True, tag="ALGO_UPDATE"):
    """An ALGO_UPDATE as plain USD-M futures write it."""

    fs: BusinessUnit | None = None
    transaction_time: int | None = msgspec.field(name="T", default=None)
    o: AlgoOrderUpdate


def _hook(kind: type[Any], value: Any) -> Any:
    """The one type that msgspec does not know."""
    if kind is ListenKey:
        return ListenKey(value)
    raise NotImplementedError


# Lax, because the exchange has sent texts where integers are documented.
_documented: Final[msgspec.json.Decoder[Documented]] = msgspec.json.Decoder(
    Documented, strict=False, dec_hook=_hook
)
_usdm: Final = msgspec.json.Decoder(_UsdmAlgoUpdate, strict=False)
_kind: Final = msgspec.json.Decoder(_Kind)
_decode: Final = _documented.decode  # bound once: it is looked up for every event


def decode(raw: bytes) -> ExchangeEvent:
    """Decode one message.

    Args:
        raw: The message.

    Returns:
        The event; `UnknownEvent` for whatever is none of those that are documented. It never
        raises.
    """
    if not _SHORT < len(raw) <= _LONG:
        if len(raw) <= _SHORT:
            return UnknownEvent(raw=raw, problem="too short")
        if too_deep(raw):
            return UnknownEvent(raw=raw, problem="nested too deeply")
    # An empty text stands for an absent value. The exchange writes without blanks; others may not,
    # and then one follows `{"e":` already.
    body = raw.replace(b':""', b":null") if raw[5] == _QUOTE else EMPTY.sub(b":null", raw)
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        problem = str(error)
    except UNREADABLE:
        return UnknownEvent(raw=raw, problem="not JSON")
    # Not the documented shape: another wrapper, or a kind of its own.
    event = _algo(body)
    if event is not None:
        return event
    found = _look(_kind, body) or _Kind()
    inner = bytes(found.event) or bytes(found.data)
    if found.e is not None or not inner:
        return UnknownEvent(kind=found.e, raw=raw, problem=problem)
    found = _look(_kind, inner) or _Kind()
    whole = _look(_documented, inner) or _algo(inner)
    return whole or UnknownEvent(kind=found.e, raw=raw, problem=problem)


def _look(decoder: msgspec.json.Decoder[T], body: bytes) -> T | None:
    """What a decoder makes of it, if it can."""
    try:
        return decoder.decode(body)
    except UNREADABLE:
        return None


def _algo(body: bytes) -> AlgoUpdate | None:
    event = _look(_usdm, body)
    if event is None:
        return None
    return AlgoUpdate(
        event_time=event.event_time,
        business_unit=event.fs,
        transaction_time=event.transaction_time,
        algo_order=event.o,
    )
