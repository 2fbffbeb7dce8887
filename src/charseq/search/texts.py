"""Many texts at once, answered by the search that is asked for."""

from collections.abc import Sequence
from itertools import repeat

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charseq.answering.lexicon import Lexicon
from charseq.config import DecodingConfig
from charseq.encoding import NEVER_COPIED, Rows, encode_conditions, encode_inputs
from charseq.hypothesis import Hypothesis
from charseq.model import Memory, Seq2Seq, State, Step
from charseq.modelfile import ModelDescription
from charseq.search.batches import MOST_ROWS, in_batches
from charseq.search.beam import beam_search
from charseq.search.constraint import Constraint, together
from charseq.search.copies import Copies
from charseq.search.lexicon import Trie
from charseq.search.prefixes import Prefixes
from charseq.search.sampling import sample
from charseq.text import Input, Vocabulary

GREEDY = DecodingConfig()
NOTHING = [Hypothesis((), 0.0, False)]


def answer_texts(
    model: Seq2Seq,
    step: Step,
    description: ModelDescription,
    inputs: Sequence[Input],
    decoding: DecodingConfig = GREEDY,
    *,
    prefixes: Sequence[str] | None = None,
    lexicon: Lexicon | None = None,
    first: int = 0,
) -> list[list[Hypothesis]]:
    """Answer each input, in order, with its best hypotheses, best first.

    A source without symbols is answered with nothing, whatever is asked for. Where a prefix and a
    lexicon leave no answer within the limit, the one hypothesis is not `possible`.

    Args:
        model: on the device where the work is done.
        step: its stepper, made once for many calls.
        description: of that model.
        inputs: sources with the features and languages that the model knows; equal ones are
            answered once, but in sampling.
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
    sources, copies = encoded.sequences, encoded.copies
    forced = [description.targets.ids(start) for _, start, _ in asked]
    device = model.device

    def answered(rows: Rows) -> list[list[Hypothesis]]:
        lengths = torch.from_numpy(sources.lengths[rows])
        copied = None
        if copies is not None:
            copied = torch.from_numpy(copies.padded(rows, fill=NEVER_COPIED)).to(device)
        memory, state = model.encode(
            torch.from_numpy(sources.padded(rows, fill=0)).to(device),
            lengths,
            copied,
            torch.from_numpy(encoded.conditions[rows]).to(device),
        )
        begun = [forced[row] for row in rows]
        # The limit goes by the text alone.
        limit_of = description.output_limit.of
        lengths_of_texts = encoded.text_lengths[rows].tolist()
        limits = torch.tensor(
            [
                max(limit_of(length), len(start) + 1)
                for length, start in zip(lengths_of_texts, begun, strict=True)
            ]
        )
        return found(
            step,
            memory,
            state,
            description.targets,
            limits,
            together(
                None if copied is None else Copies.of(copied, len(description.targets)),
                Prefixes.of(begun, device) if any(begun) else None,
                None if lexicon is None else Trie.of(lexicon, device).within(limits.to(device)),
            ),
            decoding,
            np.array([asked[row][2] for row in rows]),
        )

    most_rows = max(1, MOST_ROWS // decoding.beam)
    answers = in_batches(answered, sources.lengths, device=device, most_rows=most_rows)
    by_question = dict(zip(asked, answers, strict=True))
    return [by_question.get(question, NOTHING) for question in questions]


def found(
    step: Step,
    memory: Memory,
    state: State,
    vocabulary: Vocabulary,
    limits: Tensor,
    constraint: Constraint | None,
    decoding: DecodingConfig,
    numbers: NDArray[np.int64],
) -> list[list[Hypothesis]]:
    """Search as `decoding` says, and return the n best hypotheses of each row, best first."""
    if not decoding.sample:
        return beam_search(
            step,
            memory,
            state,
            vocabulary,
            limits,
            beam=decoding.beam,
            n_best=decoding.n_best,
            length_penalty=decoding.length_penalty,
            constraint=constraint,
        )
    drawn = sample(
        step,
        memory,
        state,
        vocabulary,
        limits,
        numbers=numbers,
        seed=decoding.seed,
        temperature=decoding.temperature,
        top_k=decoding.top_k,
        top_p=decoding.top_p,
        constraint=constraint,
    )
    return [[hypothesis] for hypothesis in drawn]


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
