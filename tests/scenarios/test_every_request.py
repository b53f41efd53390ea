"""Every request is sent, checked by the simulated exchange, and answered with its typed reply."""

from __future__ import annotations

from typing import Any, get_origin

import pytest

from binance_papi import EndpointRetiredError, NotOpenError, PapiClient, RateLimit
from binance_papi.core.endpoint import Request, weight_of
from binance_papi.simulator import Simulator
from tests.contract.census import ALL, sample
from tests.contract.test_replies import UNDOCUMENTED

# Of a day, so that no window ends while they are sent.
LIMITS = (
    RateLimit("REQUEST_WEIGHT", "DAY", 1, 60_000),
    RateLimit("ORDERS", "DAY", 1, 1200),
)


async def answer(papi: PapiClient, request: Request[Any]) -> Any:
    """The reply; ``None``: there is no such order; a text: what took the place of the path."""
    try:
        return await papi.send(request)
    except NotOpenError:
        return None
    except EndpointRetiredError as error:
        return str(error.replacement)


@pytest.mark.asyncio
async def test_the_exchange_in_a_box_takes_every_request() -> None:
    """Method, path, signature, parameters, weight and order count are as the exchange wants."""
    requests = [sample(kind) for kind in ALL if kind.endpoint.path not in UNDOCUMENTED]
    async with (
        Simulator(era="algo", limits=LIMITS) as exchange,
        PapiClient(
            exchange.api_key, exchange.secret, base_url=exchange.base_url, limits=LIMITS
        ) as papi,
    ):
        replies = [await answer(papi, request) for request in requests]
        usage = {one.limit.rate_limit_type: one.used for one in papi.usage()}
    assert usage == {
        "REQUEST_WEIGHT": sum(weight_of(request) for request in requests),
        "ORDERS": sum(request.endpoint.orders for request in requests),
    }
    for request, reply in zip(requests, replies, strict=True):
        endpoint = request.endpoint
        if endpoint.replaced_by is not None:
            assert reply == endpoint.replaced_by
        elif reply is None:  # an order that was never placed
            assert endpoint.either, request
        else:
            assert isinstance(reply, get_origin(endpoint.returns) or endpoint.returns), request
