"""What does a cancel cost in CPU, beside the floor and beside other people's clients?"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from tempfile import NamedTemporaryFile
from typing import Final

import msgspec
from bench import Report, Target, apart, fail, finish, machine, options, ratios, spread, turns
from chart import BASE, OURS, THEIRS, Bar, chart
from loopback import Loopback, loopback
from nginx import about, found, nginx
from peer import OFFICIAL
from peers import HERE, GaveUpError, Player, playing, venv
from player import CONNECTIONS, WAKE
from side import SIDES

LOOPS: Final = ("asyncio", "uvloop")
PEERS: Final = ("ccxt", "python-binance", "typed-binance", OFFICIAL)
PACKAGES: Final = (["ccxt"], ["python-binance"], ["typed-binance"], [OFFICIAL], ["uvloop"])
LIVES: Final = 3
"""How often everybody starts anew: one process may cost a tenth more than the next, as long as it
lives."""
LONGEST: Final = 8.0
"""Of the picture's bars, in costs of ours."""
README: Final = HERE / "README.md"
PICTURE: Final = HERE.parent / "docs" / "_static" / "compare.svg"
BEGIN: Final = "<!-- compared: begin -->\n"
END: Final = "<!-- compared: end -->\n"

Key = tuple[str, str]
"""A client and its loop."""


class Times(msgspec.Struct):
    """One client on one loop.

    Args:
        name: What it calls itself.
        missing: Why it did not run.
        cpu: Seconds per cancel, round by round.
    """

    name: str
    missing: str = ""
    cpu: list[float] = []

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.cpu)


class Exchange(msgspec.Struct, frozen=True):
    """Whom they all ask.

    Args:
        url: Where.
        certificate: Path of a PEM file, or ``None`` for the system's roots.
        about: What it is.
    """

    url: str
    certificate: str | None
    about: str


# ---------------------------------------------------------------------- the exchange


@contextmanager
def exchange(arguments: argparse.Namespace) -> Iterator[Exchange]:
    """The one that was told, or nginx, or our own."""
    if arguments.url is not None:
        yield Exchange(arguments.url.rstrip("/"), arguments.ca, "a server that was given by --url")
        return
    binary = found()
    if binary is None:
        note = "the repository's own `loopback.py`, since no nginx was found"
        print(f"no nginx: the server is {note}", file=sys.stderr)
        with loopback() as where:
            yield from _trusted(where, note)
    else:
        with nginx(binary) as where:
            yield from _trusted(where, f"{about(binary)}, one worker, on loopback")


def _trusted(where: Loopback, note: str) -> Iterator[Exchange]:
    with NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(where.certificate)
        file.flush()
        yield Exchange(where.https, file.name, note)


# ---------------------------------------------------------------------- the rounds


def measure(arguments: argparse.Namespace) -> tuple[dict[Key, Times], str]:
    """All clients by turns, each in its process; and what the server was."""
    results = {key: Times("") for key in _keys(arguments.clients)}
    rounds: int = arguments.rounds
    lives = min(LIVES, rounds)
    with ExitStack() as stack:
        python = stack.enter_context(venv(arguments.peers_venv, PACKAGES))
        keep_off = stack.enter_context(apart())
        asked = stack.enter_context(exchange(arguments))
        keep_off()
        for life in range(lives):
            print(f"life {life + 1} of {lives}", file=sys.stderr, flush=True)
            share = rounds * (life + 1) // lives - rounds * life // lives
            _live(results, python, asked, arguments.count, share)
    if not all(results.get((client, "asyncio"), Times("")).cpu for client in ("floor", "auto")):
        fail("the floor and our own client have to run")
    return results, asked.about


def _live(results: dict[Key, Times], python: str, asked: Exchange, count: int, rounds: int) -> None:
    """Some of the rounds, with new processes."""
    players: dict[Key, Player] = {}
    with ExitStack() as stack:
        for key, times in results.items():
            if times.missing:
                continue
            player = stack.enter_context(playing(_command(key, python, asked), asked.certificate))
            times.name = player.hello.name or times.name
            times.missing = player.hello.missing
            if not times.missing:
                players[key] = player
        everybody = tuple(players)
        # The first round is not counted: caches, connections.
        for number, key in enumerate((*everybody, *turns(everybody, rounds))):
            lap = number // len(everybody)
            if key in players and not _turn(players[key], count, results[key], lap):
                del players[key]


def _turn(player: Player, count: int, times: Times, lap: int) -> bool:
    """Let a client take its turn; tells whether it did."""
    try:
        cpu = player.turn(count)
    except GaveUpError:
        times.missing = f"it gave up in round {lap}"
        times.cpu.clear()
        return False
    if lap:
        times.cpu.append(cpu)
    return True


def _keys(clients: Sequence[str]) -> list[Key]:
    # What the ratios are about stands side by side; slow ones come last.
    keys = [*product(SIDES, LOOPS), *product(PEERS, LOOPS)]
    keys.remove((OFFICIAL, "uvloop"))  # its work is done in threads
    return [key for key in keys if key[0] in clients]


def _command(key: Key, python: str, asked: Exchange) -> list[str]:
    client, loop = key
    mine = client in SIDES
    program = [sys.executable, str(HERE / "side.py")] if mine else [python, str(HERE / "peer.py")]
    trust = [] if asked.certificate is None else ["--ca", asked.certificate]
    return [*program, client, loop, asked.url, *trust]


# ---------------------------------------------------------------------- the answer


def best(results: dict[Key, Times], client: str) -> Key | None:
    """The loop on which it costs less."""
    ran = [(client, loop) for loop in LOOPS if results.get((client, loop), Times("")).cpu]
    return min(ran, key=lambda key: results[key].middle, default=None)


def targets(results: dict[Key, Times]) -> list[Target]:
    """What was to be reached, on each loop: nobody changes his for a client."""
    wanted = (("floor", 1.5, False), ("ccxt", 6.0, True), ("bare", 4.0, True))
    found_targets = []
    for loop, (client, bound, at_least) in product(LOOPS, wanted):
        keys = ((client, loop), ("auto", loop)) if at_least else (("auto", loop), (client, loop))
        if not all(key in results and results[key].cpu for key in keys):
            continue
        above, below = (results[key] for key in keys)
        name = f"on {loop}, {_plain(above.name)} / {_plain(below.name)}"
        value = median(ratios(above.cpu, below.cpu))
        found_targets.append(Target(name, value, bound, at_least))
    return found_targets


def _plain(name: str) -> str:
    return name.partition(" (")[0]


def report(results: dict[Key, Times], server: str, arguments: argparse.Namespace) -> Report:
    """The table."""
    floor, ours = (best(results, client) for client in ("floor", "auto"))
    assert floor is not None
    assert ours is not None
    rows = [
        _row(key, times, results[floor].cpu, results[ours].cpu) for key, times in results.items()
    ]
    return Report(
        str(__doc__),
        ["client", "loop", "CPU µs", "/ the floor", "/ ours (auto)"],
        rows,
        targets(results),
        [
            (
                f"{arguments.count} gathered, signed cancels per turn over TLS on {CONNECTIONS} "
                f"connections, {arguments.rounds} rounds by turns, each client in a process of its "
                f"own, {min(LIVES, arguments.rounds)} one after the other, and woken by {WAKE} "
                f"cancels; median (quartiles). The server is {server}. "
                f"Ratios are taken round by round: to the floor on {floor[1]} and to ours on "
                f"{ours[1]}, the better loop of each. Ours count weight and return typed replies."
            ),
            *(
                f"Not run: {key[0]} on {key[1]} ({times.missing})."
                for key, times in results.items()
                if times.missing
            ),
        ],
    )


def _row(key: Key, times: Times, floor: list[float], ours: list[float]) -> list[str]:
    if not times.cpu:
        return [times.name or key[0], key[1], "not run", "", ""]
    micros = [1e6 * value for value in times.cpu]
    name = f"**{times.name}**" if key[0] == "auto" else times.name
    both = (spread(ratios(times.cpu, base)) for base in (floor, ours))
    return [name, key[1], spread(micros, 1), *both]


def picture(results: dict[Key, Times], server: str) -> str:
    """One bar per client, on its better loop."""
    bars = []
    ours = best(results, "auto")
    assert ours is not None
    for client in (*SIDES, *PEERS):
        key = best(results, client)
        if key is None:
            continue
        times = results[key]
        low, middle, high = (1e6 * value for value in _quartiles(times.cpu))
        relative = median(ratios(times.cpu, results[ours].cpu))
        colour = {"floor": BASE, "auto": OURS, "burst": OURS, "aiohttp": OURS}.get(client, THEIRS)
        label = f"{_plain(times.name)}, {key[1]}" if client != OFFICIAL else times.name
        bars.append(
            Bar(label, middle, low, high, f"{middle:.0f} µs, {relative:.2f} times ours", colour)
        )
    bars.sort(key=lambda bar: bar.value)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    short = server.partition(",")[0].replace("`", "")
    return chart(
        "CPU per signed cancel over TLS, each client on its better loop",
        f"{python}, msgspec {version('msgspec')}, {short}, {datetime.now(UTC).date()}; "
        "median and quartiles; a bar with … is longer than shown",
        bars,
        LONGEST * 1e6 * results[ours].middle,
    )


def _quartiles(values: list[float]) -> list[float]:
    return quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


def main() -> int:
    """Run it."""
    parser = options(__doc__, rounds=15)
    parser.add_argument("--count", type=int, default=400, help="cancels per turn (%(default)s)")
    everybody = (*SIDES, *PEERS)
    parser.add_argument("--clients", nargs="+", choices=everybody, default=everybody, help="these")
    parser.add_argument("--url", help="a server that runs already; else nginx, else our own")
    parser.add_argument("--ca", help="with --url: whom to trust, PEM; else the system's roots")
    parser.add_argument("--peers-venv", help="a venv with the others; else one is made by pip")
    parser.add_argument("--readme", action="store_true", help="replace table and picture")
    arguments = parser.parse_args()
    if importlib.util.find_spec("httptools") is None:
        fail("the floor needs httptools: pip install 'binance-papi[speed]'")
    results, server = measure(arguments)
    answer = report(results, server, arguments)
    if arguments.readme:
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(picture(results, server))
        _replace(Path(README), f"{answer}\n\n{machine()}\n")
    return finish(answer, arguments)


def _replace(page: Path, text: str) -> None:
    before, _, rest = page.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
