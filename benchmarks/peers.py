"""Processes of clients on trial, ours and others', and the throw-away venv of the others."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec
from bench import fail

HERE: Final = Path(__file__).parent
PATIENCE: Final = 600.0
"""Seconds one turn may take."""


class Hello(msgspec.Struct):
    """How a client introduces itself.

    Args:
        name: With version.
        missing: What it lacks, if it can't run.
    """

    name: str
    missing: str = ""


class _Cost(msgspec.Struct):
    cpu: float


class GaveUpError(Exception):
    """A client ended in its turn."""


class Player:
    """A client that takes its turns in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.hello = msgspec.json.decode(self._line() or b'{"name":""}', type=Hello)
        if not self.hello.name and not self.hello.missing:
            self.hello.missing = "it ended when it was started"

    def turn(self, count: int) -> float:
        """CPU seconds per cancel."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"%d\n" % count)
        self._process.stdin.flush()
        line = self._line()
        if not line:
            raise GaveUpError(self.hello.name)
        return msgspec.json.decode(line, type=_Cost).cpu

    def _line(self) -> bytes:
        assert self._process.stdout is not None
        # One line per question, so nothing is left in the buffer that select would not see.
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            fail("a client does not answer")
        return self._process.stdout.readline()


@contextmanager
def playing(command: Sequence[str], certificate: str | None = None) -> Iterator[Player]:
    """Start a client.

    Args:
        command: Its program and arguments.
        certificate: Path of the PEM file with whom to trust.
    """
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    if certificate is not None:
        environment |= {"SSL_CERT_FILE": certificate, "REQUESTS_CA_BUNDLE": certificate}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        try:
            yield Player(process)
        finally:
            process.terminate()


@contextmanager
def venv(path: str | None, packages: Sequence[Sequence[str]]) -> Iterator[str]:
    """The interpreter of a venv with other people's clients.

    Args:
        path: One that exists, left as it is; ``None``: a new one, with the newest of everything,
            thrown away at the end.
        packages: What to install, one ``pip install`` each; one that fails is told and left out.
    """
    with ExitStack() as stack:
        if path is None:
            path = stack.enter_context(TemporaryDirectory())
            subprocess.run([sys.executable, "-m", "venv", path], check=True)
            python = str(Path(path) / "bin" / "python")
            for some in packages:
                print(f"pip install {' '.join(some)} …", file=sys.stderr, flush=True)
                command = [python, "-m", "pip", "install", "--quiet", *some]
                subprocess.run(command, check=False, stdout=sys.stderr)
        yield str(Path(path) / "bin" / "python")
