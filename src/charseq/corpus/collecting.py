"""Turning records into the pairs of a corpus: what a pair must be, and what is left out.

A record is a line's bytes, a Parquet row or a pair in memory. A parser turns it into its texts
(source and target, or source, target, features and language), or refuses it as a bad line.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any, TypeVar

from charseq.config import Column, CorpusConfig
from charseq.corpus.columns import refuse_asked_for
from charseq.corpus.faults import TOO_FEW, BadLineError, Faults
from charseq.corpus.pairs import Corpus, Pair, PairLike, digest_of, omissions
from charseq.errors import DataError, UsageError, visible
from charseq.text import PLAIN, Features, Spelling, Spellings, features_of, has_half

_Record = TypeVar("_Record")


def collect(
    records: Iterable[_Record],
    parse: Callable[[_Record], tuple[Any, ...]],
    config: CorpusConfig,
    *,
    where: str,
    number: int = 1,
    spellings: Spellings = PLAIN,
) -> tuple[list[Pair], dict[str, int]]:
    """Return the pairs of records, and how many records were left out, by reason.

    Args:
        records: what the pairs are made of.
        parse: turns a record into its texts, or raises BadLineError.
        config: which pairs to keep, and in which direction.
        where: what messages call the place that the records come from.
        number: the first record's number in messages.
        spellings: how the pairs' two sides are cut into symbols.

    Raises:
        DataError: if a record is bad and bad ones may not be skipped, or if no pairs remain.
    """
    pairs: list[Pair] = []
    keep, faults, too_long = pairs.append, Faults(where), 0
    reverse, limit, longest = config.reverse, config.limit, config.max_length
    columns = (config.source_column, config.target_column)
    first, second = reversed(spellings) if reverse else spellings
    conditions_of = _condition_reader(config)
    first_length, second_length = _length(first), _length(second)
    separated = first.separator is not None or second.separator is not None
    for place, record in enumerate(records, number):
        try:
            texts = parse(record)
            source, target = texts[:2]
            both = source + target
            if not source or not target or "\0" in both or "\n" in both or "\r" in both:
                raise _fault_of((source, target), columns)
            features, language = conditions_of(texts[2:]) if len(texts) > 2 else ((), "")
            if separated and (first.lacks_symbols(source) or second.lacks_symbols(target)):
                column = columns[not first.lacks_symbols(source)]
                raise BadLineError(
                    "empty symbol", f"column {column} has a separator with no symbol next to it"
                )
        except BadLineError as fault:
            faults.add(place, fault)
            continue
        if longest is not None and (
            first_length(source) > longest or second_length(target) > longest
        ):
            too_long += 1
            continue
        if reverse:
            source, target = target, source
        keep(Pair(source, target, features, language))
        if len(pairs) == limit:
            break
    if not pairs and set(faults.counts) == {TOO_FEW}:
        refuse_asked_for(config, where)
    if faults.counts and not config.skip_bad_lines:
        faults.refuse()
    left_out = dict(faults.counts)
    if too_long:
        left_out[longer_than(longest, spellings)] = too_long
    if not pairs:
        raise DataError(
            f"{where} contains no pairs" + (f"; left out: {omissions(left_out)}" * bool(left_out))
        )
    return pairs, left_out


def _length(spelling: Spelling) -> Callable[[str], int]:
    """Return what counts a text's symbols, with a Hangul syllable as one.

    Whether syllables are decomposed is decided only when the whole corpus is read, and what is left
    out must not depend on it.
    """
    return (replace(spelling, normalise="nfc") if spelling.normalise == "jamo" else spelling).length


def corpus_of(
    pairs: Iterable[PairLike],
    config: CorpusConfig,
    *,
    name: str = "pairs",
    spellings: Spellings = PLAIN,
) -> Corpus:
    """Make a corpus of pairs in memory, by the same rules as for files.

    Raises:
        UsageError: if they are not pairs.
        DataError: if a pair is bad and bad ones may not be skipped, or if there are none.
    """
    if isinstance(pairs, bytes | Mapping) or not isinstance(pairs, Iterable):
        raise UsageError(
            "a corpus must be a file, a corpus's name, or pairs of texts, not"
            f" {type(pairs).__name__}"
        )
    kept, left_out = collect(pairs, _texts_of_pair, config, where=name, spellings=spellings)
    return Corpus(name=name, pairs=kept, digest=digest_of(kept), left_out=left_out)


def longer_than(longest: int | None, spellings: Spellings) -> str:
    """Return the reason for leaving a pair out for its length."""
    plain = all(spelling.is_of_characters for spelling in spellings)
    return f"longer than {longest:,} {'characters' if plain else 'symbols'}"


def _fault_of(texts: tuple[str, str], columns: tuple[Column, Column]) -> BadLineError:
    for text, column in zip(texts, columns, strict=True):
        if not text:
            return BadLineError("empty side", f"column {column} is empty")
        if "\0" in text:
            return BadLineError("NUL character", f"column {column} contains a NUL character")
    broken = next(c for t, c in zip(texts, columns, strict=True) if "\n" in t or "\r" in t)
    return BadLineError("line break in a text", f"column {broken} contains a line break")


def _condition_reader(
    config: CorpusConfig,
) -> Callable[[tuple[Any, ...]], tuple[tuple[str, ...], str]]:
    """Return a reader of features and language; these are few, so equal ones are kept only once."""
    kept: dict[tuple[Features, str], tuple[tuple[str, ...], str]] = {}

    def read(conditions: tuple[Any, ...]) -> tuple[tuple[str, ...], str]:
        cell, language = key = conditions
        if key not in kept:
            features = features_of(cell, config.features_separator)
            if config.language_column is not None and not language:
                raise BadLineError("no language", f"column {config.language_column} is empty")
            if "" in features:
                raise BadLineError("empty feature", f"there is an empty feature in {cell!r}")
            if any(set(text) & {"\0", "\n", "\r"} for text in (*features, language)):
                raise BadLineError(
                    "line break in a feature", "a feature contains a line break or NUL"
                )
            kept[key] = features, language
        return kept[key]

    return read


def _texts_of_pair(pair: Any) -> tuple[Any, ...]:
    unlike = isinstance(pair, str | bytes | Mapping | Set) or not isinstance(pair, Collection)
    if unlike or not 2 <= len(pair) <= 4:
        raise BadLineError("not a pair", f"not a pair of texts: {visible(repr(pair))}")
    source, target, features, language = (*pair, "", "")[:4]
    if not isinstance(features, str):
        features = tuple(features) if isinstance(features, Sequence) else (features,)
    parts = (source, target, language, *([features] if isinstance(features, str) else features))
    if not all(isinstance(part, str) for part in parts):
        raise BadLineError("not a pair", f"not a pair of texts: {visible(repr(pair))}")
    if has_half("".join(parts)):
        raise BadLineError("lone surrogate", "a lone surrogate, which is not a character")
    return (source, target, features, language) if features or language else (source, target)
