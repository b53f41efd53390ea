"""Rows 42 to 45: refusals that are final, redirects, and odd characters."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any, Final

import pytest

from binance_papi import (
    AuthError,
    Canceled,
    EndpointRetiredError,
    InvalidRequestError,
    Rejected,
    RejectedError,
)
from binance_papi.api.um import algo, conditional
from binance_papi.simulator import nasty
from tests.faults.stage import FAMILIES, PATHS, Stage, together
from tests.stage import Peer

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]


async def test_row_42_the_key_is_refused(stage: Stage) -> None:
    """No retry; after three refusals in a row nobody knocks any more."""

    async def one(family: Any, name: str) -> None:
        fault = nasty(name, method="DELETE")
        async with stage.scene(
            family, faults=[fault], hits_all=True, client={"connections": 1}
        ) as scene:
            outcomes = await scene.burst(scene.seed(5))
            assert {type(outcome) for outcome in outcomes} == {Rejected}
            for outcome in outcomes:
                assert isinstance(outcome, Rejected)
                assert isinstance(outcome.error, AuthError), (name, outcome)
                assert len(scene.cancels(outcome)) == outcome.attempts <= 1
            assert sum(record.method == "DELETE" for record in scene.wire) == 3
            error = await scene.call(scene.papi.send(outcomes[0].request))
            assert isinstance(error, AuthError)

    await together(one(*case) for case in product(FAMILIES, ("2014", "2015", "1022", "401_html")))


async def test_row_43_the_path_is_gone(stage: Stage) -> None:
    """404: one request, the replacement's name, nothing to the other family, then silence."""

    async def one(family: Any, era: Any) -> None:
        async with stage.scene(family, era=era) as scene:
            (first,) = await scene.burst(scene.seed())
            assert isinstance(first, Rejected)
            assert isinstance(first.error, EndpointRetiredError)
            assert len(scene.cancels(first)) == first.attempts == 1
            for second in await scene.burst(scene.seed(5)):
                assert isinstance(second, Rejected)
                assert (second.attempts, scene.cancels(second)) == (0, [])
            mine = PATHS[family].rpartition("/")[0]
            other = PATHS["um_algo" if family != "um_algo" else "um_conditional"]
            assert not [one for one in scene.wire if one.path.startswith(other)]
            assert len([one for one in scene.wire if one.path.startswith(mine)]) == 1

    await together([one("um_conditional", "algo"), one("um_algo", "conditional")])


async def test_row_43_who_waited_does_not_knock_either(stage: Stage) -> None:
    """Of a burst on one connection only the first is sent."""
    async with stage.scene("um_conditional", era="algo", client={"connections": 1}) as scene:
        outcomes = await scene.burst(scene.seed(20))
        assert {type(outcome) for outcome in outcomes} == {Rejected}
        assert sum(outcome.attempts for outcome in outcomes) == 1
        assert scene.papi.usage()[0].used <= len(scene.wire)


async def test_row_43_what_took_its_place(stage: Stage) -> None:
    """The error names the request that replaced ``um/conditional``."""
    async with stage.scene("um_conditional", era="algo") as scene:
        outcome = await scene.one()
        assert isinstance(outcome, Rejected)
        assert isinstance(outcome.error, EndpointRetiredError)
        assert outcome.error.replacement == "DELETE /papi/v1/um/algo/order"


async def test_row_43_404_without_a_page_and_4120(stage: Stage) -> None:
    """The same from an empty 404, a page, and -4120."""

    async def one(family: Any, name: str) -> None:
        fault = nasty(name, method="DELETE", path=PATHS[family])
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, RejectedError)
            if name != "4120":
                assert isinstance(outcome.error, EndpointRetiredError)
            assert len(scene.cancels(outcome)) == outcome.attempts == 1
            assert "<" not in str(outcome.error)

    await together(one(*case) for case in product(FAMILIES, ("404_html", "404_empty", "4120")))


async def test_row_44_redirects(stage: Stage) -> None:
    """Never followed, wherever they lead; no cookie is kept or sent."""

    async def one(family: Any, status: int, location: str) -> None:
        peer = Peer()
        await peer.start()
        to = location.format(port=peer.port)
        cookie = ("Set-Cookie", "session=stolen; Path=/")
        fault = nasty(
            str(status), method="DELETE", path=PATHS[family], headers=(("Location", to), cookie)
        )
        async with stage.scene(family, faults=[fault]) as scene:
            outcome = await scene.one()
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, RejectedError)
            assert outcome.error.http_status == status
            assert len(scene.cancels(outcome)) == outcome.attempts == 1
            await scene.papi.general.test_connectivity()
            heads = getattr(scene.exchange, "heads")  # noqa: B009 - a subclass has it
            assert not [head for head in heads if "cookie" in {name.lower() for name in head}]
            assert not [one for one in scene.wire if "elsewhere" in one.path]
        assert peer.connections == 0
        await peer.stop()

    places = (
        "http://127.0.0.1:{port}/elsewhere",
        "//127.0.0.1:{port}/elsewhere",
        "/papi/v1/elsewhere",
        "http://localhost:{port}/elsewhere",
    )
    await together(one("um_conditional", *case) for case in product((301, 302, 307, 308), places))
    await together(one(family, 307, places[0]) for family in FAMILIES[1:])


ODD: Final = (
    "a\r\nX-Evil: 1",
    "a\nb",
    "a\x00b",
    "a&symbol=ETHUSDT",
    "a=b",
    "a#b",
    "a b",
    "a%0d%0ab",
    "测试USDT",
    "a/b?c",
    "+",
    "x" * 10_000,
    "",
)


async def test_row_45_odd_characters(stage: Stage) -> None:
    """Refused before anything is sent, or they arrive as one parameter exactly as they are."""

    async def one(text: str, family: str, field: str) -> None:
        async with stage.scene(family) as scene:
            before = len(scene.wire)
            fields: dict[str, Any]
            if family == "um_algo":
                make: Any = algo.CancelOrder
                fields = {"client_algo_id": text}
            elif field == "symbol":
                make, fields = conditional.CancelOrder, {"symbol": text, "strategy_id": 1}
            else:
                make = conditional.CancelOrder
                fields = {"symbol": "BTCUSDT", "new_client_strategy_id": text}
            try:
                request = make(**fields)
            except InvalidRequestError as error:
                scene.keep(error)
                return
            told = await scene.call(scene.papi.send(request))
            if isinstance(told, InvalidRequestError):
                assert len(scene.wire) == before
                return
            name = {"symbol": "symbol"}.get(field) or (
                "clientAlgoId" if family == "um_algo" else "newClientStrategyId"
            )
            (record,) = scene.wire[before:]
            assert record.params[name] == text
            assert set(record.params) <= {name, "symbol", "strategyId", "timestamp", "recvWindow"}
            heads = getattr(scene.exchange, "heads")  # noqa: B009 - a subclass has it
            assert "X-Evil" not in heads[-1]
            assert record.code not in (-1022, -1102), (text, record)

    await together(
        [
            *(one(text, "um_conditional", "symbol") for text in ODD),
            *(one(text, "um_conditional", "client id") for text in ODD),
            *(one(text, "um_algo", "client id") for text in ODD),
        ]
    )


async def test_row_45_what_is_allowed_arrives(stage: Stage) -> None:
    """Every character that a client id may have is signed as it is sent."""

    async def one(text: str) -> None:
        async with stage.scene("um_conditional") as scene:
            scene.exchange.place("um_conditional", client_id=text)
            outcome = await scene.one(
                conditional.CancelOrder(symbol="BTCUSDT", new_client_strategy_id=text)
            )
            assert isinstance(outcome, Canceled)

    await together(one(text) for text in ("a.b-c_d", "A:B/C", "0" * 32))
    await asyncio.sleep(0)
