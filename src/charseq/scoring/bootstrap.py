"""How certain a score is, found by resampling the same items many times."""

from collections.abc import Sequence

import numpy as np

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
    counts = np.concatenate([statistic.counts for statistic in statistics], axis=1)
    sums = _resampled_sums(counts, bootstrap, seed)
    ends = np.cumsum([statistic.counts.shape[1] for statistic in statistics])[:-1]
    return np.array(
        [
            [statistic.value(row) for row in drawn]
            for statistic, drawn in zip(statistics, np.split(sums, ends, axis=1), strict=True)
        ]
    )


def percentile_interval(values: Counts) -> tuple[float, float]:
    """Return the bounds of the middle 95 % of `values`, (draws,)."""
    low, high = np.percentile(values, [2.5, 97.5]).tolist()
    return low, high


def _resampled_sums(counts: Counts, bootstrap: int, seed: int) -> Counts:
    """Return the sums of `counts` in each of `bootstrap` draws of the items."""
    items = len(counts)
    random = np.random.default_rng(seed)
    sums = np.empty((bootstrap, counts.shape[1]))
    # A draw is represented by how often it contains each item. A block of draws times the counts is
    # one matrix product, exact because all are integers; blocks bound the memory.
    block = max(1, _WEIGHTS_AT_ONCE // items)
    for start in range(0, bootstrap, block):
        stop = min(start + block, bootstrap)
        weights = np.empty((stop - start, items))
        for row in weights:
            row[:] = np.bincount(random.integers(items, size=items), minlength=items)
        sums[start:stop] = weights @ counts
    return sums
