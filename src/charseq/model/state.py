"""What the network hands from call to call; nothing is ever stored on a module."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor


class Memory(NamedTuple):
    """What is computed once per source.

    Attributes:
        source_lengths: symbols in each source, (batch,).
    """

    source_lengths: Tensor

    def select(self, rows: Tensor) -> "Memory":
        """Return the memory of these rows, in their order."""
        return Memory(*(tensor.index_select(0, rows) for tensor in self))


class State(NamedTuple):
    """What every step of the decoder replaces.

    Attributes:
        hidden: the LSTM's h, (batch, units).
        cell: the LSTM's c, (batch, units).
    """

    hidden: Tensor
    cell: Tensor

    def select(self, rows: Tensor) -> "State":
        """Return the state of these rows, in their order."""
        return State(*(tensor.index_select(0, rows) for tensor in self))


# Takes the ids written last, (batch,), the state and the memory of the same rows; returns the
# log-probabilities of the next symbol, (batch, symbols), and the next state.
Step = Callable[[Tensor, State, Memory], tuple[Tensor, State]]
