"""What an export costs to start, to ask and to keep: ONNX Runtime beside PyTorch, the same models.

    python -m benchmarks.exports [CORPUS] [--rounds 3] [--repetitions 200]

Four models are trained for a few epochs: of the Keras example's shape, and with charseq's default
settings for few pairs, for thousands and for many. Each is exported in float32 and in 8 bits; all
translate the same sentences, in turn.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import charseq
from benchmarks.report import machine, machine_line, spread, write_section
from benchmarks.start_process import measure
from benchmarks.translating import of_usual_length, sources
from benchmarks.translating_contestants import Measured, milliseconds, time_charseq
from charseq.answering import BaseTranslator
from charseq.interop import onnx
from charseq.interop.onnx import Precision

# Name, and how each is trained: long enough to write sentences that end.
MODELS: Mapping[str, Mapping[str, Any]] = {
    "the example's model": {"preset": "keras-example", "epochs": 6},
    "the default for few pairs": {
        "units": 128,
        "attention_layers": 2,
        "location_aware": True,
        "epochs": 4,
    },
    "the default for thousands": {
        "units": 256,
        "attention_layers": 2,
        "attention_size": 128,
        "epochs": 3,
    },
    "the default for many pairs": {"units": 512, "attention_layers": 1, "epochs": 2},
}
PYTORCH = "PyTorch"
EXPORTS: Mapping[str, Precision] = {"ONNX Runtime": "float32", "ONNX Runtime, int8": "int8"}
# Answers once, and tells its own memory: what the starting process knows of it counts that
# process's own.
COLD = """
import sys
from pathlib import Path
import charseq.runtime
charseq.runtime.load(sys.argv[1]).translate(sys.argv[2])
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(*(int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")))
"""


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repetitions", type=int, default=200, help="of one sentence, each round")
    chosen = parser.parse_args()
    figures: dict[str, Any] = {}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, settings) in enumerate(MODELS.items()):
            files = exported(chosen.corpus, settings, Path(folder) / str(number))
            measured, answers = compare(chosen, files)
            starts = cold(files, answers[0], chosen.rounds)
            rows += table(name, files, measured, starts)
            figures[name] = {
                runtime: {
                    "bytes": files[runtime].stat().st_size,
                    "latencies": each.latencies,
                    "characters_per_second": each.rates,
                    **starts.get(runtime, {}),
                }
                for runtime, each in measured.items()
            }
    where = machine()
    lines = [
        "## Exports: ONNX Runtime beside PyTorch",
        "",
        "One sentence: sources of 14 characters with answers of 18 to 22, greedy, one thread,"
        f" {chosen.repetitions} in turn in each of {chosen.rounds} rounds. Many: the corpus's first"
        " 10,000 different sources in one call, thousands of characters a second, median (least –"
        " most). Cold: a fresh process until it has answered once and ended; its memory then, and"
        " the most that it had while it read the file.",
        "",
        "| | size, MB | one sentence: p50, ms | p99, ms | PyTorch's / | many | / PyTorch's |"
        " cold, s | memory, MiB | at most |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"Command: `python -m benchmarks.exports fra-eng --rounds {chosen.rounds} --repetitions"
        f" {chosen.repetitions}`, with the release of 2017-09-29. {machine_line(where)}",
    ]
    print("\n".join(lines))
    write_section("exports", lines, {"machine": where, **figures})


def exported(corpus: str, settings: Mapping[str, Any], run: Path) -> dict[str, Path]:
    """Train a model, export it, and return the files."""
    # The preset has its own limit.
    limit: dict[str, Any] = {} if "preset" in settings else {"limit": 10_000}
    charseq.train(corpus, run=run, device="cpu", **limit, **settings)
    model = run / "model.safetensors"
    files = {PYTORCH: model}
    for name, precision in EXPORTS.items():
        files[name] = run / f"{precision}.onnx"
        files[name].write_bytes(onnx.export(model, precision=precision).content)
    return files


def compare(
    chosen: argparse.Namespace, files: Mapping[str, Path]
) -> tuple[dict[str, Measured], Sequence[str]]:
    """Let all translate the same sentences, in turn; return what they did, and some sources."""
    translators: dict[str, BaseTranslator] = {
        name: charseq.load(path, device="cpu") for name, path in files.items()
    }
    texts = sources(chosen.corpus, translators[PYTORCH])
    answers = [each.hypothesis for each in translators[PYTORCH].translate(texts)]
    alone = of_usual_length(texts, answers)[: chosen.repetitions]
    singles = list(islice(cycle(alone), chosen.repetitions))
    measured = {name: Measured() for name in translators}
    for _ in range(chosen.rounds):
        for name, translator in translators.items():
            time_charseq(translator, {}, singles, texts, measured[name])
    return measured, alone


def cold(files: Mapping[str, Path], text: str, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Start fresh processes that answer once; return their seconds and their memory in MiB."""
    starts: dict[str, dict[str, list[float]]] = {}
    for _ in range(3 * rounds + 1):
        for name in EXPORTS:
            run = measure([sys.executable, "-c", COLD, str(files[name]), text])
            own = starts.setdefault(name, {"cold_seconds": [], "resident_mib": [], "peak_mib": []})
            resident, peak = map(float, run.output.split())
            own["cold_seconds"].append(run.seconds)
            own["resident_mib"].append(resident)
            own["peak_mib"].append(peak)
    return {name: {kind: some[1:] for kind, some in own.items()} for name, own in starts.items()}


def table(
    name: str,
    files: Mapping[str, Path],
    measured: Mapping[str, Measured],
    starts: Mapping[str, Mapping[str, Sequence[float]]],
) -> list[str]:
    """Return a model's rows."""
    yardstick = measured[PYTORCH]
    rows = []
    for runtime, each in measured.items():
        own, theirs = (statistics.median(milliseconds(one)) for one in (each, yardstick))
        percentile = sorted(milliseconds(each))[int(0.99 * len(each.latencies))]
        many = max(each.rates)
        rates, others = ([rate / 1_000 for rate in one.rates[many]] for one in (each, yardstick))
        start = starts.get(runtime)
        cells = [
            f"{files[runtime].stat().st_size / 1e6:.2f}",
            f"{own:.2f}",
            f"{percentile:.2f}",
            f"{theirs / own:.1f}",
            spread(rates),
            f"{statistics.median(rates) / statistics.median(others):.2f}",
            *(
                spread(start[kind]) if start else ""
                for kind in ("cold_seconds", "resident_mib", "peak_mib")
            ),
        ]
        rows.append(f"| {name}: {runtime} | {' | '.join(cells)} |")
    return rows


if __name__ == "__main__":
    main()
