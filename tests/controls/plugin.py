"""Takes one safeguard out of the library before the tests are collected."""

from __future__ import annotations

import os

from tests.controls.removals import REMOVALS


def pytest_configure() -> None:
    """Remove what the environment names."""
    name = os.environ["BINANCE_PAPI_WITHOUT"]
    for removal in REMOVALS:
        if removal.remove.__name__ == name:
            removal.remove()
