"""Answering with a model, whatever engine computes it: the public face but for its loading."""

from charseq.answering.engine import Asked, Engine, Forced, Look
from charseq.answering.lexicon import Lexicon

__all__ = ["Asked", "Engine", "Forced", "Lexicon", "Look"]
