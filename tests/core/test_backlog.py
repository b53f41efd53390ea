"""A queue that loses nothing silently, and two connections made one."""

from __future__ import annotations

from binance_papi.core.backlog import Backlog, Merge, Overflow


def everything(backlog: Backlog[int]) -> list[int | Overflow]:
    """All that can be read."""
    found = []
    while (item := backlog.take()) is not None:
        found.append(item)
    return found


def test_what_fits_comes_out_in_order() -> None:
    """First in, first out; then nothing."""
    backlog: Backlog[int] = Backlog(3)
    for number in range(3):
        backlog.put(number, 1.0)
    assert len(backlog) == 3
    assert everything(backlog) == [0, 1, 2]
    assert backlog.take() is None


def test_what_is_dropped_is_told_in_its_place() -> None:
    """After what came before it, before what comes after."""
    backlog: Backlog[int] = Backlog(4)
    for number in range(7):
        backlog.put(number, float(number))
    assert len(backlog) == 5
    assert [backlog.take(), backlog.take()] == [0, 1]
    backlog.put(7, 7.0)  # half of it is full still
    assert backlog.take() == 2
    backlog.put(8, 8.0)
    assert everything(backlog) == [3, Overflow(4.0, 7.0, 4), 8]


def test_what_is_dropped_last_is_told_too() -> None:
    """Also when nothing comes after it."""
    backlog: Backlog[int] = Backlog(2)
    for number in range(4):
        backlog.put(number, float(number))
    assert everything(backlog) == [0, 1, Overflow(2.0, 3.0, 2)]
    assert len(backlog) == 0


def test_what_is_dropped_may_tell_of_earlier_times() -> None:
    """Then what stands in its place does too, whatever is dropped before and after."""
    backlog: Backlog[int] = Backlog(2)
    for number in range(4):
        backlog.put(number, float(number))
    backlog.put(4, 4.0, 0.5)
    backlog.put(5, 5.0, 2.5)
    assert everything(backlog) == [0, 1, Overflow(0.5, 5.0, 4)]


def test_nobody_reads() -> None:
    """However much comes, the queue stays as long as it is."""
    backlog: Backlog[int] = Backlog(10)
    for number in range(1000):
        backlog.put(number, float(number))
    assert len(backlog) == 11
    assert everything(backlog) == [*range(10), Overflow(10.0, 999.0, 990)]


def test_the_same_message_on_two_connections_is_one() -> None:
    """Whichever brings it first, in whatever order."""
    merge = Merge()
    assert [merge.is_new(1, b"a"), merge.is_new(2, b"a")] == [True, False]
    assert [merge.is_new(2, b"b"), merge.is_new(1, b"b")] == [True, False]


def test_the_same_message_twice_on_one_connection_is_two() -> None:
    """A message may come again for a reason: both connections bring it twice then."""
    merge = Merge()
    assert [merge.is_new(1, b"a"), merge.is_new(1, b"a")] == [True, True]
    assert [merge.is_new(2, b"a"), merge.is_new(2, b"a")] == [False, False]
    assert merge.is_new(2, b"a")
    assert not merge.is_new(1, b"a")


def test_memory_is_bounded() -> None:
    """Rather one twice than one never."""
    merge = Merge(most=3)
    for raw in (b"a", b"b", b"c"):
        assert merge.is_new(1, raw)
    assert merge.is_new(1, b"d")
    assert merge.is_new(2, b"a")
    merge.clear()
    merge.clear()
    assert merge.is_new(1, b"d")
