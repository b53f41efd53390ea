"""What was received and not read yet: a bounded queue, and the merging of two connections into one.

When the queue is full, what comes next is dropped until half of the queue was read; in its place
stands one `Overflow`, in order: after what came before, before what comes after. So memory is
bounded, and nothing is missing without notice.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, NamedTuple, TypeVar

T = TypeVar("T")

REMEMBERED: Final = 20_000
"""Messages that are remembered while two connections overlap."""


class Overflow(NamedTuple):
    """What was dropped.

    Attributes:
        since: Monotonic time of the first one that was, or of what was to be told by one.
        until: Monotonic time of the last one that was.
        lost: How many were.
    """

    since: float
    until: float
    lost: int


class Backlog(Generic[T]):
    """A queue that loses nothing silently.

    Args:
        most: How many items it holds, at least 2.
    """

    __slots__ = ("_dropped", "_items", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._items: deque[T | Overflow] = deque()
        self._dropped: Overflow | None = None

    def __len__(self) -> int:
        return len(self._items) + (self._dropped is not None)

    def put(self, item: T, now: float, since: float | None = None) -> None:
        """Take an item in, or drop it.

        Args:
            item: What came.
            now: Monotonic seconds.
            since: Monotonic time from which it tells; ``None``: now.
        """
        dropped, room = self._dropped, self.most if self._dropped is None else self.most // 2
        if len(self._items) >= room:
            if dropped is None:
                dropped = Overflow(now, now, 0)
            since = dropped.since if since is None else min(dropped.since, since)
            self._dropped = Overflow(since, now, dropped.lost + 1)
            return
        if dropped is not None:
            self._items.append(dropped)
            self._dropped = None
        self._items.append(item)

    def take(self) -> T | Overflow | None:
        """The oldest item, or what was dropped in its place; ``None``: there is nothing."""
        if self._items:
            return self._items.popleft()
        dropped, self._dropped = self._dropped, None
        return dropped


class Merge:
    """Two connections that bring the same messages, made one.

    The exchange numbers no message, so the same bytes on another connection are the same message:
    its first, second, … occurrence on one connection is the first, second, … on the other.
    """

    __slots__ = ("_brought", "_most", "_passed")

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._passed: dict[bytes, int] = {}
        self._brought: dict[int, dict[bytes, int]] = {}

    def is_new(self, number: int, raw: bytes) -> bool:
        """Whether no other connection brought this message before.

        Args:
            number: The connection that brings it.
            raw: The message.
        """
        if len(self._passed) >= self._most:
            self.clear()  # rather one twice than one never
        brought = self._brought.setdefault(number, {})
        count = brought[raw] = brought.get(raw, 0) + 1
        if count <= self._passed.get(raw, 0):
            return False
        self._passed[raw] = count
        return True

    def clear(self) -> None:
        """Only one connection is left."""
        if self._passed:
            self._passed.clear()
            self._brought.clear()
