"""Print what the package declares: the endpoint table, and signatures of requests.

Nothing about an endpoint is retyped in the documentation. The directive ``endpoints`` walks the
namespaces of `PapiClient` and prints one row for each call it finds.
"""

# ruff: noqa: INP001 - Sphinx finds its extensions by path

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from binance_papi import PapiClient
from binance_papi.core.endpoint import Endpoint, Request, fields_of
from binance_papi.core.namespace import Namespace, branch, call
from binance_papi.simulator import FaultKind, limits, wire
from binance_papi.terms import RateLimit

# Two records name types that their modules import for type checkers only.
limits.__dict__.setdefault("RateLimit", RateLimit)
wire.__dict__.setdefault("FaultKind", FaultKind)


class Row(NamedTuple):
    """One call of the client."""

    method: str
    request: type[Request[Any]]

    @property
    def endpoint(self) -> Endpoint[Any]:
        """Its declaration."""
        return self.request.endpoint


def rows(space: type[Namespace] = PapiClient, prefix: str = "papi") -> Iterator[Row]:
    """Every call of a namespace and of those inside it, in the order of declaration."""
    for name, value in vars(space).items():
        if isinstance(value, branch):
            yield from rows(value.kind, f"{prefix}.{name}")
        elif isinstance(value, call):
            yield Row(f"{prefix}.{name}", value.request)


class Endpoints(SphinxDirective):
    """``{endpoints}``: the table of all endpoints, printed from their declarations."""

    head = ("Method and path", "Weight", "Orders", "Security", "Request", "Call", "Retired")

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        group = nodes.tgroup(cols=len(self.head))
        group += [nodes.colspec(colwidth=width) for width in (30, 6, 6, 9, 20, 26, 28)]
        group += nodes.thead("", self._row([[nodes.Text(text)] for text in self.head]))
        group += nodes.tbody("", *(self._row(self._cells(row)) for row in rows()))
        return [nodes.table("", group, classes=["endpoints"])]

    @staticmethod
    def _row(cells: list[list[nodes.Node]]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))

    def _cells(self, row: Row) -> list[list[nodes.Node]]:
        endpoint = row.endpoint
        weight = str(endpoint.weight)
        if endpoint.all_symbols is not None:
            weight += f", or {endpoint.all_symbols} without symbol"
        retired: list[nodes.Node] = [nodes.Text("no")]
        if endpoint.replaced_by is not None:
            retired = [nodes.Text("yes; now "), _literal(endpoint.replaced_by)]
        return [
            [_literal(f"{endpoint.method} {endpoint.path}")],
            [nodes.Text(weight)],
            [nodes.Text(str(endpoint.orders))],
            [nodes.Text(endpoint.security.value)],
            [self._reference(row.request)],
            [_literal(row.method)],
            retired,
        ]

    def _reference(self, request: type[Request[Any]]) -> nodes.Node:
        return addnodes.pending_xref(
            "",
            _literal(request.__name__),
            refdomain="py",
            reftype="class",
            reftarget=f"{request.__module__}.{request.__qualname__}",
            refdoc=self.env.docname,
            refwarn=True,
        )


def _literal(text: str) -> nodes.literal:
    return nodes.literal(text, text)


# ---------------------------------------------------------------------- signatures


def signature(
    _app: Sphinx, _what: str, _name: str, thing: Any, _options: Any, _args: str, _returns: str
) -> tuple[str, None] | None:
    """The signature of a request: what must be given has no default, and types are plain."""
    if not (isinstance(thing, type) and issubclass(thing, msgspec.Struct)):
        return None
    if not issubclass(thing, Request):
        # replies are read, not made
        return ("", None) if thing.__module__.startswith("binance_papi.api.") else None
    parts = [
        f"{field.name}: {_plain(field.type)}" + ("" if mandatory else " = None")
        for field, mandatory in (
            (field, spec.mandatory)
            for field, spec in zip(msgspec.structs.fields(thing), fields_of(thing), strict=True)
        )
    ]
    parts.sort(key=lambda part: part.endswith("= None"))
    return (f"(*, {', '.join(parts)})" if parts else "()"), None


def plain_sentence(
    _app: Sphinx, what: str, _name: str, _thing: Any, _options: Any, lines: list[str]
) -> None:
    """Keep napoleon from taking the words before a colon in a field's docstring for its type."""
    if what in ("attribute", "property", "data") and lines and ":" in lines[0]:
        lines[0] = f": {lines[0]}"


def _plain(annotation: Any) -> str:
    """An annotation without its constraints."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(_plain(part) for part in get_args(annotation))
    return "None" if annotation is type(None) else annotation.__name__


# ---------------------------------------------------------------------- references


_ROOMS = (
    "binance_papi",
    "binance_papi.errors",
    "binance_papi.terms",
    "binance_papi.core.endpoint",
    "binance_papi.api.um.conditional",
    "binance_papi.api.general",
    "binance_papi.simulator",
)


def front_door(
    app: Sphinx, env: Any, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Find a bare name of a docstring where users import it from: ``Signer``, ``NotOpenError``."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    known = env.get_domain("py").objects
    for prefix in _ROOMS:
        entry = known.get(f"{prefix}.{target}")
        if entry is not None:
            return make_refnode(
                app.builder, node["refdoc"], entry.docname, entry.node_id, [content], target
            )
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    app.add_directive("endpoints", Endpoints)
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-process-docstring", plain_sentence, priority=400)  # napoleon has 500
    app.connect("missing-reference", front_door)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
