"""Endpoints under ``/papi`` that are no part of the Portfolio Margin pages.

Two belong to the partner programme, two to Portfolio Margin PRO accounts. Little is written about
them: a change log of 2026-10-22 names the latter two and nothing else, and no reply of the four is
documented. So a reply is left as the JSON it came as (`msgspec.Raw`, read it with
``msgspec.json.decode``), and weights are guesses where said so: the exchange's own count corrects
the client's after the first reply.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec

from binance_papi.core.endpoint import TRADE, USER_DATA, Endpoint, SignedRequest
from binance_papi.core.namespace import Namespace, call

Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=256)]


class GetCustomizeIdForClient(SignedRequest[msgspec.Raw], frozen=True, kw_only=True):
    """Ask for the id that a partner gave to a client. What it answers is not documented.

    Args:
        broker_id: The partner's id.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "GET", "/papi/v1/apiReferral/userCustomization", USER_DATA, msgspec.Raw, weight=100
    )

    broker_id: Text


class CustomizeIdForClient(SignedRequest[msgspec.Raw], frozen=True, kw_only=True):
    """Give an id of a partner to a client. What it answers is not documented.

    Args:
        customer_id: The client's id.
        broker_id: The partner's id.
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint(
        "POST", "/papi/v1/apiReferral/userCustomization", USER_DATA, msgspec.Raw, weight=100
    )

    customer_id: Text
    broker_id: Text


class GetUniMMRDropNotificationStatus(SignedRequest[msgspec.Raw], frozen=True, kw_only=True):
    """Ask whether a falling uniMMR is announced; PRO accounts only, since 2026-10-29.

    Parameters, weight and reply are not documented: none are sent, and 1 is assumed.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("GET", "/papi/v1/unimmr/notification", USER_DATA, msgspec.Raw, weight=1)


class SetUniMMRDropNotificationStatus(SignedRequest[msgspec.Raw], frozen=True, kw_only=True):
    """Say whether a falling uniMMR is announced; PRO accounts only, since 2026-10-29.

    Its parameters are not documented, so none are sent: the exchange's refusal names what it wants.
    A weight of 1 is assumed.

    Args:
        recv_window: Milliseconds the request is valid, 1 to 60000; ``None``: the client's.
    """

    endpoint = Endpoint("POST", "/papi/v1/unimmr/notification", TRADE, msgspec.Raw, weight=1)


class Adjacent(Namespace):
    """``papi.adjacent``."""

    get_customize_id_for_client = call(GetCustomizeIdForClient)
    customize_id_for_client = call(CustomizeIdForClient)
    get_unimmr_drop_notification_status = call(GetUniMMRDropNotificationStatus)
    set_unimmr_drop_notification_status = call(SetUniMMRDropNotificationStatus)
