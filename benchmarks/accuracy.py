"""How accurate the defaults are: train with one command, evaluate once on unseen pairs.

    python -m benchmarks.accuracy DATA [TASK…] [--jobs 2]

DATA is a folder with `g2p/`, `inflection/` and `fra-eng.zip`; without tasks, all are run. Every run
adds its figures to `accuracy.json`, with how often its test file was looked at so far, and the
table of ACCURACY.md is written anew.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.accuracy_tasks import Target, Task, tasks
from benchmarks.report import HERE, machine, machine_line
from charseq.errors import counted

CHARSEQ = (sys.executable, "-m", "charseq")
FIGURES = HERE / "accuracy.json"
PAGE = HERE / "ACCURACY.md"
METRICS = ("exact_match", "character_error_rate", "word_error_rate", "chrf", "bleu")


def main() -> None:
    """Run the tasks and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("tasks", nargs="*", metavar="TASK")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at once, each on a share")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        everything = {task.name: task for task in tasks(chosen.data, Path(scratch))}
        unknown = set(chosen.tasks) - everything.keys()
        if unknown:
            parser.error(f"unknown tasks: {', '.join(sorted(unknown))}")
        asked = [everything[name] for name in chosen.tasks or everything]
        jobs = [(task, seed) for task in asked for seed in range(1, task.seeds + 1)]
        threads = max(1, (os.cpu_count() or 1) // chosen.jobs)
        with ThreadPoolExecutor(chosen.jobs) as pool:
            started = [
                pool.submit(measured, task, seed, Path(scratch), threads) for task, seed in jobs
            ]
            runs = [run.result() for run in started]
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for task in asked:
        own = [run for (each, _), run in zip(jobs, runs, strict=True) if each is task]
        looks = figures.get(task.name, {}).get("looks", 0) + 1
        figures[task.name] = {
            "command": command(task),
            "date": date.today().isoformat(),
            "looks": looks,
            "machine": machine(),
            "threads": threads,
            "runs": own,
        }
    FIGURES.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text("\n".join(page(figures, everything)) + "\n", encoding="utf-8")


def measured(task: Task, seed: int, scratch: Path, threads: int) -> dict[str, Any]:
    """Train once, evaluate once, and return the figures."""
    run = scratch / f"{task.name}-{seed}"
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    began = time.perf_counter()
    subprocess.run(
        [
            *(*CHARSEQ, "train", str(task.training), *task.options),
            *("--seed", str(seed), "--run", str(run), "--quiet"),
        ],
        check=True,
        env=environment,
    )
    minutes = (time.perf_counter() - began) / 60
    columns = task.options if "--features-column" in task.options else ()
    evaluated = subprocess.run(
        [*CHARSEQ, "evaluate", str(run / "model.safetensors"), str(task.test), *columns, "--json"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    report = json.loads(evaluated.stdout)
    scores = {name: report[name] for name in METRICS if report.get(name)}
    print(task.name, seed, f"{minutes:.1f} min", {n: s["value"] for n, s in scores.items()})
    return {"seed": seed, "minutes": minutes, "scores": scores}


def command(task: Task) -> str:
    """Return how a task's models are trained."""
    options = " ".join(f"'{each}'" if each == " " else each for each in task.options)
    return f"charseq train {task.training.name} {options} --seed S".replace("  ", " ")


def page(figures: Mapping[str, Any], everything: Mapping[str, Task]) -> list[str]:
    """Return ACCURACY.md."""
    rows = [
        row
        for name, task in everything.items()
        if name in figures
        for row in _rows(task, figures[name])
    ]
    last = max(figures.values(), key=lambda each: each["date"])
    return [
        "# Accuracy",
        "",
        "What the default settings reach, with one command and nothing tuned for a task: the"
        " held-out part is drawn from the training file alone, and the file that is scored here is"
        " read by `charseq evaluate` and by nothing else. The defaults were chosen by"
        " cross-validation within the training files. Means over the seeds, with the least and the"
        " most; *looks* says how often a task's test file had been evaluated by then, for any"
        " version of charseq; *on*, when the row was measured, with the defaults of then. Times are"
        " of the training command, whole.",
        "",
        "| task | command | metric | charseq | to reach | others | minutes, of at most | looks"
        " | on |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        *(
            line
            for name, each in figures.items()
            if each.get("note")
            for line in (f"{name}: {each['note']}", "")
        ),
        "Data: SIGMORPHON 2021 task 1 (`g2p`), CoNLL–SIGMORPHON 2017 task 1 (`inflection`), and the"
        " English–French pairs of manythings.org/anki, release of 2017-09-29. `example` is the"
        " Keras example's split, the first 8,000 lines against the next 2,000; `english-french` is"
        " all 142,787 pairs, with 2 % of the sources kept for the test and 2,000 sources held out"
        " in training. An answer is right if it equals any reference. Others' figures are of other"
        " test sets of the same tasks where they say so.",
        "",
        "Command: `python -m benchmarks.accuracy DATA`. " + machine_line(last["machine"]),
    ]


def _rows(task: Task, figures: Mapping[str, Any]) -> list[str]:
    runs: Sequence[Mapping[str, Any]] = figures["runs"]
    # A run beside other work tells nothing of the time that one takes.
    minutes = [run["minutes"] for run in runs if "minutes" in run]
    threads = counted(figures["threads"], "thread")
    return [
        f"| {task.name} | `{figures['command']}` | {target.metric.replace('_', ' ')}"
        f" | {_figure(target, runs)} | {'≤' if target.is_error else '≥'} {target.bound:g}"
        f" | {target.published or '–'}"
        f" | {statistics.mean(minutes):.1f}, {task.minutes:g} ({threads})"
        f" | {figures['looks']} | {figures['date']} |"
        for target in task.targets
    ]


def _figure(target: Target, runs: Sequence[Mapping[str, Any]]) -> str:
    values = [run["scores"][target.metric]["value"] for run in runs]
    digits = 3 if max(values) < 1 else 1
    mean = f"{statistics.mean(values):.{digits}f}"
    if len(values) > 1:
        return f"**{mean}** ({min(values):.{digits}f} – {max(values):.{digits}f})"
    low, high = (runs[0]["scores"][target.metric].get(end) for end in ("low", "high"))
    interval = "" if low is None else f" [{low:.{digits}f}, {high:.{digits}f}]"
    return f"**{mean}**{interval}"


if __name__ == "__main__":
    main()
