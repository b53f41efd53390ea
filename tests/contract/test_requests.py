"""Rules over every request class, against a reviewed table of the documentation."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from binance_papi import PapiClient, api
from binance_papi.core.endpoint import Request, fields_of, weight_of
from binance_papi.core.fields import camel
from binance_papi.core.namespace import Namespace, branch, call
from binance_papi.core.wire import encode

HERE = Path(__file__).parent
TABLE = {
    (row["method"], row["path"]): row for row in json.loads((HERE / "endpoints.json").read_text())
}


def _methods(space: type[Namespace], at: str) -> dict[Any, str]:
    found: dict[Any, str] = {}
    for name, value in vars(space).items():
        if isinstance(value, call):
            found[value.request] = f"{at}.{name}"
        elif isinstance(value, branch):
            found |= _methods(value.kind, f"{at}.{name}")
    return found


# Walking the namespaces imports every family.
METHODS = _methods(PapiClient, "papi")


def _below(kind: type[Any]) -> list[type[Any]]:
    found: list[type[Any]] = []
    for one in kind.__subclasses__():
        # Generic aliases and the bases have no declaration of their own.
        if "endpoint" in vars(one):
            found.append(one)
        found += _below(one)
    return found


ALL: list[type[Request[Any]]] = sorted(
    {kind for kind in _below(Request) if kind.__module__.startswith("binance_papi.api")},
    key=lambda kind: (kind.__module__, kind.__name__),
)
EACH = pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")


# Required fields for a request that says nothing else.
SAMPLE: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "strategy_type": "STOP_MARKET",
    "stop_price": "1.5",
    "strategy_id": 7,
    "trigger_price": "1.5",
    "algo_id": 7,
    "quantity": 2,
    "order_id": 7,
}
TYPES = {"algo": "STOP_MARKET", "orders": "MARKET"}


def sample(kind: type[Request[Any]], **fields: Any) -> Request[Any]:
    """A request of a class, with what it needs and what is given."""
    names = {field.name for field in fields_of(kind)}
    known = SAMPLE | {"type": TYPES.get(kind.__module__.rpartition(".")[2])}
    return kind(**{name: value for name, value in known.items() if name in names} | fields)


def test_the_table_and_the_classes_are_the_same_set() -> None:
    """Each documented endpoint of the table has one class, and no class is without a row."""
    assert api.__doc__
    assert sorted((kind.endpoint.method, kind.endpoint.path) for kind in ALL) == sorted(TABLE)


@EACH
def test_weight_orders_security_and_replacement_are_as_documented(kind: Any) -> None:
    """The declaration says what the table says."""
    row = TABLE[kind.endpoint.method, kind.endpoint.path]
    declared = kind.endpoint
    assert declared.weight == row["weight"]
    assert declared.all_symbols == row["all_symbols"]
    assert declared.orders == row["orders"]
    assert declared.security.value == row["security"]
    assert declared.replaced_by == row["replaced_by"]


@EACH
def test_fields_are_the_documented_parameters(kind: Any) -> None:
    """Names, order of names aside, and which are mandatory."""
    row = TABLE[kind.endpoint.method, kind.endpoint.path]
    usual = {field.name: field.default for field in msgspec.structs.fields(kind)}
    assert {
        # What has a value without being given is always sent.
        (field.wire, field.mandatory or usual[field.name] is not None)
        for field in fields_of(kind)
    } == {(param["name"], param["mandatory"]) for param in row["params"]}


@EACH
def test_class_and_method_are_named_after_the_title(kind: Any) -> None:
    """The class is the title less what its place says; the method is the class in snake case."""
    title = TABLE[kind.endpoint.method, kind.endpoint.path]["title"]
    place = {
        "um": "UM",
        "cm": "CM",
        "margin": "Margin",
        "conditional": "Conditional",
        "algo": "Algo",
    }
    gone = [place[part] for part in kind.__module__.split(".")[2:] if part in place]
    words = [word for word in title.split() if word not in gone]
    assert kind.__name__ == "".join(words)
    method = METHODS[kind]
    assert method.rpartition(".")[2] == re.sub(r"(?<!^)([A-Z])", r"_\1", kind.__name__).lower()


@EACH
def test_the_docstring_covers_every_field(kind: Any) -> None:
    """Editors show a line for each field; a retired endpoint names its replacement."""
    doc = inspect.getdoc(kind) or ""
    for field in fields_of(kind):
        assert re.search(rf"^ +{field.name}: ", doc, re.MULTILINE), field.name
    if kind.endpoint.replaced_by:
        assert kind.endpoint.replaced_by in " ".join(doc.split())


@EACH
def test_a_request_is_a_value(kind: Any) -> None:
    """Equal when made alike, hashable, printable, immutable."""
    one, two = sample(kind), sample(kind)
    assert one == two
    assert hash(one) == hash(two)
    assert kind.__name__ in repr(one)
    with pytest.raises(AttributeError):
        one.recv_window = 1  # type: ignore[attr-defined]


@EACH
def test_what_is_encoded_parses_back(kind: Any) -> None:
    """The query holds exactly the fields that were given, under the exchange's names."""
    request = sample(kind)
    given = {
        camel(field.name): str(getattr(request, field.name))
        for field in fields_of(kind)
        if getattr(request, field.name) is not None
    }
    assert dict(parse_qsl(encode(request), strict_parsing=bool(given))) == given


@EACH
def test_weight_depends_on_the_symbol_only_where_declared(kind: Any) -> None:
    """Forty without a symbol for some lists, as documented otherwise."""
    row = TABLE[kind.endpoint.method, kind.endpoint.path]
    assert weight_of(sample(kind)) == row["weight"]
    if kind.endpoint.all_symbols is not None:
        pair = {"pair": "BTCUSD"} if "pair" in kind.__struct_fields__ else {}
        assert weight_of(sample(kind, symbol=None, **pair)) == row["all_symbols"] == 40


def _reply_types(returns: Any) -> list[type[msgspec.Struct]]:
    inner = getattr(returns, "__args__", (returns,))
    return [one for one in inner if isinstance(one, type) and issubclass(one, msgspec.Struct)]


def _replies() -> list[Any]:
    shown = []
    for kind in ALL:
        name = f"{kind.endpoint.method}{kind.endpoint.path.replace('/', '_')}"
        # Where a shape changed, the older one lies beside it.
        found = [HERE / "replies" / f"{name}.json", *HERE.glob(f"replies/{name}__*.json")]
        shown += [pytest.param(kind, path, id=path.stem) for path in found]
    return shown


@pytest.mark.parametrize(("kind", "path"), _replies())
def test_every_field_of_the_documented_reply_is_typed(kind: Any, path: Path) -> None:
    """The example of the documentation decodes, and none of its fields is dropped."""
    body = path.read_bytes()
    reply = kind.decode(body)
    (struct,) = _reply_types(kind.endpoint.returns)
    known = {field.encode_name for field in msgspec.structs.fields(struct)}
    plain = json.loads(body)
    for shown in plain if isinstance(plain, list) else [plain]:
        assert set(shown) <= known
    for item in reply if isinstance(reply, list) else [reply]:
        assert isinstance(item, struct)
    assert kind.endpoint.decode(body) == reply


def test_every_kept_reply_belongs_to_a_request() -> None:
    """No example lies about that nothing decodes."""
    kept = {path.name for path in (HERE / "replies").iterdir()}
    assert kept == {shown.values[1].name for shown in _replies()}
