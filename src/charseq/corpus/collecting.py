"""Records turned into the pairs of a corpus: what a pair must be, and what is left out.

A record is a line's bytes, a Parquet row, a pair in memory; a parser turns it into its two texts or
refuses it as a bad line.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from charseq.config import Column, CorpusConfig
from charseq.corpus.faults import BadLineError, Faults
from charseq.corpus.pairs import Corpus, Pair, digest_of
from charseq.errors import DataError, visible
from charseq.text import Spellings

_Record = TypeVar("_Record")

PLAIN = Spellings()
"""Every character is a symbol."""


def collect(
    records: Iterable[_Record],
    parse: Callable[[_Record], tuple[str, str]],
    config: CorpusConfig,
    *,
    where: str,
    number: int = 1,
    spellings: Spellings = PLAIN,
) -> tuple[list[Pair], dict[str, int]]:
    """Return the pairs of records, and how many records were left out, by reason.

    Args:
        records: what the pairs are made of.
        parse: turns a record into its two texts, or raises BadLineError.
        config: which pairs are kept, and which way round.
        where: what messages call the place that the records come from.
        number: the first record's number in messages.
        spellings: how the pairs' two sides are cut into symbols.

    Raises:
        DataError: if a record is bad and bad ones are not to be skipped, or if no pairs remain.
    """
    pairs: list[Pair] = []
    keep, faults, too_long = pairs.append, Faults(where), 0
    reverse, limit, longest = config.reverse, config.limit, config.max_length
    columns = (config.source_column, config.target_column)
    first, second = reversed(spellings) if reverse else spellings
    separated = first.separator is not None or second.separator is not None
    for place, record in enumerate(records, number):
        try:
            source, target = texts = parse(record)
            both = source + target
            if not source or not target or "\0" in both or "\n" in both or "\r" in both:
                raise _fault_of(texts, columns)
            if separated and (first.lacks_symbols(source) or second.lacks_symbols(target)):
                column = columns[not first.lacks_symbols(source)]
                raise BadLineError(
                    "empty symbol", f"column {column} has a separator with no symbol beside it"
                )
        except BadLineError as fault:
            faults.add(place, fault)
            continue
        if longest is not None and (
            first.length(source) > longest or second.length(target) > longest
        ):
            too_long += 1
            continue
        keep(Pair(target, source) if reverse else Pair(source, target))
        if len(pairs) == limit:
            break
    if faults.counts and not config.skip_bad_lines:
        faults.refuse()
    left_out = dict(faults.counts)
    if too_long:
        left_out[longer_than(longest, spellings)] = too_long
    if not pairs:
        reasons = ", ".join(f"{count:,} × {reason}" for reason, count in left_out.items())
        raise DataError(f"{where} holds no pairs" + (f"; left out: {reasons}" if reasons else ""))
    return pairs, left_out


def corpus_of(
    pairs: Iterable[tuple[str, str]],
    config: CorpusConfig,
    *,
    name: str = "pairs",
    spellings: Spellings = PLAIN,
) -> Corpus:
    """Make a corpus of pairs in memory, held to the same rules as those of a file.

    Raises:
        DataError: if a pair is bad and bad ones are not to be skipped, or if there are none.
    """
    kept, left_out = collect(pairs, _texts_of_pair, config, where=name, spellings=spellings)
    return Corpus(name=name, pairs=kept, digest=digest_of(kept), left_out=left_out)


def longer_than(longest: int | None, spellings: Spellings) -> str:
    """Return in words why a pair was left out for its length."""
    plain = all(spelling.is_of_characters for spelling in spellings)
    return f"longer than {longest:,} {'characters' if plain else 'symbols'}"


def _fault_of(texts: tuple[str, str], columns: tuple[Column, Column]) -> BadLineError:
    for text, column in zip(texts, columns, strict=True):
        if not text:
            return BadLineError("empty side", f"column {column} is empty")
        if "\0" in text:
            return BadLineError("NUL character", f"column {column} holds a NUL character")
    broken = next(c for t, c in zip(texts, columns, strict=True) if "\n" in t or "\r" in t)
    return BadLineError("line break in a text", f"column {broken} holds a line break")


def _texts_of_pair(pair: Any) -> tuple[str, str]:
    if isinstance(pair, str) or len(pair) != 2 or not all(isinstance(t, str) for t in pair):
        raise BadLineError("not a pair", f"not a pair of texts: {visible(repr(pair))}")
    source, target = pair
    try:
        f"{source}{target}".encode()
    except UnicodeEncodeError:
        raise BadLineError("lone surrogate", "a lone surrogate, which is no character") from None
    return source, target
