"""Finding answers: every search drives the model's one `step` and nothing else of it."""

from charseq.answering.lexicon import Lexicon
from charseq.hypothesis import Hypothesis
from charseq.search.alignments import align_pairs, refuse_without_attention
from charseq.search.beam import beam_search
from charseq.search.greedy import greedy
from charseq.search.pairs import score_pairs
from charseq.search.sampling import sample
from charseq.search.texts import GREEDY, answer_texts, spelt

__all__ = [
    "GREEDY",
    "Hypothesis",
    "Lexicon",
    "align_pairs",
    "answer_texts",
    "beam_search",
    "greedy",
    "refuse_without_attention",
    "sample",
    "score_pairs",
    "spelt",
]
