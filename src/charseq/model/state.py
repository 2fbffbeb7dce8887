"""What the network passes from call to call; nothing is ever stored on a module."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class View(NamedTuple):
    """What one layer of attention sees of sources.

    Attributes:
        mask: what is added to scores, -inf past a source's end, (batch, source time).
        keys: what the decoder's state is compared with, (batch, source time, units).
        values: what is read, (batch, source time, size).
    """

    mask: Tensor
    keys: Tensor
    values: Tensor

    def select(self, rows: Tensor) -> "View":
        """Return the view of these rows, in their order."""
        return View(*(tensor.index_select(0, rows) for tensor in self))


class Memory(NamedTuple):
    """What is computed once per source; parts that a model does not use have no columns.

    Attributes:
        source_lengths: symbols in each source, (batch,).
        places: each source symbol's place in its text, far before it for what is not text, (batch,
            source time).
        copies: the column that each source symbol is copied to, (batch, source time); -1: none.
        views: one for each layer of attention.
    """

    source_lengths: Tensor
    places: Tensor
    copies: Tensor
    views: tuple[View, ...]

    @classmethod
    def without_attention(cls, source_lengths: Tensor) -> "Memory":
        """Return the memory of a model whose decoder reads nothing but its state."""
        nothing = source_lengths.new_empty(len(source_lengths), 0)
        return cls(source_lengths, nothing, nothing, ())

    def select(self, rows: Tensor) -> "Memory":
        """Return the memory of these rows, in their order."""
        lengths, places, copies = (tensor.index_select(0, rows) for tensor in self[:3])
        return Memory(lengths, places, copies, tuple(view.select(rows) for view in self.views))


class State(NamedTuple):
    """The decoder's state, which every step replaces.

    Attributes:
        hidden: h, layer after layer, (batch, layers · units).
        cell: the LSTMs' c, laid out likewise; GRUs have none, (batch, 0).
        place: the next symbol's place, from 0, (batch, 1); (batch, 0) where places do not count.
    """

    hidden: Tensor
    cell: Tensor
    place: Tensor

    @classmethod
    def of_layers(cls, states: Sequence[tuple[Tensor, Tensor]], place: Tensor) -> "State":
        """Join each layer's hidden and cell."""
        if len(states) == 1:
            return cls(*states[0], place)
        hiddens, cells = zip(*states, strict=True)
        return cls(torch.cat(hiddens, dim=1), torch.cat(cells, dim=1), place)

    def layers(self, count: int) -> list[tuple[Tensor, Tensor]]:
        """Return each layer's hidden and cell."""
        if count == 1:
            return [(self.hidden, self.cell)]
        hiddens = self.hidden.chunk(count, dim=1)
        cells = self.cell.chunk(count, dim=1) if self.cell.shape[1] else [self.cell] * count
        return list(zip(hiddens, cells, strict=True))

    def select(self, rows: Tensor) -> "State":
        """Return the state of these rows, in their order."""
        return State(*(tensor.index_select(0, rows) for tensor in self))


# Takes the ids written last, (batch,), the state and the memory of the same rows; returns the
# log-probabilities of the next symbol, (batch, symbols), and the next state. A model that copies
# has further columns, for source symbols outside its vocabulary.
Step = Callable[[Tensor, State, Memory], tuple[Tensor, State]]
