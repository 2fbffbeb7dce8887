"""The findings of a check of a corpus."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """Where something was found.

    Attributes:
        pair: the number of the first pair that shows it, from 1.
        text: what it shows.
    """

    pair: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that may spoil a model, or a score.

    Attributes:
        name: a short name for the kind of finding.
        count: how many there are.
        what: what was found, as a sentence.
        advice: what to do about it.
        examples: the first few, or the plainest.
        held_out: whether the examples are pairs of the held-out corpus.
    """

    name: str
    count: int
    what: str
    advice: str
    examples: tuple[Example, ...] = ()
    held_out: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return all fields in JSON's types."""
        return asdict(self)


def shortened(words: Sequence[str], most: int = 8) -> str:
    """Return the first words, separated by commas, and how many more there are."""
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def examples_of(places: Iterable[int], texts: Sequence[str]) -> tuple[Example, ...]:
    """Return the texts at the first few of `places`, from 0."""
    return tuple(Example(place + 1, texts[place]) for place in islice(places, EXAMPLES))
