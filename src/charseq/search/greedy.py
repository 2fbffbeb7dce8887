"""Finding an answer: a search drives the model's one `step` and nothing else of it."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from charseq.model import Memory, State, Step
from charseq.text import Vocabulary


class Hypothesis(NamedTuple):
    """An answer as ids.

    Attributes:
        ids: the symbols written, without the end symbol.
        log_probability: natural logarithm of its probability, the end symbol included.
        cut: whether it hit its limit before it ended.
    """

    ids: Sequence[int]
    log_probability: float
    cut: bool


# Rows that have ended leave once they are this share of the batch: leaving copies those that stay.
LEAVING_SHARE = 1 / 16


@torch.inference_mode()
def greedy(
    step: Step, memory: Memory, state: State, vocabulary: Vocabulary, limits: Tensor
) -> list[Hypothesis]:
    """Write the most probable symbol at each step until the end symbol or the limit.

    Rows that have ended leave the batch. The start and the unknown symbol are never written.

    Args:
        step: the model's.
        memory: of the encoded sources, (batch, …).
        state: of the encoded sources, (batch, …).
        vocabulary: of the targets.
        limits: the most symbols of each answer, (batch,).
    """
    start, end = vocabulary.frame
    device, count = state.hidden.device, len(limits)
    forbidden = torch.tensor([i for i in vocabulary.special if i != end], device=device)
    left = limits.to(device)
    rows = torch.arange(count, device=device)
    going = torch.ones(count, dtype=torch.bool, device=device)
    previous = torch.full((count,), start, device=device)
    # What each step wrote, what it gained, and in which rows.
    steps: list[tuple[Tensor, Tensor, Tensor]] = []
    for place in range(1, int(limits.max()) + 1):
        scores, state = step(previous, state, memory)
        gain, previous = scores.index_fill_(1, forbidden, -torch.inf).max(dim=1)
        steps.append((previous, gain, rows))
        # What a row writes after its end is not read again.
        going = going & (previous != end) & (left > place)
        staying = int(going.sum())
        if staying == 0:
            break
        if staying <= (1 - LEAVING_SHARE) * len(rows):
            chosen = going.nonzero()[:, 0]
            rows, previous, left = rows[chosen], previous[chosen], left[chosen]
            memory, state, going = memory.select(chosen), state.select(chosen), going[chosen]
    written = torch.full((len(steps), count), end, device=device)
    gained = torch.zeros((len(steps), count), device=device)
    for place, (symbols, gain, rows) in enumerate(steps):
        written[place].index_copy_(0, rows, symbols)
        gained[place].index_copy_(0, rows, gain)
    return _hypotheses(written, gained, limits.to(device), end)


def _hypotheses(written: Tensor, gained: Tensor, limits: Tensor, end: int) -> list[Hypothesis]:
    """Cut what was written, (places, batch), at each row's end symbol or limit."""
    ended = written == end
    lengths = torch.where(ended.any(0), ended.int().argmax(0), len(written)).minimum(limits)
    places = torch.arange(len(written), device=written.device)[:, None]
    # The end symbol counts where it came within the limit.
    totals = gained.masked_fill(places > lengths, 0).masked_fill(places >= limits, 0).sum(0)
    return [
        Hypothesis(row[:length], total, length == limit)
        for row, length, total, limit in zip(
            written.t().tolist(), lengths.tolist(), totals.tolist(), limits.tolist(), strict=True
        )
    ]
