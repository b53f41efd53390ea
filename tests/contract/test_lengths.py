"""Modules stay small enough to be read at a sitting."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2] / "binance_papi"

MOST = 400


def test_no_module_is_longer_than_400_lines() -> None:
    """A longer one is two."""
    for path in sorted(ROOT.rglob("*.py")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= MOST, f"{path.relative_to(ROOT).as_posix()} has {lines} lines"
