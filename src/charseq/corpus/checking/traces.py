"""Findings about traces that other programs leave in texts: wrong decoding, markup and quotes."""

import re
from collections.abc import Iterable, Iterator

from charseq.corpus.checking.findings import EXAMPLES, Example, Finding, examples_of
from charseq.corpus.checking.sides import Side
from charseq.errors import counted

# What the first bytes of longer characters in UTF-8 are in Latin-1.
_LEADS = frozenset(map(chr, range(0xC2, 0xF5)))
_MISTAKEN_FOR = ("latin-1", "cp1252")
_MARKUP = re.compile(
    r"&(?:#[0-9]+|#x[0-9a-f]+|amp|lt|gt|quot|apos|nbsp);|</?[a-z][a-z0-9]*(?: [^<>]*)?/?>",
    re.IGNORECASE,
)


def misread_texts(side: Side) -> Iterator[Finding]:
    """Find texts in UTF-8 that were read as if they were in Latin-1 or Windows-1252."""
    meant = {place: _meant(side.texts[place]) for place in _with(side, _LEADS)}
    misread = [place for place, text in meant.items() if text is not None]
    if misread:
        yield Finding(
            f"misread {side.name}s",
            len(misread),
            f"{counted(len(misread), side.name)} in UTF-8 that seem to have been read as Latin-1 or"
            " Windows-1252",
            "read them as UTF-8 where they were converted, or convert them back",
            tuple(
                Example(place + 1, f"{side.texts[place]}, meant: {meant[place]}")
                for place in misread[:EXAMPLES]
            ),
        )


def marked_up_texts(side: Side) -> Iterator[Finding]:
    """Find texts with the entities or tags of HTML."""
    marked = [place for place in _with(side, "&<") if _MARKUP.search(side.texts[place])]
    if marked:
        yield Finding(
            f"markup in {side.name}s",
            len(marked),
            f"{counted(len(marked), side.name)} with entities or tags as in HTML",
            "replace them by the characters that they stand for, unless the model is to learn them",
            examples_of(marked, side.texts),
        )


def quoted_texts(side: Side) -> Iterator[Finding]:
    """Find texts in quotes that quote others by doubling them, as spreadsheets write cells."""
    texts = side.texts
    quoted = [
        place
        for place in _with(side, '"')
        if len(texts[place]) > 1
        and texts[place][0] == texts[place][-1] == '"'
        and '""' in texts[place][1:-1]
    ]
    if quoted:
        yield Finding(
            f"quoted {side.name}s",
            len(quoted),
            f"{counted(len(quoted), side.name)} in double quotes with doubled ones within",
            "if a spreadsheet wrote them, save its table as CSV, and read that with --format csv",
            examples_of(quoted, texts),
        )


def _with(side: Side, characters: Iterable[str]) -> list[int]:
    """Return the places of the texts that contain any of some characters."""
    places: list[int] = side.places_of(characters).tolist()
    return places


def _meant(text: str) -> str | None:
    """Return what a misread text was meant to be, or None if it was not misread."""
    for encoding in _MISTAKEN_FOR:
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return None
