"""How probable given answers are: whole targets at once, by teacher forcing."""

import math
from collections.abc import Callable, Sequence
from itertools import compress
from typing import TypeVar

import numpy as np

from charseq.answering.batches import MOST_SYMBOLS, in_batches
from charseq.answering.columns import Columns, columns_of, with_known
from charseq.answering.engine import Engine, Forced, ForcedScores
from charseq.encoding import (
    NEVER_COPIED,
    EncodedInputs,
    Rows,
    Sequences,
    encode_inputs,
)
from charseq.errors import warn_caller
from charseq.modelfile import ModelDescription
from charseq.text import Input, Vocabulary

# The logits of a batch are all in memory at once; this many take 64 MiB.
MOST_LOGITS = 2**24
# So are the weights of attention, of which this many take 16 MB, and many times that in JSON. For
# each weight, additive attention has as many numbers as there are units: this many in a batch, and
# for a single pair.
MOST_WEIGHTS, MOST_ADDED, MOST_ADDED_ALONE = 4_000_000, 2**26, 2**28
LONGEST = 100_000

Result = TypeVar("Result")


def too_large(description: ModelDescription, source: str, target: str) -> str | None:
    """Return why a pair takes too much memory for teacher forcing, or None if it does not."""
    longest = max(len(source), len(target))
    if longest > LONGEST:
        return f"longer than {LONGEST:,} characters"
    most = _most_weights(description, MOST_ADDED_ALONE)
    if len(source) * len(target) <= most:
        return None
    return (
        f"too long: {len(source):,} characters in the source times {len(target):,} in the target"
        f" are more than {most:,}"
    )


def _most_weights(description: ModelDescription, added: int) -> int:
    """Return how many weights of attention suit the memory, with so many numbers if additive."""
    config = description.config
    if config.attention == "none":
        return LONGEST**2
    additive = config.attention == "additive"
    return min(MOST_WEIGHTS, added // config.units) if additive else MOST_WEIGHTS


def score_pairs(
    engine: Engine,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
) -> list[float]:
    """Return the log-probability of each target, including its end symbol, given its input.

    It is the one that a search finds for the same answer, unless that was cut. A target with a
    symbol that the target vocabulary lacks cannot be written: its log-probability is minus
    infinity. A source without symbols is answered with nothing, with certainty. A pair that is
    `too_large` gets not a number, with a warning.

    Args:
        engine: the engine that answers.
        description: the description of its model.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each input.
    """
    faults = [
        too_large(description, each.source, target)
        for each, target in zip(inputs, targets, strict=True)
    ]
    found = [fault for fault in faults if fault]
    if found:
        warn_caller(
            f"{len(found):,} of {len(targets):,} pairs were not scored, and their log-probability"
            f" is not a number; the first is {found[0]}"
        )
    read = [Input("") if fault else each for each, fault in zip(inputs, faults, strict=True)]
    written = ["" if fault else target for target, fault in zip(targets, faults, strict=True)]
    scores = forced_scores(lambda each: each.log_probability, engine, description, read, written)
    return [
        math.nan if fault else unread(description, target) if score is None else score
        for score, target, fault in zip(scores, targets, faults, strict=True)
    ]


def forced_scores(
    made_of: Callable[[ForcedScores], Result],
    engine: Engine,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
    columns: Sequence[Columns | None] | None = None,
    *,
    weights: bool = False,
    best: int = 0,
) -> list[Result | None]:
    """Return a result made of an engine's scores for each pair, in order.

    Sources without symbols are never read; their result is None.

    Args:
        made_of: turns a pair's scores into a result immediately, as scores may be large.
        engine: the engine that answers.
        description: the description of its model.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each input.
        columns: the columns that targets were written with, if they are known.
        weights: as for `Engine.force`.
        best: as for `Engine.force`.
    """
    reads, writes = description.sources, description.targets
    filled = [bool(reads.spelling.symbols(each.source)) for each in inputs]
    plain, written = list(compress(inputs, filled)), list(compress(targets, filled))
    encoded = encode_inputs(plain, reads, writes, description.config)
    known = None if columns is None else list(compress(columns, filled))
    found = columns_of(plain, written, description, encoded.conditions)
    wanted = with_known(found, known, writes)

    def done(rows: Rows) -> list[Result]:
        forced = forced_of(encoded, wanted, rows, writes)
        return [made_of(scores) for scores in engine.force(forced, weights=weights, best=best)]

    results = iter(
        in_batches(
            engine,
            done,
            encoded.sequences.lengths,
            wanted.lengths,
            most_symbols=min(MOST_SYMBOLS, MOST_LOGITS // len(writes)),
            most_cells=_most_weights(description, MOST_ADDED),
        )
    )
    return [next(results) if some else None for some in filled]


def forced_of(
    encoded: EncodedInputs, columns: Sequences, rows: Rows, vocabulary: Vocabulary
) -> Forced:
    """Return the pairs at `rows` as an engine reads them.

    Args:
        encoded: all inputs.
        columns: the columns of all targets' symbols, from the start to the end symbol; -1 where a
            symbol has none.
        rows: the places of these pairs.
        vocabulary: the vocabulary of the targets.
    """
    written = columns.padded(rows, fill=vocabulary.frame[1])
    copies = encoded.copies
    read = np.where(written >= 0, written, vocabulary.unseen)
    return Forced(
        encoded.sequences.padded(rows, fill=0),
        encoded.sequences.lengths[rows],
        encoded.conditions[rows],
        None if copies is None else copies.padded(rows, fill=NEVER_COPIED),
        read,
        columns.lengths[rows],
        written[:, 1:],
    )


def unread(description: ModelDescription, target: str) -> float:
    """Return the log-probability of a target whose source has no symbols."""
    return -math.inf if description.targets.spelling.symbols(target) else 0.0
