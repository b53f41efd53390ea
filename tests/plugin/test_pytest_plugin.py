"""The pytest plugin that the package ships, in pytest runs of its own."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "howto" / "test-your-strategy.md"
OWN = """
import pytest

seen = []


@pytest.mark.asyncio
@pytest.mark.parametrize("n", [1, 2])
async def test_each_test_has_its_own(papi_exchange, n):
    assert papi_exchange not in seen
    assert papi_exchange.venue.era == "algo"
    seen.append(papi_exchange)


class TestSettings:
    @pytest.fixture
    def papi_exchange_settings(self):
        return {"era": "conditional"}

    @pytest.fixture
    def papi_client_settings(self):
        return {"recv_window": 1234}

    @pytest.mark.asyncio
    async def test_settings(self, papi_exchange, papi_client):
        (stop,) = papi_exchange.seed_orders(1)
        await papi_client.um.conditional.cancel_order(symbol="BTCUSDT", strategy_id=stop)
        assert papi_exchange.order(stop).strategy_status == "CANCELED"
        assert papi_exchange.venue.wire[0].params["recvWindow"] == "1234"
"""
STRICT = """
[pytest]
asyncio_mode = strict
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
LAZY = """
import sys


def test_nothing_dear_is_imported():
    assert "binance_papi.pytest_plugin" in sys.modules
    assert not {"binance_papi.client", "aiohttp", "msgspec"} & set(sys.modules)


def test_no_asyncio(papi_client):
    raise RuntimeError("it must not get here")
"""


def _run(folder: Path, *plugins: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest that loads these plugins and no others."""
    names = [argument for plugin in plugins for argument in ("-p", plugin)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", *names],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=18,
    )


def test_fixtures(tmp_path: Path) -> None:
    """In strict mode, with warnings as errors, the fixtures and their page do what they say."""
    (tmp_path / "pytest.ini").write_text(STRICT)
    (tmp_path / "test_own.py").write_text(OWN)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "test_page.py").write_text("\n".join(blocks))
    result = _run(tmp_path, "pytest_asyncio.plugin", "binance_papi.pytest_plugin")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "6 passed" in result.stdout


def test_nothing_dear_and_a_sentence(tmp_path: Path) -> None:
    """Nothing dear is imported at the start; without pytest-asyncio a sentence says what to do."""
    (tmp_path / "pytest_asyncio.py").write_text("raise ImportError")
    (tmp_path / "test_strategy.py").write_text(LAZY)
    result = _run(tmp_path, "binance_papi.pytest_plugin")
    assert "1 passed, 1 error" in result.stdout, result.stdout + result.stderr
    assert "pip install pytest-asyncio" in result.stdout


def test_pytest_finds_it() -> None:
    """The entry point names the module that the package ships."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    plugin = "binance_papi.pytest_plugin"
    assert project["project"]["entry-points"]["pytest11"] == {"binance_papi": plugin}
    assert importlib.util.find_spec(plugin) is not None
