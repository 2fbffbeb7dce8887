"""What a source offers for copying; a model's other extra columns mean nothing."""

from typing import NamedTuple

from torch import Tensor


class Copies(NamedTuple):
    """The columns that stand for a symbol in each row: the vocabulary's and the copied ones.

    Attributes:
        columns: whether each column stands for a symbol, (rows, symbols).
    """

    columns: Tensor

    @classmethod
    def of(cls, copies: Tensor, symbols: int) -> "Copies":
        """Find these columns.

        Args:
            copies: the column that each source symbol is copied to, (rows, source time); -1: none.
            symbols: the size of the vocabulary, whose columns come first.
        """
        rows, places = copies.shape
        columns = (copies >= 0).new_zeros(rows, symbols + places)
        columns[:, :symbols] = True
        return cls(columns.scatter_(1, copies.clamp(min=0), True))

    def allowed(self, symbols: int) -> Tensor:
        """Return which symbols may come next, (rows, symbols)."""
        return self.columns[:, :symbols]

    def advance(self, ids: Tensor) -> "Copies":
        """Return the constraint unchanged: a symbol may be copied at any place."""
        del ids
        return self

    def select(self, rows: Tensor) -> "Copies":
        """Return the columns of these rows, in their order."""
        return Copies(self.columns.index_select(0, rows))
