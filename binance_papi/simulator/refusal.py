"""The refusals of the exchange: HTTP status, code and text, word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from binance_papi.terms import RateLimit


class Refusal(Exception):  # noqa: N818 - it is an answer of the exchange, not an error of ours
    """What the exchange answers instead of doing what it was asked.

    Args:
        code: The exchange's negative error code.
        msg: The exchange's text.
        status: HTTP status of the answer.
    """

    def __init__(self, code: int, msg: str, status: int = 400) -> None:
        super().__init__(code, msg, status)
        self.code = code
        self.msg = msg
        self.status = status


def missing(name: str) -> Refusal:
    """-1102: a mandatory parameter is not there, or a parameter can not be read."""
    return Refusal(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def either_or(first: str, second: str) -> Refusal:
    """-1102: neither of two parameters is there."""
    return Refusal(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def invalid(name: str) -> Refusal:
    """-1130: a parameter holds a value that it can not have."""
    return Refusal(-1130, f"Data sent for parameter '{name}' is not valid.")


def not_required(name: str) -> Refusal:
    """-1106: a parameter that does not belong to this kind of order."""
    return Refusal(-1106, f"Parameter '{name}' sent when not required.")


def illegal(name: str, pattern: str) -> Refusal:
    """-1100: a parameter holds characters that it can not have."""
    return Refusal(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{pattern}'."
    )


def bad_combination() -> Refusal:
    """-1128: parameters that do not go together, or one that lacks its other half."""
    return Refusal(-1128, "Combination of optional parameters invalid.")


def bad_listen_key() -> Refusal:
    """-1125: there is no listenKey, or it is no longer alive."""
    return Refusal(-1125, "This listenKey does not exist.")


def empty(name: str) -> Refusal:
    """-1105: a parameter was sent without a value."""
    return Refusal(-1105, f"Parameter '{name}' was empty.")


def repeated() -> Refusal:
    """-1101: the same parameter twice."""
    return Refusal(-1101, "Duplicate values for a parameter detected.")


def bad_symbol() -> Refusal:
    """-1121: a symbol that does not trade here."""
    return Refusal(-1121, "Invalid symbol.")


def cancel_unknown() -> Refusal:
    """-2011: cancel of an order that is not open."""
    return Refusal(-2011, "Unknown order sent.")


def query_unknown() -> Refusal:
    """-2013: query of an order that is not there."""
    return Refusal(-2013, "Order does not exist.")


def triggering() -> Refusal:
    """-4117: the order is triggering right now."""
    return Refusal(-4117, "Stop order is in triggering process")


def too_much_weight(rule: RateLimit) -> Refusal:
    """-1003 with 429: the address used too much weight."""
    return Refusal(
        -1003,
        f"Too much request weight used; current limit is {rule.limit} request weight per "
        f"{rule.interval_num} {rule.interval}. Please use WebSocket Streams for live updates "
        "to avoid polling the API.",
        429,
    )


def too_many_orders(rule: RateLimit) -> Refusal:
    """-1015 with 429: the account placed too many orders."""
    span = rule.interval if rule.interval_num == 1 else f"{rule.interval_num} {rule.interval}"
    text = f"Too many new orders; current limit is {rule.limit} orders per {span}."
    return Refusal(-1015, text, 429)


def banned(until_ms: int) -> Refusal:
    """-1003 with 418: the address is banned."""
    return Refusal(
        -1003,
        f"Way too much request weight used; IP banned until {until_ms}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        418,
    )
