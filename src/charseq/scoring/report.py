"""The scores of a list of outputs, with their intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from charseq.config import SymbolKind
from charseq.errors import counted
from charseq.scoring.bootstrap import percentile_interval, refuse_no_resamples, resampled_values
from charseq.scoring.distance import Nearest, nearest_references, spelling_by
from charseq.scoring.metrics import Counts, Statistic, edit_counts, ratio, statistics_of
from charseq.text import Spelling

# A report's fields in the order of tables, their titles there, and the format of their values.
_SHOWN = (
    ("exact_match", "exact match", ".2%"),
    ("character_error_rate", "CER", ".3f"),
    ("word_error_rate", "WER", ".2f"),
    ("chrf", "chrF", ".1f"),
    ("bleu", "BLEU", ".1f"),
)


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
        character_error_rate: edits per reference symbol; 0 is perfect, and it may exceed 1. Where
            the symbols are phonemes, this is the phoneme error rate.
        chrf: chrF2 on its scale from 0 to 100 (Popović, 2015).
        bleu: BLEU on its scale from 0 to 100 (Papineni et al., 2002), tokenised by sacreBLEU's 13a;
            it says little about outputs shorter than four words.
        bootstrap: how many resamples the intervals come from; 0 without intervals.
        seed: what the resampling was seeded with.
        word_error_rate: the percentage of outputs that equal none of their references, which is
            what WER means where outputs are words; None without a target separator.
        target_separator: what separates a target's symbols; empty where nothing does.
        symbols: what they are where nothing separates them.
    """

    items: int
    exact_match: Metric
    character_error_rate: Metric
    chrf: Metric
    bleu: Metric
    bootstrap: int
    seed: int
    word_error_rate: Metric | None = None
    target_separator: str = ""
    symbols: SymbolKind = "characters"

    def as_dict(self) -> dict[str, Any]:
        """Return all fields in JSON's types."""
        return asdict(self)

    def __str__(self) -> str:
        rows = [("metric", "value", "95 % interval"), *score_rows(self)]
        first, second, third = (max(map(len, column)) for column in zip(*rows, strict=True))
        table = "\n".join(f"{a:<{first}}  {b:>{second}}  {c:>{third}}" for a, b, c in rows)
        return f"{counted(self.items, 'output')}\n{table}"


def shown_metrics(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield each metric of a report: its field, what tables call it, and its values' format."""
    for field, title, shape in _SHOWN:
        if getattr(report, field) is not None:
            yield field, title, shape


def shown_interval(low: float | None, high: float | None, shape: str) -> str:
    """Return an interval as tables show it, its ends in the format `shape`; empty if it is None."""
    return "" if low is None or high is None else f"{low:{shape}} to {high:{shape}}"


def score_rows(report: Report) -> Iterator[tuple[str, str, str]]:
    """Yield a row for each metric of a report: its title, its value and its 95 % interval."""
    for field, title, shape in shown_metrics(report):
        metric = getattr(report, field)
        yield title, f"{metric.value:{shape}}", shown_interval(metric.low, metric.high, shape)


def character_error_rate(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    target_separator: str = "",
    symbols: SymbolKind = "characters",
) -> float:
    """Return the CER alone, without intervals: cheap enough to follow every training epoch.

    Args:
        hypotheses: the outputs.
        references: for each output, one or more right ones.
        target_separator: what separates the symbols of outputs and references.
        symbols: what their symbols are without a separator: characters or graphemes.

    Returns:
        All edits over all symbols of the references: each output is compared with the reference
        that needs the fewest edits, among equals with the longest. If all references are empty,
        they count as one symbol.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
    """
    items = nearest_references(hypotheses, references, spelling_by(target_separator, symbols))
    edits = edit_counts(items)
    return ratio([int(number) for number in edits.sum(axis=0)])


def score(
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    *,
    target_separator: str = "",
    symbols: SymbolKind = "characters",
    bootstrap: int = 1000,
    seed: int = 1,
    intervals: bool = True,
) -> Report:
    """Score outputs with every metric.

    The CER is that of `character_error_rate`; chrF and BLEU are sacreBLEU's (Post, 2018), and each
    item may have another number of references. The intervals of shares, exact match and WER, are
    Wilson's (1927); the others are percentile bootstrap intervals (Koehn, 2004, "Statistical
    significance tests for machine translation evaluation"): the items are drawn with replacement
    `bootstrap` times, every metric is computed on the same draws, and 95 % of its values lie
    between `low` and `high`.

    Args:
        hypotheses: the outputs.
        references: for each output, one or more right ones.
        target_separator: what separates the symbols of outputs and references. With a separator,
            the word error rate is reported too.
        symbols: what their symbols are without a separator: characters or graphemes.
        bootstrap: how many times the items are drawn again.
        seed: what the draws are seeded with.
        intervals: whether to compute intervals at all.

    Raises:
        DataError: if there is nothing to score, or hypotheses and references do not match up.
        UsageError: if `bootstrap` is less than 1 and intervals are asked for.
    """
    if intervals:
        refuse_no_resamples(bootstrap)
    spelling = spelling_by(target_separator, symbols)
    items = nearest_references(hypotheses, references, spelling)
    return report_of(items, spelling, bootstrap=bootstrap if intervals else 0, seed=seed)


def report_of(
    items: Sequence[Nearest], spelling: Spelling, *, bootstrap: int = 1000, seed: int = 1
) -> Report:
    """Score outputs paired with their references with every metric, as `score` does.

    Args:
        items: the outputs.
        spelling: the spelling that their symbols come from.
        bootstrap: how many times the items are drawn again; 0 computes no intervals.
        seed: what the draws are seeded with.
    """
    statistics = statistics_of(items, are_words=spelling.separator is not None)
    drawn = resampled_values(statistics, bootstrap, seed) if bootstrap else None
    return summed_up(statistics, drawn, spelling, seed)


def summed_up(
    statistics: Sequence[Statistic], drawn: Counts | None, spelling: Spelling, seed: int
) -> Report:
    """Return the report of statistics, with intervals from their values on the draws.

    Args:
        statistics: every metric's statistic.
        drawn: each metric's values on each draw, (metrics, draws); None without intervals.
        spelling: the spelling that the outputs' symbols come from.
        seed: what the draws were seeded with.
    """
    metrics = {}
    for number, statistic in enumerate(statistics):
        sums = [int(count) for count in statistic.counts.sum(axis=0)]
        value = statistic.formula(sums)
        low = high = None
        if drawn is not None and statistic.interval is not None:
            low, high = statistic.interval(sums)
        elif drawn is not None:
            low, high = percentile_interval(drawn[number])
        metrics[statistic.name] = Metric(value, low, high, statistic.signature)
    return Report(
        items=len(statistics[0].counts),
        bootstrap=0 if drawn is None else drawn.shape[1],
        seed=seed,
        target_separator=spelling.separator or "",
        symbols="graphemes" if spelling.graphemes else "characters",
        **metrics,
    )
