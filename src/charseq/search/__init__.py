"""Finding answers: every search drives the model's one `step` and nothing else of it."""

from charseq.search.beam import beam_search
from charseq.search.greedy import greedy
from charseq.search.hypothesis import Hypothesis
from charseq.search.lexicon import Lexicon
from charseq.search.pairs import score_pairs
from charseq.search.sampling import sample
from charseq.search.texts import GREEDY, answer_texts, spelt

__all__ = [
    "GREEDY",
    "Hypothesis",
    "Lexicon",
    "answer_texts",
    "beam_search",
    "greedy",
    "sample",
    "score_pairs",
    "spelt",
]
