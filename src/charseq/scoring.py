"""How good are outputs? CER, exact match, chrF and BLEU against one or many references.

Texts are compared exactly as given, code point by code point: nothing is normalised, stripped or
lower-cased, so "é" in one code point and "é" in two are different here.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from charseq.errors import DataError, UsageError

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric as SacrebleuMetric

_WEIGHTS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Metric:
    """One score, with its 95 % interval.

    Attributes:
        value: the score over all items.
        low: the interval's lower end; None where no intervals were asked for.
        high: the interval's upper end; None where no intervals were asked for.
        signature: sacreBLEU's signature, which says exactly how the score was computed; None for
            charseq's own metrics.
    """

    value: float
    low: float | None = None
    high: float | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The scores of a list of outputs.

    Attributes:
        items: how many outputs were scored.
        exact_match: the share of outputs, from 0 to 1, that equal one of their references whole.
        character_error_rate: edits per reference character; 0 is perfect, and it may exceed 1.
        chrf: chrF2 on its scale from 0 to 100 (Popović, 2015).
        bleu: BLEU on its scale from 0 to 100 (Papineni et al., 2002), tokenised by sacreBLEU's
            13a; it tells little of outputs shorter than four words.
        bootstrap: how many resamples the intervals come from; 0 without intervals.
        seed: what the resampling was seeded with.
    """

    items: int
    exact_match: Metric
    character_error_rate: Metric
    chrf: Metric
    bleu: Metric
    bootstrap: int
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as JSON takes them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One output beside what it should have been.

    Attributes:
        source: the text that was rewritten.
        hypothesis: the output.
        references: the outputs that would have been right.
        nearest: the reference that the errors were counted against.
        distance: the edits between hypothesis and nearest reference.
        error_rate: those edits per character of the nearest reference.
    """

    source: str
    hypothesis: str
    references: tuple[str, ...]
    nearest: str
    distance: int
    error_rate: float

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as JSON takes them."""
        return asdict(self) | {"references": list(self.references)}


def references_by_source(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return each distinct source with its distinct targets, in order of first appearance."""
    references: dict[str, dict[str, None]] = {}
    for source, target in pairs:
        references.setdefault(source, {})[target] = None
    return {source: list(targets) for source, targets in references.items()}


def edit_distance(hypothesis: Sequence[Hashable], reference: Sequence[Hashable]) -> int:
    """Return the fewest insertions, deletions and substitutions that turn one into the other.

    A text is a sequence of characters; lists and tuples may hold any hashable symbols.
    Source: Levenshtein (1966), "Binary codes capable of correcting deletions, insertions and
    reversals".
    """
    if isinstance(hypothesis, str) and isinstance(reference, str):
        return Levenshtein.distance(hypothesis, reference)
    # RapidFuzz compares other symbols by their hashes, which differing symbols may share.
    ids: dict[Hashable, int] = {}
    return Levenshtein.distance(
        [ids.setdefault(symbol, len(ids)) for symbol in hypothesis],
        [ids.setdefault(symbol, len(ids)) for symbol in reference],
    )


def character_error_rate(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Return the CER alone, without intervals: cheap enough to follow every training epoch.

    Args:
        hypotheses: the outputs.
        references: for each output, one or more right ones.

    Returns:
        All edits over all characters of the references: each output is compared with the
        reference that needs the fewest edits, among equals with the longest. Where those are all
        empty, they count as one character.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
    """
    _check(hypotheses, references)
    return _ratio(_distances(hypotheses, references).sum(axis=0).tolist())


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    bootstrap: int = 1000,
    seed: int = 1,
    intervals: bool = True,
) -> Report:
    """Score outputs with every metric.

    The CER is that of `character_error_rate`; chrF and BLEU are sacreBLEU's (Post, 2018), and each
    item may have another number of references. The intervals are percentile bootstrap intervals
    (Koehn, 2004, "Statistical significance tests for machine translation evaluation"): the items
    are drawn with replacement `bootstrap` times, every metric is computed on the same draws, and
    95 % of its values lie between `low` and `high`.

    Args:
        hypotheses: the outputs.
        references: for each output, one or more right ones.
        bootstrap: how many times the items are drawn again.
        seed: what the draws are seeded with.
        intervals: whether to compute intervals at all.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
        UsageError: if `bootstrap` is less than 1 and intervals are asked for.
    """
    _check(hypotheses, references)
    if intervals and bootstrap < 1:
        raise UsageError(f"intervals need at least one resample, not {bootstrap}")
    # Imported here, because training and --help need not wait for it.
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

    distances = _distances(hypotheses, references)
    ones = np.ones(len(hypotheses))
    parts = (
        _Part(np.stack([distances[:, 0] == 0, ones], axis=1), _ratio),
        _Part(distances, _ratio),
        _sacrebleu_part(CHRF(), hypotheses, references),
        # `force` only silences a warning about texts that look tokenised, as ours may.
        _sacrebleu_part(BLEU(force=True), hypotheses, references),
    )
    resamples = bootstrap if intervals else 0
    exact_match, errors, chrf, bleu = _metrics(parts, resamples, seed)
    return Report(len(hypotheses), exact_match, errors, chrf, bleu, resamples, seed)


def worst_errors(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    count: int = 10,
) -> list[ScoredItem]:
    """Return the `count` items with the most edits per character, the worst first.

    Items that are right are left out; among equals, the one with more edits and then the earlier
    one comes first.

    Raises:
        DataError: if there is nothing to score, or the three lists do not match up.
    """
    _check(hypotheses, references)
    if len(sources) != len(hypotheses):
        raise DataError(f"there are {len(sources)} sources but {len(hypotheses)} hypotheses")
    distances = _distances(hypotheses, references)
    rates = distances[:, 0] / np.maximum(distances[:, 1], 1)
    order = np.lexsort((-distances[:, 0], -rates))[: max(count, 0)]
    return [
        _item(sources[i], hypotheses[i], references[i]) for i in order.tolist() if distances[i, 0]
    ]


class _Part(NamedTuple):
    """A metric as counts that add up over items, and the formula that makes a score of the sums."""

    counts: NDArray[np.float64]
    formula: Callable[[list[int]], float]
    signature: str | None = None


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


def _nearest(hypothesis: str, references: Sequence[str]) -> tuple[int, str]:
    """Return the smallest distance to a reference and, among equals, the longest reference."""
    # The tie is broken by length, not by order, so that listing references otherwise changes
    # nothing; the longest makes the smallest rate.
    return min(
        ((Levenshtein.distance(hypothesis, reference), reference) for reference in references),
        key=lambda candidate: (candidate[0], -len(candidate[1])),
    )


def _distances(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    """Return, for each item, the distance to the nearest reference and that one's length."""
    nearest = map(_nearest, hypotheses, references)
    return np.array([(distance, len(reference)) for distance, reference in nearest], np.float64)


def _ratio(sums: list[int]) -> float:
    part, whole = sums
    return part / max(whole, 1)


def _item(source: str, hypothesis: str, references: Sequence[str]) -> ScoredItem:
    distance, nearest = _nearest(hypothesis, references)
    rate = _ratio([distance, len(nearest)])
    return ScoredItem(source, hypothesis, tuple(references), nearest, distance, rate)


def _sacrebleu_part(
    metric: "SacrebleuMetric", hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> _Part:
    # Item by item: given a whole corpus, sacreBLEU keeps every reference's n-grams in memory.
    # These are the methods that its own bootstrap is built on.
    counts = [
        metric._extract_corpus_statistics([hypothesis], [[reference] for reference in right])[0]
        for hypothesis, right in zip(hypotheses, references, strict=True)
    ]
    numbers = {len(right) for right in references}
    metric.num_refs = numbers.pop() if len(numbers) == 1 else -1  # -1: "var" in the signature
    name = metric._compute_score_from_stats(list(counts[0])).name
    return _Part(
        np.array(counts, np.float64),
        lambda sums: float(metric._compute_score_from_stats(sums).score),
        f"{name}|{metric.get_signature()}",
    )


def _metrics(parts: Sequence[_Part], bootstrap: int, seed: int) -> list[Metric]:
    counts = np.concatenate([part.counts for part in parts], axis=1)
    samples = _resampled_sums(counts, bootstrap, seed)
    ends = np.cumsum([part.counts.shape[1] for part in parts])[:-1]
    metrics = []
    for part, drawn in zip(parts, np.split(samples, ends, axis=1), strict=True):
        value = part.formula(_whole(part.counts.sum(axis=0)))
        low = high = None
        if bootstrap:
            values = [part.formula(_whole(sums)) for sums in drawn]
            low, high = np.percentile(values, [2.5, 97.5]).tolist()
        metrics.append(Metric(value, low, high, part.signature))
    return metrics


def _resampled_sums(counts: NDArray[np.float64], bootstrap: int, seed: int) -> NDArray[np.float64]:
    """Return what `counts` add up to in each of `bootstrap` draws of the items."""
    items = len(counts)
    random = np.random.default_rng(seed)
    sums = np.empty((bootstrap, counts.shape[1]))
    # A draw is how often it holds each item; a block of draws times the counts is one matrix
    # product, exact because all are whole numbers, and blocks bound the memory.
    block = max(1, _WEIGHTS_AT_ONCE // items)
    for start in range(0, bootstrap, block):
        stop = min(start + block, bootstrap)
        weights = np.empty((stop - start, items))
        for row in weights:
            row[:] = np.bincount(random.integers(items, size=items), minlength=items)
        sums[start:stop] = weights @ counts
    return sums


def _whole(sums: NDArray[np.float64]) -> list[int]:
    return [int(number) for number in sums]
