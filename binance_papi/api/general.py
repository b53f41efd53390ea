"""Calls that belong to no product: connectivity and limits."""

from __future__ import annotations

import msgspec

from binance_papi.core.endpoint import NONE, USER_DATA, Endpoint, Request, SignedRequest
from binance_papi.core.namespace import Namespace, call
from binance_papi.terms import Text


class Pong(msgspec.Struct, frozen=True):
    """The empty reply of a ping."""


class OrderRateLimit(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One rule for the account's order count."""

    rate_limit_type: Text
    """``"ORDERS"``."""
    interval: Text
    """``"SECOND"``, ``"MINUTE"`` or ``"DAY"``."""
    interval_num: int
    """How many intervals one window lasts."""
    limit: int
    """How many orders one window takes; the reply does not tell how many were used."""


class TestConnectivity(Request[Pong], frozen=True, kw_only=True):
    """Ask whether the exchange answers; needs no key."""

    __test__ = False  # pytest would take the exchange's name for a test's

    endpoint = Endpoint("GET", "/papi/v1/ping", NONE, Pong, weight=1)


class QueryUserRateLimit(SignedRequest[list[OrderRateLimit]], frozen=True, kw_only=True):
    """Ask for the account's order limits (the limits, not their use).

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/rateLimit/order", USER_DATA, list[OrderRateLimit], weight=1
    )


class General(Namespace):
    """``papi.general``."""

    test_connectivity = call(TestConnectivity)
    query_user_rate_limit = call(QueryUserRateLimit)
