"""The answers to texts with equal options, in the form that clients read."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from charseq.answering import BaseTranslator, explain_answers
from charseq.serve.requests import RequestedText, TranslateRequest


class AnswerOptions(NamedTuple):
    """How to answer texts; those with equal options may share a batch.

    Attributes:
        decoding: the settings of `DecodingConfig` that are not the default.
        features: whether features are given.
        language: whether a language is given.
        prefix: whether a prefix is given.
        explain: whether answers are explained.
        alone: an object of its own if no other request may share the batch: what is sampled for a
            text depends on its number, and explanations take much memory.
        first: the number of the first text.
    """

    decoding: tuple[tuple[str, Any], ...] = ()
    features: bool = False
    language: bool = False
    prefix: bool = False
    explain: bool = False
    alone: object = None
    first: int = 0


def options_of(request: TranslateRequest) -> AnswerOptions:
    """Return the options of a request."""
    return AnswerOptions(
        tuple(request.decoding().items()),
        request.features is not None,
        request.language is not None,
        request.prefix is not None,
        request.explain,
        object() if request.sample or request.explain else None,
    )


def answers(
    translator: BaseTranslator, options: AnswerOptions, asked: Sequence[RequestedText]
) -> list[dict[str, Any]]:
    """Return a translation for each text, with its explanation if that is asked for.

    Raises:
        UsageError: as `BaseTranslator.translate` does.
    """
    conditions: dict[str, Any] = {
        "features": [each.features for each in asked] if options.features else None,
        "language": [each.language for each in asked] if options.language else None,
    }
    translations = translator.translate(
        [each.text for each in asked],
        **conditions,
        prefix=[each.prefix for each in asked] if options.prefix else None,
        first=options.first,
        **dict(options.decoding),
    )
    found = [translation.as_dict() for translation in translations]
    if options.explain:
        explanations = explain_answers(translator.engine, translator.description, translations)
        for fields, explanation in zip(found, explanations, strict=True):
            if explanation.error is None:
                fields["explanation"] = {
                    "source_symbols": explanation.source_symbols,
                    "conditions": explanation.conditions,
                    "symbols": [each.as_dict() for each in explanation.symbols],
                }
    return found
