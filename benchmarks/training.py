"""Seconds per epoch on the Keras example's 8,000 training pairs: charseq beside the example.

    python -m benchmarks.training [CORPUS] [--rounds 3] [--epochs 3]

Each contestant trains in a process of its own, in turn, several times over; the first epoch of a
process compiles and warms up, and is not counted.
"""

import argparse
import json
import statistics
import subprocess
import sys

from benchmarks.report import machine, spread, write_section

CONTESTANTS = {
    "Keras example, JAX backend": ["benchmarks.keras_example"],
    "charseq --preset keras-example": ["benchmarks.charseq_training", "keras-example"],
    "charseq, default loop": ["benchmarks.charseq_training", "default"],
}
PEER = "Keras example, JAX backend"


def epochs_of(command: list[str], corpus: str, epochs: int) -> list[dict[str, float]]:
    """Run one contestant and return its epochs, the first left out."""
    module, *preset = command
    done = subprocess.run(
        [sys.executable, "-m", module, corpus, *preset, str(epochs + 1)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()][1:]


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    chosen = parser.parse_args()
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS}
    for number in range(chosen.rounds):
        for name, command in CONTESTANTS.items():
            measured[name] += epochs_of(command, chosen.corpus, chosen.epochs)
            seconds = [epoch["seconds"] for epoch in measured[name]]
            print(f"round {number + 1}: {name}: {spread(seconds)} s", flush=True)

    def median(name: str, field: str) -> float:
        return statistics.median(epoch[field] for epoch in measured[name])

    rows = []
    for name, epochs in measured.items():
        whole, training = ([e[f] for e in epochs] for f in ("seconds", "training_seconds"))
        rows.append(
            f"| {name} | {spread(training)} | {spread(whole)}"
            f" | {median(name, 'training_seconds') / median(PEER, 'training_seconds'):.2f}"
            f" | {median(name, 'seconds') / median(PEER, 'seconds'):.2f} |"
        )
    where = machine()
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    lines = [
        "## Training: seconds per epoch",
        "",
        "The Keras example's model (256 units, one-hot characters) on its 8,000 training pairs,"
        " batch 64; median (least – most)"
        f" of {chosen.rounds * chosen.epochs} epochs in {chosen.rounds} processes each, in turn,"
        " first epochs left out. *Whole* adds what each does after an epoch on the 2,000"
        " held-out pairs: the loss and accuracy, and for charseq also the translation of 500"
        " sources for the CER.",
        "",
        "| | training, s | whole, s | training / Keras's | whole / Keras's |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"Command: `python -m benchmarks.training fra-eng --rounds {chosen.rounds}"
        f" --epochs {chosen.epochs}`, with the release of 2017-09-29. Machine: {where['cores']}"
        f" cores ({where['processor']}), {where['instruction_set']}, {where['threads']} threads;"
        f" Python {where['python']}, {versions}.",
    ]
    print("\n".join(lines))
    write_section("training", lines, {"machine": where, "epochs": measured})


if __name__ == "__main__":
    main()
