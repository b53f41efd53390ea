"""All that happened in a run, boiled down to one number: two runs are the same if theirs are."""

from __future__ import annotations

import hashlib


class Trace:
    """A running hash over lines of text.

    Args:
        keep: Whether the lines are kept, for reading.
    """

    def __init__(self, *, keep: bool = False) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self.lines: list[str] | None = [] if keep else None

    def note(self, now: float, *words: object) -> None:
        """Write down what happens.

        Args:
            now: Virtual seconds, all digits count.
            words: What; nothing whose text holds an address in memory.
        """
        line = f"{now!r} {' '.join(map(str, words))}"
        self._hash.update(line.encode())
        if self.lines is not None:
            self.lines.append(line)

    def digest(self) -> str:
        """The number so far, as text."""
        return self._hash.hexdigest()
