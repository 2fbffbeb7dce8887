"""Greedy search: the most probable symbol at every step."""

from torch import Tensor

from charseq.encoding import Rows
from charseq.hypothesis import Hypothesis
from charseq.model import Memory, State, Step
from charseq.search.constraint import Constraint
from charseq.search.writing import write
from charseq.text import Vocabulary


def greedy(
    step: Step,
    memory: Memory,
    state: State,
    vocabulary: Vocabulary,
    limits: Tensor,
    constraint: Constraint | None = None,
) -> list[Hypothesis]:
    """Write the most probable symbol at each step until the end symbol or the limit.

    Args:
        step: the model's step function.
        memory: the memory of the encoded sources, (batch, …).
        state: the state of the encoded sources, (batch, …).
        vocabulary: the vocabulary of the targets.
        limits: the most symbols of each answer, (batch,), on the CPU.
        constraint: what answers may be.
    """
    return write(step, memory, state, vocabulary, limits, most_probable, constraint).hypotheses()


def most_probable(scores: Tensor, rows: Rows, place: int) -> tuple[Tensor, Tensor]:
    """Choose each row's most probable symbol, the first of equal ones."""
    del rows, place
    gain, symbols = scores.max(dim=1)
    return gain, symbols
