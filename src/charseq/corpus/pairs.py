"""What a corpus is, once it has been read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Pair(NamedTuple):
    """A source text and the target text that it is rewritten to."""

    source: str
    target: str


@dataclass(frozen=True)
class Corpus:
    """Pairs, and where they come from.

    Attributes:
        name: a short name, such as `fra-eng` or the file's stem.
        pairs: the pairs in the order of the file.
        digest: the SHA-256 of what was read, as hexadecimal digits.
        groups: for each pair, what must stay on one side of a split beside its source.
        left_out: how many lines were left out, by reason.
        attribution: whom to thank, under which licence.
    """

    name: str
    pairs: Sequence[Pair]
    digest: str = ""
    groups: Sequence[str] | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    attribution: str = ""

    def __len__(self) -> int:
        return len(self.pairs)
