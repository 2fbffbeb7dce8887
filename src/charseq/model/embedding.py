"""Symbols as vectors, and the noise that keeps a network from learning its corpus by heart."""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from charseq.errors import UsageError
from charseq.model.cells import GRUStepper, LSTMStepper

# One-hot vectors take memory for each symbol at each place of a batch.
MOST_ONE_HOT = 10_000
# A new size takes time to prepare for, so sizes of one-hot vectors are multiples of this.
ONE_HOT_STEP = 16


class Vectors(NamedTuple):
    """Symbols as a layer reads them.

    Attributes:
        values: (…, size).
        inputs: which of the layer's inputs they are, (size,), all others being zeros; None: all.
    """

    values: Tensor
    inputs: Tensor | None


class Embedding(nn.Module):
    """Reads ids as learnt vectors or, without a size, as one-hot vectors.

    The id past the last symbol reads as zeros: a vocabulary without an unknown symbol gives it to
    unseen symbols.

    Raises:
        UsageError: if there are too many symbols for one-hot vectors.
    """

    def __init__(self, symbols: int, size: int | None) -> None:
        super().__init__()
        if size is None and symbols > MOST_ONE_HOT:
            raise UsageError(
                f"embedding is none, but {symbols:,} symbols are too many for one-hot vectors (at"
                f" most {MOST_ONE_HOT:,}): give a size"
            )
        self.symbols = symbols
        self.size = symbols if size is None else size
        self.weight = None if size is None else nn.Parameter(torch.empty(symbols, size))

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh vectors, of length one on average."""
        if self.weight is not None:
            nn.init.normal_(self.weight, std=1 / math.sqrt(self.size), generator=generator)

    def forward(self, ids: Tensor, symbols: int | None = None) -> Vectors:
        """Return the vectors of `ids`, of any shape.

        On CPUs, one-hot vectors have an element only for each symbol that occurs, so that layers
        do not multiply zeros; elsewhere, counting these would wait for the device.

        Args:
            ids: the ids.
            symbols: how many of the first symbols are read; others, as zeros. None: all are.
        """
        if self.weight is not None:
            return Vectors(functional.embedding(ids, self._first(self.weight, symbols)), None)
        inputs = _occurring(ids, self.symbols) if ids.device.type == "cpu" else None
        elements = torch.arange(self.symbols, device=ids.device) if inputs is None else inputs
        return Vectors((ids[..., None] == elements).to(torch.get_default_dtype()), inputs)

    def through(self, layer: LSTMStepper | GRUStepper, symbols: int) -> Tensor:
        """Return what each of the first symbols adds to a layer's gates, then what zeros add.

        Returns:
            (symbols + 1, gates · units).
        """
        if self.weight is None:
            return functional.pad(layer.kernel, (0, 0, 0, 1)) + layer.bias
        return layer.project(self._first(self.weight, symbols))

    def _first(self, weight: Tensor, symbols: int | None) -> Tensor:
        """Return the vectors of the first symbols, then zeros, (symbols + 1, size)."""
        first = weight if symbols in (None, self.symbols) else weight[:symbols]
        return functional.pad(first, (0, 0, 0, 1))


def _occurring(ids: Tensor, symbols: int) -> Tensor:
    """Return which of the first symbols occur, and others up to a multiple of `ONE_HOT_STEP`."""
    lacking = np.bincount(ids.numpy().ravel(), minlength=symbols)[:symbols] == 0
    occurring = symbols - np.count_nonzero(lacking)
    size = max(1, math.ceil(occurring / ONE_HOT_STEP)) * ONE_HOT_STEP
    return torch.from_numpy(lacking.argsort(kind="stable")[:size])


def symbol_dropout(vectors: Tensor, rate: float, noise: Generator | None) -> Tensor:
    """Hide whole symbols, as zeros, so that predictions cannot rely on them alone.

    Source: Bowman et al. (2016), "Generating sentences from a continuous space", section 3.1.

    Args:
        vectors: (time, batch, size).
        rate: the share that is hidden.
        noise: the source of randomness; None, as when translating, hides nothing.
    """
    if noise is None or not rate:
        return vectors
    return vectors * _drawn(vectors, vectors.shape[:2], rate, noise)[:, :, None]


def locked_dropout(vectors: Tensor, rate: float, noise: Generator | None) -> Tensor:
    """Drop the same features at every time step of a row (Gal & Ghahramani 2016).

    Args:
        vectors: (time, batch, size).
        rate: the share that is dropped.
        noise: the source of randomness; None, as when translating, drops nothing.
    """
    if noise is None or not rate:
        return vectors
    return vectors * _drawn(vectors, vectors.shape[1:], rate, noise).div_(1 - rate)


def _drawn(like: Tensor, shape: torch.Size, rate: float, noise: Generator) -> Tensor:
    """Draw 0 for the share that is dropped, and 1 for what is kept."""
    return like.new_empty(shape).bernoulli_(1 - rate, generator=noise)
