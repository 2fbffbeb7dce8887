"""Texts as columns of a model's predictions: ids of its vocabulary and, beyond them, copies."""

from collections.abc import Sequence
from itertools import groupby, repeat
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from charseq.encoding import NEVER_COPIED, Sequences, encode_targets, first_places
from charseq.modelfile import ModelDescription
from charseq.text import Input, Vocabulary

# The columns of a text's symbols, in order.
Columns = tuple[int, ...]


def columns_of(
    inputs: Sequence[Input],
    targets: Sequence[str],
    description: ModelDescription,
    before: NDArray[np.int64],
) -> Sequences:
    """Return each target symbol's column, from the start to the end symbol; -1 if it has none.

    Args:
        inputs: the inputs whose sources offer symbols for copying.
        targets: one for each input.
        description: the model's description.
        before: how many conditions precede each source, (inputs,).
    """
    writes = description.targets
    columns = encode_targets(targets, writes)
    unseen = np.flatnonzero(columns.ids == writes.unseen)
    columns.ids[unseen] = NEVER_COPIED
    if description.config.copying:
        rows = np.searchsorted(columns.starts, unseen, side="right") - 1
        for row, group in groupby(zip(rows.tolist(), unseen.tolist(), strict=True), itemgetter(0)):
            symbols = writes.spelling.symbols(targets[row])
            offered = offered_by(inputs[row], description)
            for _, place in group:
                # The start symbol precedes the target's own symbols.
                symbol = symbols[place - int(columns.starts[row]) - 1]
                if symbol in offered:
                    columns.ids[place] = len(writes) + int(before[row]) + offered[symbol]
    return columns


def with_known(
    columns: Sequences, known: Sequence[Columns | None] | None, vocabulary: Vocabulary
) -> Sequences:
    """Return the columns of targets, with those that are known in the place of those found.

    Args:
        columns: those found by `columns_of`.
        known: for each target, the columns that it was written with, or None.
        vocabulary: the vocabulary of the targets.
    """
    if known is None or all(each is None for each in known):
        return columns
    start, end = vocabulary.frame
    found = np.split(columns.ids, columns.starts[1:])
    rows = [
        one if each is None else np.array([start, *each, end], np.int32)
        for one, each in zip(found, known, strict=True)
    ]
    return Sequences.of(np.concatenate(rows), np.array([len(row) for row in rows]))


def begun_columns(
    inputs: Sequence[Input],
    prefixes: Sequence[str],
    description: ModelDescription,
    before: NDArray[np.int64],
) -> list[Sequence[int]]:
    """Return the columns of the prefix of each answer.

    Args:
        inputs: the inputs to answer.
        prefixes: one for each input, which the model can write.
        description: the model's description.
        before: how many conditions precede each source, (inputs,).
    """
    if not any(prefixes):
        return [()] * len(inputs)
    columns = columns_of(inputs, prefixes, description, before)
    ends = columns.starts + columns.lengths
    return [
        columns.ids[start + 1 : end - 1].tolist()
        for start, end in zip(columns.starts.tolist(), ends.tolist(), strict=True)
    ]


def never_written(each: Input, text: str, description: ModelDescription) -> list[str]:
    """Return the symbols of a text that a model can neither write nor copy from a source."""
    strange = description.targets.unknown_symbols(text)
    offered = offered_by(each, description) if strange and description.config.copying else {}
    return [symbol for symbol in strange if symbol not in offered]


def offered_by(each: Input, description: ModelDescription) -> dict[str, int]:
    """Return the symbols of a source that a model that copies may write unchanged.

    Returns:
        The place at which each first occurs in the source.
    """
    return first_places(description.sources.spelling.symbols(each.source))


def symbols_read(description: ModelDescription, each: Input) -> tuple[tuple[str, ...], int]:
    """Return all symbols that an encoder reads of an input, and how many of them are conditions.

    The conditions, the language and the features by name, come first, then the source's symbols,
    including padding. A source without symbols is never read.
    """
    symbols = description.sources.spelling.symbols(each.source)
    if not symbols:
        return (), 0
    config, conditions = description.config, description.sources.conditions.names(each)
    width = config.pad_source_to if isinstance(config.pad_source_to, int) else 0
    padding = repeat(config.pad_character, max(width - len(symbols), 0))
    return (*conditions, *symbols, *padding), len(conditions)
