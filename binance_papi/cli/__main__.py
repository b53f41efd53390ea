"""``python -m binance_papi.cli`` is the command too."""

import sys

from binance_papi.cli import main

if __name__ == "__main__":
    sys.exit(main())
