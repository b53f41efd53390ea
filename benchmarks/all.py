"""Run every benchmark and print one report; with ``--readme`` put it into the README."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec
from bench import Report, machine

HERE: Final = Path(__file__).parent
README: Final = HERE / "README.md"
NAMES: Final = (
    "core",
    "admission",
    "cancel",
    "import",
    "release",
    "limit",
    "chaos",
    "certainty",
    "decode",
    "events",
    "growth",
)
BEGIN: Final = "<!-- measured: begin -->\n"
END: Final = "<!-- measured: end -->\n"


def run(name: str) -> Report:
    """One benchmark in a process of its own."""
    print(f"bench_{name} …", file=sys.stderr, flush=True)
    command = [sys.executable, str(HERE / f"bench_{name}.py"), "--json"]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return msgspec.json.decode(output, type=Report)


def main() -> int:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NAMES, help="without bench_; all of them")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    parser.add_argument("--readme", action="store_true", help="replace the tables of the README")
    arguments = parser.parse_args()
    reports = {name: run(name) for name in arguments.names}
    sections = [f"### bench_{name}.py\n\n{report}\n" for name, report in reports.items()]
    text = "\n".join([f"{machine()}\n", *sections])
    print(text)
    if arguments.readme:
        before, _, rest = README.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        README.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    targets = [target for report in reports.values() for target in report.targets]
    missed = not all(target.met for target in targets)
    return int(arguments.check and missed)


if __name__ == "__main__":
    sys.exit(main())
