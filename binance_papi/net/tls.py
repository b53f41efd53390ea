"""TLS between a plain transport and a lean connection.

The standard library's `ssl.SSLObject` does all that matters: handshake, certificates, host names,
records. Here bytes are carried between it and the wire. Both event loops have such a layer; for
requests that fit into one record, theirs cost 12 µs (uvloop) and 22 µs (asyncio) more for each.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Final, Protocol

_CHUNK: Final = 65_536


class Inner(Protocol):
    """Whoever speaks inside."""

    def connection_made(self, transport: asyncio.BaseTransport, /) -> None:
        """The handshake is done."""
        ...

    def connection_lost(self, exc: Exception | None, /) -> None:
        """It is gone."""
        ...

    def data_received(self, data: bytes, /) -> None:
        """Plain bytes came."""
        ...

    def end(self, reason: str, /) -> None:
        """Nothing that comes can be read any more."""
        ...


class TlsProtocol(asyncio.Protocol):
    """The client's side of one TLS connection.

    To the loop it is a protocol, to the connection inside it is the transport.

    Args:
        context: What to trust and how to talk; it decides, as everywhere.
        host: The name that the certificate has to bear.
        inner: What speaks inside.
        loop: The client's loop.
    """

    __slots__ = (
        "_closed",
        "_encrypt",
        "_inner",
        "_pull",
        "_push",
        "_read",
        "_secured",
        "_send",
        "_up",
        "_wire",
        "incoming",
        "secure",
    )

    def __init__(
        self, context: ssl.SSLContext, host: str, inner: Inner, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.secure = context.wrap_bio(self.incoming, outgoing, server_hostname=host)
        self._inner = inner
        self._wire: Any = None
        self._up = self._closed = False
        self._secured: asyncio.Future[None] = loop.create_future()
        # Bound once: they are called for every request.
        self._push, self._read = self.incoming.write, self.secure.read
        self._encrypt, self._pull = self.secure.write, outgoing.read
        self._send: Callable[[bytes], None] = _nowhere

    async def secured(self) -> None:
        """Wait for the handshake.

        Raises:
            ssl.SSLError: If the other side is not to be trusted, or can't be understood.
            OSError: If it hung up.
        """
        await self._secured

    # ------------------------------------------------------------------ the loop's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The plain connection stands."""
        self._wire = transport
        self._send = self._wire.write
        self._shake()

    def _shake(self) -> bool:
        """The next step of the handshake; tells whether it was the last."""
        problem: ssl.SSLError | None = None
        try:
            self.secure.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        except ssl.SSLError as error:
            problem = error
        self._flush()  # an alert tells the other side why
        if problem is not None:
            self._fail(problem)
            self._wire.close()
        elif not self._secured.done():  # unless whoever waited was cancelled
            self._up = True
            self._secured.set_result(None)
            self._inner.connection_made(self)  # type: ignore[arg-type]
        return self._up

    def _fail(self, problem: Exception) -> None:
        self._closed = True
        if not self._secured.done():
            self._secured.set_exception(problem)

    def _flush(self) -> None:
        """Send what TLS itself has to say."""
        said = self._pull()
        if said:
            self._send(said)

    def data_received(self, data: bytes) -> None:
        """Records came; often one, with one whole reply."""
        self._push(data)
        if not (self._up or self._shake()):
            return
        try:
            plain = self._read(_CHUNK)
            while plain:
                self._inner.data_received(plain)
                if not (self.incoming.pending or self.secure.pending()):
                    return
                plain = self._read(_CHUNK)
        except ssl.SSLWantReadError:
            self._flush()  # part of a record, or one of TLS's own, which may want an answer
        except ssl.SSLError as error:
            self._inner.end(f"the reply can't be decrypted ({type(error).__name__})")
            self.abort()
        else:
            self._wire.close()  # it said that it will say no more

    def connection_lost(self, exc: Exception | None) -> None:
        """The plain connection is gone."""
        if self._up:
            self._closed = True
            self._inner.connection_lost(exc)
        else:
            self._fail(exc or ConnectionResetError("hung up during the handshake"))

    # ------------------------------------------------------------------ the connection's side

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        self._encrypt(data)
        self._send(self._pull())

    def abort(self) -> None:
        """Drop it at once."""
        self._closed = True
        if self._wire is not None:
            self._wire.abort()

    def is_closing(self) -> bool:
        """Whether it is of no more use."""
        closing: bool = self._closed or self._wire.is_closing()
        return closing

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the plain transport knows."""
        return self._wire.get_extra_info(name, default)


def _nowhere(_: bytes) -> None:
    raise ConnectionError("the connection does not stand yet")
