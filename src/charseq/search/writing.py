"""Writing one hypothesis a row, symbol by symbol: what greedy search and sampling share."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from charseq.model import Memory, State, Step
from charseq.search.constraint import Constraint
from charseq.search.hypothesis import Hypothesis
from charseq.text import Vocabulary

# Takes log-probabilities, (rows, symbols), which rows of the whole batch they are of, (rows,), and
# the place, from 0; returns the chosen symbols' log-probabilities and the symbols, (rows,) each.
Choice = Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor]]

# Rows that have ended leave once they are this share of the batch: leaving copies those that stay.
LEAVING_SHARE = 1 / 16


class Written(NamedTuple):
    """One answer for each row of a batch.

    Attributes:
        symbols: the end symbol fills what follows an answer, (places, batch).
        lengths: symbols in each answer, the end symbol not counted, (batch,).
        log_probabilities: of the answers, (batch,).
        cut: whether the limit came before the end, (batch,).
    """

    symbols: Tensor
    lengths: Tensor
    log_probabilities: Tensor
    cut: Tensor

    def hypotheses(self) -> list[Hypothesis]:
        """Return the answers, in the order of the rows."""
        columns = self.symbols.t(), self.lengths, self.log_probabilities, self.cut
        return [
            Hypothesis(row[:length], log_probability, cut)
            for row, length, log_probability, cut in zip(
                *(column.tolist() for column in columns), strict=True
            )
        ]


def never_written(vocabulary: Vocabulary, device: torch.device) -> Tensor:
    """Return the ids that no answer holds: all special ones but the end symbol."""
    _, end = vocabulary.frame
    return torch.tensor([i for i in vocabulary.special if i != end], device=device)


def masked(scores: Tensor, forbidden: Tensor, constraint: Constraint | None) -> Tensor:
    """Return `scores`, (rows, symbols), with minus infinity where nothing may come."""
    scores = scores.index_fill_(1, forbidden, -torch.inf)
    if constraint is None:
        return scores
    return scores.masked_fill_(~constraint.allowed(scores.shape[1]), -torch.inf)


@torch.inference_mode()
def write(
    step: Step,
    memory: Memory,
    state: State,
    vocabulary: Vocabulary,
    limits: Tensor,
    choose: Choice,
    constraint: Constraint | None = None,
) -> Written:
    """Write what `choose` chooses, until the end symbol or the limit.

    Rows that have ended leave the batch. The start and the unknown symbol are never written.

    Args:
        step: the model's.
        memory: of the encoded sources, (batch, …).
        state: of the encoded sources, (batch, …).
        vocabulary: of the targets.
        limits: the most symbols of each answer, (batch,), where the rest is computed.
        choose: takes one symbol for each row.
        constraint: what answers may be.
    """
    start, end = vocabulary.frame
    device, count = limits.device, len(limits)
    forbidden = never_written(vocabulary, device)
    left = limits
    rows = torch.arange(count, device=device)
    going = torch.ones(count, dtype=torch.bool, device=device)
    previous = torch.full((count,), start, device=device)
    # What each step wrote, what it gained, and in which rows.
    steps: list[tuple[Tensor, Tensor, Tensor]] = []
    for place in range(int(limits.max())):
        scores, state = step(previous, state, memory)
        gain, previous = choose(masked(scores, forbidden, constraint), rows, place)
        steps.append((previous, gain, rows))
        # What a row writes after its end is not read again.
        going = going & (previous != end) & (left > place + 1)
        if constraint is not None:
            constraint = constraint.advance(previous)
            going &= gain > -torch.inf
        staying = int(going.sum())
        if staying == 0:
            break
        if staying <= (1 - LEAVING_SHARE) * len(rows):
            chosen = going.nonzero()[:, 0]
            rows, previous, left = rows[chosen], previous[chosen], left[chosen]
            memory, state, going = memory.select(chosen), state.select(chosen), going[chosen]
            if constraint is not None:
                constraint = constraint.select(chosen)
    written = torch.full((len(steps), count), end, device=device)
    gained = torch.zeros((len(steps), count), device=device)
    for place, (symbols, gain, rows) in enumerate(steps):
        written[place].index_copy_(0, rows, symbols)
        gained[place].index_copy_(0, rows, gain)
    return _cut(written, gained, limits, end)


def _cut(written: Tensor, gained: Tensor, limits: Tensor, end: int) -> Written:
    """Cut what was written, (places, batch), at each row's end symbol or limit."""
    ended = written == end
    lengths = torch.where(ended.any(0), ended.int().argmax(0), len(written)).minimum(limits)
    places = torch.arange(len(written), device=written.device)[:, None]
    # The end symbol counts where it came within the limit.
    counted = (places <= lengths) & (places < limits)
    totals = gained.masked_fill(~counted, 0).sum(0)
    # A row to which nothing was possible has written nothing, whatever stands there.
    lengths = lengths.masked_fill(totals == -torch.inf, 0)
    return Written(written.masked_fill(places >= lengths, end), lengths, totals, lengths == limits)
