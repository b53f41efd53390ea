"""UM histories as files: ask for one, then ask where it lies.

Source: the Portfolio Margin pages of these titles, their texts of 2025-11, and the official client
of 2026-10-23. Asking for a file takes a quarter of a minute's request weight, and may be done a few
times a month.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

from binance_papi.api.replies import NoneText
from binance_papi.api.words import DownloadStatus
from binance_papi.core.endpoint import DAY_MS, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.fields import Id
from binance_papi.core.namespace import Namespace, call
from binance_papi.terms import Text

_YEAR: Final = 366 * DAY_MS

DownloadId: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
"""Id of a file; digits so far, and a text on the pages."""


class Download(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A file that is being made."""

    download_id: Text
    """Id to ask for its link with."""
    avg_cost_timestamp_of_last30d: int | None = msgspec.field(
        default=None, name="avgCostTimestampOfLast30d"
    )
    """How long such files took to make in the last 30 days, in milliseconds."""


class DownloadLink(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """Where a file lies, once it is made."""

    download_id: Text
    """Id of the file."""
    status: DownloadStatus | None = None
    """``"processing"`` or ``"completed"``."""
    url: Text | None = None
    """Link to the file, good for 7 days; ``None`` while it is being made."""
    s3_link: Text | None = None
    """Not in use; ``"None"`` in the documentation."""
    notified: bool | None = None
    """Whether the user was told by mail."""
    expiration_timestamp: int | None = None
    """When the link ends, epoch milliseconds; -1 while the file is being made."""
    is_expired: bool | NoneText | None = None
    """Whether the link ended; ``"None"`` in the documentation."""


class GetDownloadIdForFuturesTransactionHistory(SignedRequest[Download], frozen=True, kw_only=True):
    """Ask for a file of transactions; 5 times a month, counted with those of the web page.

    Args:
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; at most a year after ``start_time``.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/um/income/asyn", USER_DATA, Download, weight=1500, span=_YEAR
    )

    start_time: Id
    end_time: Id


class GetFuturesTransactionDownloadLinkById(SignedRequest[DownloadLink], frozen=True, kw_only=True):
    """Ask where a file of transactions lies.

    Args:
        download_id: Id of the file.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/um/income/asyn/id", USER_DATA, DownloadLink, weight=10)

    download_id: DownloadId


class GetDownloadIdForFuturesOrderHistory(SignedRequest[Download], frozen=True, kw_only=True):
    """Ask for a file of orders; 10 times a month, counted with those of the web page.

    Args:
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; at most a year after ``start_time``.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/um/order/asyn", USER_DATA, Download, weight=1500, span=_YEAR
    )

    start_time: Id
    end_time: Id


class GetFuturesOrderDownloadLinkById(SignedRequest[DownloadLink], frozen=True, kw_only=True):
    """Ask where a file of orders lies.

    Args:
        download_id: Id of the file.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/um/order/asyn/id", USER_DATA, DownloadLink, weight=10)

    download_id: DownloadId


class GetDownloadIdForFuturesTradeHistory(SignedRequest[Download], frozen=True, kw_only=True):
    """Ask for a file of trades; 5 times a month, counted with those of the web page.

    Args:
        start_time: Epoch milliseconds, inclusive.
        end_time: Epoch milliseconds, inclusive; at most a year after ``start_time``.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/um/trade/asyn", USER_DATA, Download, weight=1500, span=_YEAR
    )

    start_time: Id
    end_time: Id


class GetFuturesTradeDownloadLinkById(SignedRequest[DownloadLink], frozen=True, kw_only=True):
    """Ask where a file of trades lies.

    Args:
        download_id: Id of the file.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/um/trade/asyn/id", USER_DATA, DownloadLink, weight=10)

    download_id: DownloadId


class Downloads(Namespace):
    """``papi.um.downloads``."""

    get_download_id_for_futures_transaction_history = call(
        GetDownloadIdForFuturesTransactionHistory
    )
    get_futures_transaction_download_link_by_id = call(GetFuturesTransactionDownloadLinkById)
    get_download_id_for_futures_order_history = call(GetDownloadIdForFuturesOrderHistory)
    get_futures_order_download_link_by_id = call(GetFuturesOrderDownloadLinkById)
    get_download_id_for_futures_trade_history = call(GetDownloadIdForFuturesTradeHistory)
    get_futures_trade_download_link_by_id = call(GetFuturesTradeDownloadLinkById)
