"""The metrics, each as counts that add up over items and a formula that scores their sums.

The metric of any draw of the items is thus its formula applied to a sum, and a bootstrap computes
no edit distance or n-gram twice.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charseq.scoring.distance import Nearest
from charseq.text import normalised

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric as SacrebleuMetric

Counts = NDArray[np.float64]


class Statistic(NamedTuple):
    """A metric's counts and formula for some outputs.

    Attributes:
        name: the field of `Report` that it becomes.
        counts: what is summed over items, (items, counts); integers.
        formula: computes the score from the sums.
        signature: sacreBLEU's signature, for its metrics.
        interval: computes the 95 % interval from the sums, for shares; None: draws tell it.
    """

    name: str
    counts: Counts
    formula: Callable[[list[int]], float]
    signature: str | None = None
    interval: Callable[[list[int]], tuple[float, float]] | None = None

    def value(self, sums: Counts) -> float:
        """Return the score of sums of the counts, (counts,)."""
        return self.formula([int(number) for number in sums])


def statistics_of(items: Sequence[Nearest], *, are_words: bool) -> list[Statistic]:
    """Return every metric's counts.

    Args:
        items: the outputs with their references.
        are_words: whether each output is a word, such as a pronunciation.
    """
    # Imported here so that training and --help need not wait for it.
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    edits = edit_counts(items)
    right = np.stack([edits[:, 0] == 0, np.ones(len(edits))], axis=1).astype(np.float64)
    outputs = [normalised(item.output, "nfc") for item in items]
    references = [[normalised(text, "nfc") for text in item.references] for item in items]
    words = [_word_error_rate(right)] if are_words else []
    return [
        Statistic("exact_match", right, ratio, interval=share_interval),
        Statistic("character_error_rate", edits, ratio),
        *words,
        _sacrebleu("chrf", CHRF(), outputs, references),
        # `force` only silences a warning about texts that look tokenised, as ours may.
        _sacrebleu("bleu", BLEU(force=True), outputs, references),
    ]


def edit_counts(items: Sequence[Nearest]) -> Counts:
    """Return the edits and the reference symbols of each item, (items, 2)."""
    return np.array([(item.distance, len(item.reference)) for item in items], np.float64)


def ratio(sums: list[int]) -> float:
    """Return the first of two counts divided by the second; a second count of 0 is taken as 1."""
    part, whole = sums
    return part / max(whole, 1)


def share_interval(sums: list[int]) -> tuple[float, float]:
    """Return the 95 % interval of the first of two counts as a share of the second.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".
    Unlike that of draws, it does not end at a share of none or of all, which say little about
    other items if there are few.
    """
    share, items = ratio(sums), max(sums[1], 1)
    spread = 1.959964**2 / items
    middle = (share + spread / 2) / (1 + spread)
    reach = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _word_error_rate(right: Counts) -> Statistic:
    def interval(sums: list[int]) -> tuple[float, float]:
        low, high = share_interval(sums)
        return 100 * (1 - high), 100 * (1 - low)

    return Statistic(
        "word_error_rate", right, lambda sums: 100 * (1 - ratio(sums)), interval=interval
    )


def _sacrebleu(
    field: str,
    metric: "SacrebleuMetric",
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
) -> Statistic:
    # Item by item: given a whole corpus, sacreBLEU keeps every reference's n-grams in memory. Its
    # own bootstrap uses these methods too.
    counts = [
        metric._extract_corpus_statistics([hypothesis], [[reference] for reference in right])[0]
        for hypothesis, right in zip(hypotheses, references, strict=True)
    ]
    numbers = {len(right) for right in references}
    metric.num_refs = numbers.pop() if len(numbers) == 1 else -1  # -1: "var" in the signature
    name = metric._compute_score_from_stats(list(counts[0])).name
    return Statistic(
        field,
        np.array(counts, np.float64),
        lambda sums: float(metric._compute_score_from_stats(sums).score),
        f"{name}|{metric.get_signature()}",
    )
