"""Findings about symbols as a model reads them: rare ones, and unseen held-out ones."""

from collections.abc import Iterator

from charseq.corpus.checking.findings import EXAMPLES, Example, Finding, shortened
from charseq.corpus.checking.sides import Side, described
from charseq.errors import counted

RARE = 5

_NEVER_SEEN = {
    "source": "a model reads them as unknown",
    "target": "a model cannot write them, unless it copies them",
}


def rare_symbols(side: Side) -> Iterator[Finding]:
    """Find symbols that a model will see too rarely to learn."""
    rare = sorted((count, symbol) for symbol, count in side.counts.items() if count < RARE)
    if not rare:
        return
    once = sum(count == 1 for count, _ in rare)
    yield Finding(
        f"rare {side.name} {side.symbol}s",
        len(rare),
        f"seen fewer than {RARE} times: {len(rare):,} of {len(side.counts):,} {side.name}"
        f" {side.symbol}s{f', {once:,} of them once' * bool(once)}:"
        f" {shortened([each for _, each in rare], 40)}",
        "correct what is a typo; a model learns little about the rest: add pairs that contain"
        " them, or drop those pairs",
        _first_places([each for _, each in rare], side),
    )


def unseen_symbols(side: Side, held_out: Side) -> Iterator[Finding]:
    """Find symbols in held-out texts that no text on the same side of the corpus has."""
    unseen = sorted(
        held_out.counts.keys() - side.counts.keys(),
        key=lambda symbol: (-held_out.counts[symbol], symbol),
    )
    if not unseen:
        return
    places = held_out.places_of(unseen)
    yield Finding(
        f"unseen {side.name} {side.symbol}s",
        len(unseen),
        f"not in the corpus: {counted(len(unseen), f'{side.name} {side.symbol}')} of"
        f" {counted(len(places), f'held-out {side.name}')}: {shortened(unseen, 40)}",
        f"add pairs that contain them if you have any: {_NEVER_SEEN[side.name]}",
        _first_places(unseen, held_out),
        held_out=True,
    )


def _first_places(symbols: list[str], side: Side) -> tuple[Example, ...]:
    """Return the first occurrence of each of the first few symbols."""
    places = [int(side.places_of([symbol])[0]) for symbol in symbols[:EXAMPLES]]
    return tuple(
        Example(place + 1, f"{described(symbol)} in {side.texts[place]}")
        for symbol, place in zip(symbols, places, strict=False)
    )
