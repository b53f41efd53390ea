"""``binance-papi simulate``: an exchange on this machine, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Final

import typer

from binance_papi import RateLimit, UsageError
from binance_papi.cli.options import Json
from binance_papi.cli.run import Exit, finish
from binance_papi.cli.screen import plain, say, show, show_json
from binance_papi.simulator import NASTIES, Fault, FaultKind, Simulator, nasty
from binance_papi.simulator.floor import DEFAULT_SYMBOLS

_SLOW: Final = 1.0
"""Seconds that the fault ``slow`` takes longer, and that ``drip`` waits between two bytes."""

_TIMED: Final = (FaultKind.SLOW, FaultKind.DRIP)
_KEYS: Final = ("BINANCE_PAPI_API_KEY", "BINANCE_PAPI_API_SECRET")
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Era(StrEnum):
    """Which family of orders works."""

    CONDITIONAL = "conditional"
    ALGO = "algo"
    BOTH = "both"


def simulate(
    *,
    host: Annotated[str, typer.Option(help="Local address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")] = 8080,
    era: Annotated[
        Era,
        typer.Option(
            help="conditional: um/conditional works and um/algo answers 404. algo: the other way "
            "round, as live. both: both work."
        ),
    ] = Era.CONDITIONAL,
    latency_low: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Least time that a request takes.")
    ] = 0.0,
    latency_high: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="SECONDS", help="Greatest such time.", show_default="the least"
        ),
    ] = None,
    clock_skew: Annotated[
        float, typer.Option(metavar="SECONDS", help="How far its clock is ahead of this machine's.")
    ] = 0.0,
    weight_limit: Annotated[int, typer.Option(min=1, help="Request weight per minute.")] = 6000,
    order_limit: Annotated[int, typer.Option(min=1, help="Orders per minute.")] = 1200,
    orders: Annotated[
        int,
        typer.Option(
            min=0,
            max=1_000_000,
            help="Open orders that are there from the start: algo orders in era algo, conditional "
            "ones otherwise.",
        ),
    ] = 0,
    symbol: Annotated[str, typer.Option(help="Their trading pair.")] = "BTCUSDT",
    price: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SYMBOL=PRICE",
            help="What a symbol trades at, e.g. BTCUSDT=65000; may be repeated. Without one a "
            "MARKET order is filled at 0.",
        ),
    ] = None,
    forgetful: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            metavar="PROBABILITY",
            help="How often a request meets a node that has forgotten its open order for a while.",
        ),
    ] = 0.0,
    replica_lag: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="Queries look back by up to this time; 0: they don't."
        ),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of latencies, faults and what nodes forget.")] = 0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND[:PROBABILITY]",
            help=f"What goes wrong, e.g. drop_after:0.05; may be repeated. Kinds: "
            f"{', '.join(kind.value for kind in FaultKind if kind is not FaultKind.REPLY)} "
            f"({_SLOW:g} s late), or a name of the catalogue of nasty replies, e.g. 200_bom.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a simulated exchange until Ctrl-C or SIGTERM, then say what it saw.

    It accepts the keys in BINANCE_PAPI_API_KEY and BINANCE_PAPI_API_SECRET; where they are not set
    it makes a pair and prints the lines to paste. With --json: one line of JSON at the start, one
    at the end.
    """
    kept = all(os.environ.get(name) for name in _KEYS)
    key, secret = (os.environ[name] if kept else None for name in _KEYS)
    try:
        exchange = Simulator(
            era=era.value,
            limits=(
                RateLimit("REQUEST_WEIGHT", "MINUTE", 1, weight_limit),
                RateLimit("ORDERS", "MINUTE", 1, order_limit),
            ),
            latency=(latency_low, latency_low if latency_high is None else latency_high),
            clock_skew=clock_skew,
            faults=[read_fault(text) for text in fault or ()],
            seed=seed,
            host=host,
            port=port,
            api_key=key,
            secret=secret,
            symbols={*DEFAULT_SYMBOLS, symbol},
            prices=dict(read_price(text) for text in price or ()),
            forgetful=forgetful,
            replica_lag=(0.0, replica_lag),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    exchange.seed_orders(orders, symbol, "um_algo" if era is Era.ALGO else "um_conditional")
    if host not in _LOOPBACK:
        say(
            f"{plain(host)} may be reachable from other machines; clients use http on loopback only"
        )
    finish(_serve(exchange, kept, as_json))


def read_price(text: str) -> tuple[str, str]:
    """A symbol and its price from ``SYMBOL=PRICE``.

    Raises:
        ValueError: If it can't be right.
    """
    symbol, _, price = text.partition("=")
    if not symbol or re.fullmatch(r"[0-9]+(\.[0-9]+)?", price) is None:
        raise ValueError(f"price {plain(text)!r} is not like BTCUSDT=65000")
    return symbol, price


def read_fault(text: str) -> Fault:
    """A fault from ``KIND`` or ``KIND:PROBABILITY``.

    Raises:
        ValueError: If it can't be right.
    """
    name, _, share = text.partition(":")
    kinds = {kind.value: kind for kind in FaultKind if kind is not FaultKind.REPLY}
    if name not in kinds and name not in NASTIES:
        raise ValueError(
            f"fault {plain(name)!r} is none of {', '.join(kinds)}, {', '.join(NASTIES)}"
        )
    try:
        probability = float(share) if share else 1.0
    except ValueError:
        raise ValueError(f"fault {plain(text)!r}: the probability is a number") from None
    if name not in kinds:
        return nasty(name, probability=probability)
    kind = kinds[name]
    return Fault(kind, probability, delay=_SLOW if kind in _TIMED else 0.0)


async def _serve(exchange: Simulator, kept: bool, as_json: bool) -> Exit:
    stop = asyncio.Event()
    _stop_on_signals(stop)
    try:
        await exchange.__aenter__()
    except OSError as error:
        raise UsageError(f"can't listen there: {error.strerror}") from None
    try:
        _announce(exchange, kept, as_json)
        # Where signals have no handlers, Ctrl-C cancels this wait instead.
        with suppress(asyncio.CancelledError):
            await stop.wait()
    finally:
        await exchange.__aexit__(None, None, None)
    _summarize(exchange, as_json)
    return Exit.DONE


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, stop.set)


def _announce(exchange: Simulator, kept: bool, as_json: bool) -> None:
    venue = exchange.venue
    if as_json:
        show_json(
            {
                "event": "started",
                "base_url": exchange.base_url,
                "era": venue.era,
                "open_orders": venue.open_count,
                "keys": "environment" if kept else "generated",
                "api_key": None if kept else exchange.api_key,
                "secret": None if kept else exchange.secret,
            }
        )
        return
    show(f"A simulated exchange listens at {exchange.base_url} (era {venue.era}).", "bold")
    show(f"{venue.open_count} open orders. Ctrl-C stops it. In the client's shell:")
    show()
    show(f"export BINANCE_PAPI_BASE_URL={exchange.base_url}")
    if kept:
        show("# and the keys of this shell's environment, which it accepts")
    else:
        show(f"export BINANCE_PAPI_API_KEY={exchange.api_key}")
        show(f"export BINANCE_PAPI_API_SECRET={exchange.secret}")
        show("unset BINANCE_PAPI_PRIVATE_KEY")


def _summarize(exchange: Simulator, as_json: bool) -> None:
    venue = exchange.venue
    requests = venue.statuses.total()
    if as_json:
        show_json(
            {
                "event": "stopped",
                "requests": requests,
                "answers_429": venue.statuses[429],
                "answers_418": venue.statuses[418],
                "bans": len(venue.ban_history),
                "peak": venue.peak(),
                "open_orders": venue.open_count,
            }
        )
        return
    show()
    show(
        f"{requests} requests; 429 answered {venue.statuses[429]} times, 418 "
        f"{venue.statuses[418]} times; {len(venue.ban_history)} bans; the fullest window was used "
        f"to {venue.peak():.1%}; {venue.open_count} orders are open."
    )
