"""`charseq train`: from a corpus to a model."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charseq.cli.options import MirrorOption, refuse_two_readers, settings_options
from charseq.config import PRESETS, CorpusConfig, ModelSettings, TrainingSettings, configure
from charseq.errors import UsageError

if TYPE_CHECKING:
    from charseq import Translator

DEFAULT = "default"


@settings_options(CorpusConfig, ModelSettings, TrainingSettings)
def train(
    corpus: Annotated[
        str | None,
        typer.Argument(
            metavar="CORPUS",
            help="A file of pairs, '-' for standard input, or a name: see 'charseq corpus list'.",
            show_default=False,
        ),
    ] = None,
    *,
    settings: dict[str, Any],
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder for settings, history, model and learning curve"
            " (default: runs/CORPUS-DATE).",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Resume a run that was stopped, with its settings, on its corpus.",
            show_default=False,
        ),
    ] = None,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed", help="Resume even if the corpus has changed since the run began."
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="If DIR holds a run, move it to DIR.1 first.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="MODEL", help="Also write the finished model here."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(PRESETS),
            help=f"The settings to start from (default: {DEFAULT}).",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A TOML file whose settings override the preset's."),
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print all settings as TOML and stop.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show what would be trained and, based on ten real steps, about how long it"
            " would take and how much memory; write nothing.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --dry-run, print one JSON object.")
    ] = False,
    held_out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Hold out this corpus instead of a part of the first."),
    ] = None,
    start_from: Annotated[
        Path | None,
        typer.Option("--from", metavar="MODEL", help="Start from this model's weights."),
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write curves for TensorBoard into the run.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    mirror: MirrorOption = None,
) -> None:
    """Train a model on a corpus of pairs."""
    if print_config:
        if resume or start_from:
            option = "--resume" if resume else "--from"
            raise UsageError(
                f"--print-config shows what is asked for, not what {option} keeps: omit {option}"
            )
        typer.echo(configure(preset or DEFAULT, config, **settings).to_toml())
        return
    if resume is not None:
        given = {
            "--run": run,
            "--config": config,
            "--from": start_from,
            "--preset": preset,
            "--overwrite": overwrite or None,
            "--dry-run": dry_run or None,
        }
        _refuse_other_settings(settings, given)
    elif corpus is None:
        raise UsageError("name a corpus: charseq train CORPUS")
    elif changed:
        raise UsageError("--changed is for --resume")
    refuse_two_readers({"the corpus": corpus, "--held-out": held_out})
    if as_json and not dry_run:
        raise UsageError("--json is for --dry-run: a run's figures are in its history.json")

    from charseq import trainer, training
    from charseq.cli.hints import saying_how_to_go_on, show_rehearsal
    from charseq.cli.tables import output_console

    asked: dict[str, Any] = {
        **settings,
        "preset": preset or DEFAULT,
        "config": config,
        "output": output,
        "held_out": held_out,
        "start_from": start_from,
        "mirror": mirror,
    }
    if dry_run:
        if run is not None:
            read = [Path(each) for each in (corpus, held_out, start_from) if each is not None]
            needed = [*filter(Path.is_file, read), *([output.parent] if output else [])]
            training.refuse_taken(run, overwrite=overwrite, needed=needed)
        show_rehearsal(output_console(), trainer.rehearse(str(corpus), **asked), as_json=as_json)
        return
    # The run itself does not know where to read these pairs again.
    again = str(corpus) if corpus is not None and (resume or str(corpus) == "-") else None
    also: list[str] = []
    if held_out is not None and (resume or held_out == "-"):
        also += ["--held-out", held_out]
    also += ["--changed"] if changed else []
    also += ["--tensorboard"] if tensorboard else []
    with training.own_folder(resume or run, str(corpus)) as folder:
        boards = [training.tensorboard_callback(folder / "tensorboard")] if tensorboard else []
        watching: dict[str, Any] = {"callbacks": boards, "progress": not quiet}
        with saying_how_to_go_on(folder, output, again, resuming=resume is not None, also=also):
            if resume is None:
                made = trainer.train(
                    str(corpus), run=folder, overwrite=overwrite, **watching, **asked
                )
            else:
                made = trainer.resume(
                    resume,
                    corpus,
                    output=output,
                    held_out=held_out,
                    changed=changed,
                    mirror=mirror,
                    **watching,
                )
        if not quiet:
            _show(made, output or folder / training.MODEL_FILE, folder)


def _show(made: "Translator", model: Path, folder: Path) -> None:
    """Show the scores of a finished training, where its model is, and how to try it."""
    from charseq.cli.hints import show_scores, translate_hint
    from charseq.training import CARD_FILE, progress_console

    console = progress_console()
    if made.training_run is not None:
        show_scores(console, made.training_run)
    console.print(
        f"Model: {model}\nCard:  {folder / CARD_FILE}\n"
        f"Try:   {translate_hint(model, conditions=made.description.sources.conditions)}",
        highlight=False,
        soft_wrap=True,
    )


def _refuse_other_settings(settings: Collection[str], given: Mapping[str, object]) -> None:
    kept = [f"--{name.replace('_', '-')}" for name in settings]
    if kept:
        raise UsageError(f"a resumed run keeps its settings: omit {kept[0]}")
    for option, value in given.items():
        if value is not None:
            raise UsageError(f"{option} cannot be combined with --resume: omit it")
