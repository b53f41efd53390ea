"""What the user data stream says: one event per change, with the keys of the samples.

Where a sample has a key whose value the box does not model, it holds what stands for nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from binance_papi.simulator.ledger import profit, text
from binance_papi.simulator.orders import AlgoOrder, Order, PlainOrder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from binance_papi.simulator.ledger import Business, Ledger
    from binance_papi.simulator.orders import Entry, Trade, TriggerOrder

Event = dict[str, Any]
"""One message of the stream."""


def of_order(order: Entry, business: str, child: PlainOrder | None) -> Event:
    """The event that tells what an order is now.

    Args:
        order: The order, right after its change.
        business: ``UM`` or ``CM``.
        child: The plain order that it became, or None.
    """
    if isinstance(order, AlgoOrder):
        return _head("ALGO_UPDATE", order, business) | {"ao": _algo(order, child)}
    if isinstance(order, PlainOrder):
        head = _head("ORDER_TRADE_UPDATE", order, business)
        return head | {"i": "", "o": _plain(order, business)}
    assert isinstance(order, Order)
    head = _head("CONDITIONAL_ORDER_TRADE_UPDATE", order, business)
    return head | {"so": _conditional(order, business)}


def account_update(
    business: Business, trade: Trade, ledger: Ledger, prices: Mapping[str, str]
) -> Event:
    """What a fill has made of the account."""
    asset = trade.commission_asset
    position = ledger.position(business, trade.symbol, trade.position_side)
    wallet, entry = text(ledger.wallet(business, asset)), text(position.entry)
    mark = Decimal(prices.get(trade.symbol, trade.price))
    gained = profit(business, trade.symbol, position.amount, position.entry, mark)
    return {
        "e": "ACCOUNT_UPDATE",
        "fs": business,
        "E": trade.time,
        "T": trade.time,
        "i": "",
        "a": {
            "m": "ORDER",
            "B": [{"a": asset, "wb": wallet, "cw": wallet, "bc": "0"}],
            "P": [
                {
                    "s": trade.symbol,
                    "pa": format(position.amount, "f"),
                    "ep": entry,
                    "cr": text(position.realized),
                    "up": text(gained),
                    "ps": trade.position_side,
                    "bep": entry,
                }
            ],
        },
    }


def account_config(business: str, symbol: str, leverage: int, now_ms: int) -> Event:
    """Another leverage of a symbol."""
    return {
        "e": "ACCOUNT_CONFIG_UPDATE",
        "fs": business,
        "E": now_ms,
        "T": now_ms,
        "ac": {"s": symbol, "l": leverage},
    }


def listen_key_expired(now_ms: int) -> Event:
    """The last event of a listenKey that was not kept alive."""
    return {"e": "listenKeyExpired", "E": now_ms}


def server_shutdown(now_ms: int, wrapped: bool) -> Event:
    """The notice that a server is going down; seen bare, and wrapped in ``event``."""
    notice = {"e": "serverShutdown", "E": now_ms}
    return {"event": notice} if wrapped else notice


def _head(kind: str, order: Entry, business: str) -> Event:
    return {"e": kind, "fs": business, "E": order.update_time, "T": order.update_time}


def _conditional(order: Order, business: str) -> Event:
    event: Event = {
        "s": order.symbol,
        "c": order.new_client_strategy_id,
        "si": order.strategy_id,
        "S": order.side,
        "st": order.strategy_type,
        "f": order.time_in_force,
        "q": order.orig_qty,
        "p": order.price,
        "sp": order.stop_price,
        "os": order.strategy_status.value,
        "T": order.book_time,
        "ut": order.update_time,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ps": order.position_side,
        "cp": False,
    }
    if order.price_rate is not None:
        event |= {"AP": order.activate_price or "0", "cr": order.price_rate}
    if order.order_id is not None:
        event["i"] = order.order_id
    if business == "UM":
        event |= {
            "V": order.self_trade_prevention_mode,
            "gtd": order.good_till_date,
            "pm": order.price_match,
        }
    return event


def _algo(order: AlgoOrder, child: PlainOrder | None) -> Event:
    return {
        "caid": order.client_algo_id,
        "aid": order.algo_id,
        "at": "CONDITIONAL",
        "o": order.order_type,
        "s": order.symbol,
        "S": order.side,
        "ps": order.position_side,
        "f": order.time_in_force,
        "q": order.quantity,
        "X": order.algo_status.value,
        "ai": order.actual_order_id,
        "ap": "0.00000" if child is None else child.avg_price,
        "aq": "0.00000" if child is None else child.executed_qty,
        "act": "0" if child is None else child.type,
        "tp": order.trigger_price,
        "p": order.price,
        "V": order.self_trade_prevention_mode,
        "wt": order.working_type,
        "pm": order.price_match,
        "cp": order.close_position,
        "pP": order.price_protect,
        "R": order.reduce_only,
        "tt": order.trigger_time or 0,
        "gtd": order.good_till_date,
        "rm": order.reason,
        "ia": order.extreme is not None,
    }


def _plain(order: PlainOrder, business: str) -> Event:
    trade = order.trade if order.execution == "TRADE" else None
    event: Event = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": order.orig_qty,
        "p": order.price,
        "ap": order.avg_price,
        "sp": "0" if order.parent is None else _level(order.parent),
        "x": order.execution,
        "X": order.status.value,
        "i": order.order_id,
        "l": "0" if trade is None else trade.quantity,
        "z": order.executed_qty,
        "L": "0" if trade is None else trade.price,
    }
    if trade is not None:
        event |= {"N": trade.commission_asset, "n": trade.commission}
    event |= {
        "T": order.update_time,
        "t": 0 if trade is None else trade.id,
        "b": "0",
        "a": "0",
        "m": trade is not None and trade.maker,
        "R": order.reduce_only,
        "ps": order.position_side,
        "rp": "0" if trade is None else trade.realized,
    }
    if isinstance(order.parent, Order):
        event |= {"st": f"C_{order.parent.strategy_type}", "si": order.parent.strategy_id}
    if business == "UM":
        event |= {
            "V": order.self_trade_prevention_mode,
            "gtd": order.good_till_date,
            "pm": order.price_match,
        }
    return event


def _level(parent: TriggerOrder) -> str:
    return str(getattr(parent, parent.words.level))
