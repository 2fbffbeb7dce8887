"""A finished run of the preset `keras-example` beside the Keras example's own figures.

    python -m benchmarks.preset [RUN] [--corpus CORPUS]

RUN is the folder of `charseq train CORPUS --preset keras-example --run RUN`; without it, the
preset is trained first. The figures are about the release of 2017-09-29; of another nothing is
said.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import charseq
from benchmarks.example import DIGEST, KERAS_HISTORY, RELEASE, read_example
from benchmarks.report import write_section

NAMES = {
    "loss": "padded_loss",
    "accuracy": "padded_accuracy",
    "val_loss": "padded_held_out_loss",
    "val_accuracy": "padded_held_out_accuracy",
}


def main() -> None:
    """Print the comparison and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--corpus", default="fra-eng", help="trained on where there is no run")
    chosen = parser.parse_args()
    history = history_of(chosen.run, chosen.corpus)
    if history is None:
        print(
            f"left out: the Keras example's figures are about the {RELEASE}, not about this corpus"
        )
        return
    epochs = {epoch["epoch"]: epoch for epoch in history["epochs"]}
    if not KERAS_HISTORY.keys() <= epochs.keys():
        sys.exit(f"the run has {len(epochs)} epochs, the Keras example {max(KERAS_HISTORY)}")
    rows = [
        f"| {number} | "
        + " | ".join(
            f"{figures[name]:.4f} | {epochs[number][own]:.4f}" for name, own in NAMES.items()
        )
        + " |"
        for number, figures in KERAS_HISTORY.items()
    ]
    scores = history["scores"]
    lines = [
        "## The Keras example's training, reproduced",
        "",
        "Loss and accuracy with padding counted, as the example reports them: the Keras example"
        " (Keras 3.15.1, JAX backend, one run) and charseq (one run, seed"
        f" {history['settings']['training']['seed']}), on the first 10,000 pairs of the release of"
        " 2017-09-29. Repeated runs differ by a few thousandths.",
        "",
        "| epoch | loss, Keras | charseq | accuracy, Keras | charseq | val_loss, Keras | charseq"
        " | val_accuracy, Keras | charseq |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *rows,
        "",
        f"Padding masked, charseq's run ends with a held-out loss of"
        f" {epochs[100]['held_out_loss']:.3f} nats a symbol and a character accuracy of"
        f" {epochs[100]['character_accuracy']:.1%}; translated greedily, the {scores['items']:,}"
        f" distinct held-out sources score {scores['exact_match']['value']:.2%} exact match with"
        f" any reference, CER {scores['character_error_rate']['value']:.3f}, chrF"
        f" {scores['chrf']['value']:.1f}, BLEU {scores['bleu']['value']:.1f}.",
        "",
        "Command: `charseq train fra-eng --preset keras-example --run RUN`, then"
        " `python -m benchmarks.preset RUN`.",
    ]
    print("\n".join(lines))
    write_section("preset", lines, {"keras": KERAS_HISTORY, "charseq": history})


def history_of(run: Path | None, corpus: str) -> dict[str, Any] | None:
    """Return a run's history, trained now where there is none; None if it is of other pairs."""
    if run is not None:
        history = json.loads((run / "history.json").read_text(encoding="utf-8"))
        return history if history["corpus"]["digest"] == DIGEST else None
    if not read_example(corpus).is_reference:
        return None
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        charseq.train(corpus, preset="keras-example", run=run, progress=True)
        return history_of(run, corpus)


if __name__ == "__main__":
    main()
