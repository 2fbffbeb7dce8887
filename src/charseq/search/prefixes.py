"""Forced prefixes: how each answer must begin."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence


class Prefixes(NamedTuple):
    """The symbols that each row must write first; after them, everything is allowed.

    Attributes:
        ids: the prefixes, padded on the right, (rows, longest).
        lengths: the prefixes' lengths, (rows,).
        place: how many symbols each row has written.
    """

    ids: Tensor
    lengths: Tensor
    place: int = 0

    @classmethod
    def of(cls, prefixes: Sequence[Sequence[int]], device: torch.device) -> "Prefixes":
        """Prepare one prefix for each row, as ids; an empty one forces nothing."""
        ids = [torch.tensor(prefix, dtype=torch.long) for prefix in prefixes]
        lengths = torch.tensor([len(prefix) for prefix in prefixes], device=device)
        return cls(pad_sequence(ids, batch_first=True).to(device), lengths)

    def allowed(self, symbols: int) -> Tensor:
        """Return which symbols may come next, (rows, symbols)."""
        free = (self.lengths <= self.place)[:, None]
        if self.place >= self.ids.shape[1]:
            return free.repeat(1, symbols)
        forced = self.ids[:, self.place, None]
        return free | (torch.arange(symbols, device=free.device) == forced)

    def advance(self, ids: Tensor) -> "Prefixes":
        """Return the rule for the place after this one."""
        del ids
        return self._replace(place=self.place + 1)

    def select(self, rows: Tensor) -> "Prefixes":
        """Return the rule for these rows, in their order."""
        chosen = self.ids.index_select(0, rows), self.lengths.index_select(0, rows)
        return Prefixes(*chosen, self.place)
