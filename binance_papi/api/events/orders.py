"""Events about futures orders: each tells which cancels it is evidence for, and what it saw."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec
from msgspec import field

from binance_papi.api.events.base import Address, Event
from binance_papi.api.words import BusinessUnit, ExecutionType
from binance_papi.core.cancel import Sighting
from binance_papi.terms import (
    AlgoStatus,
    AlgoType,
    OrderStatus,
    PositionSide,
    PriceMatch,
    SelfTradePreventionMode,
    Side,
    StrategyStatus,
    StrategyType,
    Text,
    TimeInForce,
    WorkingType,
)


class OrderUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A plain futures order, as an event tells it."""

    symbol: Text = field(name="s")
    """Trading pair or contract."""
    client_order_id: Text | None = field(name="c", default=None)
    """Your own id of the order. Those of forced orders begin with ``autoclose-``,
    ``adl_autoclose`` or ``settlement_autoclose-``."""
    side: Side | None = field(name="S", default=None)
    """BUY or SELL."""
    order_type: Text | None = field(name="o", default=None)
    """LIMIT, MARKET, LIQUIDATION, …"""
    time_in_force: TimeInForce | None = field(name="f", default=None)
    """How long the order lives."""
    original_quantity: Decimal | None = field(name="q", default=None)
    """Quantity asked for."""
    original_price: Decimal | None = field(name="p", default=None)
    """Limit price; 0 for MARKET."""
    average_price: Decimal | None = field(name="ap", default=None)
    """Average price of what was traded."""
    stop_price: Decimal | None = field(name="sp", default=None)
    """Trigger price of the conditional order it came from."""
    execution_type: ExecutionType | None = field(name="x", default=None)
    """What happened now."""
    order_status: OrderStatus | None = field(name="X", default=None)
    """What the order is by now."""
    order_id: int | None = field(name="i", default=None)
    """The exchange's id of the order (63 bits)."""
    last_filled_quantity: Decimal | None = field(name="l", default=None)
    """Quantity of this trade."""
    filled_accumulated_quantity: Decimal | None = field(name="z", default=None)
    """Quantity traded so far."""
    last_filled_price: Decimal | None = field(name="L", default=None)
    """Price of this trade."""
    commission_asset: Text | None = field(name="N", default=None)
    """Asset of the commission; ``None`` where there is none."""
    commission: Decimal | None = field(name="n", default=None)
    """Commission."""
    order_trade_time: int | None = field(name="T", default=None)
    """When it happened, epoch milliseconds."""
    trade_id: int | None = field(name="t", default=None)
    """Id of this trade; 0: it is none."""
    bids_notional: Decimal | None = field(name="b", default=None)
    """Notional of bids."""
    asks_notional: Decimal | None = field(name="a", default=None)
    """Notional of asks."""
    maker: bool | None = field(name="m", default=None)
    """Whether the order was the maker of this trade."""
    reduce_only: bool | None = field(name="R", default=None)
    """Whether it may only reduce a position."""
    position_side: PositionSide | None = field(name="ps", default=None)
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    realized_profit: Decimal | None = field(name="rp", default=None)
    """Profit that this trade realized."""
    strategy_type: Text | None = field(name="st", default=None)
    """Type of the conditional order it came from, e.g. ``C_TAKE_PROFIT``."""
    strategy_id: int | None = field(name="si", default=None)
    """Id of the conditional order it came from; 0: none."""
    stp_mode: SelfTradePreventionMode | None = field(name="V", default=None)
    """What happens when it would trade with yourself."""
    good_till_date: int | None = field(name="gtd", default=None)
    """When a GTD order ends, epoch milliseconds; 0: it is none."""
    price_match: PriceMatch | None = field(name="pm", default=None)
    """How the price follows the book."""
    expiry_reason: Text | None = field(name="er", default=None)
    """Why it expired."""


class OrderTradeUpdate(Event, frozen=True, kw_only=True, gc=False, tag="ORDER_TRADE_UPDATE"):
    """A plain UM or CM order was placed, traded, changed or ended."""

    business_unit: BusinessUnit | None = field(name="fs", default=None)
    """UM or CM."""
    transaction_time: int | None = field(name="T", default=None)
    """When it happened, epoch milliseconds."""
    account_alias: Text | None = field(name="i", default=None)
    """Account alias; CM only."""
    order: OrderUpdate = field(name="o")
    """The order."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        order = self.order
        return Sighting(
            status=order.order_status,
            id=order.order_id,
            client_id=order.client_order_id,
            symbol=order.symbol,
            updated=order.order_trade_time or self.transaction_time,
            # One that was amended is NEW too.
            placed=order.order_trade_time if order.execution_type == "NEW" else None,
        )

    def addresses(self) -> tuple[Address, ...]:
        """The cancels that may be about this order."""
        return _units(self.business_unit, "order", self.order.symbol)


class AlgoOrderUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An algo order, as an event tells it."""

    client_algo_id: Text | None = field(name="caid", default=None)
    """Your own id of the order."""
    algo_id: int | None = field(name="aid", default=None)
    """The exchange's id of the order (63 bits)."""
    algo_type: AlgoType | None = field(name="at", default=None)
    """CONDITIONAL."""
    order_type: StrategyType | None = field(name="o", default=None)
    """What kind of algo order it is."""
    symbol: Text | None = field(name="s", default=None)
    """Trading pair."""
    side: Side | None = field(name="S", default=None)
    """BUY or SELL."""
    position_side: PositionSide | None = field(name="ps", default=None)
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    time_in_force: TimeInForce | None = field(name="f", default=None)
    """How long the order lives once triggered."""
    quantity: Decimal | None = field(name="q", default=None)
    """Quantity asked for."""
    algo_status: AlgoStatus | None = field(name="X", default=None)
    """What the order is by now."""
    actual_order_id: int | None = field(name="ai", default=None)
    """Id of the plain order it became; ``None`` before it triggered."""
    average_price: Decimal | None = field(name="ap", default=None)
    """Average price of that plain order."""
    executed_quantity: Decimal | None = field(name="aq", default=None)
    """Quantity that the plain order traded so far."""
    actual_order_type: Text | None = field(name="act", default=None)
    """Type of the plain order; ``"0"`` before it triggered."""
    trigger_price: Decimal | None = field(name="tp", default=None)
    """Trigger price."""
    price: Decimal | None = field(name="p", default=None)
    """Limit price."""
    stp_mode: SelfTradePreventionMode | None = field(name="V", default=None)
    """What happens when it would trade with yourself."""
    working_type: WorkingType | None = field(name="wt", default=None)
    """Which price feeds the trigger."""
    price_match: PriceMatch | None = field(name="pm", default=None)
    """How the price follows the book; NONE: it does not."""
    close_position: bool | None = field(name="cp", default=None)
    """Whether it closes the whole position."""
    price_protect: bool | None = field(name="pP", default=None)
    """Whether it waits while mark and last price are far apart."""
    reduce_only: bool | None = field(name="R", default=None)
    """Whether it may only reduce a position."""
    trigger_time: int | None = field(name="tt", default=None)
    """When it triggered, epoch milliseconds; 0 before."""
    good_till_date: int | None = field(name="gtd", default=None)
    """When a GTD order ends, epoch milliseconds; 0: it is none."""
    reject_reason: Text | None = field(name="rm", default=None)
    """Why the plain order was refused; ``None`` unless it was."""
    activated: bool | None = field(name="ia", default=None)
    """Whether a trailing stop has begun to follow; since 2026-08."""


class AlgoUpdate(Event, frozen=True, kw_only=True, gc=False, tag="ALGO_UPDATE"):
    """An algo order was placed, triggered or ended."""

    business_unit: BusinessUnit | None = field(name="fs", default=None)
    """UM."""
    transaction_time: int | None = field(name="T", default=None)
    """When it happened, epoch milliseconds."""
    algo_order: AlgoOrderUpdate = field(name="ao")
    """The order; where plain USD-M futures wrap it in ``o``, it is here too."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        order = self.algo_order
        # A trailing stop that begins to follow is NEW too.
        new = order.algo_status == "NEW" and not order.activated
        return Sighting(
            status=order.algo_status,
            id=order.algo_id,
            client_id=order.client_algo_id,
            symbol=order.symbol,
            child=order.actual_order_id or None,
            updated=self.transaction_time,
            placed=self.transaction_time if new else None,
        )

    def addresses(self) -> tuple[Address, ...]:
        """The cancels that may be about this order."""
        return (("/papi/v1/um/algo/order", None),)


class StrategyOrderUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A conditional order, as an event tells it."""

    symbol: Text = field(name="s")
    """Trading pair or contract."""
    client_strategy_id: Text | None = field(name="c", default=None)
    """Your own id of the order."""
    strategy_id: int | None = field(name="si", default=None)
    """The exchange's id of the order (63 bits)."""
    side: Side | None = field(name="S", default=None)
    """BUY or SELL."""
    strategy_type: StrategyType | None = field(name="st", default=None)
    """What kind of conditional order it is."""
    time_in_force: TimeInForce | None = field(name="f", default=None)
    """How long the order lives once triggered."""
    quantity: Decimal | None = field(name="q", default=None)
    """Quantity asked for."""
    price: Decimal | None = field(name="p", default=None)
    """Limit price; 0 for market types."""
    stop_price: Decimal | None = field(name="sp", default=None)
    """Trigger price."""
    strategy_status: StrategyStatus | None = field(name="os", default=None)
    """What the order is by now."""
    book_time: int | None = field(name="T", default=None)
    """When it was placed, epoch milliseconds."""
    update_time: int | None = field(name="ut", default=None)
    """When it changed last, epoch milliseconds."""
    reduce_only: bool | None = field(name="R", default=None)
    """Whether it may only reduce a position."""
    working_type: WorkingType | None = field(name="wt", default=None)
    """Which price feeds the trigger."""
    position_side: PositionSide | None = field(name="ps", default=None)
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    close_all: bool | None = field(name="cp", default=None)
    """Whether it closes the whole position."""
    activation_price: Decimal | None = field(name="AP", default=None)
    """Where a trailing stop starts to follow."""
    callback_rate: Decimal | None = field(name="cr", default=None)
    """Callback rate of a trailing stop, in percent."""
    order_id: int | None = field(name="i", default=None)
    """Id of the plain order it became; ``None`` before it triggered."""
    stp_mode: SelfTradePreventionMode | None = field(name="V", default=None)
    """What happens when it would trade with yourself."""
    good_till_date: int | None = field(name="gtd", default=None)
    """When a GTD order ends, epoch milliseconds; 0: it is none."""
    price_match: PriceMatch | None = field(name="pm", default=None)
    """How the price follows the book."""


class ConditionalOrderTradeUpdate(
    Event, frozen=True, kw_only=True, gc=False, tag="CONDITIONAL_ORDER_TRADE_UPDATE"
):
    """A conditional order was placed, triggered or ended: of CM, until 2026-04-28 of UM too."""

    business_unit: BusinessUnit | None = field(name="fs", default=None)
    """UM or CM."""
    transaction_time: int | None = field(name="T", default=None)
    """When it happened, epoch milliseconds."""
    strategy_order: StrategyOrderUpdate = field(name="so")
    """The order."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        order = self.strategy_order
        return Sighting(
            status=order.strategy_status,
            id=order.strategy_id,
            client_id=order.client_strategy_id,
            symbol=order.symbol,
            child=order.order_id or None,
            updated=order.update_time or self.transaction_time,
            placed=order.book_time,
        )

    def addresses(self) -> tuple[Address, ...]:
        """The cancels that may be about this order."""
        return _units(self.business_unit, "conditional/order", self.strategy_order.symbol)


_UNITS: Final = ("um", "cm")


def _units(unit: BusinessUnit | None, rest: str, symbol: str) -> tuple[Address, ...]:
    units = _UNITS if unit is None else (unit.lower(),)
    return tuple((f"/papi/v1/{one}/{rest}", symbol) for one in units)
