"""What to type next, as it works where the person is."""

import shlex
import shutil
import sys
from pathlib import Path


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
