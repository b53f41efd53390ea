"""Every request that the package knows can be rehearsed: sent, answered and read."""

from __future__ import annotations

from typing import Any

import pytest

from binance_papi import PapiClient, RateLimit
from binance_papi.api.cm import positions as cm_positions
from binance_papi.api.um import positions as um_positions
from binance_papi.core.endpoint import Request, fields_of
from binance_papi.simulator import FamilyName, Simulator
from tests.contract.census import ALL, sample

PLENTY = (
    RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 100_000),
    RateLimit("ORDERS", "MINUTE", 1, 1200),
)
FAMILIES: dict[str, tuple[str, FamilyName]] = {
    "um.conditional": ("strategy_id", "um_conditional"),
    "cm.conditional": ("strategy_id", "cm_conditional"),
    "um.algo": ("algo_id", "um_algo"),
    "um.orders": ("order_id", "um"),
    "um.history": ("order_id", "um"),
    "cm.orders": ("order_id", "cm"),
    "cm.history": ("order_id", "cm"),
}
SWITCHES = (um_positions.ChangePositionMode, cm_positions.ChangePositionMode)


def _request(kind: type[Request[Any]], exchange: Simulator) -> Request[Any]:
    """A request of a class, about an order that is there if it is about one."""
    names = {field.name for field in fields_of(kind)}
    fields: dict[str, Any] = {}
    module = kind.__module__.removeprefix("binance_papi.api.")
    if module.startswith("cm.") and "symbol" in names:
        fields["symbol"] = "BTCUSD_PERP"
    id_name, family = FAMILIES.get(module, ("", "um"))
    if id_name in names:
        fields[id_name] = exchange.place(family)
        if kind.__name__ == "QueryOrderHistory" and family != "um_algo":
            exchange.expire(fields[id_name])
    return sample(kind, **fields)


@pytest.mark.asyncio
async def test_every_call() -> None:
    """Each request is accepted, and its reply is of its type."""
    async with (
        Simulator(era="both", limits=PLENTY) as exchange,
        PapiClient(
            exchange.api_key, exchange.secret, base_url=exchange.base_url, limits=PLENTY
        ) as papi,
    ):
        # The mode can't be changed once there are orders and positions; the second changes it back.
        for switch, dual in zip(SWITCHES, (True, False), strict=True):
            await papi.send(switch(dual_side_position=dual))
        for kind in ALL:
            if kind in SWITCHES:
                continue
            await papi.send(_request(kind, exchange))
        assert exchange.venue.statuses == {200: len(ALL)}
