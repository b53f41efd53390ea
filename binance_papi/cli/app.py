"""The tree of commands, and what is set up before any of them runs."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from binance_papi import __version__
from binance_papi.cli.cancel import cancel
from binance_papi.cli.demo import demo
from binance_papi.cli.doctor import doctor
from binance_papi.cli.open_orders import open_orders
from binance_papi.cli.simulate import simulate
from binance_papi.cli.usage import usage

app = typer.Typer(
    name="binance-papi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Keys come from the environment, never from arguments: BINANCE_PAPI_API_KEY, and "
        "BINANCE_PAPI_API_SECRET or BINANCE_PAPI_PRIVATE_KEY (path of a PEM file). "
        "Exit codes: 0 done, 1 wrong input or configuration and nothing was sent, 2 the command "
        "line can't be read, 3 it may or may not have happened, 4 it certainly had no effect, "
        "5 doctor found something, 130 interrupted."
    ),
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"binance-papi {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Binance Portfolio Margin at a terminal: rehearse, look, cancel."""


app.command()(demo)
app.command()(simulate)
app.command()(cancel)
app.command("open-orders")(open_orders)
app.command()(usage)
app.command()(doctor)


def start() -> int:
    """Run the command that the arguments ask for; it ends by `SystemExit`.

    Returns:
        0, where a command ends without saying how.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that can't show a character gets its escape, not a crash.
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="binance-papi")
    return 0
