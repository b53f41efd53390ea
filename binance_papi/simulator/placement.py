"""The rules that a new conditional order has to pass, and the order it becomes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from binance_papi.simulator import refusal
from binance_papi.simulator.refusal import Refusal
from binance_papi.terms import (
    PositionSide,
    PriceMatch,
    SelfTradePreventionMode,
    Side,
    StrategyType,
    TimeInForce,
    WorkingType,
)

if TYPE_CHECKING:
    from binance_papi.simulator.params import Params

_LIMIT_TYPES: Final = frozenset({"STOP", "TAKE_PROFIT"})
_SIDES: Final = frozenset(side.value for side in Side)
_TYPES: Final = frozenset(kind.value for kind in StrategyType)
_POSITION_SIDES: Final = frozenset(side.value for side in PositionSide)
_TIMES_IN_FORCE: Final = frozenset(time.value for time in TimeInForce)
_WORKING_TYPES: Final = frozenset(kind.value for kind in WorkingType)
_STP_MODES: Final = frozenset(mode.value for mode in SelfTradePreventionMode)
_PRICE_MATCHES: Final = frozenset(match.value for match in PriceMatch) - {"NONE"}
_SUSPENDED_MATCHES: Final = frozenset({"OPPONENT_10", "OPPONENT_20"})  # since 2025-10-23
_SOONEST_EXPIRY: Final = 600_000  # ms from now
_LATEST_EXPIRY: Final = 253_402_300_799_000
_CALLBACK_RATES: Final = (0.1, 5.0)  # percent


def read(params: Params, now_ms: int, hedge_mode: bool | None, price: str | None) -> dict[str, Any]:
    """Check a placement and read it.

    Args:
        params: What was sent.
        now_ms: Exchange time, ms.
        hedge_mode: Position mode of the account; None takes either.
        price: Market price of the symbol, as text; None: triggers are not checked.

    Returns:
        Fields of an order that does not have ids and times yet.

    Raises:
        Refusal: For the first rule that it breaks.
    """
    side = params.choice("side", _SIDES)
    kind = params.choice("strategyType", _TYPES)
    order: dict[str, Any] = {
        "side": side,
        "strategy_type": kind,
        "position_side": params.choice("positionSide", _POSITION_SIDES, "BOTH"),
        "reduce_only": params.flag("reduceOnly"),
        "orig_qty": _above_zero(
            params.need_decimal("quantity"), -4003, "Quantity less than or equal to zero."
        ),
        "working_type": params.choice("workingType", _WORKING_TYPES, "CONTRACT_PRICE"),
        "price_protect": params.flag("priceProtect"),
        "self_trade_prevention_mode": params.choice("selfTradePreventionMode", _STP_MODES, "NONE"),
        **_price(params, kind),
        **_trigger(params, kind, price),
        **_time_in_force(params, now_ms),
    }
    _check_position_mode(order["position_side"], order["reduce_only"], hedge_mode)
    if price is not None:
        _check_trigger(order, Decimal(price))
    return order


def _above_zero(value: str, code: int, msg: str) -> str:
    if float(value) <= 0:
        raise Refusal(code, msg)
    return value


def _price(params: Params, kind: str) -> dict[str, str]:
    price = params.decimal("price")
    match = params.text("priceMatch")
    if match is not None:
        if match not in _PRICE_MATCHES:
            raise refusal.invalid("priceMatch")
        if match in _SUSPENDED_MATCHES:
            raise Refusal(-5037, "Invalid price match")
        if kind not in _LIMIT_TYPES:
            raise Refusal(
                -5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT"
            )
        if price is not None:
            raise refusal.not_required("price")
        return {"price_match": match}
    if price is None:
        if kind in _LIMIT_TYPES:
            raise refusal.missing("price")
        return {}
    if kind in _LIMIT_TYPES:
        _above_zero(price, -4001, "Price less than 0.")
    return {"price": price}


def _trigger(params: Params, kind: str, price: str | None) -> dict[str, str]:
    if kind != "TRAILING_STOP_MARKET":
        for name in ("activationPrice", "callbackRate"):
            if name in params:
                raise refusal.not_required(name)
        stop = params.need_decimal("stopPrice")
        return {"stop_price": _above_zero(stop, -4006, "Stop price less than zero.")}
    rate = params.need_decimal("callbackRate")
    low, high = _CALLBACK_RATES
    if not low <= float(rate) <= high:
        raise refusal.invalid("callbackRate")
    # The exchange takes its mark price where no activation price is sent.
    return {
        "price_rate": rate,
        "activate_price": params.decimal("activationPrice") or price or "0",
        "stop_price": params.decimal("stopPrice") or "0",
    }


def _check_trigger(order: dict[str, Any], price: Decimal) -> None:
    """-2021: a trigger that has been reached, or an activation price on the wrong side.

    A STOP waits for the price to move on in the direction of its side, up for BUY and down for
    SELL. A TAKE_PROFIT and the activation of a trailing order wait for the opposite.
    """
    trailing = order["strategy_type"] == "TRAILING_STOP_MARKET"
    if trailing and order["activate_price"] == str(price):
        return  # the market price itself, taken because none was sent
    level = Decimal(order["activate_price" if trailing else "stop_price"])
    upwards = (order["side"] == "BUY") is order["strategy_type"].startswith("STOP")
    if price >= level if upwards else price <= level:
        raise Refusal(-2021, "Order would immediately trigger.")


def _time_in_force(params: Params, now_ms: int) -> dict[str, Any]:
    time_in_force = params.choice("timeInForce", _TIMES_IN_FORCE, "GTC")
    if time_in_force != "GTD":
        return {"time_in_force": time_in_force}
    good_till = params.integer("goodTillDate")
    if good_till is None:
        raise refusal.missing("goodTillDate")
    good_till -= good_till % 1000  # only whole seconds are kept
    if not now_ms + _SOONEST_EXPIRY < good_till < _LATEST_EXPIRY:
        raise Refusal(-5040, "Invalid goodTillDate.")
    return {"time_in_force": "GTD", "good_till_date": good_till}


def _check_position_mode(position_side: str, reduce_only: bool, hedge_mode: bool | None) -> None:
    hedged = position_side != "BOTH"
    if hedge_mode is not None and hedged is not hedge_mode:
        raise Refusal(-4061, "Order's position side does not match user's setting.")
    if hedged and reduce_only:
        raise Refusal(-4062, "Invalid or improper reduceOnly value.")
