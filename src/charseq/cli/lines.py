"""Texts to answer, from the command line or line by line as they arrive, and reports on them.

In further columns, a line may contain a text's features and language.
"""

import codecs
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar, cast

import typer

from charseq.cli.telling import note, warn
from charseq.corpus.streams import GZIP, XZ, ZSTANDARD
from charseq.errors import DataError, counted
from charseq.modelfile import ModelDescription
from charseq.results import Alignment, Translation, Unseen
from charseq.text import Conditions

PIECE = 1 << 16
# No character takes more in UTF-8.
BYTES = 4
COMPRESSED = (GZIP, ZSTANDARD, XZ)
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

Answer = TypeVar("Answer", Translation, Alignment)


class Readable(Protocol):
    """A binary stream that returns what has arrived without waiting for more."""

    def read1(self, size: int, /) -> bytes:
        """Return up to `size` bytes, waiting only for the first."""


class Refused(NamedTuple):
    """A line that is not answered, why, and what else could be done about it."""

    text: str
    reason: str
    remedy: str = ""


class Lines(NamedTuple):
    """Lines that arrived together.

    Attributes:
        rows: the cells of each line by column name, or why it is refused.
        conditions: the lines' features and languages, as a `Translator` takes them.
    """

    rows: Sequence[dict[str, str] | Refused]
    conditions: dict[str, Any]

    @property
    def sources(self) -> list[str]:
        """The texts to answer: nothing in the place of a refused one."""
        return ["" if isinstance(row, Refused) else row["source"] for row in self.rows]

    def in_order(
        self, answers: Iterable[Answer], refused: Callable[[str, str], Answer]
    ) -> Iterator[Answer]:
        """Yield an answer for each line: from `answers` or, if it is refused, from `refused`."""
        for row, answer in zip(self.rows, answers, strict=True):
            if isinstance(row, Refused):
                yield refused(row.text, row.reason + row.remedy)
            else:
                yield answer


class Columns(NamedTuple):
    """The columns of each line after its source, and the values that apply to all lines."""

    names: list[str]
    features: str | None
    language: str | None

    @classmethod
    def of(cls, known: Conditions, features: str | None, language: str | None) -> "Columns":
        """Return the columns of lines for a model that knows some conditions.

        If `features` or `language` is given, it applies to all lines, and they lack that column.
        """
        names = ["features"] if known.features and features is None else []
        names += ["language"] if known.languages and language is None else []
        return cls(names, features, language)

    def read(self, lines: Iterable[bytes], longest: int) -> Lines:
        """Cut lines into cells; lines of more than `longest` characters may be incomplete."""
        rows = [_cells(line, self.names, longest) for line in lines]
        conditions = {
            name: ["" if isinstance(row, Refused) else row[name] for row in rows]
            if name in self.names
            else given
            for name, given in (("features", self.features), ("language", self.language))
        }
        return Lines(rows, conditions)


@dataclass
class Tally:
    """Counts of all answers, to report at the end.

    `kind` is what messages call an item to answer, and `answer` what they call its answer; answers
    below `least_confidence` are left empty. With a model's `description`, sources are counted that
    are shorter or longer than all that it was trained on.
    """

    kind: str = "line"
    answer: str = "answer"
    least_confidence: float | None = None
    description: ModelDescription | None = None
    number: int = 0
    abstained: int = 0
    cut: int = 0
    refused: int = 0
    shorter: int = 0
    longer: int = 0
    unseen: Unseen = field(default_factory=Unseen)

    def add(self, answer: Translation | Alignment) -> None:
        """Count an answer; if there is none, report at once why."""
        self.number += 1
        self.cut += answer.cut
        abstained = isinstance(answer, Translation) and answer.abstained
        self.abstained += abstained
        if answer.unknown_symbols or answer.unknown_features:
            self.unseen = self.unseen.joined(Unseen.of([answer]))
        answered = answer.source and answer.error is None and not abstained
        if self.description is not None and answered:
            length = self.description.sources.spelling.length(answer.source)
            self.shorter += length < _known(self.description, "shortest_source", 0)
            self.longer += length > _known(self.description, "longest_source", length)
        if answer.error is not None:
            self.refused += 1
            note(f"{self.kind} {self.number}: {answer.error}")

    def report(self) -> None:
        """Warn of what there was.

        Raises:
            DataError: if some were refused.
        """
        if self.abstained:
            note(
                f"{self.abstained:,} of {self.number:,} answers have a confidence below"
                f" {self.least_confidence:g} and are left empty"
            )
        if any(self.unseen):
            warn(self.unseen.warning())
        if self.description is not None and (self.shorter or self.longer):
            warn(_unlike_training(self, self.description))
        if self.cut:
            warn(f"{self.cut:,} of {self.number:,} answers hit the output limit")
        if self.refused:
            raise DataError(
                f"{self.refused:,} of {self.number:,} {self.kind}s were refused; their"
                f" {self.answer}s are empty"
            )


def _unlike_training(tally: Tally, description: ModelDescription) -> str:
    counts = [
        f"{count:,} {manner} than any source in training ({counted(known, 'symbol')})"
        for count, manner, known in (
            (tally.shorter, "shorter", _known(description, "shortest_source", 0)),
            (tally.longer, "longer", _known(description, "longest_source", 0)),
        )
        if count
    ]
    return (
        f"of {counted(tally.number, 'text')}, {' and '.join(counts)}: the model has not learnt how"
        " to answer these, and may be sure of wrong answers"
    )


def _known(description: ModelDescription, name: str, otherwise: int) -> int:
    """Return a fact of a model's training; models of earlier versions do not have all."""
    fact = description.corpus.get(name)
    return fact if isinstance(fact, int) else otherwise


def warn_of_a_file(texts: list[str] | None, instead: str) -> None:
    """Warn of a text that is the name of a file, which `instead` says how to read."""
    # Unlike a `Path`, this takes any text: one may be too long for a file's name.
    if texts and len(texts) == 1 and os.path.isfile(texts[0]):
        warn(f"{texts[0]} is {instead.format(texts[0])}")


def chunks(texts: list[str] | None, longest: int) -> Iterable[list[bytes]]:
    """Return the texts of the command line, or the lines of standard input as they arrive."""
    if texts and texts != ["-"]:
        return [[text.encode("utf-8", "surrogateescape") for text in texts]]
    if sys.stdin.isatty():
        typer.echo("Type a line to translate; end with Ctrl-D.", err=True)
    return arriving_lines(cast(Readable, sys.stdin.buffer), longest=BYTES * longest)


def arriving_lines(stream: Readable, longest: int) -> Iterator[list[bytes]]:
    """Yield the lines of a stream as they arrive, together if they arrive together.

    A pipe that stays open thus gets its answers, and a file is read in large pieces. A line of more
    than `longest` bytes is truncated, but to at least `longest + 1`, so that its excess shows. A
    byte-order mark is not part of the first line.

    Raises:
        DataError: if what begins is no text, or not in UTF-8.
    """
    rest, mark = b"", codecs.BOM_UTF8
    while piece := stream.read1(PIECE):
        if mark and not rest:
            _refuse_other_than_text(piece)
        *lines, rest = (rest + piece).split(b"\n")
        rest = rest[: len(mark) + longest + 1]
        if lines:
            lines[0], mark = lines[0].removeprefix(mark), b""
            yield [line.removesuffix(b"\r") for line in lines]
    if last := rest.removeprefix(mark):
        yield [last.removesuffix(b"\r")]


def _refuse_other_than_text(beginning: bytes) -> None:
    """Say once what would be wrong with every line."""
    for marks, what, way in (
        (COMPRESSED, "compressed", "unpack it first, as with gunzip -c FILE or zstd -dc FILE"),
        (UTF16, "in UTF-16", "convert it first, as with iconv -f UTF-16 -t UTF-8 FILE"),
    ):
        if beginning.startswith(marks):
            raise DataError(f"the lines are {what}: {way}")


def _cells(line: bytes, columns: list[str], longest: int) -> dict[str, str] | Refused:
    """Return a line's source and further columns by name, or why it is refused."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        text = line.decode("utf-8", "replace")
        # A truncated line may end within a character.
        if len(line) <= BYTES * longest:
            return Refused(text, f"not valid UTF-8 (byte {error.start + 1})")
    if "\n" in text or "\r" in text:
        # A model that copies would answer in several lines.
        return Refused(text, "it contains a line break", "; give each line as a text of its own")
    names = ["source", *columns]
    cells = text.split("\t") if columns else [text]
    # A truncated line also lacks columns, and an empty line stays empty.
    if not text or len(line) > BYTES * longest or len(cells[0]) > longest:
        cells = [text, *("" for _ in columns)]
    if len(cells) != len(names):
        fault = f"{len(cells)} of {len(names)} columns: {', '.join(names)}, separated by tabs"
        options = " and ".join(f"--{name}" for name in columns)
        return Refused(text, fault, f"; or give {options} for all lines" * (len(cells) == 1))
    found = dict(zip(names, cells, strict=True))
    if text and "language" in columns and not found["language"] and len(cells[0]) <= longest:
        return Refused(text, f"column {len(names)}, its language, is empty")
    return found
