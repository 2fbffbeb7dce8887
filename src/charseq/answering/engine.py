"""Engines, which answer, and the arrays that they take and return."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from charseq.answering.lexicon import Lexicon
from charseq.config import DecodingConfig
from charseq.hypothesis import Hypothesis


class Asked(NamedTuple):
    """Some inputs of similar lengths, as an engine reads them, and what their answers may be.

    Attributes:
        sources: ids, (batch, source time); past a row's length, any id, which has no
            effect.
        lengths: the sources' lengths, at least 1, (batch,).
        conditions: how many features and languages precede each text, (batch,).
        copies: where the model copies, the column of each source symbol, or -1, (batch, source
            time).
        limits: the most symbols of each answer, at least 1, (batch,).
        prefixes: what each answer must begin with, as columns: ids of the target vocabulary and,
            beyond them, copies.
        numbers: the inputs' numbers, for sampling, (batch,).
    """

    sources: NDArray[np.int64]
    lengths: NDArray[np.int64]
    conditions: NDArray[np.int64]
    copies: NDArray[np.int64] | None
    limits: NDArray[np.int64]
    prefixes: Sequence[Sequence[int]]
    numbers: NDArray[np.int64]


class Forced(NamedTuple):
    """Some pairs whose targets are given, as an engine reads them.

    Attributes:
        sources: as in `Asked`.
        lengths: as in `Asked`.
        conditions: as in `Asked`.
        copies: as in `Asked`.
        targets: ids as a decoder reads them, from the start to the end symbol, padded with end
            symbols, (batch, target time); a symbol that is copied from outside the vocabulary is
            read as unseen.
        target_lengths: including the start and end symbols, (batch,).
        columns: the column of each symbol after the start in the model's predictions, (batch,
            target time - 1); -1 if it has none.
    """

    sources: NDArray[np.int64]
    lengths: NDArray[np.int64]
    conditions: NDArray[np.int64]
    copies: NDArray[np.int64] | None
    targets: NDArray[np.int64]
    target_lengths: NDArray[np.int64]
    columns: NDArray[np.int64]


class ForcedScores(NamedTuple):
    """An engine's scores of one given target: a line for each of its symbols and for its end.

    No array keeps the whole batch that it comes from in memory.

    Attributes:
        log_probabilities: the symbols' log-probabilities, (symbols + 1,); minus infinity where one
            has no column.
        weights: the last attention's weights, (symbols + 1, source symbols); None if the model has
            no attention, or they are not asked for.
        copying: the probability that each symbol is copied, (symbols + 1,); None if the model does
            not copy, or weights are not asked for.
        best: the most probable columns, best first, (symbols + 1, as many as are asked for and
            available); they may include special symbols and columns that mean nothing.
        best_log_probabilities: the log-probabilities of `best`, in the same shape.
    """

    log_probabilities: NDArray[np.float32]
    weights: NDArray[np.float32] | None = None
    copying: NDArray[np.float32] | None = None
    best: NDArray[np.int64] | None = None
    best_log_probabilities: NDArray[np.float32] | None = None

    @property
    def log_probability(self) -> float:
        """The log-probability of the whole target, including its end."""
        return float(self.log_probabilities.sum(dtype=np.float64))


class Engine(Protocol):
    """What computes a model's answers; all else about answers is the same for every engine.

    Several threads may work on batches at once.
    """

    def most_rows(self, beam: int = 1) -> int:
        """Return how many rows, each with a beam, suit a batch."""

    def answers(
        self, asked: Asked, decoding: DecodingConfig, lexicon: Lexicon | None
    ) -> list[list[Hypothesis]]:
        """Return the n best hypotheses of each row, best first.

        No special symbol and no column that a row's source does not offer is ever written. If a
        prefix and the lexicon leave no answer within the limit, the only hypothesis is not
        `possible`.

        Args:
            asked: the inputs.
            decoding: how answers are found.
            lexicon: the only answers that may be given.
        """

    def force(self, forced: Forced, *, weights: bool, best: int) -> list[ForcedScores]:
        """Return the model's scores of each given target (teacher forcing).

        Args:
            forced: the pairs.
            weights: whether to return the last attention's weights and the probabilities of
                copying.
            best: how many of the most probable columns to return at each place.
        """

    def at_once(self) -> AbstractContextManager[int]:
        """Prepare for batches, and yield how many to work on at once."""
