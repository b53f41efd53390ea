"""Print what the package declares: the endpoint table, and signatures of requests.

Nothing about an endpoint is retyped in the documentation. The directive ``endpoints`` walks the
namespaces of `PapiClient` and prints one row for each call it finds, ``histories`` one for each
method that goes through pages; ``requests``, ``replies`` and
``enumerations`` walk the modules and print what is declared there; ``commands`` walks the command
line.
"""

# ruff: noqa: INP001 - Sphinx finds its extensions by path

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType
from typing import Annotated, Any, NamedTuple, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from typer.models import ArgumentInfo, CommandInfo, OptionInfo

from binance_papi import PapiClient, api, terms
from binance_papi.api import words
from binance_papi.cli.app import app
from binance_papi.core.endpoint import DAY_MS, Endpoint, Request, fields_of
from binance_papi.core.namespace import Namespace, branch, call, every


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


def walks(
    space: type[Namespace] = PapiClient, prefix: str = "papi"
) -> Iterator[tuple[str, every[Any, Any]]]:
    """Every method that goes through all pages, in the order of declaration."""
    for name, value in vars(space).items():
        if isinstance(value, branch):
            yield from walks(value.kind, f"{prefix}.{name}")
        elif isinstance(value, every):
            yield f"{prefix}.{name}", value


def table_row(cells: list[list[nodes.Node]]) -> nodes.row:
    """One row of a table."""
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))


def weight_in_words(endpoint: Endpoint[Any]) -> str:
    """Request weight, and what it depends on."""
    if endpoint.all_symbols is None:
        return str(endpoint.weight)
    return f"{endpoint.weight}, or {endpoint.all_symbols} without symbol"


def class_reference(one: type, docname: str) -> nodes.Node:
    """A link to where a class is described."""
    return addnodes.pending_xref(
        "",
        _literal(one.__name__),
        refdomain="py",
        reftype="class",
        reftarget=f"{one.__module__}.{one.__qualname__}",
        refdoc=docname,
        refwarn=True,
    )


class Endpoints(SphinxDirective):
    """``{endpoints}``: the table of all endpoints, printed from their declarations."""

    head = ("Method and path", "Weight", "Orders", "Security", "Request", "Call", "Retired")

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        group = nodes.tgroup(cols=len(self.head))
        group += [nodes.colspec(colwidth=width) for width in (30, 6, 6, 9, 20, 26, 28)]
        group += nodes.thead("", table_row([[nodes.Text(text)] for text in self.head]))
        group += nodes.tbody("", *(table_row(self._cells(row)) for row in rows()))
        return [nodes.table("", group, classes=["endpoints"])]

    def _cells(self, row: Row) -> list[list[nodes.Node]]:
        endpoint = row.endpoint
        retired: list[nodes.Node] = [nodes.Text("no")]
        if endpoint.replaced_by is not None:
            retired = [nodes.Text("yes; now "), _literal(endpoint.replaced_by)]
        return [
            [_literal(f"{endpoint.method} {endpoint.path}")],
            [nodes.Text(weight_in_words(endpoint))],
            [nodes.Text(str(endpoint.orders))],
            [nodes.Text(endpoint.security.value)],
            [class_reference(row.request, self.env.docname)],
            [_literal(row.method)],
            retired,
        ]


def families() -> Iterator[ModuleType]:
    """Every module of declarations that holds requests or replies, in the order of their names."""
    for found in walk_packages(api.__path__, "binance_papi.api."):
        module = import_module(found.name)
        if any(declared(module, msgspec.Struct)):
            yield module


def declared(module: ModuleType, base: type) -> Iterator[type]:
    """The public classes of a kind that a module declares, in the order it declares them."""
    for name, value in vars(module).items():
        ours = getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
        if ours and isinstance(value, type) and issubclass(value, base):
            yield value


class Histories(SphinxDirective):
    """``{histories}``: the methods that go through all pages, printed from their declarations."""

    head = ("Method", "A row", "Window", "Rows", "Weight")

    def run(self) -> list[nodes.Node]:
        """Build the table."""
        group = nodes.tgroup(cols=len(self.head))
        group += [nodes.colspec(colwidth=width) for width in (50, 20, 12, 8, 20)]
        group += nodes.thead("", table_row([[nodes.Text(text)] for text in self.head]))
        group += nodes.tbody("", *(table_row(self._cells(*walk)) for walk in walks()))
        return [nodes.table("", group, classes=["endpoints"])]

    def _cells(self, method: str, walk: every[Any, Any]) -> list[list[nodes.Node]]:
        endpoint = cast("type[Request[Any]]", walk.request).endpoint
        assert endpoint.paging is not None
        days = 0 if endpoint.span is None else endpoint.span // DAY_MS
        return [
            [_literal(method)],
            [class_reference(walk.row, self.env.docname)],
            [nodes.Text(f"{days} days" if days > 1 else "24 hours" if days else "any")],
            [nodes.Text(str(endpoint.paging.most or "all"))],
            [nodes.Text(weight_in_words(endpoint))],
        ]


_EVENTS = "binance_papi.api.events"


class Requests(SphinxDirective):
    """``{requests}``: a section for each page family, with the requests it declares."""

    option = ""

    def run(self) -> list[nodes.Node]:
        """Build the sections."""
        sections = ((module, list(self.chosen(module))) for module in families())
        return [self._section(module, classes) for module, classes in sections if classes]

    def chosen(self, module: ModuleType) -> Iterator[type]:
        """What of a module stands in its section."""
        return declared(module, Request)

    def _section(self, module: ModuleType, classes: list[type]) -> nodes.section:
        place = module.__name__.removeprefix("binance_papi.api.")
        title = f"papi.{place}" if type(self) is Requests else place
        name = f"{type(self).__name__.lower()} {place}"
        anchor = nodes.make_id(name)
        section = nodes.section("", nodes.title(title, title), ids=[anchor], names=[name])
        self.state.document.note_implicit_target(section, section)
        lines = ["```{eval-rst}"]
        if type(self) is Requests:
            lines += [f".. automodule:: {module.__name__}", "   :no-index:", ""]
        for one in classes:
            lines += [f".. autoclass:: {one.__module__}.{one.__qualname__}", *self._options(), ""]
        lines += ["```"]
        self.state.nested_parse(StringList(lines, self.env.docname), 0, section)
        return section

    def _options(self) -> list[str]:
        return ["   :members:", "   :undoc-members:"] if self.option else []


class Replies(Requests):
    """``{replies}``: a section for each page family, with the replies it declares."""

    option = "members"

    def chosen(self, module: ModuleType) -> Iterator[type]:
        """Structs that are no requests, and no events."""
        if module.__name__.startswith(_EVENTS):
            return iter(())
        return (one for one in declared(module, msgspec.Struct) if not issubclass(one, Request))


class Events(Requests):
    """``{events}``: a section for each module of events, with what it declares."""

    option = "members"

    def chosen(self, module: ModuleType) -> Iterator[type]:
        """Structs of events."""
        return declared(module, msgspec.Struct) if module.__name__.startswith(_EVENTS) else iter(())


class Enumerations(SphinxDirective):
    """``{enumerations}``: every enumeration of the exchange."""

    def run(self) -> list[nodes.Node]:
        """List them."""
        lines = ["```{eval-rst}"]
        for one in (*declared(terms, terms.OpenEnum), *declared(words, terms.OpenEnum)):
            name = f"{one.__module__}.{one.__qualname__}"
            lines += [f".. autoclass:: {name}", "   :members:", "   :undoc-members:", ""]
        lines += ["```"]
        box = nodes.container()
        self.state.nested_parse(StringList(lines, self.env.docname), 0, box)
        return box.children


class Commands(SphinxDirective):
    """``{commands}``: every command of ``binance-papi`` with its arguments and options."""

    def run(self) -> list[nodes.Node]:
        """Build one section for each."""
        return [self._section(command) for command in app.registered_commands]

    def _section(self, command: CommandInfo) -> nodes.section:
        function = command.callback
        assert function is not None
        name = command.name or function.__name__.replace("_", "-")
        section = nodes.section("", nodes.title(name, name), ids=[f"command-{name}"], names=[name])
        for paragraph in inspect.cleandoc(function.__doc__ or "").split("\n\n"):
            section += nodes.paragraph("", " ".join(paragraph.split()))
        options = nodes.definition_list()
        hints = get_type_hints(function, include_extras=True)
        for parameter in inspect.signature(function).parameters.values():
            kind, info = get_args(hints[parameter.name])
            options += self._option(parameter, kind, info)
        section += options
        return section

    @staticmethod
    def _option(
        parameter: inspect.Parameter, kind: Any, info: OptionInfo | ArgumentInfo
    ) -> nodes.definition_list_item:
        spelling, value, told = parameter.name.upper(), "", [nodes.Text(info.help or "")]
        if isinstance(info, OptionInfo):
            # With `Annotated` the spelling stands where otherwise a default does.
            usual = f"--{parameter.name.replace('_', '-')}"
            spelling = usual if info.default is ... else str(info.default)
            if isinstance(kind, type) and issubclass(kind, Enum):
                value = "|".join(member.value for member in kind)
            elif kind is not bool:
                value = info.metavar or ("TEXT" if kind is str else "NUMBER")
            if parameter.default not in (None, False):
                default = parameter.default
                default = default.value if isinstance(default, Enum) else default
                told += [nodes.Text(" Default: "), _literal(str(default)), nodes.Text(".")]
        return nodes.definition_list_item(
            "",
            nodes.term("", "", _literal(f"{spelling} {value}".strip())),
            nodes.definition("", nodes.paragraph("", "", *told)),
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
        f"{field.name}: {_plain(field.type)}" + ("" if mandatory else f" = {field.default}")
        for field, mandatory in (
            (field, spec.mandatory)
            for field, spec in zip(msgspec.structs.fields(thing), fields_of(thing), strict=True)
        )
    ]
    parts.sort(key=lambda part: " = " in part)
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
    "binance_papi.burst",
    "binance_papi.errors",
    "binance_papi.terms",
    "binance_papi.api.words",
    "binance_papi.core.endpoint",
    "binance_papi.simulator",
)


def front_door(
    sphinx: Sphinx, env: Any, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Find a bare name of a docstring where users import it from: ``Signer``, ``NotOpenError``."""
    if node.get("refdomain") != "py":
        return None
    target = node["reftarget"]
    known = env.get_domain("py").objects
    for prefix in (*_ROOMS, *(module.__name__ for module in families())):
        entry = known.get(f"{prefix}.{target}")
        if entry is not None:
            return make_refnode(
                sphinx.builder, node["refdoc"], entry.docname, entry.node_id, [content], target
            )
    return None


def builtin_type(_app: Sphinx, page: nodes.document) -> None:
    """``type`` of a signature is Python's own, not the field ``type`` of some reply."""
    for node in list(page.findall(addnodes.pending_xref)):
        if node.get("refdomain") == "py" and node["reftarget"] == "type":
            node.replace_self(nodes.Text("type"))


def setup(sphinx: Sphinx) -> dict[str, bool]:
    """Tell Sphinx."""
    sphinx.add_directive("endpoints", Endpoints)
    sphinx.add_directive("histories", Histories)
    sphinx.add_directive("requests", Requests)
    sphinx.add_directive("replies", Replies)
    sphinx.add_directive("events", Events)
    sphinx.add_directive("enumerations", Enumerations)
    sphinx.add_directive("commands", Commands)
    sphinx.connect("autodoc-process-signature", signature)
    sphinx.connect("autodoc-process-docstring", plain_sentence, priority=400)  # napoleon has 500
    sphinx.connect("doctree-read", builtin_type)
    sphinx.connect("missing-reference", front_door)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
