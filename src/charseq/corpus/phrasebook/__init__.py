"""A built-in English–French phrasebook, made from a small bilingual grammar.

`phrases` returns some fifteen thousand short sentence pairs, the same on every machine. Pairs about
one combination of words (a verb and its object, an adjective and its noun) share a group, so that
whole combinations can be held out.
"""

from charseq.corpus.phrasebook.assembly import Phrase
from charseq.corpus.phrasebook.generator import phrases

__all__ = ["Phrase", "phrases"]
