"""How far outputs are from their references, in symbol edits."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, get_args

from rapidfuzz.distance import Levenshtein

from charseq.config import SymbolKind
from charseq.errors import DataError, UsageError
from charseq.text import CHARACTERS, Spelling, normalised

Symbols = Sequence[str]


class Nearest(NamedTuple):
    """An output and the reference that its errors are counted against.

    Attributes:
        output: the output, unchanged.
        references: the output's references, unchanged.
        place: which of them is the nearest, from 0.
        distance: the fewest edits between the output and its nearest reference.
        hypothesis: the output's symbols, in NFC.
        reference: the nearest reference's symbols, in NFC.
    """

    output: str
    references: Sequence[str]
    place: int
    distance: int
    hypothesis: Symbols
    reference: Symbols

    @property
    def is_right(self) -> bool:
        """Whether the output equals one of its references."""
        return not self.distance


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
    """Return two sequences in a form that RapidFuzz compares correctly."""
    if isinstance(one, str) and isinstance(other, str):
        return one, other
    # RapidFuzz compares other symbols by their hashes, which different symbols may share.
    ids: dict[Hashable, int] = {}
    return (
        [ids.setdefault(symbol, len(ids)) for symbol in one],
        [ids.setdefault(symbol, len(ids)) for symbol in other],
    )


def nearest_references(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    spelling: Spelling = CHARACTERS,
) -> list[Nearest]:
    """Return each output beside its nearest reference: the longest of those with fewest edits.

    All scores except chrF and BLEU are computed from these, so that distances are computed once.

    Args:
        hypotheses: the outputs.
        references: for each output, one or more right ones.
        spelling: how both are cut into symbols; whatever form it brings texts to, they are compared
            in NFC.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
    """
    _check(hypotheses, references)
    separator = spelling.separator and normalised(spelling.separator, "nfc")
    spelling = replace(spelling, normalise="nfc", separator=separator)
    return [
        _nearest(hypothesis, right, spelling)
        for hypothesis, right in zip(hypotheses, references, strict=True)
    ]


def are_right(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> list[bool]:
    """Return for each output whether it equals one of its references.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
    """
    return [item.is_right for item in nearest_references(hypotheses, references, CHARACTERS)]


def spelling_by(separator: str, symbols: SymbolKind = "characters") -> Spelling:
    """Return how texts are cut into symbols by a separator; without one, into `symbols`.

    Raises:
        UsageError: if there are no such symbols.
    """
    if symbols not in get_args(SymbolKind):
        demanded = " or ".join(map(repr, get_args(SymbolKind)))
        raise UsageError(f"symbols must be {demanded}, not {symbols!r}")
    return Spelling(separator or None, graphemes=symbols == "graphemes")


def scored_spelling(
    separator: str | None, symbols: SymbolKind | None, own: Iterable[Spelling]
) -> Spelling:
    """Return how to cut outputs: as asked for, or like a model with longer symbols.

    Args:
        separator: what is to separate the symbols of targets; None: nothing was asked for.
        symbols: what they are to be without a separator; None: nothing was asked for.
        own: the spellings of the models' targets.
    """
    if separator is not None or symbols is not None:
        return spelling_by(separator or "", symbols or "characters")
    return next((each for each in own if not each.is_of_characters), CHARACTERS)


def _nearest(output: str, references: Sequence[str], spelling: Spelling) -> Nearest:
    hypothesis = spelling.symbols(output)
    candidates = []
    for place, right in enumerate(references):
        reference = spelling.symbols(right)
        distance = edit_distance(hypothesis, reference)
        candidates.append(Nearest(output, references, place, distance, hypothesis, reference))
    # Ties are broken by length, not by order, so that the order of references does not matter; the
    # longest gives the smallest rate.
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
