"""Every Python block of README.md and of the documentation runs, against an exchange in a box.

Each page is one program: its ```` ```python ```` blocks run in order and share their names. A block
may use ``await`` at its top level, as in ``python -m asyncio``; all blocks of a page run on one
event loop, except those that call ``asyncio.run`` themselves. A block that defines a function
``test_…`` without parameters has it called; one with parameters asks for pytest's fixtures, and the
tests of the plugin run it. Where a ```` ```text ```` block follows with nothing between, that is
what the program prints. There is no marker that skips a block.

What a page finds when it starts:

* ``BINANCE_PAPI_API_KEY``, ``BINANCE_PAPI_API_SECRET`` and ``BINANCE_PAPI_BASE_URL`` lead to a
  `Simulator` of its own (era ``"conditional"``), so that `PapiClient.from_env` works.
* Its book holds open BTCUSDT orders with the strategy ids 123445 to 124444, and one whose client id
  is ``my-stop-1``.
* The working directory is empty and temporary.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import threading
import traceback
from collections.abc import Generator, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from itertools import pairwise
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import pytest

from binance_papi.simulator import Simulator

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
    ]
)
FIRST_ID = 123445
ORDERS = 1000

# The languages a fence may name: programs run, the others hold nothing that could.
HARMLESS = {"console", "text", "toml"}
FENCE = re.compile(r"^(?P<marks>`{3,}|~{3,}|:{3,})\s*(?P<language>\S*)")


class Block(NamedTuple):
    """One fenced block of a page."""

    language: str
    line: int
    end: int
    code: str


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    marks, language, start, code = "", "", 0, list[str]()
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        fence = FENCE.match(line.lstrip())
        if not marks and fence is not None:
            marks, language = fence["marks"], fence["language"]
            start, code = number, []
        elif marks and line.strip() == marks:
            yield Block(language, start, number, "\n".join(code))
            marks = ""
        elif marks:
            code.append(line)
    assert not marks, f"{page}:{start}: this block never ends"


def programs(page: Path) -> list[Block]:
    """The blocks of a page that run."""
    return [block for block in blocks(page) if block.language == "python"]


def printed(page: Path) -> dict[Block, str]:
    """What blocks print, where the page says so."""
    lines = page.read_text(encoding="utf-8").splitlines()
    return {
        block: after.code
        for block, after in pairwise(blocks(page))
        if (block.language, after.language) == ("python", "text")
        and not any(line.strip() for line in lines[block.end : after.line - 1])
    }


@contextmanager
def exchange_in_a_thread() -> Generator[Simulator]:
    """An exchange with a loop of its own, so that a page may also call ``asyncio.run``."""
    opened, done = threading.Event(), threading.Event()
    exchange = Simulator(first_id=FIRST_ID, max_open_orders=10_000)

    async def serve() -> None:
        async with exchange:
            opened.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert opened.wait(10), "the exchange did not open"
        exchange.seed_orders(ORDERS)
        exchange.place(client_id="my-stop-1")
        yield exchange
    finally:
        done.set()
        thread.join()


@pytest.fixture(autouse=True)
def _stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """What a page finds when it starts."""
    with exchange_in_a_thread() as exchange:
        monkeypatch.setenv("BINANCE_PAPI_API_KEY", exchange.api_key)
        monkeypatch.setenv("BINANCE_PAPI_API_SECRET", exchange.secret)
        monkeypatch.setenv("BINANCE_PAPI_BASE_URL", exchange.base_url)
        monkeypatch.delenv("BINANCE_PAPI_PRIVATE_KEY", raising=False)
        monkeypatch.chdir(tmp_path)
        yield


def run_page(page: Path) -> None:
    """Run the blocks of a page in order, with shared names, on one event loop."""
    names: dict[str, Any] = {"__name__": f"page_{page.stem}"}
    outputs = printed(page)
    with asyncio.Runner() as runner:
        for block in programs(page):
            before = dict(names)
            where = f"{page.relative_to(ROOT)}:{block.line}"
            try:
                with redirect_stdout(StringIO()) as output:
                    run_block(block, where, names, runner)
                if block in outputs:
                    assert outputs[block] == output.getvalue().rstrip("\n")
                for name, thing in names.copy().items():
                    if not name.startswith("test_") or before.get(name) is thing:
                        continue
                    if not inspect.signature(thing).parameters:
                        wait_for(thing(), runner)
            except Exception as error:
                raise AssertionError(f"{where}:\n{traceback.format_exc()}") from error


def run_block(block: Block, where: str, names: dict[str, Any], runner: asyncio.Runner) -> None:
    """Run one block; line numbers in a traceback are those of the page."""
    code = compile(
        "\n" * block.line + block.code,
        where,
        "exec",
        flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        dont_inherit=True,
    )
    if "asyncio.run(" in block.code:
        exec(code, names)
    else:
        runner.run(run_inside(code, names))


async def run_inside(code: CodeType, names: dict[str, Any]) -> None:
    """Run a block on the loop, whether it awaits or not."""
    result = eval(code, names)
    if code.co_flags & inspect.CO_COROUTINE:
        await result


def wait_for(result: Any, runner: asyncio.Runner) -> None:
    """Run what turned out to be a coroutine."""
    if inspect.iscoroutine(result):
        runner.run(result)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if programs(page)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_python_blocks_of_a_page_run(page: Path) -> None:
    """What a page shows does what the page says."""
    run_page(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_block_gets_around_running(page: Path) -> None:
    """A fence is a program, or of a language that holds none, or a directive that checks itself."""
    for block in blocks(page):
        directive = re.fullmatch(r"\{[\w:-]+\}", block.language)
        assert directive or block.language in {"python", *HARMLESS}, (
            f"{page.relative_to(ROOT)}:{block.line}: what is a block of {block.language!r}?"
        )
        assert block.language not in {"{code-block}", "{code}", "{literalinclude}", "{testcode}"}


def test_a_broken_block_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner is able to fail: in a block, an await, a test of the page, what is printed."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    for number, broken in enumerate(
        (
            "1 / 0",
            "import asyncio\nawait asyncio.sleep(0)\nassert False",
            "def test_it(): 1 / 0",
            "print(1)\n```\n\n```text\n2",
        )
    ):
        page = tmp_path / f"broken{number}.md"
        page.write_text(f"Text.\n\n```python\nfine = 1\n```\n\n```python\n{broken}\n```\n")
        with pytest.raises(AssertionError, match=rf"broken{number}\.md:7"):
            run_page(page)
