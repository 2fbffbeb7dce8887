"""Languages and features as symbols that precede a source's own.

Source: Kann & Schütze (2016), "Single-model encoder-decoder with explicit morphological
representation for reinflection".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from charseq.text.inputs import Input


@dataclass(frozen=True)
class Conditions:
    """The ids of the languages and features that a model knows.

    They are special symbols of the source vocabulary, which no text spells: the feature `N` is not
    the letter.

    Attributes:
        unknown: the id of those never seen; None where a model reads only texts.
        languages: ids by name.
        features: ids by name.
    """

    unknown: int | None = None
    languages: Mapping[str, int] = field(default_factory=dict)
    features: Mapping[str, int] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[int, ...]:
        """All ids that may stand at the start of a source's symbols."""
        own = () if self.unknown is None else (self.unknown,)
        return (*own, *self.languages.values(), *self.features.values())

    def lacking(self, inputs: Iterable[Input]) -> tuple[list[str], list[str]]:
        """Return the languages and the features of `inputs` that are not among these, sorted."""
        distinct = {(each.features, each.language) for each in inputs}
        if distinct <= {((), "")}:
            return [], []
        languages = {language for _, language in distinct if language}
        features = set(chain.from_iterable(features for features, _ in distinct))
        return sorted(languages - self.languages.keys()), sorted(features - self.features.keys())

    def names(self, each: Input) -> tuple[str, ...]:
        """Return what precedes a source, by name: its language, then its features."""
        if self.unknown is None:
            return ()
        return (each.language, *each.features) if each.language else each.features

    def encode(self, inputs: Sequence[Input]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the ids of what precedes each source, one after another, and how many each has.

        The language comes first, then the features in their own order, which may carry meaning: a
        first person may be the subject's in one place and the object's in another.
        """
        if self.unknown is None:
            return np.zeros(0, np.int32), np.zeros(len(inputs), np.int64)
        known: dict[tuple[tuple[str, ...], str], list[int]] = {}
        rows = []
        for each in inputs:
            conditions = (each.features, each.language)
            if conditions not in known:
                known[conditions] = list(self._ids_of(each, self.unknown))
            rows.append(known[conditions])
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        return np.fromiter(chain.from_iterable(rows), np.int32, int(lengths.sum())), lengths

    def _ids_of(self, each: Input, unknown: int) -> Iterator[int]:
        if each.language:
            yield self.languages.get(each.language, unknown)
        for feature in each.features:
            yield self.features.get(feature, unknown)


TEXTS_ALONE = Conditions()
"""The conditions of a model that reads only texts."""
