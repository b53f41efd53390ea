"""Rules over every request class, against a reviewed table of the documentation."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

import msgspec
import pytest

from binance_papi.core.endpoint import fields_of, weight_of
from binance_papi.core.fields import camel, text
from binance_papi.core.namespace import call
from binance_papi.core.wire import encode
from tests.contract.census import ALL, METHODS, MODULES, OFFICIAL, TABLE, row_of, sample, words_of

EACH = pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")

STREAM = "/papi/v1/listenKey"
"""Its three requests belong to the user data stream, and are called by it."""


def test_the_table_and_the_classes_are_the_same_set() -> None:
    """Each endpoint of the table has exactly one class, and no class is without a row."""
    declared = Counter((kind.endpoint.method, kind.endpoint.path) for kind in ALL)
    assert set(declared.values()) == {1}
    wanted = set(TABLE)
    if "binance_papi.api.user_stream" not in MODULES:
        wanted = {key for key in TABLE if key[1] != STREAM}
    assert sorted(declared) == sorted(wanted)


def test_every_method_of_the_official_client_has_a_twin() -> None:
    """102 that live and 7 that are retired; the rest of the table belongs to other products."""
    assert len(OFFICIAL) == len(set(OFFICIAL.values())) == 109
    documented = {f"{method} {path}": row for (method, path), row in TABLE.items()}
    assert set(OFFICIAL.values()) == {
        name for name, row in documented.items() if not row.get("adjacent")
    }
    retired = [name for name in OFFICIAL.values() if documented[name]["replaced_by"]]
    assert len(retired) == 7
    assert all("/um/conditional/" in name for name in retired)


@EACH
def test_weight_orders_security_and_replacement_are_as_documented(kind: Any) -> None:
    """The declaration says what the table says."""
    row = row_of(kind)
    declared = kind.endpoint
    assert declared.weight == row["weight"]
    assert declared.all_symbols == row["all_symbols"]
    assert declared.orders == row["orders"]
    assert declared.security.value == row["security"]
    assert declared.replaced_by == row["replaced_by"]


@EACH
def test_fields_are_the_documented_parameters(kind: Any) -> None:
    """Names, order of names aside, and which are mandatory."""
    usual = {field.name: field.default for field in msgspec.structs.fields(kind)}
    assert {
        # What has a value without being given is always sent.
        (field.wire, field.mandatory or usual[field.name] is not None)
        for field in fields_of(kind)
    } == {(param["name"], param["mandatory"]) for param in row_of(kind)["params"]}


@EACH
def test_rules_name_fields(kind: Any) -> None:
    """A rule over a field that is not there would never bite."""
    names = {field.name for field in fields_of(kind)}
    declared = kind.endpoint
    for group in (*declared.either, *declared.apart, *declared.together):
        assert len(group) >= 2
        assert set(group) <= names
    if declared.all_symbols is not None:
        assert "symbol" in names
    if declared.span is not None:
        assert {"start_time", "end_time"} <= names
    if declared.stamped is not None:
        assert declared.stamped in {f.name for f in msgspec.structs.fields(declared.returns)}


@EACH
def test_class_and_method_are_named_after_the_title(kind: Any) -> None:
    """The class is the title less what its place says; the method is the class in snake case."""
    words = words_of(kind)
    assert kind.__name__ == "".join(word[0].upper() + word[1:] for word in words)
    if kind.endpoint.path != STREAM:
        assert METHODS[kind].rpartition(".")[2] == "_".join(words).lower()


@EACH
def test_the_docstring_covers_every_field(kind: Any) -> None:
    """Editors show a line for each field; a retired endpoint names its replacement."""
    doc = inspect.getdoc(kind) or ""
    for field in fields_of(kind):
        assert re.search(rf"^ +{field.name}: ", doc, re.MULTILINE), field.name
    told = set(re.findall(r"^    (\w+): ", doc.partition("Args:")[2], re.MULTILINE))
    assert told == {field.name for field in fields_of(kind)}
    if kind.endpoint.replaced_by:
        assert "Retired" in doc
        assert kind.endpoint.replaced_by in " ".join(doc.split())
    if (span := kind.endpoint.span) is not None:
        assert re.search(r"\b(\d+ (days|hours)|a year|three months) after", doc), span


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
        camel(field.name): text(getattr(request, field.name))
        for field in fields_of(kind)
        if getattr(request, field.name) is not None
    }
    assert dict(parse_qsl(encode(request), strict_parsing=bool(given))) == given


@EACH
def test_weight_depends_on_the_symbol_only_where_declared(kind: Any) -> None:
    """More without a symbol for some lists, as documented otherwise."""
    row = row_of(kind)
    apart = {"pair": None} if "pair" in kind.__struct_fields__ else {}
    assert weight_of(sample(kind, **apart)) == row["weight"]
    if kind.endpoint.all_symbols is not None:
        pair = {"pair": "BTCUSD"} if "pair" in kind.__struct_fields__ else {}
        assert weight_of(sample(kind, symbol=None, **pair)) == row["all_symbols"]


def test_each_method_makes_its_class() -> None:
    """No two methods make the same request, and each has a page of its own."""
    assert len(METHODS) == len(set(METHODS.values()))
    for kind, method in METHODS.items():
        assert issubclass(kind, msgspec.Struct)
        assert method.startswith("papi.")
        assert call(kind).__doc__ == kind.__doc__
