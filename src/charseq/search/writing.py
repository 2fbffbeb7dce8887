"""Writing one hypothesis per row, symbol by symbol: what greedy search and sampling share."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charseq.encoding import Rows
from charseq.hypothesis import Hypothesis
from charseq.model import Memory, State, Step
from charseq.search.constraint import Constraint
from charseq.text import Vocabulary

# Takes log-probabilities, (rows, symbols), the numbers of these rows in the whole batch, (rows,),
# and the place, from 0; returns the chosen symbols' log-probabilities and the symbols, (rows,)
# each.
Choice = Callable[[Tensor, Rows, int], tuple[Tensor, Tensor]]

# Rows that have ended leave only once they are this share of the batch, since the rest is copied.
LEAVING_SHARE = 1 / 16


class Written(NamedTuple):
    """One answer for each row of a batch.

    Attributes:
        symbols: the answers, filled up with the end symbol, (places, batch).
        lengths: symbols in each answer, without the end symbol, (batch,).
        log_probabilities: the answers' log-probabilities, (batch,).
        cut: whether the limit came before the end symbol, (batch,).
    """

    symbols: NDArray[np.int64]
    lengths: NDArray[np.int64]
    log_probabilities: NDArray[np.float64]
    cut: NDArray[np.bool_]

    def hypotheses(self) -> list[Hypothesis]:
        """Return the answers, in the order of the rows."""
        columns = self.symbols.T, self.lengths, self.log_probabilities, self.cut
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
    """Return `scores`, (rows, symbols), with minus infinity for symbols that may not come next."""
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

    Rows that have ended leave the batch. No special symbol but the end symbol is ever written.

    Args:
        step: the model's step function.
        memory: the memory of the encoded sources, (batch, …).
        state: the state of the encoded sources, (batch, …).
        vocabulary: the vocabulary of the targets.
        limits: the most symbols of each answer, (batch,), on the CPU.
        choose: chooses one symbol for each row.
        constraint: what answers may be.
    """
    start, end = vocabulary.frame
    device, count = device_of(state), len(limits)
    forbidden = never_written(vocabulary, device)
    previous = torch.full((count,), start, device=device)
    # Bookkeeping uses NumPy: on few numbers, its calls cost a fraction of PyTorch's.
    left = limits.numpy()
    rows, going = np.arange(count), np.ones(count, bool)
    # Before the nearest limit, a row ends only with the end symbol.
    nearest, all_going = int(left.min()), True
    steps: list[tuple[Rows, NDArray[np.int64], Tensor]] = []
    for place in range(int(left.max())):
        scores, state = step(previous, state, memory)
        gain, previous = choose(masked(scores, forbidden, constraint), rows, place)
        written = previous.cpu().numpy()
        steps.append((rows, written, gain))
        if all_going and constraint is None and place + 1 < nearest and end not in written.tolist():
            continue
        # Ended rows go on writing until they leave; those symbols are ignored.
        going = going & (written != end) & (left > place + 1)
        if constraint is not None:
            constraint = constraint.advance(previous)
            going &= gain.cpu().numpy() > -np.inf
        staying = np.count_nonzero(going)
        if staying == 0:
            break
        all_going = staying == len(rows)
        if staying <= (1 - LEAVING_SHARE) * len(rows):
            chosen = torch.from_numpy(going.nonzero()[0]).to(device)
            rows, left, going, all_going = rows[going], left[going], going[going], True
            previous, memory, state = previous[chosen], memory.select(chosen), state.select(chosen)
            if constraint is not None:
                constraint = constraint.select(chosen)
    at = (
        np.repeat(np.arange(len(steps)), [len(rows) for rows, _, _ in steps]),
        np.concatenate([rows for rows, _, _ in steps]),
    )
    symbols = np.full((len(steps), count), end)
    symbols[at] = np.concatenate([written for _, written, _ in steps])
    gained = np.zeros((len(steps), count), np.float32)
    gained[at] = torch.cat([gain for _, _, gain in steps]).cpu().numpy()
    return _cut(symbols, gained, limits.numpy(), end)


def device_of(state: State) -> torch.device:
    """Return the device of a state, and of all that is computed with it."""
    return state[0].device


def _cut(
    symbols: NDArray[np.int64], gained: NDArray[np.float32], limits: NDArray[np.int64], end: int
) -> Written:
    """Cut what was written, (places, batch), at each row's end symbol or limit."""
    ended = symbols == end
    lengths = np.minimum(np.where(ended.any(0), ended.argmax(0), len(symbols)), limits)
    places = np.arange(len(symbols))[:, None]
    # The end symbol counts if it came within the limit.
    counted = (places <= lengths) & (places < limits)
    totals = np.where(counted, gained, 0).sum(0, dtype=np.float64)
    # A row without any possible symbol has no answer, whatever was recorded for it.
    lengths = np.where(totals == -np.inf, 0, lengths)
    return Written(np.where(places < lengths, symbols, end), lengths, totals, lengths == limits)
