"""charseq's own training on the Keras example's pairs, by its preset or by its default loop.

Prints one JSON object an epoch: its seconds with and without evaluation, and its figures.
"""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import charseq
from charseq.training import EpochRecord


def main(corpus: str, preset: str, epochs: int) -> None:
    """Train for so many epochs on the first 8,000 pairs of a corpus."""

    def show(record: EpochRecord) -> None:
        figures = {name: value for name, value in asdict(record).items() if value is not None}
        print(json.dumps({**figures, "training_seconds": 8_000 / record.pairs_per_second}))
        sys.stdout.flush()

    with tempfile.TemporaryDirectory() as folder:
        charseq.train(
            corpus,
            preset=preset,
            run=Path(folder) / "run",
            callbacks=[show],
            epochs=epochs,
            # The example's pairs and its split, whatever the preset.
            limit=10_000,
            split="last",
            held_out_share=0.2,
            patience=None,
        )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
