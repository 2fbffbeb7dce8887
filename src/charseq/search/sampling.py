"""Sampling: symbols drawn by their probability, the same for the same seed in any batch."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charseq.encoding import Rows
from charseq.hypothesis import Hypothesis
from charseq.model import Memory, State, Step
from charseq.search.constraint import Constraint
from charseq.search.writing import write
from charseq.text import Vocabulary


def sample(
    step: Step,
    memory: Memory,
    state: State,
    vocabulary: Vocabulary,
    limits: Tensor,
    *,
    numbers: NDArray[np.int64],
    seed: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    smoothed: float = 0.0,
    constraint: Constraint | None = None,
) -> list[Hypothesis]:
    """Draw each symbol by its probability until the end symbol or the limit.

    What is drawn for a row depends only on the seed, the row's number and the log-probabilities,
    not on the other rows of the batch. The log-probabilities of the answers are the model's own,
    whatever the temperature and however many symbols could be drawn.

    Args:
        step: the model's step function.
        memory: the memory of the encoded sources, (batch, …).
        state: the state of the encoded sources, (batch, …).
        vocabulary: the vocabulary of the targets.
        limits: the most symbols of each answer, (batch,), on the CPU.
        numbers: the rows' numbers, (batch,); rows with different numbers draw independently.
        seed: the start of every random choice.
        temperature: what the log-probabilities are divided by: below 1, probable symbols become
            more probable; near 0, this is greedy search.
        top_k: draw from this many of the most probable symbols only (Fan et al. 2018).
        top_p: draw from the fewest most probable symbols that together have at least this
            probability (Holtzman et al. 2020), after `temperature` and `top_k`.
        smoothed: what label smoothing taught the model to give to every symbol of the vocabulary,
            however wrong; it is taken away again before anything is drawn.
        constraint: what answers may be.
    """
    draws = uniform(seed, numbers, int(limits.max()))

    def choose(scores: Tensor, rows: Rows, place: int) -> tuple[Tensor, Tensor]:
        kept = min(top_k or scores.shape[1], scores.shape[1])
        gains, symbols = _without(smoothed, scores, len(vocabulary)).topk(kept, dim=1)
        probabilities = (gains / temperature).softmax(dim=1)
        below = probabilities.cumsum(dim=1)
        if top_p is not None:
            # A symbol stays as long as those before it have not reached the share.
            probabilities = probabilities.masked_fill(below - probabilities >= top_p, 0)
            below = probabilities.cumsum(dim=1)
        point = torch.from_numpy(draws[place, rows, None]).to(below.device) * below[:, -1:]
        # Rounding must not reach past the last symbol that can be drawn.
        last = (probabilities > 0).sum(dim=1, keepdim=True).sub_(1).clamp_(min=0)
        drawn = (below <= point).sum(dim=1, keepdim=True).minimum(last)
        chosen = symbols.gather(1, drawn)
        return scores.gather(1, chosen)[:, 0], chosen[:, 0]

    return write(step, memory, state, vocabulary, limits, choose, constraint).hypotheses()


def _without(smoothed: float, scores: Tensor, symbols: int) -> Tensor:
    """Return log-probabilities, (rows, columns), without a share of each of the first symbols."""
    if not smoothed:
        return scores
    probabilities = scores.exp()
    probabilities[:, :symbols] -= smoothed
    rest = probabilities.clamp_(min=0).log()
    # A constraint may leave nothing but what only smoothing makes possible.
    return torch.where(rest.isneginf().all(dim=1, keepdim=True), scores, rest)


def uniform(seed: int, numbers: NDArray[np.int64], places: int) -> NDArray[np.float32]:
    """Return a number from [0, 1) for each place and row, (places, rows).

    Each is a hash of the seed, the row's number and the place (SplitMix64, Steele et al. 2014), so
    none depends on which others are drawn.
    """
    with np.errstate(over="ignore"):
        rows = _mixed(_mixed(np.uint64(seed)) + numbers.astype(np.uint64))
        mixed = _mixed(rows + np.arange(places, dtype=np.uint64)[:, None])
    return (mixed >> np.uint64(40)).astype(np.float32) / np.float32(2**24)


def _mixed(values: NDArray[np.uint64] | np.uint64) -> NDArray[np.uint64]:
    mixed = np.asarray(values + np.uint64(0x9E3779B97F4A7C15), np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
