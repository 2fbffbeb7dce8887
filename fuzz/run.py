"""Feed a target with inputs that atheris makes, guided by what they reach.

    python -m fuzz.run TARGET [--inputs 1000000] [--seconds 600]

Stops at the first input that ends in anything but charseq's own errors, that computes longer than a
second, or for which the process grows beyond 500 MiB over what it had at the start; that input is
written to `fuzz/found/`. Figures of whole runs go into `fuzz/record.json`, and `RECORD.md` is
written from that.
"""

import argparse
import os
import resource
import sys
import time
from pathlib import Path

import atheris

from fuzz.record import GROWTH, record

with atheris.instrument_imports(include=["charseq", "pyfive", "zipfile", "gzip", "tomllib"]):
    from fuzz.targets import TARGETS, feed

HERE = Path(__file__).parent


def main() -> None:
    """Fuzz, in a process of its own since libFuzzer ends the one that it is in."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=0, help="stop earlier; 0: never")
    chosen = parser.parse_args()
    child = os.fork()
    if child == 0:
        fuzz(chosen.target, chosen.inputs, chosen.seconds)
        os._exit(0)
    began = time.monotonic()
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - began
    code = os.waitstatus_to_exitcode(status)
    if code == 0 and not chosen.seconds:
        record(chosen.target, chosen.inputs, seconds, usage.ru_maxrss / 1024, "atheris")
    sys.exit(abs(code))


def fuzz(target: str, inputs: int, seconds: int) -> None:
    """Run libFuzzer, which exits by itself."""
    found = HERE / "found"
    found.mkdir(exist_ok=True)
    grown = HERE / "grown" / target
    grown.mkdir(parents=True, exist_ok=True)
    now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    atheris.Setup(
        [
            *("fuzz", str(grown), str(HERE / "seeds" / target)),
            *(f"-runs={inputs}", f"-max_total_time={seconds}", "-max_len=20000", "-timeout=60"),
            *(f"-rss_limit_mb={now + GROWTH}", f"-artifact_prefix={found}/{target}-"),
            *("-print_final_stats=1", "-verbosity=1"),
        ],
        lambda data: timed(target, data),
    )
    atheris.Fuzz()


def timed(target: str, data: bytes) -> None:
    """Feed a target; time on the processor counts, since others may have it meanwhile."""
    began = time.process_time()
    feed(target, data)
    if time.process_time() - began > 1:
        raise TimeoutError("this input took longer than a second")


if __name__ == "__main__":
    main()
