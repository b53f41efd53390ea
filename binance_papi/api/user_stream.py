"""The listenKey of the user data stream: start, keep alive, close.

Source: the Portfolio Margin pages "Start / Keepalive / Close User Data Stream". The key header
alone is asked for, no signature (the English table of security types says otherwise; the Chinese
one and the official clients do not sign). There is one key per account: whoever starts a stream
gets the same one while it lives, and whoever closes it closes it for all.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec

from binance_papi.core.decode import BadReply, decode
from binance_papi.core.endpoint import USER_STREAM, Endpoint, Request
from binance_papi.core.namespace import Namespace, call
from binance_papi.core.signing import ListenKey


class UserDataStream(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A user data stream that was started, or found alive."""

    listen_key: ListenKey
    """The key, good for 60 minutes; it shows nothing of itself, ``reveal()`` gives the text."""


class Nothing(msgspec.Struct, frozen=True):
    """The empty reply of a keep-alive or a close."""


class _Start(Endpoint[UserDataStream]):
    """An endpoint whose reply is a secret."""

    __slots__ = ()

    def decode(self, body: bytes) -> UserDataStream:
        """Read the key, and wrap it; see `Endpoint.decode`."""
        key = decode(dict[str, Any], body, once=self.once).get("listenKey")
        found = None
        if isinstance(key, str):
            with suppress(ValueError):
                found = UserDataStream(listen_key=ListenKey(key))
        if found is None:
            raise BadReply("it has no listenKey")
        return found


class StartUserDataStream(Request[UserDataStream], frozen=True, kw_only=True):
    """Get the account's listenKey, good for 60 minutes from now on.

    Where one is alive it is the same one, and its life begins anew.
    """

    endpoint = _Start(
        "POST", "/papi/v1/listenKey", USER_STREAM, UserDataStream, weight=1, once=("listenKey",)
    )


class KeepaliveUserDataStream(Request[Nothing], frozen=True, kw_only=True):
    """Let the account's listenKey live for another 60 minutes; ask for it every 30 minutes.

    Without a living key it is a `RejectedError` with code -1125: start a new one.
    """

    endpoint = Endpoint("PUT", "/papi/v1/listenKey", USER_STREAM, Nothing, weight=1)


class CloseUserDataStream(Request[Nothing], frozen=True, kw_only=True):
    """Close the account's listenKey: every stream of the account goes silent, of any program."""

    endpoint = Endpoint("DELETE", "/papi/v1/listenKey", USER_STREAM, Nothing, weight=1)


class UserStreamKey(Namespace):
    """``papi.listen_key``: the requests behind `PapiClient.user_stream`."""

    start_user_data_stream = call(StartUserDataStream)
    keepalive_user_data_stream = call(KeepaliveUserDataStream)
    close_user_data_stream = call(CloseUserDataStream)
