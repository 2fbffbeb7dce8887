"""Answering with a model, whatever engine computes it: all of a translator except its loading."""

from charseq.answering.alignments import align_pairs, refuse_without_attention
from charseq.answering.answers import align_answers, explain_answers
from charseq.answering.base import STREAM_CHUNK, BaseTranslator
from charseq.answering.batches import in_pieces
from charseq.answering.columns import symbols_read
from charseq.answering.corpora import (
    as_in_training,
    conditions_of,
    corpus_to_score,
    refuse_other_columns,
    refuse_settings_of_memory,
    refuse_without_conditions,
    telling_of_columns,
    warn_of_training_corpus,
)
from charseq.answering.engine import Asked, Engine, Forced, ForcedScores
from charseq.answering.explanations import explain_pairs, write_symbols
from charseq.answering.lexicon import Lexicon
from charseq.answering.pairs import MOST_WEIGHTS, score_pairs
from charseq.answering.texts import GREEDY, answer_texts, spelt
from charseq.answering.translations import LONGEST_SOURCE

__all__ = [
    "GREEDY",
    "LONGEST_SOURCE",
    "MOST_WEIGHTS",
    "STREAM_CHUNK",
    "Asked",
    "BaseTranslator",
    "Engine",
    "Forced",
    "ForcedScores",
    "Lexicon",
    "align_answers",
    "align_pairs",
    "answer_texts",
    "as_in_training",
    "conditions_of",
    "corpus_to_score",
    "explain_answers",
    "explain_pairs",
    "in_pieces",
    "refuse_other_columns",
    "refuse_settings_of_memory",
    "refuse_without_attention",
    "refuse_without_conditions",
    "score_pairs",
    "spelt",
    "symbols_read",
    "telling_of_columns",
    "warn_of_training_corpus",
    "write_symbols",
]
