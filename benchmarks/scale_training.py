"""One training in a process of its own, for at most an epoch; prints its figures as JSON.

python -m benchmarks.scale_training CORPUS UNITS TIME_LIMIT SEED
"""

import json
import sys
import tempfile
from pathlib import Path

import charseq
from benchmarks.example import PLAIN_LOOP, PLAIN_MODEL
from charseq.training import EpochRecord


def main(corpus: str, units: int, time_limit: float, seed: int) -> None:
    """Train for one epoch, or as much of it as the time limit allows."""
    records: list[EpochRecord] = []
    with tempfile.TemporaryDirectory() as folder:
        # What the first training of a process sets up is not counted.
        for name, limit in (("phrasebook", 200), (corpus, None)):
            charseq.train(
                name,
                run=Path(folder) / str(len(records)),
                callbacks=[records.append],
                limit=limit,
                epochs=1,
                time_limit=time_limit,
                held_out_maximum=100,
                held_out_decoded=20,
                seed=seed,
                device="cpu",
                **{**PLAIN_MODEL, **PLAIN_LOOP, "units": units},
            )
    print(json.dumps({"pairs_per_second": records[-1].pairs_per_second}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
