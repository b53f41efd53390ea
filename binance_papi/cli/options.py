"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        help="Where the exchange is; http only on loopback. "
        "Otherwise BINANCE_PAPI_BASE_URL, otherwise the live exchange.",
        show_default=False,
    ),
]

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON for programs; all else goes to stderr.")
]
