"""The answers to texts that are asked in one manner, as clients read them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from charseq.answering import BaseTranslator, explain_answers
from charseq.serve.questions import AskedText, Question


class Manner(NamedTuple):
    """How texts are asked; those that are asked alike may be answered together.

    Attributes:
        decoding: the settings of `DecodingConfig` that are not the default.
        features: whether features are given.
        language: whether a language is.
        prefix: whether an answer's beginning is.
        explain: whether answers are explained.
        alone: what no other request has, where none may share the batch: what is drawn for a text
            depends on its number, and explanations take much memory.
        first: the number of the first text.
    """

    decoding: tuple[tuple[str, Any], ...] = ()
    features: bool = False
    language: bool = False
    prefix: bool = False
    explain: bool = False
    alone: object = None
    first: int = 0


def manner_of(question: Question) -> Manner:
    """Return how a question asks."""
    return Manner(
        tuple(question.decoding().items()),
        question.features is not None,
        question.language is not None,
        question.prefix is not None,
        question.explain,
        object() if question.sample or question.explain else None,
    )


def answers(
    translator: BaseTranslator, manner: Manner, asked: Sequence[AskedText]
) -> list[dict[str, Any]]:
    """Return a translation for each text, and its explanation if that is asked for.

    Raises:
        UsageError: as `BaseTranslator.translate` does.
    """
    conditions: dict[str, Any] = {
        "features": [each.features for each in asked] if manner.features else None,
        "language": [each.language for each in asked] if manner.language else None,
    }
    translations = translator.translate(
        [each.text for each in asked],
        **conditions,
        prefix=[each.prefix for each in asked] if manner.prefix else None,
        first=manner.first,
        **dict(manner.decoding),
    )
    found = [translation.as_dict() for translation in translations]
    if manner.explain:
        explanations = explain_answers(translator.engine, translator.description, translations)
        for fields, explanation in zip(found, explanations, strict=True):
            if explanation.error is None:
                fields["explanation"] = {
                    "source_symbols": explanation.source_symbols,
                    "conditions": explanation.conditions,
                    "symbols": [each.as_dict() for each in explanation.symbols],
                }
    return found
