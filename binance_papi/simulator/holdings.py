"""The endpoints that tell what fills have made of the account: positions, balances, trades.

Each is a row of the catalogue, which checks the parameters; here is what it answers.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from binance_papi.simulator import events, refusal
from binance_papi.simulator.ledger import Position, asset_of, profit, text, worth
from binance_papi.simulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from binance_papi.simulator.family import Account
    from binance_papi.simulator.ledger import Business, Ledger
    from binance_papi.simulator.orders import Trade
    from binance_papi.simulator.params import Params
    from binance_papi.simulator.plain import Plain
    from binance_papi.simulator.values import Handler, Moment

_V1: Final = "/papi/v1/"
_ZERO: Final = Decimal(0)
_LEVERAGE: Final = 20  # of a symbol whose leverage nobody set
_MAINTENANCE: Final = Decimal("0.004")  # share of a position's worth
_WEEK_MS: Final = 7 * 86_400_000
_SAFE: Final = "99999999"  # uniMMR of an account without positions
_DOLLARS: Final = ("USDT", "USDC", "USD")
_MAX_NOTIONAL: Final = "20000000"
_MAX_QUANTITY: Final = "1000"


class Holdings:
    """What the account holds.

    Args:
        account: What all families look at.
        homes: The families of plain orders by business.
    """

    def __init__(self, account: Account, homes: dict[Business, Plain]) -> None:
        self._account = account
        self._homes = homes
        self._leverage: dict[tuple[Business, str], int] = {}

    @property
    def _ledger(self) -> Ledger:
        return self._account.ledger

    def handlers(self) -> dict[tuple[str, str], Handler]:
        """Who answers in place of the samples."""
        table: dict[tuple[str, str], Handler] = {
            ("GET", _V1 + "balance"): self.balance,
            ("GET", _V1 + "account"): self.account,
            ("GET", "/papi/v2/um/account"): partial(self.positions_and_assets, "UM", 2),
        }
        for business in self._homes:
            path = f"{_V1}{business.lower()}/"
            table |= {
                ("GET", path + "account"): partial(self.positions_and_assets, business, 1),
                ("GET", path + "positionRisk"): partial(self.position_risk, business),
                ("GET", path + "userTrades"): partial(self.user_trades, business),
                ("GET", path + "income"): partial(self.income, business),
                ("POST", path + "leverage"): partial(self.change_leverage, business),
                ("GET", path + "positionSide/dual"): self.position_mode,
                ("POST", path + "positionSide/dual"): self.change_position_mode,
            }
        return table

    # ------------------------------------------------------------------ the whole account

    def balance(self, params: Params, moment: Moment) -> Any:
        """Account Balance: a list, or with ``asset`` one object."""
        ledger, asset = self._ledger, params.text("asset")
        if asset is not None:
            return self._balance(asset, moment)
        assets = dict.fromkeys((*ledger.margin, *ledger.wallets["UM"], *ledger.wallets["CM"]))
        return [self._balance(one, moment) for one in assets]

    def _balance(self, asset: str, moment: Moment) -> dict[str, Any]:
        ledger = self._ledger
        margin = ledger.margin.get(asset, _ZERO)
        um, cm = ledger.wallet("UM", asset), ledger.wallet("CM", asset)
        return {
            "asset": asset,
            "totalWalletBalance": text(margin + um + cm),
            "crossMarginAsset": text(margin),
            "crossMarginBorrowed": "0.00000000",
            "crossMarginFree": text(margin),
            "crossMarginInterest": "0.00000000",
            "crossMarginLocked": "0.00000000",
            "umWalletBalance": text(um),
            "umUnrealizedPNL": text(self._unrealized("UM", asset)),
            "cmWalletBalance": text(cm),
            "cmUnrealizedPNL": text(self._unrealized("CM", asset)),
            "updateTime": moment.now,
            "negativeBalance": "0",
        }

    def account(self, params: Params, moment: Moment) -> dict[str, Any]:  # noqa: ARG002 - a Handler
        """Account Information, in USD by the prices that are known."""
        ledger = self._ledger
        equity = sum(
            (amount * self._dollars(asset) for asset, amount in ledger.margin.items()), _ZERO
        )
        worths: list[tuple[Decimal, int]] = []
        for business in self._homes:
            for asset, amount in ledger.wallets[business].items():
                gained = amount + self._unrealized(business, asset)
                equity += gained * self._dollars(asset)
            worths += [self._worth(business, one) for one in ledger.positions(business)]
        initial = sum((value / leverage for value, leverage in worths), _ZERO)
        maintenance = sum((value * _MAINTENANCE for value, _ in worths), _ZERO)
        return {
            "uniMMR": text(equity / maintenance) if maintenance else _SAFE,
            "accountEquity": text(equity),
            "actualEquity": text(equity),
            "accountInitialMargin": text(initial),
            "accountMaintMargin": text(maintenance),
            "accountStatus": "NORMAL",
            "virtualMaxWithdrawAmount": text(max(_ZERO, equity - initial)),
            "totalAvailableBalance": "",
            "totalMarginOpenLoss": "",
            "updateTime": moment.now,
        }

    def _dollars(self, asset: str) -> Decimal:
        if asset in _DOLLARS:
            return Decimal(1)
        prices = self._account.prices
        known = prices.get(f"{asset}USDT") or prices.get(f"{asset}USD_PERP")
        return Decimal(known or 0)

    def _worth(self, business: Business, position: Position) -> tuple[Decimal, int]:
        """What a position is worth in USD, and its leverage."""
        value = worth(business, position.symbol, abs(position.amount), self._mark(position))
        dollars = self._dollars(asset_of(business, position.symbol))
        return value * dollars, self._leverage.get((business, position.symbol), _LEVERAGE)

    # ------------------------------------------------------------------ positions

    def position_risk(self, business: Business, params: Params, moment: Moment) -> list[Any]:  # noqa: ARG002
        """Query Position Information: a row per symbol, also without a position."""
        rows = self._rows(business, params.text("symbol"))
        if business == "UM":
            return [self._um_risk(row) for row in rows]
        pair, asset = params.text("pair"), params.text("marginAsset")
        return [
            self._cm_risk(row)
            for row in rows
            if pair in (None, row.symbol.partition("_")[0])
            and asset in (None, asset_of("CM", row.symbol))
        ]

    def _um_risk(self, row: Position) -> dict[str, Any]:
        mark = self._mark(row)
        return {
            "entryPrice": text(row.entry),
            "leverage": str(self._leverage.get(("UM", row.symbol), _LEVERAGE)),
            "markPrice": text(mark),
            "maxNotionalValue": _MAX_NOTIONAL,
            "positionAmt": format(row.amount, "f"),
            "notional": text(row.amount * mark),
            "symbol": row.symbol,
            "unRealizedProfit": text(profit("UM", row.symbol, row.amount, row.entry, mark)),
            "liquidationPrice": "0",
            "positionSide": row.side,
            "updateTime": row.update_time,
        }

    def _cm_risk(self, row: Position) -> dict[str, Any]:
        mark = self._mark(row)
        return {
            "symbol": row.symbol,
            "positionAmt": format(row.amount, "f"),
            "entryPrice": text(row.entry),
            "markPrice": text(mark),
            "unRealizedProfit": text(profit("CM", row.symbol, row.amount, row.entry, mark)),
            "liquidationPrice": "0",
            "leverage": str(self._leverage.get(("CM", row.symbol), _LEVERAGE)),
            "positionSide": row.side,
            "updateTime": row.update_time,
            "maxQty": _MAX_QUANTITY,
            "notionalValue": text(worth("CM", row.symbol, row.amount, mark)),
        }

    def positions_and_assets(
        self,
        business: Business,
        version: int,
        params: Params,  # noqa: ARG002 - a Handler
        moment: Moment,
    ) -> dict[str, Any]:
        """Get Account Detail: version 2 leaves out positions of nothing."""
        ledger = self._ledger
        rows = [row for row in self._rows(business, None) if version == 1 or row.amount]
        assets = dict.fromkeys(("USDT",) if business == "UM" else ("BTC",))
        assets |= dict.fromkeys(ledger.wallets[business])
        return {
            "assets": [self._asset(business, asset, moment) for asset in assets],
            "positions": [self._detail(business, version, row) for row in rows],
        }

    def _asset(self, business: Business, asset: str, moment: Moment) -> dict[str, Any]:
        held = [
            self._margins(business, one)
            for one in self._ledger.positions(business)
            if asset_of(business, one.symbol) == asset
        ]
        initial = text(sum((one[0] for one in held), _ZERO))
        return {
            "asset": asset,
            "crossWalletBalance": text(self._ledger.wallet(business, asset)),
            "crossUnPnl": text(self._unrealized(business, asset)),
            "maintMargin": text(sum((one[1] for one in held), _ZERO)),
            "initialMargin": initial,
            "positionInitialMargin": initial,
            "openOrderInitialMargin": "0.00000000",
            "updateTime": moment.now,
        }

    def _detail(self, business: Business, version: int, row: Position) -> dict[str, Any]:
        mark = self._mark(row)
        initial, maintenance = self._margins(business, row)
        common = {
            "symbol": row.symbol,
            "initialMargin": text(initial),
            "maintMargin": text(maintenance),
            "unrealizedProfit": text(profit(business, row.symbol, row.amount, row.entry, mark)),
            "positionSide": row.side,
            "positionAmt": format(row.amount, "f"),
            "updateTime": row.update_time,
        }
        if version == 2:  # noqa: PLR2004 - the version in the path
            return common | {"notional": text(worth(business, row.symbol, row.amount, mark))}
        common |= {
            "positionInitialMargin": text(initial),
            "openOrderInitialMargin": "0",
            "leverage": str(self._leverage.get((business, row.symbol), _LEVERAGE)),
            "entryPrice": text(row.entry),
        }
        if business == "CM":
            return common | {"maxQty": _MAX_QUANTITY}
        return common | {"maxNotional": _MAX_NOTIONAL, "bidNotional": "0", "askNotional": "0"}

    def _margins(self, business: Business, row: Position) -> tuple[Decimal, Decimal]:
        value = worth(business, row.symbol, abs(row.amount), self._mark(row))
        leverage = self._leverage.get((business, row.symbol), _LEVERAGE)
        return value / leverage, value * _MAINTENANCE

    def _rows(self, business: Business, symbol: str | None) -> Iterable[Position]:
        """A position per symbol and side of the account's mode, and all others that are there."""
        sides = ("BOTH", "LONG", "SHORT") if self._account.hedge_mode else ("BOTH",)
        symbols: Collection[str] = self._homes[business].symbols if symbol is None else (symbol,)
        rows = {
            (one, side): self._ledger.position(business, one, side)
            for one in symbols
            for side in sides
        }
        for position in self._ledger.positions(business):
            if position.amount and symbol in (None, position.symbol):
                rows.setdefault((position.symbol, position.side), position)
        return rows.values()

    def _mark(self, position: Position) -> Decimal:
        known = self._account.prices.get(position.symbol)
        return position.entry if known is None else Decimal(known)

    def _unrealized(self, business: Business, asset: str) -> Decimal:
        return sum(
            (
                profit(business, one.symbol, one.amount, one.entry, self._mark(one))
                for one in self._ledger.positions(business)
                if asset_of(business, one.symbol) == asset
            ),
            _ZERO,
        )

    # ------------------------------------------------------------------ trades and switches

    def user_trades(self, business: Business, params: Params, moment: Moment) -> list[Any]:
        """Account Trade List, oldest first; from an id on the first rows, else the latest."""
        symbol, pair = params.text("symbol"), params.text("pair")
        start, end = params.integer("startTime") or 0, params.integer("endTime") or moment.now
        first = params.integer("fromId")
        rows = params.integer("limit") or (500 if business == "UM" else 50)
        found = [
            _trade(business, trade)
            for trade in self._ledger.trades[business]
            if symbol in (None, trade.symbol)
            and pair in (None, trade.symbol.partition("_")[0])
            and start <= trade.time <= end
            and trade.id >= (first or 0)
        ]
        return found[-rows:] if first is None else found[:rows]

    def income(self, business: Business, params: Params, moment: Moment) -> list[Any]:
        """Get Income History: profit and commission of the trades, oldest first."""
        symbol, kind = params.text("symbol"), params.text("incomeType")
        start, end = params.integer("startTime"), params.integer("endTime") or moment.now
        start = end - _WEEK_MS if start is None else start
        found = [
            row
            for trade in self._ledger.trades[business]
            if symbol in (None, trade.symbol) and start <= trade.time <= end
            for row in _incomes(trade)
            if kind in (None, row["incomeType"])
        ]
        return found[: params.integer("limit") or 100]

    def change_leverage(self, business: Business, params: Params, moment: Moment) -> dict[str, Any]:
        """Change Initial Leverage; it tells the stream, and counts for the margins alone."""
        symbol, leverage = params.need("symbol"), params.integer("leverage") or 1
        self._leverage[business, symbol] = leverage
        self._account.tell(events.account_config(business, symbol, leverage, moment.now))
        most = {"maxNotionalValue": "1000000"} if business == "UM" else {"maxQty": _MAX_QUANTITY}
        return {"leverage": leverage, **most, "symbol": symbol}

    def position_mode(self, params: Params, moment: Moment) -> dict[str, bool]:  # noqa: ARG002 - a Handler
        """Get Current Position Mode, which UM and CM share; one-way where either is taken."""
        return {"dualSidePosition": bool(self._account.hedge_mode)}

    def change_position_mode(self, params: Params, moment: Moment) -> dict[str, Any]:  # noqa: ARG002
        """Change Position Mode of UM and CM.

        Raises:
            Refusal: -4059 if it is that already, -4067 with open orders, -4068 with positions.
        """
        wanted = params.flag("dualSidePosition")
        if self._account.hedge_mode is wanted:
            raise Refusal(-4059, "No need to change position side.")
        if any(home.book.open_count for home in self._homes.values()):
            raise Refusal(-4067, "Position side cannot be changed if there exists open orders.")
        for business in self._homes:
            if any(position.amount for position in self._ledger.positions(business)):
                raise refusal.Refusal(
                    -4068, "Position side cannot be changed if there exists position."
                )
        self._account.hedge_mode = wanted
        return {"code": 200, "msg": "success"}


def _incomes(trade: Trade) -> Iterable[dict[str, Any]]:
    """What a trade earned and cost."""
    amounts = (
        ("REALIZED_PNL", Decimal(trade.realized)),
        ("COMMISSION", -Decimal(trade.commission)),
    )
    for number, (kind, amount) in enumerate(amounts):
        if amount:
            yield {
                "symbol": trade.symbol,
                "incomeType": kind,
                "income": text(amount),
                "asset": trade.commission_asset,
                "info": kind,
                "time": trade.time,
                "tranId": str(2 * trade.id + number),
                "tradeId": str(trade.id),
            }


def _trade(business: Business, trade: Trade) -> dict[str, Any]:
    row: dict[str, Any] = {"symbol": trade.symbol, "id": trade.id, "orderId": trade.order_id}
    if business == "CM":
        row["pair"] = trade.symbol.partition("_")[0]
    row |= {
        "side": trade.side,
        "price": trade.price,
        "qty": trade.quantity,
        "realizedPnl": trade.realized,
    }
    if business == "CM":
        row |= {"marginAsset": trade.commission_asset, "baseQty": trade.value}
    else:
        row["quoteQty"] = trade.value
    return row | {
        "commission": trade.commission,
        "commissionAsset": trade.commission_asset,
        "time": trade.time,
        "positionSide": trade.position_side,
        "buyer": trade.side == "BUY",
        "maker": trade.maker,
    }
