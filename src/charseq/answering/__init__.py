"""Answering with a model, whatever engine computes it: the public face but for its loading."""

from charseq.answering.alignments import align_pairs, refuse_without_attention, symbols_read
from charseq.answering.corpora import (
    as_in_training,
    conditions_of,
    corpus_to_score,
    refuse_other_columns,
    refuse_without_conditions,
    telling_of_columns,
)
from charseq.answering.engine import Asked, Engine, Forced, Look
from charseq.answering.explanations import explain_pairs, write_symbols
from charseq.answering.face import LONGEST_SOURCE, STREAM_CHUNK, Answering
from charseq.answering.lexicon import Lexicon
from charseq.answering.pairs import score_pairs
from charseq.answering.texts import GREEDY, answer_texts, spelt

__all__ = [
    "GREEDY",
    "LONGEST_SOURCE",
    "STREAM_CHUNK",
    "Answering",
    "Asked",
    "Engine",
    "Forced",
    "Lexicon",
    "Look",
    "align_pairs",
    "answer_texts",
    "as_in_training",
    "conditions_of",
    "corpus_to_score",
    "explain_pairs",
    "refuse_other_columns",
    "refuse_without_attention",
    "refuse_without_conditions",
    "score_pairs",
    "spelt",
    "symbols_read",
    "telling_of_columns",
    "write_symbols",
]
