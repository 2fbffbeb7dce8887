"""Two systems on the same items: which is better, and how sure that is."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from charseq.errors import DataError
from charseq.scoring.bootstrap import percentile_interval, refuse_no_resamples, resampled_values
from charseq.scoring.distance import are_right
from charseq.scoring.items import refuse_other_sources
from charseq.scoring.metrics import Counts, statistics_of
from charseq.scoring.report import Report, report_of


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
    """An item that one system has right and the other has not.

    Attributes:
        source: the text that was rewritten.
        first: the first system's output.
        second: the second system's output.
        references: the outputs that would have been right.
        right: which system is right: `first` or `second`.
    """

    source: str
    first: str
    second: str
    references: tuple[str, ...]
    right: str

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as JSON takes them."""
        return asdict(self) | {"references": list(self.references)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two systems' scores, and what lies between them.

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

    def as_dict(self) -> dict[str, Any]:
        """Return the scores and counts as JSON takes them, without the single items."""
        items = self.first.items
        return {
            "items": items,
            "first": self.first.as_dict(),
            "second": self.second.as_dict(),
            "differences": {name: asdict(each) for name, each in self.differences.items()},
            "both_right": self.both_right,
            "only_first_right": self.only_first_right,
            "only_second_right": self.only_second_right,
            "neither_right": items - self.both_right - len(self.only_one_right),
        }


def compare(
    sources: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    target_separator: str = "",
    bootstrap: int = 1000,
    seed: int = 1,
) -> Comparison:
    """Compare two systems by paired bootstrap resampling.

    Both systems are scored on the same draws of the items (Koehn, 2004, "Statistical significance
    tests for machine translation evaluation"), so that what makes an item hard for both cancels
    out. The p-value is two-sided: the share of draws whose difference is at least as far from the
    draws' mean as the true difference is from zero, counted with one added to both (Riezler &
    Maxwell, 2005, "On some pitfalls in automatic evaluation and significance testing for MT").

    Args:
        sources: the texts that were rewritten.
        first: the first system's outputs.
        second: the second system's outputs.
        references: for each item, one or more right outputs.
        target_separator: what separates the symbols of outputs and references.
        bootstrap: how many times the items are drawn again.
        seed: what the draws are seeded with.

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
    ours = statistics_of(first, references, target_separator)
    theirs = statistics_of(second, references, target_separator)
    drawn = resampled_values([*ours, *theirs], bootstrap, seed)
    reports = (
        report_of(ours, drawn[: len(ours)], seed, target_separator),
        report_of(theirs, drawn[len(ours) :], seed, target_separator),
    )
    differences = {}
    for number, statistic in enumerate(ours):
        name = statistic.name
        value = getattr(reports[0], name).value - getattr(reports[1], name).value
        differences[name] = _difference(value, drawn[number] - drawn[len(ours) + number])
    return Comparison(
        *reports,
        differences,
        *_by_who_is_right(sources, first, second, references, target_separator),
    )


def _difference(value: float, drawn: Counts) -> Difference:
    # Computed by other roads, equal differences may differ in their last place.
    extreme = np.abs(drawn - drawn.mean()) >= abs(value) - 1e-9
    p_value = float((extreme.sum() + 1) / (len(drawn) + 1))
    return Difference(value, *percentile_interval(drawn), p_value)


def _by_who_is_right(
    sources: Sequence[str],
    first: Sequence[str],
    second: Sequence[str],
    references: Sequence[Sequence[str]],
    target_separator: str,
) -> tuple[int, tuple[ComparedItem, ...]]:
    """Return how many items both have right, and those that only one has right."""
    ours, theirs = (are_right(outputs, references, target_separator) for outputs in (first, second))
    only_one = tuple(
        ComparedItem(
            sources[place],
            first[place],
            second[place],
            tuple(references[place]),
            "first" if ours[place] else "second",
        )
        for place in range(len(sources))
        if ours[place] != theirs[place]
    )
    return sum(a and b for a, b in zip(ours, theirs, strict=True)), only_one
