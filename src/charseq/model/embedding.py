"""Symbols as vectors, and the noise that keeps a network from learning its corpus by heart."""

import math

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional


class Embedding(nn.Module):
    """Reads ids as learnt vectors or, without a size, as one-hot vectors.

    The id past the last symbol reads as zeros: a vocabulary without an unknown symbol gives it to
    unseen symbols.
    """

    one_hot: Tensor

    def __init__(self, symbols: int, size: int | None) -> None:
        super().__init__()
        self.symbols = symbols
        self.size = symbols if size is None else size
        self.weight = None if size is None else nn.Parameter(torch.empty(symbols, size))
        if self.weight is None:
            self.register_buffer("one_hot", torch.eye(symbols + 1, symbols), persistent=False)

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh vectors, of length one on average."""
        if self.weight is not None:
            nn.init.normal_(self.weight, std=1 / math.sqrt(self.size), generator=generator)

    @property
    def table(self) -> Tensor:
        """The vector of every id, (symbols + 1, size)."""
        return self.first(self.symbols)

    def first(self, symbols: int) -> Tensor:
        """Return the vectors of the first symbols only, then zeros, (symbols + 1, size)."""
        if self.weight is None:
            return self.one_hot
        weight = self.weight if symbols == self.symbols else self.weight[:symbols]
        return functional.pad(weight, (0, 0, 0, 1))

    def forward(self, ids: Tensor) -> Tensor:
        """Return the vectors of `ids`, of any shape, (…, size)."""
        return functional.embedding(ids, self.table)


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
