"""Every request class of the package, beside the reviewed table of the documentation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from binance_papi import PapiClient, api
from binance_papi.core.endpoint import Request, fields_of
from binance_papi.core.namespace import Namespace, branch, call, every

HERE = Path(__file__).parent

TABLE: dict[tuple[str, str], dict[str, Any]] = {
    (row["method"], row["path"]): row for row in json.loads((HERE / "endpoints.json").read_text())
}
"""The reviewed copy of the documentation, by method and path."""

OFFICIAL: dict[str, str] = json.loads((HERE / "official.json").read_text())
"""Methods of the official client of 2026-10-23, and of the last one that had the retired ones."""

MODULES = {module.name for module in walk_packages(api.__path__, "binance_papi.api.")}
for _name in MODULES:
    import_module(_name)


def _members(space: type[Namespace], at: str) -> Iterator[tuple[str, Any]]:
    for name, value in vars(space).items():
        if isinstance(value, branch):
            yield from _members(value.kind, f"{at}.{name}")
        else:
            yield f"{at}.{name}", value


_MEMBERS = dict(_members(PapiClient, "papi"))

METHODS: dict[Any, str] = {
    member.request: name for name, member in _MEMBERS.items() if isinstance(member, call)
}
"""Where each request class is a method of the client."""

WALKS: dict[str, every[Any, Any]] = {
    name: member for name, member in _MEMBERS.items() if isinstance(member, every)
}
"""The methods that go through all pages of a history."""


def _below(kind: type[Any]) -> list[type[Any]]:
    found: list[type[Any]] = []
    for one in kind.__subclasses__():
        # Generic aliases and the bases have no declaration of their own.
        if "endpoint" in vars(one):
            found.append(one)
        found += _below(one)
    return found


ALL: list[type[Request[Any]]] = sorted(
    {kind for kind in _below(Request) if kind.__module__ in MODULES},
    key=lambda kind: (kind.__module__, kind.__name__),
)
"""Every request class."""


def row_of(kind: type[Request[Any]]) -> dict[str, Any]:
    """Its row of the table."""
    return TABLE[kind.endpoint.method, kind.endpoint.path]


# What a page's place says already, and its titles say again.
_PLACES = {
    "um": r"for UM$|\bUM\b",
    "cm": r"for CM$|\bCM\b",
    "margin": r"\bMargin Account's|\bMargin Account\b|\bMargin\b",
    "conditional": r"\bConditional\b",
    "algo": r"\bAlgo\b",
}


def words_of(kind: type[Request[Any]]) -> list[str]:
    """The words of a title, less what its place says."""
    title = re.sub(r"Portfolio Margin|\(PAPI\)", "", row_of(kind)["title"])
    for place in kind.__module__.split(".")[2:]:
        title = re.sub(_PLACES.get(place, "(?!)"), "", title)
    return re.split(r"[\s/-]+", title.replace("'", "").strip())


SAMPLE: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "asset": "USDT",
    "side": "BUY",
    "strategy_type": "STOP_MARKET",
    "stop_price": "1.5",
    "strategy_id": 7,
    "trigger_price": "1.5",
    "algo_id": 7,
    "quantity": 2,
    "order_id": 7,
    "order_list_id": 7,
    "leverage": 5,
    "dual_side_position": True,
    "fee_burn": False,
    "auto_repay": False,
    "transfer_side": "TO_UM",
    "download_id": "546975389218332672",
    "customer_id": "customer",
    "broker_id": "broker",
}
"""Values for fields that a request may need."""

_TYPES = {"algo": "STOP_MARKET", "orders": "MARKET"}
_PRICED = ("ModifyOrder", "NewOCO")
_AMOUNTS = ("Borrow", "Repay", "BNBTransfer")
_TIMED = ("GetDownloadId", "QueryUserNegative", "QueryLoan", "QueryRepay")


def sample(kind: type[Request[Any]], **fields: Any) -> Request[Any]:
    """A request of a class, with what it needs and what is given."""
    names = {field.name for field in fields_of(kind)}
    known = SAMPLE | {"type": _TYPES.get(kind.__module__.rpartition(".")[2])}
    if ".cm." in kind.__module__:
        known["symbol"] = "BTCUSD_PERP"
    if kind.__name__ in _PRICED:
        known["price"] = "2.5"
    if kind.__name__ in _AMOUNTS:
        known["amount"] = 3
    if kind.__name__.startswith(_TIMED):
        known |= {"start_time": 1, "end_time": 2}
    return kind(**{name: value for name, value in known.items() if name in names} | fields)
