"""A lexicon: the only answers that may be given, as a trie in a few arrays."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charseq.encoding import Sequences, encode_targets
from charseq.errors import UsageError
from charseq.text import Vocabulary, can_be_iterated

Array = NDArray[np.int64]

ROOT = 0


@dataclass(frozen=True, eq=False)
class Lexicon:
    """A set of texts as a trie (Fredkin 1960), with edges stored state by state.

    State 0 is the root, and edge e leads to state e + 1; the end symbol of a text is an edge like
    any other.

    Attributes:
        first_edges: where each state's edges begin, then where the last ones end, (states + 1,).
        keys: state · symbols + symbol of each edge, in ascending order, (edges,).
        shortest: the fewest symbols from each state to the end of a text, including the end symbol,
            (states,).
        vocabulary: the vocabulary that its texts are spelt in.
        left_out: how many texts are left out because they contain symbols that the vocabulary
            lacks, or none at all.
    """

    first_edges: Array
    keys: Array
    shortest: Array
    vocabulary: Vocabulary
    left_out: int = 0

    @classmethod
    def of(cls, texts: Iterable[str], vocabulary: Vocabulary) -> "Lexicon":
        """Build a lexicon from texts.

        Raises:
            UsageError: if they are not texts, or the vocabulary can spell none of them.
        """
        if isinstance(texts, str) or not can_be_iterated(texts):
            raise UsageError(f"a lexicon must be several texts, not {texts!r}")
        texts = list(texts)
        for text in texts:
            if not isinstance(text, str):
                raise UsageError(f"a lexicon must contain only texts, not {text!r}")
        distinct = list(dict.fromkeys(texts))
        entries = encode_targets(distinct, vocabulary)
        unseen = np.zeros(len(entries.ids) + 1, np.int64)
        np.cumsum(entries.ids == vocabulary.unseen, out=unseen[1:])
        known = unseen[entries.starts + entries.lengths] == unseen[entries.starts]
        # A blank line, or a separator alone, does not mean an empty answer.
        spelt = known & (entries.lengths > len(vocabulary.frame))
        if not spelt.any():
            raise UsageError(
                "the model cannot write any entry of the lexicon: each is empty or contains a"
                " symbol that the model never saw in a target"
                if len(spelt)
                else "the lexicon has no entries"
            )
        # From after the start symbol to the end symbol.
        written = Sequences(entries.ids, entries.lengths[spelt] - 1, entries.starts[spelt] + 1)
        first_edges, keys, shortest = _trie(written, len(vocabulary), vocabulary.frame[1])
        return cls(
            first_edges,
            keys,
            shortest,
            vocabulary,
            left_out=len(spelt) - int(spelt.sum()),
        )

    def refuse_other(self, vocabulary: Vocabulary) -> None:
        """Raise a `UsageError` if a model writes in another vocabulary than the lexicon's."""
        if self.vocabulary is not vocabulary and self.vocabulary != vocabulary:
            raise UsageError(
                "the lexicon was prepared for a model with other symbols: prepare it with this"
                " model's `lexicon`"
            )

    def warning(self) -> str:
        """Return the sentence that says how many texts were left out."""
        return (
            "entries of the lexicon left out, because they are empty or contain symbols that the"
            f" model never saw in a target: {self.left_out:,}"
        )


def _trie(entries: Sequences, symbols: int, end: int) -> tuple[Array, Array, Array]:
    """Build the arrays of a trie level by level, all entries at once.

    States are numbered level by level and, within a level, by the state and symbol that lead to
    them, so edges are in the order both of the states that they leave and of those that they reach.
    """
    states = np.full(len(entries), ROOT, np.int64)
    inside = np.arange(len(entries))
    levels: list[Array] = []
    count = 1
    for depth in range(int(entries.lengths.max())):
        inside = inside[entries.lengths[inside] > depth]
        reached = states[inside] * symbols + entries.ids[entries.starts[inside] + depth]
        level, places = np.unique(reached, return_inverse=True)
        states[inside] = count + places
        levels.append(level)
        count += len(level)
    keys = np.concatenate(levels)
    shortest = np.full(count, count, np.int64)
    shortest[1:][keys % symbols == end] = 0
    after = count
    for level in levels[::-1]:
        before = after - len(level)
        np.minimum.at(shortest, level // symbols, shortest[before:after] + 1)
        after = before
    return np.searchsorted(keys, np.arange(count + 1) * symbols), keys, shortest
