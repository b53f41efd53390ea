"""The rules that a new order has to pass, and what it holds then."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
    from collections.abc import Collection

    from binance_papi.simulator.params import Params

_LIMIT_TYPES: Final = frozenset({"STOP", "TAKE_PROFIT"})
SIDES: Final = frozenset(side.value for side in Side)
_TYPES: Final = frozenset(kind.value for kind in StrategyType)
POSITION_SIDES: Final = frozenset(side.value for side in PositionSide)
_TIMES_IN_FORCE: Final = frozenset(time.value for time in TimeInForce)
_WORKING_TYPES: Final = frozenset(kind.value for kind in WorkingType)
_STP_MODES: Final = frozenset(mode.value for mode in SelfTradePreventionMode)
_PRICE_MATCHES: Final = frozenset(match.value for match in PriceMatch) - {"NONE"}
_SUSPENDED_MATCHES: Final = frozenset({"OPPONENT_10", "OPPONENT_20"})  # since 2025-10-23
_SOONEST_EXPIRY: Final = 600_000  # ms from now
_LATEST_EXPIRY: Final = 253_402_300_799_000
_LEAST_CALLBACK: Final = 0.1  # percent


class Rules(NamedTuple):
    """What differs between the families.

    Args:
        kind: Parameter of the order's type.
        level: Parameter of the trigger price.
        activation: Parameter of the activation price.
        most_callback: Greatest callback rate, percent.
        is_um: Whether price match, self-trade prevention and good-till date are known.
        closes: Whether ``closePosition`` may take the place of a quantity.
    """

    kind: str = "strategyType"
    level: str = "stopPrice"
    activation: str = "activationPrice"
    most_callback: float = 5.0
    is_um: bool = True
    closes: bool = False


UM_CONDITIONAL: Final = Rules()
CM_CONDITIONAL: Final = Rules(is_um=False)
UM_ALGO: Final = Rules("type", "triggerPrice", "activatePrice", 20.0, closes=True)


def read(
    params: Params, now_ms: int, rules: Rules, hedge_mode: bool | None, price: str | None
) -> dict[str, Any]:
    """Check a placement and read it.

    Args:
        params: What was sent.
        now_ms: Exchange time, ms.
        rules: Those of the family.
        hedge_mode: Position mode of the account; None takes either.
        price: Market price of the symbol, as text; None: triggers are not checked.

    Returns:
        ``kind``, ``size``, ``level``, for trailing orders ``rate`` and ``activate_price``, and
        the fields that all families name alike.

    Raises:
        Refusal: For the first rule that it breaks.
    """
    side = params.choice("side", SIDES)
    kind = params.choice(rules.kind, _TYPES)
    order: dict[str, Any] = {
        "side": side,
        "kind": kind,
        "position_side": params.choice("positionSide", POSITION_SIDES, "BOTH"),
        "reduce_only": params.flag("reduceOnly"),
        **_size(params, rules, kind),
        "working_type": params.choice("workingType", _WORKING_TYPES, "CONTRACT_PRICE"),
        "price_protect": params.flag("priceProtect"),
        **read_prevention(params, rules.is_um),
        **read_price(params, kind, _LIMIT_TYPES, matches=rules.is_um),
        **_trigger(params, rules, kind, price),
        **read_time_in_force(params, now_ms, rules.is_um),
    }
    check_position_mode(order["position_side"], order["reduce_only"], hedge_mode)
    if price is not None:
        _check_trigger(order, Decimal(price))
    return order


def _size(params: Params, rules: Rules, kind: str) -> dict[str, Any]:
    if not rules.closes or not params.flag("closePosition"):
        return {"size": read_quantity(params)}
    if kind not in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
        raise Refusal(-4020, "Target strategy invalid for orderType, closePosition.")
    if "quantity" in params:
        raise Refusal(-4137, "Quantity must be zero with closePosition equals true.")
    if "reduceOnly" in params:
        raise refusal.not_required("reduceOnly")
    return {"size": "0", "close_position": True}


def read_quantity(params: Params) -> str:
    """The mandatory quantity.

    Raises:
        Refusal: -1102 or -4003.
    """
    quantity = params.need_decimal("quantity")
    return _above_zero(quantity, -4003, "Quantity less than or equal to zero.")


def read_prevention(params: Params, is_um: bool) -> dict[str, str]:
    """Self-trade prevention, which COIN-M does not know.

    Raises:
        Refusal: -1130.
    """
    if not is_um:
        return {}
    mode = params.choice("selfTradePreventionMode", _STP_MODES, "NONE")
    return {"self_trade_prevention_mode": mode}


def _above_zero(value: str, code: int, msg: str) -> str:
    if float(value) <= 0:
        raise Refusal(code, msg)
    return value


def read_price(
    params: Params, kind: str, limit_types: Collection[str], *, matches: bool = True
) -> dict[str, str]:
    """Price or price match; one of the two is mandatory for limit types.

    Raises:
        Refusal: -1102, -1106, -1130, -4001, -5037 or -5038.
    """
    price = params.decimal("price")
    match = params.text("priceMatch") if matches else None
    if match is not None:
        if match not in _PRICE_MATCHES:
            raise refusal.invalid("priceMatch")
        if match in _SUSPENDED_MATCHES:
            raise Refusal(-5037, "Invalid price match")
        if kind not in limit_types:
            raise Refusal(
                -5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT"
            )
        if price is not None:
            raise refusal.not_required("price")
        return {"price_match": match}
    if price is None:
        if kind in limit_types:
            raise refusal.missing("price")
        return {}
    if kind in limit_types:
        _above_zero(price, -4001, "Price less than 0.")
    return {"price": price}


def _trigger(params: Params, rules: Rules, kind: str, price: str | None) -> dict[str, str]:
    if kind != "TRAILING_STOP_MARKET":
        for name in (rules.activation, "callbackRate"):
            if name in params:
                raise refusal.not_required(name)
        level = params.need_decimal(rules.level)
        return {"level": _above_zero(level, -4006, "Stop price less than zero.")}
    rate = params.need_decimal("callbackRate")
    if not _LEAST_CALLBACK <= float(rate) <= rules.most_callback:
        raise refusal.invalid("callbackRate")
    # The exchange takes its mark price where no activation price is sent.
    return {
        "rate": rate,
        "activate_price": params.decimal(rules.activation) or price or "0",
        "level": params.decimal(rules.level) or "0",
    }


def _check_trigger(order: dict[str, Any], price: Decimal) -> None:
    """-2021: a trigger that has been reached, or an activation price on the wrong side.

    A STOP waits for the price to move on in the direction of its side, up for BUY and down for
    SELL. A TAKE_PROFIT and the activation of a trailing order wait for the opposite.
    """
    trailing = order["kind"] == "TRAILING_STOP_MARKET"
    if trailing and order["activate_price"] == str(price):
        return  # the market price itself, taken because none was sent
    level = Decimal(order["activate_price" if trailing else "level"])
    upwards = (order["side"] == "BUY") is order["kind"].startswith("STOP")
    if price >= level if upwards else price <= level:
        raise Refusal(-2021, "Order would immediately trigger.")


def read_time_in_force(params: Params, now_ms: int, is_um: bool) -> dict[str, Any]:
    """Time in force, with the good-till date that COIN-M does not know.

    Raises:
        Refusal: -1102, -1130 or -5040.
    """
    known = _TIMES_IN_FORCE if is_um else _TIMES_IN_FORCE - {"GTD"}
    time_in_force = params.choice("timeInForce", known, "GTC")
    if time_in_force != "GTD":
        return {"time_in_force": time_in_force}
    good_till = params.integer("goodTillDate")
    if good_till is None:
        raise refusal.missing("goodTillDate")
    good_till -= good_till % 1000  # only whole seconds are kept
    if not now_ms + _SOONEST_EXPIRY < good_till < _LATEST_EXPIRY:
        raise Refusal(-5040, "Invalid goodTillDate.")
    return {"time_in_force": "GTD", "good_till_date": good_till}


def check_position_mode(position_side: str, reduce_only: bool, hedge_mode: bool | None) -> None:
    """The position side has to fit the account's mode.

    Raises:
        Refusal: -4061 or -4062.
    """
    hedged = position_side != "BOTH"
    if hedge_mode is not None and hedged is not hedge_mode:
        raise Refusal(-4061, "Order's position side does not match user's setting.")
    if hedged and reduce_only:
        raise Refusal(-4062, "Invalid or improper reduceOnly value.")
