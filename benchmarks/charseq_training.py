"""charseq's own training on the Keras example's pairs, by its preset or by its default loop.

Prints one JSON object an epoch: its seconds with and without evaluation, and its figures.
"""

import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import charseq
from benchmarks.contestant import contestant_arguments, tell
from benchmarks.example import EMBEDDING, PLAIN_LOOP, PLAIN_MODEL, read_example
from charseq.training import EpochRecord


def main() -> None:
    """Train on a corpus's first pairs."""
    parser = contestant_arguments(__doc__.splitlines()[0])
    parser.add_argument("--preset", default="default")
    parser.add_argument("--vocabulary-from", default="training", choices=("training", "corpus"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--attention", action="store_true")
    parser.add_argument("--default-model", action="store_true", help="as the corpus decides")
    chosen = parser.parse_args()
    pairs = len(read_example(chosen.corpus, chosen.limit).split.training)

    def show(record: EpochRecord) -> None:
        figures = {name: value for name, value in asdict(record).items() if value is not None}
        tell(**figures, training_seconds=pairs / record.pairs_per_second)

    settings: dict[str, Any] = (
        {"refit": False} if chosen.default_model else {**PLAIN_MODEL, **PLAIN_LOOP}
    )
    if chosen.bf16:
        settings["precision"] = "bf16"
    if chosen.attention:
        settings |= {"attention": "dot", "embedding": EMBEDDING}
        settings |= {"attention_layers": 1, "residual": False, "relative_positions": False}

    # Ended early, it still removes its folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with tempfile.TemporaryDirectory() as folder:
        charseq.train(
            chosen.corpus,
            preset=chosen.preset,
            run=Path(folder) / "run",
            callbacks=[show],
            epochs=chosen.epochs,
            vocabulary_from=chosen.vocabulary_from,
            seed=chosen.seed,
            # The example's pairs and its split, whatever the preset.
            limit=chosen.limit,
            split="last",
            held_out_share=0.2,
            **settings,
        )


if __name__ == "__main__":
    main()
