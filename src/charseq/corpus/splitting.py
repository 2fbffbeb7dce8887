"""Splitting a corpus into training and held-out pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from charseq.config import TrainingSettings
from charseq.corpus.pairs import Corpus, Pair
from charseq.errors import DataError
from charseq.text import Form, Input


@dataclass(frozen=True)
class Split:
    """The two parts of a corpus, each in the corpus's order."""

    training: tuple[Pair, ...]
    held_out: tuple[Pair, ...]


def split_corpus(corpus: Corpus, config: TrainingSettings, form: Form = "nfc") -> Split:
    """Split a corpus by the method that `config.split` names.

    `source`: whole sources are drawn at random, from `config.seed` alone, until
    `config.held_out_share` of the distinct sources, at most `config.held_out_maximum`, are held
    out. All pairs of one source stay on one side, and so do all pairs of one of the corpus's
    groups; sources and groups that are connected are drawn together. If `config.split_by` is
    `input`, the same source with other features or in another language counts as another.

    Sources that are equal in the normal form `form` count as the same.

    `last`: the last `config.held_out_share` of the pairs, counted as Keras's `validation_split`
    counts them; one source may then be on both sides. `held_out_maximum` is ignored.

    Raises:
        DataError: if there are too few pairs, or too many connected ones, for two sides.
    """
    if config.split == "last":
        return _last(corpus, config.held_out_share)
    units, sources_of = _units(corpus, config.split_by, form)
    held_out = _drawn(sources_of, config)[units]
    return Split(
        tuple(pair for pair, out in zip(corpus.pairs, held_out, strict=True) if not out),
        tuple(pair for pair, out in zip(corpus.pairs, held_out, strict=True) if out),
    )


def _last(corpus: Corpus, share: float) -> Split:
    start = int(len(corpus) * (1 - share))
    if not 0 < start < len(corpus):
        raise DataError(
            f"{corpus.name} has too few pairs ({len(corpus)}) to hold out the last {share:g} of"
            " them: give more pairs or another held_out_share"
        )
    return Split(tuple(corpus.pairs[:start]), tuple(corpus.pairs[start:]))


def _units(
    corpus: Corpus, split_by: Literal["source", "input"], form: Form
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number what must stay together; return each pair's unit and each unit's sources.

    When splitting by inputs, each input counts as a source.
    """
    numbers: dict[str | Input, int] = {}
    inputs = (pair.input.normalised(form) for pair in corpus.pairs)
    kinds = inputs if split_by == "input" else (each.source for each in inputs)
    sources = [numbers.setdefault(kind, len(numbers)) for kind in kinds]
    if corpus.groups is None:
        return np.array(sources, np.int64), np.ones(len(numbers), np.int64)
    roots = _joined(sources, corpus.groups, len(numbers))
    _, unit_of_source, sources_of = np.unique(roots, return_inverse=True, return_counts=True)
    return unit_of_source[sources], sources_of


def _joined(sources: Sequence[int], groups: Sequence[str], count: int) -> list[int]:
    """Join the sources that share a group; return a representative for each source."""
    parents = list(range(count))

    def root(source: int) -> int:
        while parents[source] != source:
            parents[source] = source = parents[parents[source]]
        return source

    first_of: dict[str, int] = {}
    for source, group in zip(sources, groups, strict=True):
        one, other = root(source), root(first_of.setdefault(group, source))
        parents[max(one, other)] = min(one, other)
    return [root(source) for source in range(count)]


def _drawn(sources_of: NDArray[np.int64], config: TrainingSettings) -> NDArray[np.bool_]:
    """Draw the units to hold out, as many as fit the wanted number of sources."""
    total = int(sources_of.sum())
    if len(sources_of) < 2:
        raise DataError(
            "nothing can be held out: "
            + ("all sources are the same" if total < 2 else "all sources belong together")
            + "; give more pairs, or a separate held-out set"
        )
    maximum = config.held_out_maximum or total
    wanted = max(1, min(round(total * config.held_out_share), maximum, total - 1))
    drawn = np.zeros(len(sources_of), bool)
    order = np.random.default_rng(config.seed).permutation(len(sources_of))
    room = wanted
    for unit in order.tolist():
        size = int(sources_of[unit])
        if size <= room:
            drawn[unit] = True
            room -= size
        if not room:
            break
    if room == wanted:  # Every unit is larger than the share; something must be held out.
        smallest = int(order[np.argmin(sources_of[order])])
        if sources_of[smallest] > maximum:
            raise DataError(
                "the smallest group of sources that belong together has"
                f" {sources_of[smallest]:,}, more than held_out_maximum ({maximum:,}): raise it"
            )
        drawn[smallest] = True
    return drawn
