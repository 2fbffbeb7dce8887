"""Single outputs with their references."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from charseq.config import SymbolKind
from charseq.errors import DataError
from charseq.scoring.distance import Nearest, nearest_references, spelling_by
from charseq.scoring.metrics import edit_counts, ratio


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One output with its references.

    Attributes:
        place: its place among all items, from 0.
        source: the text that was rewritten.
        hypothesis: the output.
        references: the outputs that would have been right.
        nearest: the reference that the errors were counted against.
        distance: the edits between hypothesis and nearest reference.
        error_rate: those edits per symbol of the nearest reference.
    """

    place: int
    source: str
    hypothesis: str
    references: tuple[str, ...]
    nearest: str
    distance: int
    error_rate: float

    def as_dict(self) -> dict[str, Any]:
        """Return all fields in JSON's types."""
        return asdict(self) | {"references": list(self.references)}


def worst_errors(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    target_separator: str = "",
    symbols: SymbolKind = "characters",
    count: int = 10,
) -> list[ScoredItem]:
    """Return the `count` items with the most edits per symbol, the worst first.

    Items that are right are left out; among equals, the one with more edits and then the earlier
    one comes first.

    Raises:
        DataError: if there is nothing to score, or the three lists do not match up.
    """
    refuse_other_sources(sources, hypotheses)
    items = nearest_references(hypotheses, references, spelling_by(target_separator, symbols))
    return worst_of(sources, items, count=count)


def worst_of(
    sources: Sequence[str], items: Sequence[Nearest], *, count: int = 10
) -> list[ScoredItem]:
    """Return the worst of outputs paired with their references, as `worst_errors` does.

    Args:
        sources: the texts that were rewritten.
        items: the outputs, one for each source.
        count: how many to return at most.
    """
    edits = edit_counts(items)
    rates = edits[:, 0] / np.maximum(edits[:, 1], 1)
    order = np.lexsort((-edits[:, 0], -rates))[: max(count, 0)]
    return [
        ScoredItem(
            place=i,
            source=sources[i],
            hypothesis=items[i].output,
            references=tuple(items[i].references),
            nearest=items[i].references[items[i].place],
            distance=items[i].distance,
            error_rate=ratio([items[i].distance, len(items[i].reference)]),
        )
        for i in order.tolist()
        if not items[i].is_right
    ]


def refuse_other_sources(sources: Sequence[str], hypotheses: Sequence[str]) -> None:
    """Raise a `DataError` unless there is one source for each hypothesis."""
    if len(sources) != len(hypotheses):
        raise DataError(f"there are {len(sources)} sources but {len(hypotheses)} hypotheses")
