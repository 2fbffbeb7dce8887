"""What a corpus is, once it has been read."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
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
        digest: what `digest_of` gives for the pairs: equal pairs, equal digest, whatever the
            format and compression they were read from.
        groups: for each pair, what must stay on one side of a split beside its source.
        left_out: how many lines were left out, by reason.
        attribution: whom to thank, under which licence.
        path: the file that was read; None for standard input and built-in corpora.
        archive_digest: the SHA-256 of the zip, where the corpus came in one.
    """

    name: str
    pairs: Sequence[Pair]
    digest: str = ""
    groups: Sequence[str] | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    attribution: str = ""
    path: Path | None = None
    archive_digest: str = ""

    def __len__(self) -> int:
        return len(self.pairs)


def digest_of(pairs: Sequence[Pair]) -> str:
    """Return the SHA-256, in hexadecimal, of `pairs` as lines of source, tab and target."""
    digest = hashlib.sha256()
    for start in range(0, len(pairs), 10_000):
        lines = "\n".join(map("\t".join, pairs[start : start + 10_000]))
        digest.update(f"{lines}\n".encode())
    return digest.hexdigest()
