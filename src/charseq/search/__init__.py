"""Finding answers: every search drives the model's one `step` and nothing else of it."""

from charseq.search.greedy import Hypothesis, greedy
from charseq.search.texts import answer_texts, spelt

__all__ = ["Hypothesis", "answer_texts", "greedy", "spelt"]
