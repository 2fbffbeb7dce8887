"""How certain scores are, found by drawing the same items, or swapping outputs, many times."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from charseq.errors import UsageError
from charseq.scoring.metrics import Counts, Statistic

_WEIGHTS_AT_ONCE = 4_000_000


def refuse_no_resamples(bootstrap: int) -> None:
    """Raise a `UsageError` if there is no resample to compute an interval from."""
    if bootstrap < 1:
        raise UsageError(f"intervals need at least one resample, not {bootstrap}")


def resampled_values(statistics: Sequence[Statistic], bootstrap: int, seed: int) -> Counts:
    """Return every metric's value on each of `bootstrap` draws of the items.

    All metrics see the same draws, whichever system their counts belong to: the values in one
    column are for the same items.

    Args:
        statistics: the metrics, all of the same items.
        bootstrap: how many times the items are drawn, with replacement.
        seed: what the draws are seeded with.

    Returns:
        The values, (metrics, draws).
    """
    items = len(statistics[0].counts)
    random = np.random.default_rng(seed)

    def drawn() -> NDArray[np.int64]:
        """Return how often a draw contains each item."""
        return np.bincount(random.integers(items, size=items), minlength=items)

    return _values(statistics, _weighted_sums(_counts_of(statistics), bootstrap, drawn))


def swapped_differences(
    first: Sequence[Statistic], second: Sequence[Statistic], times: int, seed: int
) -> Counts:
    """Return every metric's difference after the two outputs of each item changed sides by chance.

    Were two systems equally good, their true difference would be one of these like any other.

    Args:
        first: the first system's metrics.
        second: the second system's, of the same items.
        times: how many times outputs are swapped.
        seed: what the swaps are seeded with.

    Returns:
        The first's score less the second's, (metrics, times).
    """
    ours, theirs = _counts_of(first), _counts_of(second)
    random = np.random.default_rng(seed)
    items = len(ours)
    gained = _weighted_sums(theirs - ours, times, lambda: random.integers(2, size=items))
    return _values(first, ours.sum(axis=0) + gained) - _values(second, theirs.sum(axis=0) - gained)


def percentile_interval(values: Counts) -> tuple[float, float]:
    """Return the bounds of the middle 95 % of `values`, (draws,)."""
    low, high = np.percentile(values, [2.5, 97.5]).tolist()
    return low, high


def _counts_of(statistics: Sequence[Statistic]) -> Counts:
    return np.concatenate([statistic.counts for statistic in statistics], axis=1)


def _values(statistics: Sequence[Statistic], sums: Counts) -> Counts:
    """Return each metric's values, (metrics, draws), of sums of all their counts, (draws, …)."""
    ends = np.cumsum([statistic.counts.shape[1] for statistic in statistics])[:-1]
    return np.array(
        [
            [statistic.value(row) for row in drawn]
            for statistic, drawn in zip(statistics, np.split(sums, ends, axis=1), strict=True)
        ]
    )


def _weighted_sums(counts: Counts, times: int, drawn: Callable[[], NDArray[np.int64]]) -> Counts:
    """Return the sums of `counts`, (times, counts), with weights of the items drawn each time."""
    sums = np.empty((times, counts.shape[1]))
    # A block of weights times the counts is one matrix product, exact because all are integers;
    # blocks bound the memory.
    block = max(1, _WEIGHTS_AT_ONCE // len(counts))
    for start in range(0, times, block):
        stop = min(start + block, times)
        weights = np.empty((stop - start, len(counts)))
        for row in weights:
            row[:] = drawn()
        sums[start:stop] = weights @ counts
    return sums
