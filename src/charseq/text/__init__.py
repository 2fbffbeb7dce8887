"""Texts, the symbols that they are cut into, and the symbols' ids."""

from charseq.text.normalisation import Form, has_hangul, normalised, own_form
from charseq.text.spelling import CHARACTERS, Spelling, Spellings
from charseq.text.vocabulary import Vocabulary

__all__ = [
    "CHARACTERS",
    "Form",
    "Spelling",
    "Spellings",
    "Vocabulary",
    "has_hangul",
    "normalised",
    "own_form",
]
