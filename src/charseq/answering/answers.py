"""Aligning answers, or given targets in their place, with their sources, and explaining them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from charseq.answering.alignments import align_pairs
from charseq.answering.engine import Engine
from charseq.answering.explanations import explain_pairs
from charseq.answering.given import refuse_unequal
from charseq.answering.pairs import too_large
from charseq.answering.unseen import unseen_of_each
from charseq.modelfile import ModelDescription
from charseq.results import Alignment, Explanation, Translation
from charseq.text import Input

OfAnAnswer = TypeVar("OfAnAnswer", Alignment, Explanation)


def given_answers(
    description: ModelDescription, inputs: Sequence[Input], targets: Sequence[str]
) -> list[Translation]:
    """Return given targets as the answers to their sources.

    Raises:
        UsageError: if there are more inputs than targets, or fewer.
    """
    refuse_unequal(inputs, targets)
    return [
        Translation(
            each.source,
            target,
            unknown_symbols=tuple(unseen.symbols),
            unknown_features=tuple(unseen.features),
            features=each.features,
            language=each.language,
        )
        for each, target, unseen in zip(
            inputs, targets, unseen_of_each(description, inputs), strict=True
        )
    ]


def align_answers(
    engine: Engine, description: ModelDescription, answers: Sequence[Translation]
) -> list[Alignment]:
    """Align answers with their sources; what is refused or too long has `error` set.

    Args:
        engine: the engine that answers.
        description: the description of its model, which has attention.
        answers: that model's answers, or given ones.
    """
    answers = [_within_bounds(description, each) for each in answers]
    found = align_pairs(engine, description, *_read(answers), [each.columns for each in answers])
    return _of_answers(found, answers)


def explain_answers(
    engine: Engine, description: ModelDescription, answers: Sequence[Translation]
) -> list[Explanation]:
    """Explain answers; cut ones have no end, and refused ones no symbols.

    Args:
        engine: the engine that answers.
        description: the description of its model.
        answers: that model's answers, or given ones; of abstentions, the withheld text is
            explained.
    """
    answers = [_within_bounds(description, each) for each in answers]
    found = explain_pairs(engine, description, *_read(answers), [each.columns for each in answers])
    return [_without_its_end(each) for each in _of_answers(found, answers)]


def _within_bounds(description: ModelDescription, answer: Translation) -> Translation:
    """Return an answer, refused if its alignment would take too much memory."""
    error = answer.error or too_large(description, answer.source, _text(answer))
    return answer if error == answer.error else replace(answer, error=error, columns=None)


def _read(answers: Sequence[Translation]) -> tuple[list[Input], list[str]]:
    """Return inputs and targets to read, with empty texts for what is refused."""
    read = [("", "") if each.error is not None else (each.source, _text(each)) for each in answers]
    inputs = [
        Input(source, each.features, each.language)
        for (source, _), each in zip(read, answers, strict=True)
    ]
    return inputs, [target for _, target in read]


def _of_answers(found: Sequence[OfAnAnswer], answers: Sequence[Translation]) -> list[OfAnAnswer]:
    """Return alignments or explanations, completed with what is known of their answers."""
    return [
        replace(
            each,
            source=answer.source,
            target=_text(answer),
            cut=answer.cut,
            unknown_symbols=answer.unknown_symbols,
            unknown_features=answer.unknown_features,
            error=answer.error,
        )
        for each, answer in zip(found, answers, strict=True)
    ]


def _text(answer: Translation) -> str:
    return answer.withheld or answer.hypothesis


def _without_its_end(explanation: Explanation) -> Explanation:
    """Return an explanation without its end if it was cut, and without symbols if refused."""
    if explanation.error is not None:
        return replace(explanation, symbols=())
    if explanation.cut:
        return replace(explanation, symbols=explanation.symbols[:-1])
    return explanation
