"""A margin order, and a list of two, as replies show them.

Apart from the requests, since the pages of single orders and those of OCO lists both show them.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from binance_papi.api.replies import NoneText
from binance_papi.api.words import ContingencyType, ListOrderStatus, ListStatusType, MarginOrderType
from binance_papi.core.cancel import Sighting
from binance_papi.core.fields import Id
from binance_papi.terms import OrderStatus, SelfTradePreventionMode, Side, Text, TimeInForce


class Fill(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One trade of an order that was just placed."""

    price: Decimal
    """At which price."""
    qty: Decimal
    """How much, in the base asset."""
    commission: Decimal | None = None
    """What it cost, in ``commission_asset``."""
    commission_asset: Text | None = None
    """Asset of the commission."""
    trade_id: int | None = None
    """The exchange's id of the trade; not documented here."""


class Order(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A margin order, as placed, cancelled or queried.

    Only ``order_id`` is certain to be there; each page shows some of the rest.
    """

    order_id: Id
    """The exchange's id of the order (63 bits)."""
    client_order_id: Text | None = None
    """Your own id of the order; in the reply to a cancel: of the cancel."""
    orig_client_order_id: Text | None = None
    """Your own id of the order; in replies to cancels."""
    order_list_id: int | None = None
    """Id of the list it belongs to; -1: none."""
    status: OrderStatus | None = None
    """NEW, PARTIALLY_FILLED, FILLED, CANCELED, REJECTED, EXPIRED or EXPIRED_IN_MATCH; a later value
    keeps its text."""
    symbol: Text | None = None
    """Trading pair."""
    side: Side | None = None
    """BUY or SELL."""
    type: MarginOrderType | None = None
    """What kind of order it is."""
    time_in_force: TimeInForce | None = None
    """How long the order lives."""
    price: Decimal | None = None
    """Limit price; 0 for market types."""
    stop_price: Decimal | None = None
    """Trigger price; 0: it has none."""
    orig_qty: Decimal | None = None
    """Quantity asked for, in the base asset."""
    executed_qty: Decimal | None = None
    """Quantity traded so far, in the base asset."""
    cummulative_quote_qty: Decimal | None = None
    """What was traded so far, in the quote asset; negative: not available."""
    iceberg_qty: Decimal | None = None
    """How much of it shows in the book; 0: all."""
    is_working: bool | None = None
    """Whether it is in the book; a stop is not, before it triggers."""
    self_trade_prevention_mode: SelfTradePreventionMode | None = None
    """What happens when it would trade with yourself."""
    prevented_match_id: int | NoneText | None = None
    """Id of a trade with yourself that was prevented; ``"None"`` in the documentation."""
    prevented_quantity: Text | None = None
    """How much did not trade for that reason, as a text: a decimal, or ``"None"`` as in the
    documentation."""
    account_id: int | None = None
    """Id of the account."""
    margin_buy_borrow_amount: Decimal | None = None
    """What was borrowed for it; where something was."""
    margin_buy_borrow_asset: Text | None = None
    """Asset that was borrowed."""
    fills: list[Fill] | None = None
    """Its trades so far; in the reply to a placement that asked for FULL."""
    transact_time: int | None = None
    """When it was placed, epoch milliseconds; in replies to placements."""
    time: int | None = None
    """When it was placed, epoch milliseconds; in replies to queries."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds; in replies to queries."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        return Sighting(
            status=self.status,
            id=self.order_id,
            client_id=self.orig_client_order_id or self.client_order_id,
            symbol=self.symbol,
            updated=self.update_time,
            placed=self.time,
        )


class Leg(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One order of a list, by its ids."""

    order_id: Id
    """The exchange's id of the order."""
    client_order_id: Text | None = None
    """Your own id of the order."""
    symbol: Text | None = None
    """Trading pair."""


class OrderList(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A list of orders of which one cancels the other, as placed, cancelled or queried."""

    order_list_id: int
    """The exchange's id of the list."""
    list_client_order_id: Text | None = None
    """Your own id of the list."""
    contingency_type: ContingencyType | None = None
    """OCO."""
    list_status_type: ListStatusType | None = None
    """What was reported last: RESPONSE, EXEC_STARTED or ALL_DONE."""
    list_order_status: ListOrderStatus | None = None
    """How it stands: EXECUTING, ALL_DONE or REJECT."""
    symbol: Text | None = None
    """Trading pair."""
    orders: list[Leg] = []
    """Its orders, by their ids."""
    order_reports: list[Order] | None = None
    """Its orders in full; in replies to placements and cancels."""
    margin_buy_borrow_amount: Decimal | None = None
    """What was borrowed for it; where something was."""
    margin_buy_borrow_asset: Text | None = None
    """Asset that was borrowed."""
    transaction_time: int | None = None
    """When it was placed or changed, epoch milliseconds."""
