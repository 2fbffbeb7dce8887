"""Looking a corpus over before time is spent on it.

No finding is an error: what is right in one corpus is a slip in another. Each says how many there
are, shows some, and says what to do.
"""

from charseq.corpus.checking.characters import (
    damaged_characters,
    invisible_characters,
    rare_characters,
    stray_spaces,
    unusual_spaces,
)
from charseq.corpus.checking.findings import Example, Finding, counted
from charseq.corpus.checking.lengths import long_texts, odd_ratios
from charseq.corpus.checking.lookalikes import look_alikes, mixed_forms, mixed_scripts
from charseq.corpus.checking.pairs import contradictions, duplicates, on_both_sides, too_few
from charseq.corpus.checking.sides import Side
from charseq.corpus.pairs import Corpus

__all__ = ["Example", "Finding", "check_corpus", "counted"]

_OF_A_SIDE = (
    damaged_characters,
    mixed_forms,
    mixed_scripts,
    look_alikes,
    invisible_characters,
    unusual_spaces,
    stray_spaces,
    rare_characters,
    long_texts,
)


def check_corpus(corpus: Corpus, held_out: Corpus | None = None) -> list[Finding]:
    """Look for what may spoil a model trained on a corpus, or its scores.

    The time is linear in the corpus's length.

    Args:
        corpus: what is to be trained on.
        held_out: what is to be scored on; examples of inputs on both sides give its pairs' numbers.
    """
    pairs = corpus.pairs
    source = Side("source", [pair.source for pair in pairs])
    target = Side("target", [pair.target for pair in pairs])
    return [
        *too_few(pairs),
        *(on_both_sides(pairs, held_out.pairs) if held_out else ()),
        *duplicates(pairs),
        *contradictions(pairs),
        *odd_ratios(pairs, source, target),
        *(finding for look in _OF_A_SIDE for side in (source, target) for finding in look(side)),
    ]
