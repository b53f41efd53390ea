"""A ticket: the right to send one request, and what it was charged."""

from __future__ import annotations

import msgspec


class Ticket(msgspec.Struct, gc=False):
    """The right to send one request, charged until settled.

    Attributes:
        weight: What it costs.
        epoch: State of the windows when it was charged.
        at: Monotonic time of the charge.
        serial: Its number.
        alone: Whether nothing else was in flight.
    """

    weight: int
    epoch: int
    at: float
    serial: int
    alone: bool
