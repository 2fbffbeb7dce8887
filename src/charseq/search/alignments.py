"""What a model looks at in a source for each symbol of a given target, by teacher forcing."""

from collections.abc import Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from charseq.batching import Batch
from charseq.errors import UsageError, visible
from charseq.model import Seq2Seq
from charseq.modelfile import ModelDescription
from charseq.results import Alignment
from charseq.search.pairs import forced, log_probabilities, unread
from charseq.text import Input

# The log-probability of a target, attention's weights, (target symbols + 1, source symbols), and
# where the model copies, how probable that is for each symbol.
Looks = tuple[float, NDArray[np.float32], tuple[float, ...]]


def align_pairs(
    model: Seq2Seq,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
) -> list[Alignment]:
    """Align each target with its input.

    A target symbol that the model cannot write is read as unknown by those that follow it. A source
    without symbols is never read: its alignment has no columns.

    Args:
        model: on the device where the work is done.
        description: of that model, which has attention.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each of them.
    """

    def aligned(batch: Batch, columns: Tensor) -> list[Looks]:
        predictions, weights, copying = model.align(batch)
        totals = log_probabilities(predictions, columns, batch.mask)
        looks = weights.float().cpu().numpy()
        shares = [()] * len(totals) if copying is None else copying.tolist()
        # A row for each symbol and for the end; a copy, so that no row keeps its whole batch.
        return [
            (total, row[: rows - 1, :read].copy(), tuple(share[: rows - 1]))
            for total, row, share, rows, read in zip(
                totals,
                looks,
                shares,
                batch.target_lengths.tolist(),
                batch.source_lengths.tolist(),
                strict=True,
            )
        ]

    found = forced(aligned, model, description, inputs, targets)
    return [
        _alignment(description, each, target, looks)
        for each, target, looks in zip(inputs, targets, found, strict=True)
    ]


def refuse_without_attention(description: ModelDescription) -> None:
    """Raise a `UsageError` if a model looks at nothing that targets could be aligned with."""
    if description.config.attention == "none":
        name = visible(str(description.corpus.get("name", "an unnamed corpus")))
        raise UsageError(
            f"this model, trained on {name}, has no attention to align targets by: train one with"
            " --attention dot"
        )


def _alignment(
    description: ModelDescription, each: Input, target: str, looks: Looks | None
) -> Alignment:
    written = tuple(description.targets.spelling.symbols(target))
    conditions = description.sources.conditions.names(each)
    read = (*conditions, *_text(description, each))
    if looks is None:
        conditions = read = ()
        looks = unread(description, target), np.zeros((len(written) + 1, 0), np.float32), ()
    log_probability, weights, copying = looks
    return Alignment(
        source=each.source,
        target=target,
        source_symbols=read,
        target_symbols=written,
        weights=weights,
        log_probability=log_probability,
        conditions=len(conditions),
        copying=copying,
        features=each.features,
        language=each.language,
    )


def _text(description: ModelDescription, each: Input) -> tuple[str, ...]:
    """Return the symbols of a source as an encoder reads them, padding included."""
    config, symbols = description.config, description.sources.spelling.symbols(each.source)
    width = config.pad_source_to if isinstance(config.pad_source_to, int) else 0
    return (*symbols, *repeat(config.pad_character, max(width - len(symbols), 0)))
