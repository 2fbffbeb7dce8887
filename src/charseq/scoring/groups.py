"""Errors in groups: by symbol, by length, by known and unseen characters.

The worst errors show what went wrong in single items; groups show what goes wrong repeatedly.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from charseq.config import SymbolKind
from charseq.errors import DataError
from charseq.scoring.distance import Nearest, comparable, nearest_references, spelling_by
from charseq.scoring.items import refuse_other_sources
from charseq.scoring.metrics import edit_counts, ratio

LENGTH_GROUPS = 5


@dataclass(frozen=True, slots=True)
class Edit:
    """A symbol edit, and how often it happened.

    Attributes:
        reference: the symbol that should have been written; empty for an insertion.
        hypothesis: the symbol that was written; empty for a deletion.
        count: how often.
    """

    reference: str
    hypothesis: str
    count: int


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the items, and how good their outputs are.

    Attributes:
        name: which items these are.
        items: how many.
        exact_match: the share of outputs that equal one of their references.
        character_error_rate: edits per reference symbol.
    """

    name: str
    items: int
    exact_match: float
    character_error_rate: float


@dataclass(frozen=True, slots=True)
class ErrorGroups:
    """Errors that recur, by kind.

    Attributes:
        substitutions: how many symbols were written for others.
        insertions: how many were written that should not have been.
        deletions: how many were left out.
        edits: the most frequent edits of symbols, the most frequent first.
        too_short: how many outputs have fewer symbols than their nearest reference.
        too_long: how many have more.
        by_source_length: the items in groups of like source length, the shortest first.
        by_unseen: the items without and with source characters that the model never saw; empty
            where no model was asked.
    """

    substitutions: int
    insertions: int
    deletions: int
    edits: tuple[Edit, ...]
    too_short: int
    too_long: int
    by_source_length: tuple[Group, ...]
    by_unseen: tuple[Group, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return all fields in JSON's types."""
        return asdict(self)


def error_groups(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    target_separator: str = "",
    symbols: SymbolKind = "characters",
    unseen: Sequence[bool] | None = None,
    most: int = 10,
) -> ErrorGroups:
    """Group the errors of outputs.

    Symbol edits are those of one shortest way from the nearest reference to the hypothesis; where
    several are as short, RapidFuzz chooses.

    Args:
        sources: the texts that were rewritten.
        hypotheses: the outputs.
        references: for each output, one or more right ones.
        target_separator: what separates the symbols of outputs and references.
        symbols: what their symbols are without a separator: characters or graphemes.
        unseen: for each source, whether it holds characters that the model never saw.
        most: how many of the most frequent edits to list.

    Raises:
        DataError: if there is nothing to score, or the lists do not match up.
    """
    refuse_other_sources(sources, hypotheses)
    if unseen is not None and len(unseen) != len(sources):
        raise DataError(
            f"unseen has {len(unseen):,} values, but there are {len(sources):,} sources"
        )
    items = nearest_references(hypotheses, references, spelling_by(target_separator, symbols))
    return groups_of(sources, items, unseen=unseen, most=most)


def groups_of(
    sources: Sequence[str],
    items: Sequence[Nearest],
    *,
    unseen: Sequence[bool] | None = None,
    most: int = 10,
) -> ErrorGroups:
    """Group the errors of outputs paired with their references, as `error_groups` does.

    Args:
        sources: the texts that were rewritten.
        items: the outputs, one for each source.
        unseen: as for `error_groups`.
        most: as for `error_groups`.
    """
    edits = Counter(edit for item in items if not item.is_right for edit in _edits(item))
    longer = [len(item.hypothesis) - len(item.reference) for item in items]
    lengths = np.array([len(source) for source in sources])
    return ErrorGroups(
        substitutions=sum(n for (right, wrong), n in edits.items() if right and wrong),
        insertions=sum(n for (right, _), n in edits.items() if not right),
        deletions=sum(n for (_, wrong), n in edits.items() if not wrong),
        # Ties are in the order of symbols, so that equal outputs give equal lists.
        edits=tuple(
            Edit(*symbols, count)
            for symbols, count in sorted(edits.items(), key=lambda each: (-each[1], each[0]))[:most]
        ),
        too_short=sum(difference < 0 for difference in longer),
        too_long=sum(difference > 0 for difference in longer),
        by_source_length=tuple(_length_groups(items, lengths)),
        by_unseen=() if unseen is None else tuple(_unseen_groups(items, np.array(unseen, bool))),
    )


def _edits(item: Nearest) -> Iterator[tuple[str, str]]:
    """Yield the symbol that was wanted and the one that was written, "" where there is none."""
    for edit in Levenshtein.editops(*comparable(item.reference, item.hypothesis)):
        yield (
            "" if edit.tag == "insert" else item.reference[edit.src_pos],
            "" if edit.tag == "delete" else item.hypothesis[edit.dest_pos],
        )


def _length_groups(items: Sequence[Nearest], lengths: NDArray[np.int64]) -> Iterator[Group]:
    """Yield groups of about equal size, without splitting items of one length."""
    ordered = np.sort(lengths)
    ends = np.arange(1, LENGTH_GROUPS + 1) * len(lengths) // LENGTH_GROUPS - 1
    shortest = int(ordered[0])
    for longest in np.unique(ordered[np.maximum(ends, 0)]).tolist():
        chosen = (lengths >= shortest) & (lengths <= longest)
        name = f"{shortest}" if shortest == longest else f"{shortest}–{longest}"
        yield _group(name, items, chosen)
        later = lengths[lengths > longest]
        shortest = int(later.min()) if len(later) else 0


def _unseen_groups(items: Sequence[Nearest], unseen: NDArray[np.bool_]) -> Iterator[Group]:
    for name, chosen in (("all characters seen", ~unseen), ("unseen characters", unseen)):
        if chosen.any():
            yield _group(name, items, chosen)


def _group(name: str, items: Sequence[Nearest], chosen: NDArray[np.bool_]) -> Group:
    counts = edit_counts([items[place] for place in np.flatnonzero(chosen).tolist()])
    rate = ratio([int(number) for number in counts.sum(axis=0)])
    return Group(name, len(counts), float((counts[:, 0] == 0).mean()), rate)
