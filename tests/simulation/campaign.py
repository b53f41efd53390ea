"""Many runs, added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.simulation.checker import Violation
from tests.simulation.claim import CANCELED, REJECTED, UNKNOWN
from tests.simulation.run import Result


@dataclass(slots=True)
class Tally:
    """Sums over runs.

    Attributes:
        seeds: Runs.
        cancels: Orders asked for.
        kinds: Claims by kind.
        final: Claims by kind, after asking on about what was unknown.
        wrong: Claims that differ from the truth.
        rules: Broken rules.
        wires: Requests on the wire.
        statuses: Replies by HTTP status.
        failed: Seeds with something wrong.
        first: What was wrong with the first of them.
    """

    seeds: int = 0
    cancels: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    final: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    wires: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failed: list[int] = field(default_factory=list)
    first: tuple[Violation, ...] = ()

    def add(self, result: Result) -> None:
        """Add one run."""
        self.seeds += 1
        self.cancels += len(result.claims)
        self.kinds.update(claim.kind for claim in result.claims)
        self.final.update(claim.kind for claim in result.final)
        self.rules.update(violation.rule for violation in result.violations)
        self.wrong += sum(violation.key is not None for violation in result.violations)
        self.wires += result.wires
        self.statuses.update(result.statuses)
        if result.violations:
            self.failed.append(result.seed)
            self.first = self.first or result.violations

    def rows(self) -> Iterable[tuple[str, str]]:
        """What a table of it says."""
        cancels = max(1, self.cancels)
        yield "seeds", f"{self.seeds}"
        yield "cancels", f"{self.cancels}"
        yield "wrong", f"{self.wrong} ({self.wrong / cancels:.3%})"
        for kind in (CANCELED, "AlreadyGone", REJECTED, UNKNOWN):
            yield kind, f"{self.kinds[kind]} ({self.kinds[kind] / cancels:.3%})"
        yield "Unknown after asking on", f"{self.final[UNKNOWN]}"
        yield "wire requests per cancel", f"{self.wires / cancels:.3f}"
        yield "replies 429 / 418", f"{self.statuses[429]} / {self.statuses[418]}"
        yield "windows over the limit", f"{self.rules['window']}"
        yield "broken rules", ", ".join(f"{k} {v}" for k, v in sorted(self.rules.items())) or "none"
        yield "failed seeds", f"{len(self.failed)}"
