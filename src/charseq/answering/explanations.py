"""Explanations of answers: the alternatives to each symbol, and what was attended to."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from charseq.answering.columns import Columns, begun_columns, symbols_read
from charseq.answering.engine import Engine, ForcedScores
from charseq.answering.names import ColumnNames
from charseq.answering.pairs import forced_of, forced_scores
from charseq.answering.texts import GREEDY, asked_of, limits_of
from charseq.encoding import Sequences, encode_inputs
from charseq.modelfile import ModelDescription
from charseq.results import END_LABEL, Explanation, WrittenSymbol
from charseq.text import Input, Vocabulary

RUNNERS_UP = 5

ONLY_ROW = np.zeros(1, np.int64)
UNREAD_END = WrittenSymbol(END_LABEL, 0.0, end=True)


def explain_pairs(
    engine: Engine,
    description: ModelDescription,
    inputs: Sequence[Input],
    targets: Sequence[str],
    columns: Sequence[Columns | None],
) -> list[Explanation]:
    """Explain each target, including its end, given its input.

    A target symbol that the model cannot write is read as unknown by those that follow it. A source
    without symbols is answered with nothing, with certainty.

    Args:
        engine: the engine that answers.
        description: the description of its model.
        inputs: the sources of the pairs, with their features and languages.
        targets: one for each input.
        columns: the columns that each target was written with, if they are known.
    """
    best = _to_ask_for(description.targets)
    found = forced_scores(
        lambda scores: scores,
        engine,
        description,
        inputs,
        targets,
        columns,
        weights=True,
        best=best,
    )
    return [
        _explanation(description, each, target, known, scores)
        for each, target, known, scores in zip(inputs, targets, columns, found, strict=True)
    ]


def write_symbols(
    engine: Engine, description: ModelDescription, each: Input, prefix: str = ""
) -> Iterator[WrittenSymbol]:
    """Yield the greedy answer to an input symbol by symbol, as it is written, then its end.

    There is no end if the limit comes first, and nothing at all if no answer is possible. An engine
    writes whole answers, so it is repeatedly asked for one that begins with all that is written and
    is a little longer (by 1, 1, 2, 3, 5, … symbols, Fibonacci's numbers); altogether, it writes
    less than four times the answer.

    Args:
        engine: the engine that answers.
        description: the description of its model.
        each: the input.
        prefix: what the answer must begin with; its symbols are yielded too.
    """
    if not symbols_read(description, each)[0]:
        yield UNREAD_END
        return
    names, writes = ColumnNames.of(description, each), description.targets
    start, end = writes.frame
    encoded = encode_inputs([each], description.sources, writes, description.config)
    (begun,) = begun_columns([each], [prefix], description, encoded.conditions)
    (limit,) = limits_of(description, encoded, [begun]).tolist()
    written, told, further, before = list(begun), 0, 1, 0
    while True:
        until = min(limit, len(written) + further)
        asked = asked_of(encoded, ONLY_ROW, np.array([until]), [written], ONLY_ROW)
        # Not while a symbol is yielded, since its consumer may do anything meanwhile.
        with engine.at_once():
            ((answer,),) = engine.answers(asked, GREEDY, None)
            if not answer.possible:
                return
            columns = np.array([start, *answer.ids, end], np.int32)
            whole = Sequences.of(columns, np.array([len(columns)]))
            forced = forced_of(encoded, whole, ONLY_ROW, writes)
            (scores,) = engine.force(forced, weights=True, best=_to_ask_for(writes))
        symbols = [names.of_column(column) for column in answer.ids]
        ending = [] if answer.cut else [None]
        for place, symbol in enumerate([*symbols, *ending][told:], told):
            yield _written(names, symbol, scores, place)
        if not answer.cut or until == limit:
            return
        written, told = list(answer.ids), len(answer.ids)
        further, before = further + before, further


def _to_ask_for(vocabulary: Vocabulary) -> int:
    """Return how many columns to ask for: runners-up, the chosen one and what is never written."""
    return RUNNERS_UP + len(vocabulary.special)


def _written(
    names: ColumnNames, symbol: str | None, scores: ForcedScores, place: int
) -> WrittenSymbol:
    """Return the scores of the symbol at a place of a target; None stands for its end."""
    label = END_LABEL if symbol is None else symbol
    runners_up: list[tuple[str, float]] = []
    if scores.best is not None and scores.best_log_probabilities is not None:
        others = map(names.of_column, scores.best[place].tolist())
        pairs = zip(others, scores.best_log_probabilities[place].tolist(), strict=True)
        runners_up = [(other, gain) for other, gain in pairs if other not in ("", label)]
    return WrittenSymbol(
        label,
        float(scores.log_probabilities[place]),
        tuple(runners_up[:RUNNERS_UP]),
        () if scores.weights is None else tuple(scores.weights[place].tolist()),
        None if scores.copying is None else float(scores.copying[place]),
        end=symbol is None,
    )


def _explanation(
    description: ModelDescription,
    each: Input,
    target: str,
    columns: Columns | None,
    scores: ForcedScores | None,
) -> Explanation:
    names = ColumnNames.of(description, each)
    symbols = [*names.written(target, columns), None]
    if scores is None:
        # A source that is not read is answered with nothing, with certainty.
        found = [WrittenSymbol(symbol, -math.inf) for symbol in symbols if symbol is not None]
        found.append(UNREAD_END)
    else:
        found = [_written(names, symbol, scores, place) for place, symbol in enumerate(symbols)]
    read, conditions = symbols_read(description, each)
    return Explanation(
        source=each.source,
        target=target,
        source_symbols=read,
        symbols=tuple(found),
        conditions=conditions,
        features=each.features,
        language=each.language,
    )
