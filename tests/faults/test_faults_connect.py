"""Rows 1 to 5: no name, no connection, no trust; and what the environment says."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import resource
import socket
import ssl as tls
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from binance_papi import Canceled, PapiError, Rejected, UnsentError, WaitTooLongError
from binance_papi.simulator import nasty
from tests.faults.stage import FAMILIES, Stage, cancel_of, together
from tests.stage import Peer

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

BY_NAME: Final = "http://localhost:{port}"


class Names:
    """Answers for what ``localhost`` is."""

    def __init__(self) -> None:
        self.asked = 0
        self.say: Callable[[int], list[str]] = lambda _: ["127.0.0.1"]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """The resolver in the tests' hands; it is asked by a thread, as the system's is."""
    names = Names()
    real = socket.getaddrinfo

    def lookup(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != "localhost":
            return real(host, port, *rest, **more)
        names.asked += 1
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port or 0)))
            for address in names.say(names.asked)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return names


def no_such_name(_: int) -> list[str]:
    """NXDOMAIN."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def test_row_01_no_such_name(stage: Stage, names: Names) -> None:
    """Never sent, refunded, nothing on the wire."""
    names.say = no_such_name

    async def one(family: Any) -> None:
        async with stage.scene(family, base_url=BY_NAME, warm=False, hits_all=True) as scene:
            outcome = await scene.one(deadline=0.5)
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, UnsentError | WaitTooLongError)
            assert outcome.attempts == 0
            assert scene.wire == []
            await asyncio.sleep(0.05)  # what was broken off is refunded in the next turns
            assert scene.papi.usage()[0].used == 0
            error = await scene.call(scene.papi.send(outcome.request))
            assert isinstance(error, UnsentError)

    await together(one(family) for family in FAMILIES)
    assert names.asked > 3  # it was tried again


async def test_row_01_a_name_that_takes_long(stage: Stage, names: Names) -> None:
    """Thirty seconds for an answer are not waited for."""
    over = threading.Event()

    def hang(_: int) -> list[str]:
        over.wait(30)
        return no_such_name(0)

    names.say = hang
    async with stage.scene(base_url=BY_NAME, warm=False, hits_all=True) as scene:
        outcome = await scene.one(deadline=1.0)
        assert isinstance(outcome, Rejected)
        assert isinstance(outcome.error, PapiError)
        assert (outcome.attempts, scene.wire) == (0, [])
        over.set()


async def test_row_01_a_name_that_flaps(stage: Stage, names: Names) -> None:
    """Two failures, then an answer: the order is cancelled."""
    names.say = lambda asked: no_such_name(0) if asked < 3 else ["127.0.0.1"]
    async with stage.scene(base_url=BY_NAME, warm=False) as scene:
        assert isinstance(await scene.one(), Canceled)


async def test_row_01_the_last_good_address_is_used(stage: Stage, names: Names) -> None:
    """Names fail later, and connections break: the address that worked is still known."""
    async with stage.scene(base_url=BY_NAME) as scene:
        names.say = no_such_name
        scene.exchange.inject(nasty("reset_before", method="DELETE", times=8))
        assert isinstance(await scene.one(), Canceled)


def free_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def black_hole(address: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port that answers no SYN: its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield int(listener.getsockname()[1])


async def test_row_02_refused_and_black_hole(stage: Stage) -> None:
    """Never sent; a connect takes a second at most, and the deadline holds."""

    async def one(family: Any, port: int) -> None:
        url = f"http://127.0.0.1:{port}"
        async with stage.scene(family, base_url=url, warm=False, hits_all=True) as scene:
            outcome = await scene.one(deadline=1.5)
            assert isinstance(outcome, Rejected)
            assert isinstance(outcome.error, UnsentError), outcome
            assert (outcome.attempts, scene.wire) == (0, [])
            await asyncio.sleep(0.05)  # what was broken off is refunded in the next turns
            assert scene.papi.usage()[0].used == 0

    with black_hole() as hole:
        await together(one(*case) for case in product(FAMILIES, (free_port(), hole)))


async def test_row_02_the_second_address_is_tried(stage: Stage, names: Names) -> None:
    """The first address refuses, or is a black hole: the second one serves."""
    names.say = lambda _: ["127.0.0.2", "127.0.0.1"]
    async with stage.scene(base_url=BY_NAME, warm=False) as scene:
        assert isinstance(await scene.one(deadline=5.0), Canceled)
    async with stage.scene(base_url=BY_NAME, warm=False) as scene:
        port = int(scene.exchange.base_url.rpartition(":")[2])
        with black_hole("127.0.0.2", port):
            assert isinstance(await scene.one(deadline=8.0), Canceled)


async def test_row_02_too_many_open_files(stage: Stage) -> None:
    """No socket is to be had for a while: never sent, and sent later."""
    async with stage.scene(warm=False) as scene:
        loop = asyncio.get_running_loop()
        old = resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 16, old[1]))
        taken: list[int] = []
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(0))

        def release() -> None:
            resource.setrlimit(resource.RLIMIT_NOFILE, old)
            while taken:
                os.close(taken.pop())

        loop.call_later(0.4, release)
        try:
            outcome = await scene.one()
        finally:
            release()
        assert isinstance(outcome, Canceled)
        assert outcome.attempts == 1
        assert len(scene.cancels(outcome)) == 1


# ---------------------------------------------------------------------- trust


class Plain:
    """Counts what it is told in the clear, after TLS if there is any."""

    def __init__(self) -> None:
        self.heard = b""
        self.port = 0

    @contextlib.asynccontextmanager
    async def listening(self, context: tls.SSLContext | None) -> AsyncIterator[None]:
        """Listen for a while."""
        writers: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            with contextlib.suppress(OSError, asyncio.CancelledError):
                while data := await reader.read(65_536):
                    self.heard += data

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            for writer in writers:
                writer.transport.abort()
            await server.wait_closed()
            await asyncio.sleep(0.02)


def _context(authority: trustme.CA, host: str, **settings: Any) -> tls.SSLContext:
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, **settings).configure_cert(context)
    return context


def _old_protocol(authority: trustme.CA) -> tls.SSLContext:
    context = _context(authority, "127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = tls.TLSVersion.TLSv1
    context.maximum_version = tls.TLSVersion.TLSv1_1
    return context


async def test_row_03_tls_that_can_not_be_trusted(
    stage: Stage, authority: trustme.CA, recwarn: pytest.WarningsRecorder
) -> None:
    """Strange authority, wrong host, expired, too old, stalled, none at all: the key stays here."""
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    servers = {
        "strange authority": _context(trustme.CA(), "127.0.0.1"),
        "wrong host": _context(authority, "elsewhere.example"),
        "expired": _context(authority, "127.0.0.1", not_after=yesterday),
        "too old": _old_protocol(authority),
        "stalled or no TLS at all": None,
    }
    trust = tls.create_default_context()
    authority.configure_trust(trust)
    recwarn.clear()

    async def one(name: str, context: tls.SSLContext | None) -> None:
        server = Plain()
        async with (
            server.listening(context),
            stage.alone(f"https://127.0.0.1:{server.port}", ssl=trust) as papi,
        ):
            loop = asyncio.get_running_loop()
            began = loop.time()
            cancels = [cancel_of(family, 7) for family in FAMILIES]
            report = await papi.burst(cancels, deadline=1.0)
            stage.delivered(loop.time() - began, report, 1.0)
            for outcome in report.outcomes:
                stage.keep(outcome)
                assert isinstance(outcome, Rejected), name
                assert isinstance(outcome.error, UnsentError | WaitTooLongError), name
                assert outcome.attempts == 0
            await asyncio.sleep(0.05)
            assert papi.usage()[0].used == 0
        if context is None:
            assert not any(word in server.heard for word in (b"HTTP", b"MBX", b"papi"))
        else:
            assert server.heard == b"", name

    await together(one(*case) for case in servers.items())


async def test_row_03_trust_can_not_be_turned_off(stage: Stage) -> None:
    """A context that does not verify, or takes old protocols, is refused."""
    careless = tls.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = tls.CERT_NONE
    with pytest.raises(ValueError, match="does not verify") as caught:
        stage.client("https://127.0.0.1", ssl=careless)
    stage.keep(caught.value)
    with pytest.raises(ValueError, match="in the open") as caught:
        stage.client("http://papi.example.com")
    stage.keep(caught.value)


async def test_row_03_tls_that_can(stage: Stage, authority: trustme.CA) -> None:
    """With the right certificate it works, over TLS."""
    trust = tls.create_default_context()
    authority.configure_trust(trust)
    async with stage.scene(ssl=_context(authority, "127.0.0.1"), client={"ssl": trust}) as scene:
        assert isinstance(await scene.one(), Canceled)


# ---------------------------------------------------------------------- environment


async def test_row_04_the_environment_is_ignored(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither its proxies nor its passwords are used."""
    proxy = Peer()
    await proxy.start()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY"):
        monkeypatch.setenv(name, proxy.base_url)
        monkeypatch.setenv(name.lower(), proxy.base_url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n")
    monkeypatch.setenv("NETRC", str(netrc))

    async def one(family: Any) -> None:
        async with stage.scene(family) as scene:
            assert isinstance(await scene.one(), Canceled)
            heads = getattr(scene.exchange, "heads")  # noqa: B009 - a subclass has it
            assert heads
            assert not [head for head in heads if "Authorization" in head]

    await together(one(family) for family in FAMILIES)
    assert proxy.connections == 0
    await proxy.stop()


# ---------------------------------------------------------------------- many


async def test_row_05_a_thousand_wait_while_nothing_connects(stage: Stage, names: Names) -> None:
    """A thousand refunds: nothing counts as used, and nothing was sent."""
    names.say = no_such_name
    async with stage.scene(base_url=BY_NAME, warm=False, hits_all=True) as scene:
        outcomes = await scene.burst(scene.seed(1000), deadline=1.0)
        assert {type(outcome) for outcome in outcomes} == {Rejected}
        await asyncio.sleep(0.1)
        usage = scene.papi.usage()[0]
        assert (usage.used, usage.in_flight, len(scene.wire)) == (0, 0, 0)


async def test_row_05_and_keep_their_order(stage: Stage, names: Names) -> None:
    """When connections come about, all go once, and those that waited in their order."""
    settings = {"connections": 1}
    names.say = lambda asked: no_such_name(0) if asked < 3 else ["127.0.0.1"]
    async with stage.scene(base_url=BY_NAME, warm=False, client=settings) as scene:
        ids = scene.seed(300)
        outcomes = await scene.burst(ids, deadline=15.0)
        assert {type(outcome) for outcome in outcomes} == {Canceled}
        arrived = [
            int(record.params["strategyId"])
            for record in scene.wire
            if record.path.startswith("/papi/v1/um/conditional")
        ]
        assert sorted(arrived) == ids
        # The few that were tried in vain have their turn later; all others keep their places.
        tried = 8
        steps = sum(b < a for a, b in pairwise(arrived))
        assert steps <= tried
