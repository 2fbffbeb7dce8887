"""How training and reading grow: with the corpus, with the lengths, with the width.

    python -m benchmarks.scale [CORPUS] [--rounds 3] [--seconds 20] [--pairs 1000000]

Everything runs in a process of its own, in turn, several times over.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.report import machine, machine_line, spread, write_section
from benchmarks.scale_corpora import (
    USUAL_WIDTH,
    Case,
    growing_corpora,
    longer_and_wider,
    synthetic,
    write_tsv,
)
from benchmarks.start_process import measure

Figures = dict[str, float]
Runs = Mapping[str, Sequence[Figures]]


def main() -> None:
    """Measure, print the tables, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20, help="of training, at most")
    parser.add_argument("--pairs", type=int, default=1_000_000, help="to read")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        growing = growing_corpora(chosen.corpus, Path(folder))
        cases = [*growing, *longer_and_wider(growing[0], Path(folder))]
        files = {size: Path(folder) / f"{size}.tsv" for size in (chosen.pairs // 10, chosen.pairs)}
        for size, file in files.items():
            write_tsv(file, synthetic(size, longest=60))
        trained: dict[str, list[Figures]] = {case.name: [] for case in cases}
        read: dict[int, list[Figures]] = {size: [] for size in files}
        for number in range(1, chosen.rounds + 1):
            for case in cases:
                arguments = [case.file, case.units, chosen.seconds, number]
                trained[case.name].append(figures_of("scale_training", *arguments))
                print(f"round {number}: {case.name}: {trained[case.name][-1]}", flush=True)
            for size, file in files.items():
                read[size].append(figures_of("scale_reading", file))
                print(f"round {number}: reading {size:,}: {read[size][-1]}", flush=True)

    # Only now: describing the machine imports torch, and the processes' memory would count it.
    where = machine()
    lines = [
        "## Growing: larger corpora, longer texts, wider models",
        "",
        *training_lines(cases, trained, chosen.seconds),
        "",
        growth_line(growing[-2:], trained),
        "",
        *reading_lines(read),
        "",
        f"All figures: median (least – most) of {chosen.rounds} processes each, in turn.",
        "",
        f"Command: `python -m benchmarks.scale fra-eng --rounds {chosen.rounds}"
        f" --seconds {chosen.seconds:g}`, with the release of 2017-09-29. {machine_line(where)}",
    ]
    print("\n".join(lines))
    write_section("scale", lines, {"machine": where, "training": trained, "reading": read})


def figures_of(module: str, *arguments: object) -> Figures:
    """Run a module of this folder in a process of its own; return its figures and its memory."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    measured = measure(command)
    return {**json.loads(measured.output), "peak_gib": measured.peak / 1_024}


def series(runs: Sequence[Figures], name: str) -> list[float]:
    """Return one figure of every run."""
    return [run[name] for run in runs]


def training_lines(cases: Sequence[Case], trained: Runs, seconds: float) -> list[str]:
    """Return the table of all trainings."""
    first = cost(trained[cases[0].name])
    rows = []
    for case in cases:
        runs = trained[case.name]
        costs = [1_000 / rate for rate in series(runs, "pairs_per_second")]
        rows.append(
            f"| {case.name} | {1_000 / cost(runs):,.0f} | {spread(costs)}"
            f" | {cost(runs) / first:.2f} | {spread(series(runs, 'peak_gib'))} |"
        )
    return [
        f"Training by the default loop for an epoch, or for {seconds:g} seconds of it, with"
        f" {USUAL_WIDTH} units where nothing else is said; the pairs are drawn evenly from the"
        " whole corpus, so that all sizes have the same lengths.",
        "",
        "| | pairs/s | ms per pair | beside the first | peak memory, GiB |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]


def growth_line(growing: Sequence[Case], trained: Runs) -> str:
    """Return what the growth of the corpus costs, from the first of some cases to the last."""
    before, whole = growing[0].name, growing[-1].name
    return (
        f"One of {whole} costs {cost(trained[whole]) / cost(trained[before]):.2f} times what one of"
        f" {before} costs (to be within 15 %); training on {whole} takes"
        f" {statistics.median(series(trained[whole], 'peak_gib')):.2f} GiB (to be under 1.5)."
    )


def cost(runs: Sequence[Figures]) -> float:
    """Return the median time per pair, in milliseconds."""
    return 1_000 / statistics.median(series(runs, "pairs_per_second"))


def reading_lines(read: Mapping[int, Sequence[Figures]]) -> list[str]:
    """Return the table of the parts of reading, for fewer and for more pairs."""
    fewer, more = read
    parts = [part for part in read[more][0] if part != "peak_gib"]

    def row(name: str, wanted: Sequence[str]) -> str:
        both = [[sum(run[part] for part in wanted) for run in read[size]] for size in (fewer, more)]
        growth = statistics.median(both[1]) / statistics.median(both[0])
        return f"| {name} | {spread(both[0])} | {spread(both[1])} | {growth:.1f} |"

    return [
        "From a file of synthetic pairs, 1 to 60 characters on each side, to the batches of an"
        " epoch, in seconds (all of it to be under 20 for a million pairs).",
        "",
        f"| | {fewer:,} pairs | {more:,} pairs | ratio |",
        "| --- | --- | --- | --- |",
        *(row(part, [part]) for part in parts),
        row("all", parts),
        row("peak memory, GiB", ["peak_gib"]),
    ]


if __name__ == "__main__":
    main()
