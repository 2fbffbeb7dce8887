"""`charseq train`: from a corpus to a model."""

from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.cli.options import MirrorOption, settings_options
from charseq.config import PRESETS, CorpusConfig, ModelSettings, TrainingSettings, configure
from charseq.errors import UsageError


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
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="MODEL", help="Put the finished model here as well."
        ),
    ] = None,
    preset: Annotated[
        str, typer.Option(metavar="|".join(PRESETS), help="The settings to start from.")
    ] = "default",
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A TOML file of settings, over the preset's."),
    ] = None,
    print_config: Annotated[
        bool, typer.Option("--print-config", help="Print all settings as TOML and stop.")
    ] = False,
    held_out: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Hold this corpus out, instead of a part of the first."),
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
        typer.echo(configure(preset, config, **settings).to_toml())
        return
    if corpus is None:
        raise UsageError("which corpus? charseq train CORPUS")

    from rich.console import Console

    from charseq import trainer, training
    from charseq.cli.hints import show_scores, translate_hint

    folder = run or training.default_folder(corpus)
    callbacks = [training.tensorboard_callback(folder / "tensorboard")] if tensorboard else []
    try:
        made = trainer.train(
            corpus,
            preset=preset,
            config=config,
            run=folder,
            output=output,
            held_out=held_out,
            start_from=start_from,
            callbacks=callbacks,
            progress=not quiet,
            mirror=mirror,
            **settings,
        )
    except KeyboardInterrupt:
        model = folder / training.MODEL_FILE
        so_far = f"the model so far is {model}" if model.exists() else "there is no model yet"
        typer.echo(f"charseq: {so_far}", err=True)
        raise
    model = output or folder / training.MODEL_FILE
    if not quiet and made.training_run is not None:
        console = Console(stderr=True)
        show_scores(console, made.training_run)
        console.print(
            f"Model: {model}\nCard:  {folder / training.CARD_FILE}\nTry:   {translate_hint(model)}",
            highlight=False,
            soft_wrap=True,
        )


COMMANDS = {"train": train}
