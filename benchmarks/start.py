"""How long a command takes from nothing: seconds and memory of charseq beside `import torch`.

    python -m benchmarks.start [--model FILE] [--rounds 20]

Each command runs in a fresh process, in turn, several times over.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import machine, machine_line, spread, write_section
from benchmarks.start_process import Measured, measure

CHARSEQ = [sys.executable, "-m", "charseq"]
YARDSTICK = "`import torch`"


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a model file; by default one is trained")
    parser.add_argument("--rounds", type=int, default=20)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = rounds(chosen.model or trained(Path(folder)), chosen.rounds)

    # Only now: describing the machine imports torch, and the commands' memory would count it.
    where = machine()
    lines = [
        "## Starting: seconds and memory of a fresh process",
        "",
        "From the start of the process to its end, files in the system's cache; median (least –"
        f" most) of {chosen.rounds} runs each, in turn, after one that is not counted. `charseq"
        " translate` loads a model of 256 units and translates one sentence.",
        "",
        f"| | seconds | seconds / {YARDSTICK}'s | peak memory, MiB | memory / {YARDSTICK}'s |",
        "| --- | --- | --- | --- | --- |",
        *(row(name, runs, measured[YARDSTICK]) for name, runs in measured.items()),
        "",
        f"Command: `python -m benchmarks.start --rounds {chosen.rounds}`. {machine_line(where)}",
    ]
    print("\n".join(lines))
    figures = {
        name: [{"seconds": run.seconds, "peak_mib": run.peak} for run in runs]
        for name, runs in measured.items()
    }
    write_section("start", lines, {"machine": where, "runs": figures})


def trained(folder: Path) -> Path:
    """Train a small model by the command line and return its file."""
    model = folder / "model.safetensors"
    settings = ["--limit", "200", "--units", "256", "--epochs", "30", "--run", str(folder / "run")]
    command = [*CHARSEQ, "train", "phrasebook", *settings, "--output", str(model)]
    subprocess.run(command, check=True, capture_output=True)
    return model


def rounds(model: Path, count: int) -> dict[str, list[Measured]]:
    """Run every command so many times, and once before that does not count."""
    commands = {
        "Python alone": [sys.executable, "-c", ""],
        YARDSTICK: [sys.executable, "-c", "import torch"],
        "`charseq --help`": [*CHARSEQ, "--help"],
        "`charseq translate`": [*CHARSEQ, "translate", str(model), "Go."],
    }
    runs = [
        {name: measure(command) for name, command in commands.items()} for _ in range(count + 1)
    ]
    return {name: [run[name] for run in runs[1:]] for name in commands}


def row(name: str, runs: list[Measured], yardstick: list[Measured]) -> str:
    """Return a command's row of the table."""
    cells = []
    for field in ("seconds", "peak"):
        own, other = ([getattr(run, field) for run in each] for each in (runs, yardstick))
        cells += [spread(own), f"{statistics.median(own) / statistics.median(other):.2f}"]
    return f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
