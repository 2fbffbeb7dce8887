"""How far outputs are from what they should have been, in edits of symbols."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from charseq.errors import DataError
from charseq.scoring.symbols import composed, cut

Symbols = Sequence[str]


class Nearest(NamedTuple):
    """An output beside the reference that its errors are counted against.

    Attributes:
        distance: the fewest edits between the two.
        place: which of the references it is, from 0.
        hypothesis: the output's symbols, in NFC.
        reference: the reference's symbols, in NFC.
    """

    distance: int
    place: int
    hypothesis: Symbols
    reference: Symbols


def edit_distance(hypothesis: Sequence[Hashable], reference: Sequence[Hashable]) -> int:
    """Return the fewest insertions, deletions and substitutions that turn one into the other.

    A text is a sequence of characters, compared as they stand; lists and tuples may hold any
    hashable symbols. Source: Levenshtein (1966), "Binary codes capable of correcting deletions,
    insertions and reversals".
    """
    return Levenshtein.distance(*comparable(hypothesis, reference))


def comparable(
    one: Sequence[Hashable], other: Sequence[Hashable]
) -> tuple[Sequence[Hashable], Sequence[Hashable]]:
    """Return the two as RapidFuzz compares them rightly."""
    if isinstance(one, str) and isinstance(other, str):
        return one, other
    # It compares other symbols by their hashes, which differing symbols may share.
    ids: dict[Hashable, int] = {}
    return (
        [ids.setdefault(symbol, len(ids)) for symbol in one],
        [ids.setdefault(symbol, len(ids)) for symbol in other],
    )


def nearest_references(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], separator: str = ""
) -> list[Nearest]:
    """Return each output beside its nearest reference: the longest of those with fewest edits.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
    """
    _check(hypotheses, references)
    return [
        _nearest(hypothesis, right, separator)
        for hypothesis, right in zip(hypotheses, references, strict=True)
    ]


def are_right(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], separator: str = ""
) -> list[bool]:
    """Return for each output whether it equals one of its references.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
    """
    return [not item.distance for item in nearest_references(hypotheses, references, separator)]


def _nearest(text: str, references: Sequence[str], separator: str) -> Nearest:
    hypothesis = cut(composed(text), separator)
    candidates = []
    for place, right in enumerate(references):
        reference = cut(composed(right), separator)
        distance = edit_distance(hypothesis, reference)
        candidates.append(Nearest(distance, place, hypothesis, reference))
    # The tie is broken by length, not by order, so that listing references otherwise changes
    # nothing; the longest makes the smallest rate.
    return min(candidates, key=lambda each: (each.distance, -len(each.reference)))


def _check(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    if len(hypotheses) != len(references):
        raise DataError(
            f"there are {len(hypotheses)} hypotheses but references for {len(references)} items"
        )
    if not len(hypotheses):
        raise DataError("there is nothing to score: no hypotheses were given")
    for number, right in enumerate(references, start=1):
        if not right:
            raise DataError(f"item {number} has no references")
        if isinstance(right, str):
            raise DataError(f"item {number} must have a list of references, not a single text")
