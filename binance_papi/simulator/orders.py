"""The three kinds of orders, each in the words of its family, and what they have in common.

Every number that the exchange sends as text is text here too.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, Self

import msgspec

from binance_papi.terms import OrderStatus, StrategyStatus

By = int | str
"""Who changed an order: the serial number of a request in the wire log, or ``"trigger"``,
``"fill"``, ``"engine"``, ``"expiry"`` or ``"hand"``."""


class AlgoStatus(StrEnum):
    """``algoStatus`` of an algo order."""

    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class Change(msgspec.Struct, frozen=True, gc=False):
    """One change of an order's status.

    Args:
        time: Exchange time, ms.
        status: The status that it has from then on.
        by: Who did it.
        state: What else it holds from then on, for queries that look back.
    """

    time: int
    status: str
    by: By
    state: tuple[Any, ...] = ()


class Words(NamedTuple):
    """What a kind of order calls what all kinds have.

    Args:
        id: The exchange's id.
        client_id: The client's id.
        created: Time of the placement.
        status: The status.
        statuses: The statuses that there are.
        kind: The type.
        size: The quantity.
        level: The price that triggers it.
        rate: The callback rate.
    """

    id: str
    client_id: str
    created: str
    status: str
    statuses: type[StrEnum]
    kind: str
    size: str
    level: str = ""
    rate: str = ""


class Trade(msgspec.Struct, frozen=True, gc=False):
    """One fill of a plain order; amounts as text.

    Args:
        id: The trade's id.
        time: Exchange time, ms.
        symbol: What was traded.
        side: ``BUY`` or ``SELL``.
        position_side: ``BOTH``, ``LONG`` or ``SHORT``.
        order_id: The order.
        price: At which price.
        quantity: How much; contracts on COIN-M.
        value: What it was worth, in the quote asset, or the base asset on COIN-M.
        commission: What it cost.
        commission_asset: In which asset.
        realized: Profit that it realized, in the same asset.
        maker: Whether the order had rested.
    """

    id: int
    time: int
    symbol: str
    side: str
    position_side: str
    order_id: int
    price: str
    quantity: str
    value: str
    commission: str
    commission_asset: str
    realized: str
    maker: bool


class Entry(msgspec.Struct, kw_only=True):
    """What all orders have in common."""

    symbol: str
    side: str
    update_time: int
    """Exchange time of the last change, ms."""
    position_side: str = "BOTH"
    price: str = "0"
    reduce_only: bool = False
    time_in_force: str = "GTC"
    self_trade_prevention_mode: str = "NONE"
    price_match: str = "NONE"
    good_till_date: int = 0
    """When the order expires, ms; 0: it does not."""
    pair: str = ""
    """COIN-M only."""
    history: list[Change] = []
    """Every status that it had, oldest first."""

    words: ClassVar[Words]
    moving: ClassVar[tuple[str, ...]] = ("update_time",)
    """Fields beside the status that may change."""

    @property
    def id(self) -> int:
        """The exchange's id."""
        return int(getattr(self, self.words.id))

    @property
    def client_id(self) -> str:
        """The client's id."""
        return str(getattr(self, self.words.client_id))

    @property
    def created(self) -> int:
        """Exchange time of the placement, ms."""
        return int(getattr(self, self.words.created))

    @property
    def status_now(self) -> str:
        """The status, whatever the family calls it."""
        return str(getattr(self, self.words.status))

    @property
    def is_open(self) -> bool:
        """Whether a cancel may still find it."""
        return self.status_now == "NEW"

    @property
    def is_idle(self) -> bool:
        """Whether it has ended without a trigger or a fill, and is forgotten some day."""
        return self.status_now in ("CANCELED", "EXPIRED")

    def change(self, status: str, now_ms: int, by: By, **fields: Any) -> None:
        """Give it another status, and write that down; only the book should do it."""
        self._set_status(status)
        self.update_time = now_ms
        for name, value in fields.items():
            setattr(self, name, value)
        self.note(by)

    def note(self, by: By) -> None:
        """Write down what it is now."""
        state = tuple(getattr(self, name) for name in self.moving)
        self.history.append(Change(self.update_time, self.status_now, by, state))

    def as_of(self, ms: int) -> Self | None:
        """The order as it was at a time, or None if it was not there yet."""
        last = self.history[-1]
        if last.time <= ms:
            return self
        for change in reversed(self.history):
            if change.time <= ms:
                fields = dict(zip(self.moving, change.state, strict=True))
                then = msgspec.structs.replace(self, **fields)
                then._set_status(change.status)  # noqa: SLF001 - of the same class
                return then
        return None

    def _set_status(self, status: str) -> None:
        setattr(self, self.words.status, self.words.statuses(status))


class TriggerOrder(Entry, kw_only=True):
    """An order that waits for a price."""

    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    order_id: int | None = None
    """Id of the child order; None before the trigger."""
    trigger_time: int | None = None
    """Exchange time of the trigger, ms; None before it."""
    extreme: Decimal | None = None
    """Trailing orders: the best price since the activation; None before it."""

    moving: ClassVar[tuple[str, ...]] = ("update_time", "order_id", "trigger_time")

    @property
    def kind(self) -> str:
        """STOP, STOP_MARKET, TAKE_PROFIT, TAKE_PROFIT_MARKET or TRAILING_STOP_MARKET."""
        return str(getattr(self, self.words.kind))

    @property
    def size(self) -> str:
        """Its quantity."""
        return str(getattr(self, self.words.size))

    @property
    def level(self) -> str:
        """The price that it waits for; of a trailing order, the one that activates it."""
        return str(getattr(self, "activate_price" if self.rate else self.words.level) or "0")

    @property
    def rate(self) -> str | None:
        """Callback rate in percent; None unless it is a trailing order."""
        rate: str | None = getattr(self, self.words.rate)
        return rate

    @property
    def is_waiting(self) -> bool:
        """Whether a price may still trigger it."""
        return self.status_now == "NEW"

    @property
    def child_type(self) -> str:
        """``type`` of the child order."""
        return "LIMIT" if self.kind in ("STOP", "TAKE_PROFIT") else "MARKET"


class Order(TriggerOrder, kw_only=True):
    """One conditional order, UM or CM."""

    strategy_id: int
    new_client_strategy_id: str
    strategy_type: str
    orig_qty: str
    book_time: int
    """Exchange time of the placement, ms."""
    strategy_status: StrategyStatus = StrategyStatus.NEW
    stop_price: str = "0"
    activate_price: str | None = None
    """Trailing orders only."""
    price_rate: str | None = None
    """Callback rate in percent; trailing orders only."""

    words: ClassVar[Words] = Words(
        "strategy_id",
        "new_client_strategy_id",
        "book_time",
        "strategy_status",
        StrategyStatus,
        "strategy_type",
        "orig_qty",
        "stop_price",
        "price_rate",
    )

    @property
    def is_open(self) -> bool:
        """Whether the order waits for its trigger."""
        return self.strategy_status is StrategyStatus.NEW


class AlgoOrder(TriggerOrder, kw_only=True):
    """One algo order."""

    algo_id: int
    client_algo_id: str
    order_type: str
    quantity: str
    create_time: int
    """Exchange time of the placement, ms."""
    algo_status: AlgoStatus = AlgoStatus.NEW
    trigger_price: str = "0"
    actual_price: str = "0.00000"
    """Price at which the child was filled."""
    close_position: bool = False
    activate_price: str | None = None
    """Trailing orders only."""
    callback_rate: str | None = None
    """In percent; trailing orders only."""
    reason: str = ""
    """Why the engine rejected it."""

    words: ClassVar[Words] = Words(
        "algo_id",
        "client_algo_id",
        "create_time",
        "algo_status",
        AlgoStatus,
        "order_type",
        "quantity",
        "trigger_price",
        "callback_rate",
    )
    moving: ClassVar[tuple[str, ...]] = (
        "update_time",
        "order_id",
        "trigger_time",
        "actual_price",
    )

    @property
    def is_open(self) -> bool:
        """Whether the order waits for its trigger, or is triggering right now."""
        return self.algo_status in (AlgoStatus.NEW, AlgoStatus.TRIGGERING)

    @property
    def actual_order_id(self) -> str:
        """Id of the child order as text, empty before it is there."""
        return "" if self.order_id is None else str(self.order_id)


class PlainOrder(Entry, kw_only=True):
    """One plain order, UM or CM, which may be the child of one that triggered."""

    order_id: int
    client_order_id: str
    type: str
    orig_qty: str
    time: int
    """Exchange time of the placement, ms."""
    status: OrderStatus = OrderStatus.NEW
    executed_qty: str = "0"
    avg_price: str = "0.00000"
    parent: TriggerOrder | None = None
    """The conditional or algo order that it came from."""
    value: str = "0"
    """What its fills were worth, in the quote asset, or the base asset on COIN-M."""
    execution: str = "NEW"
    """What happened last: NEW, TRADE, AMENDMENT, CANCELED or EXPIRED."""
    trade: Trade | None = None
    """The last fill."""

    words: ClassVar[Words] = Words(
        "order_id", "client_order_id", "time", "status", OrderStatus, "type", "orig_qty"
    )
    moving: ClassVar[tuple[str, ...]] = (
        "update_time",
        "executed_qty",
        "avg_price",
        "value",
        "price",
        "orig_qty",
    )

    @property
    def is_open(self) -> bool:
        """Whether it rests in the book of the exchange."""
        return self.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)
