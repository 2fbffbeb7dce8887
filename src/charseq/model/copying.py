"""Copying source symbols into the answer: pointer–generator (See et al. 2017)."""

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

SMALLEST = 1e-12


class Copying(nn.Module):
    """Decides at each step between writing a symbol of the vocabulary and copying one.

    What is copied is what the last attention attends to, among the source symbols that are text.
    """

    def __init__(self, units: int) -> None:
        super().__init__()
        self.gate = nn.Linear(units, 1)

    @torch.no_grad()
    def initialise(self, generator: Generator) -> None:
        """Draw fresh weights."""
        nn.init.xavier_uniform_(self.gate.weight, generator=generator)
        nn.init.zeros_(self.gate.bias)

    def share(self, attended: Tensor) -> Tensor:
        """Return the probability of copying, (batch, target time, 1), from attentional vectors."""
        return torch.sigmoid(self.gate(attended).float())

    def forward(self, attended: Tensor, logits: Tensor, scores: Tensor, copies: Tensor) -> Tensor:
        """Mix both ways of writing a symbol.

        Args:
            attended: the attentional vectors, (batch, target time, units).
            logits: the vocabulary's logits, (batch, target time, symbols).
            scores: the last attention's scores, (batch, target time, source time).
            copies: the column that each source symbol is copied to, (batch, source time), beyond
                the vocabulary for symbols outside it; -1 for what is never copied.

        Returns:
            Log-probabilities, (batch, target time, symbols + source time).
        """
        copied = self.share(attended)
        never = (copies < 0)[:, None]
        pointed = torch.softmax(scores.float().masked_fill(never, -torch.inf), dim=2) * copied
        written = torch.softmax(logits.float(), dim=2) * (1 - copied)
        columns = copies.clamp(min=0)[:, None].expand_as(scores)
        mixed = functional.pad(written, (0, scores.shape[2])).scatter_add(2, columns, pointed)
        return mixed.clamp(min=SMALLEST).log()
