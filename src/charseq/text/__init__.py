"""Inputs and texts, the symbols that they are cut into, and the symbols' ids."""

from charseq.text.conditions import TEXTS_ALONE, Conditions
from charseq.text.inputs import Features, Input, can_be_iterated, features_of, inputs_of
from charseq.text.normalisation import (
    Form,
    has_half,
    has_hangul,
    is_normalised,
    normalised,
    own_form,
)
from charseq.text.spelling import CHARACTERS, PLAIN, Spelling, Spellings, with_form
from charseq.text.vocabulary import Vocabulary

__all__ = [
    "CHARACTERS",
    "PLAIN",
    "TEXTS_ALONE",
    "Conditions",
    "Features",
    "Form",
    "Input",
    "Spelling",
    "Spellings",
    "Vocabulary",
    "can_be_iterated",
    "features_of",
    "has_half",
    "has_hangul",
    "inputs_of",
    "is_normalised",
    "normalised",
    "own_form",
    "with_form",
]
