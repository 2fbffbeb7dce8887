"""All symbols of one side as one array of numbers, which makes every check fast."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from charseq.text import CHARACTERS, Spelling

Places = NDArray[np.int64]


class _Numbered(NamedTuple):
    counts: dict[str, int]
    numbers: NDArray[np.uint32]
    lengths: NDArray[np.int64]


@dataclass(frozen=True)
class Side:
    """One side of a corpus, cut into symbols.

    Attributes:
        name: `source` or `target`.
        texts: its texts, none of them empty.
        spelling: how they are cut; by default into characters, unchanged.
    """

    name: str
    texts: Sequence[str]
    spelling: Spelling = CHARACTERS

    @property
    def symbol(self) -> str:
        """What a symbol is called: `character`, or `symbol` if it may be longer."""
        return "character" if self.spelling.is_of_characters else "symbol"

    @cached_property
    def _numbered(self) -> _Numbered:
        spelt = map(self.spelling.symbols, self.texts)
        return _of_characters(spelt) if self.spelling.is_of_characters else _of_symbols(spelt)

    @property
    def counts(self) -> dict[str, int]:
        """How often each symbol occurs, in the order of the symbols' numbers."""
        return self._numbered.counts

    @property
    def numbers(self) -> NDArray[np.uint32]:
        """The numbers of all texts' symbols, one text after another."""
        return self._numbered.numbers

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many symbols each text has."""
        return self._numbered.lengths

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """The place in `numbers` after each text."""
        return np.cumsum(self.lengths)

    def flags(self, symbols: Iterable[str]) -> NDArray[np.bool_]:
        """Return which of `numbers` are one of `symbols`."""
        chosen = set(symbols)
        return np.array([symbol in chosen for symbol in self.counts], bool)[self.numbers]

    def places(self, hits: NDArray[np.bool_]) -> Places:
        """Return the places of the texts that contain a symbol that `hits` marks, in order."""
        return np.unique(np.searchsorted(self.ends, np.flatnonzero(hits), side="right"))

    def places_of(self, symbols: Iterable[str]) -> Places:
        """Return the places of the texts that contain any of `symbols`, in order."""
        return self.places(self.flags(symbols))

    @cached_property
    def joints(self) -> NDArray[np.bool_]:
        """Which of `numbers` are followed by another in the same text."""
        inside = np.ones(len(self.numbers), bool)
        inside[self.ends - 1] = False
        return inside


def described(symbol: str) -> str:
    """Return a character's code point and name, preceded by the character if it is visible.

    A longer symbol is returned unchanged.
    """
    if len(symbol) > 1:
        return symbol
    name = unicodedata.name(symbol, "without a name")
    shown = f"{symbol} " if symbol.isprintable() and not symbol.isspace() else ""
    return f"{shown}(U+{ord(symbol):04X} {name})"


def _of_characters(spelt: Iterable[Sequence[str]]) -> _Numbered:
    """Number characters in the order of their code points."""
    texts = list(spelt)
    whole = "".join(map(str, texts))
    points = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), np.uint32)
    by_point = np.bincount(points, minlength=1)
    present = np.flatnonzero(by_point)
    counts = dict(zip(map(chr, present.tolist()), by_point[present].tolist(), strict=True))
    number_of = np.zeros(len(by_point), np.uint32)
    number_of[present] = np.arange(len(present))
    return _Numbered(counts, number_of[points], np.fromiter(map(len, texts), np.int64, len(texts)))


def _of_symbols(spelt: Iterable[Sequence[str]]) -> _Numbered:
    """Number symbols in the order in which they first appear."""
    number_of: defaultdict[str, int] = defaultdict()
    number_of.default_factory = number_of.__len__
    lengths: list[int] = []

    def numbers() -> Iterator[int]:
        for symbols in spelt:
            lengths.append(len(symbols))
            yield from map(number_of.__getitem__, symbols)

    all_numbers = np.fromiter(numbers(), np.uint32)
    by_number = np.bincount(all_numbers, minlength=len(number_of))
    counts = dict(zip(number_of, by_number.tolist(), strict=True))
    return _Numbered(counts, all_numbers, np.array(lengths, np.int64))
