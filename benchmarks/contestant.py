"""Contestants: programs that train in processes of their own and print a JSON line an epoch."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from benchmarks.example import LIMIT


class SkippedError(Exception):
    """A contestant cannot take part here; the message says why."""


@dataclass(frozen=True)
class Contestant:
    """A module of this package, and how it is run."""

    name: str
    module: str
    arguments: tuple[str, ...]
    interpreter: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)

    def epochs(self, number: int) -> Iterator[dict[str, Any]]:
        """Train for so many epochs, yielding each as it ends; closing ends the process.

        Raises:
            SkippedError: if the contestant cannot take part.
        """
        command = [self.interpreter, "-m", f"benchmarks.{self.module}", *self.arguments]
        with subprocess.Popen(
            [*command, "--epochs", str(number)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environment},
        ) as process:
            try:
                for line in process.stdout or ():
                    epoch = json.loads(line)
                    if "skipped" in epoch:
                        raise SkippedError(epoch["skipped"])
                    yield epoch
                if process.wait():
                    raise subprocess.CalledProcessError(process.returncode, command)
            finally:
                process.terminate()


def contestant_arguments(description: str) -> argparse.ArgumentParser:
    """Return the parser of what every contestant is told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("corpus")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--limit", type=int, default=LIMIT, help="use only the first so many pairs")
    return parser


def tell(**figures: object) -> None:
    """Print one epoch's figures."""
    print(json.dumps(figures), flush=True)


def skip(reason: str) -> NoReturn:
    """Say why this contestant does not take part, and end."""
    tell(skipped=reason)
    sys.exit()
