"""Whom to trust, for the tests of TLS."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
import trustme

from tests.net.tls_stage import HOST, Trust, client_context, server_context


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Makes futures; at the end nobody missed what one of them held."""
    loop = asyncio.new_event_loop()
    missed: list[Any] = []
    loop.set_exception_handler(lambda _, context: missed.append(context))
    yield loop
    gc.collect()
    loop.close()
    assert missed == []


@pytest.fixture(scope="module")
def trusts(
    authority: trustme.CA, loop: asyncio.AbstractEventLoop
) -> dict[ssl.TLSVersion | None, Trust]:
    """Contexts that fit each other, by version."""
    certificate = authority.issue_cert(HOST)
    made: dict[ssl.TLSVersion | None, Trust] = {}
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, None):
        made[version] = trust = Trust(server_context(certificate), client_context(authority), loop)
        if version is not None:
            trust.client.minimum_version = trust.client.maximum_version = version
    return made


@pytest.fixture
def trust(trusts: dict[ssl.TLSVersion | None, Trust]) -> Trust:
    """Whatever version they agree on."""
    return trusts[None]
