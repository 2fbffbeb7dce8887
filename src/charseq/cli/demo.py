"""`charseq demo`: the whole system in a few minutes, with nothing to download."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from charseq.cli.options import settings_options
from charseq.config import TrainingSettings, configure

SHOWN = 20
# A model that has read its pairs less often than this writes little sense.
FEW_EPOCHS = 6


@settings_options(TrainingSettings, only={"time_limit", "seed"}, defaults={"time_limit": "210s"})
def demo(
    *,
    settings: dict[str, Any],
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder for model and learning curve (default: runs/phrasebook-DATE).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train on the built-in phrasebook and show the results."""
    import torch

    from charseq import training
    from charseq.cli.hints import saying_how_to_go_on, show_scores, translate_hint
    from charseq.cli.tables import output_console
    from charseq.corpus import read_corpus
    from charseq.training.device import is_crowded, resolve_device
    from charseq.translator import Translator

    # Choose nothing by held-out pairs, so that scores are those of unseen sentences.
    config = configure(
        # A few minutes are short: a model of one look is faster, and gets further in them.
        attention_layers=1,
        held_out_maximum=1_000,
        keep="last",
        **{"time_limit": 210, **settings},
    )
    console, limit = output_console(soft_wrap=True), config.training.time_limit
    console.print(
        "The built-in phrasebook contains short English sentences and their French translations."
        "\nPart of it is held out, by whole combinations: a verb and its object, or a noun and its"
        "\nadjective, that are tested below never occurred together in training."
        f"\nTraining{'' if limit is None else f' for at most {limit:g} seconds'} …"
    )
    if "OMP_NUM_THREADS" not in os.environ and is_crowded(resolve_device(config.training.device)):
        # Threads that wait for each other take several times as long where others want the cores.
        torch.set_num_threads(1)
        console.print("This machine has been busy for the last minute: one thread is faster, then.")
    corpus = read_corpus("phrasebook", config.corpus)
    material = training.Material(corpus, corpus_from="phrasebook")
    with training.own_folder(run, corpus.name) as folder, saying_how_to_go_on(folder):
        trained = training.train_run(
            material, config, folder=folder, console=training.progress_console()
        )
    show_scores(console, trained)
    if (epochs := len(trained.history.epochs)) < FEW_EPOCHS:
        console.print(
            f"In that time the model read its pairs {epochs} {'time' if epochs == 1 else 'times'},"
            " too few for good answers:\nthe machine is slow, or busy with other work. Give it"
            " more time: --time-limit 600."
        )
    # Evenly spread over all that was held out.
    inputs = list(trained.held_out)
    step = max(1, len(inputs) // SHOWN)
    asked = inputs[::step][:SHOWN]
    answers = Translator(trained.model, trained.description).translate([i.source for i in asked])
    for each, answer in zip(asked, answers, strict=True):
        references = " | ".join(trained.held_out[each])
        console.print(
            f"-\nInput sentence:   {answer.source}"
            f"\nDecoded sentence: {answer.hypothesis}"
            f"\nReference:        {references}",
            markup=False,
        )
    model = trained.folder / training.MODEL_FILE
    hint = translate_hint(model, asked[0].source)
    console.print(
        "\nThese scores are for a generated corpus, and do not say how accurate charseq is on real"
        f"\ntext.\n\nModel:          {model}"
        f"\nLearning curve: {trained.folder / training.CURVE_FILE}"
        f"\n\nTry next:       {hint}",
        markup=False,
    )
