"""Checking a corpus before training on it.

No finding is an error, since what is right in one corpus is a mistake in another. Each says how
often something occurs, shows examples, and says what to do.
"""

from collections.abc import Sequence
from itertools import chain

from charseq.config import ModelSettings
from charseq.corpus.checking.characters import (
    damaged_characters,
    invisible_characters,
    stray_spaces,
    unusual_spaces,
)
from charseq.corpus.checking.findings import Example, Finding
from charseq.corpus.checking.lengths import few_long_pairs, long_texts, odd_ratios
from charseq.corpus.checking.lookalikes import look_alikes, mixed_forms, mixed_scripts
from charseq.corpus.checking.pairs import (
    contradictions,
    duplicates,
    on_both_sides,
    spaced_conditions,
    too_few,
)
from charseq.corpus.checking.separators import (
    idle_separator,
    undivided_features,
    unnamed_separator,
)
from charseq.corpus.checking.sides import Side
from charseq.corpus.checking.symbols import rare_symbols, unseen_symbols
from charseq.corpus.checking.traces import marked_up_texts, misread_texts, quoted_texts
from charseq.corpus.pairs import Corpus, Pair
from charseq.text import PLAIN, Spellings, with_form

__all__ = ["Example", "Finding", "check_corpus"]

_DEFAULT = ModelSettings()

_OF_CHARACTERS = (
    damaged_characters,
    misread_texts,
    marked_up_texts,
    quoted_texts,
    mixed_forms,
    mixed_scripts,
    look_alikes,
    invisible_characters,
    unusual_spaces,
    stray_spaces,
)
_OF_SYMBOLS = (idle_separator, unnamed_separator, rare_symbols, long_texts)


def check_corpus(
    corpus: Corpus, held_out: Corpus | None = None, model: ModelSettings = _DEFAULT
) -> list[Finding]:
    """Look for what may spoil a model trained on a corpus, or its scores.

    Checks of symbols, such as of lengths and rarity, use the symbols that the model will read;
    checks of appearance, such as of look-alikes, use the unchanged characters. The time is linear
    in the corpus's length.

    Args:
        corpus: the corpus to train on.
        held_out: the corpus to score on; examples of inputs on both sides and of unseen symbols
            give the numbers of its pairs.
        model: the settings of the model to train, which say what a symbol is.
    """
    pairs, others = corpus.pairs, held_out.pairs if held_out else ()
    texts = (text for pair in chain(pairs, others) for text in (pair.source, pair.target))
    spellings = Spellings.of(with_form(model, texts))
    form = spellings.source.normalise
    written, read = _sides(pairs, PLAIN), _sides(pairs, spellings)
    both = zip(read, _sides(others, spellings), strict=True) if held_out else ()
    return [
        *too_few(pairs),
        *(on_both_sides(pairs, others, form) if held_out else ()),
        *(finding for side, other in both for finding in unseen_symbols(side, other)),
        *duplicates(pairs, form),
        *contradictions(pairs, form),
        *spaced_conditions(pairs),
        *undivided_features(pairs),
        *odd_ratios(pairs, *read),
        *few_long_pairs(pairs, *(side.lengths for side in read)),
        *(finding for look in _OF_CHARACTERS for side in written for finding in look(side)),
        *(finding for look in _OF_SYMBOLS for side in read for finding in look(side)),
    ]


def _sides(pairs: Sequence[Pair], spellings: Spellings) -> tuple[Side, Side]:
    return (
        Side("source", [pair.source for pair in pairs], spellings.source),
        Side("target", [pair.target for pair in pairs], spellings.target),
    )
