"""What fills do to the account: positions, trades, and the wallets of UM and CM.

The bookkeeping is the simplest that is right:

* A position is one number per symbol and position side, bought is more and sold is less; what is
  added moves the entry price, what is taken off realizes a profit against it.
* UM trades are worth quantity times price, in the quote asset. CM trades are worth contracts times
  the contract's value (100 USD for BTC, 10 for all others) through price, in the base asset.
* Each fill pays a commission. Profit and commission go to the wallet of UM or CM, which begins at
  nothing, as on the exchange: the collateral lies in the margin wallet.
* There is no margin, no funding, no interest and no liquidation.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from binance_papi.simulator.orders import Trade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from binance_papi.simulator.orders import PlainOrder

Business = Literal["UM", "CM"]

DEFAULT_BALANCES: Final[Mapping[str, str]] = {"USDT": "100000", "BTC": "1"}
MAKER: Final = {"UM": Decimal("0.0002"), "CM": Decimal("0.00015")}
TAKER: Final = {"UM": Decimal("0.0004"), "CM": Decimal("0.00040")}
_FIRST_TRADE: Final = 67_880_589
_EIGHT: Final = Decimal("0.00000001")
_ZERO: Final = Decimal(0)
_QUOTES: Final = ("USDT", "USDC", "BTC")


class Position(msgspec.Struct):
    """One position.

    Args:
        symbol: Its symbol.
        side: ``BOTH``, ``LONG`` or ``SHORT``.
        amount: How much, below zero for short; contracts on CM.
        entry: Entry price; 0 without a position.
        realized: Profit realized so far, before commission.
        update_time: Exchange time of its last change, ms.
    """

    symbol: str
    side: str
    amount: Decimal = _ZERO
    entry: Decimal = _ZERO
    realized: Decimal = _ZERO
    update_time: int = 0


def asset_of(business: Business, symbol: str) -> str:
    """The asset in which a symbol's profit and commission are counted."""
    if business == "CM":
        return symbol.partition("_")[0].removesuffix("USD")
    return next((quote for quote in _QUOTES if symbol.endswith(quote)), "USDT")


def text(amount: Decimal) -> str:
    """An amount as the exchange writes it: fixed point, eight places at most."""
    return format(amount.quantize(_EIGHT), "f")


def worth(business: Business, symbol: str, quantity: Decimal, price: Decimal) -> Decimal:
    """What a quantity is worth at a price, in the asset of ``asset_of``; 0 at the price 0."""
    if business == "UM":
        return quantity * price
    return quantity * _contract(symbol) / price if price else _ZERO


def profit(
    business: Business, symbol: str, amount: Decimal, entry: Decimal, price: Decimal
) -> Decimal:
    """What a position of this amount has gained between two prices; 0 if one is not known."""
    if not entry or not price:
        return _ZERO
    if business == "UM":
        return amount * (price - entry)
    return amount * _contract(symbol) * (1 / entry - 1 / price)


def _contract(symbol: str) -> Decimal:
    return Decimal(100 if symbol.startswith("BTC") else 10)


class Ledger:
    """The books of the account.

    Args:
        balances: What lies in the margin wallet, by asset.

    Raises:
        decimal.InvalidOperation: If a balance is no number.
    """

    def __init__(self, balances: Mapping[str, str] | None = None) -> None:
        given = DEFAULT_BALANCES if balances is None else balances
        self.margin = {asset: Decimal(amount) for asset, amount in given.items()}
        self.wallets: dict[Business, dict[str, Decimal]] = {"UM": {}, "CM": {}}
        self.trades: dict[Business, list[Trade]] = {"UM": [], "CM": []}
        self._positions: dict[Business, dict[tuple[str, str], Position]] = {"UM": {}, "CM": {}}
        self._next_trade = _FIRST_TRADE

    # ------------------------------------------------------------------ what is true

    def position(self, business: Business, symbol: str, side: str = "BOTH") -> Position:
        """One position, also one that is not there."""
        return self._positions[business].get((symbol, side)) or Position(symbol, side)

    def positions(self, business: Business) -> Iterable[Position]:
        """All positions that ever were, oldest first."""
        return tuple(self._positions[business].values())

    def wallet(self, business: Business, asset: str) -> Decimal:
        """What lies in the wallet of UM or CM."""
        return self.wallets[business].get(asset, _ZERO)

    def closable(self, business: Business, symbol: str, position_side: str, side: str) -> Decimal:
        """How much an order of a side could take off a position."""
        amount = self.position(business, symbol, position_side).amount
        return max(_ZERO, amount if side == "SELL" else -amount)

    # ------------------------------------------------------------------ fills

    def fill(
        self,
        business: Business,
        order: PlainOrder,
        quantity: Decimal,
        price: Decimal,
        now_ms: int,
        *,
        maker: bool,
    ) -> Trade:
        """Write one fill down.

        Args:
            business: ``UM`` or ``CM``.
            order: The order that is filled.
            quantity: How much of it.
            price: At which price; 0 where there is none.
            now_ms: Exchange time, ms.
            maker: Whether the order had rested.
        """
        symbol, asset = order.symbol, asset_of(business, order.symbol)
        key = (symbol, order.position_side)
        position = self._positions[business].setdefault(key, Position(*key))
        signed = quantity if order.side == "BUY" else -quantity
        realized = _move(business, position, signed, price)
        position.update_time = now_ms
        value = worth(business, symbol, quantity, price)
        commission = value * (MAKER if maker else TAKER)[business]
        self.wallets[business][asset] = self.wallet(business, asset) + realized - commission
        trade = Trade(
            id=self._next_trade,
            time=now_ms,
            symbol=symbol,
            side=order.side,
            position_side=order.position_side,
            order_id=order.order_id,
            price=format(price, "f"),
            quantity=format(quantity, "f"),
            value=text(value),
            commission=text(commission),
            commission_asset=asset,
            realized=text(realized),
            maker=maker,
        )
        self._next_trade += 1
        self.trades[business].append(trade)
        return trade


def _move(business: Business, position: Position, signed: Decimal, price: Decimal) -> Decimal:
    """Change a position by a signed quantity at a price, and tell what that realized."""
    amount, symbol = position.amount, position.symbol
    taken = min(abs(amount), abs(signed)) if amount * signed < 0 else _ZERO
    closed = taken if amount > 0 else -taken
    realized = profit(business, symbol, closed, position.entry, price)
    left, added = amount - closed, signed + closed
    position.amount = left + added
    position.realized += realized
    if not position.amount:
        position.entry = _ZERO
    elif added:
        position.entry = mean_price(business, (left, position.entry), (added, price))
    return realized


def mean_price(
    business: Business, before: tuple[Decimal, Decimal], added: tuple[Decimal, Decimal]
) -> Decimal:
    """The price of two parts (amount, price) together, which point the same way."""
    if not before[0]:
        return added[1]
    amount = before[0] + added[0]
    if business == "UM":
        return (before[0] * before[1] + added[0] * added[1]) / amount
    if not before[1] or not added[1]:
        return added[1]
    return amount / (before[0] / before[1] + added[0] / added[1])
