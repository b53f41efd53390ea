"""``python -m tests.simulation``: many seeds, one seed in full, or a long run."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.campaign import Tally
from tests.simulation.policies import POLICIES
from tests.simulation.profile import STUDY
from tests.simulation.run import simulate
from tests.simulation.soak import Soak, soak


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many runs")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--cancels", type=int, help="cancels per run; else the seed says")
    parser.add_argument("--faults", type=float, help="part of messages with a fault; else the seed")
    parser.add_argument("--study", action="store_true", help="the fault mix of the study instead")
    parser.add_argument("--policy", choices=sorted(POLICIES), default="burst")
    parser.add_argument("--trace", action="store_true", help="print all that happens")
    parser.add_argument("--soak", type=int, metavar="CANCELS", help="one client, so many cancels")
    return parser.parse_args()


def main() -> int:
    """Run what the command line says; 1 if anything was wrong."""
    options = _arguments()
    return _soak(options) if options.soak else _seeds(options)


def _seeds(options: argparse.Namespace) -> int:
    tally = Tally()
    began = time.perf_counter()
    for seed in range(options.start, options.start + options.seeds):
        result = simulate(
            seed,
            POLICIES[options.policy],
            cancels=options.cancels,
            faults=options.faults,
            profile=STUDY if options.study else None,
            keep=options.trace,
        )
        tally.add(result)
        if options.trace:
            _say("\n".join(result.lines))
            _say(f"seed {seed}: {result.digest}")
        if sys.stderr.isatty() and tally.seeds % 50 == 0:
            sys.stderr.write(f"\r{tally.seeds} seeds, {len(tally.failed)} failed")
    seconds = time.perf_counter() - began
    for name, value in tally.rows():
        _say(f"{name:<28}{value}")
    _say(f"{'seeds per second':<28}{tally.seeds / seconds:.1f}")
    if not tally.failed:
        return 0
    for violation in tally.first:
        _say(f"  {violation.rule} {violation.key}: {violation.text}")
    _say(f"failing seeds: {tally.failed[:20]}")
    _say(f"replay: {_replay(options, tally.failed[0])}")
    return 1


def _replay(options: argparse.Namespace, seed: int) -> str:
    """The command that does the same again."""
    words = ["python -m tests.simulation --seeds 1 --trace", f"--start {seed}"]
    words += [f"--policy {options.policy}"]
    words += [f"--cancels {options.cancels}"] if options.cancels is not None else []
    words += [f"--faults {options.faults}"] if options.faults is not None else []
    words += ["--study"] if options.study else []
    return " ".join(words)


def _soak(options: argparse.Namespace) -> int:
    def progress(found: Soak) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{found.cancels} of {options.soak}")

    began = time.perf_counter()
    faults = 0.05 if options.faults is None else options.faults
    found = soak(options.start, POLICIES[options.policy], options.soak, faults, progress=progress)
    _say(f"cancels               {found.cancels} in {time.perf_counter() - began:.0f} s")
    _say(f"claims                {dict(sorted(found.kinds.items()))}")
    _say(f"requests per cancel   {found.requests / found.cancels:.3f}")
    early, late = found.resident[len(found.resident) // 10], found.resident[-1]
    _say(f"resident memory, MB   {early / 1e6:.1f} after a tenth, {late / 1e6:.1f} at the end")
    _say(f"growth                {found.growth():+.2%}")
    _say(f"violations            {len(found.violations)}")
    for violation in found.violations[:20]:
        _say(f"  {violation.rule} {violation.key}: {violation.text}")
    return 1 if found.violations else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


sys.exit(main())
