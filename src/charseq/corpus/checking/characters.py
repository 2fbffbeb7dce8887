"""Findings about single characters: invisible or damaged ones, and unusual spaces."""

import unicodedata
from collections.abc import Iterator

import numpy as np

from charseq.corpus.checking.findings import (
    EXAMPLES,
    Example,
    Finding,
    examples_of,
    shortened,
)
from charseq.corpus.checking.sides import Side, described
from charseq.errors import counted


def invisible_characters(side: Side) -> Iterator[Finding]:
    """Find characters that cannot be seen: zero-width, formatting and control characters."""
    yield from _kind(
        side,
        "invisible",
        {
            c
            for c in side.counts
            if unicodedata.category(c) in ("Cf", "Cc", "Zl", "Zp") or _blank(c)
        },
        "are invisible",
        "remove them unless they belong there, as joiners do in some scripts: to a model, a text"
        " with one is a different text",
    )


def _blank(character: str) -> bool:
    """Return whether a letter or mark shows nothing (Default_Ignorable_Code_Point, UAX #44)."""
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return (
        selector
        or character in "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    )


def damaged_characters(side: Side) -> Iterator[Finding]:
    """Find code points that are not characters: replacement, private and unassigned ones."""
    yield from _kind(
        side,
        "damaged",
        {c for c in side.counts if c == "\ufffd" or unicodedata.category(c) in ("Co", "Cn")},
        "are replacement characters, or not assigned in Unicode",
        "check how the texts were decoded: they seem damaged",
    )


def unusual_spaces(side: Side) -> Iterator[Finding]:
    """Find no-break, narrow and other spaces that look like the ordinary space."""
    yield from _kind(
        side,
        "unusual space",
        {c for c in side.counts if c != " " and unicodedata.category(c) == "Zs"},
        "are spaces other than the ordinary one",
        "use one kind of space unless the difference matters: a person who types a source will"
        " type the ordinary one",
    )


def stray_spaces(side: Side) -> Iterator[Finding]:
    """Find spaces at the ends of texts, and two in a row."""
    spaces = side.flags(c for c in side.counts if c.isspace())
    starts = side.ends - side.lengths
    at_ends = np.flatnonzero(spaces[starts] | spaces[side.ends - 1])
    doubled = side.places(spaces & side.joints & np.append(spaces[1:], False))
    places = np.union1d(at_ends, doubled)
    if len(places):
        yield Finding(
            f"stray {side.name} spaces",
            len(places),
            f"{counted(len(at_ends), side.name)} with a space at the start or end, and"
            f" {counted(len(doubled), side.name)} with several in a row",
            "remove them: they are part of the text, so the model has to learn them",
            tuple(
                Example(each.pair, repr(each.text))
                for each in examples_of(places.tolist(), side.texts)
            ),
        )


def _kind(side: Side, kind: str, characters: set[str], what: str, advice: str) -> Iterator[Finding]:
    if not characters:
        return
    ordered = sorted(characters, key=lambda character: -side.counts[character])
    places = side.places_of(ordered)
    first = [int(side.places_of(character)[0]) for character in ordered[:EXAMPLES]]
    yield Finding(
        f"{kind} {side.name} characters",
        len(places),
        f"{counted(len(places), side.name)} with characters that {what}: "
        + shortened([f"{described(c)} {side.counts[c]:,} ×" for c in ordered], EXAMPLES),
        advice,
        tuple(
            Example(place + 1, f"{described(character)} in {side.texts[place]}")
            for character, place in zip(ordered, first, strict=False)
        ),
    )
