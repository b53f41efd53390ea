"""Every example of the documentation, read field by field."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from binance_papi.core.signing import ListenKey
from tests.contract.census import ALL, HERE

REPLIES = HERE / "replies"

UNDOCUMENTED = {"/papi/v1/apiReferral/userCustomization", "/papi/v1/unimmr/notification"}
"""Nobody has written down what these answer."""

TEXTS = {
    "downloadId": "an id of a file, a text on the page and in the request",
    "preventedQuantity": "None as a text in the example, else a decimal",
}
"""Fields that look like numbers and are kept as the texts they are, with the reason."""


def _replies() -> list[Any]:
    shown = []
    for kind in ALL:
        if kind.endpoint.path in UNDOCUMENTED:
            continue
        name = f"{kind.endpoint.method}{kind.endpoint.path.replace('/', '_')}".replace("{", "")
        # Where a shape changed, the older one lies beside it.
        found = [REPLIES / f"{name}.json", *REPLIES.glob(f"{name}__*.json")]
        shown += [pytest.param(kind, path, id=path.stem) for path in found]
    return shown


def looks_like_a_number(plain: object) -> bool:
    """Whether a JSON value is a number, or a text that spells one."""
    if isinstance(plain, str):
        return plain.replace(".", "", 1).removeprefix("-").isdigit()
    return isinstance(plain, int | float) and not isinstance(plain, bool)


def compare(plain: Any, typed: Any, at: str) -> None:
    """A value of the example and what became of it: the same, and not less."""
    if isinstance(typed, msgspec.Struct):
        known = {field.encode_name: field.name for field in msgspec.structs.fields(typed)}
        assert isinstance(plain, dict), at
        dropped = set(plain) - set(known)
        assert not dropped, f"{at} drops {dropped}"
        for key, value in plain.items():
            compare(value, getattr(typed, known[key]), f"{at}.{key}")
    elif isinstance(typed, list):
        shown = plain if isinstance(plain, list) else [plain]
        assert len(shown) == len(typed), at
        for number, (value, item) in enumerate(zip(shown, typed, strict=True)):
            compare(value, item, f"{at}[{number}]")
    elif isinstance(typed, dict):
        assert set(plain) == set(typed), at
        for key, value in plain.items():
            compare(value, typed[key], f"{at}.{key}")
    else:
        compare_leaf(plain, typed, at)


def compare_leaf(plain: Any, typed: Any, at: str) -> None:
    """One value: decimals, ids, words, and nothing in place of an empty text."""
    assert not isinstance(typed, float), f"{at} is a float"
    match typed:
        case None:
            assert plain in ("", None), at
        case ListenKey():
            assert plain == typed.reveal(), at
        case bool():
            assert plain in (typed, str(typed).lower()), at
        case Decimal():
            assert Decimal(str(plain)) == typed, at
        case int():
            assert int(plain) == typed, at
        case Enum():
            assert plain == typed.value, at
        case _:
            assert plain == typed, at
            known = at.rpartition(".")[2] in TEXTS
            assert known or not looks_like_a_number(plain), f"{at} stays a text"


@pytest.mark.parametrize(("kind", "path"), _replies())
def test_every_field_of_the_documented_reply_is_typed(kind: Any, path: Path) -> None:
    """The example decodes; each of its values is there, as a number, a word or an enumeration."""
    body = path.read_bytes()
    reply = kind.decode(body)
    plain = json.loads(body)
    if isinstance(plain, list) and not isinstance(reply, list):
        (plain,) = plain
    compare(plain, reply, path.stem)
    assert kind.endpoint.decode(body) == reply


def test_every_kept_reply_belongs_to_a_request() -> None:
    """No example lies about that nothing decodes."""
    kept = {path.name for path in REPLIES.iterdir()}
    shown = {shown.values[1].name for shown in _replies()}
    assert kept == shown


def _types(hint: Any) -> list[Any]:
    return [hint, *(part for inner in get_args(hint) for part in _types(inner))]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_no_documented_reply_is_untyped(kind: Any) -> None:
    """No ``Any`` and no bare dictionary, however deep: what is documented has a type."""
    seen: set[Any] = set()
    open_types = _types(kind.endpoint.returns)
    while open_types:
        one = open_types.pop()
        assert one not in (Any, object, dict, list, float), kind
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one not in seen:
            seen.add(one)
            for hint in get_type_hints(one).values():
                open_types += _types(hint)
    assert (msgspec.Raw in _types(kind.endpoint.returns)) == (kind.endpoint.path in UNDOCUMENTED)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_what_the_exchange_adds_tomorrow_does_no_harm(kind: Any) -> None:
    """A field that nobody knows is ignored, wherever the example is an object."""
    path = REPLIES / f"{kind.endpoint.method}{kind.endpoint.path.replace('/', '_')}.json"
    if not path.exists():
        assert kind.endpoint.path in UNDOCUMENTED
        return
    plain = json.loads(path.read_bytes())
    usual = kind.decode(path.read_bytes())
    for item in plain if isinstance(plain, list) else [plain]:
        item["addedTomorrow"] = {"deep": [1]}
    assert kind.decode(json.dumps(plain).encode()) == usual
