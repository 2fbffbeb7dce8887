"""Where the time of charseq's training steps goes, on the Keras example's pairs.

    python -m benchmarks.profile [CORPUS]

The second epoch of a process is profiled; an operation's share is that of its own time.
"""

import argparse
from collections import Counter

import numpy as np
import torch
from torch.profiler import profile

from benchmarks.example import BATCH_SIZE, LIMIT, PLAIN_LOOP, PLAIN_MODEL, read_example
from benchmarks.report import machine, machine_line, write_section
from charseq.batching import bucketed_batches
from charseq.config import configure
from charseq.corpus import Corpus
from charseq.model import Seq2Seq
from charseq.training.optimiser import build_optimiser
from charseq.training.prepare import prepare
from charseq.training.step import training_step

PARTS = {
    "aten::mkldnn_rnn_layer": "the LSTMs, forward",
    "aten::mkldnn_rnn_layer_backward": "the LSTMs, backward",
    "aten::mm": "the output layer",
    "aten::addmm": "the output layer",
    "aten::_fused_adamw_": "the optimiser",
    "aten::_fused_adam_": "the optimiser",
}
REST = "all else: the loss, clipping, gathering symbols, calls"


def main() -> None:
    """Profile, print a table, and write the results down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", nargs="?", default="fra-eng")
    chosen = parser.parse_args()
    example = read_example(chosen.corpus, LIMIT)
    settings = configure(**PLAIN_MODEL, **PLAIN_LOOP)
    split = example.split
    prepared = prepare(Corpus("example", split.training), split, settings)
    config = prepared.config.training
    description, pairs = prepared.description, prepared.training
    sizes = len(description.sources), len(description.targets)
    model = Seq2Seq.fresh(description.config, *sizes, seed=1)
    optimiser = build_optimiser(config, model.parameters())
    order = np.random.default_rng(1)

    def epoch() -> None:
        for rows in bucketed_batches(pairs, BATCH_SIZE, order):
            training_step(model, optimiser, pairs.batch(rows), 1_000, config)

    epoch()
    with profile() as profiled:
        epoch()
    spent: Counter[str] = Counter()
    for event in profiled.key_averages():
        spent[PARTS.get(event.key, REST)] += event.self_cpu_time_total
    whole = sum(spent.values())
    shares = {name: time / whole for name, time in spent.most_common()}
    where = machine()
    lines = [
        "## Where a training step's time goes",
        "",
        f"An epoch of charseq's default loop on the {len(split.training):,} training pairs,"
        f" profiled: {whole / 1e6:.2f} s of operations on {torch.get_num_threads()} threads.",
        "",
        "| part | share |",
        "| --- | --- |",
        *(f"| {name} | {share:.1%} |" for name, share in shares.items()),
        "",
        f"Command: `python -m benchmarks.profile fra-eng`. {machine_line(where)}",
    ]
    print("\n".join(lines))
    write_section("profile", lines, {"machine": where, "seconds": whole / 1e6, "shares": shares})


if __name__ == "__main__":
    main()
