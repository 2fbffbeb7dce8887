"""Outputs to score: a model's, or the lines of a file."""

import codecs
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from charseq.corpus import Pair
from charseq.corpus.files import in_plain_words
from charseq.errors import DataError, visible
from charseq.modelfile import read_model
from charseq.results import Translation


def is_model(name: str) -> bool:
    """Return whether a file is a model by its name."""
    return Path(name).suffix == ".safetensors"


def target_separator_of(model: str) -> str:
    """Return what separates the symbols of a model's answers; empty where they are characters."""
    return read_model(model)[0].config.model_dump().get("target_separator") or ""


def translate_all(model: str, sources: list[str]) -> list[Translation]:
    """Return a model's answers; those that it refused are counted on standard error."""
    from charseq.translator import load  # Only this needs torch.

    translations = load(model).translate(sources)
    refused = [translation for translation in translations if translation.error is not None]
    if refused:
        first = refused[0]
        typer.echo(
            f"charseq: the model refused {len(refused):,} of {len(sources):,} sources, which count"
            f" as empty outputs; the first: {visible(first.source)}: {first.error}",
            err=True,
        )
    return translations


def read_outputs(name: str) -> list[str]:
    """Return the lines of a file as they stand; one that is empty is an empty output.

    Raises:
        DataError: if a line is not UTF-8.
        UsageError: if there is no such file.
        MachineError: if it cannot be read.
    """
    where = place_of(name)
    with in_plain_words(where):
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    if not lines[-1]:
        lines.pop()
    texts = []
    for number, line in enumerate(lines, start=1):
        try:
            texts.append(line.decode().removesuffix("\r"))
        except UnicodeDecodeError as error:
            raise DataError(
                f"{where}:{number}: not valid UTF-8: byte {error.start + 1} is"
                f" 0x{line[error.start]:02x}"
            ) from None
    return texts


def place_of(name: str) -> str:
    """Return what messages call the file `name`."""
    return "standard input" if name == "-" else name


def sources_and_outputs(
    lines: Sequence[str], pairs: Sequence[Pair], right: Mapping[str, object], name: str
) -> tuple[list[str], list[str]]:
    """Return the sources and outputs that the lines of a file stand for.

    Args:
        lines: one for each distinct source in order, or one for each pair.
        pairs: those of the corpus.
        right: the references by source.
        name: of the file.

    Raises:
        DataError: if there are as many lines as neither sources nor pairs.
    """
    if len(lines) == len(right):
        return list(right), list(lines)
    if len(lines) == len(pairs):
        # A source with several pairs counts once, as it does when a model is scored, unless it was
        # answered in several ways.
        answers = dict.fromkeys(zip((pair.source for pair in pairs), lines, strict=True))
        return [source for source, _ in answers], [output for _, output in answers]
    raise DataError(
        f"{place_of(name)} has {len(lines):,} lines, but the corpus has {len(right):,} distinct"
        f" sources in {len(pairs):,} pairs: give one line for each source, or one for each pair"
    )


def one_output_each(
    lines: Sequence[str], pairs: Sequence[Pair], right: Mapping[str, object], name: str
) -> list[str]:
    """Return the one output that the lines of a file have for each distinct source.

    Raises:
        DataError: if there are as many lines as neither sources nor pairs, or a source was answered
            in several ways.
    """
    sources, outputs = sources_and_outputs(lines, pairs, right, name)
    if len(sources) > len(right):
        seen: dict[str, int] = {}
        for number, (pair, line) in enumerate(zip(pairs, lines, strict=True), start=1):
            first = seen.setdefault(pair.source, number)
            if line != lines[first - 1]:
                raise DataError(
                    f"{place_of(name)} answers {visible(pair.source)} in line {first:,} with"
                    f" {visible(lines[first - 1])} and in line {number:,} with {visible(line)}:"
                    " to compare, give one output for each distinct source"
                )
    return outputs
