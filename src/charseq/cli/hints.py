"""What a command ends with: the scores, and what to type next."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from charseq.cli.tables import scores_table

if TYPE_CHECKING:
    from rich.console import Console

    from charseq.training import TrainedModel


def charseq_command() -> str:
    """Return how this charseq is called: by name where that finds it, else by its path."""
    program = Path(sys.argv[0])
    found = shutil.which("charseq")
    if found is not None and Path(found).resolve() == program.resolve():
        return "charseq"
    if program.name != "charseq":
        return f"{shlex.quote(sys.executable)} -m charseq"
    here = Path.cwd()
    return shlex.quote(
        str(program.relative_to(here)) if program.is_relative_to(here) else str(program)
    )


def translate_hint(model: Path, text: str = "…") -> str:
    """Return the command line that translates a text with a model."""
    return f"{charseq_command()} translate {shlex.quote(str(model))} {shlex.quote(text)}"


def show_scores(console: "Console", trained: "TrainedModel") -> None:
    """Print the held-out scores of a finished run."""
    items = f"{trained.report.items:,} held-out sources"
    console.print(f"{items}, weights of epoch {trained.epoch}:", highlight=False)
    console.print(scores_table(trained.report))
