"""What is printed around a training: its size, the scores, how to go on, what to type next."""

import json
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from charseq.cli.tables import scores_table
from charseq.cli.telling import note
from charseq.errors import MachineError, counted
from charseq.text import TEXTS_ALONE, Conditions

if TYPE_CHECKING:
    from rich.console import Console

    from charseq.training import Rehearsal, TrainedModel


def charseq_command() -> str:
    """Return the command that runs this charseq: its name if that finds it, else its path."""
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


def translate_hint(model: str | Path, text: str = "…", conditions: Conditions = TEXTS_ALONE) -> str:
    """Return the command line that translates a text with a model that knows some conditions."""
    options = ["--features '…'"] * bool(conditions.features)
    options += ["--language '…'"] * bool(conditions.languages)
    options += ["--"] * text.startswith("-")
    words = [charseq_command(), "translate", shlex.quote(str(model)), *options, _quoted(text)]
    return " ".join(words)


def _quoted(text: str) -> str:
    """Return a text as a shell reads it, in double quotes where an apostrophe would break others.

    An interactive shell would take an exclamation mark within double quotes for its history.
    """
    return f'"{text}"' if "'" in text and not set(text) & set('"$`\\!') else shlex.quote(text)


def serve_hint(site: Path) -> str:
    """Return the command line that serves a static site on this machine."""
    return f"python -m http.server 8001 --directory {shlex.quote(str(site))}"


def show_scores(console: "Console", trained: "TrainedModel") -> None:
    """Print the held-out scores of a finished run."""
    items = counted(trained.report.items, "held-out input")
    console.print(f"{items}, weights of epoch {trained.epoch}:", highlight=False)
    console.print(scores_table(trained.report))


def show_rehearsal(console: "Console", rehearsal: "Rehearsal", *, as_json: bool) -> None:
    """Print what a training would do."""
    if as_json:
        typer.echo(json.dumps(rehearsal.as_dict()))
        return
    from rich.table import Table

    from charseq.corpus.pairs import omissions
    from charseq.training.device import CROWDED
    from charseq.training.progress import clock_time

    it, model, training = rehearsal, rehearsal.config.model, rehearsal.config.training
    attention = "no attention" if model.attention == "none" else f"{model.attention} attention"
    attention += f" in {model.attention_layers} layers" * (model.attention_layers > 1)
    shape = f"{model.cell.upper()}, {model.units} units, {attention}" + ", copying" * model.copying
    refit = ", then trained again on all pairs" * training.refit
    table = Table.grid(padding=(0, 2))
    for name, value in {
        "pairs": f"{it.training_pairs:,} for training, {it.held_out_pairs:,} held out",
        "left out": omissions(it.left_out),
        "left out of the held-out corpus": omissions(it.held_out_left_out),
        "symbols": f"{it.source_symbols:,} in sources, {it.target_symbols:,} in targets",
        "model": f"{shape}; {it.weights:,} weights, {4 * it.weights / 2**20:,.1f} MiB",
        "epochs": f"at most {training.epochs:,} of {it.batches:,} batches of"
        f" {training.batch_size:,} pairs{refit}",
        "steps": f"at most {it.steps:,}, in {training.precision} on {it.device}",
        "time": f"about {clock_time(it.seconds)}, plus the time to score each epoch",
        "memory": "unknown" if it.memory is None else f"about {it.memory / 2**30:.1f} GiB",
    }.items():
        if value:
            table.add_row(name, value)
    console.print(table, highlight=False)
    if it.crowded:
        console.print(CROWDED, highlight=False, soft_wrap=True)
    console.print("Nothing was written.", highlight=False)


@contextmanager
def saying_how_to_go_on(
    folder: Path,
    output: Path | None = None,
    corpus: str | None = None,
    *,
    resuming: bool = False,
    also: Sequence[str] = (),
) -> Iterator[None]:
    """If training is interrupted, report what it has left, and exit with its exit code.

    If it cannot go on because of the machine, how to go on is added to the error.

    Args:
        folder: the run's folder.
        output: where the model is to be written as well.
        corpus: where to read the corpus again, if the run itself does not know.
        resuming: whether the run was begun before.
        also: further words that resuming needs.
    """
    from charseq.training import HISTORY_FILE, MODEL_FILE, read_history

    earlier = (folder / HISTORY_FILE).exists() and not resuming
    words = ["train", *filter(None, [corpus]), "--resume", str(folder), *also]
    words += [] if output is None else ["-o", str(output)]
    way_on = f"resume with: {charseq_command()} {shlex.join(words)}"
    try:
        yield
    except MachineError as error:
        if not getattr(error, "__notes__", ()):
            raise
        raise MachineError(f"{error}; once that is mended, {way_on}") from None
    except KeyboardInterrupt as interruption:
        # Before it has begun, what the folder holds is of an earlier run.
        begun = bool(getattr(interruption, "__notes__", ())) or not earlier
        history, model = folder / HISTORY_FILE, folder / MODEL_FILE
        if not begun:
            note("stopped; nothing was begun")
        elif history.exists() and read_history(history).scores:
            note(f"stopped; the run is finished: its model is {model}")
        else:
            if history.exists():
                note(f"stopped; {way_on}")
            note(f"the model so far is {model}" if model.exists() else "there is no model yet")
        # Everything has been reported: exit without another message.
        raise SystemExit(getattr(interruption, "exit_code", 130)) from None
