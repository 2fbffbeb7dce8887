"""Messages on standard error: sentences or, if JSON is asked for, objects."""

import contextlib
import json
from contextvars import ContextVar
from typing import TYPE_CHECKING

import typer

import charseq
from charseq.errors import visible

if TYPE_CHECKING:
    from charseq.corpus import Corpus

FAULT = 1

# The name of each exit code in JSON.
KINDS = {
    1: "fault",
    2: "usage",
    3: "data",
    4: "machine",
    130: "interrupted",
    143: "interrupted",
}

speaks_json: ContextVar[bool] = ContextVar("speaks_json", default=False)
"""Whether each sentence comes as a JSON object on a line of its own."""


def tell_error(message: str, code: int) -> int:
    """Report why a command ends, and return its exit code."""
    fields = {"message": message, "exit_code": code}
    _tell("error", f"charseq: {message}", {"kind": KINDS.get(code, "usage"), **fields})
    return code


def tell_fault() -> int:
    """Report, below its traceback, that an error is charseq's own, and return the exit code."""
    return tell_error(
        "this is a fault in charseq, not something you did: please report it, with the lines"
        f" above, the command that you ran, and the version ({charseq.__version__})",
        FAULT,
    )


def warn(message: str) -> None:
    """Print a warning."""
    _tell("warning", f"charseq: warning: {message}", {"message": message})


def note(message: str) -> None:
    """Print a note."""
    _tell("note", f"charseq: {message}", {"message": message})


def note_left_out(corpus: "Corpus") -> None:
    """Print which lines of a corpus were left out, if any were."""
    if corpus.left_out:
        note(f"of {visible(corpus.name)}, lines were left out: {corpus.omissions}")


def _tell(what: str, sentence: str, fields: dict[str, object]) -> None:
    if speaks_json.get():
        sentence = json.dumps({what: fields}, ensure_ascii=False)
    # If nobody can be told, as on a full disk, the exit code still tells.
    with contextlib.suppress(OSError, ValueError):
        typer.echo(sentence, err=True)
