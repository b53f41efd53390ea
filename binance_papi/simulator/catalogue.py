"""The endpoints that no book answers: their rules and documented replies, as data.

``catalogue.json`` has one row per endpoint: what it costs, which parameters it takes, and the
sample of its page. One handler serves them all: it checks the parameters, and answers the sample
with what the caller named put in (his symbol, his id, his leverage), or asks who knows better.

A parameter's rule is one word, with ``!`` behind it where it is mandatory:

* ``symbol``: a symbol that trades; ``text``: anything; ``long``: a whole number; ``decimal``;
  ``bool``: ``true`` or ``false``.
* ``1..100``: a whole number in that range, both ends included, ``1..`` without an upper end.
* ``A|B``: one of these words.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from binance_papi.simulator import refusal
from binance_papi.simulator.refusal import Refusal
from binance_papi.simulator.values import Route

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from binance_papi.simulator.params import Params
    from binance_papi.simulator.values import Handler, Moment

_FILE: Final = "catalogue.json"
_DAY_MS: Final = 86_400_000


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One endpoint.

    Args:
        method: HTTP method.
        path: Whole path.
        weight: Request weight.
        all_symbols: Request weight without ``symbol``, where that differs.
        orders: How many orders one call counts.
        signed: False where the key alone opens it.
        params: Rule by parameter.
        one: Parameters of which at least one has to be sent.
        together: Parameters of which all or none have to be sent.
        apart: Pairs of parameters that exclude each other.
        days: Longest span from ``startTime`` to ``endTime``.
        reply: The documented sample; an empty object where none is documented, or somebody knows
            better.
    """

    method: str
    path: str
    weight: int = 1
    all_symbols: int | None = None
    orders: int = 0
    signed: bool = True
    params: dict[str, str] = {}
    one: tuple[str, ...] = ()
    together: tuple[str, ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    days: int | None = None
    reply: dict[str, Any] | list[dict[str, Any]] = {}


@cache
def rows() -> tuple[Row, ...]:
    """Every row of the table."""
    raw = Path(__file__).with_name(_FILE).read_bytes()
    return msgspec.json.decode(raw, type=tuple[Row, ...])


class Catalogue:
    """The table at work.

    Args:
        um_symbols: USD-M symbols that trade.
        cm_symbols: COIN-M symbols that trade.
        live: Who answers in place of the sample, by method and path.
    """

    def __init__(
        self,
        um_symbols: Collection[str],
        cm_symbols: Collection[str],
        live: Mapping[tuple[str, str], Handler],
    ) -> None:
        self._um_symbols = um_symbols
        self._cm_symbols = cm_symbols
        self._live = live

    def routes(self) -> Iterable[Route]:
        """A route per row."""
        for row in rows():
            yield Route(
                row.method,
                row.path,
                partial(self.answer, row),
                weight=row.weight,
                all_symbols=row.all_symbols,
                orders=row.orders,
                signed=row.signed,
            )

    def answer(self, row: Row, params: Params, moment: Moment) -> Any:
        """Check a request and answer it.

        Raises:
            Refusal: For the first rule that it breaks.
        """
        symbols = self._cm_symbols if row.path.startswith("/papi/v1/cm/") else self._um_symbols
        for name, rule in row.params.items():
            _check(params, name, rule, symbols)
        _check_company(row, params)
        _check_span(row, params, moment.now)
        handler = self._live.get((row.method, row.path))
        if handler is not None:
            return handler(params, moment)
        return echo(row.reply, {name: params.fields[name] for name in row.params if name in params})


def _check(params: Params, name: str, rule: str, symbols: Collection[str]) -> None:
    value = params.need(name) if rule.endswith("!") else params.text(name)
    if value is None:
        return
    match rule.removesuffix("!"):
        case "symbol":
            if value not in symbols:
                raise refusal.bad_symbol()
        case "long":
            params.integer(name)
        case "decimal":
            params.decimal(name)
        case "bool":
            params.flag(name)
        case "text":
            pass
        case words if ".." in words:
            _check_range(params, name, words)
        case words:
            params.choice(name, words.split("|"))


def _check_range(params: Params, name: str, words: str) -> None:
    least, _, most = words.partition("..")
    number = params.integer(name) or 0
    if number < int(least) or (most and number > int(most)):
        raise refusal.invalid(name)


def _check_company(row: Row, params: Params) -> None:
    if row.one and not any(name in params for name in row.one):
        raise refusal.either_or(row.one[0], row.one[1])
    sent = [name in params for name in row.together]
    if any(sent) and not all(sent):
        raise refusal.bad_combination()
    if any(first in params and second in params for first, second in row.apart):
        raise refusal.bad_combination()


def _check_span(row: Row, params: Params, now_ms: int) -> None:
    start, end = params.integer("startTime"), params.integer("endTime")
    if start is None:
        return
    if end is None:
        end = now_ms if row.days is None else min(now_ms, start + row.days * _DAY_MS)
    if start > end:
        raise Refusal(-1023, "Start time is greater than end time.")
    if row.days is not None and end - start > row.days * _DAY_MS:
        raise Refusal(-4165, "Invalid time interval.")


def echo(sample: dict[str, Any] | list[dict[str, Any]], fields: Mapping[str, str]) -> Any:
    """A sample with what the caller named put in, in its own type.

    Args:
        sample: An object, or a list of objects; what lies deeper stays as it is.
        fields: The parameters that were sent.
    """
    if isinstance(sample, list):
        return [echo(one, fields) for one in sample]
    return {
        name: _as(value, fields[name]) if name in fields else value
        for name, value in sample.items()
    }


def _as(value: Any, text: str) -> Any:
    if isinstance(value, bool):
        return text.lower() == "true"
    if isinstance(value, int):
        return int(text)
    return text if isinstance(value, str) else value
