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
