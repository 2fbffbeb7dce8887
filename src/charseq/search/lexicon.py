"""Walking through a lexicon's trie, all rows of a batch at once."""

from typing import NamedTuple

import torch
from torch import Tensor

from charseq.answering.lexicon import ROOT, Lexicon


class Trie(NamedTuple):
    """The arrays of a `Lexicon` on a device."""

    first_edges: Tensor
    keys: Tensor
    shortest: Tensor
    symbols: int

    @classmethod
    def of(cls, lexicon: Lexicon, device: torch.device) -> "Trie":
        """Prepare a lexicon on a device."""
        first_edges, keys, shortest = (
            torch.from_numpy(array).to(device)
            for array in (lexicon.first_edges, lexicon.keys, lexicon.shortest)
        )
        return cls(first_edges, keys, shortest, len(lexicon.vocabulary))

    def within(self, limits: Tensor) -> "Walk":
        """Return the constraint that each row writes a whole text of the lexicon.

        Args:
            limits: the most symbols of each row, including its end symbol, (rows,).
        """
        return Walk(self, torch.full_like(limits, ROOT), limits)


class Walk(NamedTuple):
    """The place that each row has reached in a lexicon.

    Only symbols after which a text can still be finished within the limit are allowed, so no answer
    is cut.

    Attributes:
        trie: the lexicon's trie, on the rows' device.
        states: each row's state in the trie, (rows,).
        left: how many more symbols each row may write, including the end symbol, (rows,).
    """

    trie: Trie
    states: Tensor
    left: Tensor

    def allowed(self, symbols: int) -> Tensor:
        """Return which symbols may come next, (rows, symbols)."""
        trie = self.trie
        first = trie.first_edges[self.states]
        counts = trie.first_edges[self.states + 1] - first
        rows = torch.repeat_interleave(counts)
        # The edges of all rows, one after another.
        shifts = first - counts.cumsum(0) + counts
        edges = torch.arange(len(rows), device=rows.device) + shifts[rows]
        fits = trie.shortest[edges + 1] < self.left[rows]
        mask = torch.zeros(len(self.states), symbols, dtype=torch.bool, device=rows.device)
        mask[rows, trie.keys[edges] % trie.symbols] = fits
        return mask

    def advance(self, ids: Tensor) -> "Walk":
        """Return the walk after each row has written one symbol, (rows,)."""
        trie = self.trie
        keys = self.states * trie.symbols + ids
        edges = torch.searchsorted(trie.keys, keys).clamp_(max=len(trie.keys) - 1)
        known = (trie.keys[edges] == keys) & (ids < trie.symbols)
        # The last state has no edges: after a symbol that the lexicon lacks, nothing is allowed.
        states = torch.where(known, edges + 1, len(trie.shortest) - 1)
        return Walk(trie, states, self.left - 1)

    def select(self, rows: Tensor) -> "Walk":
        """Return the walk of these rows, in their order."""
        return Walk(self.trie, self.states.index_select(0, rows), self.left.index_select(0, rows))
