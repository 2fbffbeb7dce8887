"""`charseq translate`: one line out for each line in, in order."""

import json
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, Protocol, cast

import typer

from charseq.errors import DataError, UnknownCharactersWarning, UsageError
from charseq.results import Translation

PIECE = 1 << 16


class Readable(Protocol):
    """A binary stream that gives what has arrived without waiting for more."""

    def read1(self, size: int, /) -> bytes:
        """Return up to `size` bytes, waiting only for the first."""


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
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="One JSON object a line: source, hypothesis, log-probability, whether it was cut.",
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

    from charseq.translator import LONGEST_SOURCE, load, unknown_warning

    translator = load(model, device=device)
    chunks: Iterable[list[bytes]]
    if texts and texts != ["-"]:
        if len(texts) == 1 and Path(texts[0]).is_file():
            note = f"{texts[0]} is translated as a text; for the lines of that file: … < {texts[0]}"
            typer.echo(f"charseq: warning: {note}", err=True)
        chunks = [[text.encode("utf-8", "surrogateescape") for text in texts]]
    else:
        if sys.stdin.isatty():
            typer.echo("Type a line to translate; end with Ctrl-D.", err=True)
        # No character takes more than four bytes in UTF-8.
        chunks = arriving_lines(cast(Readable, sys.stdin.buffer), longest=4 * LONGEST_SOURCE)
    number = cut = refused = 0
    strange: set[str] = set()
    warnings.simplefilter("ignore", UnknownCharactersWarning)
    for chunk in chunks:
        decoded = [_decoded(line) for line in chunk]
        answers = iter(
            translator.translate(
                [text for text in decoded if isinstance(text, str)], unknown=choice
            )
        )
        for text in decoded:
            number += 1
            answer = text if isinstance(text, Translation) else next(answers)
            cut += answer.cut
            if answer.error is None:
                strange.update(answer.unknown_symbols)
            else:
                refused += 1
                typer.echo(f"charseq: line {number}: {answer.error}", err=True)
            line = json.dumps(answer.as_dict(), ensure_ascii=False) if as_json else str(answer)
            sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "surrogatepass"))
        sys.stdout.buffer.flush()
    if strange:
        typer.echo(f"charseq: warning: {unknown_warning(strange)}", err=True)
    if cut:
        typer.echo(
            f"charseq: warning: {cut:,} of {number:,} answers hit the output limit", err=True
        )
    if refused:
        raise DataError(f"{refused:,} of {number:,} lines were refused; their answers are empty")


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


def _decoded(line: bytes) -> str | Translation:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        return Translation(
            source=line.decode("utf-8", "replace"),
            hypothesis="",
            error=f"not valid UTF-8 (byte {error.start + 1})",
        )


COMMANDS = {"translate": translate}
