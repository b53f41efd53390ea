"""The tracker's short cut for plain windows decides and charges as the long way does."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from binance_papi.core.endpoint import Lane
from binance_papi.core.offset import Change, ClockOffset
from binance_papi.core.ticket import Ticket
from binance_papi.core.weight import WeightTracker
from binance_papi.terms import RateLimit

EPOCH = 1_700_000_040.0


class Long(WeightTracker):
    """Never takes the short cut."""

    __slots__ = ()

    def _take_stock(self) -> None:
        super()._take_stock()
        self._plain = None


def books(tracker: WeightTracker, now: float) -> tuple[Any, ...]:
    """Everything a tracker knows."""
    windows = [
        (one.charged, one.carried, one.next_charged, one.foreign, one.share, one.sliding, one.seen)
        for one in tracker.windows
    ]
    return windows, tracker.usage(now), tracker.in_flight, tracker.epoch, tracker.events


class Pair:
    """Both ways, each with its own clock, told the same."""

    def __init__(self, dice: Random) -> None:
        self.dice, self.now, self.taken = dice, dice.uniform(0, 60), 0
        self.limit = dice.choice([20, 100, 6000])
        rules = [RateLimit("REQUEST_WEIGHT", "MINUTE", 1, self.limit)]
        self.offsets = [ClockOffset(EPOCH, 0.0) for _ in range(2)]
        self.observe(-0.25)
        probe = dice.random() < 0.5
        self.both = [
            kind(rules, offset, self.now, probe=probe)
            for kind, offset in zip((WeightTracker, Long), self.offsets, strict=True)
        ]
        self.out: list[list[Ticket]] = []
        self.used = 0

    def observe(self, early: float) -> Change:
        """Learn something of the exchange's clock."""
        low = EPOCH + self.now + early
        changes = [one.observe(low, low + 0.5, self.now, self.now) for one in self.offsets]
        return changes[0]

    def all(self, method: str, *arguments: Any) -> Any:
        """Call both; they say the same."""
        first, second = (getattr(one, method)(*arguments, self.now) for one in self.both)
        assert first == second
        return first

    def step(self) -> None:
        """Admit, settle, refund, lose, refuse, or learn the time."""
        dice = self.dice
        self.now += (
            dice.choice([0, 0, 0.01, 0.1, 1]) if dice.random() < 0.95 else dice.uniform(0, 70)
        )
        what = dice.random()
        if what < 0.5:
            weight, lane = dice.choice([0, 1, 1, 1, 5, self.limit // 3]), dice.choice(list(Lane))
            self.taken += self.both[0]._plain is not None and lane < Lane.REDUCE
            tickets = [one.admit(weight, lane, self.now) for one in self.both]
            assert tickets[0] == tickets[1]
            if tickets[0] is None:
                self.all("chance", weight, lane)
            else:
                self.used += weight
                self.out.append([one for one in tickets if one is not None])
        elif self.out:
            self.end(self.out.pop(dice.randrange(len(self.out)))[0])
        if dice.random() < 0.05:
            jump = dice.choice([0, 0, 0, 0, -90, 30, 3])
            change = self.observe(jump - dice.uniform(0, 0.5))
            if change is not Change.NONE:
                self.all("reclock", change)

    def end(self, ticket: Ticket) -> None:
        """A request comes to its end, in one of the ways there are."""
        dice = self.dice
        how = dice.random()
        if how < 0.7:
            used = str(max(0, self.used % self.limit + dice.randint(-5, 5)))
            self.all("settle", ticket, {"x-mbx-used-weight-1m": used} if how < 0.4 else {})
            if dice.random() < 0.05:
                self.all("throttle", ticket, 1.0)
            elif dice.random() < 0.02:
                self.all("ban", 5.0, 418)
        else:
            self.all("refund" if how < 0.85 else "lose", ticket)


@pytest.mark.parametrize("seed", range(40))
def test_the_short_cut_leads_to_the_same_place(seed: int) -> None:
    """Cold start, probing, freezes, windows that roll or slide, clocks that jump."""
    pair = Pair(Random(seed))
    for _ in range(400):
        pair.step()
        first, second = (books(one, pair.now) for one in pair.both)
        assert first == second
    assert pair.taken
