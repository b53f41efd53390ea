"""Links inside the documentation lead somewhere, and README's commands are the promised ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CHANGELOG.md",
        *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
    ]
)

LINK = re.compile(r"(?<!\\)\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"^(?P<marks>`{3,}).*?^(?P=marks)$|``.*?``|`[^`\n]*`", re.DOTALL | re.MULTILINE)

COMMANDS = [
    "python3 -m venv .venv && .venv/bin/pip install -q '.[cli]' && .venv/bin/binance-papi demo",
    "python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]' && .venv/bin/pytest",
]


def text(page: Path) -> str:
    """What a page says outside code."""
    return CODE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_internal_links_resolve(page: Path) -> None:
    """A relative link leads to a file that is there, and to a heading that is in it."""
    for match in LINK.finditer(text(page)):
        path, _, anchor = match["target"].partition("#")
        if path.startswith(("http://", "https://", "mailto:")):
            continue
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), f"{match['target']} leads nowhere"
        if anchor:
            assert anchor in anchors(target), f"{match['target']}: no such heading"


def test_readme_has_the_two_commands() -> None:
    """A stranger gets from a clone to the demo, or to the tests, with one line each."""
    lines = [line.strip() for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()]
    commands = [line.removeprefix("$ ") for line in lines if "python3 -m venv" in line]

    assert commands == COMMANDS


def test_no_line_is_too_long() -> None:
    """Pages keep to 100 columns, tables and links aside."""
    for page in (ROOT / "CHANGELOG.md", *(page for page in PAGES if "docs" in page.parts)):
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            fits = len(line) <= 100 or line.lstrip().startswith("|") or "](" in line
            assert fits or "python3 -m venv" in line, f"{page.relative_to(ROOT)}:{number}"
