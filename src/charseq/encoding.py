"""Texts to ids, as a model reads and writes them; nothing here needs tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from charseq.config import ModelConfig
from charseq.text import Input, Vocabulary

Rows = NDArray[np.int64]

# The column of what is not text, such as a feature.
NEVER_COPIED = -1


@dataclass(frozen=True)
class Sequences:
    """Many sequences of ids, one after another: memory grows with the symbols, not the longest.

    Attributes:
        ids: all ids, (symbols,).
        lengths: symbols in each sequence, (sequences,).
        starts: where each sequence starts in `ids`, (sequences,).
    """

    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, ids: NDArray[np.int32], lengths: NDArray[np.int64]) -> "Sequences":
        """Cut `ids` into sequences of these lengths."""
        return cls(ids, lengths, lengths.cumsum() - lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def followed_by(self, others: "Sequences") -> "Sequences":
        """Return each sequence with the corresponding one of `others` appended."""
        if not len(self.ids):
            return others
        lengths = self.lengths + others.lengths
        whole = Sequences.of(np.empty(int(lengths.sum()), np.int32), lengths)
        for part, starts in ((self, whole.starts), (others, whole.starts + self.lengths)):
            shifts = np.repeat(starts - part.starts, part.lengths)
            whole.ids[np.arange(len(part.ids)) + shifts] = part.ids
        return whole

    def padded(self, rows: Rows, fill: int) -> NDArray[np.int64]:
        """Return the sequences at `rows`, padded on the right to the longest, (rows, time)."""
        if len(rows) == 1:
            # A single row needs no padding, and half as many operations.
            start, length = self.starts[rows[0]], self.lengths[rows[0]]
            return self.ids[None, start : start + length].astype(np.int64)
        (only,) = self.padded_each([rows], fill)
        return only

    def padded_each(
        self, dealt: Sequence[Rows], fill: int, width: int | None = None
    ) -> list[NDArray[np.int64]]:
        """Return what `padded` returns for each of some batches' rows, for the cost of one call.

        With a width, all are padded to it.
        """
        sizes = np.array([len(rows) for rows in dealt])
        rows = np.concatenate(dealt)
        lengths, starts, ends = self.lengths[rows], self.starts[rows], sizes.cumsum()
        widths = (
            np.maximum.reduceat(lengths, ends - sizes)
            if width is None
            else np.full(len(sizes), width)
        )
        # All cells of the first batch, row by row, then those of the next.
        cells = np.repeat(widths, sizes)
        before = cells.cumsum() - cells
        places = np.arange(cells.sum()) + np.repeat(starts - before, cells)
        inside = places < np.repeat(starts + lengths, cells)
        found = self.ids.take(places, mode="clip") if len(self.ids) else np.int32(fill)
        ids = np.where(inside, found, np.int64(fill))
        parts = np.split(ids, (widths * sizes).cumsum()[:-1])
        return [
            part.reshape(size, wide) for part, size, wide in zip(parts, sizes, widths, strict=True)
        ]


@dataclass(frozen=True)
class EncodedInputs:
    """What an encoder reads.

    Attributes:
        sequences: each input's conditions, then its source.
        text_lengths: symbols of each source alone, including padding, (inputs,).
        copies: where the model copies, the column of each symbol.
    """

    sequences: Sequences
    text_lengths: NDArray[np.int64]
    copies: Sequences | None

    @property
    def conditions(self) -> NDArray[np.int64]:
        """How many conditions precede each source, (inputs,)."""
        return self.sequences.lengths - self.text_lengths


def encode_inputs(
    inputs: Sequence[Input], sources: Vocabulary, targets: Vocabulary, config: ModelConfig
) -> EncodedInputs:
    """Turn inputs into what a model's encoder needs.

    Args:
        inputs: sources with their features and languages.
        sources: the vocabulary that they are read with.
        targets: the vocabulary of answers.
        config: the model's shape.
    """
    texts = encode_sources([each.source for each in inputs], sources, config)
    if sources.conditions.unknown is None and not config.copying:
        return EncodedInputs(texts, texts.lengths, None)
    conditions = encode_conditions(inputs, sources)
    return EncodedInputs(
        conditions.followed_by(texts),
        texts.lengths,
        encode_copies(inputs, sources, targets, conditions) if config.copying else None,
    )


def encode_sources(texts: Sequence[str], vocabulary: Vocabulary, config: ModelConfig) -> Sequences:
    """Turn source texts into ids, padded with the pad character where the model asks for it."""
    sources = Sequences.of(*vocabulary.encode(texts))
    if not isinstance(config.pad_source_to, int):
        return sources
    missing = np.maximum(config.pad_source_to - sources.lengths, 0)
    pad = vocabulary.id_of(config.pad_character)
    return sources.followed_by(Sequences.of(np.full(int(missing.sum()), pad, np.int32), missing))


def encode_conditions(inputs: Sequence[Input], vocabulary: Vocabulary) -> Sequences:
    """Turn the languages and features of inputs into the ids that stand before their sources.

    They come from `vocabulary.conditions.ids`, which no symbol of a source itself has.
    """
    return Sequences.of(*vocabulary.conditions.encode(inputs))


def encode_copies(
    inputs: Sequence[Input], sources: Vocabulary, targets: Vocabulary, conditions: Sequences
) -> Sequences:
    """Return the output column that each symbol that the encoder reads is copied to.

    That is its id in the target vocabulary or, for a symbol outside it, the size of that vocabulary
    plus the place in the input where the symbol first occurs. What a target would not read as the
    same single symbol stays unknown, which no answer contains.

    Args:
        inputs: whose sources are read.
        sources: the vocabulary that says how the sources are cut into symbols.
        targets: the vocabulary of answers.
        conditions: what precedes each source.
    """
    spelt = [sources.spelling.symbols(each.source) for each in inputs]
    copies = Sequences.of(*targets.encode_symbols(spelt))
    read = targets.spelling.symbols
    unseen = np.flatnonzero(copies.ids == targets.unseen)
    rows = np.searchsorted(copies.starts, unseen, side="right") - 1
    for row, group in groupby(zip(rows.tolist(), unseen.tolist(), strict=True), itemgetter(0)):
        symbols, start = spelt[row], int(copies.starts[row])
        first, before = first_places(symbols), len(targets) + int(conditions.lengths[row])
        for _, place in group:
            symbol = symbols[place - start]
            if targets.unknown is None or list(read(symbol)) == [symbol]:
                copies.ids[place] = before + first[symbol]
    never = np.full(len(conditions.ids), NEVER_COPIED, np.int32)
    return Sequences.of(never, conditions.lengths).followed_by(copies)


def first_places(symbols: Sequence[str]) -> dict[str, int]:
    """Return the place at which each symbol first occurs."""
    first: dict[str, int] = {}
    for place, symbol in enumerate(symbols):
        first.setdefault(symbol, place)
    return first


def encode_targets(texts: Sequence[str], vocabulary: Vocabulary) -> Sequences:
    """Turn target texts into ids between the start and the end symbol."""
    ids, lengths = vocabulary.encode(texts)
    framed = Sequences.of(np.empty(len(ids) + 2 * len(lengths), np.int32), lengths + 2)
    first, last = framed.starts, framed.starts + framed.lengths - 1
    framed.ids[first], framed.ids[last] = vocabulary.frame
    inside = np.ones(len(framed.ids), bool)
    inside[first] = inside[last] = False
    framed.ids[inside] = ids
    return framed
