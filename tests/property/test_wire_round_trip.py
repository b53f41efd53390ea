"""Whatever a caller passes is either refused or arrives unharmed."""

from __future__ import annotations

import hashlib
import hmac
from decimal import Decimal
from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from binance_papi.api.um.conditional import CancelOrder, NewOrder, QueryAllOrders
from binance_papi.core.fields import text
from binance_papi.core.offset import ClockOffset
from binance_papi.core.signing import Signer
from binance_papi.core.wire import Stamper, encode, sign
from binance_papi.errors import InvalidRequestError
from binance_papi.terms import MAX_ID

ids = st.integers(0, MAX_ID)
client_ids = st.from_regex(r"[.A-Z:/a-z0-9_-]{1,32}", fullmatch=True)
symbols = st.text(min_size=1, max_size=64).filter(lambda s: s.isprintable() and s == s.strip())
amounts = st.one_of(
    st.integers(0, 10**18),
    st.decimals(min_value=0, max_value=Decimal("1e18"), places=18),
)


def is_plain(query: str) -> bool:
    """Whether it is one line of printable ASCII without a blank."""
    return query.isascii() and query.isprintable() and " " not in query


@given(symbol=symbols, strategy_id=ids, client_id=client_ids)
def test_cancel_comes_back_from_the_query(symbol: str, strategy_id: int, client_id: str) -> None:
    """Encoded and read by anybody's parser, the values are the same."""
    request = CancelOrder(
        symbol=symbol, strategy_id=strategy_id, new_client_strategy_id=client_id, recv_window=1
    )
    query = encode(request)
    assert is_plain(query)
    assert [
        ("symbol", symbol),
        ("strategyId", str(strategy_id)),
        ("newClientStrategyId", client_id),
    ] == parse_qsl(query, strict_parsing=True)


@given(symbol=st.text(), client_id=st.text())
def test_any_text_is_refused_or_arrives(symbol: str, client_id: str) -> None:
    """No text ever adds a parameter, a line or a header."""
    try:
        request = CancelOrder(symbol=symbol, new_client_strategy_id=client_id)
    except InvalidRequestError:
        return
    query = encode(request)
    assert is_plain(query)
    assert {"symbol": symbol, "newClientStrategyId": client_id} == dict(parse_qsl(query))


@given(quantity=amounts, price=amounts, as_text=st.booleans())
def test_amounts_keep_every_digit(
    quantity: int | Decimal, price: int | Decimal, as_text: bool
) -> None:
    """Amounts are written in fixed point, without loss."""
    request = NewOrder(
        symbol="BTCUSDT",
        side="BUY",
        strategy_type="STOP",
        quantity=str(quantity) if as_text else quantity,
        price=price,
        stop_price=price,
    )
    sent = dict(parse_qsl(encode(request)))
    assert "e" not in sent["quantity"].lower()
    assert (Decimal(quantity), Decimal(price)) == (
        Decimal(sent["quantity"]),
        Decimal(sent["price"]),
    )


@given(
    amount=st.one_of(
        st.decimals(),
        st.text(),
        st.integers(),
        st.floats(),
        st.integers(-(10**6), 10**6).map(lambda n: Decimal(f"7e{n}")),
    )
)
def test_any_amount_is_refused_or_short(amount: Decimal | str | int) -> None:
    """Exponents, NaN and the like are refused; nothing that passes swells on the wire."""
    try:
        request = NewOrder(
            symbol="BTCUSDT", side="BUY", strategy_type="STOP_MARKET", stop_price=amount
        )
    except InvalidRequestError:
        return
    sent = dict(parse_qsl(encode(request)))["stopPrice"]
    assert len(sent) <= 140
    assert Decimal(amount) == Decimal(sent)


@given(start=ids, strategy_id=ids, window=st.integers(1, 60_000), wall=st.integers(0, 2**32))
def test_signed_bytes_are_the_sent_bytes(
    start: int, strategy_id: int, window: int, wall: int
) -> None:
    """The signature is that of the very text before it, and stands last."""
    query = encode(QueryAllOrders(start_time=start, strategy_id=strategy_id))
    offset = ClockOffset(wall, 0.0)
    stamped, now = Stamper(offset).stamp(query, window, 0.0), offset.timestamp(0.0)
    path, _, sent = sign("/papi/v1/x", stamped, Signer.hmac("secret")).partition("?")
    before, _, signature = sent.rpartition("&signature=")
    assert path == "/papi/v1/x"
    assert hmac.new(b"secret", before.encode(), hashlib.sha256).hexdigest() == signature
    assert [("recvWindow", str(window)), ("timestamp", str(now))] == parse_qsl(before)[-2:]


@given(value=st.text().filter(lambda s: s.isprintable()))
def test_encoded_text_is_plain(value: str) -> None:
    """Percent-encoding leaves ASCII without blanks, separators or control characters."""
    encoded = text(value)
    assert encoded == "" or is_plain(encoded)
    assert not set(encoded) & set("&=+#?/ ")
