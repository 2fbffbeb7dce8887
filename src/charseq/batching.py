"""Ids to tensors: padded batches, in an order that wastes little and differs every epoch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charseq.config import ModelConfig
from charseq.text import Input, Vocabulary

Rows = NDArray[np.int64]

# The column of what is no text, such as a feature.
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
        return cls(ids, lengths, np.cumsum(lengths) - lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def followed_by(self, others: "Sequences") -> "Sequences":
        """Return each of the sequences with one of `others`, in their order, at its end."""
        lengths = self.lengths + others.lengths
        whole = Sequences.of(np.empty(int(lengths.sum()), np.int32), lengths)
        for part, starts in ((self, whole.starts), (others, whole.starts + self.lengths)):
            shifts = np.repeat(starts - part.starts, part.lengths)
            whole.ids[np.arange(len(part.ids)) + shifts] = part.ids
        return whole

    def padded(self, rows: Rows, fill: int, width: int | None = None) -> Tensor:
        """Return the sequences at `rows`, filled up at the right, (rows, width).

        Without a width, the longest of them sets it.
        """
        lengths = self.lengths[rows, None]
        places = np.arange(int(lengths.max(initial=0)) if width is None else width)
        inside = places < lengths
        flat = np.where(inside, self.starts[rows, None] + places, 0)
        ids = self.ids[flat] if len(self.ids) else np.zeros(flat.shape, np.int32)
        return torch.from_numpy(np.where(inside, ids, fill).astype(np.int64))


@dataclass(frozen=True)
class Batch:
    """Some pairs as tensors.

    Attributes:
        sources: ids, (batch, source time); what lies past a row's length is never read.
        source_lengths: (batch,), on the CPU.
        targets: ids from the start symbol to the end symbol, then padding, (batch, target time).
        target_lengths: start and end counted, (batch,).
        copies: where the model copies, the column of each source symbol, (batch, source time).
        conditions: how many features and languages stand before each source's text, (batch,).
    """

    sources: Tensor
    source_lengths: Tensor
    targets: Tensor
    target_lengths: Tensor
    copies: Tensor | None = None
    conditions: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device; the source lengths stay on the CPU, where they steer.

        Copies to CUDA do not wait, so that the next batch travels while this one is computed.
        """
        if device.type == "cpu":
            return self

        def moved(tensor: Tensor) -> Tensor:
            pinned = tensor.pin_memory() if device.type == "cuda" else tensor
            return pinned.to(device, non_blocking=True)

        return Batch(
            moved(self.sources),
            self.source_lengths,
            moved(self.targets),
            moved(self.target_lengths),
            None if self.copies is None else moved(self.copies),
            None if self.conditions is None else moved(self.conditions),
        )

    @property
    def mask(self) -> Tensor:
        """Which of the predicted positions are real, (batch, target time - 1)."""
        places = torch.arange(1, self.targets.shape[1], device=self.targets.device)
        return places < self.target_lengths[:, None]


@dataclass(frozen=True)
class EncodedPairs:
    """Sources and targets as ids, and how their batches are padded.

    Attributes:
        sources: the sources' ids, padded to `pad_source_to` where the model asks for it.
        targets: the targets' ids between the start and the end symbol.
        fill: the id that targets are filled up with.
        target_width: the width that all targets are filled up to; None: the batch's longest.
        copies: where the model copies, the column of each source symbol.
        conditions: how many of each source's symbols are features and languages, (pairs,).
    """

    sources: Sequences
    targets: Sequences
    fill: int
    target_width: int | None = None
    copies: Sequences | None = None
    conditions: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.sources)

    def batch(self, rows: Rows) -> Batch:
        """Return the pairs at `rows` as one batch."""
        return Batch(
            sources=self.sources.padded(rows, fill=0),
            source_lengths=torch.from_numpy(self.sources.lengths[rows]),
            targets=self.targets.padded(rows, self.fill, self.target_width),
            target_lengths=torch.from_numpy(self.targets.lengths[rows]),
            conditions=None if self.conditions is None else torch.from_numpy(self.conditions[rows]),
            copies=None if self.copies is None else self.copies.padded(rows, fill=NEVER_COPIED),
        )


@dataclass(frozen=True)
class EncodedInputs:
    """What an encoder reads.

    Attributes:
        sequences: of each input its conditions, then its source.
        text_lengths: symbols of each source alone, padding counted, (inputs,).
        copies: where the model copies, the column of each symbol.
    """

    sequences: Sequences
    text_lengths: NDArray[np.int64]
    copies: Sequences | None

    @property
    def conditions(self) -> NDArray[np.int64]:
        """How many conditions stand before each source, (inputs,)."""
        return self.sequences.lengths - self.text_lengths


def encode_inputs(
    inputs: Sequence[Input], sources: Vocabulary, targets: Vocabulary, config: ModelConfig
) -> EncodedInputs:
    """Turn inputs into all that a model's encoder needs of them.

    Args:
        inputs: sources with their features and languages.
        sources: the vocabulary that they are read with.
        targets: the vocabulary of answers.
        config: the model's shape.
    """
    conditions = encode_conditions(inputs, sources)
    texts = encode_sources([each.source for each in inputs], sources, config)
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

    They are of `vocabulary.conditions.ids`, which no source's own symbols are.
    """
    return Sequences.of(*vocabulary.conditions.encode(inputs))


def encode_copies(
    inputs: Sequence[Input], sources: Vocabulary, targets: Vocabulary, conditions: Sequences
) -> Sequences:
    """Say for each symbol that the encoder reads in which column of the answer's it is copied.

    That is its id among the targets or, for a symbol outside their vocabulary, the place beyond it
    where the same symbol first stands in the source.

    Args:
        inputs: whose sources are read.
        sources: the vocabulary that says how those are cut into symbols.
        targets: the vocabulary of answers.
        conditions: what stands before each source.
    """
    spelt = [sources.spelling.symbols(each.source) for each in inputs]
    copies = Sequences.of(*targets.encode_symbols(spelt))
    unseen = np.flatnonzero(copies.ids == targets.unseen)
    rows = np.searchsorted(copies.starts, unseen, side="right") - 1
    for place, row in zip(unseen.tolist(), rows.tolist(), strict=True):
        symbols = spelt[row]
        first = symbols.index(symbols[place - int(copies.starts[row])])
        copies.ids[place] = len(targets) + int(conditions.lengths[row]) + first
    never = np.full(len(conditions.ids), NEVER_COPIED, np.int32)
    return Sequences.of(never, conditions.lengths).followed_by(copies)


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


def batches_in(pairs: int, batch_size: int) -> int:
    """Return how many batches an epoch of so many pairs has."""
    return -(-pairs // batch_size)


def shuffled_batches(
    pairs: EncodedPairs, batch_size: int, generator: np.random.Generator
) -> Iterator[Rows]:
    """Yield the rows of one epoch's batches in a random order, as Keras's `fit` does."""
    order = generator.permutation(len(pairs))
    for start in range(0, len(pairs), batch_size):
        yield order[start : start + batch_size]


def bucketed_batches(
    pairs: EncodedPairs,
    batch_size: int,
    generator: np.random.Generator,
    batch_characters: int | None = None,
) -> Iterator[Rows]:
    """Yield the rows of one epoch's batches: like lengths together, batches in a random order.

    Sorting by the exact source length leaves few lengths in a batch, so that the encoder needs no
    padding; sorting by the target length within them leaves little padding, and ties are broken at
    random, so that every epoch deals other batches. All are nearly equally large: none is a sliver,
    except where so many long pairs would hold more than `batch_characters` symbols, padding
    included: these share smaller batches.
    """
    ties = generator.random(len(pairs))
    order = np.lexsort((ties, pairs.targets.lengths, pairs.sources.lengths))
    batches = _dealt(pairs, order, batch_size, batch_characters)
    for place in generator.permutation(len(batches)):
        yield batches[place]


def sorted_batches(
    pairs: EncodedPairs, batch_size: int, batch_characters: int | None = None
) -> list[Rows]:
    """Return batches such as `bucketed_batches` deals, as many of them, from short to long."""
    order = np.lexsort((pairs.targets.lengths, pairs.sources.lengths))
    return _dealt(pairs, order, batch_size, batch_characters)


def _dealt(
    pairs: EncodedPairs, order: Rows, batch_size: int, batch_characters: int | None
) -> list[Rows]:
    batches = np.array_split(order, batches_in(len(order), batch_size))
    if batch_characters is None:
        return batches
    parts: list[Rows] = []
    for rows in batches:
        longest = int(pairs.sources.lengths[rows].max() + pairs.targets.lengths[rows].max())
        most = max(1, batch_characters // longest)
        parts += [rows] if len(rows) <= most else np.array_split(rows, batches_in(len(rows), most))
    return parts
