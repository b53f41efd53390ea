"""The exchange in a box: a rehearsal stage for Portfolio Margin, which has no testnet.

``Simulator`` is the server; its ``venue`` is the model behind it, which tells what is true.
"""

from binance_papi.simulator.bans import Ban
from binance_papi.simulator.book import Book
from binance_papi.simulator.faults import Fault, FaultKind
from binance_papi.simulator.feed import Feed, Listener, Sent
from binance_papi.simulator.floor import FamilyName
from binance_papi.simulator.limits import Window
from binance_papi.simulator.nasties import NASTIES, nasty
from binance_papi.simulator.orders import AlgoOrder, AlgoStatus, Change, Order, PlainOrder, Trade
from binance_papi.simulator.server import Simulator
from binance_papi.simulator.stream import Stream
from binance_papi.simulator.triggers import Then
from binance_papi.simulator.um_algo import AlgoCancelReply
from binance_papi.simulator.values import Delivery, Reply, Request
from binance_papi.simulator.venue import Era, Venue
from binance_papi.simulator.wire import WireRecord
from binance_papi.terms import RateLimit

__all__ = [
    "NASTIES",
    "AlgoCancelReply",
    "AlgoOrder",
    "AlgoStatus",
    "Ban",
    "Book",
    "Change",
    "Delivery",
    "Era",
    "FamilyName",
    "Fault",
    "FaultKind",
    "Feed",
    "Listener",
    "Order",
    "PlainOrder",
    "RateLimit",
    "Reply",
    "Request",
    "Sent",
    "Simulator",
    "Stream",
    "Then",
    "Trade",
    "Venue",
    "Window",
    "WireRecord",
    "nasty",
]
