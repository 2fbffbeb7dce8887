"""Finding an answer: a search drives the model's one `step` and nothing else of it."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from charseq.model import Memory, Seq2Seq, State
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


@torch.inference_mode()
def greedy(
    model: Seq2Seq, memory: Memory, state: State, vocabulary: Vocabulary, limits: Tensor
) -> list[Hypothesis]:
    """Write the most probable symbol at each step until the end symbol or the limit.

    Rows that have ended leave the batch. The start and the unknown symbol are never written.

    Args:
        model: whose `step` is taken.
        memory: of the encoded sources, (batch, …).
        state: of the encoded sources, (batch, …).
        vocabulary: of the targets.
        limits: the most symbols of each answer, (batch,).
    """
    start, end = vocabulary.frame
    device, count = state.hidden.device, len(limits)
    limits = limits.to(device)
    forbidden = torch.tensor([i for i in vocabulary.special if i != end], device=device)
    written = torch.full((count, int(limits.max())), end, device=device)
    log_probabilities = torch.zeros(count, device=device)
    cut = torch.zeros(count, dtype=torch.bool, device=device)
    rows = torch.arange(count, device=device)
    previous = torch.full((count,), start, device=device)
    for place in range(written.shape[1]):
        scores, state = model.step(previous, state, memory)
        scores.index_fill_(1, forbidden, -torch.inf)
        best, previous = scores.max(dim=1)
        written[rows, place] = previous
        log_probabilities[rows] += best
        ended = previous == end
        full = limits[rows] == place + 1
        cut[rows] = full & ~ended
        going = (~(ended | full)).nonzero()[:, 0]
        if len(going) == 0:
            break
        if len(going) < len(rows):
            rows, previous = rows[going], previous[going]
            memory, state = memory.select(going), state.select(going)
    ids, lengths = written.tolist(), (written == end).int()
    # An answer that was cut has no end symbol before its limit.
    spans = torch.where(lengths.any(1), lengths.argmax(1), limits).tolist()
    return [
        Hypothesis(row[:span], log_probability, was_cut)
        for row, span, log_probability, was_cut in zip(
            ids, spans, log_probabilities.tolist(), cut.tolist(), strict=True
        )
    ]
