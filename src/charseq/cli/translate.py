"""`charseq translate`: one line out for each line in, in order."""

import json
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, cast

import typer

from charseq.cli.options import settings_options
from charseq.cli.outputs import read_outputs
from charseq.config import DecodingConfig
from charseq.errors import DataError, UnknownCharactersWarning, UsageError
from charseq.results import Translation, Unseen

PIECE = 1 << 16


class Readable(Protocol):
    """A binary stream that gives what has arrived without waiting for more."""

    def read1(self, size: int, /) -> bytes:
        """Return up to `size` bytes, waiting only for the first."""


@settings_options(DecodingConfig)
def translate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="The model file.")],
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT…",
            help="What to translate; without it, or with '-', standard input, line by line.",
            show_default=False,
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    features: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="The features of all texts, such as 'N;ACC;PL', for a model that reads features."
            " Without it they are a further column of each text, after a tab.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="The language of all texts, for a model of several. Without it, it is the last"
            " column of each text, after a tab.",
            show_default=False,
        ),
    ] = None,
    prefix: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What every answer must begin with.", show_default=False),
    ] = None,
    lexicon: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Give only answers that are lines of this file.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON object a line: source, hypothesis, log-probability, confidence, whether"
            " it was cut, and the n best answers.",
        ),
    ] = False,
    unknown: Annotated[
        str,
        typer.Option(
            metavar="replace|error",
            help="Read symbols that the model never saw as its unknown symbol, or refuse their"
            " lines.",
        ),
    ] = "replace",
    device: Annotated[
        str, typer.Option(metavar="TEXT", help="Where to compute: auto, cpu, cuda or mps.")
    ] = "auto",
) -> None:
    """Translate texts, or standard input line by line."""
    if unknown not in ("replace", "error"):
        raise UsageError(f"--unknown must be replace or error, not {unknown!r}")
    choice: Literal["replace", "error"] = "error" if unknown == "error" else "replace"

    # Before the seconds that a model takes.
    decoding = DecodingConfig.model_validate(settings)
    entries = None if lexicon is None else [line for line in read_outputs(str(lexicon)) if line]

    from charseq.translator import LONGEST_SOURCE, load

    translator = load(model, device=device)
    warnings.simplefilter("ignore", UnknownCharactersWarning)
    allowed = None if entries is None else translator.lexicon(entries)
    if allowed is not None and allowed.left_out:
        typer.echo(f"charseq: warning: {allowed.warning()}", err=True)
    known = translator.description.sources.conditions
    # What a text's further columns are; an option is for all of them.
    columns = ["features"] if known.features and features is None else []
    columns += ["language"] if known.languages and language is None else []
    tally = _Tally(decoding.abstain_below)
    read = 0
    for chunk in _chunks(texts, LONGEST_SOURCE):
        rows = [_cells(line, columns, LONGEST_SOURCE) for line in chunk]
        asked = [row for row in rows if not isinstance(row, Translation)]
        answers = iter(
            translator.translate(
                [row["source"] for row in asked],
                features=[row["features"] for row in asked] if "features" in columns else features,
                language=[row["language"] for row in asked] if "language" in columns else language,
                prefix=prefix,
                lexicon=allowed,
                unknown=choice,
                first=read,
                **settings,
            )
        )
        read += len(asked)
        for row in rows:
            answer = row if isinstance(row, Translation) else next(answers)
            tally.add(answer)
            for line in _lines(tally.number, answer, as_json, decoding.n_best > 1):
                sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "surrogatepass"))
        sys.stdout.buffer.flush()
    tally.report()


@dataclass
class _Tally:
    """What to say of all answers together."""

    least_confidence: float | None
    number: int = 0
    abstained: int = 0
    cut: int = 0
    refused: int = 0
    unseen: Unseen = field(default_factory=Unseen)

    def add(self, answer: Translation) -> None:
        """Count an answer, and say at once why a line is refused."""
        self.number += 1
        self.abstained += answer.abstained
        self.cut += answer.cut
        if answer.unknown_symbols or answer.unknown_features:
            self.unseen = self.unseen.joined(Unseen.of([answer]))
        if answer.error is not None:
            self.refused += 1
            typer.echo(f"charseq: line {self.number}: {answer.error}", err=True)

    def report(self) -> None:
        """Warn of what there was.

        Raises:
            DataError: if lines were refused.
        """
        if self.abstained:
            typer.echo(
                f"charseq: {self.abstained:,} of {self.number:,} answers have a confidence below"
                f" {self.least_confidence:g} and are left empty",
                err=True,
            )
        if any(self.unseen):
            typer.echo(f"charseq: warning: {self.unseen.warning()}", err=True)
        if self.cut:
            typer.echo(
                f"charseq: warning: {self.cut:,} of {self.number:,} answers hit the output limit",
                err=True,
            )
        if self.refused:
            raise DataError(
                f"{self.refused:,} of {self.number:,} lines were refused; their answers are empty"
            )


def _chunks(texts: list[str] | None, longest: int) -> Iterable[list[bytes]]:
    """Return the texts of the command line, or the lines of standard input as they arrive."""
    if texts and texts != ["-"]:
        if len(texts) == 1 and Path(texts[0]).is_file():
            note = f"{texts[0]} is translated as a text; for the lines of that file: … < {texts[0]}"
            typer.echo(f"charseq: warning: {note}", err=True)
        return [[text.encode("utf-8", "surrogateescape") for text in texts]]
    if sys.stdin.isatty():
        typer.echo("Type a line to translate; end with Ctrl-D.", err=True)
    # No character takes more than four bytes in UTF-8.
    return arriving_lines(cast(Readable, sys.stdin.buffer), longest=4 * longest)


def arriving_lines(stream: Readable, longest: int) -> Iterator[list[bytes]]:
    """Yield the lines of a stream as soon as they are there, all that have arrived together.

    A pipe that stays open gets its answers, a file comes in large pieces, and a line of more than
    `longest` bytes is cut short, but not to less than `longest + 1`, so that it shows.
    """
    rest = b""
    while piece := stream.read1(PIECE):
        *lines, rest = (rest + piece).split(b"\n")
        rest = rest[: longest + 1]
        if lines:
            yield [line.removesuffix(b"\r") for line in lines]
    if rest:
        yield [rest.removesuffix(b"\r")]


def _lines(number: int, answer: Translation, as_json: bool, several: bool) -> list[str]:
    """Return what is printed of an answer; of several, each with its line, rank and score."""
    if as_json:
        return [json.dumps(answer.as_dict(), ensure_ascii=False)]
    if not several:
        return [str(answer)]
    if answer.error is not None or answer.abstained:
        return [f"{number}\t1\t\t"]
    return [
        f"{number}\t{rank}\t{each.score:.6f}\t{each}"
        for rank, each in enumerate(answer.alternatives, start=1)
    ]


def _cells(line: bytes, columns: list[str], longest: int) -> dict[str, str] | Translation:
    """Return a line's source and further columns by name, or why it is refused."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        fault = f"not valid UTF-8 (byte {error.start + 1})"
        return Translation(source=line.decode("utf-8", "replace"), hypothesis="", error=fault)
    names = ["source", *columns]
    cells = text.split("\t") if columns else [text]
    # A line that was cut short for its length lacks columns, too, and an empty line stays empty.
    if not text or len(text) > longest:
        cells = [text, *("" for _ in columns)]
    if len(cells) != len(names):
        fault = f"{len(cells)} of {len(names)} columns: {', '.join(names)}, with tabs between them"
        return Translation(source=text, hypothesis="", error=fault)
    return dict(zip(names, cells, strict=True))


COMMANDS = {"translate": translate}
