"""What each cancel of one order knows: what its reply says, whom to ask, what comes after."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from binance_papi.api.cm import conditional as cm_conditional
from binance_papi.api.cm import orders as cm_orders
from binance_papi.api.um import algo, conditional, orders
from binance_papi.core.cancel import CANCELED, Cancel, Sighting, Sweep
from binance_papi.core.decode import BadReply

REPLIES = Path(__file__).parent / "replies"

ALGO = algo.CancelOrder(algo_id=2146760, client_algo_id="mine", recv_window=900)
CONDITIONAL = conditional.CancelOrder(
    symbol="BTCUSDT", strategy_id=123445, new_client_strategy_id="mine", recv_window=900
)
UM = orders.CancelOrder(symbol="BTCUSDT", order_id=7, orig_client_order_id="mine", recv_window=900)
CM_CONDITIONAL = cm_conditional.CancelOrder(
    symbol="BTCUSD_PERP", strategy_id=123445, new_client_strategy_id="mine", recv_window=900
)
CM = cm_orders.CancelOrder(
    symbol="BTCUSD_PERP", order_id=7, orig_client_order_id="mine", recv_window=900
)
EVERY = [ALGO, CONDITIONAL, UM, CM_CONDITIONAL, CM]
EACH = pytest.mark.parametrize("cancel", EVERY, ids=lambda cancel: cancel.endpoint.path)


def body(name: str) -> bytes:
    """A documented reply."""
    return (REPLIES / f"{name}.json").read_bytes()


@EACH
def test_the_order_it_names(cancel: Cancel[Any]) -> None:
    """Path, symbol where there is one, and both ids."""
    number, text = (getattr(cancel, name) for name in cancel.ids)
    symbol = getattr(cancel, "symbol", None)
    assert cancel.order() == (cancel.endpoint.path, symbol, number, "mine")
    assert text == "mine"
    assert cancel.endpoint.either == (cancel.ids,)


@EACH
def test_a_sighting_of_another_order_is_not_of_this_one(cancel: Cancel[Any]) -> None:
    """An id that contradicts is enough; one that is missing is not."""
    number = getattr(cancel, cancel.ids[0])
    assert cancel.names(Sighting())
    assert cancel.names(Sighting(id=number, client_id="mine"))
    assert not cancel.names(Sighting(id=number + 1))
    assert not cancel.names(Sighting(id=number, client_id="another"))


@EACH
def test_questions_name_the_same_order(cancel: Cancel[Any]) -> None:
    """Both ids travel along, and the replies say what they saw."""
    for question in cancel.questions():
        for name in (*cancel.ids, "symbol"):
            assert getattr(question, name, None) == getattr(cancel, name, None)
        assert callable(question.endpoint.returns.sighting)


@EACH
def test_what_the_documented_queries_say(cancel: Cancel[Any]) -> None:
    """Each example names an order, its status, and when it changed."""
    for question in cancel.questions():
        path = question.endpoint.path.replace("/", "_")
        plain = json.loads(body(f"GET{path}"))
        seen = question.decode(body(f"GET{path}")).sighting()
        assert seen.id in (plain.get("algoId"), plain.get("strategyId"), plain.get("orderId"))
        assert seen.status in plain.values()
        assert (seen.symbol, seen.updated) == (plain["symbol"], plain["updateTime"])


def test_questions() -> None:
    """One query tells of algo and of plain orders; conditional ones need two."""
    assert [type(question) for question in ALGO.questions()] == [algo.QueryCurrentOpenOrder]
    assert [type(question) for question in UM.questions()] == [orders.QueryOrder]
    assert [type(question) for question in CM.questions()] == [cm_orders.QueryOrder]
    assert [type(question) for question in CM_CONDITIONAL.questions()] == [
        cm_conditional.QueryCurrentOpenOrder,
        cm_conditional.QueryOrderHistory,
    ]
    assert [type(question) for question in CONDITIONAL.questions()] == [
        conditional.QueryCurrentOpenOrder,
        conditional.QueryOrderHistory,
    ]


def test_sweeps() -> None:
    """A symbol can be swept; an algo cancel names none."""
    assert ALGO.sweep() is None
    assert UM.sweep() == Sweep(
        open_orders=orders.QueryAllCurrentOpenOrders(symbol="BTCUSDT"),
        cancel_all=orders.CancelAllOpenOrders(symbol="BTCUSDT"),
        history=orders.QueryAllOrders(symbol="BTCUSDT", limit=1000),
    )
    assert CONDITIONAL.sweep() == Sweep(
        open_orders=conditional.QueryAllCurrentOpenOrders(symbol="BTCUSDT"),
        cancel_all=conditional.CancelAllOpenOrders(symbol="BTCUSDT"),
        history=conditional.QueryAllOrders(symbol="BTCUSDT", limit=1000),
    )
    assert CM.sweep() == Sweep(
        open_orders=cm_orders.QueryAllCurrentOpenOrders(symbol="BTCUSD_PERP"),
        cancel_all=cm_orders.CancelAllOpenOrders(symbol="BTCUSD_PERP"),
        history=cm_orders.QueryAllOrders(symbol="BTCUSD_PERP", limit=100),
    )
    assert CM_CONDITIONAL.sweep() == Sweep(
        open_orders=cm_conditional.QueryAllCurrentOpenOrders(symbol="BTCUSD_PERP"),
        cancel_all=cm_conditional.CancelAllOpenOrders(symbol="BTCUSD_PERP"),
        history=cm_conditional.QueryAllOrders(symbol="BTCUSD_PERP", limit=1000),
    )


def test_children() -> None:
    """The plain order that a triggered one became is cancelled by its own id."""
    seen = Sighting(status="TRIGGERED", symbol="BTCUSDT", child=2**63 - 1)
    plain = orders.CancelOrder(symbol="BTCUSDT", order_id=2**63 - 1, recv_window=900)
    assert ALGO.child(seen) == CONDITIONAL.child(seen) == plain
    assert CONDITIONAL.child(Sighting(child=2**63 - 1)) == plain
    assert CM_CONDITIONAL.child(seen) == cm_orders.CancelOrder(
        symbol="BTCUSD_PERP", order_id=2**63 - 1, recv_window=900
    )
    assert UM.child(seen) is None
    assert CM.child(seen) is None


@pytest.mark.parametrize(
    "seen",
    [
        Sighting(status="TRIGGERED", symbol="BTCUSDT"),
        Sighting(status="TRIGGERED", child=1),
        Sighting(status="TRIGGERED", symbol="", child=1),
        Sighting(status="TRIGGERED", symbol="BTC\nUSDT", child=1),
        Sighting(status="TRIGGERED", symbol="X" * 65, child=1),
    ],
)
def test_no_child_where_the_sighting_does_not_tell_enough(seen: Sighting) -> None:
    """Without an id and a symbol nothing can be addressed; a reply can't make it raise."""
    assert ALGO.child(seen) is None
    if seen.child is None:
        assert CONDITIONAL.child(seen) is None
        assert CM_CONDITIONAL.child(seen) is None


# ---------------------------------------------------------------------- algo: replies to a cancel


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ({"complete": True}, CANCELED),
        ({"complete": "true"}, CANCELED),
        ({"code": "200", "msg": "success", "algoId": 2146760, "clientAlgoId": "mine"}, CANCELED),
        ({"code": 200}, CANCELED),
        ({"complete": True, "code": 200}, CANCELED),
        ({"algoId": 2146760, "algoStatus": "CANCELED"}, CANCELED),
        ({"algoStatus": "TRIGGERING", "complete": True}, "TRIGGERING"),
        ({"algoStatus": "NEW", "code": "200"}, "NEW"),
        ({"algoStatus": "LATER"}, "LATER"),
        ({"algoStatus": "", "complete": True}, CANCELED),
        ({"algoStatus": "CANCELED", "complete": False}, CANCELED),
        ({"complete": False}, None),
        ({"complete": None}, None),
        ({"complete": True, "code": 400}, None),
        ({"complete": False, "code": 200}, None),
        ({"code": "0"}, None),
        ({"msg": "success"}, None),
        ({}, None),
    ],
)
def test_what_the_reply_of_an_algo_cancel_claims(reply: Any, status: str | None) -> None:
    """A status wins; else it claims a cancel where nothing in it says otherwise."""
    seen = ALGO.sight(algo.CancelOrder.decode(json.dumps(reply).encode()))
    assert seen.status == status
    assert seen.id == reply.get("algoId")
    assert seen.client_id == reply.get("clientAlgoId")


def test_the_reply_of_an_algo_cancel_may_be_a_whole_order() -> None:
    """Then it says all that an order says, but not when it was placed."""
    plain = body("GET_papi_v1_um_algo_algoOrder")
    whole = algo.QueryCurrentOpenOrder.decode(plain).sighting()
    assert whole.placed == 1750485492076
    expected = msgspec.structs.replace(whole, placed=None)
    assert algo.CancelOrder.decode(plain).sighting() == expected


@pytest.mark.parametrize(
    "reply",
    [
        b'{"complete":true,"complete":false}',
        b'{"code":"200","code":"400"}',
        b'{"algoId":1,"algoId":2,"complete":true}',
        b'{"algoStatus":"NEW","algoStatus":"CANCELED"}',
        b'{"actualOrderId":"1","actualOrderId":"2"}',
        b'{"complete":true,"compl\\u0065te":false}',
        b'{"code":-2011,"msg":"Unknown order sent."}',
        b'{"complete":"perhaps"}',
        b'{"algoId":-1}',
        b"[]",
        b"true",
    ],
)
def test_an_algo_cancel_s_reply_that_can_t_be_read(reply: bytes) -> None:
    """Neither a guess nor a success."""
    with pytest.raises(BadReply):
        algo.CancelOrder.decode(reply)


def test_no_time_is_learned_from_an_algo_cancel() -> None:
    """Its reply holds none; those that do are named."""
    assert algo.CancelOrder.endpoint.stamped is None
    for request in (
        algo.NewOrder,
        orders.NewOrder,
        orders.CancelOrder,
        cm_orders.NewOrder,
        cm_orders.CancelOrder,
        cm_conditional.NewOrder,
        cm_conditional.CancelOrder,
    ):
        stamped = request.endpoint.stamped
        assert stamped is not None
        name = f"{request.endpoint.method}{request.endpoint.path.replace('/', '_')}"
        assert getattr(request.decode(body(name)), stamped) > 0


@pytest.mark.parametrize(
    ("spelled", "number"),
    [("", None), (None, None), ("0", None), ("4611875134427365377", 4611875134427365377), (7, 7)],
)
def test_the_child_of_an_algo_order_is_a_text(spelled: Any, number: int | None) -> None:
    """Empty before the trigger; then the digits of an order id, none of them lost."""
    plain = {"algoId": 1, "algoStatus": "TRIGGERED", "actualOrderId": spelled}
    order = algo.QueryCurrentOpenOrder.decode(json.dumps(plain).encode())
    assert order.sighting().child == number


def test_what_a_plain_order_says() -> None:
    """Its reply to a cancel is the order itself."""
    seen = UM.sight(orders.CancelOrder.decode(body("DELETE_papi_v1_um_order")))
    assert seen == Sighting(
        status=CANCELED,
        id=4611875134427365377,
        client_id="myOrder1",
        symbol="BTCUSDT",
        updated=1571110484038,
    )


def test_one_open_cm_order_comes_in_two_shapes() -> None:
    """An order, or a list of one; nothing else is an answer to the question."""
    ask = cm_orders.QueryCurrentOpenOrder
    plain = ask.decode(body("GET_papi_v1_cm_openOrder__object_shape"))
    assert plain.order_id == 1917641
    assert ask.decode(body("GET_papi_v1_cm_openOrder")) == plain
    for wrong in (
        b"[]",
        b'[{"orderId":1},{"orderId":2}]',
        b'[{"orderId":1,"orderId":2}]',
        b'[[{"orderId":1}]]',
        b"{}",
        b"null",
    ):
        with pytest.raises(BadReply):
            ask.decode(wrong)


def test_what_a_triggered_cm_order_says() -> None:
    """The plain order's id is a number here."""
    past = cm_conditional.QueryOrderHistory.decode(
        body("GET_papi_v1_cm_conditional_orderHistory")
    ).sighting()
    assert past == Sighting(
        status="TRIGGERED",
        id=123445,
        client_id="abc",
        symbol="BTCUSD",
        child=12123343534,
        updated=1566818724722,
        placed=1566818724710,
    )
