"""Events about margin orders."""

from __future__ import annotations

from decimal import Decimal

from msgspec import field

from binance_papi.api.events.base import Address, Event
from binance_papi.api.words import ExecutionType, MarginOrderType
from binance_papi.core.cancel import Sighting
from binance_papi.terms import OrderStatus, SelfTradePreventionMode, Side, Text, TimeInForce


class ExecutionReport(Event, frozen=True, kw_only=True, gc=False, tag="executionReport"):
    """A cross margin order was placed, traded, changed or ended."""

    symbol: Text = field(name="s")
    """Trading pair."""
    client_order_id: Text | None = field(name="c", default=None)
    """Your own id of the order; of the cancel, where it was cancelled."""
    side: Side | None = field(name="S", default=None)
    """BUY or SELL."""
    order_type: MarginOrderType | None = field(name="o", default=None)
    """LIMIT, MARKET, STOP_LOSS, …"""
    time_in_force: TimeInForce | None = field(name="f", default=None)
    """How long the order lives."""
    order_quantity: Decimal | None = field(name="q", default=None)
    """Quantity asked for."""
    order_price: Decimal | None = field(name="p", default=None)
    """Limit price."""
    stop_price: Decimal | None = field(name="P", default=None)
    """Trigger price."""
    trailing_delta: int | None = field(name="d", default=None)
    """Trailing delta."""
    iceberg_quantity: Decimal | None = field(name="F", default=None)
    """Iceberg quantity."""
    order_list_id: int | None = field(name="g", default=None)
    """Id of the order list; -1: it is in none."""
    original_client_order_id: Text | None = field(name="C", default=None)
    """Your own id of the order that was cancelled; ``None`` unless it was."""
    execution_type: ExecutionType | None = field(name="x", default=None)
    """What happened now."""
    order_status: OrderStatus | None = field(name="X", default=None)
    """What the order is by now."""
    reject_reason: Text | None = field(name="r", default=None)
    """Why it was refused; NONE: it was not."""
    order_id: int | None = field(name="i", default=None)
    """The exchange's id of the order (63 bits)."""
    last_executed_quantity: Decimal | None = field(name="l", default=None)
    """Quantity of this trade."""
    cumulative_filled_quantity: Decimal | None = field(name="z", default=None)
    """Quantity traded so far."""
    last_executed_price: Decimal | None = field(name="L", default=None)
    """Price of this trade."""
    commission_amount: Decimal | None = field(name="n", default=None)
    """Commission."""
    commission_asset: Text | None = field(name="N", default=None)
    """Asset of the commission; ``None`` where there is none."""
    transaction_time: int | None = field(name="T", default=None)
    """When it happened, epoch milliseconds."""
    trade_id: int | None = field(name="t", default=None)
    """Id of this trade; -1: it is none."""
    prevented_match_id: int | None = field(name="v", default=None)
    """Id of a trade with yourself that was prevented."""
    execution_id: int | None = field(name="I", default=None)
    """Id of the execution."""
    on_the_book: bool | None = field(name="w", default=None)
    """Whether it is on the book."""
    maker: bool | None = field(name="m", default=None)
    """Whether the order was the maker of this trade."""
    order_creation_time: int | None = field(name="O", default=None)
    """When it was placed, epoch milliseconds."""
    cumulative_quote_quantity: Decimal | None = field(name="Z", default=None)
    """What was traded so far, in the quote asset."""
    last_quote_quantity: Decimal | None = field(name="Y", default=None)
    """What this trade was, in the quote asset."""
    quote_order_quantity: Decimal | None = field(name="Q", default=None)
    """What was asked for, in the quote asset."""
    trailing_time: int | None = field(name="D", default=None)
    """When the trailing stop began to follow, epoch milliseconds."""
    strategy_id: int | None = field(name="j", default=None)
    """Strategy id."""
    strategy_type: int | None = field(name="J", default=None)
    """Strategy type."""
    working_time: int | None = field(name="W", default=None)
    """When it came on the book, epoch milliseconds."""
    stp_mode: SelfTradePreventionMode | None = field(name="V", default=None)
    """What happens when it would trade with yourself."""
    trade_group_id: int | None = field(name="u", default=None)
    """Trade group id."""
    counter_order_id: int | None = field(name="U", default=None)
    """Id of the other order, where a trade with yourself was prevented."""
    prevented_quantity: Decimal | None = field(name="A", default=None)
    """Quantity that was prevented so far."""
    last_prevented_quantity: Decimal | None = field(name="B", default=None)
    """Quantity that was prevented now."""
    counter_symbol: Text | None = field(name="Cs", default=None)
    """Trading pair of the other order; since 2026-04."""
    prevented_execution_quantity: Decimal | None = field(name="pl", default=None)
    """Quantity of the execution that was prevented; since 2026-04."""
    prevented_execution_price: Decimal | None = field(name="pL", default=None)
    """Price of the execution that was prevented; since 2026-04."""
    prevented_execution_quote_quantity: Decimal | None = field(name="pY", default=None)
    """The same in the quote asset; since 2026-04."""
    expiry_reason: Text | None = field(name="eR", default=None)
    """Why it expired; since 2026-04."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        return Sighting(
            status=self.order_status,
            id=self.order_id,
            client_id=self.original_client_order_id or self.client_order_id,
            symbol=self.symbol,
            updated=self.transaction_time,
            placed=self.order_creation_time,
        )

    def addresses(self) -> tuple[Address, ...]:
        """The cancels that may be about this order."""
        return (("/papi/v1/margin/order", self.symbol),)
