"""Events of the user data stream, against the documented examples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from binance_papi.api import events
from binance_papi.api.events.decode import decode
from binance_papi.core.signing import ListenKey
from binance_papi.terms import AlgoStatus, OpenEnum, OrderStatus

EXAMPLES = sorted((Path(__file__).parent / "events").glob("*.json"))
EACH = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
KINDS = get_args(events.Documented)


def example(name: str, **changed: Any) -> dict[str, Any]:
    """An example, as plain values."""
    plain: dict[str, Any] = json.loads((Path(__file__).parent / f"events/{name}.json").read_text())
    return plain | changed


def wire(plain: Any) -> bytes:
    """As the exchange writes it."""
    return json.dumps(plain, separators=(",", ":")).encode()


def structs(struct: Any) -> Iterator[Any]:
    """A struct, and those in it."""
    yield struct
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        for one in value if isinstance(value, tuple) else [value]:
            if isinstance(one, msgspec.Struct):
                yield from structs(one)


def leaves(plain: Any) -> Iterator[tuple[Any, Any]]:
    """Every field of an example that holds a value, at any depth."""
    items = plain.items() if isinstance(plain, dict) else enumerate(plain)
    for name, value in items:
        if isinstance(value, dict | list):
            yield from leaves(value)
        else:
            yield name, value


@EACH
def test_every_field_of_an_example_is_mapped(path: Path) -> None:
    """No field is dropped: each stands in a struct under a name of its own, and is typed."""
    plain = json.loads(path.read_bytes())
    event = decode(wire(plain))
    assert not isinstance(event, events.UnknownEvent), event
    assert path.stem.split("__")[0] == type(event).__struct_config__.tag
    mapped = []
    for struct in structs(event):
        for field in msgspec.structs.fields(struct):
            value = getattr(struct, field.name)
            if not isinstance(value, msgspec.Struct | tuple):
                mapped.append((field.encode_name, value))
    for name, shown in leaves(plain):
        if name != "e":
            assert (name, _typed(shown)) in [(one, _typed(value)) for one, value in mapped]


def _typed(value: Any) -> Any:
    """What a value is worth, however it is written."""
    if value in ("", None):
        return None
    if isinstance(value, str) and not isinstance(value, OpenEnum):
        try:
            return Decimal(value)
        except ArithmeticError:
            return value
    return value


@EACH
def test_blanks_make_no_difference(path: Path) -> None:
    """Written with or without blanks, it is the same event."""
    plain = json.loads(path.read_bytes())
    assert decode(wire(plain)) == decode(json.dumps(plain).encode()) == decode(path.read_bytes())


def test_every_kind_has_an_example() -> None:
    """All kinds but the notice that only the official client knows."""
    shown = {path.stem.split("__")[0] for path in EXAMPLES}
    assert shown | {"serverShutdown"} == {kind.__struct_config__.tag for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fields_have_words_and_documentation(kind: Any) -> None:
    """The wire's letters are spelled out; no two fields share one."""
    fields = msgspec.structs.fields(kind)
    assert len({field.encode_name for field in fields}) == len(fields)
    for field in fields:
        assert len(field.name) > 3


def test_values_are_typed() -> None:
    """Ids are whole numbers of 63 bits, amounts exact, an id in a text is a number, "" is None."""
    event = decode(wire(example("ALGO_UPDATE__triggered")))
    assert isinstance(event, events.AlgoUpdate)
    assert event.algo_order.actual_order_id == 8886774
    assert event.algo_order.algo_status is AlgoStatus.TRIGGERED
    assert event.algo_order.trigger_price == Decimal(750)
    assert event.algo_order.reject_reason is None
    loan = decode(wire(example("liabilityChange")))
    assert isinstance(loan, events.LiabilityChange)
    assert loan.transaction_id == 1352286576452864727


def test_a_new_word_survives() -> None:
    """A status of tomorrow keeps its text; a field of tomorrow does no harm."""
    plain = example("ORDER_TRADE_UPDATE", new="field")
    plain["o"]["X"] = "PENDING_MOON"
    event = decode(wire(plain))
    assert isinstance(event, events.OrderTradeUpdate)
    assert event.order.order_status == "PENDING_MOON"
    assert isinstance(event.order.order_status, OrderStatus)


def test_both_wrappers_of_an_algo_order() -> None:
    """``ao`` and ``o`` are the same event."""
    ao, o = example("ALGO_UPDATE"), example("ALGO_UPDATE__usdm_wrapper", fs="UM")
    assert decode(wire(ao)) == decode(wire(o))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"e":"serverShutdown","E":7}',
        b'{"event":{"e":"serverShutdown","E":7}}',
        b'{"stream":"x","data":{"e":"serverShutdown","E":7}}',
        b'{"event": {"e": "serverShutdown", "E": 7}}',
    ],
)
def test_a_notice_may_be_wrapped(raw: bytes) -> None:
    """The shutdown notice has been seen bare and wrapped."""
    assert decode(raw) == events.ServerShutdown(event_time=7)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"e":"TRADE_LITE","x":1}', "TRADE_LITE"),
        (b'{"event":{"e":"TRADE_LITE"}}', "TRADE_LITE"),
        (b'{"e":"ORDER_TRADE_UPDATE","o":7}', "ORDER_TRADE_UPDATE"),
        (b'{"e":"ALGO_UPDATE","o":7}', "ALGO_UPDATE"),
        (b'{"e":7}', None),
        (b'{"event":{"event":{"event":7}}}', None),
        (b"{}", None),
        (b"[]", None),
        (b"7", None),
        (b'{"e":"balanceUpdate"', None),
        (b"\xff\xfe", None),
        (b"", None),
        (b"[" * 100_000, None),
        (b'{"e":' * 3000, None),
        (b'{"event":' * 3000 + b"7" + b"}" * 3000, None),
        (b'{"event":' * 800 + b"7" + b"}" * 800, None),
        (b'{"event":' + b"[" * 8000, None),
    ],
)
def test_what_nobody_knows_survives_raw(raw: bytes, kind: str | None) -> None:
    """It is neither lost nor an exception; its bytes are all there."""
    event = decode(raw)
    assert isinstance(event, events.UnknownEvent)
    assert (event.kind, event.raw) == (kind, raw)
    assert event.problem
    assert repr(event).startswith("<UnknownEvent")


def test_an_unknown_event_as_plain_values() -> None:
    """Where it is JSON at all."""
    event = decode(b'{"e":"TRADE_LITE","x":[1]}')
    assert isinstance(event, events.UnknownEvent)
    assert event.plain() == {"e": "TRADE_LITE", "x": [1]}
    with pytest.raises(ValueError, match="no JSON") as caught:
        events.UnknownEvent(raw=b"{").plain()
    assert caught.value.__context__ is None


def test_an_expired_key_stays_a_secret() -> None:
    """The event may hold the key, and does not show it."""
    event = decode(b'{"e":"listenKeyExpired","E":7,"listenKey":"hush"}')
    assert event == events.ListenKeyExpired(event_time=7, listen_key=ListenKey("hush"))
    assert "hush" not in repr(event)


def _order(name: str, inside: str, **changed: Any) -> Any:
    plain = example(name)
    plain[inside] |= changed
    return decode(wire(plain))


def test_what_events_are_evidence_for() -> None:
    """Each names the paths of the cancels that it may be about, with the symbol they need."""
    found = {
        event.addresses()
        for event in map(decode, (path.read_bytes() for path in EXAMPLES))
        if isinstance(
            event,
            events.OrderTradeUpdate
            | events.AlgoUpdate
            | events.ConditionalOrderTradeUpdate
            | events.ExecutionReport,
        )
    }
    assert found == {
        (("/papi/v1/um/algo/order", None),),
        (("/papi/v1/um/order", "BTCUSDT"),),
        (("/papi/v1/um/conditional/order", "BTCUSDT"),),
        (("/papi/v1/margin/order", "ETHBTC"),),
    }
    nameless = decode(wire(example("ORDER_TRADE_UPDATE", fs="")))
    assert isinstance(nameless, events.OrderTradeUpdate)
    assert nameless.addresses() == (
        ("/papi/v1/um/order", "BTCUSDT"),
        ("/papi/v1/cm/order", "BTCUSDT"),
    )


def test_what_events_saw() -> None:
    """Id, status, child and time, whatever the kind."""
    algo = _order("ALGO_UPDATE__triggered", "ao").sighting()
    assert (algo.status, algo.id, algo.client_id, algo.child, algo.updated) == (
        "TRIGGERED",
        2148719,
        "Q5xaq5EGKgXXa0fD7fs0Ip",
        8886774,
        1750515742297,
    )
    plain = _order("ORDER_TRADE_UPDATE", "o", X="FILLED").sighting()
    assert (plain.status, plain.id, plain.updated) == ("FILLED", 8886774, 1568879465650)
    strategy = _order("CONDITIONAL_ORDER_TRADE_UPDATE", "so", os="TRIGGERED").sighting()
    assert (strategy.status, strategy.id, strategy.child) == ("TRIGGERED", 176057039, 8886774)
    assert strategy.updated == 1669262908216
    # A cancelled margin order has the id of the cancel in `c`, its own in `C`.
    margin: Any = decode(wire(example("executionReport", C="mine", c="other", X="CANCELED")))
    assert (margin.sighting().client_id, margin.sighting().id) == ("mine", 4293153)


@pytest.mark.parametrize(
    ("name", "inside", "changed", "placed"),
    [
        ("ORDER_TRADE_UPDATE", "o", {"x": "NEW", "X": "NEW"}, 1568879465650),
        ("ORDER_TRADE_UPDATE", "o", {"x": "AMENDMENT", "X": "NEW"}, None),
        ("ORDER_TRADE_UPDATE", "o", {"x": "TRADE", "X": "FILLED"}, None),
        ("ALGO_UPDATE", "ao", {"X": "NEW"}, 1750515742297),
        ("ALGO_UPDATE", "ao", {"X": "NEW", "ia": True}, None),
        ("ALGO_UPDATE", "ao", {"X": "TRIGGERED"}, None),
    ],
)
def test_which_events_tell_that_an_order_is_new(
    name: str, inside: str, changed: dict[str, Any], placed: int | None
) -> None:
    """An order that is open already may be NEW again: amended, or a trailing stop that follows."""
    assert _order(name, inside, **changed).sighting().placed == placed
