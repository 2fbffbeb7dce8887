"""The corpora that growth is measured on: parts of a real one, and synthetic ones."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from charseq.config import CorpusConfig
from charseq.corpus import Pair, read_corpus

SIZES = (1_000, 10_000)
WIDTHS = (128, 512, 1_024)
USUAL_WIDTH = 256
LONGEST = 200
ALPHABET = "abcdefghijklmnopqrstuvwxyzàâçéèêëîïôùûü '.,?!"


class Case(NamedTuple):
    """One training: on which file, of how many pairs, with how many units."""

    name: str
    file: Path
    pairs: int
    units: int


def growing_corpora(corpus: str, folder: Path) -> list[Case]:
    """Write ever larger parts of a corpus, the whole last."""
    pairs = read_corpus(corpus, CorpusConfig()).pairs
    cases = []
    for size in (*(size for size in SIZES if size < len(pairs)), len(pairs)):
        # Evenly drawn from a corpus sorted by length: so all have the same lengths.
        drawn = (pairs[place * len(pairs) // size] for place in range(size))
        file = write_tsv(folder / f"drawn-{size}.tsv", drawn)
        cases.append(Case(f"{size:,} pairs", file, size, USUAL_WIDTH))
    return cases


def longer_and_wider(least: Case, folder: Path) -> list[Case]:
    """Return as many pairs of longer texts, and the same pairs for other widths."""
    file = write_tsv(folder / "long.tsv", synthetic(least.pairs, longest=LONGEST))
    name = f"{least.pairs:,} synthetic pairs of 1 – {LONGEST} characters"
    return [
        least._replace(name=name, file=file),
        *(least._replace(name=f"{least.name}, {units:,} units", units=units) for units in WIDTHS),
    ]


def synthetic(count: int, longest: int) -> Iterable[Pair]:
    """Make pairs of texts at random, all lengths up to the longest equally often."""
    draw = random.Random(1)
    noise = "".join(draw.choices(ALPHABET, k=1_000_000))
    for _ in range(count):
        length = draw.randint(1, longest)
        source, target = (draw.randrange(len(noise) - longest) for _ in range(2))
        yield Pair(noise[source : source + length], noise[target : target + length])


def write_tsv(file: Path, pairs: Iterable[Pair]) -> Path:
    """Write pairs as two columns."""
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{pair.source}\t{pair.target}\n" for pair in pairs)
    return file
