"""Attention: what the decoder looks at in a source for the symbol that it writes next."""

from typing import Literal

import torch
from torch import Generator, Tensor, nn

from charseq.model.state import Memory

Kind = Literal["dot", "general", "additive"]


class Attention(nn.Module):
    """Global attention after the decoder's LSTM, without input feeding (Luong et al. 2015).

    Scores are a dot product, one through a matrix (`general`), or those of a small network
    (`additive`, Bahdanau et al. 2015).
    """

    def __init__(self, kind: Kind, units: int) -> None:
        super().__init__()
        self.kind = kind
        self.key = None if kind == "dot" else nn.Linear(units, units, bias=False)
        self.query = nn.Linear(units, units, bias=False) if kind == "additive" else None
        self.score = nn.Parameter(torch.empty(units)) if kind == "additive" else None
        # The attentional vector is tanh(context + own), each through a matrix of its own: so the
        # contexts are sums of vectors that are computed once a source.
        self.context = nn.Linear(units, units, bias=False)
        self.own = nn.Linear(units, units)

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh weights."""
        for part in (self.key, self.query, self.context, self.own):
            if part is not None:
                nn.init.xavier_uniform_(part.weight, generator=generator)
        nn.init.zeros_(self.own.bias)
        if self.score is not None:
            nn.init.uniform_(self.score, -0.1, 0.1, generator=generator)

    def memory(self, outputs: Tensor, source_lengths: Tensor, copies: Tensor) -> Memory:
        """Prepare what the encoder wrote, (time, batch, units), for being looked at."""
        outputs = outputs.transpose(0, 1)
        lengths = source_lengths.to(outputs.device)
        past = torch.arange(outputs.shape[1], device=outputs.device) >= lengths[:, None]
        return Memory(
            lengths,
            torch.zeros(past.shape, device=outputs.device).masked_fill_(past, -torch.inf),
            outputs if self.key is None else self.key(outputs),
            self.context(outputs),
            copies,
        )

    def scores(self, queries: Tensor, memory: Memory) -> Tensor:
        """Compare the decoder's outputs, (batch, target time, units), with each source symbol.

        Returns:
            Scores, (batch, target time, source time), -inf past a source's end.
        """
        if self.query is None or self.score is None:
            compared = torch.bmm(queries, memory.keys.transpose(1, 2))
        else:
            both = self.query(queries)[:, :, None] + memory.keys[:, None]
            compared = torch.tanh(both) @ self.score
        return compared + memory.mask[:, None]

    def forward(self, queries: Tensor, scores: Tensor, memory: Memory) -> Tensor:
        """Return the attentional vectors of `queries`, (batch, target time, units)."""
        weights = torch.softmax(scores, dim=2).to(memory.values.dtype)
        return torch.tanh(torch.bmm(weights, memory.values) + self.own(queries))
