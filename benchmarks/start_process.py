"""A process of its own, measured from its start to its end."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple


class Measured(NamedTuple):
    """What a process took.

    Attributes:
        seconds: by the clock, from the start of the process to its end.
        peak: its largest resident memory, in MiB; never less than that of the process that
            starts it, as Linux counts, so keep that one small.
        output: what it wrote on standard output.
    """

    seconds: float
    peak: float
    output: str


def measure(command: Sequence[str]) -> Measured:
    """Run a command and measure it.

    Raises:
        CalledProcessError: if it fails.
    """
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        output = process.stdout.read() if process.stdout else ""
        # The usage of this child alone; `getrusage` knows only the largest of all children.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Measured(
        seconds, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10), output
    )
