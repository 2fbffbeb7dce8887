"""The answers to texts that are asked in one manner, as clients read them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from charseq.serve.questions import Asked, Question

if TYPE_CHECKING:
    from charseq.translator import Translator


class Manner(NamedTuple):
    """How texts are asked; those that are asked alike may be answered together.

    Attributes:
        decoding: the settings of `DecodingConfig` that are not the default.
        features: whether features are given.
        language: whether a language is.
        prefix: whether an answer's beginning is.
        explain: whether answers are explained.
        drawn: what no other request has, where answers are drawn: what is drawn for a text depends
            on its number, and must not on the company.
        first: the number of the first text.
    """

    decoding: tuple[tuple[str, Any], ...] = ()
    features: bool = False
    language: bool = False
    prefix: bool = False
    explain: bool = False
    drawn: object = None
    first: int = 0


def manner_of(question: Question) -> Manner:
    """Return how a question asks."""
    return Manner(
        tuple(question.decoding().items()),
        question.features is not None,
        question.language is not None,
        question.prefix is not None,
        question.explain,
        object() if question.sample else None,
    )


def answers(
    translator: "Translator", manner: Manner, asked: Sequence[Asked]
) -> list[dict[str, Any]]:
    """Return a translation for each text, and its explanation if that is asked for.

    Raises:
        UsageError: as `Translator.translate` does.
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
    return [translation.as_dict() for translation in translations]
