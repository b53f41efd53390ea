"""Every request is sent, checked by the simulated exchange, and answered with its typed reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_origin

import pytest

from binance_papi import EndpointRetiredError, PapiClient, RateLimit
from binance_papi.api.cm import positions as cm_positions
from binance_papi.api.um import positions as um_positions
from binance_papi.core.endpoint import Request, fields_of, weight_of
from binance_papi.simulator import FamilyName, Simulator
from tests.contract.census import ALL, sample

# Of a day, so that no window ends while they are sent.
LIMITS = (
    RateLimit("REQUEST_WEIGHT", "DAY", 1, 60_000),
    RateLimit("ORDERS", "DAY", 1, 1200),
)
# A listenKey is there before it is kept alive, and until it is deleted.
METHODS = ("POST", "PUT", "GET", "DELETE")
FAMILIES: dict[str, tuple[str, FamilyName]] = {
    "um.conditional": ("strategy_id", "um_conditional"),
    "cm.conditional": ("strategy_id", "cm_conditional"),
    "um.algo": ("algo_id", "um_algo"),
    "um.orders": ("order_id", "um"),
    "um.history": ("order_id", "um"),
    "cm.orders": ("order_id", "cm"),
    "cm.history": ("order_id", "cm"),
}
SWITCHES: tuple[type[Request[Any]], ...] = (
    um_positions.ChangePositionMode,
    cm_positions.ChangePositionMode,
)


def of(kind: type[Request[Any]], exchange: Simulator) -> Request[Any]:
    """A request of a class, about an order that is there if it is about one."""
    id_name, family = FAMILIES.get(kind.__module__.removeprefix("binance_papi.api."), ("", "um"))
    if id_name not in {field.name for field in fields_of(kind)}:
        return sample(kind)
    order = exchange.place(family)
    if kind.__name__ == "QueryOrderHistory" and family != "um_algo":
        exchange.expire(order)
    return sample(kind, **{id_name: order})


def plan(exchange: Simulator) -> Iterator[Request[Any]]:
    """All requests, in an order in which each can succeed; their orders are placed on the way."""
    # The mode can't be changed once there are orders and positions; the second changes it back.
    for kind, dual in zip(SWITCHES, (True, False), strict=True):
        yield sample(kind, dual_side_position=dual)
    for kind in sorted(ALL, key=lambda kind: METHODS.index(kind.endpoint.method)):
        if kind not in SWITCHES:
            yield of(kind, exchange)


async def answer(papi: PapiClient, request: Request[Any]) -> Any:
    """The reply, or a text: what took the place of the path."""
    try:
        return await papi.send(request)
    except EndpointRetiredError as error:
        return str(error.replacement)


@pytest.mark.asyncio
async def test_the_exchange_in_a_box_takes_every_request() -> None:
    """Method, path, signature, parameters, weight and order count are as the exchange wants."""
    async with (
        Simulator(era="algo", limits=LIMITS) as exchange,
        PapiClient(
            exchange.api_key, exchange.secret, base_url=exchange.base_url, limits=LIMITS
        ) as papi,
    ):
        replies = [(request, await answer(papi, request)) for request in plan(exchange)]
        usage = {one.limit.rate_limit_type: one.used for one in papi.usage()}
    assert usage == {
        "REQUEST_WEIGHT": sum(weight_of(request) for request, _ in replies),
        "ORDERS": sum(request.endpoint.orders for request, _ in replies),
    }
    for request, reply in replies:
        endpoint = request.endpoint
        if endpoint.replaced_by is not None:
            assert reply == endpoint.replaced_by
        else:
            assert isinstance(reply, get_origin(endpoint.returns) or endpoint.returns), request
