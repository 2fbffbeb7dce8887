"""The Keras example `lstm_seq2seq`: its sizes, its pairs, its arrays, and what it reported."""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from charseq.corpus import Split

UNITS, BATCH_SIZE, LIMIT = 256, 64, 10_000
# Of symbols, where a model learns vectors for them; yoyodyne's default.
EMBEDDING = 128
# The example's model, whatever a corpus would decide, in a loop with its batches and its loss.
PLAIN_MODEL: "Mapping[str, Any]" = {
    "units": UNITS,
    "embedding": None,
    "bidirectional": False,
    "attention": "none",
    "copying": False,
    "dropout": 0,
    "symbol_dropout": 0,
}
PLAIN_LOOP: "Mapping[str, Any]" = {
    "batch_size": BATCH_SIZE,
    "schedule": "constant",
    "label_smoothing": 0,
    "refit": False,
    "precision": "float32",
}

# Keras 3.15.1, JAX backend: the example's steps and settings on the release of 2017-09-29.
KERAS_HISTORY = {
    1: {"loss": 1.2827, "accuracy": 0.7148, "val_loss": 1.2074, "val_accuracy": 0.6865},
    12: {"loss": 0.5372, "accuracy": 0.8421, "val_loss": 0.6531, "val_accuracy": 0.8082},
    43: {"loss": 0.3187, "accuracy": 0.9047, "val_loss": 0.5080, "val_accuracy": 0.8538},
    100: {"loss": 0.1636, "accuracy": 0.9501, "val_loss": 0.6063, "val_accuracy": 0.8569},
}

# Those pairs: later releases begin with others.
RELEASE, DIGEST = (
    "release of 2017-09-29",
    "3ba9abecdbcb0f3e2feec849a896a3bc7bbf7822e998fcfd5d476c90158c58d1",
)
# Runs differ: neither their first weights nor their order is seeded.
SAME_LOSS = 0.02


class Example(NamedTuple):
    """The pairs that contestants train on.

    Attributes:
        split: the last fifth of the pairs is held out.
        name: which pairs they are.
        is_reference: whether `KERAS_HISTORY` is about these very pairs.
    """

    split: "Split"
    name: str
    is_reference: bool


def read_example(corpus: str, limit: int = LIMIT) -> Example:
    """Read a corpus's first pairs."""
    from charseq.config import configure
    from charseq.corpus import read_corpus, split_corpus

    config = configure("keras-example", limit=limit)
    read = read_corpus(corpus, config.corpus)
    same = read.digest == DIGEST
    return Example(
        split_corpus(read, config.training),
        f"the first {len(read):,} pairs of {f'the {RELEASE}' if same else read.name}",
        same,
    )


def same_as_history(example: Example, losses: "Mapping[int, float]") -> list[str]:
    """Return, for each epoch that the reference run is known at, whether a loss lies near its."""
    if not example.is_reference:
        return []
    lines = []
    for epoch in sorted(KERAS_HISTORY.keys() & losses.keys()):
        wanted = KERAS_HISTORY[epoch]["loss"]
        near = "within" if abs(losses[epoch] - wanted) <= SAME_LOSS else "NOT within"
        lines.append(
            f"The Keras example's loss after epoch {epoch} is {losses[epoch]:.4f}, {near}"
            f" {SAME_LOSS} of the reference run's {wanted:.4f}."
        )
    return lines


class Padded(NamedTuple):
    """Pairs as the example's ids, padded with spaces to the longest.

    Attributes:
        sources: (pairs, source time).
        inputs: what the decoder reads: tab, target, newline; (pairs, target time).
        wanted: what it should predict: target, newline; (pairs, target time).
        real: where `wanted` is no padding, (pairs, target time).
        source_symbols: how many symbols sources have.
        target_symbols: how many symbols targets have, tab and newline among them.
        training: how many pairs come before those held out.
    """

    sources: "NDArray[np.int64]"
    inputs: "NDArray[np.int64]"
    wanted: "NDArray[np.int64]"
    real: "NDArray[np.bool_]"
    source_symbols: int
    target_symbols: int
    training: int


def padded_pairs(split: "Split") -> Padded:
    """Return both sides of a split as the example lays them out."""
    import numpy as np

    pairs = [*split.training, *split.held_out]
    inputs = [f"\t{pair.target}\n" for pair in pairs]
    wanted = [f"{pair.target}\n" for pair in pairs]
    width = max(map(len, inputs))
    lengths = np.array([len(text) for text in wanted])
    source_table, target_table = _table(pair.source for pair in pairs), _table(inputs)

    def ids(texts, table, width):
        return np.array([[table[character] for character in text.ljust(width)] for text in texts])

    sources = [pair.source for pair in pairs]
    return Padded(
        sources=ids(sources, source_table, max(map(len, sources))),
        inputs=ids(inputs, target_table, width),
        wanted=ids(wanted, target_table, width),
        real=np.arange(width) < lengths[:, None],
        source_symbols=len(source_table),
        target_symbols=len(target_table),
        training=len(split.training),
    )


def _table(texts):
    # The space is what texts are padded with.
    return {character: i for i, character in enumerate(sorted({" "}.union(*texts)))}
