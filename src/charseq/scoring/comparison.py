"""Two systems on the same items: which is better, and how sure that is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from charseq.config import SymbolKind
from charseq.errors import DataError
from charseq.scoring.bootstrap import (
    percentile_interval,
    refuse_no_resamples,
    resampled_values,
    swapped_differences,
)
from charseq.scoring.distance import Nearest, nearest_references, spelling_by
from charseq.scoring.items import refuse_other_sources
from charseq.scoring.metrics import statistics_of
from charseq.scoring.report import Report, summed_up
from charseq.text import Spelling


@dataclass(frozen=True, slots=True)
class Difference:
    """How much higher a metric is for the first system than for the second.

    Attributes:
        value: the first system's score less the second's.
        low: the lower end of its 95 % interval.
        high: the upper end of its 95 % interval.
        p_value: how often chance alone would make a difference at least as large, either way.
    """

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ComparedItem:
    """An item that only one system has right.

    Attributes:
        place: its place among all items, from 0.
        source: the text that was rewritten.
        first: the first system's output.
        second: the second system's output.
        references: the outputs that would have been right.
        right: which system is right: `first` or `second`.
    """

    place: int
    source: str
    first: str
    second: str
    references: tuple[str, ...]
    right: str

    def as_dict(self) -> dict[str, Any]:
        """Return all fields in JSON's types."""
        return asdict(self) | {"references": list(self.references)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems' scores, and their differences.

    Attributes:
        first: the first system's scores.
        second: the second system's scores, with intervals from the same draws.
        differences: for each metric, by its field's name in `Report`.
        both_right: how many items both have right.
        only_one_right: the items that only one has right.
    """

    first: Report
    second: Report
    differences: dict[str, Difference]
    both_right: int
    only_one_right: tuple[ComparedItem, ...]

    @property
    def only_first_right(self) -> int:
        """How many items only the first system has right."""
        return sum(item.right == "first" for item in self.only_one_right)

    @property
    def only_second_right(self) -> int:
        """How many items only the second system has right."""
        return len(self.only_one_right) - self.only_first_right

    @property
    def neither_right(self) -> int:
        """How many items neither system has right."""
        return self.first.items - self.both_right - len(self.only_one_right)

    def as_dict(self) -> dict[str, Any]:
        """Return the scores and counts in JSON's types, without the single items."""
        return {
            "items": self.first.items,
            "first": self.first.as_dict(),
            "second": self.second.as_dict(),
            "differences": {name: asdict(each) for name, each in self.differences.items()},
            "both_right": self.both_right,
            "only_first_right": self.only_first_right,
            "only_second_right": self.only_second_right,
            "neither_right": self.neither_right,
        }


def compare(
    sources: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    target_separator: str = "",
    symbols: SymbolKind = "characters",
    bootstrap: int = 1000,
    seed: int = 1,
) -> Comparison:
    """Compare two systems by paired bootstrap resampling and by approximate randomisation.

    Both systems are scored on the same draws of the items (Koehn, 2004, "Statistical significance
    tests for machine translation evaluation"), so that what makes an item hard for both cancels
    out. The p-value is two-sided: the share of times, counted with one added to both, that a
    difference is at least as large after the two outputs of each item have changed sides by chance
    (Riezler & Maxwell, 2005, "On some pitfalls in automatic evaluation and significance testing
    for MT", who find fewer false alarms than with draws, above all where items are few).

    Args:
        sources: the texts that were rewritten.
        first: the first system's outputs.
        second: the second system's outputs.
        references: for each item, one or more right outputs.
        target_separator: what separates the symbols of outputs and references.
        symbols: what their symbols are without a separator: characters or graphemes.
        bootstrap: how many times the items are drawn again, and outputs swapped.
        seed: what draws and swaps are seeded with.

    Raises:
        DataError: if there is nothing to compare, or the lists do not match up.
        UsageError: if `bootstrap` is less than 1.
    """
    refuse_no_resamples(bootstrap)
    refuse_other_sources(sources, first)
    if len(first) != len(second):
        raise DataError(
            f"the first system has {len(first):,} outputs, the second {len(second):,}:"
            " both need one for each item"
        )
    spelling = spelling_by(target_separator, symbols)
    return comparison_of(
        sources,
        nearest_references(first, references, spelling),
        nearest_references(second, references, spelling),
        spelling,
        bootstrap=bootstrap,
        seed=seed,
    )


def comparison_of(
    sources: Sequence[str],
    first: Sequence[Nearest],
    second: Sequence[Nearest],
    spelling: Spelling,
    *,
    bootstrap: int = 1000,
    seed: int = 1,
) -> Comparison:
    """Compare two systems whose outputs are paired with their references, as `compare` does.

    Args:
        sources: the texts that were rewritten.
        first: the first system's outputs, one for each source.
        second: the second system's outputs, one for each source.
        spelling: the spelling that their symbols come from.
        bootstrap: how many times the items are drawn again.
        seed: what the draws are seeded with.
    """
    are_words = spelling.separator is not None
    ours, theirs = (statistics_of(items, are_words=are_words) for items in (first, second))
    drawn = resampled_values([*ours, *theirs], bootstrap, seed)
    reports = (
        summed_up(ours, drawn[: len(ours)], spelling, seed),
        summed_up(theirs, drawn[len(ours) :], spelling, seed),
    )
    swapped = swapped_differences(ours, theirs, bootstrap, seed)
    differences = {}
    for number, statistic in enumerate(ours):
        name = statistic.name
        value = getattr(reports[0], name).value - getattr(reports[1], name).value
        paired = drawn[number] - drawn[len(ours) + number]
        # Computed in different ways, equal differences may differ in their last digit.
        extreme = int(np.count_nonzero(np.abs(swapped[number]) >= abs(value) - 1e-9))
        p_value = (extreme + 1) / (bootstrap + 1)
        differences[name] = Difference(value, *percentile_interval(paired), p_value)
    return Comparison(
        *reports,
        differences,
        both_right=sum(a.is_right and b.is_right for a, b in zip(first, second, strict=True)),
        only_one_right=tuple(
            ComparedItem(
                place,
                source,
                a.output,
                b.output,
                tuple(a.references),
                "first" if a.is_right else "second",
            )
            for place, (source, a, b) in enumerate(zip(sources, first, second, strict=True))
            if a.is_right != b.is_right
        ),
    )
