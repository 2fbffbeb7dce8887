"""Outputs to score: a model's, or the lines of a file."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from charseq.answering import BaseTranslator, conditions_of
from charseq.cli.telling import note, warn
from charseq.config import DecodingConfig
from charseq.corpus import Pair
from charseq.corpus.checking.separators import idle_separator
from charseq.corpus.checking.sides import Side
from charseq.corpus.faults import BadLineError
from charseq.corpus.lines import lines_of, text_of
from charseq.errors import DataError, UsageError, counted, visible
from charseq.files import in_plain_words
from charseq.results import Translation
from charseq.text import Form, Input, Spelling


def warn_of_impossible(impossible: int, targets: int) -> None:
    """Warn if there are targets that a model cannot write."""
    if impossible:
        warn(
            f"{impossible:,} of {targets:,} targets contain symbols that the model cannot write;"
            " their log-probability is minus infinity"
        )


def translate_all(
    model: BaseTranslator, inputs: list[Input], decoding: DecodingConfig
) -> list[Translation]:
    """Return a model's answers; those that it refused are counted on standard error.

    Features and languages that the model was trained without are not passed on, with a note.
    """
    known = model.description.sources.conditions
    for what, read, given in (
        ("features", known.features, (each.features for each in inputs)),
        ("languages", known.languages, (each.language for each in inputs)),
    ):
        if not read and any(given):
            note(f"a model takes no {what}, and answers without them")
    translations = model.translate(
        [each.source for each in inputs], **conditions_of(inputs, known), **decoding.model_dump()
    )
    refused = [translation for translation in translations if translation.error is not None]
    if refused:
        first = refused[0]
        note(
            f"the model refused {len(refused):,} of {len(inputs):,} inputs, which count as empty"
            f" outputs; the first: {visible(first.source)}: {first.error}"
        )
    return translations


def refuse_tab(number: int, cells: Sequence[str], otherwise: str = "") -> None:
    """Raise a `DataError` if a pair, by its number, cannot be written as cells of TSV."""
    if any("\t" in cell for cell in cells):
        raise DataError(f"pair {number:,} contains a tab, which a cell of TSV cannot{otherwise}")


def refuse_decoding(decoding: Mapping[str, object], where: str) -> None:
    """Raise a `UsageError` if decoding settings are given, but there is no model to use them."""
    if decoding:
        options = " and ".join(f"--{name.replace('_', '-')}" for name in decoding)
        raise UsageError(f"{where}: omit {options}")


def warn_of_idle_separator(pairs: Sequence[Pair], spelling: Spelling) -> None:
    """Warn if the separator that was named occurs in no target, so that each counts as a symbol."""
    for found in idle_separator(Side("target", [pair.target for pair in pairs], spelling)):
        warn(f"{found.what}: {found.advice}")


def beam_note(decoding: DecodingConfig) -> str:
    """Return a note on the beam, if any, to append to the name of a model or its outputs."""
    if decoding.beam == 1:
        return ""
    return f" (beam {decoding.beam:,}, length penalty {decoding.length_penalty:g})"


def read_outputs(name: str) -> list[str]:
    """Return the lines of a file unchanged; an empty line is an empty output.

    Raises:
        DataError: if a line is too long, or not UTF-8.
        UsageError: if there is no such file.
        MachineError: if it cannot be read.
    """
    where = place_of(name)
    texts: list[str] = []
    with (
        in_plain_words(where),
        nullcontext(sys.stdin.buffer) if name == "-" else Path(name).open("rb") as stream,
    ):
        for line in lines_of(stream):
            try:
                texts.append(text_of(line))
            except BadLineError as fault:
                raise DataError(f"{where}:{len(texts) + 1}: {fault}") from None
    return texts


def place_of(name: str) -> str:
    """Return what messages call the file `name`."""
    return "standard input" if name == "-" else name


def inputs_and_outputs(
    lines: Sequence[str],
    pairs: Sequence[Pair],
    right: Mapping[Input, object],
    name: str,
    form: Form,
) -> tuple[list[Input], list[str]]:
    """Return the inputs and outputs that the lines of a file represent.

    Args:
        lines: one for each distinct input in order, or one for each pair.
        pairs: the pairs of the corpus.
        right: the references by input.
        name: the file's name.
        form: the normal form in which equal inputs count as one.

    Raises:
        DataError: if there are neither as many lines as sources nor as many as pairs.
    """
    if len(lines) == len(right):
        return list(right), list(lines)
    answered = _answered(lines, pairs)
    if len(lines) == len(answered):
        # A source with several pairs counts once, as it does when a model is scored, unless it was
        # answered in several ways.
        first = {each.normalised(form): each for each in right}
        inputs = (first[each.normalised(form)] for each in answered)
        answers = dict.fromkeys(zip(inputs, lines, strict=True))
        return [each for each, _ in answers], [output for _, output in answers]
    raise DataError(
        f"{place_of(name)} has {counted(len(lines), 'line')}, but the corpus has"
        f" {counted(len(right), 'distinct input')} in {counted(len(pairs), 'pair')}: give one line"
        " for each input, or one for each pair"
    )


def one_output_each(
    lines: Sequence[str],
    pairs: Sequence[Pair],
    right: Mapping[Input, object],
    name: str,
    form: Form,
) -> list[str]:
    """Return the one output that the lines of a file have for each distinct input.

    Raises:
        DataError: if there are neither as many lines as sources nor as many as pairs, or a source
            was answered in several ways.
    """
    inputs, outputs = inputs_and_outputs(lines, pairs, right, name, form)
    if len(inputs) > len(right):
        seen: dict[Input, int] = {}
        answered = zip(_answered(lines, pairs), lines, strict=True)
        for number, (each, line) in enumerate(answered, start=1):
            first = seen.setdefault(each.normalised(form), number)
            if line != lines[first - 1]:
                raise DataError(
                    f"{place_of(name)} answers {visible(each.label())} in line {first:,} with"
                    f" {visible(lines[first - 1])} and in line {number:,} with {visible(line)}:"
                    " to compare, give one output for each distinct input"
                )
    return outputs


def _answered(lines: Sequence[str], pairs: Sequence[Pair]) -> list[Input]:
    """Return the unchanged inputs that lines represent: each once, or all in order."""
    inputs = [pair.input for pair in pairs]
    distinct = list(dict.fromkeys(inputs))
    return distinct if len(lines) == len(distinct) else inputs
