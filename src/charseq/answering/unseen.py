"""What a model never saw in training of its inputs, and the warnings that name it."""

from collections.abc import Sequence
from itertools import chain

from charseq.answering.lexicon import Lexicon
from charseq.errors import UnknownCharactersWarning, warn_caller
from charseq.modelfile import ModelDescription
from charseq.results import Unseen
from charseq.text import Input

NOTHING_UNSEEN = Unseen()


def unseen_of_each(description: ModelDescription, inputs: Sequence[Input]) -> list[Unseen]:
    """Return what a model never saw of each input: mostly nothing, which is quick to find out."""
    sources = description.sources
    symbols, lacking = sources.spelling.symbols, sources.conditions.lacking
    strange, conditions = unseen_of_all(description, inputs)
    return [
        NOTHING_UNSEEN
        if not conditions and strange.isdisjoint(symbols(each.source))
        else Unseen(
            tuple(sorted(strange.intersection(symbols(each.source)))),
            tuple(chain.from_iterable(lacking([each]))),
        )
        for each in inputs
    ]


def unseen_of_all(
    description: ModelDescription, inputs: Sequence[Input]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the symbols, and the features and languages, in inputs that a model never saw."""
    sources = description.sources
    return (
        sources.unknown_symbols(*(each.source for each in inputs)),
        frozenset(chain.from_iterable(sources.conditions.lacking(inputs))),
    )


def warn_of_unseen(unseen: Unseen) -> None:
    """Warn of what was read as unknown, if anything was."""
    if any(unseen):
        warn_caller(unseen.warning(), UnknownCharactersWarning)


def warn_of_left_out(lexicon: Lexicon) -> None:
    """Warn of entries of a lexicon that a model cannot write, if there are any."""
    if lexicon.left_out:
        warn_caller(lexicon.warning(), UnknownCharactersWarning)
