"""The command ``binance-papi``; its modules need the extra ``cli``."""

from __future__ import annotations

import sys
from importlib import import_module


def main() -> int:
    """Run the command line.

    Returns:
        2 where the extra is missing; otherwise the command exits by itself.
    """
    try:
        import_module("rich")
        import_module("typer")
    except ImportError:
        print("binance-papi needs: pip install 'binance-papi[cli]'", file=sys.stderr)
        return 2
    from binance_papi.cli.app import start  # noqa: PLC0415 - it imports the extra

    return start()
