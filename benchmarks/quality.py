"""Time to quality: seconds until the Keras example's best held-out loss, for it and for charseq.

    python -m benchmarks.quality [CORPUS] [--keras-epochs 60] [--epochs 60] [--rounds 3]
                                 [--keras-curve FILE]

The loss is the mean cross-entropy of the held-out pairs' real characters and their ends, in nats,
under teacher forcing; it is taken outside the example's time and inside charseq's whole time.
The Keras example trains once; charseq trains with several seeds, each until it is as good.
"""

import argparse
import json
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contestant import Contestant
from benchmarks.example import LIMIT, read_example, same_as_history
from benchmarks.report import machine, machine_line, spread, write_section

FIELDS = ("training_seconds", "seconds")
Curve = list[dict[str, Any]]


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    parser.add_argument("--keras-epochs", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=60, help="charseq's, at most")
    parser.add_argument("--rounds", type=int, default=3, help="how often charseq trains")
    parser.add_argument("--limit", type=int, default=LIMIT, help="use only the first so many pairs")
    parser.add_argument(
        "--keras-curve",
        type=Path,
        metavar="FILE",
        help="take the Keras example's curve from an earlier quality.json, and write nothing down:"
        " figures that are kept come from one run",
    )
    chosen = parser.parse_args()
    example = read_example(chosen.corpus, chosen.limit)
    pairs = (chosen.corpus, "--limit", str(chosen.limit))
    if chosen.keras_curve:
        keras = json.loads(chosen.keras_curve.read_text(encoding="utf-8"))["keras"]
    else:
        contestant = Contestant(
            "Keras example",
            "keras_example",
            (*pairs, "--masked"),
            environment={"KERAS_BACKEND": "jax"},
        )
        keras = list(shown(contestant, chosen.keras_epochs))
    best = min(range(len(keras)), key=lambda place: keras[place]["held_out_loss"])
    wanted = keras[best]["held_out_loss"]

    # Both sides predict the same symbols, those that only held-out targets have among them.
    own = (*pairs, "--vocabulary-from", "corpus")
    seeds = [
        Contestant(f"charseq, seed {seed}", "charseq_training", (*own, "--seed", str(seed)))
        for seed in range(1, chosen.rounds + 1)
    ]
    charseq = [until(wanted, contestant, chosen.epochs) for contestant in seeds]
    where = machine()
    lines = [
        "## Time to quality",
        "",
        f"The Keras example reaches its lowest held-out loss, {wanted:.3f} nats a symbol with"
        f" padding masked, after epoch {best + 1} of {len(keras)}. Seconds until then, and seconds"
        " until charseq's loss on the same pairs is as low: its own loop, the example's model"
        f" and split of {example.name}, median (least – most) of {chosen.rounds} seeds. A first"
        " epoch, which compiles, counts as its run's median epoch.",
        "",
        "| | epochs | training, s | whole, s |",
        "| --- | --- | --- | --- |",
        *table(keras[: best + 1], charseq, wanted),
        "",
        "*Whole* adds what each does after an epoch: the example its own validation, charseq the"
        " held-out loss and the translation of 500 sources for the CER.",
        *same_as_history(example, {i: epoch["loss"] for i, epoch in enumerate(keras, 1)}),
        "",
        f"Command: `python -m benchmarks.quality fra-eng --keras-epochs {chosen.keras_epochs}"
        f" --rounds {chosen.rounds}`. {machine_line(where)}",
    ]
    print("\n".join(lines))
    if not chosen.keras_curve:
        write_section("quality", lines, {"machine": where, "keras": keras, "charseq": charseq})


def shown(contestant: Contestant, epochs: int) -> Iterator[dict[str, Any]]:
    """Yield a contestant's epochs, printing the loss of each."""
    for number, epoch in enumerate(contestant.epochs(epochs), 1):
        print(
            f"{contestant.name}, epoch {number}: {epoch['held_out_loss']:.4f} nats,"
            f" {epoch['seconds']:.2f} s",
            flush=True,
        )
        yield epoch


def until(wanted: float, contestant: Contestant, epochs: int) -> Curve:
    """Train until the held-out loss is as low as wanted, and end the process there."""
    curve = []
    for epoch in shown(contestant, epochs):
        curve.append(epoch)
        if epoch["held_out_loss"] <= wanted:
            break
    return curve


def seconds_of(curve: Curve, field: str) -> float:
    """Return the seconds of all epochs, the first counted as the median of the others."""
    first, *others = (epoch[field] for epoch in curve)
    return sum(others) + (statistics.median(others) if others else first)


def table(keras: Curve, charseq: Sequence[Curve], wanted: float) -> list[str]:
    """Return the rows: both sides' epochs and seconds until the loss is as low as wanted."""
    reference = [seconds_of(keras, field) for field in FIELDS]
    cells = " | ".join(f"{seconds:.1f}" for seconds in reference)
    rows = [f"| Keras example, JAX backend | {len(keras)} | {cells} |"]
    if any(curve[-1]["held_out_loss"] > wanted for curve in charseq):
        lowest = min(epoch["held_out_loss"] for curve in charseq for epoch in curve)
        return [*rows, f"| charseq, default loop | not reached: {lowest:.3f} at best | | |"]
    times = [[seconds_of(curve, field) for curve in charseq] for field in FIELDS]
    numbers = [len(curve) for curve in charseq]
    ratios = [
        f"{statistics.median(own) / other:.4f}" for own, other in zip(times, reference, strict=True)
    ]
    return [
        *rows,
        f"| charseq, default loop | {', '.join(map(str, numbers))} | {spread(times[0])}"
        f" | {spread(times[1])} |",
        f"| charseq / Keras's | | {ratios[0]} | {ratios[1]} |",
    ]


if __name__ == "__main__":
    main()
