"""The engine that computes with ONNX Runtime: one call for a whole search."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from charseq.answering import Asked, Forced, ForcedScores, Lexicon
from charseq.config import DecodingConfig
from charseq.encoding import NEVER_COPIED
from charseq.errors import MachineError, ModelFileError, UsageError, lacks_memory, visible
from charseq.hypothesis import Hypothesis
from charseq.modelfile import ModelDescription

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

NOTHING_FORCED = -1
LEAST = float("-inf")
MOST_ROWS, MOST_HYPOTHESES = 64, 160
INPUTS = frozenset(
    {
        "sources", "source_lengths", "conditions", "copies", "prefixes", "limits",
        "beam", "n_best", "length_penalty", "explain",
    }
)  # fmt: skip
INTEGER, FLOAT = np.dtype(np.int64), np.dtype(np.float32)
# The outputs of a graph, and their types.
ANSWERS: Mapping[str, np.dtype[Any]] = {
    "ids": INTEGER,
    "lengths": INTEGER,
    "log_probabilities": FLOAT,
}
EXPLANATION: Mapping[str, np.dtype[Any]] = {
    "explained_log_probabilities": FLOAT,
    "alignments": FLOAT,
    "copying": FLOAT,
    "best_symbols": INTEGER,
    "best_log_probabilities": FLOAT,
}


class OnnxEngine:
    """An `Engine` over a session with an exported graph.

    Attributes:
        session: the ONNX Runtime session.
    """

    def __init__(
        self, session: "InferenceSession", description: ModelDescription, threads: int
    ) -> None:
        """Wrap a session.

        Args:
            session: a session with an exported graph.
            description: the model's description.
            threads: how many batches to work on at once.

        Raises:
            ModelFileError: if the graph has an input that no export has.
        """
        self.session = session
        self._threads = threads
        self._inputs = {each.name for each in session.get_inputs()}
        if foreign := sorted(self._inputs - INPUTS):
            raise ModelFileError(f"its graph reads {visible(foreign[0])!r}, which no export does")
        self._symbols = len(description.targets)
        self._attention = description.config.attention != "none"
        self._copying = description.config.copying

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or pickled, as a session does, but say what to do instead."""
        raise UsageError("an export cannot be copied or pickled: load it in each process")

    def most_rows(self, beam: int = 1) -> int:
        """Return how many rows suit a batch: fewer with a beam, where ended hypotheses stay."""
        return max(1, min(MOST_ROWS, MOST_HYPOTHESES // beam))

    def answers(
        self, asked: Asked, decoding: DecodingConfig, lexicon: Lexicon | None
    ) -> list[list[Hypothesis]]:
        """Search greedily or with a beam, and return the n best hypotheses, best first.

        Raises:
            ModelFileError: if the graph returns what no export does.
            UsageError: if samples or a lexicon are asked for, which exported graphs do not support.
        """
        if decoding.sample:
            raise UsageError(
                f"an exported model cannot sample: {_INSTEAD}, or omit --sample (sample)"
            )
        if lexicon is not None:
            raise UsageError(
                f"an exported model cannot use a lexicon: {_INSTEAD}, or omit --lexicon (lexicon)"
            )
        ids, lengths, totals = self._run(
            ANSWERS,
            asked,
            limits=asked.limits,
            prefixes=_padded(asked.prefixes),
            beam=np.array(decoding.beam),
            n_best=np.array(decoding.n_best),
            length_penalty=np.array(decoding.length_penalty, np.float32),
            explain=np.array(False),
        )
        grid = len(asked.limits), decoding.n_best
        _refuse_strange(
            lengths.shape == totals.shape == ids.shape[:2] == grid and ids.shape[2:] > (0,)
        )
        places, found = ids.shape[2], []
        for written, counts, gains, limit, length in zip(
            *(each.tolist() for each in (ids, lengths, totals, asked.limits, asked.lengths)),
            strict=True,
        ):
            most = min(limit, places)
            columns = self._symbols + (length if self._copying else 0)
            _refuse_strange(
                # There is always a best answer; NaN does not count.
                gains[0] > LEAST
                and math.inf not in gains
                and all(0 <= count <= most for count in counts)
                and all(
                    0 <= symbol < columns
                    for symbols, count in zip(written, counts, strict=True)
                    for symbol in symbols[:count]
                )
            )
            found.append(
                [
                    Hypothesis(symbols[:count], gain, count == limit)
                    for symbols, count, gain in zip(written, counts, gains, strict=True)
                    if gain > LEAST
                ]
            )
        return found

    def force(self, forced: Forced, *, weights: bool, best: int) -> list[ForcedScores]:
        """Return the scores of given targets, each forced as a prefix of its full length.

        Raises:
            ModelFileError: if the graph returns what no export does.
        """
        symbols = forced.target_lengths - 2
        # A symbol without a column is forced as the id that the decoder reads in its place.
        written = np.where(forced.columns >= 0, forced.columns, forced.targets[:, 1:])
        places = np.arange(written.shape[1])
        prefixes = np.where(places < symbols[:, None], written, NOTHING_FORCED)[:, :-1]
        gains, alignments, copying, columns, highest = self._run(
            EXPLANATION,
            forced,
            limits=symbols,
            prefixes=prefixes,
            beam=np.array(1),
            n_best=np.array(1),
            length_penalty=np.array(0, np.float32),
            explain=np.array(True),
        )
        attended, copied = weights and self._attention, weights and self._copying
        # If all targets are empty, the graph returns one more place.
        grid = len(symbols), max(forced.columns.shape[1], 2)
        _refuse_strange(
            gains.shape == columns.shape[:2] == grid
            and columns.shape == highest.shape
            and columns.min(initial=0) >= 0
            and (not self._attention or alignments.shape == (*grid, forced.sources.shape[1]))
            and (not self._copying or copying.shape == grid)
        )
        found = []
        for row, (count, read) in enumerate(
            zip((symbols + 1).tolist(), forced.lengths.tolist(), strict=True)
        ):
            own = gains[row, :count].copy()
            own[forced.columns[row, :count] == NEVER_COPIED] = -np.inf
            found.append(
                ForcedScores(
                    own,
                    alignments[row, :count, :read].copy() if attended else None,
                    copying[row, :count].copy() if copied else None,
                    columns[row, :count, :best].copy() if best else None,
                    highest[row, :count, :best].copy() if best else None,
                )
            )
        return found

    @contextmanager
    def at_once(self) -> Iterator[int]:
        """Yield how many batches to work on at once; each has one thread."""
        yield self._threads

    def _run(
        self, outputs: Mapping[str, np.dtype[Any]], read: Asked | Forced, **asked: NDArray[Any]
    ) -> list[NDArray[Any]]:
        given = {
            "sources": read.sources,
            "source_lengths": read.lengths,
            "conditions": read.conditions,
            "copies": read.copies,
            **asked,
        }
        fed = {name: given[name] for name in self._inputs}
        try:
            found: list[NDArray[Any]] = self.session.run(list(outputs), fed)
        # ONNX Runtime's own errors have no common base class but this.
        except Exception as error:
            if lacks_memory(error):
                raise MachineError("there is not enough memory for this") from None
            raise ModelFileError(
                f"ONNX Runtime cannot compute with this model: {visible(str(error), 300)}"
            ) from None
        # An output that the graph never computes is None.
        _refuse_strange(
            all(
                isinstance(each, np.ndarray) and each.dtype == kind
                for each, kind in zip(found, outputs.values(), strict=True)
            )
        )
        return found


_INSTEAD = "use the model file that it was made from (.safetensors)"


def _refuse_strange(sound: bool | np.bool_) -> None:
    """Raise a `ModelFileError` unless a graph's output has the shapes and bounds of an export's.

    A file may have been made with any other graph in it.
    """
    if not sound:
        raise ModelFileError("the model returned output that no export produces: export it again")


def _padded(prefixes: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Return prefixes as one array, padded on the right, (rows, longest)."""
    longest = max(map(len, prefixes), default=0)
    if not longest:
        return np.empty((len(prefixes), 0), np.int64)
    return np.array(
        [[*prefix, *[NOTHING_FORCED] * (longest - len(prefix))] for prefix in prefixes], np.int64
    ).reshape(len(prefixes), longest)
