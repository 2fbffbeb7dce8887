"""How probable given answers are: whole targets at once, by teacher forcing."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import compress
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charseq.batching import Batch, EncodedPairs
from charseq.encoding import NEVER_COPIED, Rows, Sequences, encode_inputs, encode_targets
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription
from charseq.search.batches import MOST_SYMBOLS, in_batches
from charseq.text import Input

# The logits of a batch are all there at once; so many take 64 MiB.
MOST_LOGITS = 2**24

Result = TypeVar("Result")


def score_pairs(
    model: Seq2Seq,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
) -> list[float]:
    """Return the log-probability of each target, its end symbol included, given its input.

    It is what a search finds for the same answer, unless that was cut. A target with a symbol that
    the target vocabulary lacks cannot be written: its log-probability is minus infinity. A source
    without symbols is surely answered with nothing.

    Args:
        model: on the device where the work is done.
        description: of that model.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each of them.
    """

    def scored(batch: Batch, columns: Tensor) -> list[float]:
        return log_probabilities(model(batch), columns, batch.mask)

    scores = forced(scored, model, description, inputs, targets)
    return [
        unread(description, target) if score is None else score
        for score, target in zip(scores, targets, strict=True)
    ]


def forced(
    work: Callable[[Batch, Tensor], list[Result]],
    model: Seq2Seq,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
) -> list[Result | None]:
    """Do `work` on batches of pairs, and return its results in the order of the pairs.

    Sources without symbols are never read: their result is None.

    Args:
        work: takes a batch, and the column of each symbol to be predicted, (batch, target time -
            1), where -1 stands for a symbol without one; it returns a result for each row.
        model: on the device where the work is done.
        description: of that model.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each of them.
    """
    reads, writes = description.sources, description.targets
    filled = [bool(reads.spelling.symbols(each.source)) for each in inputs]
    plain, written = list(compress(inputs, filled)), list(compress(targets, filled))
    encoded = encode_inputs(plain, reads, writes, description.config)
    pairs = EncodedPairs(
        encoded.sequences,
        _columns(plain, written, description, encoded.conditions),
        fill=writes.frame[1],
        conditions=encoded.conditions,
        copies=encoded.copies,
    )

    def done(rows: Rows) -> list[Result]:
        batch = pairs.batch(rows).to(model.device)
        columns = batch.targets
        # As in a search, what was copied from outside the vocabulary is read as nothing.
        read = columns.where(columns >= 0, writes.unseen).clamp(max=len(writes))
        return work(replace(batch, targets=read), columns[:, 1:])

    results = iter(
        in_batches(
            done,
            pairs.sources.lengths,
            pairs.targets.lengths,
            device=model.device,
            most_symbols=min(MOST_SYMBOLS, MOST_LOGITS // len(writes)),
        )
    )
    return [next(results) if some else None for some in filled]


def log_probabilities(predictions: Tensor, columns: Tensor, mask: Tensor) -> list[float]:
    """Return the log-probability of each row's target by a model's predictions.

    Args:
        predictions: logits or log-probabilities, (batch, time, symbols).
        columns: the one of each symbol of the targets, (batch, time); -1: it has none.
        mask: which of the symbols are real, (batch, time).
    """
    logits = predictions.float()
    chosen = logits.gather(2, columns.clamp(min=0)[:, :, None])[:, :, 0]
    gains = (chosen - logits.logsumexp(dim=2)).masked_fill(columns < 0, -torch.inf)
    totals: list[float] = gains.masked_fill(~mask, 0).sum(dim=1).tolist()
    return totals


def unread(description: ModelDescription, target: str) -> float:
    """Return the log-probability of a target whose source has no symbols."""
    return -math.inf if description.targets.spelling.symbols(target) else 0.0


def _columns(
    inputs: Sequence[Input],
    targets: Sequence[str],
    description: ModelDescription,
    before: NDArray[np.int64],
) -> Sequences:
    """Return the column of each target symbol among a model's predictions; -1: it has none.

    Args:
        inputs: whose sources offer symbols for copying.
        targets: one for each of them.
        description: of the model.
        before: how many conditions stand before each source, (inputs,).
    """
    reads, writes = description.sources, description.targets
    columns = encode_targets(targets, writes)
    unseen = np.flatnonzero(columns.ids == writes.unseen)
    columns.ids[unseen] = NEVER_COPIED
    if description.config.copying:
        rows = np.searchsorted(columns.starts, unseen, side="right") - 1
        for place, row in zip(unseen.tolist(), rows.tolist(), strict=True):
            # The start symbol stands before the target's own.
            symbol = writes.spelling.symbols(targets[row])[place - int(columns.starts[row]) - 1]
            offered = list(reads.spelling.symbols(inputs[row].source))
            if symbol in offered:
                columns.ids[place] = len(writes) + int(before[row]) + offered.index(symbol)
    return columns
