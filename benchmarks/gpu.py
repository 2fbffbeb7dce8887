"""Epochs, and many sentences translated, on a CUDA GPU: charseq beside the Keras example.

    python -m benchmarks.gpu [CORPUS] [--rounds 2] [--warm-up 2] [--epochs 3]

Training is that of `benchmarks.training`: a process each, in turn, first epochs not counted. Then
charseq trains a model that Keras has too, and both translate with the very same weights.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

import charseq
from benchmarks.contestant import Contestant
from benchmarks.example import BATCH_SIZE, LIMIT, UNITS, read_example, same_as_history
from benchmarks.report import machine, machine_line, spread, write_section
from benchmarks.training import PEER, Epochs, counted, measure
from benchmarks.translating import sources
from benchmarks.translating_contestants import Measured, time_keras
from charseq.interop.keras import export_keras
from charseq.modelfile import read_model

# Of all sentences, a round.
CALLS = 3
OWN = "charseq, greedy"


def main() -> None:
    """Measure, print two tables, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--warm-up", type=int, default=2, help="epochs that are not counted")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--sentences", type=int, default=100_000, help="to translate, at most")
    parser.add_argument("--repetitions", type=int, default=10, help="of one sentence, by Keras")
    chosen = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("this machine has no GPU that PyTorch computes on with CUDA")
    training = trained(chosen.corpus, chosen.rounds, chosen.warm_up, chosen.epochs)
    translating, figures = translated(
        chosen.corpus, chosen.rounds, chosen.sentences, chosen.repetitions
    )
    where = machine()
    lines = [
        "## On a GPU",
        "",
        *training[0],
        "",
        *translating,
        "",
        f"Command: `python -m benchmarks.gpu fra-eng --rounds {chosen.rounds}"
        f" --warm-up {chosen.warm_up} --epochs {chosen.epochs}`, with the release of 2017-09-29."
        f" {machine_line(where)}",
    ]
    print("\n".join(lines))
    write_section("gpu", lines, {"machine": where, "epochs": training[1], "translating": figures})


def trained(
    corpus: str, rounds: int, warm_up: int, epochs: int
) -> tuple[list[str], dict[str, Epochs]]:
    """Let everyone train in turn, and return a table and the epochs behind it."""
    example = read_example(corpus)
    processes, skipped = measure(contestants(corpus), rounds, warm_up, epochs)
    measured = {name: counted(runs, warm_up) for name, runs in processes.items()}
    peer = statistics.median(epoch["training_seconds"] for epoch in measured[PEER])
    rows = []
    for name, done in measured.items():
        seconds = [epoch["training_seconds"] for epoch in done]
        rows.append(f"| {name} | {spread(seconds)} | {statistics.median(seconds) / peer:.2f} |")
    first_loss = statistics.median(run[0]["loss"] for run in processes[PEER])
    lines = [
        f"Seconds of a training epoch on the example's {len(example.split.training):,} pairs: its"
        f" model ({UNITS} units, batch {BATCH_SIZE}) and, last, what charseq trains by default on"
        f" so many; median (least – most) of {rounds * epochs} epochs in {rounds}"
        f" process{'es' if rounds > 1 else ''} each, in turn, the first {warm_up} epochs of each"
        " left out.",
        "",
        "| | training, s | / Keras's |",
        "| --- | --- | --- |",
        *rows,
        "",
        *same_as_history(example, {1: first_loss}),
        *(f"Left out: {name}: {reason}." for name, reason in skipped.items()),
    ]
    return lines, measured


def contestants(corpus: str) -> list[Contestant]:
    """Return everyone that trains, the yardstick first."""
    pairs = (corpus, "--limit", str(LIMIT))
    # JAX would take most of the GPU's memory, and charseq's own process waits beside it.
    jax = {"KERAS_BACKEND": "jax", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    return [
        Contestant(PEER, "keras_example", pairs, environment=jax),
        Contestant(
            "Keras example, PyTorch backend",
            "keras_example",
            pairs,
            environment={"KERAS_BACKEND": "torch"},
        ),
        Contestant(
            "charseq --preset keras-example",
            "charseq_training",
            (*pairs, "--preset", "keras-example"),
        ),
        Contestant("charseq, default loop", "charseq_training", pairs),
        Contestant("charseq, default loop in bf16", "charseq_training", (*pairs, "--bf16")),
        Contestant("charseq, default model", "charseq_training", (*pairs, "--default-model")),
    ]


def translated(
    corpus: str, rounds: int, sentences: int, repetitions: int
) -> tuple[list[str], dict[str, dict[str, list[float]]]]:
    """Translate all that a corpus's sources say, and return a table and the times behind it."""
    with tempfile.TemporaryDirectory() as folder:
        model, archive = Path(folder) / "run" / "model.safetensors", Path(folder) / "model.keras"
        # The example's model, trained on all pairs in charseq's own loop.
        charseq.train(
            corpus,
            preset="keras-example",
            run=model.parent,
            limit=None,
            epochs=2,
            batch_size=128,
            count_padding=False,
            pad_source_to=None,
            maximum_output_length=None,
        )
        export_keras(*read_model(model), archive)
        translator = charseq.load(model)
        texts = sources(corpus, translator, sentences)
        measured = {OWN: Measured(), PEER: Measured()}
        translator.translate(texts[:2_000])
        for number in range(rounds):
            for _ in range(CALLS):
                began = time.perf_counter()
                answers = [each.hypothesis for each in translator.translate(texts)]
                measured[OWN].add(texts, answers, time.perf_counter() - began)
            time_keras(archive, texts[:repetitions], measured[PEER])
            print(f"round {number + 1}: translated", flush=True)
    theirs = measured[PEER].rates[1]
    rates = {name: each.rates[len(texts)] or theirs for name, each in measured.items()}
    answered = measured[PEER].answers
    found = dict(zip(texts, answers, strict=True))
    same = sum(found[text] == answer for text, answer in answered.items())
    peer = statistics.median(theirs)
    lines = [
        f"Thousands of characters a second: all {len(texts):,} different sources of the corpus in"
        f" one call, with a model of the example's shape trained by charseq; median (least – most)"
        f" of {rounds * CALLS} calls. The example translates one at a time, and {repetitions} of"
        f" them; charseq answers {same} of these the same.",
        "",
        "| | thousands of characters a second | / Keras's |",
        "| --- | --- | --- |",
        *(
            f"| {name} | {spread([rate / 1_000 for rate in own])}"
            f" | {statistics.median(own) / peer:,.0f} |"
            for name, own in rates.items()
        ),
    ]
    return lines, {name: {"characters_per_second": own} for name, own in rates.items()}


if __name__ == "__main__":
    main()
