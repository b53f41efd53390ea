"""A declaration becomes a method."""

from __future__ import annotations

import inspect
from collections.abc import Coroutine
from typing import Any

import pytest

from binance_papi.api.general import Pong, TestConnectivity
from binance_papi.api.um.algo import NewOrder
from binance_papi.api.um.conditional import CancelOrder, Conditional
from binance_papi.core.namespace import Namespace, branch, call
from binance_papi.errors import InvalidRequestError, UsageError


class Inner(Namespace):
    """The inner page."""

    cancel_order = call(CancelOrder)


class Outer(Namespace):
    """The outer page."""

    ping = call(TestConnectivity)
    inner = branch(Inner)
    later: branch[Conditional] = branch("binance_papi.api.um.conditional:Conditional")


class Recorder:
    """Carries nothing; remembers what it was given."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def __call__(self, request: Any, /) -> Any:
        """Take a request."""
        self.seen.append(request)
        return Pong()


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


def test_method_sends_its_request() -> None:
    """Arguments make the request; what carries it gets it."""
    recorder = Recorder()
    outer = Outer(recorder)
    assert finish(outer.ping()) == Pong()
    finish(outer.inner.cancel_order(symbol="BTCUSDT", strategy_id=1))
    assert recorder.seen == [TestConnectivity(), CancelOrder(symbol="BTCUSDT", strategy_id=1)]


def test_method_is_made_once_and_well_named() -> None:
    """Help, tracebacks and repeated access find a plain method."""
    outer = Outer(Recorder())
    assert outer.ping is outer.ping
    assert outer.inner is outer.inner
    assert (outer.ping.__name__, outer.ping.__qualname__) == ("ping", "Outer.ping")
    assert TestConnectivity.__doc__ == outer.ping.__doc__


def test_declarations_on_the_class() -> None:
    """On the class the declaration itself is found, with its documentation."""
    assert Outer.ping.request is TestConnectivity
    assert Outer.inner.kind is Inner
    assert (TestConnectivity.__doc__, "The inner page.") == (
        Outer.ping.__doc__,
        Outer.inner.__doc__,
    )


def test_instances_share_nothing() -> None:
    """Two clients have two sets of methods."""
    first, second = Recorder(), Recorder()
    finish(Outer(first).ping())
    finish(Outer(second).ping())
    assert (len(first.seen), len(second.seen)) == (1, 1)


def test_a_branch_may_be_imported_when_it_is_used() -> None:
    """Where a namespace is stands for it; it becomes the class itself."""
    later = branch[Conditional]("binance_papi.api.um.conditional:Conditional")
    assert later.__doc__ == "``binance_papi.api.um.conditional:Conditional``."
    assert later.kind is Conditional
    assert later.__doc__ == Conditional.__doc__
    recorder = Recorder()
    finish(Outer(recorder).later.cancel_order(symbol="BTCUSDT", strategy_id=1))
    assert recorder.seen == [CancelOrder(symbol="BTCUSDT", strategy_id=1)]


def test_the_signature_shows_what_is_sent_without_being_given() -> None:
    """Help and editors show the value of a field that has one."""

    class Page(Namespace):
        """A page."""

        new_order = call(NewOrder)

    shown = inspect.signature(Page(Recorder()).new_order).parameters
    assert shown["algo_type"].default == "CONDITIONAL"
    assert shown["price"].default is None
    assert shown["type"].default is inspect.Parameter.empty


def test_what_goes_wrong_goes_wrong_where_it_is_awaited() -> None:
    """Bad values, unknown names and a client that is closed: no error of the call itself."""

    def closed(_: Any, /) -> Any:
        raise UsageError("the client is closed")

    cancel: Any = Outer(Recorder()).inner.cancel_order
    refused = [
        (cancel(symbol="BTCUSDT", strategy_id=-1), InvalidRequestError),
        (cancel(symbol="BTCUSDT", strategy=1), TypeError),
        (Outer(closed).ping(), UsageError),
    ]
    for coroutine, kind in refused:
        with pytest.raises(kind):
            finish(coroutine)


def test_a_request_may_be_made_later() -> None:
    """Whoever can start one gets its class and its fields, inner namespaces too."""
    started: list[Any] = []

    async def start(kind: Any, fields: Any, /) -> Any:
        started.append((kind, fields))

    recorder = Recorder()
    outer = Outer(recorder, start)
    finish(outer.ping())
    finish(outer.inner.cancel_order(symbol="BTCUSDT", strategy_id=1))
    assert recorder.seen == []
    assert started == [
        (TestConnectivity, {}),
        (CancelOrder, {"symbol": "BTCUSDT", "strategy_id": 1}),
    ]
