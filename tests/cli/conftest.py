import io
import sys
from collections.abc import Callable

import pytest

from charseq.cli import main


@pytest.fixture
def charseq_command() -> Callable[..., int]:
    """Runs the command line in this process and returns its exit code."""

    def run(*arguments: str) -> int:
        try:
            main(arguments)
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    return run


@pytest.fixture
def run(charseq_command: Callable[..., int], monkeypatch, capsys):
    """Runs the command line in this process: its exit code, standard output and error."""

    def call(*arguments: str, given: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        code = charseq_command(*arguments)
        return code, *capsys.readouterr()

    return call
