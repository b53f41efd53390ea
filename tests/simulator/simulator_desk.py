"""A plain client of the exchange in a box, with a signing of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from yarl import URL

from binance_papi.simulator import Fault, Reply, Request, Simulator, Venue

if TYPE_CHECKING:
    import aiohttp

KEY = "k" * 64
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
NOON = 1_700_000_040.0  # begins a minute
ORDER = "/papi/v1/um/conditional/order"
OPEN_ORDER = "/papi/v1/um/conditional/openOrder"
OPEN_ORDERS = "/papi/v1/um/conditional/openOrders"
ALL_OPEN = "/papi/v1/um/conditional/allOpenOrders"
HISTORY = "/papi/v1/um/conditional/orderHistory"
ALL_ORDERS = "/papi/v1/um/conditional/allOrders"
PING = "/papi/v1/ping"
LIMITS = "/papi/v1/rateLimit/order"
STOP_MARKET = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "strategyType": "STOP_MARKET",
    "quantity": "0.40",
    "stopPrice": "9300",
}
TRAILING = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "strategyType": "TRAILING_STOP_MARKET",
    "positionSide": "SHORT",
    "quantity": "11",
    "callbackRate": "0.3",
    "activationPrice": "9020",
    "stopPrice": "9300",
    "newClientStrategyId": "myOrder1",
}


def hmac_hex(secret: str, payload: str) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


def signed(secret: str, now: float, params: dict[str, Any]) -> str:
    """A query with timestamp and signature."""
    fields = {**params}
    fields.setdefault("timestamp", int(now * 1000))
    query = urlencode(fields, quote_via=quote)
    return f"{query}&signature={hmac_hex(secret, query)}"


def read(reply: Reply) -> Any:
    """The JSON of a reply."""
    return json.loads(reply.body)


class Desk:
    """The model and a client that signs for it; time stands still unless moved.

    Args:
        **settings: Settings of the venue.
    """

    def __init__(self, **settings: Any) -> None:
        self.venue = Venue(**{"api_key": KEY, "secret": SECRET, **settings})
        self.now = NOON

    def send(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None = None,
        *,
        fault: Fault | None = None,
        address: str = "10.0.0.1",
    ) -> Reply:
        """Sign a request, give it to the model and return the reply."""
        query = signed(SECRET, self.now, params or {}).encode()
        request = Request(method, path, query, b"", KEY, address)
        return self.venue.handle(request, self.now, fault)

    def raw(
        self, query: str, body: str = "", *, path: str = LIMITS, key: str | None = KEY
    ) -> Reply:
        """Give the model a request with exactly these bytes."""
        method = "POST" if body else "GET"
        return self.venue.handle(
            Request(method, path, query.encode(), body.encode(), key), self.now
        )

    def cancel(self, strategy_id: int, **settings: Any) -> Reply:
        """Cancel a BTCUSDT order."""
        params = {"symbol": "BTCUSDT", "strategyId": strategy_id}
        return self.send("DELETE", ORDER, params, **settings)

    def ping(self, address: str = "10.0.0.1") -> Reply:
        """Spend one weight."""
        return self.venue.handle(Request("GET", PING, address=address), self.now)


class Answer:
    """What a client saw of one reply."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


async def call(
    session: aiohttp.ClientSession,
    exchange: Simulator,
    method: str,
    path: str,
    params: dict[str, Any] | None = None,
) -> Answer:
    """Send a signed request over a socket."""
    query = signed(exchange.secret, exchange.now(), params or {})
    url = URL(f"{exchange.base_url}{path}?{query}", encoded=True)
    headers = {"X-MBX-APIKEY": exchange.api_key}
    async with session.request(method, url, headers=headers) as response:
        return Answer(response.status, response.headers.copy(), await response.read())
