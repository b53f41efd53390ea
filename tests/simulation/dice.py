"""One source of chance per concern, so that a further draw here changes nothing there."""

from __future__ import annotations

from random import Random


class Dice:
    """Seeded sources of chance.

    Args:
        seed: The seed of the run.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def of(self, concern: str) -> Random:
        """The source of one concern, from its beginning.

        Seeding with a text goes through SHA-512, not through ``hash``: it is the same in every
        process.
        """
        return Random(f"{self._seed}/{concern}")
