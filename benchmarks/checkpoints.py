"""What checkpoints cost: how long one takes to write, beside how often one is written.

    python -m benchmarks.checkpoints [--repetitions 20]

Models of several sizes, of one look, in the middle of a training, are written down as a run writes
them, to the folder that temporary files go to; the share is that of one checkpoint a minute.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.report import machine, machine_line, spread, write_section
from charseq.config import configure
from charseq.corpus import Corpus, Pair, Split
from charseq.training.checkpointing import Checkpointer
from charseq.training.loop import Clock, Trainer, first_model
from charseq.training.prepare import prepare

UNITS = (128, 512, 1024)


def main() -> None:
    """Measure, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=20)
    chosen = parser.parse_args()
    every = configure().training.checkpoint_every
    where = machine()
    rows, figures = [], []
    for units in UNITS:
        with tempfile.TemporaryDirectory() as folder:
            checkpointer = standing_of(units, Path(folder), every)
            path = checkpointer.write()
            if path is None:
                raise AssertionError("the training has begun")
            size = path.stat().st_size
            seconds = [written(checkpointer) for _ in range(chosen.repetitions)]
        share = statistics.median(seconds) / every
        rows.append(f"| {units:,} | {size / 2**20:.1f} | {spread(seconds)} | {share:.2%} |")
        figures.append({"units": units, "bytes": size, "seconds": seconds, "share": share})
    lines = [
        "## Checkpoints: what they cost",
        "",
        f"Written down in the middle of a training, the disk waited for; median (least – most) of"
        f" {chosen.repetitions}. The share is that of the default, one every {every:g} seconds.",
        "",
        "| units | size, MiB | seconds | share of the training |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
        f"Command: `python -m benchmarks.checkpoints`. {machine_line(where)}",
    ]
    print("\n".join(lines))
    write_section("checkpoints", lines, {"machine": where, "models": figures})


def standing_of(units: int, folder: Path, every: float) -> Checkpointer:
    """Return where a training stands after its first steps."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    pairs = tuple(Pair(a + b, (b + a).upper()) for a in letters for b in letters)
    split = Split(pairs, pairs[:10])
    prepared = prepare(
        Corpus("pairs", pairs), split, configure(units=units, attention_layers=1, epochs=1)
    )
    config = prepared.config.training
    trainer = Trainer(first_model(prepared, None), prepared, config, Clock(None, time.monotonic()))
    trainer.train_epoch(1)
    checkpointer = Checkpointer(folder / "checkpoints", every)
    checkpointer.keep(1, trainer.model)
    checkpointer.begin(trainer)
    return checkpointer


def written(checkpointer: Checkpointer) -> float:
    """Return the seconds that a checkpoint takes."""
    began = time.perf_counter()
    checkpointer.write()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
