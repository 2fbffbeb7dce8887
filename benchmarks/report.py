"""Where a figure was measured, and how it is written down."""

import importlib.metadata
import json
import os
import platform
import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"


def machine() -> dict[str, Any]:
    """Describe this machine: processor, cores, instruction set, threads, versions."""
    import torch

    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    found = re.search(r"model name\s*:\s*(.+)", text)
    versions = {}
    for package in ("charseq", "torch", "keras", "jax", "tensorflow", "numpy"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processor": found.group(1) if found else platform.processor(),
        "cores": os.cpu_count(),
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "versions": versions,
    }


def machine_line(where: Mapping[str, Any]) -> str:
    """Return what `machine` found as a sentence."""
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    gpu = f"; {where['gpu']}" if where.get("gpu") else ""
    return (
        f"Machine: {where['cores']} cores ({where['processor']}), {where['instruction_set']},"
        f" {where['threads']} threads{gpu}; Python {where['python']}, {versions}."
    )


def spread(values: Sequence[float]) -> str:
    """Return a median with the smallest and the largest value."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} – {max(values):.2f})"


def write_section(name: str, lines: Sequence[str], figures: object) -> None:
    """Write a benchmark's figures as JSON, and its section of RESULTS.md."""
    (HERE / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    section = "\n".join([begin, *lines, end])
    page = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "# Results\n"
    if begin in page:
        before, rest = page.split(begin, 1)
        page = before + section + rest.split(end, 1)[1]
    else:
        page = f"{page.rstrip()}\n\n{section}\n"
    RESULTS.write_text(page, encoding="utf-8")
