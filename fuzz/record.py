"""Figures of whole runs that found nothing, in `record.json`, from which `RECORD.md` is written."""

import json
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
FIGURES, PAGE = HERE / "record.json", HERE / "RECORD.md"
GROWTH = 500


def record(target: str, inputs: int, seconds: float, memory: float, tool: str) -> None:
    """Write down a run that found nothing.

    Args:
        target: what was fuzzed.
        inputs: how many there were.
        seconds: that it took.
        memory: the most that the process took, in MiB.
        tool: the package whose version matters beside charseq's.
    """
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures[target] = {
        "inputs": inputs,
        "seconds": round(seconds),
        "memory_mib": round(memory),
        "date": date.today().isoformat(),
        "versions": f"Python {platform.python_version()}, charseq {version('charseq')},"
        f" {tool} {version(tool)}",
    }
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    rows = [
        f"| {name} | {each['inputs']:,} | {each['seconds']:,} | {each['memory_mib']:,}"
        f" | {each['date']} | {each['versions']} |"
        for name, each in sorted(figures.items())
    ]
    PAGE.write_text(
        "\n".join(
            [
                "# Fuzzing record",
                "",
                "Runs of `make fuzz` in which no input ended in anything but charseq's own errors,"
                f" took longer than a second, or made the process grow by {GROWTH} MiB. Memory is"
                " the most that the process took, PyTorch's libraries and coverage included.",
                "",
                "`loaded exports` are ONNX files with something changed, half of them with a right"
                " checksum, that are loaded and asked in ONNX Runtime. Each was answered, or"
                " refused by charseq's own errors, within ten seconds, and none ended its process.",
                "",
                "| target | inputs | seconds | memory, MiB | date | versions |",
                "| --- | --- | --- | --- | --- | --- |",
                *rows,
                "",
            ]
        ),
        encoding="utf-8",
    )
