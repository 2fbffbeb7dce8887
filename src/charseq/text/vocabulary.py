"""Symbols to ids and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charseq.errors import ModelFileError
from charseq.text.conditions import TEXTS_ALONE, Conditions
from charseq.text.inputs import Input
from charseq.text.normalisation import has_half
from charseq.text.spelling import CHARACTERS, Spelling

START = "<start>"
END = "<end>"
UNKNOWN = "<unknown>"
UNKNOWN_CONDITION = "<unknown condition>"

# Nearly as many as Unicode has characters.
MOST_SYMBOLS = 150_000
# Of so few, looking symbols up one by one is faster than a table of all code points.
FEW_TEXTS = 4


@dataclass(frozen=True)
class Vocabulary:
    """The symbols of one side of a corpus, in the order of their ids.

    `start`, `end` and `unknown` are the ids of the special symbols, or None where a vocabulary has
    none. No text is ever spelt with a special symbol, so a corpus may contain any character. A
    vocabulary without an unknown symbol gives unseen symbols the id `len(vocabulary)`, which the
    model reads as a vector of zeros. `spelling` says how texts are cut into symbols, and
    `conditions` says which special symbols may precede a source's own.
    """

    symbols: tuple[str, ...]
    start: int | None = None
    end: int | None = None
    unknown: int | None = None
    spelling: Spelling = CHARACTERS
    conditions: Conditions = TEXTS_ALONE

    def __post_init__(self) -> None:
        if any(not 0 <= place < len(self.symbols) for place in self.special):
            raise ModelFileError("a special symbol of the vocabulary has no place in it")
        if len(set(self.special)) != len(self.special):
            raise ModelFileError("two special symbols of the vocabulary have the same place")
        if len(self.symbols) > MOST_SYMBOLS:
            raise ModelFileError(
                f"there are {len(self.symbols):,} different symbols, but at most {MOST_SYMBOLS:,}"
                " are allowed: if something separates the symbols, name it, as with"
                " --source-separator"
            )
        ordinary = self._ordinary
        if len(self._ids) != len(ordinary):
            raise ModelFileError("the vocabulary contains a symbol twice")
        if any(not symbol for symbol, _ in ordinary):
            raise ModelFileError("the vocabulary contains an empty symbol")
        if has_half("".join(self.symbols)):
            raise ModelFileError("the vocabulary contains half a character")
        if self.spelling.is_of_characters and any(len(symbol) != 1 for symbol, _ in ordinary):
            raise ModelFileError("the vocabulary contains a symbol that is not one character")

    @classmethod
    def of_sources(
        cls,
        texts: Iterable[str],
        *,
        unknown: bool = True,
        spelling: Spelling = CHARACTERS,
        also: Iterable[str] = (),
    ) -> "Vocabulary":
        """Build the vocabulary of source texts: their symbols, sorted.

        With `unknown`, the unknown symbol comes first; without, this is the Keras example's table.

        Args:
            texts: what the symbols are taken from.
            unknown: whether there is an unknown symbol.
            spelling: how texts are cut into symbols.
            also: symbols that need not occur in the texts, such as padding.
        """
        special = (UNKNOWN,) if unknown else ()
        symbols = (*special, *sorted(_symbols(texts, spelling).union(also)))
        return cls(symbols, unknown=0 if unknown else None, spelling=spelling)

    @classmethod
    def of_targets(
        cls,
        texts: Iterable[str],
        *,
        unknown: bool = True,
        spelling: Spelling = CHARACTERS,
        also: Iterable[str] = (),
    ) -> "Vocabulary":
        """Build the vocabulary of target texts: their symbols, sorted.

        With `unknown`, the start, end and unknown symbols come first; without, this is the Keras
        example's table, a sorted set of symbols in which tab starts and newline ends a text.

        Args:
            texts: what the symbols are taken from.
            unknown: whether there is an unknown symbol.
            spelling: how texts are cut into symbols, and joined again.
            also: symbols that need not occur in the texts, such as padding.
        """
        found = _symbols(texts, spelling).union(also)
        if unknown:
            symbols = (START, END, UNKNOWN, *sorted(found))
            return cls(symbols, start=0, end=1, unknown=2, spelling=spelling)
        symbols = tuple(sorted({"\t", "\n", *found}))
        start, end = symbols.index("\t"), symbols.index("\n")
        return cls(symbols, start=start, end=end, spelling=spelling)

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def special(self) -> tuple[int, ...]:
        """The ids of the special symbols."""
        ids = (self.start, self.end, self.unknown, *self.conditions.ids)
        return tuple(i for i in ids if i is not None)

    @property
    def frame(self) -> tuple[int, int]:
        """The ids of the start and the end symbol.

        Raises:
            ModelFileError: if the vocabulary has none, like those of sources.
        """
        if self.start is None or self.end is None:
            raise ModelFileError("the target vocabulary lacks a start or an end symbol")
        return self.start, self.end

    @property
    def ordinary(self) -> tuple[str, ...]:
        """The symbols that texts are spelt with, without the special ones."""
        return tuple(symbol for symbol, _ in self._ordinary)

    @property
    def unseen(self) -> int:
        """The id that symbols outside the vocabulary get."""
        return len(self.symbols) if self.unknown is None else self.unknown

    def extended(self, texts: Iterable[str], also: Iterable[str] = ()) -> "Vocabulary":
        """Return this vocabulary with the new symbols of `texts` after the known ones."""
        new = sorted(_symbols(texts, self.spelling).union(also) - self._ids.keys())
        return replace(self, symbols=(*self.symbols, *new))

    def conditioned(self, inputs: Iterable[Input]) -> "Vocabulary":
        """Return this vocabulary with the new languages and features of `inputs` at its end."""
        known = self.conditions
        languages, features = known.lacking(inputs)
        if not languages and not features:
            return self
        symbols, unknown = list(self.symbols), known.unknown
        if unknown is None:
            unknown = len(symbols)
            symbols.append(UNKNOWN_CONDITION)
        first = len(symbols)
        second = first + len(languages)
        conditions = Conditions(
            unknown,
            {**known.languages, **{name: i for i, name in enumerate(languages, first)}},
            {**known.features, **{name: i for i, name in enumerate(features, second)}},
        )
        return replace(self, symbols=(*symbols, *languages, *features), conditions=conditions)

    def id_of(self, symbol: str) -> int:
        """Return the id of a symbol of texts."""
        return self._ids.get(symbol, self.unseen)

    def ids(self, text: str) -> list[int]:
        """Return the id of each symbol of `text`."""
        return [self.id_of(symbol) for symbol in self.spelling.symbols(text)]

    def encode(self, texts: Iterable[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the ids of all `texts` one after another, and the length of each text."""
        return self.encode_symbols(list(map(self.spelling.symbols, texts)))

    def encode_symbols(
        self, spelt: Sequence[Sequence[str]]
    ) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Return the ids of texts that are cut into symbols, and the length of each."""
        lengths = np.fromiter(map(len, spelt), np.int64, len(spelt))
        if (
            len(spelt) > FEW_TEXTS
            and self.spelling.is_of_characters
            and all(isinstance(text, str) for text in spelt)
        ):
            return self._ids_of_characters("".join(map(str, spelt))), lengths
        ids = map(self._ids.get, chain.from_iterable(spelt), repeat(self.unseen))
        return np.fromiter(ids, np.int32, int(lengths.sum())), lengths

    def text(self, ids: Iterable[int], copied: Sequence[str] = ()) -> str:
        """Return the text that `ids` spell; special symbols are left out.

        Args:
            ids: the symbols' ids; those beyond the vocabulary stand for `copied`, in order.
            copied: what an answer's source offers for copying.
        """
        own, size = self._written, len(self.symbols)
        if not copied:
            return self.spelling.text(filter(None, map(own.__getitem__, ids)))
        return self.spelling.text(
            symbol for i in ids if (symbol := own[i] if i < size else copied[i - size])
        )

    def unknown_symbols(self, *texts: str) -> frozenset[str]:
        """Return the symbols of `texts` that this vocabulary lacks."""
        known = self._ids
        found = frozenset().union(*map(self.spelling.symbols, texts))
        return frozenset(symbol for symbol in found if symbol not in known)

    def as_dict(self) -> dict[str, Any]:
        """Return what a model file keeps; the spelling follows from the model's settings."""
        return {
            "symbols": list(self.symbols),
            "start": self.start,
            "end": self.end,
            "unknown": self.unknown,
            "unknown_condition": self.conditions.unknown,
            "languages": list(self.conditions.languages.values()),
            "features": list(self.conditions.features.values()),
        }

    @classmethod
    def from_dict(cls, fields: Any, spelling: Spelling = CHARACTERS) -> "Vocabulary":
        """Read back what `as_dict` returned.

        Raises:
            ModelFileError: if the fields are not those of a vocabulary.
        """
        if not isinstance(fields, dict) or not isinstance(fields.get("symbols"), list):
            raise ModelFileError("a vocabulary is missing or malformed")
        symbols = fields["symbols"]
        places = {name: fields.get(name) for name in ("start", "end", "unknown")}
        # Vocabularies of targets, and all of format 1, have no conditions.
        unknown = fields.get("unknown_condition")
        languages, features = fields.get("languages", []), fields.get("features", [])
        if not (
            all(isinstance(symbol, str) for symbol in symbols)
            and all(place is None or type(place) is int for place in (unknown, *places.values()))
            and isinstance(languages, list)
            and isinstance(features, list)
            and all(
                type(place) is int and 0 <= place < len(symbols) for place in languages + features
            )
            and (unknown is not None or not languages + features)
        ):
            raise ModelFileError("a vocabulary is malformed")
        conditions = Conditions(
            unknown,
            {symbols[place]: place for place in languages},
            {symbols[place]: place for place in features},
        )
        return cls(tuple(symbols), **places, spelling=spelling, conditions=conditions)

    @cached_property
    def _ordinary(self) -> tuple[tuple[str, int], ...]:
        special = frozenset(self.special)
        return tuple((s, i) for i, s in enumerate(self.symbols) if i not in special)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return dict(self._ordinary)

    def _ids_of_characters(self, text: str) -> NDArray[np.int32]:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        known = self._by_code_point
        return known[np.minimum(points, len(known) - 1)]

    @cached_property
    def _by_code_point(self) -> NDArray[np.int32]:
        """The id of every code point up to the largest known one, then that of all beyond."""
        points = np.array([ord(symbol) for symbol, _ in self._ordinary], np.int64)
        known = np.full(int(points.max(initial=-1)) + 2, self.unseen, np.int32)
        known[points] = [i for _, i in self._ordinary]
        return known

    @cached_property
    def _written(self) -> tuple[str, ...]:
        """What each id writes; special symbols write nothing."""
        special = frozenset(self.special)
        return tuple("" if i in special else symbol for i, symbol in enumerate(self.symbols))


def _symbols(texts: Iterable[str], spelling: Spelling) -> set[str]:
    symbols: set[str] = set()
    for text in texts:
        symbols.update(spelling.symbols(text))
    return symbols
