"""Findings about what separates symbols: a separator that is missing, or one that was not named."""

from collections.abc import Iterator, Sequence

from charseq.corpus.checking.findings import Finding, examples_of
from charseq.corpus.checking.sides import Side
from charseq.corpus.pairs import Pair
from charseq.errors import visible

# Texts look divided into symbols if this share of them has spaces, and their parts are this short.
MOST_TEXTS, SHORT = 0.8, 2.0
# What may stand between features, if the separator does not.
BETWEEN = ";|,+/&: "


def idle_separator(side: Side, *, started: bool = False) -> Iterator[Finding]:
    """Find that no text contains the separator, so that each whole text is one symbol.

    Args:
        side: the side of the corpus.
        started: whether the separator is that of a model to start from, which has it for good.
    """
    separator = side.spelling.separator
    if separator is None or any(separator in text for text in side.texts):
        return
    long = [place for place, text in enumerate(side.texts) if len(text) > 1]
    if long:
        yield Finding(
            f"separator without {side.name}s",
            len(long),
            f"the separator {visible(repr(separator))} occurs in no {side.name}, so each whole"
            f" {side.name} is one symbol",
            "write it between symbols as the model to start from does, or train without that model"
            if started
            else f"name what separates symbols with --{side.name}-separator"
            f" ({side.name}_separator), or omit it",
            examples_of(long, side.texts),
        )


def unnamed_separator(side: Side) -> Iterator[Finding]:
    """Find texts that look like short symbols with spaces between them."""
    if side.spelling.separator is not None:
        return
    spaced = [place for place, text in enumerate(side.texts) if " " in text.strip()]
    if len(spaced) < MOST_TEXTS * len(side.texts):
        return
    parts = [part for place in spaced for part in side.texts[place].split()]
    if sum(map(len, parts)) <= SHORT * len(parts):
        yield Finding(
            f"spaces between {side.name} symbols",
            len(spaced),
            f"{len(spaced):,} of {len(side.texts):,} {side.name}s look like symbols with spaces"
            " between them",
            f"if they are, name the separator: --{side.name}-separator ' '",
            examples_of(spaced, side.texts),
        )


def undivided_features(pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Find that no pair has several features, but most seem to have, with another separator."""
    if any(len(pair.features) > 1 for pair in pairs):
        return
    texts = ["".join(pair.features) for pair in pairs]
    having = sum(map(bool, texts))
    for mark in BETWEEN:
        marked = [place for place, text in enumerate(texts) if mark in text]
        if marked and len(marked) >= MOST_TEXTS * having:
            yield Finding(
                "features in one piece",
                len(marked),
                f"no pair has more than one feature, but {len(marked):,} of {having:,} contain"
                f" {visible(repr(mark))}",
                "if it separates features, name it with --features-separator (features_separator)",
                examples_of(marked, texts),
            )
            return
