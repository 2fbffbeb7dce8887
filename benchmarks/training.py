"""Seconds per epoch on the Keras example's 8,000 training pairs: charseq beside others.

    python -m benchmarks.training [CORPUS] [--rounds 3] [--warm-up 2] [--epochs 3]
                                  [--yoyodyne PYTHON]
    python -m benchmarks.training [CORPUS] --check-keras

Each contestant trains in a process of its own, in turn, several times over; the first epochs of a
process compile and warm up, and are not counted: JAX compiles in the first, and oneDNN whenever a
batch has a shape that it has not met. Who cannot take part is left out and says why.
"""

import argparse
import csv
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.contestant import Contestant, SkippedError
from benchmarks.example import BATCH_SIZE, EMBEDDING, LIMIT, UNITS, read_example, same_as_history
from benchmarks.floor import matrix_product_rate, training_floor
from benchmarks.report import machine, machine_line, spread, write_section

if TYPE_CHECKING:
    from charseq.corpus import Split

PEER = "Keras example, JAX backend"
SOFT_ATTENTION, ATTENTION = "yoyodyne, soft-attention LSTM", "charseq with attention"
Epochs = list[dict[str, Any]]


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=2, help="epochs that are not counted")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--limit", type=int, default=LIMIT, help="use only the first so many pairs")
    parser.add_argument(
        "--yoyodyne",
        metavar="PYTHON",
        default=sys.executable,
        help="the interpreter of an environment where yoyodyne is installed",
    )
    parser.add_argument(
        "--check-keras",
        action="store_true",
        help="only train the Keras example for 12 epochs and compare its loss with the reference",
    )
    chosen = parser.parse_args()
    example = read_example(chosen.corpus, chosen.limit)
    split = example.split
    with tempfile.TemporaryDirectory() as folder:
        write_files(split, Path(folder))
        everyone = contestants(chosen.corpus, chosen.limit, folder, chosen.yoyodyne)
        if chosen.check_keras:
            losses = [epoch["loss"] for epoch in everyone[0].epochs(12)]
            print(*same_as_history(example, dict(enumerate(losses, 1))), sep="\n")
            return
        before = matrix_product_rate()
        processes, skipped = measure(everyone, chosen.rounds, chosen.warm_up, chosen.epochs)
        rate = max(before, matrix_product_rate())

    measured = {name: counted(epochs, chosen.warm_up) for name, epochs in processes.items()}
    floor = floor_of(split, rate)
    first_loss = statistics.median(epochs[0]["loss"] for epochs in processes[PEER])
    where = machine()
    lines = [
        "## Training: seconds per epoch",
        "",
        f"The Keras example's model ({UNITS} units, batch {BATCH_SIZE}) on {len(split.training):,}"
        f" training pairs, {example.name} but for the last fifth; median (least – most)"
        f" of {chosen.rounds * chosen.epochs} epochs in {chosen.rounds} processes each, in turn,"
        f" the first {chosen.warm_up} epochs of each left out. *Whole* adds what each does after an"
        f" epoch on the {len(split.held_out):,} held-out pairs: the loss (and, but for `nn.LSTM`,"
        " an accuracy), and for charseq also the translation of 500 sources for the CER.",
        "",
        "| | training, s | whole, s | training / Keras's | whole / Keras's | share of the floor |",
        "| --- | --- | --- | --- | --- | --- |",
        *(row(name, epochs, measured[PEER], floor) for name, epochs in measured.items()),
        "",
        f"The floor, {floor:.2f} s, is the time of the matrix products alone (forward and backward,"
        f" no padding) at the best rate measured in the same run, {rate / 1e9:.0f} GFLOP/s; the"
        " share is the floor over the training time. The rate is that of float32, which bf16 may"
        " exceed.",
        *same_as_history(example, {1: first_loss}),
        *beside_soft_attention(measured),
        "",
        *(f"Left out: {name}: {reason}.\n" for name, reason in skipped.items()),
        f"Command: `python -m benchmarks.training fra-eng --rounds {chosen.rounds}"
        f" --warm-up {chosen.warm_up} --epochs {chosen.epochs} --yoyodyne PYTHON`, where PYTHON"
        " belongs to an environment made with `pip install torch==2.13.0 yoyodyne==0.5.27` and `pip"
        f" uninstall torchaudio torchvision`. {machine_line(where)}",
    ]
    print("\n".join(lines))
    figures = {
        "machine": where,
        "floor": {"seconds": floor, "operations_per_second": rate},
        "first_epochs": {name: [run[0] for run in runs] for name, runs in processes.items()},
        "epochs": measured,
        "skipped": skipped,
    }
    write_section("training", lines, figures)


def contestants(corpus: str, limit: int, files: str, yoyodyne: str) -> list[Contestant]:
    """Return everyone that may take part, the yardstick first."""
    pairs = (corpus, "--limit", str(limit))
    preset = (*pairs, "--preset", "keras-example")
    jax, tensorflow = ({"KERAS_BACKEND": backend} for backend in ("jax", "tensorflow"))
    return [
        Contestant(PEER, "keras_example", pairs, environment=jax),
        Contestant(
            "Keras example, TensorFlow backend", "keras_example", pairs, environment=tensorflow
        ),
        Contestant("`nn.LSTM`, padded to the longest", "padded_lstm", pairs),
        Contestant("yoyodyne, plain LSTM", "yoyodyne_lstm", (files,), interpreter=yoyodyne),
        Contestant("charseq --preset keras-example", "charseq_training", preset),
        Contestant("charseq, default loop", "charseq_training", pairs),
        Contestant("charseq, default loop in bf16", "charseq_training", (*pairs, "--bf16")),
        Contestant(
            SOFT_ATTENTION,
            "yoyodyne_lstm",
            (files, "--model", "soft-attention"),
            interpreter=yoyodyne,
        ),
        Contestant(ATTENTION, "charseq_training", (*pairs, "--attention")),
    ]


def write_files(split: "Split", folder: Path) -> None:
    """Write both sides for those who read files."""
    for name, pairs in (("training", split.training), ("held-out", split.held_out)):
        with (folder / f"{name}.tsv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t").writerows(pair[:2] for pair in pairs)


def measure(
    everyone: Sequence[Contestant], rounds: int, warm_up: int, epochs: int
) -> tuple[dict[str, list[Epochs]], dict[str, str]]:
    """Let everyone train in turn; return the epochs of each process, and who was left out.

    Without the first contestant, which the others are compared with, the benchmark ends.
    """
    processes: dict[str, list[Epochs]] = {}
    skipped: dict[str, str] = {}
    for number in range(rounds):
        for contestant in everyone:
            name = contestant.name
            if name in skipped:
                continue
            try:
                run = list(contestant.epochs(warm_up + epochs))
            except SkippedError as reason:
                if contestant is everyone[0]:
                    sys.exit(f"there is nothing to compare with: {name}: {reason}")
                skipped[name] = str(reason)
                print(f"{name}: left out: {reason}", flush=True)
                continue
            processes.setdefault(name, []).append(run)
            seconds = [epoch["training_seconds"] for epoch in counted(processes[name], warm_up)]
            print(f"round {number + 1}: {name}: {spread(seconds)} s", flush=True)
    return processes, skipped


def counted(processes: Sequence[Epochs], warm_up: int) -> Epochs:
    """Return the epochs of all processes after those that each warms up with."""
    return [epoch for epochs in processes for epoch in epochs[warm_up:]]


def floor_of(split: "Split", rate: float) -> float:
    """Return the least seconds of an epoch on a split's training pairs."""
    targets = [pair.target for pair in split.training]
    return training_floor(
        UNITS,
        source_characters=sum(len(pair.source) for pair in split.training),
        # Every target ends with a symbol of its own.
        target_characters=sum(len(target) + 1 for target in targets),
        target_symbols=len(set().union(*targets)) + 1,
        rate=rate,
    )


def beside_soft_attention(measured: dict[str, Epochs]) -> list[str]:
    """Return how both models with attention compare, where both took part."""
    if SOFT_ATTENTION not in measured or ATTENTION not in measured:
        return []
    theirs, own = (
        statistics.median(epoch["training_seconds"] for epoch in measured[name])
        for name in (SOFT_ATTENTION, ATTENTION)
    )
    return [
        f"With attention, both read sources forwards through {UNITS} units and embed symbols in"
        f" {EMBEDDING} numbers; charseq's training epoch is {theirs / own:.1f} times as fast as"
        " yoyodyne's."
    ]


def row(name: str, epochs: Epochs, peer: Epochs, floor: float) -> str:
    """Return a contestant's row of the table."""
    training, whole = ([e[f] for e in epochs] for f in ("training_seconds", "seconds"))
    ratios = [
        statistics.median(own) / statistics.median(epoch[field] for epoch in peer)
        for field, own in (("training_seconds", training), ("seconds", whole))
    ]
    version = f" {epochs[0]['version']}" if "version" in epochs[0] else ""
    return (
        f"| {name}{version} | {spread(training)} | {spread(whole)}"
        f" | {ratios[0]:.2f} | {ratios[1]:.2f} | {floor / statistics.median(training):.0%} |"
    )


if __name__ == "__main__":
    main()
