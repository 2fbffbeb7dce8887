"""Many texts at once, answered by an engine."""

from collections.abc import Sequence
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from charseq.answering.batches import in_batches, symbols_suiting
from charseq.answering.columns import begun_columns
from charseq.answering.engine import Asked, Engine
from charseq.answering.lexicon import Lexicon
from charseq.config import DecodingConfig
from charseq.encoding import NEVER_COPIED, EncodedInputs, Rows, encode_conditions, encode_inputs
from charseq.hypothesis import Hypothesis
from charseq.modelfile import ModelDescription
from charseq.text import Input

GREEDY = DecodingConfig()
NOTHING = [Hypothesis((), 0.0, False)]


def answer_texts(
    engine: Engine,
    description: ModelDescription,
    inputs: Sequence[Input],
    decoding: DecodingConfig = GREEDY,
    *,
    prefixes: Sequence[str] | None = None,
    lexicon: Lexicon | None = None,
    first: int = 0,
) -> list[list[Hypothesis]]:
    """Answer each input, in order, with its best hypotheses, best first.

    A source without symbols is answered with nothing, whatever is asked for. If a prefix and a
    lexicon leave no answer within the limit, the only hypothesis is not `possible`.

    Args:
        engine: the engine that answers.
        description: the description of its model.
        inputs: sources with the features and languages that the model knows; equal ones are
            answered once, except in sampling.
        decoding: how answers are found.
        prefixes: what each answer must begin with, spelt in the target vocabulary; the output limit
            makes room for it.
        lexicon: the only answers that may be given.
        first: the number of the first input in sampling: what is drawn for an input depends on its
            number.
    """
    starts = repeat("") if prefixes is None else prefixes
    questions = [
        (each, start, number if decoding.sample else 0)
        for number, (each, start) in enumerate(zip(inputs, starts, strict=False), first)
    ]
    symbols = description.sources.spelling.symbols
    asked = [question for question in dict.fromkeys(questions) if symbols(question[0].source)]
    distinct = [each for each, _, _ in asked]
    encoded = encode_inputs(distinct, description.sources, description.targets, description.config)
    prefixes = [start for _, start, _ in asked]
    begun = begun_columns(distinct, prefixes, description, encoded.conditions)
    limits = limits_of(description, encoded, begun)
    numbers = np.array([number for _, _, number in asked], np.int64)

    def answered(rows: Rows) -> list[list[Hypothesis]]:
        some = asked_of(encoded, rows, limits, begun, numbers)
        return engine.answers(some, decoding, lexicon)

    answers = in_batches(
        engine,
        answered,
        encoded.sequences.lengths,
        most_rows=engine.most_rows(decoding.beam),
        # Each hypothesis of a beam has its source's memory.
        most_symbols=symbols_suiting(engine) // decoding.beam,
    )
    by_question = dict(zip(asked, answers, strict=True))
    return [by_question.get(question, NOTHING) for question in questions]


def limits_of(
    description: ModelDescription, encoded: EncodedInputs, prefixes: Sequence[Sequence[int]]
) -> NDArray[np.int64]:
    """Return the output limit of each input, in symbols, (inputs,); only the text determines it.

    Args:
        description: the model's description.
        encoded: the inputs.
        prefixes: what their answers begin with; the limit always leaves room for it.
    """
    of, lengths = description.output_limit.of, encoded.text_lengths.tolist()
    limits = [max(of(n), len(start) + 1) for n, start in zip(lengths, prefixes, strict=True)]
    return np.array(limits, np.int64)


def asked_of(
    encoded: EncodedInputs,
    rows: Rows,
    limits: NDArray[np.int64],
    prefixes: Sequence[Sequence[int]],
    numbers: NDArray[np.int64],
) -> Asked:
    """Return what an engine is asked for the inputs at `rows`.

    Args:
        encoded: all inputs.
        rows: the places of the inputs to ask for.
        limits: the limits of all inputs, (inputs,).
        prefixes: the prefixes of all inputs, as columns.
        numbers: the numbers of all inputs, (inputs,).
    """
    copies = encoded.copies
    return Asked(
        encoded.sequences.padded(rows, fill=0),
        encoded.sequences.lengths[rows],
        encoded.conditions[rows],
        None if copies is None else copies.padded(rows, fill=NEVER_COPIED),
        limits[rows],
        [prefixes[row] for row in rows],
        numbers[rows],
    )


def spelt(
    description: ModelDescription, inputs: Sequence[Input], hypotheses: Sequence[Hypothesis]
) -> list[str]:
    """Return the texts of answers; what was copied is spelt as in its source."""
    targets = description.targets
    if not description.config.copying:
        return [targets.text(hypothesis.ids) for hypothesis in hypotheses]
    conditions = encode_conditions(inputs, description.sources).lengths.tolist()
    symbols = description.sources.spelling.symbols
    return [
        targets.text(hypothesis.ids, [""] * before + list(symbols(each.source)))
        for each, hypothesis, before in zip(inputs, hypotheses, conditions, strict=True)
    ]
