"""Finding an answer: a search drives the model's one `step` and nothing else of it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charseq.batching import Rows
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
        limits: the most symbols of each answer, (batch,), on the CPU.
    """
    start, end = vocabulary.frame
    device, count = state.hidden.device, len(limits)
    forbidden = torch.tensor([i for i in vocabulary.special if i != end], device=device)
    previous = torch.full((count,), start, device=device)
    # The books are kept in NumPy, whose calls on few numbers cost a fraction of PyTorch's.
    left = limits.numpy()
    rows, going = np.arange(count), np.ones(count, bool)
    steps: list[tuple[Rows, NDArray[np.int64], Tensor]] = []
    for place in range(1, int(left.max()) + 1):
        scores, state = step(previous, state, memory)
        gain, previous = scores.index_fill_(1, forbidden, -torch.inf).max(dim=1)
        written = previous.cpu().numpy()
        steps.append((rows, written, gain))
        # What a row writes after its end is not read again.
        going = going & (written != end) & (left > place)
        staying = np.count_nonzero(going)
        if staying == 0:
            break
        if staying <= (1 - LEAVING_SHARE) * len(rows):
            chosen = torch.from_numpy(going.nonzero()[0]).to(device)
            rows, left, going = rows[going], left[going], going[going]
            previous, memory, state = previous[chosen], memory.select(chosen), state.select(chosen)
    written = np.full((len(steps), count), end)
    gained = np.zeros((len(steps), count), np.float32)
    gains = torch.cat([gain for _, _, gain in steps]).cpu().numpy()
    first = 0
    for place, (rows, symbols, _) in enumerate(steps):
        written[place, rows] = symbols
        gained[place, rows] = gains[first : first + len(rows)]
        first += len(rows)
    return _hypotheses(written, gained, limits.numpy(), end)


def _hypotheses(
    written: NDArray[np.int64], gained: NDArray[np.float32], limits: NDArray[np.int64], end: int
) -> list[Hypothesis]:
    """Cut what was written, (places, batch), at each row's end symbol or limit."""
    ended = written == end
    lengths = np.minimum(np.where(ended.any(0), ended.argmax(0), len(written)), limits)
    places = np.arange(len(written))[:, None]
    # The end symbol counts where it came within the limit.
    counted = (places <= lengths) & (places < limits)
    totals = np.where(counted, gained, 0).sum(0, dtype=np.float64)
    return [
        Hypothesis(row[:length], total, length == limit)
        for row, length, total, limit in zip(
            written.T.tolist(), lengths.tolist(), totals.tolist(), limits.tolist(), strict=True
        )
    ]
