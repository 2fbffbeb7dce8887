"""All texts of one side as one array of code points, so that every look at them is fast."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

CODE_POINTS = 0x110000

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Side:
    """One side of a corpus.

    Attributes:
        name: `source` or `target`.
        texts: its texts, none of them empty.
    """

    name: str
    texts: Sequence[str]

    @cached_property
    def points(self) -> NDArray[np.uint32]:
        """The code points of all texts, one text after another."""
        return np.frombuffer("".join(self.texts).encode("utf-32-le", "surrogatepass"), np.uint32)

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """How many characters each text has."""
        return np.fromiter(map(len, self.texts), np.int64, len(self.texts))

    @cached_property
    def ends(self) -> NDArray[np.int64]:
        """Where in `points` each text has ended."""
        return np.cumsum(self.lengths)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each character occurs, in the order of code points."""
        counts = np.bincount(self.points, minlength=1)
        return {chr(point): int(counts[point]) for point in np.flatnonzero(counts).tolist()}

    def flags(self, characters: Iterable[str]) -> NDArray[np.bool_]:
        """Return which of `points` are one of `characters`."""
        table = np.zeros(CODE_POINTS, bool)
        table[[ord(character) for character in characters]] = True
        return table[self.points]

    def places(self, hits: NDArray[np.bool_]) -> Places:
        """Return, in order, the texts that hold a code point which `hits` marks."""
        return np.unique(np.searchsorted(self.ends, np.flatnonzero(hits), side="right"))

    def places_of(self, characters: Iterable[str]) -> Places:
        """Return, in order, the texts that hold any of `characters`."""
        return self.places(self.flags(characters))

    @cached_property
    def joints(self) -> NDArray[np.bool_]:
        """Which of `points` are followed by another of the same text."""
        inside = np.ones(len(self.points), bool)
        inside[self.ends - 1] = False
        return inside


def described(character: str) -> str:
    """Return a character's code point and name, and itself where it can be seen."""
    name = unicodedata.name(character, "without a name")
    shown = f"{character} " if character.isprintable() and not character.isspace() else ""
    return f"{shown}(U+{ord(character):04X} {name})"
