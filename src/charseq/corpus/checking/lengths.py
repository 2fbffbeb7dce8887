"""Findings about lengths that are out of line."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from charseq.corpus.checking.findings import EXAMPLES, Example, Finding
from charseq.corpus.checking.sides import Side
from charseq.corpus.pairs import Pair
from charseq.errors import counted

# More than the 3 of Tukey (1977), "Exploratory data analysis", as the logarithms' tails are long.
_FENCE = 4
# If nearly all ratios are equal, a ratio is out of line only from this factor on.
_LEAST_FACTOR = 2.0
# In short texts, a few symbols more or fewer can make any ratio.
_SHORT = 5
_LONG = 3
# Pairs are long that have a side this many times as long as nine tenths have, and they matter once
# they have this share of all symbols.
_MOST_OVER, _MOST_SYMBOLS = 2, 0.5


def odd_ratios(pairs: Sequence[Pair], source: Side, target: Side) -> Iterator[Finding]:
    """Find pairs with one side far longer than the other, compared with the rest of the corpus."""
    ratios = np.log((target.lengths + _SHORT) / (source.lengths + _SHORT))
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    room = max(_FENCE * (high - low), np.log(_LEAST_FACTOR))
    excess = np.maximum(ratios - high, low - ratios)
    outliers = _most(excess, excess > room)
    if len(outliers):
        yield Finding(
            "lengths out of line",
            len(outliers),
            f"{counted(len(outliers), 'pair')} with a target far longer or shorter than the"
            f" source suggests; half of all targets are {_times(low)} to {_times(high)} as long"
            f" as their source, the median is {_times(middle)}",
            "check whether these two texts belong together, and leave out those that do not",
            _shown(pairs, outliers),
        )


def long_texts(side: Side) -> Iterator[Finding]:
    """Find texts far longer than nearly all others."""
    usual = float(np.percentile(side.lengths, 99))
    outliers = _most(side.lengths, side.lengths > max(_LONG * usual, 50))
    if len(outliers):
        yield Finding(
            f"very long {side.name}s",
            len(outliers),
            f"{counted(len(outliers), side.name)} more than {_LONG} times as long as 99 % of all"
            f" others ({counted(round(usual), side.symbol)}); the longest has"
            f" {side.lengths.max():,}",
            "leave them out, for instance with --max-length: they take long to train on and are"
            " rarely learnt",
            tuple(Example(i + 1, side.texts[i]) for i in outliers[:EXAMPLES].tolist()),
        )


def few_long_pairs(
    pairs: Sequence[Pair], sources: NDArray[np.int64], targets: NDArray[np.int64]
) -> Iterator[Finding]:
    """Find that a few long pairs have most of all symbols, and so take most of the training.

    Args:
        pairs: the pairs.
        sources: symbols in each source.
        targets: symbols in each target.
    """
    longer, symbols = np.maximum(sources, targets), sources + targets
    usual = _MOST_OVER * int(np.percentile(longer, 90))
    long = _most(longer, longer > usual)
    share = symbols[long].sum() / symbols.sum()
    if share >= _MOST_SYMBOLS:
        yield Finding(
            "few long pairs",
            len(long),
            f"{counted(len(long), 'pair')} of {len(pairs):,} with more than {usual:,} symbols on a"
            f" side have {share:.0%} of all symbols, so training spends most of its time on them",
            f"leave them out (--max-length {usual}, max_length={usual}), or give training more"
            " time",
            _shown(pairs, long),
        )


def _most(values: NDArray[np.number], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the places of the chosen values, the largest value first."""
    places = np.flatnonzero(chosen)
    return places[np.argsort(-values[places], kind="stable")]


def _shown(pairs: Sequence[Pair], places: NDArray[np.int64]) -> tuple[Example, ...]:
    return tuple(
        Example(i + 1, f"{pairs[i].source} → {pairs[i].target}") for i in places[:EXAMPLES].tolist()
    )


def _times(logarithm: float) -> str:
    return f"{np.exp(logarithm):.2f} ×"
