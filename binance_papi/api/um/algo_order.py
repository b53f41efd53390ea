"""A UM algo order as replies show it: placed, queried, or cancelled.

Apart from the requests of `binance_papi.api.um.algo`, which outgrew one file with it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

import msgspec

from binance_papi.core.cancel import CANCELED, Sighting
from binance_papi.core.fields import Id
from binance_papi.terms import (
    AlgoStatus,
    AlgoType,
    PositionSide,
    PriceMatch,
    SelfTradePreventionMode,
    Side,
    StrategyType,
    Text,
    TimeInForce,
    WorkingType,
)

_DONE: Final = 200


class AlgoOrder(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    """An algo order, as placed or queried.

    Only ``algo_id`` is certain to be there; the exchange has added and dropped fields within weeks.
    """

    algo_id: Id
    """The exchange's id of the order (63 bits); not a ``strategyId``, not an ``orderId``."""
    client_algo_id: Text | None = None
    """Your own id of the order; the exchange makes one up where you gave none."""
    algo_type: AlgoType | None = None
    """CONDITIONAL."""
    algo_status: AlgoStatus | None = None
    """NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, EXPIRED or REJECTED; a later value keeps its
    text."""
    order_type: StrategyType | None = None
    """What kind of algo order it is; ``type`` of the request."""
    symbol: Text | None = None
    """Trading pair."""
    side: Side | None = None
    """BUY or SELL."""
    position_side: PositionSide | None = None
    """BOTH in one-way mode; LONG or SHORT in hedge mode."""
    quantity: Decimal | None = None
    """Quantity asked for, in the base asset."""
    price: Decimal | None = None
    """Limit price; 0 for market types."""
    trigger_price: Decimal | None = None
    """Trigger price."""
    close_position: bool | None = None
    """Whether it closes the whole position."""
    reduce_only: bool | None = None
    """Whether it may only reduce a position."""
    time_in_force: TimeInForce | None = None
    """How long the order lives once triggered."""
    working_type: WorkingType | None = None
    """Which price feeds the trigger."""
    price_protect: bool | None = None
    """Whether it waits while mark and last price are far apart."""
    price_match: PriceMatch | None = None
    """How the price follows the book; NONE: it does not."""
    self_trade_prevention_mode: SelfTradePreventionMode | None = None
    """What happens when it would trade with yourself."""
    good_till_date: int | None = None
    """When a GTD order ends, epoch milliseconds; 0: it is none."""
    activate_price: Decimal | None = None
    """Where a trailing stop starts to follow; ``None`` for other types."""
    callback_rate: Decimal | None = None
    """Callback rate of a trailing stop, in percent; ``None`` for other types."""
    create_time: int | None = None
    """When it was placed, epoch milliseconds."""
    update_time: int | None = None
    """When it changed last, epoch milliseconds."""
    trigger_time: int | None = None
    """When it triggered, epoch milliseconds; 0 before."""
    actual_order_id: Id | None = None
    """Id of the plain order it became (the exchange writes it as a text); ``None`` before it
    triggered."""
    actual_price: Decimal | None = None
    """Average price of that plain order; 0 until it trades."""
    iceberg_quantity: Decimal | None = None
    """Until 2026-07-14."""
    tp_trigger_price: Decimal | None = None
    """Until 2026-07-14."""
    tp_price: Decimal | None = None
    """Until 2026-07-14."""
    sl_trigger_price: Decimal | None = None
    """Until 2026-07-14."""
    sl_price: Decimal | None = None
    """Until 2026-07-14."""
    tp_order_type: Text | None = None
    """Until 2026-07-14."""

    def sighting(self) -> Sighting:
        """What this says of the order's state."""
        return Sighting(
            status=self.algo_status,
            id=self.algo_id,
            client_id=self.client_algo_id,
            symbol=self.symbol,
            child=self.actual_order_id or None,
            updated=self.update_time,
            placed=self.create_time,
        )


class CanceledAlgoOrder(msgspec.Struct, frozen=True, rename="camel", kw_only=True, gc=False):
    """The reply of a cancel of one algo order.

    Since 2026-05-22 it is ``{"complete": true}``: neither an id nor a status. Before, it had the
    ids, ``code`` and ``msg``. Any mixture of these is read, and a whole order too.
    """

    complete: bool | None = None
    """Whether the cancel was carried out; what it guarantees is not documented."""
    algo_id: Id | None = None
    """The exchange's id of the order; until 2026-05-22."""
    client_algo_id: Text | None = None
    """Your own id of the order; until 2026-05-22."""
    code: Annotated[int, msgspec.Meta(ge=0)] | None = None
    """200 for success, which the exchange wrote as a text; until 2026-05-22."""
    msg: Text | None = None
    """What was done, in words; until 2026-05-22."""
    algo_status: AlgoStatus | None = None
    """Status of the order; not documented here."""
    symbol: Text | None = None
    """Trading pair; not documented here."""
    actual_order_id: Id | None = None
    """Id of the plain order it became; not documented here."""
    update_time: int | None = None
    """When the order changed last, epoch milliseconds; not documented here."""

    def sighting(self) -> Sighting:
        """What this says of the order's state: a status where it has one, else what it claims.

        Where it contradicts itself, it claims nothing.
        """
        status: str | None = self.algo_status
        claims = {self.complete, None if self.code is None else self.code == _DONE}
        if status is None and True in claims and False not in claims:
            status = CANCELED
        return Sighting(
            status=status,
            id=self.algo_id,
            client_id=self.client_algo_id,
            symbol=self.symbol,
            child=self.actual_order_id or None,
            updated=self.update_time,
        )
