"""The command line: thin wrappers over importable functions."""

import contextlib
import importlib
import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple

import typer

import charseq
from charseq.cli.telling import speaks_json, tell_error, tell_fault, warn
from charseq.errors import (
    CharseqError,
    CharseqWarning,
    MachineError,
    MissingExtraError,
    UsageError,
    lacks_memory,
)

# Typer's `BadParameter` is a `UsageError`, and that a `ClickException`, which has no public name
# since Typer brings its own click.
MISTYPED: type[Exception] = typer.BadParameter.__mro__[2]

INTERRUPTED = 130
_HELP = ["-h", "--help"]


class Command(NamedTuple):
    """A command's module and summary, so that listing it does not import it."""

    module: str
    summary: str


COMMANDS: Mapping[str, Command] = {
    "train": Command("train", "Train a model on a corpus of pairs."),
    "translate": Command("translate", "Translate texts, or standard input line by line."),
    "score": Command(
        "score", "Print the log-probability that a model gives to each pair of a corpus."
    ),
    "align": Command("align", "Show which source symbol each target symbol comes from."),
    "evaluate": Command("evaluate", "Score a model, or anyone's output, against references."),
    "compare": Command("compare", "Compare two models, or outputs, on the same corpus."),
    "info": Command("info", "Show what a model file contains."),
    "corpus": Command("corpus", "List, inspect, check and download corpora."),
    "export": Command("export", "Write a model as a single ONNX file, which runs without PyTorch."),
    "serve": Command("serve", "Answer over HTTP, and show a page for trying models."),
    "import-keras": Command("keras", "Read a .keras file that the Keras example saved."),
    "export-keras": Command("keras", "Write a .keras file that Keras loads."),
    "demo": Command("demo", "Train on the built-in phrasebook and show the results."),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with 0, or with the error's exit code.

    Only the module of the requested command is imported, so `--help` stays fast, and no command
    pays for another's libraries.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    speaks_json.set("--json" in words)
    warnings.showwarning = _show_warning
    if sys.stdin is None:
        # Standard input is closed, as some daemons leave it: read nothing.
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    if sys.stdout is None:
        closed = "standard output is closed: to discard output, send it to /dev/null"
        sys.exit(tell_error(closed, MachineError.exit_code))
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Whatever the system's own encoding: some cannot write every text. A file's name may hold
        # bytes that are no text.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        try:
            code = _run(words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has gone, which is not an error.
        code = _without_output(0)
    except OSError as error:
        code = _without_output(tell_error(error.strerror or str(error), MachineError.exit_code))
    sys.exit(code)


def _run(words: Sequence[str]) -> int:
    asked = next((word for word in words if not word.startswith("-")), None)
    try:
        code = int(_application(asked)(words, prog_name="charseq", standalone_mode=False) or 0)
        # Typer ends an interrupted command with this code, without a message.
        return tell_error("interrupted", code) if code == INTERRUPTED else code
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):
            raise end.__context__ from None
        return int(end.code or 0)
    except (KeyboardInterrupt, typer.Abort):
        return tell_error("interrupted", INTERRUPTED)
    except OSError:
        raise
    except Exception as error:
        return _told(error)


def _told(error: Exception) -> int:
    """Report an error, and return the exit code."""
    if isinstance(error, ModuleNotFoundError):
        error = MissingExtraError.of(error, "this command") or error
    if isinstance(error, MemoryError | RuntimeError) and lacks_memory(error):
        error = MachineError("there is not enough memory for this")
    if isinstance(error, CharseqError):
        return tell_error(str(error), error.exit_code)
    if isinstance(error, MISTYPED):
        return _mistyped(error)
    traceback.print_exception(error)
    return tell_fault()


def _mistyped(error: Exception) -> int:
    """Report what is wrong with a command line; for an empty one, help has already been shown."""
    message = error.format_message()  # type: ignore[attr-defined]
    if message:
        context = getattr(error, "ctx", None)
        call = getattr(context, "command_path", None)
        see = f"; see {call} --help" if call and not message.endswith("?") else ""
        if getattr(error, "possibilities", ()) is None and _takes_texts(context):
            see = f"; put -- before texts that begin with a hyphen{see}"
        tell_error(f"{_as_sentence(message)}{see}", UsageError.exit_code)
    return UsageError.exit_code


def _takes_texts(context: Any) -> bool:
    return any(parameter.name == "texts" for parameter in context.command.params)


def _as_sentence(message: str) -> str:
    message = message.strip().removesuffix(".")
    return message[:1].lower() + message[1:]


def _without_output(code: int) -> int:
    """Discard what could not be written, so that Python does not fail on it again."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _application(asked: str | None) -> Callable[..., Any]:
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": _HELP},
        help="Turn a two-column text file into a model that rewrites strings.",
    )
    app.callback()(_charseq)
    for name, (module, summary) in COMMANDS.items():
        if name != asked:
            app.command(name, help=summary)(lambda: None)
            continue
        home = importlib.import_module(f"charseq.cli.{module}")
        command = getattr(home, name.replace("-", "_"))
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, help=summary)
        else:
            app.command(name)(command)
    built = typer.main.get_command(app)
    _leave_out_flags_types(built)
    return built


def _leave_out_flags_types(command: Any) -> None:
    """Keep the type of options that take no value out of help."""
    for parameter in command.get_params(typer.Context(command, help_option_names=_HELP)):
        if getattr(parameter, "is_bool_flag", False):
            parameter.metavar = ""
    for each in getattr(command, "commands", {}).values():
        _leave_out_flags_types(each)


def _show_warning(
    message: Warning | str, category: type[Warning], *_: object, **__: object
) -> None:
    if issubclass(category, CharseqWarning):
        warn(str(message))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"charseq {charseq.__version__}")
        raise typer.Exit


def _charseq(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass
