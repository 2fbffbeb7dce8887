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
from charseq.modelfile import ModelDescription
from charseq.text import Input, Vocabulary

# The logits of a batch are all in memory at once; this many take 64 MiB.
MOST_LOGITS = 2**24

Result = TypeVar("Result")


def score_pairs(
    engine: Engine,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
) -> list[float]:
    """Return the log-probability of each target, including its end symbol, given its input.

    It is the one that a search finds for the same answer, unless that was cut. A target with a
    symbol that the target vocabulary lacks cannot be written: its log-probability is minus
    infinity. A source without symbols is answered with nothing, with certainty.

    Args:
        engine: the engine that answers.
        description: the description of its model.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each input.
    """
    scores = forced_scores(lambda each: each.log_probability, engine, description, inputs, targets)
    return [
        unread(description, target) if score is None else score
        for score, target in zip(scores, targets, strict=True)
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
    # As in a search, what is copied from outside the vocabulary is read as zeros.
    read = np.where(written >= 0, written, vocabulary.unseen).clip(max=len(vocabulary))
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
