"""What answers may be: which symbols may come next in each row, given those before."""

import functools
from typing import NamedTuple, Protocol

from torch import Tensor


class Constraint(Protocol):
    """A rule for each row of a batch, at the place that the row has reached.

    A search asks what is `allowed` before each symbol and reports what was written with `advance`;
    when rows leave or hypotheses branch, `select` keeps the rows that remain. Nothing is changed in
    place.
    """

    def allowed(self, symbols: int) -> Tensor:
        """Return which symbols may come next, (rows, symbols)."""

    def advance(self, ids: Tensor) -> "Constraint":
        """Return the rule after each row has written one symbol, (rows,)."""

    def select(self, rows: Tensor) -> "Constraint":
        """Return the rule for these rows, in their order."""


class Both(NamedTuple):
    """Two constraints at once."""

    first: Constraint
    second: Constraint

    def allowed(self, symbols: int) -> Tensor:
        """Return which symbols both allow, (rows, symbols)."""
        return self.first.allowed(symbols) & self.second.allowed(symbols)

    def advance(self, ids: Tensor) -> "Both":
        """Return both after each row has written one symbol, (rows,)."""
        return Both(self.first.advance(ids), self.second.advance(ids))

    def select(self, rows: Tensor) -> "Both":
        """Return both for these rows, in their order."""
        return Both(self.first.select(rows), self.second.select(rows))


def together(*constraints: Constraint | None) -> Constraint | None:
    """Return one constraint that imposes all those given; None allows everything."""
    given = [constraint for constraint in constraints if constraint is not None]
    return functools.reduce(Both, given) if given else None
