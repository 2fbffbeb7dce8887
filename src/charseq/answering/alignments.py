"""What a model attends to in a source for each symbol of a given target, by teacher forcing."""

from collections.abc import Sequence

import numpy as np

from charseq.answering.columns import Columns, symbols_read
from charseq.answering.engine import Engine, ForcedScores
from charseq.answering.names import ColumnNames
from charseq.answering.pairs import forced_scores, unread
from charseq.errors import UsageError, visible
from charseq.modelfile import ModelDescription
from charseq.results import Alignment
from charseq.text import Input


def align_pairs(
    engine: Engine,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
    columns: Sequence[Columns | None],
) -> list[Alignment]:
    """Align each target with its input.

    A target symbol that the model cannot write is read as unknown by those that follow it. A source
    without symbols is never read, so its alignment has no columns.

    Args:
        engine: the engine that answers.
        description: the description of its model, which has attention.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each input.
        columns: the columns that each target was written with, if they are known.
    """
    found = forced_scores(
        lambda scores: scores, engine, description, inputs, targets, columns, weights=True
    )
    return [
        _alignment(description, each, target, known, scores)
        for each, target, known, scores in zip(inputs, targets, columns, found, strict=True)
    ]


def refuse_without_attention(description: ModelDescription) -> None:
    """Raise a `UsageError` if a model has no attention to align targets by."""
    if description.config.attention == "none":
        name = visible(str(description.corpus.get("name", "an unnamed corpus")))
        raise UsageError(
            f"this model, trained on {name}, has no attention, so it cannot align: train one with"
            " --attention dot"
        )


def _alignment(
    description: ModelDescription,
    each: Input,
    target: str,
    columns: Columns | None,
    scores: ForcedScores | None,
) -> Alignment:
    written = ColumnNames.of(description, each).written(target, columns)
    read, conditions = symbols_read(description, each)
    weights = None if scores is None else scores.weights
    shares = None if scores is None else scores.copying
    return Alignment(
        source=each.source,
        target=target,
        source_symbols=read,
        target_symbols=written,
        weights=np.zeros((len(written) + 1, 0), np.float32) if weights is None else weights,
        log_probability=unread(description, target) if scores is None else scores.log_probability,
        conditions=conditions,
        copying=() if shares is None else tuple(shares.tolist()),
        features=each.features,
        language=each.language,
    )
