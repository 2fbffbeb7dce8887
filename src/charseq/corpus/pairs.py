"""A corpus once it has been read, and its pairs."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from charseq.text import Features, Form, Input

PairLike = tuple[str, str] | tuple[str, str, Features] | tuple[str, str, Features, str]
"""A pair in memory: source and target, with features and a language if it has any."""


class Pair(NamedTuple):
    """A source text and the target text that it is rewritten to.

    Attributes:
        source: the text.
        target: the text that it is rewritten to.
        features: what the target is to be, such as `("N", "ACC", "PL")`, in the corpus's order.
        language: the language of the pair, if there are several.
    """

    source: str
    target: str
    features: tuple[str, ...] = ()
    language: str = ""

    @property
    def input(self) -> Input:
        """What a model reads to write the target."""
        return Input(self.source, self.features, self.language)


@dataclass(frozen=True)
class Corpus:
    """Pairs, and where they come from.

    Attributes:
        name: a short name, such as `fra-eng` or the file's stem.
        pairs: the pairs in the order of the file.
        digest: the pairs' `digest_of`: equal for equal pairs, whatever the format and compression
            that they were read from.
        groups: each pair's group, which, like its source, must stay on one side of a split.
        left_out: how many lines were left out, by reason.
        first_line: the number of the first pair's line, from 1, if every line from there on is a
            pair; None if some were left out, or pairs have no lines.
        attribution: whom to credit, under which licence.
        path: the file that was read; None for standard input and built-in corpora.
        archive_digest: the SHA-256 of the zip, if the corpus came in one.
    """

    name: str
    pairs: Sequence[Pair]
    digest: str = ""
    groups: Sequence[str] | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    first_line: int | None = None
    attribution: str = ""
    path: Path | None = None
    archive_digest: str = ""

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def omissions(self) -> str:
        """How many lines were left out, and why, in words; empty if none were."""
        return omissions(self.left_out)


def omissions(left_out: Mapping[str, int]) -> str:
    """Return how many lines were left out, by reason, in words."""
    return ", ".join(f"{count:,} × {reason}" for reason, count in left_out.items())


def digest_of(pairs: Sequence[Pair]) -> str:
    """Return the SHA-256, in hexadecimal, of `pairs` as lines of source, tab and target.

    If a pair has features or a language, both follow, each after a tab.
    """
    digest = hashlib.sha256()
    for start in range(0, len(pairs), 10_000):
        lines = "\n".join(map(_line, pairs[start : start + 10_000]))
        digest.update(f"{lines}\n".encode())
    return digest.hexdigest()


def references_by_input(pairs: Iterable[Pair], form: Form = "nfc") -> dict[Input, list[str]]:
    """Return each distinct input with its distinct targets, in order of first appearance.

    Inputs that are equal in the normal form `form` count as one, as it first appears.
    """
    references: dict[Input, tuple[Input, dict[str, None]]] = {}
    for pair in pairs:
        given = pair.input
        references.setdefault(given.normalised(form), (given, {}))[1][pair.target] = None
    return {first: list(targets) for first, targets in references.values()}


def _line(pair: Pair) -> str:
    source, target, features, language = pair
    if not features and not language:
        return f"{source}\t{target}"
    # No feature contains a NUL character.
    return "\t".join((source, target, "\0".join(features), language))
