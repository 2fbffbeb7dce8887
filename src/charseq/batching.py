"""Ids to tensors: padded batches, in an order that needs little padding and differs every epoch."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charseq.encoding import NEVER_COPIED, Rows, Sequences

# So many batches are gathered at once.
GATHERED = 16


@dataclass(frozen=True)
class Batch:
    """Some pairs as tensors.

    Attributes:
        sources: ids, (batch, source time); what lies past a row's length is never read.
        source_lengths: (batch,), on the CPU, where control flow needs them.
        targets: ids from the start symbol to the end symbol, then padding, (batch, target time).
        target_lengths: including the start and end symbols, (batch,).
        copies: where the model copies, the column of each source symbol, (batch, source time).
        conditions: how many features and languages precede each source's text, (batch,).
        lengths_there: the source lengths on the device of all else, (batch,); None: the CPU.
    """

    sources: Tensor
    source_lengths: Tensor
    targets: Tensor
    target_lengths: Tensor
    copies: Tensor | None = None
    conditions: Tensor | None = None
    lengths_there: Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device; the source lengths stay on the CPU as well.

        It is copied in one piece and, to CUDA, while the previous batch is computed.
        """
        if device == self.sources.device:
            return self
        packed = self.packed()
        if device.type != "cuda":
            return self.unpacked(packed.to(device))
        return self.unpacked(packed.pin_memory().to(device, non_blocking=True))

    def packed(self) -> Tensor:
        """Return all numbers of the batch as one flat tensor."""
        return torch.cat([tensor.flatten() for tensor in self._parts().values()])

    def unpacked(self, packed: Tensor) -> "Batch":
        """Return a batch of the same shapes with the numbers in `packed`."""
        parts = self._parts()
        pieces = torch.split(packed, [tensor.numel() for tensor in parts.values()])
        there = {
            name: piece.view_as(tensor)
            for (name, tensor), piece in zip(parts.items(), pieces, strict=True)
        }
        return replace(self, **there)

    def _parts(self) -> dict[str, Tensor]:
        parts = {
            "sources": self.sources,
            "lengths_there": self.source_lengths,
            "targets": self.targets,
            "target_lengths": self.target_lengths,
            "copies": self.copies,
            "conditions": self.conditions,
        }
        return {name: tensor for name, tensor in parts.items() if tensor is not None}

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
        fill: the id that targets are padded with.
        target_width: the width that all targets are padded to; None: the longest of the batch.
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
        return next(self.batches([rows]))

    def batches(self, dealt: Iterable[Rows]) -> Iterator[Batch]:
        """Yield the pairs at each of some rows as a batch.

        Several are gathered at once: between two steps, each NumPy call takes several times as
        long as among others of its kind.
        """
        dealt = iter(dealt)
        while together := list(itertools.islice(dealt, GATHERED)):
            nothing = [None] * len(together)
            for rows, sources, targets, copies in zip(
                together,
                self.sources.padded_each(together, fill=0),
                self.targets.padded_each(together, self.fill, self.target_width),
                self.copies.padded_each(together, NEVER_COPIED)
                if self.copies is not None
                else nothing,
                strict=True,
            ):
                conditions = None if self.conditions is None else self.conditions[rows]
                yield Batch(
                    sources=torch.from_numpy(sources),
                    source_lengths=torch.from_numpy(self.sources.lengths[rows]),
                    targets=torch.from_numpy(targets),
                    target_lengths=torch.from_numpy(self.targets.lengths[rows]),
                    copies=None if copies is None else torch.from_numpy(copies),
                    conditions=None if conditions is None else torch.from_numpy(conditions),
                )


def batches_in(pairs: int, batch_size: int) -> int:
    """Return how many batches an epoch of this many pairs has."""
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
    """Yield the rows of one epoch's batches: similar lengths together, batches in random order.

    Sorting by exact source length leaves few lengths in a batch, so the encoder needs no padding;
    sorting by target length within those leaves little padding, and ties are broken at random, so
    every epoch has different batches. All batches are of nearly equal size, without a small
    remainder, except that long pairs go into smaller batches where they would exceed
    `batch_characters` symbols, padding included.
    """
    batches = _dealt(pairs, generator.random(len(pairs)), batch_size, batch_characters)
    for place in generator.permutation(len(batches)):
        yield batches[place]


def sorted_batches(
    pairs: EncodedPairs, batch_size: int, batch_characters: int | None = None
) -> list[Rows]:
    """Return batches like those of `bucketed_batches`, as many, from short to long."""
    return _dealt(pairs, np.zeros(len(pairs)), batch_size, batch_characters)


def _dealt(
    pairs: EncodedPairs, ties: NDArray[np.float64], batch_size: int, batch_characters: int | None
) -> list[Rows]:
    sources, targets = pairs.sources.lengths, pairs.targets.lengths
    # Targets grow at one source length and shrink at the next, so that a batch of two source
    # lengths has similar targets.
    order = np.lexsort((ties, np.where(sources % 2, targets, -targets), sources))
    batches = np.array_split(order, batches_in(len(order), batch_size))
    if batch_characters is None:
        return batches
    parts: list[Rows] = []
    for rows in batches:
        longest = int(pairs.sources.lengths[rows].max() + pairs.targets.lengths[rows].max())
        most = max(1, batch_characters // longest)
        parts += [rows] if len(rows) <= most else np.array_split(rows, batches_in(len(rows), most))
    return parts
